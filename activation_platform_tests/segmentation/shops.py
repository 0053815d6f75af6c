"""Small shops: three models and their relations, rows of them, and condition trees about them, by throws of dice.

Dice, because forty trees of some hundred choices each are more than a hypothesis strategy may draw; hypothesis throws them.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import nan
from random import Random

import polars as pl

from activation_platform.segmentation.aggregates import taken, value_type
from activation_platform.segmentation.computed import read_computed
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.definitions import typed
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import operators_of
from activation_platform.segmentation.related import Aggregate, Function
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform.segmentation.splits import Split

SCHEMAS = {
    "customers": {
        "id": pl.Int64(),
        "country": pl.String(),
        "spent": pl.Float64(),
        "born": pl.Date(),
    },
    "orders": {
        "id": pl.Int64(),
        "customer": pl.Int64(),
        "country": pl.String(),
        "total": pl.Decimal(10, 2),
        "weight": pl.Float64(),
        "paid": pl.Boolean(),
        "details": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "due": pl.Date(),
    },
    "lines": {
        "id": pl.Int64(),
        "order": pl.Int64(),
        "sku": pl.String(),
        "pieces": pl.Int32(),
        "packed": pl.Datetime("us"),
    },
}
RELATIONS = {
    "customers": {
        "orders": Link("orders", (("id", "customer"),)),
        "local": Link("orders", (("id", "customer"), ("country", "country"))),
        "neighbours": Link("customers", (("country", "country"),)),
    },
    "orders": {
        "lines": Link("lines", (("id", "order"),)),
        "buyer": Link("customers", (("customer", "id"),)),
    },
    "lines": {"order": Link("orders", (("order", "id"),))},
}
TIMES = {"customers": "born", "orders": "at", "lines": "packed"}
SEGMENTS = {
    "french": Segment("customers", read({"field": "country", "equals": "FR"})),
    "buyers": Segment("customers", read({"any": [{"has": "orders", "at_least": 2}, {"segment": "french"}]})),
    "paid": Segment("orders", read({"field": "paid", "equals": True})),
    "few": Segment("customers", read({"limit": {"top": 2, "by": [{"descending": "spent"}]}, "of": {"has": "orders"}})),
    "late": Segment(
        "customers",
        read({"all": [{"segment": "few"}, {"none": [{"taken_by": "french"}]}]}),
        read({"segment": "few"}),
    ),
    "last": Segment(
        "customers",
        read({"all": [{"field": "born", "is_null": False}, {"none": [{"taken_by": "french"}, {"taken_by": "late"}]}]}),
        read({"field": "born", "is_null": False}),
    ),
}  # fmt: skip
SPLITS = {
    "halves": Split("customers", "spring", {"one": Decimal(50), "other": Decimal(50)}),
    "thirds": Split(
        "orders", "", {"a": Decimal("33.3"), "none": Decimal(0), "b": Decimal("33.3"), "c": Decimal("33.4")}
    ),
    "all": Split("lines", "é:|", {"everybody": Decimal(100), "nobody": Decimal(0)}),
}
"""Of seeds that a definition would refuse, too."""
SCOPE = Scope(
    "customers",
    {name: Model(schema, ("id",), TIMES[name], RELATIONS[name]) for name, schema in SCHEMAS.items()},
    SEGMENTS,
    SPLITS,
)
NOWS = [
    datetime(2024, 2, 29, 12, 30, tzinfo=UTC),  # leap day
    datetime(2025, 3, 30, 1, 0, tzinfo=UTC),  # the hour that Paris skips
    datetime(2025, 10, 26, 1, 0, 0, 1, tzinfo=UTC),  # the hour that Paris repeats
    datetime(2025, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
DAYS = [0, 1, 2, 6, 7, 8, -1, -7, 28, 29, 30, 31, 365, 366, 1461]
NUDGES = [
    timedelta(0),
    timedelta(0),
    timedelta(microseconds=1),
    -timedelta(microseconds=1),
    timedelta(minutes=90),
]
WORDS = ["FR", "BE", "fr", "", "x"]
QUARTERS = [0.0, 0.25, 0.5, 1.0, 1.5, -2.75, 3.0, 1000.25]
"""Sums and means of these are exact in every order of adding."""
WINDOWS = ("in_last", "in_next", "older_than")
SPANS = ["1 day", "7 days", "1 month", "1 year", "4 years"]
COUNTS = [
    {},
    {"at_least": 1},
    {"at_least": 2},
    {"at_most": 0},
    {"at_most": 1},
    {"exactly": 0},
    {"exactly": 1},
    {"exactly": 2},
    {"at_least": 1, "at_most": 2},
]
MORE: dict[str, list] = {
    "matches": ["^F", "[Rr]$", "^$", "x|E", "^.{2}$"],
    "days_ago": [0, 1, 7],
    "in_days": [0, 1, 7],
    "anniversary": ["today"],
    "anniversary_within": ["1 day", "7 days"],
    "day_of_week": [["monday"], ["saturday", "sunday"]],
}
KNOWN = frozenset(
    f"{negation}{word}"
    for negation in ("", "not_")
    for word in (
        *("equals", "in", "above", "at_least", "below", "at_most", "between", "contains", "starts_with"),
        *("ends_with", "before", "after", *WINDOWS, "is_null", "is_empty", "matches"),
        *("days_ago", "in_days", "anniversary", "anniversary_within", "day_of_week"),
    )
)


class Dice:
    """Shops and conditions at random, around one instant."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = random.choice(NOWS)
        self.scope = SCOPE
        self.schemas = {model: dict(schema) for model, schema in SCHEMAS.items()}
        self.computed: list[tuple[str, str]] = []
        """The computed fields, each after those that it is made of."""
        self.inexact: set[str] = set()
        """Those whose sums would depend on the order of adding."""

    def define(self, count: int) -> None:
        """Give the models computed fields, made of what there is before."""
        for number in range(count):
            model, name = self.random.choice(list(RELATIONS)), f"made{number}"
            tree = self.definition(model)
            if any(word in str(tree) for word in ("/", "average", *self.inexact)):
                self.inexact.add(name)
            known = self.scope.models[model]
            defined = replace(
                known, schema=SCHEMAS[model], computed={**known.computed, name: read_computed(tree)}
            )
            self.scope = typed(replace(self.scope, models={**self.scope.models, model: defined}))
            self.schemas[model][name] = self.scope.models[model].schema[name]
            self.computed.append((model, name))

    def definition(self, model: str) -> dict:
        kinds = ["aggregate", "aggregate", "count", "label", "formula", "formula", "formula"]
        kinds += ["related"] * 2 if model in ("orders", "lines") else []
        kind = self.random.choice(kinds)
        if kind == "formula":
            made = [self.number(model, 2), self.number(model, 2), self.text(model, 2), self.day(model, 1)]
            return {"formula": self.random.choice(made)}
        if kind == "label":
            cases = [
                {"when": self.tree(model, 1), "then": self.random.choice(WORDS)}
                for _ in range(self.random.randint(1, 3))
            ]
            other = {} if self.random.random() < 0.5 else {"otherwise": self.random.choice(WORDS)}
            return {"label": cases, **other}
        if kind == "related":
            relation = "buyer" if model == "orders" else "order"
            there = self.schemas[RELATIONS[model][relation].model]
            return {"related": self.random.choice(list(there)), "of": relation}
        relation = self.random.choice(list(RELATIONS[model]))
        other = RELATIONS[model][relation].model
        if kind == "count":
            return {"count": relation, **self.wanted(other, 1)}
        return {"aggregate": self.aggregate(relation, other, 1)}

    def named(self, model: str, *kinds: Kind) -> list[str]:
        return [name for name, dtype in self.schemas[model].items() if kind_of(dtype) in kinds]

    def number(self, model: str, depth: int) -> str:
        """A formula that is a number."""
        if not depth or self.random.random() < 0.2:
            literals = ["0", "1", "2", "0.5", "3.25"]
            return self.random.choice([*self.named(model, Kind.NUMBER), self.random.choice(literals)])
        one, other = (self.number(model, depth - 1) for _ in "ab")
        forms = [f"({one} + {other})", f"({one} - {other})", f"({one} * {self.number(model, 0)})"]
        forms += [f"({one} / {other})", f"(-{one})", f"coalesce({one}, {other})"]
        forms += [f"round({one})", f"round({one}, {self.random.randint(0, 3)})"]
        forms += [f"days_between({self.moment_of(model)}, {self.moment_of(model)})"]
        return self.random.choice(forms)

    def text(self, model: str, depth: int) -> str:
        """A formula that is a text."""
        known = self.named(model, Kind.TEXT)
        if not depth or self.random.random() < 0.2:
            return self.random.choice([*known, *known, repr(self.random.choice(WORDS))])
        one, other = (self.text(model, depth - 1) for _ in "ab")
        return self.random.choice(
            [f"({one} || {other})", f"lower({one})", f"upper({one})", f"coalesce({one}, {other})"]
        )

    def day(self, model: str, depth: int) -> str:
        """A formula that is a day."""
        days = [*self.named(model, Kind.DATE), "today()"]
        return (
            f"coalesce({self.random.choice(days)}, {self.day(model, 0)})"
            if depth
            else self.random.choice(days)
        )

    def moment_of(self, model: str) -> str:
        return self.random.choice([*self.named(model, Kind.DATE, Kind.TIMESTAMP), "today()"])

    def shop(self) -> dict[str, list[dict]]:
        """Rows of every model, as `reference.py` holds them before they are rounded."""
        return {model: self.rows(model) for model in SCHEMAS}

    def rows(self, model: str) -> list[dict]:
        found = [
            {name: self.cell(name, dtype) for name, dtype in SCHEMAS[model].items()}
            for _ in range(self.random.randint(0, 8))
        ]
        if model == "customers":
            return found
        # What decides between two rows of one moment is the key: it must be one.
        return [{**row, "id": number} for number, row in enumerate(found, start=1)]

    def cell(self, name: str, dtype: pl.DataType):
        if self.random.random() < 0.15:
            return None
        if name in ("id", "customer", "order"):
            return self.random.randint(1, 5)
        if isinstance(dtype, pl.Float64) and self.random.random() < 0.1:
            return nan
        if isinstance(dtype, pl.Datetime):
            return (self.moment() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
        return self.value(dtype)

    def value(self, dtype: pl.DataType):
        """A value of a type; a moment as an instant."""
        match dtype:
            case pl.String():
                return self.random.choice(WORDS)
            case pl.Boolean():
                return self.random.random() < 0.5
            case pl.Date():
                return self.moment().date()
            case pl.Datetime():
                return self.moment()
            case pl.Decimal():
                return Decimal(str(self.random.choice(QUARTERS)))
            case _ if dtype.is_integer():
                return self.random.choice([0, 1, 2, 3, -1, 4])
        return self.random.choice(QUARTERS)

    def moment(self) -> datetime:
        return self.now - timedelta(days=self.random.choice(DAYS)) + self.random.choice(NUDGES)

    def tree(self, model: str, depth: int) -> dict:
        """A condition over a model, at most so deep."""
        if depth and self.random.random() < 0.4:
            word = self.random.choice(["all", "any", "none"])
            return {word: [self.tree(model, depth - 1) for _ in range(self.random.randint(1, 3))]}
        return self.leaf(model, depth)

    def leaf(self, model: str, depth: int) -> dict:
        kinds = ["field", "field", "percentile", "segment", "taken_by", "split"]
        kinds += ["has", "has", "aggregate", "aggregate", "sequence", "limit"] if depth else []
        match self.random.choice(kinds):
            case "field":
                field = self.random.choice(list(self.schemas[model]))
                return self.compared({"field": field}, self.schemas[model][field])
            case "percentile":
                fields = [name for name in self.named(model, Kind.NUMBER) if name not in self.inexact]
                return self.beside({"field": self.random.choice(fields)})
            case "segment" | "taken_by" as word:
                known = [name for name, segment in SEGMENTS.items() if segment.model == model]
                return {word: self.random.choice(known)} if known else self.leaf(model, depth)
            case "split":
                name = self.random.choice([one for one, split in SPLITS.items() if split.model == model])
                return {"split": name, "arm": self.random.choice(list(SPLITS[name].arms))}
            case "limit":
                of = {"of": self.tree(model, depth - 1)} if self.random.random() < 0.7 else {}
                return {"limit": self.limit(model), **of}
            case kind:
                relation = self.random.choice(list(RELATIONS[model]))
                return self.related(kind, relation, RELATIONS[model][relation].model, depth)

    def beside(self, subject: dict) -> dict:
        word = self.random.choice(["above", "at_least", "below", "at_most"])
        return {**subject, word: {"percentile": self.random.choice([0, 25, 50, 75, 100])}}

    def limit(self, model: str) -> dict:
        if self.random.random() < 0.4:
            return {
                "sample": self.random.choice([1, 2, 5, "50 %", "12.5 %"]),
                "seed": self.random.choice("ab"),
            }
        known = [name for name in self.schemas[model] if name not in self.inexact]
        fields = [self.random.choice(known) for _ in range(self.random.randint(1, 2))]
        by = [
            {
                self.random.choice(["ascending", "descending"]): field,
                "nulls": self.random.choice(["first", "last"]),
            }
            for field in fields
        ]
        return {"top": self.random.choice([1, 2, 3, 7]), "by": by}

    def related(self, kind: str, relation: str, other: str, depth: int) -> dict:
        if kind == "sequence":
            asked = self.window(other)
            steps = [self.step(other, depth - 1) for _ in range(self.random.randint(2, 3))]
            steps[0].pop("within", None)
            return {"sequence": relation, "steps": steps, **asked}
        if kind == "has":
            return {"has": relation, **self.random.choice(COUNTS), **self.wanted(other, depth)}
        aggregate = self.aggregate(relation, other, depth)
        said = Aggregate.model_validate(aggregate)
        dtype = value_type(said, self.schemas[other][said.field])
        if dtype.is_numeric() and said.field not in self.inexact and self.random.random() < 0.2:
            return self.beside({"aggregate": aggregate})
        return self.compared({"aggregate": aggregate}, dtype)

    def wanted(self, model: str, depth: int) -> dict:
        """A window and a condition for related rows."""
        where = {"where": self.tree(model, depth - 1)} if self.random.random() < 0.6 else {}
        return {**self.window(model), **where}

    def aggregate(self, relation: str, other: str, depth: int) -> dict:
        ordered = (Function.FIRST, Function.LAST)  # of rows that share a key, any may be the first
        function = self.random.choice([one for one in Function if other != "customers" or one not in ordered])
        added = function in (Function.SUM, Function.AVERAGE)
        fields = [
            name
            for name, dtype in self.schemas[other].items()
            if kind_of(dtype) in taken(function) and not (added and name in self.inexact)
        ]
        return {str(function): self.random.choice(fields), "of": relation, **self.wanted(other, depth)}

    def step(self, model: str, depth: int) -> dict:
        said: dict = {}
        if self.random.random() < 0.5:
            said["where"] = self.tree(model, depth)
        if self.random.random() < 0.5:
            said["within"] = self.random.choice(["1 day", "7 days", "2 weeks"])
        return said

    def window(self, model: str) -> dict:
        if self.random.random() < 0.6:
            return {}
        moments = [
            name
            for name, dtype in self.schemas[model].items()
            if kind_of(dtype) in (Kind.DATE, Kind.TIMESTAMP)
        ]
        named = {} if self.random.random() < 0.5 else {"time": self.random.choice(moments)}
        return {self.random.choice(["in_last", "in_next"]): self.random.choice(SPANS), **named}

    def compared(self, subject: dict, dtype: pl.DataType) -> dict:
        operators = [one for one in operators_of(kind_of(dtype)) if one in KNOWN]
        operator = str(self.random.choice(operators))
        return {**subject, operator: self.operand(operator.removeprefix("not_"), dtype)}

    def operand(self, word: str, dtype: pl.DataType):
        if word in ("is_null", "is_empty"):
            return self.random.random() < 0.5
        if word in WINDOWS:
            return self.random.choice(SPANS)
        if word in MORE:
            return self.random.choice(MORE[word])
        if word in ("contains", "starts_with", "ends_with"):
            return self.random.choice([one for one in WORDS if one])
        if word == "in":
            return [self.written(dtype) for _ in range(self.random.randint(1, 3))]
        if word == "between":
            kind = pl.Date() if kind_of(dtype) in (Kind.DATE, Kind.TIMESTAMP) else dtype
            bounds = sorted(self.value(kind) for _ in "ab")
            return [float(bound) if isinstance(bound, Decimal) else bound for bound in bounds]
        return self.written(dtype)

    def written(self, dtype: pl.DataType):
        """A value as people write it."""
        value = self.value(dtype)
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, datetime) and self.random.random() < 0.5:
            return value.date()
        if isinstance(value, date) and self.random.random() < 0.5:
            return value.isoformat()
        return value
