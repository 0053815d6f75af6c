"""What can be chosen when an activation is run by hand, and what cannot."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest

__all__ = ["ActivationConfig", "require_possible"]

_GUARDED = ("deletes", "inserts", "updates")


class ActivationConfig(dg.Config):
    """The config of a run, as shown in the launchpad."""

    full: bool = Field(default=False, description="Send everything again, whether it changed or not.")
    allow: dict[str, int] = Field(
        default={}, description="Ceilings that let a guard through in this run: {deletes: 1200}."
    )


def require_possible(partition: str, instant: datetime, config: ActivationConfig) -> None:
    """Raise DeclarationError for a partition that lies in the future or a guard that does not exist."""
    if instant > datetime.now(UTC):
        raise DeclarationError(
            f"partition {partition} lies in the future", remedy="Run the newest partition that has begun."
        )
    for name in config.allow:
        if name not in _GUARDED:
            raise DeclarationError(
                f'there is no guard "{name}" to allow.{nearest(name, _GUARDED)}',
                remedy=f"allow takes {', '.join(_GUARDED)}.",
            )
