"""What may be shown of records in clear: fields that somebody allowed by name, and keys and identifiers made of them alone."""

from collections.abc import Collection, Sequence

from activation_platform.contracts.redaction import mask_addresses
from activation_platform.sync.history import Mapped

__all__ = ["Allowed"]

_LONGEST = 80


class Allowed:
    """The fields of a mapping that may be shown: those that the activation declares, and those that somebody `asked` for now."""

    def __init__(self, mapped: Sequence[Mapped], asked: Collection[str] = ()) -> None:
        self.fields = [one for one in mapped if one.shown or one.name in asked]
        self._asked = frozenset(asked)

    def columns(self, key: Collection[str]) -> list[str]:
        """Which of `key` and `identifier` need not be masked; `key`: the columns of the primary key."""
        fed = {one.column for one in self.fields}
        identified = any(one.identifies for one in self.fields)
        return [*(["key"] if key and fed.issuperset(key) else []), *(["identifier"] if identified else [])]

    def told(self, field: str, value: object) -> str:
        """A value on one line and not too long.

        An e-mail address is masked unless somebody asked: what is declared to be a country may hold one by mistake.
        """
        if value is None:
            return ""
        text = " ".join(str(value).split())
        short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        return short if field in self._asked else mask_addresses(short)
