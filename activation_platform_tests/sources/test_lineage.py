"""Which tables a model reads is read off its SQL, in the words of its SQL."""

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.lineage import tables_read


@pytest.mark.parametrize(
    ("query", "dialect", "tables"),
    [
        ("select 1", "duckdb", []),
        ("select * from a, b join c using (x)", "postgres", ["a", "b", "c"]),
        ("with a as (select * from s.b) select * from a join d.s.c using (x)", "snowflake", ["s.b", "d.s.c"]),
        ("select * from (select * from t where x in (select x from u))", "snowflake", ["t", "u"]),
        ("select * from t union all select * from t", "duckdb", ["t"]),
        ("select * from `my-project`.shop.people", "bigquery", ["`my-project`.shop.people"]),
        ("select * from table(generator(rowcount => 3))", "snowflake", []),
        ('select * from "Odd Schema"."t"', "postgres", ['"Odd Schema"."t"']),
    ],
)
def test_tables_are_named_as_the_sql_names_them(query, dialect, tables):
    assert [str(table) for table in tables_read(query, dialect)] == tables


def test_sql_that_cannot_be_taken_apart_says_so():
    with pytest.raises(DeclarationError, match="cannot be taken apart"):
        tables_read("select from from where", "postgres")
