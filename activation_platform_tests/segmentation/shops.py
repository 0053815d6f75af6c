"""Small shops: three models and their relations, rows and condition trees about them, as hypothesis makes them."""

from datetime import datetime
from decimal import Decimal

import polars as pl
from hypothesis import strategies as st

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import operators_of
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform_tests.segmentation import test_agreement as agreement

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
}
SCOPE = Scope(
    "customers",
    {name: Model(schema, ("id",), TIMES[name], RELATIONS[name]) for name, schema in SCHEMAS.items()},
    SEGMENTS,
)
IDS = st.integers(1, 5)
WORDS = st.sampled_from(["FR", "BE", "fr", "", "x"])
WHOLE = st.sampled_from([0, 1, 2, 3, -1, 4])
QUARTERS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5, -2.75, 3.0, 1000.25])
"""Sums and means of these are exact in every order of adding."""
SPANS = ["1 day", "7 days", "1 month", "1 year", "4 years"]


def cells(dtype: pl.DataType) -> st.SearchStrategy:
    if dtype.is_integer():
        return WHOLE
    if isinstance(dtype, pl.String):
        return WORDS
    if isinstance(dtype, pl.Float64):
        return QUARTERS | st.just(float("nan"))
    if isinstance(dtype, pl.Decimal):
        return QUARTERS.map(lambda value: Decimal(str(value)))
    return agreement.cells(dtype)


def rows_of(model: str) -> st.SearchStrategy[list[dict]]:
    fields = {
        name: st.none() | (IDS if name in ("id", "customer", "order") else cells(dtype))
        for name, dtype in SCHEMAS[model].items()
    }
    rows = st.lists(st.fixed_dictionaries(fields), max_size=7)
    if model == "customers":
        return rows
    # what decides between two rows of one moment is the key: it must be one
    return rows.map(lambda some: [{**row, "id": number} for number, row in enumerate(some, start=1)])


SHOPS = st.fixed_dictionaries({name: rows_of(name) for name in SCHEMAS})


def operand(operator: str, dtype: pl.DataType) -> st.SearchStrategy:
    plain = operator.removeprefix("not_")
    value = cells(dtype).filter(lambda one: one == one).map(_written)
    if plain in ("is_null", "is_empty", "in_last", "in_next", "older_than"):
        return agreement.operand(operator, dtype)
    if kind_of(dtype) in (Kind.DATE, Kind.TIMESTAMP):
        return agreement.operand(operator, dtype)
    if plain in ("contains", "starts_with", "ends_with"):
        return WORDS.filter(bool)
    if plain == "in":
        return st.lists(value, min_size=1, max_size=3)
    if plain == "between":
        return st.lists(value, min_size=2, max_size=2).map(sorted)
    return value


def _written(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


@st.composite
def compared(draw, subject: dict, dtype: pl.DataType) -> dict:
    operators = [one for one in operators_of(kind_of(dtype)) if one in KNOWN]
    operator = str(draw(st.sampled_from(operators)))
    return {**subject, operator: draw(operand(operator, dtype))}


KNOWN = frozenset(
    f"{negation}{word}"
    for negation in ("", "not_")
    for word in (
        *("equals", "in", "above", "at_least", "below", "at_most", "between", "contains", "starts_with"),
        *("ends_with", "before", "after", "in_last", "in_next", "older_than", "is_null", "is_empty"),
    )
)


@st.composite
def leaves(draw, model: str, depth: int) -> dict:
    kinds = ["field", "field", "percentile", "segment"]
    if depth:
        kinds += ["has", "has", "aggregate", "aggregate", "sequence"]
    kind = draw(st.sampled_from(kinds))
    schema = SCHEMAS[model]
    if kind == "field":
        field = draw(st.sampled_from(list(schema)))
        return draw(compared({"field": field}, schema[field]))
    if kind == "percentile":
        fields = [name for name, dtype in schema.items() if dtype.is_numeric()]
        word = draw(st.sampled_from(["above", "at_least", "below", "at_most"]))
        percent = draw(st.sampled_from([0, 25, 50, 75, 100]))
        return {"field": draw(st.sampled_from(fields)), word: {"percentile": percent}}
    if kind == "segment":
        known = [name for name, segment in SEGMENTS.items() if segment.model == model]
        if not known:
            return draw(leaves(model, depth))
        return {"segment": draw(st.sampled_from(known))}
    relation = draw(st.sampled_from(list(RELATIONS[model])))
    other = RELATIONS[model][relation].model
    asked = draw(windows(other))
    if kind == "sequence":
        steps = draw(st.lists(step(other, depth - 1), min_size=2, max_size=3))
        steps[0].pop("within", None)
        return {"sequence": relation, "steps": steps, **asked}
    if draw(st.booleans()):
        asked["where"] = draw(trees(other, depth - 1))
    if kind == "has":
        return {"has": relation, **draw(counts()), **asked}
    return draw(aggregated(relation, other, asked))


@st.composite
def aggregated(draw, relation: str, other: str, asked: dict) -> dict:
    from activation_platform.segmentation.aggregates import taken, value_type
    from activation_platform.segmentation.related import Aggregate, Function

    function = draw(st.sampled_from(list(Function)))
    schema = SCHEMAS[other]
    fields = [name for name, dtype in schema.items() if kind_of(dtype) in taken(function)]
    aggregate = {str(function): draw(st.sampled_from(fields)), "of": relation, **asked}
    said = Aggregate.model_validate(aggregate)
    return draw(compared({"aggregate": aggregate}, value_type(said, schema[said.field])))


def counts() -> st.SearchStrategy[dict]:
    return st.sampled_from(
        [
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
    )


def windows(model: str) -> st.SearchStrategy[dict]:
    times = [name for name, dtype in SCHEMAS[model].items() if kind_of(dtype) in (Kind.DATE, Kind.TIMESTAMP)]
    named = st.just({}) | st.sampled_from(times).map(lambda name: {"time": name})
    window = st.builds(
        lambda word, span, time: {word: span, **time},
        st.sampled_from(["in_last", "in_next"]),
        st.sampled_from(SPANS),
        named,
    )
    return st.just({}) | window


@st.composite
def step(draw, model: str, depth: int) -> dict:
    said = {}
    if draw(st.booleans()):
        said["where"] = draw(trees(model, depth))
    if draw(st.booleans()):
        said["within"] = draw(st.sampled_from(["1 day", "7 days", "2 weeks"]))
    return said


def trees(model: str, depth: int) -> st.SearchStrategy[dict]:
    leaf = leaves(model, depth)
    if not depth:
        return leaf
    group = st.builds(
        lambda word, members: {word: members},
        st.sampled_from(["all", "any", "none"]),
        st.lists(st.deferred(lambda: trees(model, depth - 1)), min_size=1, max_size=3),
    )
    return leaf | group


def instants() -> st.SearchStrategy[datetime]:
    return st.sampled_from(agreement.NOWS)
