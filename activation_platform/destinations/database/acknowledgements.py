"""The table of acknowledgements: which batches the database has carried out, written in the very transactions that did it.

It lies in the schema of the tables that are written to, under one name for all activations. A batch that is said again (its
answer was lost, the process died) finds its row and is answered as it was, without touching anything.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from activation_platform.contracts.batch import KEY, Batch
from activation_platform.contracts.outcomes import (
    ALREADY_THERE,
    CREATED,
    DELETED,
    UNKNOWN_THERE,
    UPDATED,
    Verdict,
)
from activation_platform.contracts.service import Doubt
from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database.rows import (
    GONE_ALREADY,
    SEVERAL,
    Talk,
    written,
)
from activation_platform.destinations.database.writing import Writing, named

__all__ = ["TABLE", "Acknowledgements", "carried_out"]

TABLE = "activation_acknowledgements"
WORDS = {
    "c": CREATED,
    "u": UPDATED,
    "d": DELETED,
    "g": GONE_ALREADY,
    "t": ALREADY_THERE,
    "n": UNKNOWN_THERE,
    "s": SEVERAL,
}
"""One letter a record is what a batch was answered."""
LETTERS = {outcome: letter for letter, outcome in WORDS.items()}
DIGEST = 6
"""Bytes by which a key is told from the others of its batch."""
FINISH = "finish"

CREATION = """create table if not exists {table} (
  "batch" text not null, "part" text not null, "operation" text not null, "stage" text not null, "records" integer not null,
  "keys" text not null, "outcomes" text, "at" timestamp with time zone not null default now(),
  primary key ("batch", "part"))"""
CLAIM = """insert into {table} ("batch", "part", "operation", "stage", "records", "keys")
values (cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as integer), cast($6 as text))
on conflict ("batch", "part") do nothing returning "part\""""
ANSWER = """update {table} set "outcomes" = cast($3 as text)
where "batch" = cast($1 as text) and "part" = cast($2 as text)"""
ANSWERED = """select "outcomes" from {table} where "batch" = cast($1 as text) and "part" = cast($2 as text)"""
# What was written to a stage stands only if the stage was put in its place.
SOUGHT = """select a."batch", a."keys", a."outcomes" from {table} as a
where a."batch" in (select r."batch" from "activation_doubts" as r) and a."outcomes" is not null
and (a."stage" = '' or exists (select 1 from {table} as f where f."batch" = a."stage" and f."operation" = 'finish'))"""
PRUNING = """delete from {table} where "at" < now() - interval '30 days'"""


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """Makes the statements about the acknowledgements in one schema."""

    dialect: str
    schema: str

    def creation(self) -> Statement:
        """Make the table, unless it is there."""
        return self._said(CREATION)

    def pruning(self) -> Statement:
        """Forget what is older than 30 days."""
        return self._said(PRUNING)

    def once(self, batch: Batch, writing: Writing) -> Talk:
        """The conversation of a batch's transaction: carry it out, or find how it was answered when it was carried out."""
        claimed = yield self._claim(batch)
        if claimed.is_empty():
            answered = yield self._said(ANSWERED, batch.id, _part(batch))
            return [WORDS[letter] for letter in answered["outcomes"][0]]
        outcomes = yield from written(batch, writing)
        letters = "".join(LETTERS[outcome] for outcome in outcomes)
        yield self._said(ANSWER, batch.id, _part(batch), letters)
        return outcomes

    def _claim(self, batch: Batch) -> Statement:
        keys = "".join(_digest(key) for key in batch.frame[KEY])
        told = (batch.id, _part(batch), str(batch.operation), batch.token, len(batch), keys)
        return self._said(CLAIM, *told)

    def finish(self, stage: str) -> Statement:
        """Take on putting a stage in its place; answered by a row, or by none where it was taken on before."""
        return self._said(CLAIM, stage, "", FINISH, "", 0, "")

    def sought(self, doubts: Sequence[Doubt]) -> Statement:
        """The batches that held these operations, as far as they were carried out; see `carried_out`."""
        batches = pl.DataFrame(
            {"batch": sorted({doubt.batch for doubt in doubts})}, schema={"batch": pl.String}
        )
        said = self._said(SOUGHT)
        return Statement(said.sql, frames={"activation_doubts": batches})

    def _said(self, template: str, *parameters: object) -> Statement:
        table = named(self.schema, TABLE).sql(dialect=self.dialect)
        return Statement(template.replace("{table}", table), parameters)


def carried_out(doubts: Sequence[Doubt], found: pl.DataFrame) -> list[bool]:
    """Of each operation, in order, whether a batch that stands carried it out. `found` is the answer to `sought`.

    What was ignored or refused counts as not carried out: saying it again is harmless, and tells what became of it.
    """
    done: set[tuple[str, str]] = set()
    for batch, keys, letters in found.select("batch", "keys", "outcomes").iter_rows():
        for number, letter in enumerate(letters):
            if WORDS[letter].verdict is Verdict.ACCEPTED:
                done.add((batch, keys[number * 2 * DIGEST : (number + 1) * 2 * DIGEST]))
    return [(doubt.batch, _digest(doubt.key)) in done for doubt in doubts]


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=DIGEST).hexdigest()


def _part(batch: Batch) -> str:
    """Tells a batch from its halves, which have its id, and from its own records said as another operation."""
    said = "\0".join([str(batch.operation), *batch.frame[KEY]])
    return hashlib.sha256(said.encode()).hexdigest()
