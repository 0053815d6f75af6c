"""What alerts remember from tick to tick, in their sensor's cursor: what was seen, told to whom, and not yet delivered."""

from typing import Literal

from pydantic import BaseModel, Field, ValidationError

__all__ = ["Box", "Memory", "Newest", "News", "Standing"]

_MOST_WAITING = 200


class News(BaseModel, frozen=True):
    """Something that began or ended, told as it was then. `path`: within Dagster's UI. `at`, `since`: Unix seconds."""

    kind: Literal["broken", "paused", "recovered", "warning", "over"]
    names: tuple[str, ...]
    title: str = ""
    words: str = ""
    remedy: str = ""
    figures: str = ""
    path: str = ""
    since: float | None = None
    at: float

    def alike(self, other: "News") -> bool:
        """Whether it says the same, of whichever activations and when."""
        apart = {"names", "at"}
        return self.model_dump(exclude=apart) == other.model_dump(exclude=apart)


class Standing(BaseModel, frozen=True):
    """A trouble that a channel was told of and that is not over. `since`: when it was seen first (Unix seconds)."""

    title: str
    since: float


class Newest(BaseModel, frozen=True):
    """The run of an activation that ended last, as far as it was seen. `ended`: Unix seconds."""

    ended: float
    failed: bool


class Box(BaseModel):
    """What goes to one channel. `told`: by activation and trouble, what stands there; `waiting`: what is yet to be delivered."""

    told: dict[str, dict[str, Standing]] = Field(default_factory=dict)
    waiting: list[News] = Field(default_factory=list)
    dropped: int = 0
    """News that a channel was too long dead for: the oldest are given up beyond the newest two hundred."""
    failures: int = 0
    not_before: float = 0.0
    """When a channel that failed is tried again (Unix seconds)."""
    runs: dict[str, int] = Field(default_factory=dict)
    """How many runs have `succeeded` and `failed` since the last digest."""
    digested: float = 0.0

    def begin(self, trouble: str, news: News) -> None:
        """It broke: told once, until it is over."""
        (name,) = news.names
        stands = self.told.setdefault(name, {})
        if trouble not in stands:
            stands[trouble] = Standing(title=news.title, since=news.at)
            self._put(name, news)

    def end(self, trouble: str, news: News) -> None:
        """It is over: told to whom was told that it broke. The news takes its title and since when it was from there."""
        (name,) = news.names
        stands = self.told.get(name, {})
        if (standing := stands.pop(trouble, None)) is not None:
            self._put(name, news.model_copy(update={"title": standing.title, "since": standing.since}))
        if not stands:
            self.told.pop(name, None)

    def _put(self, name: str, news: News) -> None:
        """What says the same of several activations waits as one, unless something else is to be told of this one in between."""
        for place in range(len(self.waiting) - 1, -1, -1):
            other = self.waiting[place]
            if name in other.names:
                break
            if other.alike(news):
                self.waiting[place] = other.model_copy(update={"names": (*other.names, name)})
                return
        self.waiting.append(news)
        more = len(self.waiting) - _MOST_WAITING
        if more > 0:
            del self.waiting[:more]
            self.dropped += more

    def forget_all_but(self, activations: dict[str, frozenset[str]]) -> None:
        """Leave what activations, and troubles of theirs, that are no longer its business were told of."""
        self.told = {
            name: kept
            for name, stands in self.told.items()
            if name in activations
            and (kept := {one: said for one, said in stands.items() if one in activations[name]})
        }


class Memory(BaseModel):
    """Everything. `seen`: the moment up to which ended runs were looked at; `asked`: when all checks were (Unix seconds)."""

    seen: float = 0.0
    asked: float = 0.0
    newest: dict[str, Newest] = Field(default_factory=dict)
    boxes: dict[str, Box] = Field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> "Memory":
        """As it was left; empty where there is none, or none that can be read: then what is broken now is told anew."""
        try:
            return cls.model_validate_json(cursor or "{}")
        except ValidationError:
            return cls()
