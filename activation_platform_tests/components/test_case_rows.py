"""The rows of tests of segments: in the YAML, in CSV and in YAML files, of every type; and what they are tested against."""

import pytest

from activation_platform.components.cells import unquoted
from activation_platform.components.model import ModelComponent
from activation_platform.components.model_spec import ModelSpec
from activation_platform.components.segment import SegmentComponent, SegmentSpec
from activation_platform.components.source import SourceComponent, SourceSpec
from activation_platform.components.split import SplitComponent, SplitSpec
from activation_platform.components.trials import tried
from activation_platform.components.types import read_type
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.segmentation.shown import lines, shown

COLUMNS = {
    "id": "integer",
    "name": "text",
    "score": "number",
    "spent": "decimal(12, 2)",
    "active": "boolean",
    "born": "date",
    "seen": "timestamp",
    "asked": "timestamp with time zone",
    "opens": "time",
    "tags": "list of text",
    "marks": "list of integer",
}
ORDERS = {"id": "integer", "person": "integer", "placed": "timestamp"}


class Beside(SegmentComponent):
    """A segment as if its YAML stood in a folder."""

    folder = None

    @property
    def project_path(self):
        return self.folder


def workspace(*segments, key="id", engine="frames", folder=None, splits=(), **said_of_the_model):
    """Segments of one model; no file, no warehouse."""
    people = ModelSpec(
        name="people", source="shop", table="people", primary_key=key, columns=COLUMNS, kind="users", engine=engine,
        relations={"orders": {"model": "orders", "match": {"id": "person"}}}, **said_of_the_model,
    )  # fmt: skip
    orders = ModelSpec(
        name="orders", source="shop", table="orders", primary_key="id", columns=ORDERS, kind="events", event_time="placed"
    )  # fmt: skip
    made = [Beside(SegmentSpec(model="people", **segment)) for segment in segments]
    for one in made:
        one.folder = folder
    source = SourceComponent(SourceSpec(name="shop", kind="duckdb", settings={"path": "x"}))
    declared = [SplitComponent(SplitSpec(model="people", **split)) for split in splits]
    return Workspace([source, ModelComponent(people), ModelComponent(orders), *declared, *made])


def segment(where, given, expect, name="some", **more):
    rows = given if isinstance(given, dict) else {"people": given}
    return {"name": name, "where": where, "tests": [{"name": "it", "given": rows, "expect": expect, **more}]}


def result(*segments, **options):
    """What the test of the first segment comes to; a workspace with a fault raises it."""
    made = workspace(*segments, **options)
    made.check()
    first = made.find("segment", segments[0]["name"])
    return tried(first, made, first.spec.tests[0])


def messages(*segments, **options):
    made = workspace(*segments, **options)
    return [
        fault.message for name in made.names("segment") for fault in made.find("segment", name).faults(made)
    ]


EVERY_TYPE = [
    ("name", "é", "equals", "é"),
    ("score", 1.5, "above", 1),
    ("score", 2, "equals", 2),
    ("spent", 10.25, "equals", 10.25),
    ("active", True, "equals", True),
    ("born", "2000-02-29", "before", "2000-03-01"),
    ("seen", "2026-01-31", "equals", "2026-01-31T00:00:00Z"),
    ("seen", "2026-01-31T01:00:00+02:00", "before", "2026-01-31"),
    ("asked", "2026-01-31 10:00:00.5", "equals", "2026-01-31T10:00:00.5Z"),
    ("opens", "08:30", "is_null", False),
    ("tags", ["a", None, "b"], "length_equals", 3),
    ("marks", [1, 2], "contains_all", [2, 1]),
]


@pytest.mark.parametrize(("column", "value", "operator", "wanted"), EVERY_TYPE)
def test_a_value_of_every_type_is_what_the_column_would_hold(column, value, operator, wanted):
    leaf = {"field": column, operator: wanted}

    assert result(segment(leaf, [{"id": 1, column: value}, {"id": 2}], [1])).passed


@pytest.mark.parametrize(("column", "value", "operator", "wanted"), EVERY_TYPE)
def test_a_value_of_every_type_can_stand_in_a_csv_file(column, value, operator, wanted, tmp_path):
    def quoted(one):
        text = "[a, null, b]" if one == ["a", None, "b"] else str(one)
        return f'"{text}"'

    (tmp_path / "rows.csv").write_text(f"id,{column}\n1,{quoted(value)}\n2,\n", encoding="utf-8")

    assert result(segment({"field": column, operator: wanted}, "rows.csv", [1]), folder=tmp_path).passed


def test_what_a_spreadsheet_writes_is_read(tmp_path):
    (tmp_path / "rows.csv").write_bytes(
        'id,name\r\n1,"two\r\nlines, ""é"""\r\n\r\n2,\r\n'.encode("utf-8-sig")
    )
    where = {"field": "name", "equals": 'two\r\nlines, "é"'}

    assert result(segment(where, "rows.csv", [1]), folder=tmp_path).rows == 2
    assert result(segment(where, "rows.csv", [1]), folder=tmp_path).passed
    assert result(segment({"field": "name", "is_null": True}, "rows.csv", [2]), folder=tmp_path).passed


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("010", "integer", 10),
        ("+7", "integer", 7),
        ("-1.50", "decimal(12, 2)", -1.5),
        ("1e3", "number", 1000.0),
        ("TRUE", "boolean", True),
        ("[2026-01-31, null]", "list of date", ["2026-01-31", None]),
        ("1_000", "integer", "1_000"),
        ("1:30", "number", "1:30"),
        ("#5", "integer", "#5"),
        ("null", "integer", "null"),
        ("yes", "boolean", "yes"),
        ("{a: 1}", "list of text", "{a: 1}"),
        ("null", "text", "null"),
        ("", "text", None),
    ],
)
def test_a_cell_of_a_csv_file_is_what_it_spells_and_else_stays_text(text, words, value):
    found = unquoted(text, read_type(words))

    assert (found, type(found)) == (value, type(value))


def test_a_yaml_file_is_read_as_the_yaml_beside_it_is(tmp_path):
    (tmp_path / "rows.yaml").write_text(
        "- {id: 1, born: 2000-01-01, name: ''}\n- id: 2\n  born: 2001-01-01\n"
    )

    assert result(
        segment({"field": "born", "before": "2000-06-01"}, "rows.yaml", [1]), folder=tmp_path
    ).passed
    assert result(segment({"field": "name", "equals": ""}, "rows.yaml", [1]), folder=tmp_path).passed


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rows.csv", None, '"rows.csv" cannot be read beside the YAML: there is no such file'),
        ("rows.parquet", b"PAR1", '"rows.parquet" is neither a .csv nor a .yaml file'),
        ("rows.csv", b"id\n\xff\n", '"rows.csv" is not text in UTF-8'),
        ("rows.csv", b"", "rows.csv:1: the first line names the columns, each once"),
        ("rows.csv", b"id,id\n1,2\n", "rows.csv:1: the first line names the columns, each once"),
        ("rows.csv", b"id,name\n1,a\n\n2\n", "rows.csv:4: has 1 cells, and the first line names 2 columns"),
        ("rows.csv", b'id,name\n1,"a\nb"\nx,c\n', "rows.csv:4: id: 'x' is not a number: write digits without quotes"),
        ("rows.csv", b'id,name\n1,"a"b\n', "rows.csv:2: "),
        ("rows.csv", b"id,nmae\n1,a\n", 'rows.csv:2: people has no column "nmae". Did you mean "name"?'),
        ("rows.csv", b"id,name\n1,a\n,b\n", "rows.csv:3: has no id, which is in the key of people"),
        ("rows.csv", b"id,name\n1,a\n1,b\n", "rows.csv:3: there are two rows with the key 1"),
        ("rows.csv", b"id,marks\n1,[1\n", "rows.csv:2: marks: '[1' is not a list"),
        ("rows.csv", b"id,spent\n1,2026-02-30\n", "rows.csv:2: spent: '2026-02-30' is not a number"),
        ("rows.yaml", b"- id: 1\n- id: 2\n  nmae: x\n", 'rows.yaml:2: people has no column "nmae"'),
        ("rows.yaml", b"- id: 1\n- 7\n", "rows.yaml:2: a row is a mapping of columns and values"),
        ("rows.yaml", b"id: 1\n", "rows.yaml: takes a list of rows such as"),
        ("rows.yaml", b"", "rows.yaml: takes a list of rows such as"),
        ("rows.yaml", b"- id: 1\n- {id: 2\n", "rows.yaml:"),
        ("rows.yaml", b"- {id: \x07}\n", "rows.yaml: is no YAML"),
        ("rows.yaml", b"- !!python/none x\n", "rows.yaml:1: "),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_told_with_its_line(tmp_path, name, text, words):
    if text is not None:
        (tmp_path / name).write_bytes(text)

    (told,) = messages(segment({"field": "id", "above": 0}, name, []), folder=tmp_path)

    assert told.startswith(words)


def test_a_segment_declared_in_python_has_no_files_beside_it():
    (told,) = messages(segment({"field": "id", "above": 0}, "rows.csv", []))

    assert told == "a file stands beside a YAML file, and this segment is declared in Python"


def test_a_file_that_changed_since_definitions_were_loaded_is_told_and_not_tested(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("id\n1\n")
    made = workspace(segment({"field": "id", "above": 0}, "rows.csv", [1]), folder=tmp_path)
    made.check()
    file.write_text("id\n2\n")
    one = made.find("segment", "some")

    with pytest.raises(
        DeclarationError, match="the test it of some has changed: no row of people has the key 1"
    ):
        tried(one, made, one.spec.tests[0])


@pytest.mark.parametrize("expect", [[[1, "a"], [2, "b|c"]], [{"name": "b|c", "id": 2}, [1, "a"]]])
def test_a_key_of_several_columns_is_a_list_or_a_mapping(expect):
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b|c"}, {"id": 3, "name": "a"}]

    assert result(segment({"field": "id", "below": 3}, rows, expect), key=["id", "name"]).passed


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ([1], "1 is not a key: write [id, name], or {id: …, name: …}"),
        ([[1]], "[1] is not a key: write [id, name]"),
        ([{"id": 1}], "{'id': 1} is not a key: write"),
        ([[1, "b"]], "no row of people has the key 1|b"),
        ([[1, None]], "a key has no null in it"),
    ],
)
def test_a_key_of_several_columns_that_is_written_wrongly_is_told(expect, words):
    (told,) = messages(
        segment({"field": "id", "below": 3}, [{"id": 1, "name": "a"}], expect), key=["id", "name"]
    )

    assert told.startswith(words)


@pytest.mark.parametrize("column", ["score", "tags"])
def test_a_column_that_cannot_be_a_key_is_told(column):
    told = messages(segment({"field": "id", "above": 0}, [{"id": 1, column: None}], []), key=column)

    assert len(told) == 1
    assert "cannot be a primary key" in told[0]


def test_other_segments_and_exclusions_and_templates_are_part_of_what_is_tested():
    staff = segment({"field": "name", "equals": "ada"}, [{"id": 1, "name": "ada"}], [1], name="staff")
    rich = segment({"field": "spent", "above": 100}, [{"id": 1, "spent": 200}], [1], name="rich")
    both = segment(
        {"segment": "rich"},
        [{"id": 1, "name": "ada", "spent": 200}, {"id": 2, "spent": 200}, {"id": 3, "spent": 100}],
        [2],
    )

    assert result(both, staff, rich, exclude=["staff"]).passed
    assert result(staff, both, rich, exclude=["staff"]).passed


def test_computed_fields_are_computed_from_the_rows_and_cannot_be_given():
    computed = {
        "placed": {"count": "orders", "in_last": "30 days"},
        "size": {
            "label": [{"when": {"field": "placed", "at_least": 2}, "then": "big"}],
            "otherwise": "small",
        },
    }
    given = {
        "people": [{"id": 1}, {"id": 2}],
        "orders": [
            {"person": 1, "placed": "2026-01-02"},
            {"person": 1, "placed": "2026-01-03"},
            {"person": 2},
        ],
    }
    big = segment({"field": "size", "equals": "big"}, given, [1], now="2026-01-31")

    assert result(big, computed=computed).passed
    (told,) = messages(segment({"field": "size", "equals": "big"}, given, [1]), computed=computed)
    assert "write now:" in told
    given["people"][0]["placed"] = 3
    (told,) = messages(big, computed=computed)
    assert told == 'people has no column "placed". It is computed: give what it is made of.'


def test_a_value_within_json_is_looked_for_in_the_text_that_is_given():
    where = {"field": "name", "path": "$.city", "as": "text", "equals": "Paris"}
    rows = [
        {"id": 1, "name": '{"city": "Paris"}'},
        {"id": 2, "name": '{"city": 7}'},
        {"id": 3, "name": "Paris"},
    ]

    assert result(segment(where, rows, [1])).passed


def test_a_limit_is_tested_after_the_conditions():
    top = segment(
        {"field": "active", "equals": True},
        [{"id": 1, "active": True, "score": 1}, {"id": 2, "active": True, "score": 2}, {"id": 3, "score": 9}],
        [2],
    )

    assert result({**top, "limit": {"top": 1, "by": [{"descending": "score"}]}}).passed


def test_an_arm_and_a_priority_list_are_tested_and_a_failure_says_which():
    halves = {"name": "halves", "seed": "a", "arms": {"one": 50, "other": 50}}
    rows = [{"id": number} for number in range(20)]
    one = segment({"split": "halves", "arm": "one"}, rows, [], name="one")
    everybody = segment({"field": "id", "at_least": 0}, rows, [*range(20)])
    lists = {"all": ["one", "some"]}

    drawn = result(one, splits=[halves]).keys(expected=False)
    rest = result(everybody, one, splits=[halves], priority_lists=lists)

    assert 0 < len(drawn) < 20
    assert rest.keys(expected=True) == drawn
    assert ["".join(line).strip() for line in lines(shown(rest.differences[0].verdict, clear=True))][2:] == [
        "no  none of:",
        "yes the segment one takes it:",
        'yes it is in the arm one (50 %) of the split halves  [arm of halves: "one"]',
    ]


def test_rows_of_a_model_that_is_left_out_are_none_and_those_of_others_need_no_key():
    nobody = segment({"has": "orders", "exactly": 0}, [{"id": 1}], [1])
    twice = segment(
        {"has": "orders", "exactly": 2},
        {"people": [{"id": 1}, {"id": 2}], "orders": [{"person": 1}, {"person": 1}, {"person": 2}, {}]},
        [1],
    )

    assert result(nobody).passed
    assert result(twice).passed


def test_a_test_without_rows_of_its_model_is_told():
    (told,) = messages(segment({"has": "orders"}, {"orders": []}, []))

    assert told == "gives no rows of people, of which the segment chooses some"


def test_a_segment_that_stays_in_its_warehouse_is_tested_over_frames():
    assert result(
        segment({"field": "id", "above": 1}, [{"id": 1}, {"id": 2}], [2]), engine="warehouse"
    ).passed


def test_two_tests_of_one_name_are_told():
    twice = segment({"field": "id", "above": 0}, [{"id": 1}], [1])
    twice["tests"] *= 2

    assert messages(twice) == ['there are two tests called "it"']


def test_a_condition_that_does_not_count_from_now_needs_none_and_one_that_does_says_so():
    rows = [{"id": 1, "born": "2000-01-31"}]
    for leaf in ({"day_of_week": ["monday"]}, {"before": "2001-01-01"}, {"is_null": False}):
        assert messages(segment({"field": "born", **leaf}, rows, [1])) == []
    for leaf in ({"anniversary": "today"}, {"older_than": "1 year"}, {"in_next": "2 weeks"}, {"days_ago": 3}):
        (told,) = messages(segment({"field": "born", **leaf}, rows, [1]))
        assert "write now:" in told
        assert messages(segment({"field": "born", **leaf}, rows, [1], now="2026-01-31")) == []


def test_of_many_differences_the_first_are_told_and_explained():
    rows = [{"id": number} for number in range(30)]

    trial = result(segment({"field": "id", "below": 0}, rows, [*range(30)]))

    assert trial.keys(expected=True) == [str(number) for number in range(30)]
    assert trial.words.endswith(", 18, 19 and 10 more")
    assert [one.key for one, _ in trial.explained] == [str(number) for number in range(10)]


def test_rows_that_contain_themselves_and_half_a_character_are_told():
    rows: list = [{"id": 1}]
    rows.append(rows)
    (told,) = messages(segment({"field": "id", "above": 0}, rows, [1]))
    assert told.startswith("a row is a mapping")

    (told,) = messages(segment({"field": "id", "above": 0}, [{"id": 1, "name": "\ud800"}], [1]))
    assert told == "name: '\\ud800' does not fit a column of type text"
