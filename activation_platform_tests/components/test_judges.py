"""What a warning makes of a run and those before it, without Dagster: whom it counts, and whom it compares with."""

from dataclasses import replace

import polars as pl
import pytest

from activation_platform.components.judges import JUDGES, REMEMBERING, Seen
from activation_platform.components.warnings_spec import WarningsSpec
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Figures, Run, Status, newest_runs, write_run
from activation_platform.sync.states import NO_DEBTS

DAY = 86_400.0
FOUND, NOTHING = Figures(50, inserted=50, requests=1), Figures()
RUN = Run(99, "letters", "", "", "", Status.SUCCEEDED, FOUND, 100 * DAY, 10.0, ledger="letters")


def judged(name, run, *before, rows=1000, last=None, **threshold):
    """Whether a warning is content, with its default threshold or another."""
    limit = WarningsSpec.model_validate({name: threshold["limit"]} if threshold else {}).in_force()[name]
    return JUDGES[name](Seen(run, before, rows, NO_DEBTS), limit, last or {}).passed


def of(figures=FOUND, days=1.0, **changes):
    """A run some days before `RUN`."""
    return replace(RUN, figures=figures, started=RUN.started - days * DAY, **changes)


@pytest.mark.parametrize(
    ("count", "extracted", "content"), [(0, 0, True), (10, 1000, True), (11, 1000, False), (1, 1, False)]
)
def test_issues_warn_above_the_share_and_not_at_it(count, extracted, content):
    assert judged("source_issues", replace(RUN, figures=Figures(extracted, source_issues=count))) is content


def test_a_share_alone_or_a_number_alone_is_not_enough():
    limit = {"percent": 1, "records": 20}
    for count, extracted, content in ((20, 20, True), (21, 21, False), (21, 10**6, True)):
        run = replace(RUN, figures=Figures(extracted, destination_issues=count))
        assert judged("destination_issues", run, limit=limit) is content


def test_a_run_that_failed_neither_ends_nor_lengthens_a_row_of_empty_ones():
    run, failed = replace(RUN, figures=NOTHING), of(FOUND, status=Status.FAILED)
    assert judged("empty_runs", run, of(NOTHING), failed, of(FOUND), limit=3)
    assert not judged("empty_runs", run, failed, of(NOTHING), failed, of(NOTHING), limit=3)


def test_what_a_stopped_run_sent_was_sent():
    run = replace(RUN, figures=NOTHING)
    assert not judged("nothing_sent", run, of(NOTHING, days=2), of(FOUND, days=20))
    assert judged("nothing_sent", run, of(FOUND, days=2, status=Status.STOPPED), of(FOUND, days=20))


def test_silence_is_remembered_for_longer_than_runs_are_looked_back_at():
    run, quiet = replace(RUN, figures=NOTHING), [of(NOTHING, days=number / 24) for number in range(1, 30)]
    assert judged("nothing_sent", run, *quiet)
    assert not judged("nothing_sent", run, *quiet, last={"last_sent": RUN.started - 15 * DAY})


@pytest.mark.parametrize(
    ("was", "content"), [(1000, True), (1250, True), (1251, False), (833, False), (0, False)]
)
def test_an_audience_may_change_by_so_much_and_no_more(was, content):
    assert judged("audience_size", RUN, last={"rows": was}) is content


def test_a_first_load_among_the_earlier_runs_hides_no_unusual_turnover():
    usual = [of(Figures(number)) for number in (40, 45, 50, 50, 55, 60, 65)]
    run = replace(RUN, figures=Figures(400))
    assert judged("turnover", run, *usual)  # one too few to compare with
    assert not judged("turnover", run, *usual, of(Figures(10**6)))
    assert judged("turnover", replace(RUN, figures=Figures(0)), *usual, of(Figures(10**6)))


def test_a_full_run_is_compared_with_full_ones_in_time_and_with_none_in_turnover():
    full = replace(RUN, figures=Figures(10**6), seconds=900.0, full=True)
    assert judged("turnover", full, *[of()] * 9)
    assert judged("duration", full, *[of()] * 9)
    assert not judged("duration", full, *[of(figures=full.figures, full=True)] * 9)


def test_a_run_that_had_more_to_do_may_take_longer():
    slow = replace(RUN, figures=replace(FOUND, requests=100), seconds=900.0)
    assert judged("duration", slow, *[of()] * 9)
    assert not judged("duration", slow, *[of(figures=replace(FOUND, requests=60))] * 9)


def test_no_judge_but_those_that_remember_looks_at_what_was_told_last():
    class Untouched(dict):
        def __getitem__(self, name):
            raise AssertionError(name)

        get = __contains__ = __getitem__

    for name, limit in WarningsSpec().in_force().items():
        if name not in REMEMBERING:
            JUDGES[name](Seen(RUN, [of()] * 9, 1000, NO_DEBTS), limit, Untouched())


def test_an_owed_delete_at_the_vendors_is_not_late():
    row = {"debt": "delete", "operation": "requested", "since": 0}
    debts = pl.concat([NO_DEBTS, pl.DataFrame([row])], how="diagonal_relaxed")
    late = debts.with_columns(operation=pl.lit("delete"))
    assert JUDGES["owed_deletes"](Seen(RUN, [], 1, debts), "24h", {}).passed
    assert not JUDGES["owed_deletes"](Seen(RUN, [], 1, late), "24h", {}).passed


def test_the_newest_runs_are_had_without_reading_the_others(tmp_path):
    root = Folder(tmp_path)
    for number in range(1, 13):
        write_run(root / "ledgers" / "letters", replace(RUN, number=number))
    (tmp_path / "ledgers" / "letters" / "runs" / "1.json").write_text("not to be read")
    assert [run.number for run in newest_runs(root, "letters", 11)] == list(range(12, 1, -1))
