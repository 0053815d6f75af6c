"""What all conversations of a run need and one of them finds out for the others, such as the ID of a list by its name."""

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from activation_platform.contracts.service import Inquiry, Wait

__all__ = ["Once"]

_T = TypeVar("_T")

_LOOK_AGAIN = 0.1


class Once(Generic[_T]):
    """The result of an inquiry that is held once, however many conversations ask for it at a time.

    While one asks, the others wait; where it fails, the next one tries. What a run found out is not kept beyond it.
    """

    def __init__(self, inquiry: Callable[[], Inquiry]) -> None:
        self._inquiry = inquiry
        self._asking = False
        self._found: list[_T] = []

    def get(self) -> Generator[Any, Any, _T]:
        """Ask, or hear what another conversation was told."""
        while self._asking:
            yield Wait(_LOOK_AGAIN)
        if not self._found:
            self._asking = True
            try:
                self._found.append((yield from self._inquiry()))
            finally:
                self._asking = False
        return self._found[0]
