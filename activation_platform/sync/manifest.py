"""The manifest: the one small file that says whose ledger a folder is and which files are in force."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activation_platform.sync.files import publish_json, read_json

__all__ = ["Key", "Manifest", "Target"]


@dataclass(frozen=True)
class Target:
    """Where an activation writes, as far as it makes a ledger this one's and nobody else's (SEMANTICS A2)."""

    platform: str
    service: str
    host: str
    account: str
    object: str = ""


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
    engine: str = "frames"
    """Where raw fingerprints are computed; they compare within one engine only."""
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
    forgotten_before: int = 0
    """Events that happened before this moment (Unix microseconds) may have been sent and forgotten (SEMANTICS E3)."""
    clock: int = 0
    """The latest moment that the ledger has seen (Unix microseconds): a clock that jumps back does not take it back."""
    full_done: bool = False
    """Whether a first, full pass was ever sealed."""

    @property
    def forgotten(self) -> str:
        """`forgotten_before` for people."""
        return datetime.fromtimestamp(self.forgotten_before / 1e6, UTC).isoformat(timespec="seconds")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The folder's manifest; a fresh one where there is none."""
        value = read_json(folder / "manifest.json")
        if value is None:
            return cls()
        if value["target"]:
            value["target"] = Target(**value["target"])
        if value["key"]:
            value["key"] = Key(tuple(value["key"]["columns"]), tuple(value["key"]["families"]))
        return cls(**value)

    def write(self, folder: Path) -> None:
        """Put this manifest in force."""
        publish_json(folder / "manifest.json", asdict(self))
