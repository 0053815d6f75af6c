"""The progress of a run in its log: now and then, in words."""

from types import SimpleNamespace

from activation_platform.components.progress import listening, telling
from activation_platform.sync.progress import Progress


class Log(list[str]):
    """A log of one run."""

    def info(self, text: str, *values: object) -> None:
        self.append(text % values)


def test_a_log_hears_every_ten_seconds_and_of_a_long_run_less_often():
    log, time = Log(), 0.0
    tell = telling(SimpleNamespace(log=log), clock=lambda: time)
    for time in range(101):
        tell(Progress(time, 3_600, 1.0, "paced by shop's limit of 1 a second (things)"))
    assert len(log) == 10
    assert log[0] == (
        "10 of 3,600 records answered, 1 a second, 1 h 0 min left, paced by shop's limit of 1 a second (things)"
    )
    for time in range(101, 3_601):
        tell(Progress(time, 3_600, 1.0))
    assert len(log) < 100


def test_who_listens_in_this_process_hears_everything():
    heard = []
    with listening(heard.append):
        tell = telling(SimpleNamespace(log=Log()), clock=lambda: 0.0)
    for done in range(5):
        tell(Progress(done, 5))
    assert [progress.done for progress in heard] == [0, 1, 2, 3, 4]
