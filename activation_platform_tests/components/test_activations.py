"""Activations through Dagster, against the sandbox: what each run sends, and how it is told."""

import dagster as dg

from activation_platform_tests.components.project import (
    FIRST,
    LEADS,
    LETTERS,
    SECOND,
    THIRD,
    evaluations,
    fill,
    materialised,
    person,
    refusal,
    succeeded,
    told,
)


def test_the_first_run_sends_everybody_who_belongs(runner, sandbox):
    result = succeeded(runner.run(LETTERS))
    assert materialised(result) == ["models/people", "segments/loyal", LETTERS]
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]
    figures = told(result, LETTERS)
    assert (figures["extracted"], figures["inserted"], figures["loaded"], figures["status"]) == (4, 4, 4, "succeeded")
