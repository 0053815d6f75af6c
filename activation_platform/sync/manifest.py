"""The manifest: the one small file that says whose ledger a folder is and which files are in force."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from activation_platform.contracts.errors import LeaseLost, LedgerMismatch
from activation_platform.contracts.modes import Mode
from activation_platform.sync.checked import checksum
from activation_platform.sync.store import Hold, Store, to_json

__all__ = ["HASHED", "Key", "Manifest", "Target", "damaged"]

_FILE = "manifest.json"
_CHECKSUM = "checksum"
HASHED = "hash:"
"""How the name of an account begins that the vendor does not name: a keyed hash of its credential follows."""


@dataclass(frozen=True)
class Target:
    """Where an activation writes, as far as it makes a ledger this one's and nobody else's (SEMANTICS A2)."""

    platform: str
    service: str
    host: str
    account: str
    """As the vendor names it, else `HASHED` and a keyed hash of the credential."""
    object: str = ""

    def differences(self, now: "Target") -> dict[str, tuple[str, str]]:
        """What is not the same now, by name: as it was, as it is."""
        return {
            name: (was, is_now)
            for (name, was), is_now in zip(asdict(self).items(), asdict(now).values(), strict=True)
            if was != is_now
        }


@dataclass(frozen=True)
class Key:
    """The primary key: column names in order, and the family of each type (`integer`, `text`, `date`, `timestamp`)."""

    columns: tuple[str, ...]
    families: tuple[str, ...]


@dataclass
class Manifest:
    """The one small file that says which files are the ledger."""

    target: Target | None = None
    key: Key | None = None
    fingerprint: int = 1
    """Version of the fingerprints in the files; they cannot be compared across versions."""
    mapping: dict[str, str] = field(default_factory=dict)
    """Fields that the newest run mapped, with the words for their types."""
    mode: Mode | None = None
    """Mode of the newest run that claimed the ledger."""
    scope: dict[str, str] = field(default_factory=dict)
    """The field, and its one value, that all records of the activation carry; empty where it declares none."""
    engine: str = "frames"
    """Where raw fingerprints are computed; they compare within one engine only."""
    delta: str = ""
    """Names the table in which a warehouse keeps what it last saw of the rows; empty where no run left it one to go on with."""
    fence: int = 0
    """Of whoever may write this manifest, where a lock can be lost; 0 where it cannot."""
    sequence: int = 0
    """Number of the newest run that began."""
    sealed: int = 0
    """Number of the newest run whose acknowledgements are in the files named here."""
    base: str = ""
    deltas: list[dict[str, Any]] = field(default_factory=list)
    """Sealed deltas since the base: `{run, partition, file, rows}`."""
    debts: str = ""
    partition: str = ""
    instant: float = 0.0
    """Newest partition applied: its key, and its instant as Unix seconds."""
    snapshot: int = 0
    """Number of the newest frame snapshot applied."""
    null_keys: int = 0
    """Rows without a key in the newest frame applied; they were reported then."""
    full_since: int = 0
    """When the full pass began that has not come to its end (Unix microseconds); 0: there is none (SEMANTICS C2)."""
    owned_from: float = 0.0
    """Where the earliest window of events began that a run owned (Unix seconds); 0: there was none (SEMANTICS E3)."""
    forgotten_before: int = 0
    """Events that happened before this moment (Unix microseconds) may have been sent and forgotten (SEMANTICS E3)."""
    clock: int = 0
    """The latest moment that the ledger has seen (Unix microseconds): a clock that jumps back does not take it back."""
    full_done: bool = False
    """Whether a first, full pass was ever sealed."""
    placed: bool = False
    """Put here by a person (reset, adopt) and claimed by no run since: its numbers go on from those known of what it replaces."""

    @property
    def files(self) -> list[str]:
        """The files in force: base, deltas, debts."""
        return [*self.entries, *filter(None, [self.debts])]

    @property
    def entries(self) -> list[str]:
        """The files that hold the entries: base, deltas."""
        return [*filter(None, [self.base]), *(delta["file"] for delta in self.deltas)]

    @property
    def forgotten(self) -> str:
        """`forgotten_before` for people."""
        return datetime.fromtimestamp(self.forgotten_before / 1e6, UTC).isoformat(timespec="seconds")

    @classmethod
    def read(cls, folder: Store) -> "Manifest":
        """The folder's manifest; a fresh one where there is no ledger. Raises LedgerMismatch where it is damaged."""
        try:
            kept = folder.read(_FILE)
            if kept is not None:
                return cls._of(kept)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(folder, "manifest.json is torn or not a manifest") from error
        left = [name for name in folder.names() if name.endswith(".arrow") or name.startswith("journal-")]
        if left:
            raise damaged(folder, f"manifest.json is missing, though {left[0]} is there")
        return cls()

    @classmethod
    def taken(cls, folder: Store, hold: Hold) -> "Manifest":
        """The folder's manifest, which from now on nobody can write who held the lock before (SEMANTICS D6)."""
        manifest = cls.read(folder)
        if not hold.fence:
            return manifest

        def fenced(kept: bytes | None) -> bytes:
            nonlocal manifest
            manifest = cls() if kept is None else cls._of(kept)
            if manifest.fence > hold.fence:
                raise _taken_over(folder)
            manifest.fence = hold.fence
            return manifest._told()

        folder.change(_FILE, fenced)
        return manifest

    @classmethod
    def _of(cls, kept: bytes) -> "Manifest":
        value = json.loads(kept)
        if not isinstance(value, dict):
            raise TypeError("not a mapping")
        said = value.pop(_CHECKSUM, None)  # earlier versions wrote none
        if said is not None and said != checksum(to_json(value)):
            raise ValueError("not what was written")
        if value["target"]:
            value["target"] = Target(**value["target"])
        if value["key"]:
            value["key"] = Key(tuple(value["key"]["columns"]), tuple(value["key"]["families"]))
        if value.get("mode"):
            value["mode"] = Mode(value["mode"])
        return cls(**value)

    def _told(self) -> bytes:
        value = asdict(self)
        return to_json({**value, _CHECKSUM: checksum(to_json(value))})

    def write(self, folder: Store) -> None:
        """Put this manifest in force; raises LeaseLost where another holder of the lock has put up its fence."""

        def unless_fenced(kept: bytes | None) -> bytes:
            self._require_unfenced(folder, kept)
            return self._told()

        folder.change(_FILE, unless_fenced)

    def require_unfenced(self, folder: Store) -> None:
        """Raise LeaseLost where another holder of the lock has put up its fence."""
        self._require_unfenced(folder, folder.read(_FILE))

    def _require_unfenced(self, folder: Store, kept: bytes | None) -> None:
        if self.fence and (kept is None or json.loads(kept)["fence"] != self.fence):
            raise _taken_over(folder)

    def place(self, folder: Store) -> None:
        """Put this manifest where no run has one in force, or in its place; for whoever holds the lock."""
        folder.write(_FILE, self._told())


def _taken_over(folder: Store) -> LeaseLost:
    return LeaseLost(
        f"another run has taken over the ledger {folder.name}",
        remedy="It goes on from what was acknowledged; nothing more was sent here.",
    )


def damaged(folder: Store, what: str) -> LedgerMismatch:
    """The error that a ledger's files cannot be read."""
    return LedgerMismatch(
        f"the ledger {folder.name} is damaged: {what}",
        remedy=f"Bring the newest backup of {folder} back, or start over: activation reset {folder.name} sets it aside, and "
        "everything is then sent again as new.",
    )
