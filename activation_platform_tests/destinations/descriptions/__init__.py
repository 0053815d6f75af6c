"""Vendors' own descriptions of their APIs, against which requests and the sandbox's answers are held.

They lie in a folder `shared/vendor-specs` beside the checkout (or above it), or where ACTIVATION_VENDOR_SPECS says: data of the
vendors, not of the project. Where there is none, what needs them is skipped.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from activation_platform_tests.beside import beside
from activation_platform_tests.destinations.descriptions.description import Description, Witness
from activation_platform_tests.destinations.descriptions.discovery import Discovery
from activation_platform_tests.destinations.descriptions.openapi import OpenApi
from activation_platform_tests.destinations.descriptions.postman import Postman

__all__ = ["Description", "Witness", "description_of"]


def description_of(files: Sequence[str], errata: Mapping[str, Any]) -> Description:
    """The description in these files of the folder, with its errata put right; skips the test where the folder is absent."""
    folder = beside("ACTIVATION_VENDOR_SPECS", "vendor-specs")
    if folder is None:
        pytest.skip("no folder shared/vendor-specs beside the checkout (see ACTIVATION_VENDOR_SPECS)")
    return _read(folder, tuple(files), tuple((place, json.dumps(right)) for place, right in errata.items()))


@cache
def _read(folder: Path, files: tuple[str, ...], errata: tuple[tuple[str, str], ...]) -> Description:
    documents = {name: _document(folder / name) for name in files}
    for place, right in errata:
        name, _, pointer = place.partition("#/")
        *path, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/"))
        found = documents[name]
        for part in path:
            found = found[int(part) if isinstance(found, list) else part]
        assert found.get(last) != json.loads(right), f"the description says so by now: {place}"
        found[last] = json.loads(right)
    described = list(documents.values())
    if "item" in described[0]:
        return Postman(described)
    return Discovery(described) if "discoveryVersion" in described[0] else OpenApi(described)


def _document(path: Path) -> Any:
    return json.loads(path.read_bytes()) if path.suffix == ".json" else yaml.safe_load(path.read_bytes())
