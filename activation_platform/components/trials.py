"""The tests of segments, carried out: over the rows that a test gives, by the code that makes a segment's members."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dagster as dg

from activation_platform.components.cases import Case
from activation_platform.components.fixtures import Fixture, fixture_of
from activation_platform.components.scopes import scope_of
from activation_platform.components.shown import told_plainly
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.redaction import mask_text
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.shown import lines, shown
from activation_platform.segmentation.why import ChosenHere, Verdict, why
from activation_platform.sync.fingerprint import key_text

if TYPE_CHECKING:
    from activation_platform.components.segment import SegmentComponent

__all__ = ["Difference", "Trial", "checks_of", "tried"]

_NAMED, _EXPLAINED = 20, 10


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is `expected` to belong and does not, or the other way round, and why; None where others are told."""

    key: str
    expected: bool
    verdict: Verdict | None

    @property
    def word(self) -> str:
        """What is wrong with the key."""
        return "missing" if self.expected else "unexpected"


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that was carried out: how many of the rows belong, and every key that differs from what is expected."""

    case: Case
    members: int
    rows: int
    differences: Sequence[Difference]

    @property
    def passed(self) -> bool:
        """Whether exactly the expected rows belong."""
        return not self.differences

    def keys(self, *, expected: bool) -> list[str]:
        """The keys that are missing (`expected`), or that are in it unexpectedly."""
        return [one.key for one in self.differences if one.expected is expected]

    @property
    def words(self) -> str:
        """The result in a line, with the first keys of those that differ."""
        if self.passed:
            return f"{self.members} of {self.rows} rows belong, as expected"
        told = {"missing": self.keys(expected=True), "unexpected": self.keys(expected=False)}
        return "; ".join(f"{word}: {_listed(keys)}" for word, keys in told.items() if keys)

    @property
    def explained(self) -> list[tuple[Difference, Verdict]]:
        """The first of the differences, with the reasons."""
        return [(one, one.verdict) for one in self.differences if one.verdict is not None]


def _listed(keys: Sequence[str]) -> str:
    more = len(keys) - _NAMED
    return ", ".join(keys[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def tried(segment: "SegmentComponent", workspace: Workspace, case: Case) -> Trial:
    """Carry out a test of a segment, of a workspace without faults: no warehouse is asked, no snapshot is read."""
    fixture = fixture_of(segment, workspace, case)
    own, condition = segment.spec.model, segment.condition(workspace)
    with TemporaryDirectory(prefix="segment-test-") as folder:
        files = {name: Path(folder) / f"{number}.parquet" for number, name in enumerate(fixture.frames)}
        for name, file in files.items():
            fixture.frames[name].write_parquet(file)
        snapshots = Snapshots({name: [file] for name, file in files.items()}, scope_of(workspace, own))
        key = key_text(workspace.find("model", own).key, fixture.frames[own].schema)
        belong = evaluate(condition, snapshots, now=fixture.now).select(key).collect().to_series().to_list()
        wrong = fixture.expected ^ {*belong}
        differing = ChosenHere(snapshots, key.is_in(list(wrong)))
        told = why(condition, differing, now=fixture.now, most=_EXPLAINED).told if wrong else ()
    return Trial(case, len(belong), len(fixture.keys), list(_differences(fixture, wrong, told)))


def _differences(fixture: Fixture, wrong: frozenset[str], told: Sequence[Verdict]) -> Iterator[Difference]:
    """In the order of the rows, which is that of the verdicts."""
    verdicts = iter(told)
    for key in fixture.keys:
        if key in wrong:
            yield Difference(key, key in fixture.expected, next(verdicts, None))


def checks_of(segment: "SegmentComponent", workspace: Workspace) -> list[dg.AssetChecksDefinition]:
    """A check for each test of a segment: whenever it is materialised, and on demand, without its snapshot.

    None of them blocks: see docs/decisions/0031.
    """
    cases = {case.name: case for case in segment.spec.tests}
    if not cases:
        return []

    @dg.multi_asset_check(
        name=f"segments__{segment.name}__tests",
        specs=[
            dg.AssetCheckSpec(name, asset=segment.asset_key, description=case.description)
            for name, case in cases.items()
        ],
        can_subset=True,
    )
    def tests(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        for check in context.selected_asset_check_keys:
            with told_plainly():
                yield _result(segment, workspace, cases[check.name])

    return [tests]


def _result(segment: "SegmentComponent", workspace: Workspace, case: Case) -> dg.AssetCheckResult:
    passed = False
    facts: dict[str, Any] = {}
    try:
        trial = tried(segment, workspace, case)
    except DeclarationError as changed:  # it is the test that cannot be carried out, and not the run
        words = str(changed)
    else:
        passed, words = trial.passed, trial.words
        facts = {"rows": trial.rows, "members": trial.members}
        if not passed:
            explained = (f"```\n{_explained(*one)}\n```" for one in trial.explained)
            facts["why"] = dg.MetadataValue.md("\n\n".join(explained))
    return dg.AssetCheckResult(
        asset_key=segment.asset_key,
        check_name=case.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=mask_text(words),
        metadata=facts,
    )


def _explained(one: Difference, verdict: Verdict) -> str:
    head = f"{mask_text(one.key)} is {one.word}"
    return "\n".join([head, *("".join(line) for line in lines(shown(verdict, clear=False)))])
