"""A running sandbox as the command line reaches it: its address, and its refusals in the platform's own errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from activation_platform.sandbox.control import Control

__all__ = ["DEFAULT_URL", "AsJson", "Url", "ruled"]

Url = Annotated[
    str, typer.Option(help="Where the sandbox runs, as printed by serve.", envvar="ACTIVATION_SANDBOX")
]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
DEFAULT_URL = "http://127.0.0.1:8765"


@contextmanager
def ruled(url: str) -> "Iterator[Control]":
    """The control plane; raises DeclarationError for what it refuses, ConnectionFailed where nobody answers."""
    import httpx

    from activation_platform.contracts.errors import ConnectionFailed, DeclarationError
    from activation_platform.sandbox.control import Control, ControlError

    try:
        with Control(url) as control:
            yield control
    except ControlError as refused:
        raise DeclarationError(f"the sandbox refuses: {refused}", remedy="Correct the command.") from refused
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        ValueError,
        TypeError,
        LookupError,
    ) as error:  # or who answers is none
        raise ConnectionFailed(
            f"no sandbox answers at {url} ({error})",
            remedy="Start one with `activation sandbox serve`, or say where it is with --url.",
        ) from error
