"""Text from elsewhere (vendors' words, cell values, names), made fit for a terminal: it is shown and does nothing."""

import unicodedata

from rich.text import Text

__all__ = ["plain", "visible"]

_PICTURES = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "␡"
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Unicode categories that a terminal obeys or hides: controls, directions, private characters, separators of lines."""


def visible(value: object) -> str:
    """One line of text in which every character that could steer a terminal is shown as a picture or as its code."""
    return "".join(map(_shown, str(value)))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_PICTURES + code)
    return _DELETE_PICTURE if code == _DELETE else f"<U+{code:04X}>"


def plain(value: object, style: str = "") -> Text:
    """The same for rich: its markup in the text stays text."""
    return Text(visible(value), style=style)
