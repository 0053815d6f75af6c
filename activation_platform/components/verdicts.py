"""The verdicts on a run of an activation: checks that warn of records that the destination, or we ourselves, refused."""

from collections.abc import Iterator

import dagster as dg

from activation_platform.sync.history import Figures

__all__ = ["VERDICTS", "verdicts"]

NO_REJECTED, NO_SET_ASIDE = "no_rejected_records", "no_source_issues"
VERDICTS = (NO_REJECTED, NO_SET_ASIDE)


def verdicts(figures: Figures) -> Iterator[dg.AssetCheckResult]:
    """One result a check; a failed one warns and blocks nothing."""
    for name, count, what in (
        (NO_REJECTED, figures.destination_issues, "records were rejected by the destination"),
        (NO_SET_ASIDE, figures.source_issues, "records could not be sent as they are"),
    ):
        yield dg.AssetCheckResult(
            check_name=name,
            passed=not count,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{count} {what}" if count else "none in this run",
            metadata={"new": count, "standing": figures.standing},
        )
