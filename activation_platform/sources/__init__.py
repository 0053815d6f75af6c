"""The catalogue of sources: the word in YAML, and the class behind it, imported when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from activation_platform.contracts.source import Source

__all__ = ["SOURCES"]

PLACES = {
    "bigquery": "activation_platform.sources.bigquery:BigQuery",
    "databricks": "activation_platform.sources.databricks:Databricks",
    "duckdb": "activation_platform.sources.duckdb:DuckDB",
    "postgres": "activation_platform.sources.postgres:Postgres",
    "redshift": "activation_platform.sources.redshift:Redshift",
    "snowflake": "activation_platform.sources.snowflake:Snowflake",
}


class _Catalogue(Mapping[str, type[Source]]):
    """Word to class. Looking up a word imports its module alone, and a module imports its driver when it connects."""

    def __getitem__(self, word: str) -> type[Source]:
        module, _, name = PLACES[word].partition(":")
        found: type[Source] = getattr(import_module(module), name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __contains__(self, word: object) -> bool:
        return word in PLACES


SOURCES: Mapping[str, type[Source]] = _Catalogue()
"""`SOURCES["duckdb"]` is the class `DuckDB`; KeyError for a word that no source has."""
