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
assert not [name for name in sys.modules if name.startswith(("adbc", "redshift_connector", "asyncssh"))]
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
