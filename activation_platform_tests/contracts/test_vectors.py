"""Vendors' published examples of normalisation: what ours makes of them is what theirs does.

They lie in a folder `shared/facts/vectors` beside the checkout (or above it), or where ACTIVATION_VECTORS says; without it, these
tests are skipped. A vendor that normalises in a way of its own has value types of its own, with a line here.
"""

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from activation_platform.contracts.value import ValueType
from activation_platform.contracts.values import Email, Phone
from activation_platform_tests.beside import beside

Picked = Callable[[str], bool]

# Google leaves out the dots of Gmail's addresses, which is for hashing: its other addresses are everybody's. It reads a number
# without a + as one with it; we ask for the international form, so as not to guess a country.
HELD: dict[tuple[str, str], tuple[ValueType, Picked]] = {
    ("google", "email"): (
        Email(),
        lambda text: "@gmail." not in text.lower() and "@googlemail." not in text.lower(),
    ),
    ("google", "phone"): (Phone(), lambda text: text.strip().startswith("+") or not text.strip(" +")),
}


def vectors(vendor: str, field: str) -> list[dict[str, Any]]:
    folder = beside("ACTIVATION_VECTORS", "facts", "vectors")
    if folder is None:
        pytest.skip("no folder shared/facts/vectors beside the checkout (see ACTIVATION_VECTORS)")
    found: list[dict[str, Any]] = json.loads((folder / f"{vendor}.json").read_bytes())["normalize"][field]
    return found


@pytest.mark.parametrize(("vendor", "field"), HELD, ids=lambda word: word)
def test_a_vendors_examples_become_what_the_vendor_makes_of_them(vendor, field):
    kind, picked = HELD[vendor, field]
    examples = [one for one in vectors(vendor, field) if picked(one["input"])]

    cleaned = kind.clean(pl.Series([one["input"] for one in examples]))

    assert len(examples) > 5
    assert cleaned.values.to_list() == [one["expected"] for one in examples]
    assert [reason is None for reason in cleaned.reasons] == [one["expected"] is not None for one in examples]
