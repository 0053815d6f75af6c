"""Fields that the command line shows in clear because somebody allowed them by name: declared with `show`, or asked for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated

import typer

from activation_platform.cli.saying import not_known
from activation_platform.sync.allowed import Allowed
from activation_platform.sync.history import Run, newest_runs
from activation_platform.sync.ledgers import readable_manifest
from activation_platform.sync.store import Store

__all__ = ["Show", "Showing"]

_NEWEST = 20
"""Runs that are looked at for a mapping: the newest may have ended before they had one."""

Show = Annotated[
    list[str] | None,
    typer.Option(
        "--show",
        metavar="FIELD",
        help="Show this mapped field in clear, beside those that the activation declares; can be repeated.",
        show_default=False,
    ),
]


class Showing:
    """What of a ledger's records may be shown in clear, and why some of it cannot be told (`notes`)."""

    def __init__(self, root: Store, ledger: str, asked: Collection[str]) -> None:
        self._root, manifest = root, readable_manifest(root, ledger)
        self._key = () if manifest is None or manifest.key is None else manifest.key.columns
        runs = newest_runs(root, ledger, _NEWEST)
        self._newest = next((run for run in runs if run.fields is not None), None)
        mapped = [] if self._newest is None else self._newest.fields or []
        known = {one.name for one in mapped}
        for name in asked:
            if name not in known:
                raise not_known("mapped field", name, known)
        self._allowed = Allowed(mapped, asked)
        self.notes = dict[str, None]()

    @property
    def fields(self) -> list[str]:
        """Their names."""
        return [one.name for one in self._allowed.fields]

    @property
    def columns(self) -> list[str]:
        """Which of key and identifier are made of them alone."""
        return self._allowed.columns(self._key)

    def values(self, keys: Sequence[str], run: Run | None = None) -> Mapping[str, Mapping[str, str]]:
        """By key and field what a run read, by default the newest; what cannot be told is left out."""
        of = run or self._newest
        names = self.fields
        if of is None or not names or not keys:
            return {}
        from activation_platform.components.values_read import values_read

        found = values_read(
            self._root, of, self._key, keys, [one for one in of.fields or [] if one.name in names]
        )
        if isinstance(found, str):
            self.notes[found] = None
            return {}
        return {
            key: {name: self._allowed.told(name, value) for name, value in row.items()}
            for key, row in found.items()
        }

    def told(self) -> Iterable[str]:
        """Why some values are not shown, a line each."""
        return [f"{', '.join(self.fields)}: {note}." for note in self.notes]
