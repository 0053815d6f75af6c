"""Interrupts: what Terminate in the web UI sends to a run's process becomes a question (through a worker: `test_workers.py`)."""

import signal

import pytest

from activation_platform.components.interrupts import interrupts


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_becomes_a_question_and_the_handlers_come_back(word):
    before = signal.getsignal(word)
    with interrupts() as cancelled:
        assert not cancelled()
        signal.raise_signal(word)
        signal.raise_signal(word)  # an impatient second one changes nothing
        assert cancelled()
    assert signal.getsignal(word) is before
