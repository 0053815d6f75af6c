"""The catalogue: every platform an activation can write to, by its word in YAML; a folder each, imported when used."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest

__all__ = ["PLATFORMS", "destination_class"]

_CLASSES = {
    "attio": "Attio",
    "batch": "Batch",
    "database": "Database",
    "emarsys": "Emarsys",
    "files": "Files",
    "firestore": "Firestore",
    "intercom": "Intercom",
    "iterable": "Iterable",
    "klaviyo": "Klaviyo",
    "sendgrid": "SendGrid",
    "webhook": "Webhook",
}


class _Catalogue(Mapping[str, type[Destination]]):
    """Platform word → its `Destination` class, read from the platform's `destination.py` on first use."""

    def __getitem__(self, platform: str) -> type[Destination]:
        name = _CLASSES[platform]
        found: type[Destination] = getattr(import_module(f"{__name__}.{platform}.destination"), name)
        return found

    def __contains__(self, platform: object) -> bool:
        return platform in _CLASSES

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)


PLATFORMS: Mapping[str, type[Destination]] = _Catalogue()
"""All platforms in alphabetical order."""


def destination_class(platform: str) -> type[Destination]:
    """The destination of a platform; raises `DeclarationError` with the nearest known word where there is none."""
    if platform not in PLATFORMS:
        raise DeclarationError(
            f'There is no platform "{platform}"',
            remedy=f"Known platforms: {', '.join(PLATFORMS)}.{nearest(platform, PLATFORMS)}",
        )
    return PLATFORMS[platform]
