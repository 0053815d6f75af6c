"""What stands in a file: every value as it is, whatever it is, in each format and compression."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from activation_platform_tests.destinations.files.desk import Desk, folder_at

NASTY = [
    'quotes " and ""',
    "commas, semicolons; tabs\t",
    "line\nfeed",
    "carriage\rreturn",
    "both\r\n",
    "",
    None,
    "NUL \x00 inside",
    "emoji 😀 é 漢字",
    "  spaces  ",
    "'single'",
    "\\",
    "x" * 1_000_000,
    "null",
    "#N/A",
]
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TYPED = pl.DataFrame(
    {
        "id": [1, 2],
        "big": [2**63 - 1, None],
        "day": [date(2026, 1, 2), None],
        "decimal": pl.Series([Decimal("12345678901234567890.10"), None], dtype=pl.Decimal(38, 2)),
        "list": [['a"b', "c,d", None], None],
        "moment": pl.Series([MOMENT, None], dtype=pl.Datetime("us", "UTC")),
        "number": [0.1, None],
        "numbers": [[1, 2], []],
        "yes": [True, None],
    }
)


@pytest.fixture
def written(tmp_path):
    """Write frames with options; returns the file's path."""

    def write(*frames, **options):
        desk = Desk(folder_at(tmp_path / "exports"), tmp_path, {"path": "file", **options})
        desk.write(*frames)
        return tmp_path / "exports" / "file"

    return write


def rows_of(path, **dialect):
    text = path.read_bytes().decode()
    return list(csv.reader(io.StringIO(text, newline=""), **dialect))


def test_csv_gives_every_text_back(written):
    csv.field_size_limit(2_000_000)
    path = written(pl.DataFrame({"id": range(len(NASTY)), "text": NASTY}))

    rows = rows_of(path, strict=True)

    assert rows[0] == ["id", "text"]
    assert [row[1] for row in rows[1:]] == [text or "" for text in NASTY]


def test_csv_tells_an_empty_text_from_a_null(written):
    path = written(pl.DataFrame({"id": [1, 2, 3], "text": ["", None, "null"]}))
    assert path.read_text() == 'id,text\n1,""\n2,\n3,null\n'

    path = written(pl.DataFrame({"id": [1, 2], "text": ["", None]}), null="\\N")
    assert path.read_text() == 'id,text\n1,""\n2,\\N\n'


def test_csv_of_a_dialect_of_ones_own(written):
    frame = pl.DataFrame({"id": [1, 2], "text": ["a;b", "c'd"]})

    path = written(frame, delimiter=";", quote="'", header=False)

    assert path.read_text() == "1;'a;b'\n2;'c''d'\n"
    assert rows_of(path, delimiter=";", quotechar="'") == [["1", "a;b"], ["2", "c'd"]]


def test_csv_writes_types_the_way_a_person_would_read_them(written):
    first, second = rows_of(written(TYPED))[1:]

    assert first == [
        "1",
        "9223372036854775807",
        "2026-01-02",
        "12345678901234567890.10",
        '["a\\"b","c,d",null]',
        "2026-01-02T03:04:05.678901Z",
        "0.1",
        "[1,2]",
        "true",
    ]
    assert second == ["2", "", "", "", "", "", "", "[]", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_escapes_formulas_where_that_is_asked_for(written, start):
    frame = pl.DataFrame({"id": [1, 2], "text": [f"{start}1+1", f"1{start}1"], "number": [-1, -2]})

    assert rows_of(written(frame))[1] == ["1", f"{start}1+1", "-1"]
    assert [row[1:] for row in rows_of(written(frame, escape_formulas=True))[1:]] == [
        [f"'{start}1+1", "-1"],
        [f"1{start}1", "-2"],
    ]


def test_json_lines_give_every_value_back(written):
    frame = pl.DataFrame({"id": range(len(NASTY)), "text": NASTY})
    lines = written(frame, format="jsonl").read_text().split("\n")
    assert [json.loads(line)["text"] for line in lines[:-1]] == NASTY

    first, second, _ = written(TYPED, format="jsonl").read_text().split("\n")
    assert json.loads(first) == {
        "id": 1,
        "big": 2**63 - 1,
        "day": "2026-01-02",
        "decimal": "12345678901234567890.10",
        "list": ['a"b', "c,d", None],
        "moment": "2026-01-02T03:04:05.678901Z",
        "number": 0.1,
        "numbers": [1, 2],
        "yes": True,
    }
    assert json.loads(second)["numbers"] == []


def test_parquet_keeps_every_type_over_many_batches(written):
    batches = [TYPED.with_columns(id=pl.lit(number)) for number in range(20)]

    path = written(*batches, format="parquet")

    assert pl.read_parquet(path).equals(pl.concat(batches))
    assert pl.read_parquet_schema(path) == batches[0].schema
    assert duckdb.sql(f"select count(*) from read_parquet('{path}')").fetchall() == [(40,)]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_every_format_is_compressed_as_asked(written, format_, compression):
    path = written(TYPED, format=format_, compression=compression)

    if format_ == "parquet":
        codecs = duckdb.sql(f"select distinct compression from parquet_metadata('{path}')").fetchall()
        assert codecs == [({"none": "UNCOMPRESSED"}.get(compression, compression.upper()),)]
        return
    start = path.read_bytes()[:4]
    assert (start[:2] == b"\x1f\x8b", start == b"\x28\xb5\x2f\xfd") == (
        compression == "gzip",
        compression == "zstd",
    )
    read = {"csv": pl.read_csv, "jsonl": pl.read_ndjson}[format_]
    assert (
        read(path.read_bytes() if compression != "gzip" else gzip.decompress(path.read_bytes())).height == 2
    )


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_nothing_is_a_file_that_can_be_read(tmp_path, format_):
    desk = Desk(folder_at(tmp_path / "exports"), tmp_path, {"path": "file", "format": format_})

    desk.write(schema=TYPED.schema)

    path = tmp_path / "exports" / "file"
    if format_ == "csv":
        assert path.read_text() == ",".join(TYPED.columns) + "\n"
    elif format_ == "parquet":
        assert pl.read_parquet(path).schema == TYPED.schema
    else:
        assert path.read_bytes() == b""


def test_fifty_columns_come_out_in_their_order(written):
    frame = pl.DataFrame({"id": [1]} | {f"column {n:02}": [n] for n in range(49)})

    assert rows_of(written(frame)) == [frame.columns, ["1", *map(str, range(49))]]


def test_the_rows_of_many_batches_stand_in_the_order_in_which_they_came(written):
    batches = [pl.DataFrame({"id": range(n * 100, n * 100 + 100)}) for n in range(30)]

    assert [row[0] for row in rows_of(written(*batches))[1:]] == [str(n) for n in range(3000)]
