"""Conditions carried out by the engine of a vendor, or by one of its kind: it takes the rows that a plain evaluator takes.

Modules that have such an engine import these tests, and give it as the fixture `engine`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf, nan
from random import Random
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.scope import Scope, alone
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation import shops
from activation_platform_tests.segmentation.documents import Documents
from activation_platform_tests.segmentation.reference import EPOCH
from activation_platform_tests.segmentation.reference_world import World
from activation_platform_tests.segmentation.test_agreement import as_held, frame_of
from activation_platform_tests.segmentation.test_compile import NOW
from activation_platform_tests.sources import golden
from activation_platform_tests.sources.naming import Spoken

Rows = Mapping[str, list[dict[str, Any]]]
Documented = Sequence[str | None]
AT_ONCE = 10
"""Conditions of one statement."""
SHOPS, TREES = 6, 30
FIELDS = 8
"""Computed fields of a shop, made of one another."""


@dataclass(frozen=True)
class Engine:
    """What carries out queries over tables that it was given. `cannot`: words of a condition that it has no means for;
    `judged`: the documents about which it answers all of some questions, and ends with an error at none.
    """

    dialect: str
    put: Callable[[str, pl.DataFrame], object]
    ask: Callable[[str], list[tuple[Any, ...]]]
    cannot: tuple[str, ...] = ()
    judged: Callable[[Documented, Sequence[exp.Expr]], Documented] = lambda documents, _: documents

    def can(self, condition: str) -> bool:
        return not any(word in condition for word in self.cannot)

    def takes(self, scope: Scope, rows: Rows, sought: Sequence[str]) -> list[list[int]]:
        """The rows of a scope's model that it takes; `sought`: what stands behind FROM, each with a condition."""
        for model in rows:
            frame = frame_of(rows[model], scope.models[model].schema).with_row_index("row")
            here_alone = cs.by_dtype(
                pl.Datetime("ns"), pl.Datetime("ns", "UTC")
            )  # as the reviewed conditions
            self.put(model, frame.cast({"row": pl.Int64}).drop(here_alone))
        row = exp.column("row", quoted=True).sql(dialect=self.dialect)
        found: list[list[int]] = []
        for start in range(0, len(sought), AT_ONCE):
            some = sought[start : start + AT_ONCE]
            asked = [f"SELECT {n} AS n, {row} FROM {sql}" for n, sql in enumerate(some)]
            answers = self.ask(" UNION ALL ".join(asked))
            found += [sorted(row for number, row in answers if number == n) for n in range(len(some))]
        return found


def moment(text: str) -> int:
    """Nanoseconds since 1970, as `reference.py` holds them."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1) * 1000


DAYS = [
    "1996-02-29",
    "1999-01-31",
    "1999-02-01",
    "2000-04-07",
    "2001-04-08",
    "2006-03-31",
    "2006-04-01",
    "2023-03-31",
]
DAYS += [
    "2024-01-01",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-30",
    "2024-03-31",
    "2024-04-01",
    "2024-04-02",
]
DAYS += ["2024-04-30", "2024-05-01"]
TIMES = ["00:00:00", "00:00:00.000001", "11:00:00", "12:30:00", "12:30:00.000001", "23:59:59.999999"]
MOMENTS = [moment(f"{day}T{time}+00:00") for day in DAYS for time in TIMES]
TEXTS = [
    "",
    "Ann",
    "ANN",
    "a",
    "b",
    "x",
    "xa",
    "ax",
    "50%_",
    "50__",
    "12345",
    "12345\n",
    "123456",
    "1234\u0665",
    "a b",
]
TEXTS += ["a\nb", "a'", "aXb", "aX'", "b'\u00a0", "a\tb", "É.$", "éA", "xÉ", "É-$", "ÉÉ"]
CELLS: dict[str, dict[str, list[Any]]] = {
    "model": {
        "name": TEXTS,
        "orders": [-32768, -3, -2, 0, 1, 2, 3, 32767],
        "score": [-0.0, 0.1, 0.1 + 2**-54, 2.0, 2.5, -inf, inf, nan],
        "price": [Decimal(text) for text in ("-0.10", "0.10", "0.11", "0.12", "0.13", "99999999.99")],
        "vip": [True, False],
        "born": [date.fromisoformat(day) for day in DAYS],
        "seen": [*MOMENTS, moment("9999-12-31T23:59:59.999999+00:00"), moment("9999-12-30T23:00:00+00:00")],
        "local": [*MOMENTS, moment("0999-01-01T00:00:00.499999+00:00"), moment("0999-01-01T00:00:00.5+00:00")],
        "tags": [[], [None], ["a"], ["b", "c"], ["c", None, "a"], ["c"]],
        "sizes": [[], [1], [1, 2, None], [2, 2], [None]],
        "prices": [[], [Decimal("9.90")], [Decimal("9.91"), None]],
        "flags": [[], [True], [False, None]],
        "profile": [
            *('{"address": {"city": "PARIS"}, "age": 18}', '{"address": {"city": 1}, "age": 30.0, "score": 0.5}'),
            *('{"a.b": [{"": "x"}], "age": 31, "vip": true}', '{"a.b": [{"": null}], "age": "20", "vip": false}'),
            *('{"score": 0.6, "born": "1999-03-31", "tags": ["b"]}', '{"score": 1e400, "born": "1999-3-31", "tags": []}'),
            *('{"seen": "2024-03-31T12:30:00Z", "tags": ["a", 1]}', '{"seen": "2024-03-31T13:30:00.0000019-01:00"}'),
            *("{}", "[]", '{"age": 20', '{"age": 20} {', '{"age": 20, "age": 20}'),
        ],
        "age": [20],
    },
    "customers": {
        "id": [1, 2, 3, 4, 5, 6, 7, 8],
        "shop": ["Lille", "Lyon"],
        "spent": [-1.0, 99.5, 100.0, 100.5, 200.0, inf, nan],
    },
    "orders": {
        "customer": [1, 2, 3, 4, 5],
        "shop": ["Lille", "Lyon", "Nice"],
        "total": [Decimal(text) for text in ("1.00", "1.01", "5.00", "10.50", "98.99", "99.00")],
        "weight": [0.5, 1.0, 2.0, 2.5, nan],
        "at": MOMENTS,
    },
    "people": {
        "name": ["Zoë", "Zo", "a", "A", "ß", "😀", "\uffff"],
        "spent": [0.0, 1.0, 1.5, 100.5, 101.0, 200.0, inf, nan],
        "born": [date.fromisoformat(day) for day in DAYS],
        "tags": [[], ["a"]],
    },
    "wide": {
        "text": ["a|b", "a\\", "it's", "\uffff", "😀"],
        "price": [Decimal(text) for text in ("-0.10", "0.10", "1.00", "20.00", "99999999.99")],
        "day": [date.fromisoformat(day) for day in DAYS],
        "at": MOMENTS,
        "naive": MOMENTS,
        "flag": [True, False],
        "number": [-1, 0, 2**62],
    },
    "lines": {"order": list(range(40)), "sku": ["x", "y"]},
    "visits": {"who": [1, 2, 3, 4], "day": [date(2024, 1, day) for day in (1, 2, 8, 9)], "page": ["basket", "paid"]},
}  # fmt: skip
"""Values on and around every bound of the reviewed conditions, by model and column."""


def drawn(model: str, schema: Mapping[str, Any], dice: Random) -> list[dict[str, Any]]:
    """Rows of such values beside each other, now and then a null; an `id` without values numbers them."""
    cells = CELLS[model]
    return [
        {
            name: number if name == "id" and name not in cells else dice.choice([*cells.get(name, ()), None])
            for name in schema
        }
        for number in range(400 if model == "model" else 40)
    ]


def expected(
    scope: Scope,
    rows: Rows,
    trees: Sequence[dict[str, Any]],
    now: datetime,
    computed: Sequence[tuple[str, str]] = (),
) -> list[list[int]]:
    schemas = {model: scope.models[model].schema for model in rows}
    held = {
        model: [as_held(row, {name: schemas[model][name] for name in row}) for row in rows[model]]
        for model in rows
    }
    world = World(scope, held, now, computed)
    return [
        [
            number
            for number, row in enumerate(world.rows[scope.name])
            if world.belongs(read(tree), row, scope.name)
        ]
        for tree in trees
    ]


@pytest.mark.parametrize("kind", ["", "related-", "places-", "json-"])
def test_every_reviewed_condition_takes_the_rows_that_a_plain_evaluator_takes(engine, kind):
    asked: dict[str, list[tuple[Any, ...]]] = {}
    reviewed = golden.reviewed(engine.dialect, kind)
    for (_, scope), (tree, sql) in zip(golden.trees(engine.dialect, kind), reviewed, strict=True):
        if engine.can(sql):
            asked.setdefault(scope.name, []).append((scope, tree, sql))
    if not asked:
        pytest.skip("it has no means for any of them")
    for conditions in asked.values():
        scopes, trees, said = zip(*conditions, strict=True)
        scope = scopes[0]
        dice = Random(1)
        rows = {name: drawn(name, scope.models[name].schema, dice) for name in CELLS if name in scope.models}

        found = engine.takes(scope, rows, [f"{scope.name} WHERE {sql}" for sql in said])

        wrong = {}
        for tree, took, right in zip(trees, found, expected(scope, rows, trees, NOW), strict=True):
            if took != right:
                wrong[str(tree)] = [rows[scope.name][number] for number in sorted({*took} ^ {*right})[:3]]
        assert wrong == {}


@pytest.mark.parametrize("seed", range(SHOPS))
def test_random_conditions_take_the_rows_that_a_plain_evaluator_takes(engine, seed):
    dice = shops.Dice(Random(seed))
    dice.define(FIELDS)
    rows, scope, words = dice.shop(), dice.scope, dialect_of(engine.dialect)
    naming = Spoken(words)
    asked = []
    for tree in (dice.tree("customers", 3) for _ in range(TREES)):
        compiled = compile_condition(read(tree), scope, now=dice.now, naming=naming)
        source = compile_source(scope, compiled, now=dice.now, naming=naming)
        of, where = (words.conditions(part).sql(engine.dialect) for part in (source, compiled))
        asked.append((tree, f"{of} WHERE {where}"))
    trees, said = zip(*((tree, sql) for tree, sql in asked if engine.can(sql)), strict=True)

    found = engine.takes(shops.SCOPE, rows, said)

    for tree, took, right in zip(
        trees, found, expected(scope, rows, trees, dice.now, dice.computed), strict=True
    ):
        assert took == right, tree


@pytest.mark.parametrize("seed", range(SHOPS))
def test_values_within_json_are_those_that_a_plain_reader_finds(engine, seed):
    words, scope = dialect_of(engine.dialect), alone({"profile": pl.String()})
    dice = Documents(Random(seed))
    documents = [dice.document() for _ in range(2 * TREES)]
    trees = [dice.json_leaf("profile", documents) for _ in range(2 * TREES)]
    compiled = [compile_condition(read(tree), scope, now=dice.now, naming=Spoken(words)) for tree in trees]
    said = [words.conditions(one) for one in compiled]
    documents = engine.judged(documents, said)
    rows = {"model": [{"profile": document} for document in documents]}

    sought = [f"{scope.name} WHERE {one.sql(engine.dialect)}" for one in said]
    found = engine.takes(scope, rows, sought)

    for tree, took, right in zip(trees, found, expected(scope, rows, trees, dice.now), strict=True):
        assert took == right, (tree, [documents[number] for number in {*took} ^ {*right}])
