"""A model's SQL is one statement that only reads."""

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.statement import as_subquery, one_select, select_in, table_query

BOTH = ["duckdb", "postgres"]
READS = [
    "select 1",
    "SELECT 'a;b' AS x, $$;$$ AS y",
    "with a as (select 1 as x) select x from a",
    "(select 1) union all (select 2)",
    "values (1), (2)",
    "table customers",
    "-- a comment\nselect 1 -- ; another",
    "select 'é' || '€' as ü",
]
WRITES = [
    "insert into t values (1)",
    "with a as (select 1 as x) insert into t select x from a",
    "with gone as (delete from t returning *) select * from gone",
    "update t set a = 1",
    "delete from t",
    "select * into copied from t",
    "create table t as select 1",
    "drop table t",
    "copy t to 'x.csv'",
    "call f()",
    "explain select 1",
    "set search_path = x",
    "vacuum",
    "begin",
]


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize("query", READS)
def test_a_statement_that_reads_is_left_as_its_author_wrote_it(query, dialect):
    assert one_select(query, dialect) == query


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize("query", WRITES)
def test_a_statement_that_writes_is_refused(query, dialect):
    with pytest.raises(DeclarationError, match="never written"):
        one_select(query, dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "query", ["select 1; select 2", "select 1;;drop table t", "select ';'; delete from t"]
)
def test_several_statements_are_refused(query, dialect):
    with pytest.raises(DeclarationError, match="several statements"):
        one_select(query, dialect)


@pytest.mark.parametrize("query", ["", "  \n", "-- nothing", ";"])
def test_an_empty_query_is_refused(query):
    with pytest.raises(DeclarationError, match="empty"):
        one_select(query, "postgres")


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "people.sql"
    file.write_bytes(b"\xef\xbb\xbfselect 1")
    assert select_in(file, "duckdb") == "select 1"


def test_a_file_that_is_not_utf8_says_so(tmp_path):
    file = tmp_path / "people.sql"
    file.write_bytes("select 'é'".encode("latin-1"))
    with pytest.raises(DeclarationError, match=r"people\.sql is not UTF-8 \(byte 9\)"):
        select_in(file, "duckdb")


def test_a_folder_is_no_file_of_sql(tmp_path):
    with pytest.raises(DeclarationError, match="cannot be read"):
        select_in(tmp_path, "duckdb")


@pytest.mark.parametrize("end", [";", " ; ;", ";\n-- done;\n"])
def test_the_semicolon_at_the_end_is_taken_off(end):
    assert one_select("select 'é;' as x" + end, "postgres").rstrip() == "select 'é;' as x"


def test_sql_that_only_the_warehouse_understands_passes_if_it_begins_like_a_select():
    assert one_select("select a ?!> b from", "postgres") == "select a ?!> b from"
    assert one_select("select 'never closed", "postgres") == "select 'never closed"


def test_sql_that_nobody_understands_is_refused_if_it_does_not_begin_like_a_select():
    with pytest.raises(DeclarationError):
        one_select("grant 'never closed", "postgres")


def test_duckdbs_own_ways_to_read_pass():
    for query in ("from t", "pivot t on a using sum(b)", "from t select x where y"):
        assert one_select(query, "duckdb") == query


def test_a_subquery_survives_a_comment_at_its_end():
    assert as_subquery("select 1 -- one;", "duckdb") == '(\nselect 1 -- one;\n) AS "model"'


def test_a_subquery_is_one_statement_too():
    with pytest.raises(DeclarationError):
        as_subquery("select 1) as x; drop table t; --", "duckdb")


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("Customers", 'SELECT * FROM "Customers"'),
        ("crm.customers", 'SELECT * FROM "crm"."customers"'),
        ("base.crm.customers", 'SELECT * FROM "base"."crm"."customers"'),
        ('"my schema"."a.b"', 'SELECT * FROM "my schema"."a.b"'),
        ('"say ""hi"""', 'SELECT * FROM "say ""hi"""'),
        ("order", 'SELECT * FROM "order"'),
    ],
)
def test_a_table_is_quoted_letter_by_letter(table, query):
    assert table_query(table, "postgres") == query


@pytest.mark.parametrize(
    "table",
    [
        "",
        "a b",
        "a as b",
        "t; drop table t",
        "read_csv('/etc/passwd')",
        "a.b.c.d",
        "t -- x\n, u",
        "(select 1)",
        "t, u",
        "a..b",
    ],
)
def test_what_is_not_the_name_of_a_table_is_refused(table):
    with pytest.raises(DeclarationError, match="not the name of a table"):
        table_query(table, "duckdb")
