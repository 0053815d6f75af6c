"""files.export as a conversation: how its files are named, what it says, and what it refuses to be."""

from datetime import UTC, datetime

import polars as pl
import pytest

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.formats import Csv, Parquet
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.writes import Append, Discard, Open, Publish
from activation_platform.destinations.files.destination import Files
from activation_platform.destinations.files.export import Export, ExportOptions
from activation_platform.sync.mapping import FieldMapping, bind
from activation_platform_tests.destinations.conversation import batch_of
from activation_platform_tests.destinations.files.desk import INSTANT, PEOPLE, as_batch, leaving


def export(**options):
    return Export(Files(url="file:///exports"), ExportOptions(**{"path": "{run}.csv", **options}))


def pass_of(mode=Mode.SNAPSHOT, **changes):
    said = {"id": "run/1:7", "partition": "2026-03-29-00:30", "instant": INSTANT, "schema": PEOPLE.schema}
    return Pass(mode=mode, **{**said, **changes})


def said(conversation, answer=None):
    """What a conversation says, and what it returns."""
    sayings = []
    try:
        sayings.append(next(conversation))
        while True:
            sayings.append(conversation.send(answer))
    except StopIteration as end:
        return sayings, end.value


@pytest.mark.parametrize(
    ("template", "timezone", "name"),
    [
        ("{YYYY}/{MM}/{DD}/{HH}{mm}{ss}.csv", "UTC", "2026/03/29/003005.csv"),
        ("{YY}{MM}{DD}", "UTC", "260329"),
        ("{YYYY}{MM}{DD}_{HH}{mm}", "America/New_York", "20260328_2030"),
        ("{HH}", "Europe/Paris", "01"),
        ("{partition}.csv", "UTC", "2026-03-29-00-30.csv"),
        ("{run}.csv", "UTC", "run-1-7.csv"),
        ("no variable.csv", "UTC", "no variable.csv"),
    ],
)
def test_a_name_tells_the_moment_of_the_partition_in_its_time_zone(template, timezone, name):
    _, token = said(export(path=template, timezone=timezone).begin(pass_of()))

    assert token == name


def test_an_hour_that_comes_twice_is_told_by_the_clock_on_the_wall():
    service = export(path="{HH}{mm}", timezone="Europe/Paris")
    before, after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    names = {said(service.begin(pass_of(instant=instant)))[1] for instant in (before, after)}

    assert names == {"0230"}


def test_a_run_opens_appends_and_publishes():
    service = export(path="{run}.parquet", format="parquet", compression="zstd")

    (opened,), token = said(service.begin(pass_of()))
    (appended,), outcomes = said(service.deliver(as_batch(PEOPLE, Mode.SNAPSHOT)))
    finished, _ = said(service.finish(token))
    abandoned, _ = said(service.abandon(token))

    assert opened == Open("run-1-7.parquet", PEOPLE.schema, replaces=True)
    assert isinstance(appended, Append)
    assert appended.frame["name"].to_list() == ["Ada", "Grace"]
    assert len(outcomes) == 2
    assert finished == [Publish("run-1-7.parquet", Parquet("zstd"))]
    assert abandoned == [Discard("run-1-7.parquet")]


def test_the_identifier_comes_first_and_the_operation_second():
    schema = pl.Schema({"age": pl.Int64, "email": pl.String, "name": pl.String})
    service = export(identifier="email", operation_column="what")

    (opened,), _ = said(service.begin(pass_of(Mode.MIRROR, schema=schema)))

    assert list(opened.schema.items()) == [
        ("email", pl.String()),
        ("what", pl.String()),
        ("age", pl.Int64()),
        ("name", pl.String()),
    ]
    assert not opened.replaces


def test_a_field_with_the_name_of_the_operation_column_stops_the_run():
    service = export(operation_column="name")

    with pytest.raises(DeclarationError, match="choose another operation_column"):
        said(service.begin(pass_of(Mode.MIRROR)))
    said(service.begin(pass_of(Mode.UPSERT)))


def test_a_delete_holds_the_identifier_that_was_last_sent():
    (appended,), _ = said(export().deliver(leaving("7")))

    assert appended.frame.to_dicts() == [{"id": "7", "_operation": "delete"}]


def test_what_a_batch_is_known_by_is_no_part_of_a_file():
    batch = batch_of({"id": "1", "name": "Ada"}, identified_by="id", operation=Operation.UPDATE)

    (appended,), _ = said(export().deliver(batch))

    assert not {KEY, IDENTIFIER, PREVIOUS} & set(appended.frame.columns)
    assert appended.frame.columns == ["id", "name"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": ""}, "path is empty"),
        ({"path": "/people.csv"}, "starts with a slash"),
        ({"path": "../people.csv"}, 'part that is empty, "." or ".."'),
        ({"path": "a/../../people.csv"}, 'part that is empty, "." or ".."'),
        ({"path": "a//people.csv"}, 'part that is empty, "." or ".."'),
        ({"path": "people/"}, 'part that is empty, "." or ".."'),
        ({"path": "a\\people.csv"}, "a backslash"),
        ({"path": "a\x00.csv"}, "a control character"),
        ({"path": "{YYYY.csv"}, "a brace without its other half"),
        ({"path": "{yyyy}.csv"}, r"no variable \{yyyy\}.* There is: \{YYYY\}"),
        ({"path": "{}.csv"}, r"no variable \{\}"),
        ({"path": "é" * 100}, "more than 150 bytes"),
        ({"path": 7}, "path is a text"),
        ({"path": "a.parquet"}, "path ends in .parquet, but format is csv"),
        ({"path": "a.csv.gz"}, "path ends in .gz, but compression is none"),
        ({"path": "a.jsonl.gz", "compression": "gzip"}, "path ends in .jsonl, but format is csv"),
        ({"format": "xlsx"}, "format is one of csv, jsonl, parquet"),
        ({"compression": "gz"}, "compression is one of none, gzip, zstd.* Did you mean"),
        ({"timezone": "Europe/Pariss"}, "Did you mean .Europe/Paris"),
        ({"delimiter": "::"}, "delimiter is one ASCII character"),
        ({"delimiter": "é"}, "delimiter is one ASCII character"),
        ({"delimiter": "\n"}, "delimiter is one ASCII character"),
        ({"delimiter": ""}, "delimiter is one ASCII character"),
        ({"delimiter": '"'}, "the same character"),
        ({"null": "a,b"}, "null holds the delimiter"),
        ({"header": "no"}, "header is true or false"),
        ({"identifier": "_id"}, "identifier is any name"),
        ({"identifier": "id", "operation_column": "id"}, "a column of its own"),
        ({"operation_column": ""}, "a column of its own"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(DeclarationError, match=words):
        export(**options)


def test_all_problems_of_the_options_are_told_at_once():
    with pytest.raises(DeclarationError, match=r"format is one of.*path is empty"):
        export(format="xlsx", path="")


@pytest.mark.parametrize("mode", sorted(Export.modes))
def test_files_of_changes_need_names_that_differ(mode):
    assert bool(list(export(path="people.csv").objections(mode))) is (mode is not Mode.SNAPSHOT)
    assert list(export(path="people.csv", replace=True).objections(mode)) == []
    assert list(export(path="{DD}.csv").objections(mode)) == []


@pytest.mark.parametrize(
    ("dtype", "takes"),
    [
        (pl.String(), True),
        (pl.UInt64(), True),
        (pl.Decimal(38, 6), True),
        (pl.Float32(), True),
        (pl.Categorical(), True),
        (pl.Null(), True),
        (pl.Datetime("ns"), True),
        (pl.List(pl.Int8), True),
        (pl.List(pl.Float64), False),
        (pl.Struct({"a": pl.Int64}), False),
        (pl.Binary(), False),
        (pl.Duration(), False),
    ],
)
def test_a_column_that_not_every_format_can_hold_is_refused_by_name(dtype, takes):
    schema = pl.Schema({"id": pl.Int64(), "value": dtype})
    lines = [FieldMapping("id", "id"), FieldMapping("value", "value")]

    if takes:
        assert bind(lines, export(), schema).sent_schema.names() == ["id", "value"]
    else:
        with pytest.raises(DeclarationError, match=r"value: a column of type .* cannot be sent"):
            bind(lines, export(), schema)


def test_values_are_sent_as_they_are_but_no_nan():
    schema = pl.Schema({"id": pl.UInt64(), "n": pl.Float64(), "d": pl.Decimal(20, 4)})
    mapping = bind([FieldMapping(name, name) for name in schema], export(), schema)
    frame = pl.DataFrame(
        {
            KEY: ["a", "b", "c"],
            "raw:id": [2**64 - 1, 1, 2],
            "raw:n": [0.5, float("nan"), float("inf")],
            "raw:d": ["1.5", "2", "3"],
        },
        schema_overrides={"raw:id": pl.UInt64()},
    ).with_columns(pl.col("raw:d").cast(pl.Decimal(20, 4)))

    cleaned = mapping.clean(frame, at=0)

    assert mapping.sent_schema == pl.Schema({"d": pl.Decimal(20, 4), "id": pl.UInt64(), "n": pl.Float64()})
    assert cleaned["_reason"].to_list() == [None, *["n is not a finite number"] * 2]
    assert cleaned[IDENTIFIER].to_list() == [str(2**64 - 1), "1", "2"]


def test_a_text_that_identifies_must_not_be_empty():
    mapping = bind([FieldMapping("id", "id")], export(), pl.Schema({"id": pl.String()}))

    cleaned = mapping.clean(pl.DataFrame({KEY: ["1", "2", "3"], "raw:id": ["", None, "a"]}), at=0)

    assert cleaned["_reason"].to_list() == ["id is empty", "id is missing", None]


def test_the_format_is_made_of_the_options():
    options = {"delimiter": ";", "quote": "'", "header": False, "null": "-", "escape_formulas": True}

    assert export(**options).options.written == Csv("uncompressed", ";", False, "'", "-", True)
