"""What the tests of every service need to know of a platform and cannot read from its declarations."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from importlib import import_module
from typing import Any

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.rows import Rows
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.destinations import PLATFORMS
from activation_platform.sandbox.app import PLATFORMS as SANDBOX
from activation_platform.sandbox.platform import Platform
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping, bind
from activation_platform_tests.destinations.values import plain

__all__ = ["EXAMS", "SERVICES", "Exam", "Sitting", "Taken", "on_nulls", "operations_of", "stand_ins"]


@dataclass(frozen=True)
class Sitting:
    """A service's part of the exam.

    `held`: what the sandbox holds of what it wrote, as identifier → value of the field `changing` (of a list: None).
    `values`: fields and their values, beside the identifier and the required ones, in which no row differs from another.
    `prepare`: what a person sets up in the account before the first run. `born_by`: the service that makes what this one
    does not, where it only changes or erases. `takes_anyone`: whether the vendor takes changes of somebody whom it does not
    know, and does not say so.
    """

    held: Callable[[World], Mapping[str, Any]]
    changing: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Any], Inquiry] | None = None
    born_by: str = ""
    takes_anyone: bool = False


@dataclass(frozen=True)
class Exam:
    """A platform's: the settings with which the sandbox lets in, and each service by its name. In texts of the settings,
    `{address}` stands for where the sandbox plays the platform.

    `description`: the files of vendors' descriptions that tell of it; `errata`: what they say otherwise than the vendor's
    API or pages do, as `file#/pointer` → what should stand there. `beside`: paths of files that lie in a storage of the
    vendor's, of which no description tells. `reads`: the ends of paths that read although they are posted to. `stand_in`:
    the platform of the sandbox, where it is not the usual one.
    """

    settings: Mapping[str, Any]
    services: Mapping[str, Sitting]
    description: Sequence[str] = ()
    errata: Mapping[str, Any] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    stand_in: Callable[[], Platform] | None = None


@dataclass(frozen=True)
class Taken:
    """One service that takes the exam."""

    platform: str
    name: str

    @property
    def exam(self) -> Exam:
        """The platform's exam."""
        return EXAMS[self.platform]

    @property
    def sitting(self) -> Sitting:
        """The service's."""
        return self.exam.services[self.name]

    def settings(self, sandbox: str) -> dict[str, Any]:
        """The settings of an account of the sandbox at this address."""
        address = f"{sandbox}/{self.platform}"
        settings = {
            name: value.replace("{address}", address) if isinstance(value, str) else value
            for name, value in self.exam.settings.items()
        }
        if "url" in settings:  # a receiver is its address
            return settings | {"url": address + settings["url"]}
        return settings | {"base_url": address}

    def account(self, sandbox: str) -> Destination:
        """Such an account."""
        return PLATFORMS[self.platform](**self.settings(sandbox))

    def service(self, sandbox: str) -> Service:
        """The service of such an account."""
        account = self.account(sandbox)
        service = type(account).service(self.name)
        return service(account, service.Options(**self.options))

    @property
    def options(self) -> dict[str, Any]:
        """The options that the service needs: those of the exam, else the examples of the declaration."""
        declared = dataclass_fields(PLATFORMS[self.platform].service(self.name).Options)
        examples = {one.name: one.metadata["example"] for one in declared if "example" in one.metadata}
        return examples | dict(self.sitting.options)

    def row(self, service: Service, number: int, value: Any = None) -> dict[str, Any]:
        """A row that can be sent: of a number that identifies it, with this value of the changing field."""
        declared = {one.name: one for one in service.declared_fields()}
        needed = {one.name for one in declared.values() if one.required} | {service.identifying_field}
        row = {name: plain(declared[name].type, number) for name in sorted(needed)} | dict(
            self.sitting.values
        )
        return row | ({self.sitting.changing: value} if self.sitting.changing else {})

    def batch(
        self, service: Service, numbers: Iterable[int], operation: Operation, mode: Mode, value: str = "one"
    ) -> Batch:
        """A batch of the rows of these numbers, cleaned as the engine cleans them; their keys are the numbers."""
        rows = [{KEY: str(number), **self.row(service, number, value)} for number in numbers]
        raw = pl.DataFrame(rows, infer_schema_length=None)
        lines = [
            FieldMapping(name, name, on_null=on_null)
            for name, on_null in on_nulls(service, raw.columns)
            if name != KEY
        ]
        bound = bind(lines, service, raw.schema)
        sent = bound.clean(raw.select(KEY, *bound.raw_values()), at=int(time.time() * 1e6))
        assert sent["_reason"].null_count() == len(rows), sent["_reason"].to_list()
        sent = sent.with_columns(
            (pl.lit(None, dtype=pl.String) if operation is Operation.INSERT else pl.col(IDENTIFIER)).alias(
                PREVIOUS
            )
        )
        if operation is Operation.DELETE:
            return Batch(operation, mode, Rows(sent.select(KEY, IDENTIFIER, PREVIOUS)), id="batch")
        return Batch(operation, mode, Rows(sent), bound.mapped_fields, id="batch")

    def __str__(self) -> str:
        return f"{self.platform}.{self.name}"


def on_nulls(service: Service, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The fields of these names, each with what its mapping must say of null: to keep what cannot be cleared."""
    declared = {one.name: one for one in service.declared_fields()}
    for name in names:
        one = declared.get(name) or service.custom_fields
        yield name, "clear" if one is None or one.clearable else "keep"


def operations_of(mode: Mode, kind: ObjectKind) -> tuple[Operation, ...]:
    """What a mode may ask of a service, in the order of a story."""
    update = () if kind is not ObjectKind.RECORD else (Operation.UPDATE,)
    return {
        Mode.UPSERT: (Operation.INSERT, *update),
        Mode.UPDATE_ONLY: (Operation.INSERT, *update),
        Mode.INSERT_ONLY: (Operation.INSERT,),
        Mode.MIRROR: (Operation.INSERT, *update, Operation.DELETE),
        Mode.SNAPSHOT: (Operation.CLEAR, Operation.INSERT),
        Mode.ERASE: (Operation.DELETE,),
    }[mode]


def stand_ins() -> list[Platform]:
    """The sandbox's platforms as the exams want them."""
    made = [platform() for platform in SANDBOX]
    wanted = {one.name: EXAMS[one.name].stand_in for one in made if one.name in EXAMS}
    return [usual if (own := wanted.get(usual.name)) is None else own() for usual in made]


def _exams() -> Iterator[tuple[str, Exam]]:
    for name, platform in PLATFORMS.items():
        if platform.carrier == "http":
            yield name, import_module(f"{__package__}.{name}.exam").EXAM


EXAMS: Mapping[str, Exam] = dict(_exams())
SERVICES = [
    Taken(name, PLATFORMS[name].service_name(service))
    for name in EXAMS
    for service in PLATFORMS[name].services
]
