"""Names and texts of users within English sentences."""

import json

__all__ = ["name_in_words", "quoted"]


def name_in_words(name: str) -> str:
    """A name as it is, or in quotes where it might be taken for other words."""
    return name if name.isidentifier() else quoted(name)


def quoted(text: str) -> str:
    """A text in quotes, with those within it escaped."""
    return json.dumps(text, ensure_ascii=False)
