"""The catalogue as data: what every service accepts and promises, read from the declarations themselves."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from typing import Any

from pydantic_core import PydanticUndefined

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import ByIdentifier
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Service
from activation_platform.destinations import PLATFORMS

__all__ = ["described_field", "described_service", "entries", "marks_of", "others_of"]


_OPEN = "Unconfirmed:"


def entries() -> Iterator[dict[str, Any]]:
    """Every service as a catalogue entry, platform by platform."""
    for platform in PLATFORMS.values():
        for service in platform.services:
            yield described_service(platform, service)


def described_service(platform: type[Destination], service: type[Service]) -> dict[str, Any]:
    """A catalogue entry as JSON values."""
    spoken = service.described(platform.model_construct())
    custom, erasures = service.custom_fields, spoken.erasures_per_second
    return {
        "name": f"{platform.platform}.{platform.service_name(service)}",
        "description": [one for one in _paragraphs(service) if not one.startswith(_OPEN)],
        "docs": service.docs,
        "verified": list(platform.verified),
        "unconfirmed": list(_unconfirmed(service)),
        "object": str(service.object),
        "models": sorted(service.model_kinds),
        "modes": [
            {"name": str(mode), "deletes": service.deletes(mode), "needs": list(service.requirements(mode))}
            for mode in sorted(service.modes)
        ],
        "run_types": [str(run_type) for run_type in service.run_types()],
        "identifiers": _identifiers(spoken),
        "idempotent": spoken.idempotent,
        "can_look_up": service.can_look_up,
        "deletes_are_requests": service.deletes_are_requests,
        "deletes_are_irreversible": any(map(service.erases, service.modes)),
        "fields": [described_field(field) for field in spoken.declared_fields()],
        "custom_fields": None if custom is None else _custom(custom),
        "limits": {
            "batch_size": spoken.batch_size,
            "delete_batch_size": service.delete_batch_size or spoken.batch_size,
            "max_fields": service.max_fields,
            "max_record_bytes": service.max_record_bytes,
            "max_request_bytes": service.max_request_bytes,
            "erasures_per_second": erasures and round(erasures, 2),
            "budgets": [_budget(budget) for budget in _budgets(platform)],
        },
        "options": _options(service),
        "destination": {
            "description": _paragraphs(platform),
            "docs": platform.docs,
            "address": platform.default_base_url,
            "settings": list(_settings(platform)),
        },
    }


def described_field(field: Field) -> dict[str, Any]:
    """A field as JSON values."""
    return {
        "name": field.name,
        "rule": field.type.rule,
        "key": field.key,
        "required": field.required,
        "clearable": field.clearable,
        "docs": field.docs,
    }


def _custom(fields: CustomFields) -> dict[str, Any]:
    return {"names": fields.words, "pattern": fields.pattern, "clearable": fields.clearable}


def _identifiers(service: Service) -> list[str]:
    """The fields by which a record may be recognised: those that the options choose from, else the one there is."""
    if isinstance(service, ByIdentifier):
        return [field.name for field in service.options.identifiers]
    return [service.identifying_field]


def marks_of(field: Mapping[str, Any]) -> str:
    """What is to be known of a described field beside its rule, in a few words."""
    marks = [mark for mark in ("key", "required") if field[mark]]
    return ", ".join(marks if marks or field["clearable"] else ["cannot be cleared"])


def others_of(entry: Mapping[str, Any]) -> str:
    """What a described service says of fields that it does not declare, in a sentence; empty where there are none."""
    custom = entry["custom_fields"]
    if not custom:
        return ""
    return f"Other fields: {custom['names']}." + ("" if custom["clearable"] else " They cannot be cleared.")


def _paragraphs(documented: type[Any]) -> list[str]:
    """The class docstring without its line breaks."""
    return [" ".join(paragraph.split()) for paragraph in (inspect.getdoc(documented) or "").split("\n\n")]


def _unconfirmed(service: type[Service]) -> Iterator[str]:
    """What the docstrings of a service, and of what it stands on, say that the vendor's pages leave open."""
    for documented in service.__mro__:
        for paragraph in _paragraphs(documented) if documented.__dict__.get("__doc__") else ():
            if paragraph.startswith(_OPEN):
                words = paragraph.removeprefix(_OPEN).strip()
                yield words[:1].upper() + words[1:]


def _budgets(platform: type[Destination]) -> list[Budget]:
    declared: Mapping[str, Any] = {
        name: value for base in reversed(platform.__mro__) for name, value in vars(base).items()
    }
    return [value for value in declared.values() if isinstance(value, Budget)]


def _budget(budget: Budget) -> dict[str, Any]:
    return {"name": budget.name, "per_second": round(budget.per_second, 2), "burst": round(budget.burst, 2)}


def _options(service: type[Service]) -> list[dict[str, Any]]:
    docs = " ".join(_paragraphs(service.Options))
    return [
        {
            "name": option.name,
            "required": option.default is MISSING and option.default_factory is MISSING,
            "default": _default(option),
            "example": option.metadata.get("example"),
            "docs": docs,
        }
        for option in dataclass_fields(service.Options)
    ]


def _default(option: dataclasses.Field[Any]) -> Any:
    if option.default_factory is not MISSING:
        return option.default_factory()
    return None if option.default is MISSING else option.default


def _settings(platform: type[Destination]) -> Iterator[dict[str, Any]]:
    for name, info in platform.model_fields.items():
        required = info.default is PydanticUndefined and info.default_factory is None
        yield {"name": name, "secret": name in platform.secrets, "required": required}
