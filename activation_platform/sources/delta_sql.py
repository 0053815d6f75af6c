"""The statements by which a warehouse finds out what may differ: one canonical text each, a tree for every dialect.

Tables stand under short names (`TABLES` says which): what was *seen* of the keys that the ledger holds, what a *run* fetched and
missed, the *mark* that says whose tables these are, the rows as they are *today*, and what is *given* from here.
"""

from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from activation_platform.sources.canonical import Canonical
from activation_platform.sources.dialect import Dialect, joined, text
from activation_platform.sources.relation import Relation, column

__all__ = ["DeltaSql"]

SEEN = "CREATE TABLE IF NOT EXISTS seen (key TEXT, raw TEXT, ignored BIGINT)"
MARK = "CREATE TABLE IF NOT EXISTS mark (token TEXT, run BIGINT, merged BIGINT, clock BIGINT)"
LOOKED = "SELECT run FROM mark WHERE token = :token AND merged IS NULL"
DIFFERING = """
SELECT n.key, n.raw, NOT t.key IS NULL AS known, FALSE AS gone
FROM today AS n LEFT JOIN seen AS t ON t.key = n.key
WHERE NOT n.key IS NULL AND (
    t.raw IS NULL OR t.raw <> n.raw OR t.ignored < :ignored_before
    OR n.key IN (SELECT key FROM today WHERE NOT key IS NULL GROUP BY key HAVING COUNT(*) > 1)
)
UNION ALL
SELECT t.key, CAST(NULL AS TEXT), TRUE, TRUE
FROM seen AS t LEFT JOIN today AS n ON n.key = t.key
WHERE n.key IS NULL
"""
"""What is new, changed, to be asked again or stands twice; then what is gone."""
TO_FETCH = """
SELECT n.key AS text_of_key, r.known AS is_known
FROM today AS n JOIN (SELECT DISTINCT key, known FROM run WHERE NOT gone) AS r ON r.key = n.key
"""
COUNT = {
    "fetched": "SELECT COUNT(*) AS counted FROM run WHERE NOT gone",
    "gone": "SELECT COUNT(*) AS counted FROM run WHERE gone",
}
LEARNT = """
SELECT r.key, NOT r.gone AS held, r.raw, CAST(NULL AS BIGINT) AS ignored
FROM run AS r WHERE NOT EXISTS (SELECT g.key FROM given AS g WHERE g.key = r.key)
UNION ALL
SELECT g.key, g.held, CASE WHEN g.settled THEN r.raw END AS raw, g.ignored
FROM (SELECT DISTINCT key, held, settled, ignored FROM given) AS g
LEFT JOIN (SELECT key, MIN(raw) AS raw FROM run WHERE NOT gone GROUP BY key) AS r ON r.key = g.key
"""
"""What a run settles: as it was fetched, but for what is given."""
DOUBTED = (
    "SELECT DISTINCT key, TRUE AS held, CAST(NULL AS TEXT) AS raw, CAST(NULL AS BIGINT) AS ignored FROM given"
)
TOGETHER = (
    "DELETE FROM seen WHERE key IN (SELECT s.key FROM ({source}) AS s)",
    "INSERT INTO seen (key, raw, ignored) SELECT s.key, s.raw, s.ignored FROM ({source}) AS s WHERE s.held",
)
AT_ONCE = """
MERGE INTO seen AS t USING ({source}) AS s ON t.key = s.key
WHEN MATCHED AND NOT s.held THEN DELETE
WHEN MATCHED THEN UPDATE SET raw = s.raw, ignored = s.ignored
WHEN NOT MATCHED AND s.held THEN INSERT (key, raw, ignored) VALUES (s.key, s.raw, s.ignored)
"""
MARKED_TOGETHER = (
    "DELETE FROM mark WHERE TRUE",
    "INSERT INTO mark (token, run, merged, clock) VALUES (:token, :run, :merged, :clock)",
)
MARKED_AT_ONCE = """
SELECT :token AS token, CAST(:run AS BIGINT) AS run, CAST(:merged AS BIGINT) AS merged, CAST(:clock AS BIGINT) AS clock
"""


class DeltaSql(Canonical):
    """The statements over one relation and its tables, in one dialect."""

    def __init__(self, relation: Relation, dialect: Dialect, tables: dict[str, exp.Table]) -> None:
        super().__init__(dialect, tables)
        self._relation = relation

    @property
    def given(self) -> str:
        """The name of the table under which rows are uploaded."""
        return self._tables["given"].name

    def today(
        self, key: Sequence[str], columns: Sequence[str], compared: Sequence[str], seed: str
    ) -> list[str]:
        """Makes `today`: every row's key as text, the fingerprint of it and of what is compared, the columns under names of ours.

        The key is in the fingerprint because a warehouse may take keys for equal that are not: such a row is fetched.
        """
        fetched = [column(name).as_(f"c{number}") for number, name in enumerate(columns)]
        raw = self._fingerprint(tuple(dict.fromkeys((*key, *compared))), seed)
        query = self.written(
            self._relation.select(self._relation.key(key).as_("key"), raw.as_("raw"), *fetched)
        )
        name = self.written(exp.to_table("today"))
        if self._dialect.sessions:
            return [f"CREATE TEMPORARY TABLE {name} AS {query}"]
        return self._dialect.replaced(name, query)

    def differing(self, ignored_before: int) -> list[str]:
        """Make `run`, from `today` and `seen`."""
        return self._dialect.replaced(
            self.written(exp.to_table("run")), self.say(DIFFERING, ignored_before=ignored_before)
        )

    def settled(self, source: str) -> list[str]:
        """Make `seen` hold of each key in a source of (key, held, raw, ignored) what it says; at once, if each stands alone."""
        canonical = TOGETHER if self._dialect.sessions else (AT_ONCE,)
        return [self.say(each.format(source=source)) for each in canonical]

    def marked(self, token: str, *, run: int, merged: int | None, clock: int | None) -> list[str]:
        """Make `mark` say whose tables these are, and how far."""
        values: dict[str, str | int | None] = {"token": token, "run": run, "merged": merged, "clock": clock}
        if self._dialect.sessions:
            return [self.say(each, **values) for each in MARKED_TOGETHER]
        return self._dialect.replaced(self.written(exp.to_table("mark")), self.say(MARKED_AT_ONCE, **values))

    def to_fetch(self, columns: int) -> str:
        """The rows of `run` as they are today, with as many columns, `text_of_key`, and whether the key was known."""
        fetched = [exp.column(f"c{number}", "n") for number in range(columns)]
        return self.written(sqlglot.parse_one(TO_FETCH, into=exp.Select).select(*fetched))

    def figures(self, columns: int) -> str:
        """Rows, rows with a key, keys seen before; then, column by column, rows with a key that have a value."""
        has_key = exp.not_(exp.column("key").is_(exp.null()))
        values = [
            exp.Count(this=exp.Case().when(has_key.copy(), exp.column(f"c{number}"))).as_(f"n{number}")
            for number in range(columns)
        ]
        counts = exp.select(
            "COUNT(*) AS total", "COUNT(key) AS keyed", "(SELECT COUNT(*) FROM seen) AS known"
        )
        return self.written(counts.select(*values).from_("today"))

    def _fingerprint(self, columns: Sequence[str], seed: str) -> exp.Expr:
        """MD5 over the columns, each with its length before it, so that no text runs into the next."""
        types = ",".join(f"{name}:{self._relation.schema[name]}" for name in columns)
        parts = [text(f"{seed}:{types}")]
        for name in columns:
            value = self._dialect.text(column(name), self._relation.schema[name])
            measured = joined(exp.cast(exp.Length(this=value), "TEXT"), text(":"), value.copy())
            parts.append(exp.Coalesce(this=measured, expressions=[text("-")]))
        return exp.MD5(this=joined(*parts))
