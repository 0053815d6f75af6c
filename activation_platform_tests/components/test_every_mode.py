"""Every service in each of its modes through Dagster: a first run, a change with a refusal, its repair, and then silence."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import httpx
import polars as pl
import pytest
import yaml

from activation_platform.contracts.authorities import trusted
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.values import Instant
from activation_platform.destinations import PLATFORMS
from activation_platform.sandbox import RunningSandbox, running
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.project import Project, Runner, succeeded, told
from activation_platform_tests.destinations.conversation import carry
from activation_platform_tests.destinations.exam import SERVICES, Taken, on_nulls, stand_ins

KEPT = "activations/account/kept"
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HAPPENED = HOUR - timedelta(minutes=30)

FIRST = {1: "one", 2: "one", 3: "one", 4: "one"}
CHANGED = {1: "two", 2: "one", 4: "one", 5: "one", 6: "one"}
"""One changed, one left, two are new, of whom the last is refused at first."""
REFUSED = 6
BEFORE = range(1, 5)
"""Who is there before, where a service makes nobody."""


def modes() -> Iterator[Any]:
    for taken in SERVICES:
        for mode in sorted(PLATFORMS[taken.platform].service(taken.name).modes):
            yield pytest.param(taken, mode, id=f"{taken}-{mode}")


@pytest.fixture(scope="session")
def examined() -> Iterator[RunningSandbox]:
    with running(limits=False, platforms=stand_ins()) as opened:
        yield opened


@pytest.fixture
def story(examined, tmp_path, storage, instance, monkeypatch):
    """Makes a story of a service in a mode, in an account that a person has set up."""
    examined.world.reset()

    def begin(taken, mode):
        return Story(taken, mode, examined, tmp_path, instance, monkeypatch)

    return begin


@pytest.mark.parametrize(("taken", "mode"), list(modes()))
def test_what_is_held_in_the_end_is_what_the_mode_promises(taken, mode, story):
    told = story(taken, mode)

    told.run(FIRST)
    told.refuse(REFUSED)
    told.run(CHANGED)
    told.refuse_nobody()
    told.run(CHANGED)
    held, writes = told.held(), told.writes()
    last = told.run(CHANGED)

    assert held == told.promised()
    assert told.held() == held
    if mode is not Mode.SNAPSHOT:  # everything, every run
        assert told.writes() == writes
        assert last == "nothing to do"


class Story:
    """A project of one activation, and what the sandbox holds of it."""

    def __init__(
        self,
        taken: Taken,
        mode: Mode,
        sandbox: RunningSandbox,
        folder: Any,
        instance: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.taken, self.mode, self.world = taken, mode, sandbox.world
        self.service = taken.service(sandbox.url)
        self.file = folder / "shop.duckdb"
        monkeypatch.setenv("SHOP_FILE", str(self.file))
        settings = dict(_referred(taken, sandbox.url, monkeypatch))
        self._set_up(sandbox.url)
        self._fill(FIRST)
        self._runner = Runner(Project(folder, {"defs.yaml": self._workspace(settings)}).load(), instance)

    def run(self, rows: Mapping[int, str]) -> str:
        """Let the warehouse hold these rows, and run; returns the status."""
        self._fill(rows)
        partition = HOUR.strftime("%Y-%m-%d-%H:%M") if self._of_events else None
        # Of records and lists every run is the newest: the same day, run once more.
        result = succeeded(self._runner.run(KEPT, partition=partition or f"{HOUR:%Y-%m-%d}-00:00"))
        self.world.finish_erasures()
        return str(told(result, KEPT)["status"])

    def refuse(self, number: int) -> None:
        """From now on, the vendor refuses this record."""
        self.world.add_fault(Rule(Kind.POISON, identifier=self._identifier(number), extent=Extent.RECORD))

    def refuse_nobody(self) -> None:
        """From now on, the vendor takes everybody."""
        self.world.clear_faults()

    def held(self) -> dict[str, Any]:
        """What the sandbox holds of those whom the story knows."""
        held = self.taken.sitting.held(self.world)
        known = {self._identifier(number): number for number in {*FIRST, *CHANGED}}
        return {number: held[name] for name, number in known.items() if name in held}

    def writes(self) -> int:
        """How many calls the sandbox got that may have written."""
        return sum(
            one["count"]
            for one in self.world.requests()
            if one["method"] != "GET"
            and not (self.taken.exam.reads and one["path"].endswith(self.taken.exam.reads))
        )

    def promised(self) -> dict[int, Any]:
        """What must be there in the end."""
        match self.mode:
            case Mode.MIRROR | Mode.SNAPSHOT:
                values = dict(CHANGED)
            case Mode.UPDATE_ONLY if not self.taken.sitting.takes_anyone:
                values = {number: (FIRST | CHANGED)[number] for number in BEFORE}
            case Mode.UPSERT | Mode.UPDATE_ONLY:
                values = FIRST | CHANGED
            case Mode.INSERT_ONLY:
                values = dict.fromkeys({*FIRST, *CHANGED}, "one")
            case Mode.ERASE:
                values = {}
        if self._of_events:
            return dict.fromkeys(values, 1)
        return values if self.taken.sitting.changing else dict.fromkeys(values)

    @property
    def _of_events(self) -> bool:
        return self.service.object is ObjectKind.EVENT

    def _identifier(self, number: int) -> str:
        return str(self.taken.row(self.service, number)[self.service.identifying_field])

    def _set_up(self, address: str) -> None:
        """What a person does before, and who is there before."""
        account, sitting = self.service.destination, self.taken.sitting
        with httpx.Client(verify=trusted()) as client:
            if sitting.prepare is not None:
                assert carry(sitting.prepare(account), account, client).raised is None
            if self.mode in (Mode.UPDATE_ONLY, Mode.ERASE):
                maker = Taken(self.taken.platform, sitting.born_by or self.taken.name)
                service = maker.service(address)
                for number in BEFORE:
                    batch = maker.batch(service, [number], Operation.INSERT, Mode.UPSERT, "before")
                    assert carry(service.deliver(batch), account, client).raised is None

    def _fill(self, rows: Mapping[int, str]) -> None:
        made = [{"key": n, "at": HAPPENED, **self._row(n, value)} for n, value in rows.items()]
        frame = pl.DataFrame(made, infer_schema_length=None)
        beside = self.file.with_suffix(".new")
        beside.unlink(missing_ok=True)
        with duckdb.connect(str(beside)) as connection:
            connection.register("made", frame.to_arrow())
            connection.execute("create table everybody as select * from made")
        beside.replace(self.file)

    def _row(self, number: int, value: str) -> dict[str, Any]:
        moments = {one.name for one in self.service.declared_fields() if isinstance(one.type, Instant)}
        row = self.taken.row(self.service, number, value)
        return {f"f:{name}": HAPPENED if name in moments else one for name, one in row.items()}

    def _workspace(self, settings: dict[str, Any]) -> str:
        start = f"{HOUR - timedelta(days=2):%Y-%m-%d}"
        model = {"kind": str(min(self.service.model_kinds)), "primary_key": "key"}
        activation = {
            "service": self.taken.name,
            "mode": str(self.mode),
            "options": self.taken.options,
            "mapping": {
                name: {"column": f"f:{name}", "on_null": on_null}
                for name, on_null in on_nulls(
                    self.service, (one.removeprefix("f:") for one in self._row(1, "one"))
                )
            },
            "schedule": {"cron": "0 0 * * *", "start": start},
            "allow_irreversible_deletes": self.service.erases(self.mode),
        }
        if self._of_events:
            model |= {"kind": "events", "event_time": "at"}
            activation |= {"late": "1h", "schedule": {"every": "1h", "start": start}}
        everybody = {"all": [{"field": "key", "at_least": 0}]}
        documents = {
            "Source": {"name": "shop", "kind": "duckdb", "settings": {"path": "env:SHOP_FILE"}},
            "Model": {"name": "rows", "source": "shop", "table": "everybody", **model},
            "Segment": {"name": "everybody", "model": "rows", "where": everybody},
            "Destination": {"name": "account", "platform": self.taken.platform, "settings": settings},
            "Activation": {"name": "kept", "segment": "everybody", "destination": "account", **activation},
        }
        return yaml.safe_dump_all(
            {"type": f"activation_platform.{word}Component", "attributes": attributes}
            for word, attributes in documents.items()
        )


def _referred(taken: Taken, sandbox: str, environment: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """The settings of an account as a workspace has them: each secret in a variable of the environment."""

    def referred(name: str, value: str) -> str:
        environment.setenv(name, value)
        return f"env:{name}"

    for name, value in taken.settings(sandbox).items():
        if name not in PLATFORMS[taken.platform].secrets:
            yield name, value
        elif isinstance(value, list):
            yield name, [referred(f"EXAM_{n}", one) for n, one in enumerate(value)]
        else:
            yield name, referred(f"EXAM_{name.upper()}", value)
