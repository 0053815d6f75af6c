"""The tally of a run: what the destination acknowledged so far, and the figures that come of it (SEMANTICS, part F)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from activation_platform.contracts.modes import Operation
from activation_platform.sync.history import Figures, Status
from activation_platform.sync.plan import Counts
from activation_platform.sync.states import Event

__all__ = ["Tally"]

_ISSUES = [Event.REJECTED, Event.PARTIAL, Event.UNKNOWN, Event.OWED]


@dataclass
class Tally:
    """Counts answers; `counts` is what the plan decided.

    `held_back`: planned deletes of identifiers left behind whose key was not accepted under its new one, so they wait.
    `moves_open`: old identifiers that this run could not delete; their keys count once, as updated.
    """

    counts: Counts
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    requested: int = 0
    issues: int = 0
    ignored: int = 0
    left_behind: int = 0
    held_back: int = 0
    moves_open: int = 0

    @property
    def planned(self) -> int:
        """Records that the plan wants to send."""
        return self.counts.insert + self.counts.update + self.counts.delete

    @property
    def answered(self) -> int:
        """Planned records that need no sending any more."""
        return self.inserted + self.updated + self.deleted + self.issues + self.ignored + self.held_back

    def writes(self, events: pl.DataFrame, operation: Operation, moved: pl.Series) -> None:
        """Count the answers to a batch of inserts or updates, by the vendor's own word where it gives one (F3).

        A record that `moved` to another identifier counts as updated, whatever the vendor calls it (F1).
        """
        stayed = (events["event"] == Event.ACCEPTED) & ~moved
        word = events["did"]  # null, and so never counted, where the vendor gives none
        if operation is Operation.UPDATE:
            new = int((stayed & (word == "created")).sum())
        else:
            new = int(stayed.sum()) - int((stayed & (word != "created")).sum())
        self.inserted += new
        self.updated += self._count(events) - new

    def deletes(self, events: pl.DataFrame, same_run: pl.Series) -> None:
        """Count the answers to deletes. `same_run`: an identifier that a record left behind in this run is part of its update."""
        self.moves_open += events.filter(same_run & pl.col("event").is_in(_ISSUES)).height
        planned = events.filter(~same_run)
        requested = int((planned["event"] == Event.REQUESTED).sum())
        self.requested += requested
        self.deleted += self._count(planned) + requested

    def absorb(self, other: "Tally") -> None:
        """Count what another tally counted."""
        for name in (
            "inserted",
            "updated",
            "deleted",
            "requested",
            "issues",
            "ignored",
            "left_behind",
            "moves_open",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @contextmanager
    def in_doubt_unless_kept(self, answers: int) -> Iterator[None]:
        """Answers that no disk takes are issues: carried out for all we know, but not remembered."""
        try:
            yield
        except OSError:
            self.issues += answers
            raise

    def _count(self, events: pl.DataFrame) -> int:
        """Count answers; returns how many were accepted."""
        said = events["event"]
        accepted = int((said == Event.ACCEPTED).sum())
        if accepted < len(said):
            others = Counter(said.to_list())
            self.ignored += others[Event.IGNORED]
            self.issues += sum(others[event] for event in _ISSUES)
        return accepted

    def figures(self, requests: int) -> Figures:
        """The run's figures so far."""
        counts = self.counts
        return Figures(
            extracted=self.planned + counts.source_issues + counts.withheld + counts.no_operation,
            inserted=self.inserted,
            updated=self.updated,
            deleted=self.deleted,
            deletes_requested=self.requested,
            source_issues=counts.source_issues,
            destination_issues=self.issues,
            ignored=self.ignored,
            withheld=counts.withheld,
            no_operation=counts.no_operation + self.held_back,
            unsent=self.planned - self.answered,
            standing=counts.standing,
            left_behind=self.left_behind,
            requests=requests,
        )

    def status(self) -> Status:
        """How a run that came to its end ended."""
        if self.issues or self.moves_open or self.counts.source_issues or self.counts.withheld:
            return Status.WITH_ISSUES
        done = self.inserted + self.updated + self.deleted + self.ignored
        return Status.SUCCEEDED if done else Status.NOTHING_TO_DO
