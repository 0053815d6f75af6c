"""What a warehouse last saw of an activation's rows, as tables in the schema `activation_delta` that only SQL fills.

    <activation>_<hash>       of every key that the ledger holds, the fingerprint of its row; null: ask again
    <activation>_<hash>_run   what a run fetched, and what it missed
    <activation>_<hash>_mark  whose table it is, the newest run that looked, whether it was merged, the ledger's clock then

A run looks once: its rows are copied into a temporary table, so that what is counted, compared and fetched is one state of the
model, whose SQL is paid for once. In the same transaction every fetched or missing key is marked to be asked again, before
anything is sent; the mark goes when the run is merged. So whatever a crash leaves, no row that may differ is passed over. That
holds as well where a statement that makes or drops a table commits what stands before it (Snowflake): what lies between two
of them can stand alone. And where every statement does (Databricks, BigQuery): there `_run` and what is temporary elsewhere are
tables named after the run, and a merge is one statement (docs/decisions/0022-two-engines.md). Tables of several ledgers are never
one, because some warehouses lock, or refuse, table by table.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl
from sqlglot import exp

from activation_platform.contracts.errors import ActivationError, ConnectionFailed
from activation_platform.contracts.source import Source
from activation_platform.contracts.warehouse import KEPT, KNOWN, TEXT_OF_KEY, Asked, Bench, Compared, Delta
from activation_platform.sources import delta_sql
from activation_platform.sources.delta_sql import DeltaSql
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.relation import Relation
from activation_platform.sources.schemas import DELTA, own_table, require_schema

__all__ = ["DeltaTable"]

_WORKING = "__"
"""Between the name of a ledger and that of a table of one of its runs."""
_PART_ROWS = 500_000
_LONGEST = 40


class DeltaTable(Delta):
    """The table of one ledger."""

    def __init__(self, source: Source, relation: Relation, ledger: str) -> None:
        self._source = source
        self._relation = relation
        self._dialect = dialect_of(source.dialect)
        digest = hashlib.sha256(ledger.encode()).hexdigest()[:10]
        self._name = (
            f"{ledger.partition('~')[0][:_LONGEST]}_{digest}"  # PostgreSQL cuts names off after 63 bytes
        )
        self._sql = self._statements("", 0)

    def compare(self, asked: Asked) -> Compared:
        """See `Delta.compare`."""
        sql = self._sql = self._statements(asked.token, asked.run)
        self._prepare()
        with self._source.bench() as bench:
            bench.clear(f"{self._name}{_WORKING}")
            clock = None if asked.everything else self._clock(bench, asked)
            _run(bench, sql.marked(asked.token, run=asked.run, merged=None, clock=clock))
            if clock is None:
                bench.run(sql.say("DELETE FROM seen WHERE TRUE"))
            else:
                self._doubt(bench, asked.touched(clock))
            _run(bench, sql.today(asked.key, asked.columns, asked.compared, asked.seed))
            _run(bench, sql.differing(asked.ignored_before))
            rows, keyed, known, *values = _only_row(bench, sql.figures(len(asked.columns)))
            parts = self._fetched(bench, asked)
            gone = _first_column(bench, sql.say("SELECT key FROM run WHERE gone"))
            self._require(bench, "gone", len(gone))
            bench.run(sql.say("UPDATE seen SET raw = NULL WHERE key IN (SELECT key FROM run)"))
            self._drop(bench, "today", "given")
        counts = dict(zip(asked.columns, values, strict=True))
        return Compared(clock is None, rows, keyed, known, counts, gone, parts)

    def merge(self, token: str, run: int, clock: int, exceptions: Iterable[pl.DataFrame]) -> None:
        """See `Delta.merge`."""
        sql = self._sql = self._statements(token, run)
        with self._source.bench() as bench:
            waiting = _first_column(bench, sql.say(delta_sql.LOOKED, token=token))
            if waiting.to_list() != [run]:
                return
            for rows in (KEPT.to_frame(), *exceptions):
                bench.upload(sql.given, rows)
            _run(bench, sql.settled(delta_sql.LEARNT))
            _run(bench, sql.marked(token, run=run, merged=run, clock=clock))
            bench.run(sql.say("DROP TABLE run"))
            self._drop(bench, "given")

    def _statements(self, token: str, run: int) -> DeltaSql:
        """The statements of a run; where no session has tables of its own, the working ones are named after it."""

        def ours(name: str) -> exp.Table:
            return own_table(self._source, DELTA, name)

        tables = {"seen": ours(self._name), "mark": ours(f"{self._name}_mark")}
        if self._dialect.sessions:
            tables["run"] = ours(f"{self._name}_run")
            tables |= {word: self._dialect.fleeting(f"activation_{word}") for word in ("today", "given")}
        else:
            of = f"{run}_{token[:8]}"
            tables |= {word: ours(f"{self._name}{_WORKING}{word}_{of}") for word in ("run", "today", "given")}
        return DeltaSql(self._relation, self._dialect, tables)

    def _drop(self, bench: Bench, *working: str) -> None:
        """What a session takes away with it is dropped where there is none."""
        if not self._dialect.sessions:
            _run(bench, [self._sql.say(f"DROP TABLE IF EXISTS {word}") for word in working])

    def _prepare(self) -> None:
        """Make what is not there yet, on its own: whoever makes it at the same time waits for us, and is told that it exists."""
        for last in (False, True):
            try:
                with self._source.bench() as bench:
                    require_schema(bench, self._source, DELTA)
                    bench.run(self._sql.say(delta_sql.SEEN))
                    bench.run(self._sql.say(delta_sql.MARK))
                return
            except ActivationError:
                if last:
                    raise

    def _clock(self, bench: Bench, asked: Asked) -> int | None:
        """Up to when the table has followed its ledger; None where there is no such table, or the ledger is older than it."""
        known = self._sql.say("SELECT run, clock FROM mark WHERE token = :token", token=asked.token)
        for run, clock in _all(bench, known).iter_rows():
            return None if clock is None or run > asked.newest else int(clock)
        return None

    def _doubt(self, bench: Bench, touched: Iterable[pl.DataFrame]) -> None:
        """What the ledger has heard of since the last merge is asked again, and can be gone."""
        given = False
        for rows in filter(len, touched):
            bench.upload(self._sql.given, rows)
            given = True
        if given:
            _run(bench, self._sql.settled(delta_sql.DOUBTED))

    def _fetched(self, bench: Bench, asked: Asked) -> list[Path]:
        """The rows that may differ, as Parquet files under their own names, streamed."""
        names = [TEXT_OF_KEY, KNOWN, *asked.columns]
        waiting: list[pl.DataFrame] = []
        parts: list[Path] = []
        arrived = held = 0

        def write() -> None:
            path = asked.into / f"part-{len(parts):05}.parquet"
            pl.concat(waiting).write_parquet(path, compression="zstd", compression_level=1)
            parts.append(path)
            waiting.clear()

        for frame in bench.read(self._sql.to_fetch(len(asked.columns))):
            waiting.append(frame.rename(dict(zip(frame.columns, names, strict=True))))
            arrived, held = arrived + frame.height, held + frame.height
            del frame  # or it would live on while the next one is made
            if held >= _PART_ROWS:
                write()
                held = 0
        if held or not parts:
            write()
        self._require(bench, "fetched", arrived)
        return parts

    def _require(self, bench: Bench, which: str, arrived: int) -> None:
        """Raise ConnectionFailed where another number of rows arrived than was counted: a mirror would take them for gone."""
        (counted,) = _only_row(bench, self._sql.say(delta_sql.COUNT[which]))
        if counted != arrived:
            raise ConnectionFailed(
                f"The warehouse counted {counted:,} rows that differ, and {arrived:,} arrived",
                remedy="Nothing was taken; the next run looks again.",
            )


def _run(bench: Bench, statements: Iterable[str]) -> None:
    for statement in statements:
        bench.run(statement)


def _all(bench: Bench, query: str) -> pl.DataFrame:
    return pl.concat(bench.read(query))


def _first_column(bench: Bench, query: str) -> pl.Series:
    return _all(bench, query).to_series()


def _only_row(bench: Bench, query: str) -> list[int]:
    return [int(number) for number in _all(bench, query).row(0)]
