"""The table of SEMANTICS, part C: what a run asks of the destination in each case, under each mode, for each kind of object.

`EXPECTED` is the table; `test_modes.py` holds the engine to every cell of it, and `docs/modes.md` is this table for people. A
cell says what is asked of the destination, then the state of the key in the ledger. `python -m` this module prints the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from activation_platform.contracts.modes import MODES_OF, Mode, ObjectKind
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events
from activation_platform_tests.sync.shop import ErasedPeople, Happenings, Members, StagedThings, Things
from activation_platform_tests.sync.world import MAPPING, Workshop, thing

OTHER = thing("other")
"""A row that never changes: the frame is never empty."""


@dataclass(frozen=True)
class Column:
    """A mode of a kind of object, and the service that keeps it. `there`: what stands at the destination before the first run."""

    kind: ObjectKind
    mode: Mode
    service: type[Service]
    there: Sequence[str] = ()

    @property
    def title(self) -> str:
        return f"{self.kind} · {self.mode.replace('_', ' ')}"


COLUMNS = (
    Column(ObjectKind.RECORD, Mode.UPSERT, Things),
    Column(ObjectKind.RECORD, Mode.UPDATE_ONLY, Things, there=("A", "other")),
    Column(ObjectKind.RECORD, Mode.INSERT_ONLY, Things),
    Column(ObjectKind.RECORD, Mode.MIRROR, Things),
    Column(ObjectKind.RECORD, Mode.SNAPSHOT, StagedThings),
    Column(ObjectKind.RECORD, Mode.ERASE, ErasedPeople, there=("A", "other")),
    Column(ObjectKind.LIST, Mode.UPSERT, Members),
    Column(ObjectKind.LIST, Mode.MIRROR, Members),
    Column(ObjectKind.LIST, Mode.SNAPSHOT, Members),
    Column(ObjectKind.EVENT, Mode.INSERT_ONLY, Happenings),
)


def a(**more: Any) -> dict[str, Any]:
    """The row that the table is about: key `a`, identifier `A`."""
    return thing("a", **{"id": "A", **more})


def first_run(shop: Workshop) -> None:
    shop.run(a(), OTHER)


def delta(shop: Workshop) -> None:
    shop.run(OTHER)
    shop.run(a(), OTHER)


def unchanged(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.run(a(), OTHER)


def sealed_again(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.run(a(), OTHER, partition="day-1", snapshot=1)


def crash(shop: Workshop) -> None:
    shop.run(OTHER)
    shop.vendor.answers = ["", "dies after"] if shop.service is StagedThings else ["dies after"]
    shop.dies(a(), OTHER)
    shop.run(a(), OTHER)


def value(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.run(a(name="y"), OTHER)


def identifier(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.run(a(id="B"), OTHER)


def leaves(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.run(OTHER)


def back_the_same(shop: Workshop) -> None:
    leaves(shop)
    shop.vendor.finish_erasures()
    shop.run(a(), OTHER)


def back_changed(shop: Workshop) -> None:
    leaves(shop)
    shop.vendor.finish_erasures()
    shop.run(a(name="y"), OTHER)


def other_mode(shop: Workshop) -> None:
    mode, service = shop.mode, shop.service
    if mode in (Mode.UPSERT, Mode.ERASE) or service is Happenings:
        return
    shop.mode = Mode.UPSERT
    shop.run(a(), OTHER)
    shop.run(OTHER)
    shop.mode = mode
    shop.run(OTHER)


def other_mapping(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.mapping = (*MAPPING, FieldMapping("rank", constant=1))
    shop.run(a(), OTHER)


def deleted_there(shop: Workshop) -> None:
    shop.run(a(), OTHER)
    shop.vendor.things.pop("A", None)
    shop.vendor.knows_updates = True
    shop.run(a(name="y"), OTHER)


ROWS: dict[str, Callable[[Workshop], None]] = {
    "first run": first_run,
    "delta: a new key": delta,
    "unchanged": unchanged,
    "a sealed partition again": sealed_again,
    "a crash after the request, then again": crash,
    "its value changes": value,
    "its identifier changes from A to B": identifier,
    "it leaves": leaves,
    "it comes back the same": back_the_same,
    "it comes back changed": back_changed,
    "the mode becomes this one after it left under upsert": other_mode,
    "another field is mapped": other_mapping,
    "deleted there behind our back, then changed": deleted_there,
}


def happens(column: Column, row: str, shop: Workshop) -> str:
    """What the newest run of the case asks for, and the state of the key after it."""
    shop.mode, shop.service = column.mode, column.service
    shop.vendor.things = {name: {"name": "theirs"} for name in column.there}
    shop.vendor.asynchronous = column.mode is Mode.ERASE
    if column.kind is ObjectKind.EVENT:
        shop.settings["events"] = Events("at")
    ROWS[row](shop)
    if not shop.day:
        return "-"
    asked = [
        f"{operation} {name}" for operation, names in shop.vendor.writes for name in names if name != "other"
    ]
    state = shop.states().get("a")
    return f"{', '.join(asked) or 'nothing'} → {state.name.lower().replace('_', ' ') if state else 'unknown to us'}"


EXPECTED: dict[str, dict[str, str]] = {
    "first run": {
        "record · upsert": "insert A → present",
        "record · update only": "update A → present",
        "record · insert only": "insert A → present",
        "record · mirror": "insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "delete A → delete requested",
        "list · upsert": "insert A → present",
        "list · mirror": "insert A → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "insert A → present",
    },
    "delta: a new key": {
        "record · upsert": "insert A → present",
        "record · update only": "update A → present",
        "record · insert only": "insert A → present",
        "record · mirror": "insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "delete A → delete requested",
        "list · upsert": "insert A → present",
        "list · mirror": "insert A → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "insert A → present",
    },
    "unchanged": {
        "record · upsert": "nothing → present",
        "record · update only": "nothing → present",
        "record · insert only": "nothing → present",
        "record · mirror": "nothing → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → present",
        "list · mirror": "nothing → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "a sealed partition again": {
        "record · upsert": "nothing → present",
        "record · update only": "nothing → present",
        "record · insert only": "nothing → present",
        "record · mirror": "nothing → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → present",
        "list · mirror": "nothing → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "a crash after the request, then again": {
        "record · upsert": "insert A → present",
        "record · update only": "update A → present",
        "record · insert only": "insert A → ignored",
        "record · mirror": "insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "insert A → present",
        "list · mirror": "insert A → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "insert A → present",
    },
    "its value changes": {
        "record · upsert": "update A → present",
        "record · update only": "update A → present",
        "record · insert only": "nothing → present",
        "record · mirror": "update A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → present",
        "list · mirror": "nothing → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "its identifier changes from A to B": {
        "record · upsert": "update B → present",
        "record · update only": "update B → present",
        "record · insert only": "nothing → present",
        "record · mirror": "update B, delete A → present",
        "record · snapshot": "insert B → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "insert B, delete A → present",
        "list · mirror": "insert B, delete A → present",
        "list · snapshot": "clear B → present",
        "event · insert only": "nothing → present",
    },
    "it leaves": {
        "record · upsert": "nothing → departed",
        "record · update only": "nothing → departed",
        "record · insert only": "nothing → departed",
        "record · mirror": "delete A → unknown to us",
        "record · snapshot": "nothing → unknown to us",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → departed",
        "list · mirror": "delete A → unknown to us",
        "list · snapshot": "nothing → unknown to us",
        "event · insert only": "nothing → present",
    },
    "it comes back the same": {
        "record · upsert": "nothing → present",
        "record · update only": "nothing → present",
        "record · insert only": "nothing → present",
        "record · mirror": "insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → present",
        "list · upsert": "nothing → present",
        "list · mirror": "insert A → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "it comes back changed": {
        "record · upsert": "update A → present",
        "record · update only": "update A → present",
        "record · insert only": "nothing → present",
        "record · mirror": "insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → present",
        "list · upsert": "nothing → present",
        "list · mirror": "insert A → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "the mode becomes this one after it left under upsert": {
        "record · upsert": "-",
        "record · update only": "nothing → departed",
        "record · insert only": "nothing → departed",
        "record · mirror": "nothing → departed",
        "record · snapshot": "nothing → unknown to us",
        "record · erase": "-",
        "list · upsert": "-",
        "list · mirror": "nothing → departed",
        "list · snapshot": "nothing → unknown to us",
        "event · insert only": "-",
    },
    "another field is mapped": {
        "record · upsert": "update A → present",
        "record · update only": "update A → present",
        "record · insert only": "nothing → present",
        "record · mirror": "update A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → present",
        "list · mirror": "nothing → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
    "deleted there behind our back, then changed": {
        "record · upsert": "update A, insert A → present",
        "record · update only": "update A → ignored",
        "record · insert only": "nothing → present",
        "record · mirror": "update A, insert A → present",
        "record · snapshot": "insert A → present",
        "record · erase": "nothing → delete requested",
        "list · upsert": "nothing → present",
        "list · mirror": "nothing → present",
        "list · snapshot": "clear A → present",
        "event · insert only": "nothing → present",
    },
}


def page() -> str:
    """The table for people, as Markdown."""
    lines = [INTRODUCTION]
    for kind in ObjectKind:
        columns = [column for column in COLUMNS if column.kind is kind]
        lines += [
            f"## {kind.capitalize()}s",
            "",
            f"| | {' | '.join(c.mode.replace('_', ' ') for c in columns)} |",
        ]
        lines.append("|---" * (len(columns) + 1) + "|")
        lines += [f"| {row} | {' | '.join(EXPECTED[row][c.title] for c in columns)} |" for row in ROWS]
        refused = ", ".join(sorted(mode.replace("_", " ") for mode in set(Mode) - MODES_OF[kind]))
        lines += ["", f"Refused when definitions load: {refused or 'none'}.", ""]
    return "\n".join(lines)


INTRODUCTION = """# What a run does, in every case

This page is written by `make docs` from `activation_platform_tests/sync/table_of_modes.py`; a test holds the engine to each
of its cells.

A cell says what the newest run asks of the destination for the key in question, then the state of that key in the ledger.
The key is known there as `A`. *update B, delete A*: first the one, then, once it is accepted, the other. *nothing*: no
request. *clear A*: everything that is there is replaced, by a batch that begins with A. *unknown to us*: the ledger holds no
entry.

Records of a snapshot are filled in beside what stands and switched where the service can (tables, files), else they replace
it batch by batch (lists). Update only finds a record there before its first run, as erase does. An update that the
destination does not know becomes an insert in the same run under upsert and mirror. The crash comes after the destination
heard the request and before we heard its answer: an event, which must not be told twice, is told again unless its service
can look it up (`in_doubt: verify | resend | skip`).
"""


if __name__ == "__main__":
    print(page(), end="")
