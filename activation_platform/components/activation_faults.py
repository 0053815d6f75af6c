"""Everything impossible that an activation can say: references, service, mode, options, mapping, schedule."""

from collections.abc import Iterator, Mapping
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any

from activation_platform.components.destination import DestinationComponent
from activation_platform.components.event_faults import event_faults
from activation_platform.components.inputs import computed_columns
from activation_platform.components.retention import retention_faults
from activation_platform.components.scopes import apart, fields_of, models_of
from activation_platform.components.verdicts import pointless
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.modes import ObjectKind, RunType
from activation_platform.contracts.service import Service
from activation_platform.contracts.values import Email, Phone
from activation_platform.destinations import PLATFORMS
from activation_platform.sync.mapping import mapping_problems
from activation_platform.sync.order import SET_ASIDE, InDoubt

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.activation_spec import ActivationSpec

__all__ = ["activation_faults"]


def activation_faults(activation: "ActivationComponent", workspace: Workspace) -> Iterator[Fault]:
    """The faults of one activation, given all the other components."""
    spec = activation.spec
    given = [word for word in ("segment", "model") if getattr(spec, word) is not None]
    if len(given) != 1:
        yield Fault((), f"takes exactly one of segment and model, here {' and '.join(given) or 'none'}")
    for word in given:
        yield from workspace.unknown(word, getattr(spec, word), (word,))
    yield from workspace.unknown("destination", spec.destination, ("destination",))
    for place, alerts in enumerate(spec.alerts if isinstance(spec.alerts, list) else ()):
        yield from workspace.unknown("alerts", alerts, ("alerts", place))
    yield from spec.schedule.faults()
    yield from retention_faults(activation, workspace)
    destination: DestinationComponent | None = workspace.find("destination", spec.destination)
    if destination is not None and destination.spec.platform in PLATFORMS:
        yield from _service_faults(activation, workspace, destination)


def _service_faults(
    activation: "ActivationComponent", workspace: Workspace, destination: DestinationComponent
) -> Iterator[Fault]:
    spec = activation.spec
    platform = destination.destination_class
    known = {platform.service_name(service): service for service in platform.services}
    service_class = known.get(spec.service)
    if service_class is None:
        near = nearest(spec.service, known) or f" There is: {', '.join(sorted(known))}."
        yield Fault(("service",), f'{destination.spec.platform} has no service "{spec.service}".{near}')
        return
    yield from _mode_faults(activation, workspace, service_class, destination)
    model = activation.model(workspace)
    if model is not None and model.spec.kind not in service_class.model_kinds:
        takes = " or ".join(sorted(service_class.model_kinds))
        yield Fault(
            ("service",), f'takes models of kind {takes}; "{model.name}" is of kind {model.spec.kind}'
        )
    yield from event_faults(activation, service_class, model)
    if spec.run_type not in (None, *service_class.run_types()):
        yield Fault(("run_type",), _no_such_run(spec, service_class))
    for name, why in pointless(activation, workspace).items():
        if name in spec.warnings.switched_on:
            yield Fault(("warnings", name), f"there is nothing to warn of: {why}; leave it out")
    options = list(_option_faults(service_class, spec.options))
    yield from options
    service = activation.service(workspace)
    if model is not None:
        fields = computed_columns(activation, workspace)
        for told in apart(models_of(workspace, None, model.name, fields)):
            yield Fault(("mapping",), f"with {', '.join(fields)} it {told}")
    if service is not None:
        yield from (Fault(("options",), words) for words in service.objections(activation.mode(workspace)))
        columns = None if model is None else fields_of(workspace, model)
        yield from _mapping_faults(activation, service, columns)
        yield from _shown_faults(activation, service)
        yield from _doubt_faults(activation, service)
    elif not options:
        yield _refused_options(activation, service_class)


def _no_such_run(spec: "ActivationSpec", service: type[Service]) -> str:
    """Why the service does not take a run type, and what to write."""
    if service.object is ObjectKind.EVENT:
        return f"{spec.service} takes events, which are sent window by window: write incremental, or leave run_type out"
    write = " or ".join(service.run_types())
    if spec.run_type is RunType.INCREMENTAL:
        return f"incremental is for events; {spec.service} keeps {service.object}s: write {write}"
    return f"{spec.service} says it once of each, since to say it again may undo what people decided: write {write}"


def _mode_faults(
    activation: "ActivationComponent",
    workspace: Workspace,
    service: type[Service],
    destination: DestinationComponent,
) -> Iterator[Fault]:
    mode = activation.mode(workspace)
    if mode not in service.modes:
        offered = ", ".join(sorted(service.modes))
        yield Fault(
            ("mode",), f"{activation.spec.service} cannot keep the promise of {mode}; it offers: {offered}"
        )
        return
    for name in service.requirements(mode):
        if not destination.spec.settings.get(name):
            yield Fault(
                ("mode",), f'{mode} needs the setting "{name}" of the destination "{destination.name}"'
            )
    if service.erases(mode) and not activation.spec.allow_irreversible_deletes:
        yield Fault(
            ("mode",),
            f"{mode} erases records for good here; say allow_irreversible_deletes: true if that is meant",
        )


def _shown_faults(activation: "ActivationComponent", service: Service) -> Iterator[Fault]:
    """What may be shown in clear is what is mapped, and no address or number of a person whoever says so (SEMANTICS D9)."""
    known = {field.name: field for field in service.declared_fields()}
    for place, name in enumerate(activation.spec.show):
        if name not in activation.spec.mapping:
            near = nearest(name, activation.spec.mapping)
            yield Fault(("show", place), f'no field "{name}" is mapped, whose values could be shown.{near}')
        elif name in known and isinstance(known[name].type, (Email, Phone)):
            words = f"is a {known[name].type.label}, which is personal whatever is declared"
            yield Fault(("show", place), f'"{name}" {words}; leave it out, and ask for it with --show {name}')


def _doubt_faults(activation: "ActivationComponent", service: Service) -> Iterator[Fault]:
    said = activation.spec.in_doubt
    if said is not None and service.idempotent:
        words = "what got no answer is simply sent again here, which leaves nothing twice; leave in_doubt out"
        yield Fault(("in_doubt",), words)
    elif said is InDoubt.VERIFY and not service.can_look_up:
        words = f"{activation.spec.service} cannot look up what became of a record; write resend or skip"
        yield Fault(("in_doubt",), words)


def _option_faults(service: type[Service], options: Mapping[str, Any]) -> Iterator[Fault]:
    known = {option.name for option in dataclass_fields(service.Options)}
    for name in options:
        if name not in known:
            near = nearest(name, known) or (
                f" There is: {', '.join(sorted(known))}." if known else " It has none."
            )
            yield Fault(("options", name), f'the service has no option "{name}".{near}')


def _refused_options(activation: "ActivationComponent", service: type[Service]) -> Fault:
    """Options whose names are right: what the service itself says against them."""
    try:
        service.Options(**activation.spec.options)
    except DeclarationError as error:
        return Fault(("options",), f"{error.what}. {error.remedy}")
    except TypeError as error:
        return Fault(("options",), str(error).partition("() ")[2] or str(error))
    return Fault(("options",), "the service refuses these options")


def _mapping_faults(
    activation: "ActivationComponent", service: Service, columns: Mapping[str, Any] | None
) -> Iterator[Fault]:
    spec = activation.spec
    for name, value in spec.mapping.items():
        if not isinstance(value, str) and (value.column is None) == (value.constant is None):
            yield Fault(("mapping", name), "takes exactly one of column and constant")
    for problem in mapping_problems(spec.lines(), service, columns):
        yield Fault(("mapping", problem.field) if problem.field else ("mapping",), problem.message)
    first_by = spec.first_by
    if first_by != SET_ASIDE and columns is not None and first_by not in columns:
        yield Fault(
            ("on_shared_identifier",), f'there is no column "{first_by}".{nearest(first_by, columns)}'
        )
