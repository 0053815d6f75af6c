"""What every part of a condition is: a frozen model that refuses unknown words in plain ones, and shows only what was written."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from activation_platform.segmentation.problems import nearest
from activation_platform.segmentation.values import refused

__all__ = ["Node", "Worded"]


class Node(BaseModel):
    """A part of a condition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return (
            (name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set
        )


class Worded(Node):
    """A part whose words are the names of its fields."""

    @model_validator(mode="before")
    @classmethod
    def _known_words(cls, raw: Any) -> Any:
        if isinstance(raw, cls):
            return raw
        words = [*cls.model_fields]
        if not isinstance(raw, Mapping):
            raise refused(f"takes a mapping of {', '.join(words)}, not {raw!r}")
        for key in raw:
            if key not in words:
                raise refused(f'"{key}" is no word here{nearest(str(key), words)}')
        for word, field in cls.model_fields.items():
            if field.is_required() and word not in raw:
                raise refused(f"says no `{word}:`")
        return raw
