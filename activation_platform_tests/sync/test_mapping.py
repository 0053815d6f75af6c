"""The mapping: what makes one impossible, and how a frame's rows are cleaned and fingerprinted by it."""

import polars as pl
import pytest

from activation_platform.contracts.batch import IDENTIFIER, KEY, OMITTED
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.values import Day, Email, Integer, Number, Text, TextList
from activation_platform.sync.mapping import REASON, FieldMapping, bind, mapping_doubts, mapping_problems
from activation_platform_tests.sync.shop import Shop, Things
from activation_platform_tests.sync.world import MAPPING


class RichThings(Things):
    """Things with a rule for everything."""

    fields = (
        Field("id", Text(min=1, max=20), key=True),
        Field("email", Email(), required=True),
        Field("age", Integer()),
        Field("born", Integer(), clearable=False),
    )
    custom_fields = CustomFields(
        pattern="[a-z]+", words="lower-case letters", text=Text(max=5), texts=TextList(max_items=2)
    )
    max_fields = 3


class LastingThings(Things):
    """Things of which nothing of one's own can be taken away."""

    custom_fields = CustomFields(pattern="[a-z]+", words="lower-case letters", clearable=False)


class PlainThings(Things):
    """Things without fields of one's own."""

    custom_fields = None


COLUMNS = dict.fromkeys(["key", "id", "email", "age", "name", "tags"])
WELL = (FieldMapping("id", "id"), FieldMapping("email", "email"))


def problems(*lines, service=RichThings, columns=COLUMNS, account=None):
    found = mapping_problems(lines, service(Shop()), columns, account)
    return [(problem.field, problem.message) for problem in found]


def test_a_good_mapping_has_no_problems():
    assert problems(*WELL, FieldMapping("age", constant=7), FieldMapping("nickname", "name")) == []
    assert problems(*WELL, columns=None) == []


def test_an_unknown_field_is_named_with_the_nearest_known_one():
    ((field, words),) = problems(
        FieldMapping("id", "id"), FieldMapping("emial", "email"), service=PlainThings
    )
    assert field == "emial"
    assert words == 'there is no field "emial". Did you mean "email"?'


def test_a_custom_field_must_keep_the_rule_of_names():
    ((field, words),) = problems(*WELL, FieldMapping("Nick Name", "name"))
    assert field == "Nick Name"
    assert "lower-case letters" in words


@pytest.mark.parametrize("name", ["*", "^a.*$"])
def test_a_name_that_a_frame_takes_for_a_pattern_is_no_field(name):
    ((field, words),) = problems(*WELL, FieldMapping(name, "name"))
    assert field == name
    assert words == f'"{name}" cannot be the name of a field: it is * or stands between ^ and $'


TYPED = {
    **COLUMNS,
    "id": pl.String(),
    "age": pl.String(),
    "name": pl.Boolean(),
    "tags": pl.List(pl.String),
    "key": pl.Binary(),
}
ACCOUNT = (Field("size", Number()), Field("since", Day()))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            FieldMapping("age", "tags"),
            'it takes a whole number, and the column "tags" is list of texts, of which nothing',
        ),
        (
            FieldMapping("size", "name"),
            'it takes a number, and the column "name" is true or false, of which nothing',
        ),
        (FieldMapping("since", "key"), 'it takes a date, and the column "key" is Binary, of which nothing'),
        (FieldMapping("age", constant="seven"), "the constant is not a whole number"),
        (FieldMapping("age", constant=2**200), "the constant is too large"),
    ],
)
def test_what_no_value_of_can_be_sent_is_a_problem(line, words):
    ((field, told),) = problems(*WELL, line, columns=TYPED, account=ACCOUNT)
    assert field == line.field
    assert told.startswith(words)


def test_a_column_that_no_custom_field_takes_is_a_problem():
    assert problems(*WELL, FieldMapping("nick", "key"), columns=TYPED) == [
        ("nick", "a column of type Binary cannot be sent")
    ]


def test_text_for_a_number_is_possible_and_doubtful():
    lines = (*WELL, FieldMapping("age", "age"), FieldMapping("size", "age"))
    assert problems(*lines, columns=TYPED, account=ACCOUNT) == []
    doubts = list(mapping_doubts(lines, RichThings(Shop()), TYPED, ACCOUNT))
    assert [(one.field, one.message) for one in doubts] == [
        ("age", 'it takes a whole number, and the column "age" is text: what is none is set aside'),
        ("size", 'it takes a number, and the column "age" is text: what is none is set aside'),
    ]


def test_columns_of_unknown_types_and_of_nulls_alone_are_good_for_every_field():
    lines = (*WELL, FieldMapping("age", "age"), FieldMapping("size", "name"))
    for columns in (COLUMNS, dict.fromkeys(COLUMNS, pl.Null())):
        assert problems(*lines, columns=columns, account=ACCOUNT) == []
        assert list(mapping_doubts(lines, RichThings(Shop()), columns, ACCOUNT)) == []


def test_a_custom_field_must_exist_in_the_account_where_it_was_asked():
    ((field, words),) = problems(*WELL, FieldMapping("nickname", "name"), account=(Field("nick", Text()),))
    assert field == "nickname"
    assert 'the account has no field "nickname". Did you mean "nick"?' in words
    assert problems(*WELL, FieldMapping("nick", "name"), account=(Field("nick", Text()),)) == []


def test_a_missing_column_is_named_with_the_nearest_one():
    assert problems(*WELL[:1], FieldMapping("email", "emails")) == [
        ("email", 'there is no column "emails". Did you mean "email"?')
    ]


def test_required_fields_must_be_mapped():
    assert problems(FieldMapping("age", "age")) == [
        ("", 'the required field "email" is not mapped'),
        ("", 'the required field "id" is not mapped'),
    ]


@pytest.mark.parametrize("field", ["id", "email"])
def test_a_required_field_cannot_be_omitted(field):
    lines = {"id": "id", "email": "email"}
    mapped = [
        FieldMapping(f, c, on_invalid="omit_field" if f == field else "set_aside") for f, c in lines.items()
    ]
    assert problems(*mapped) == [(field, f'"{field}" is required, so it cannot have on_invalid: omit_field')]


def test_b6_a_field_that_cannot_be_cleared_is_mapped_to_keep_null():
    ((field, words),) = problems(*WELL, FieldMapping("born", "age"))
    assert field == "born"
    assert "on_null: keep" in words
    assert problems(*WELL, FieldMapping("born", "age", on_null="keep")) == []
    assert problems(*WELL, FieldMapping("born", constant=1989)) == []


def test_b6_custom_fields_that_cannot_be_cleared_are_mapped_to_keep_null():
    identified = FieldMapping("id", "id")
    ((field, words),) = problems(identified, FieldMapping("nick", "name"), service=LastingThings)
    assert field == "nick"
    assert "on_null: keep" in words
    assert not problems(identified, FieldMapping("nick", "name", on_null="keep"), service=LastingThings)


def test_too_many_fields_are_refused():
    extra = [FieldMapping(name, "name") for name in ("a", "b", "c")]
    assert problems(*WELL, *extra) == [("", "4 fields are mapped beside id, the service takes at most 3")]


def test_bind_tells_all_problems_at_once():
    schema = pl.Schema({"id": pl.String, "blob": pl.Binary})
    with pytest.raises(DeclarationError) as caught:
        bind(
            (FieldMapping("id", "id"), FieldMapping("email", "mail"), FieldMapping("x", "blob")),
            RichThings(Shop()),
            schema,
        )
    assert 'there is no column "mail"' in str(caught.value)
    assert "a column of type Binary cannot be sent" in str(caught.value)


FRAME = pl.DataFrame(
    {
        KEY: ["1", "2", "3"],
        "id": ["A", "B", None],
        "email": ["Ann@EXAMPLE.org", "no", "c@example.org"],
        "name": ["x", "toolong", None],
    }
)


def cleaned(*lines, service=RichThings, frame=FRAME):
    mapping = bind(lines, service(Shop()), frame.schema)
    raw = frame.select(KEY, *mapping.raw_values())
    return mapping.clean(raw, at=0)


def test_values_are_normalised_and_reasons_name_every_wrong_field():
    rows = cleaned(*WELL, FieldMapping("nick", "name"))
    assert rows["email"].to_list() == ["ann@example.org", None, "c@example.org"]
    assert rows[IDENTIFIER].to_list() == ["A", "B", None]
    assert rows[REASON].to_list() == [
        None,
        "email is not an e-mail address; nick is longer than 5 characters",
        "id is missing",
    ]
    assert [name for name in rows.columns if name.startswith("raw:")] == []


def test_a_constant_is_sent_with_every_row():
    rows = cleaned(*WELL, FieldMapping("age", constant=7))
    assert rows["age"].to_list() == [7, 7, 7]


def test_an_omitted_value_is_marked_and_no_reason():
    rows = cleaned(*WELL, FieldMapping("nick", "name", on_invalid="omit_field"))
    assert rows[OMITTED + "nick"].to_list() == [False, True, False]
    assert rows["nick"].to_list() == ["x", None, None]
    assert rows[REASON].to_list()[0] is None


def sent(*lines, frame=FRAME, service=RichThings):
    return cleaned(*lines, frame=frame, service=service)["_sent"].to_list()


def test_not_mapped_null_and_left_out_are_three_things():
    frame = FRAME.with_columns(name=pl.Series(["toolong", None, "x"], dtype=pl.String))
    omit = sent(*WELL, FieldMapping("nick", "name", on_invalid="omit_field"), frame=frame)
    clear = sent(*WELL, FieldMapping("nick", "name"), frame=frame)
    keep = sent(*WELL, FieldMapping("nick", "name", on_null="keep"), frame=frame)
    none = sent(*WELL, frame=frame)
    assert len({omit[0], clear[0], none[0]}) == 3
    assert len({clear[1], keep[1], none[1]}) == 3
    assert omit[1] == clear[1], "null is sent as null in both"
    assert omit[2] == clear[2] == keep[2], "a row that leaves nothing out is the same to all"


def test_the_order_of_the_lines_does_not_matter():
    lines = (*WELL, FieldMapping("nick", "name"))
    assert sent(*lines) == sent(*reversed(lines))
    mapping, turned = (bind(order, RichThings(Shop()), FRAME.schema) for order in (lines, lines[::-1]))
    assert mapping.version == turned.version


@pytest.mark.parametrize(
    "other",
    [
        FieldMapping("nick", "name", on_null="keep"),
        FieldMapping("nick", "name", on_invalid="omit_field"),
        FieldMapping("alias", "name"),
        FieldMapping("nick", constant="x"),
    ],
    ids=["on_null", "on_invalid", "field", "constant"],
)
def test_whatever_could_change_what_is_sent_changes_the_version(other):
    one = bind((*WELL, FieldMapping("nick", "name")), RichThings(Shop()), FRAME.schema)
    two = bind((*WELL, other), RichThings(Shop()), FRAME.schema)
    assert one.version != two.version


def test_the_raw_fingerprint_sees_every_mapped_value_and_nothing_else():
    frame = FRAME.with_columns(other=pl.Series([1, 2, 3]))
    mapping = bind(MAPPING, Things(Shop()), frame.schema)

    def raw(changed: pl.DataFrame) -> list[int]:
        return changed.select(mapping.raw_fingerprint(pl.col(KEY))).to_series().to_list()

    assert raw(frame) == raw(frame.with_columns(other=pl.lit(0)))
    for column in (KEY, "id", "email", "name"):
        changed = raw(frame.with_columns(pl.lit("new").alias(column)))
        assert not set(changed) & set(raw(frame))
