"""The wording: news as a message, the daily digest, and a test."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from activation_platform.components.alerting.channel import Message, Section
from activation_platform.components.alerting.memory import Box, News, Standing

__all__ = ["AT_ONCE", "digest_of", "message_of", "trial_of"]

AT_ONCE = 20
"""News in one message; more of it waits for the next. Slack takes 50 blocks."""
_SHOWN_NAMES = 3
_HEADS = {
    "broken": "Broken",
    "paused": "Paused",
    "recovered": "Recovered",
    "warning": "Warning",
    "over": "Over",
}


def message_of(news: Sequence[News], ui: str, dropped: int = 0) -> Message:
    """What is new as one message."""
    sections = [_section(one, ui) for one in news]
    title = sections[0].head if len(sections) == 1 else f"{sections[0].head}; and {len(sections) - 1} more"
    if dropped:
        where = {"Where": "activation history"}
        sections.append(Section(f"{dropped} earlier ones could not be delivered", where))
    return Message(title, sections, _number([one.model_dump() for one in news]))


def _section(news: News, ui: str) -> Section:
    more = len(news.names) - _SHOWN_NAMES
    head = f"{_HEADS[news.kind]}: {', '.join(news.names[:_SHOWN_NAMES])}{f' and {more} more' if more > 0 else ''}"
    lines = {
        "What": news.words,
        "What to do": news.remedy,
        "Records": news.figures,
        "Since": "" if news.since is None else _moment(news.since),
        "When": _moment(news.at),
        "Activations": ", ".join(news.names) if more > 0 else "",
    }
    return Section(f"{head} ({news.title})" if news.title else head, lines, _link(ui, news.path))


def digest_of(box: Box, ui: str, activations: Sequence[str], day: datetime) -> Message:
    """How things stand: what is broken, what warns, and how many runs there were since the last digest."""
    standing = sorted(_standing(box), key=lambda one: one[1].since)
    sections = [
        Section(f"{name}: {said.title or trouble}", {"Since": _moment(said.since)})
        for name, said, trouble in standing[:AT_ONCE]
    ]
    if len(standing) > AT_ONCE:
        sections.append(Section(f"and {len(standing) - AT_ONCE} more", {"Where": "activation status"}))
    counts = ", ".join(f"{box.runs.get(word, 0)} {word}" for word in ("succeeded", "failed"))
    sections.append(Section("Runs since the last digest", {"Runs": counts}, _link(ui, "/runs")))
    well = len(activations) - len({name for name, *_ in standing})
    title = f"Daily digest: {well} of {len(activations)} activations are well"
    return Message(title, sections, _number([title, day.isoformat()]))


def _standing(box: Box) -> Iterator[tuple[str, Standing, str]]:
    for name, stands in box.told.items():
        for trouble, said in stands.items():
            yield name, said, trouble


def trial_of(alerts: str, ui: str, now: datetime) -> Message:
    """What `activation check` sends."""
    lines = {
        "What": "Somebody tried out whether alerts arrive here. They do.",
        "When": _moment(now.timestamp()),
    }
    return Message(
        f"Test: the alerts {alerts}",
        [Section(f"Test: the alerts {alerts}", lines, ui)],
        _number([alerts, now.isoformat()]),
    )


def _link(ui: str, path: str) -> str:
    return f"{ui.rstrip('/')}{path}" if ui and path else ""


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _number(content: object) -> str:
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:32]
