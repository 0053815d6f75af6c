"""The catalogue names every source and imports only what is asked for."""

import subprocess
import sys

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.source import Source
from activation_platform.sources import SOURCES

DUCKDB_ALONE = """
import sys, duckdb
from activation_platform.sources import SOURCES
with duckdb.connect(sys.argv[1]) as made:
    made.execute("create table t as select 1 as x")
assert "postgres" in SOURCES
frames = list(SOURCES["duckdb"](path=sys.argv[1]).read("select x from t"))
assert frames[0]["x"].to_list() == [1]
assert "activation_platform.sources.postgres" not in sys.modules
clients = ("adbc", "redshift_connector", "asyncssh", "snowflake.", "google.cloud", "dagster_snowflake", "dagster_gcp")
assert not [name for name in sys.modules if name.startswith(clients)]
"""


def test_every_word_leads_to_the_class_of_that_kind():
    for word, source in SOURCES.items():
        assert issubclass(source, Source)
        assert source.kind == word


def test_an_unknown_word_is_a_key_error():
    assert "oracle" not in SOURCES
    with pytest.raises(KeyError):
        SOURCES["oracle"]


def test_a_workspace_without_postgres_never_imports_its_driver(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", DUCKDB_ALONE, str(tmp_path / "a.duckdb")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_building_a_postgres_source_imports_no_driver():
    look = (
        "import sys; from activation_platform.sources import SOURCES;"
        "SOURCES['postgres'](host='h', database='d', user='u');"
        "assert not [name for name in sys.modules if name.startswith(('adbc', 'pyarrow'))]"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    source = SOURCES["postgres"](host="127.0.0.1", database="d", user="u")

    with pytest.raises(DeclarationError, match=r"pip install 'activation_platform\[postgres\]'"):
        source.columns("select 1")
    assert [step.passed for step in source.check()] == [False]


CLOUDS = {
    "snowflake": {"account": "a", "user": "u", "warehouse": "w", "database": "d", "password": "p"},
    "bigquery": {"project": "p", "location": "EU"},
}
CLIENTS = {"snowflake": "dagster_snowflake", "bigquery": "dagster_gcp.bigquery.resources"}


@pytest.mark.parametrize("word", CLOUDS)
def test_a_missing_extra_of_a_cloud_says_how_to_install_it(monkeypatch, word):
    monkeypatch.setitem(sys.modules, CLIENTS[word], None)

    with pytest.raises(DeclarationError, match=rf"pip install 'activation_platform\[{word}\]'"):
        SOURCES[word](**CLOUDS[word]).columns("select 1")


def test_building_the_sources_of_clouds_imports_no_client():
    look = (
        f"import sys; from activation_platform.sources import SOURCES\n"
        f"for word, settings in {CLOUDS!r}.items(): SOURCES[word](**settings)\n"
        "clients = ('snowflake.', 'google.cloud', 'dagster_snowflake', 'dagster_gcp', 'pandas')\n"
        "found = [name for name in sys.modules if name.startswith(clients)]\n"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
