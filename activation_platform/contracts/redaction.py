"""The one place that takes secrets and personal values out of text before anybody sees it (SEMANTICS D9)."""

import re
from collections.abc import Iterable

__all__ = ["Redactor", "mask", "mask_addresses", "mask_text", "whole"]

HIDDEN = "•••"
_EMAIL = re.compile(r"[^\s\"'<>@,;:()\[\]]+@[^\s\"'<>@,;:()\[\]]+")
_LONG_NUMBER = re.compile(r"\+?\d[\d .()-]{5,}\d")


class Redactor:
    """Replaces a destination's secrets in any text, percent-encoded or not."""

    def __init__(self, secrets: Iterable[str]) -> None:
        from urllib.parse import quote

        known = {form for secret in secrets if len(secret) >= 4 for form in (secret, quote(secret, safe=""))}
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without the secrets, and without halves of characters."""
        return self._pattern.sub(HIDDEN, whole(text)) if self._pattern else whole(text)


def whole(text: str) -> str:
    """The text without halves of characters (`\\ud800` in a vendor's JSON): no file and no terminal takes them."""
    return text.encode("utf-8", "replace").decode()


def mask(value: str | None) -> str:
    """A personal value, recognisable to who knows it and to nobody else: first character, dots, kind."""
    if not value:
        return ""
    name, at, domain = value.partition("@")
    if at:
        return f"{name[:1]}{HIDDEN}@{domain[:1]}{HIDDEN}"
    return f"{value[:1]}{HIDDEN}{value[-1:]}" if len(value) > 4 else HIDDEN


def mask_addresses(text: str) -> str:
    """Text with the e-mail addresses in it masked."""
    return _EMAIL.sub(lambda found: mask(found.group()), text)


def mask_text(text: str) -> str:
    """Free text (a vendor's words) with addresses and long numbers masked."""
    return _LONG_NUMBER.sub(lambda found: mask(found.group()), mask_addresses(text))
