"""What vendors publish and lies beside the checkout, or above it: data of theirs, not of the project."""

import os
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]


def beside(variable: str, *path: str) -> Path | None:
    """The folder that an environment variable names, else the nearest `shared/<path>`; None where there is none."""
    named = os.environ.get(variable)
    places = [Path(named)] if named else [one.joinpath("shared", *path) for one in _CHECKOUT.parents]
    return next((place for place in places if place.is_dir()), None)
