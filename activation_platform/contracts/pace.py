"""A budget: how much a vendor lets us ask, declared once by the platform and kept by the loader."""

from dataclasses import dataclass

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A token bucket at the vendor, shared by all requests that name it.

    `per_second` tokens flow in, at most `burst` are saved up; a request costs what it says (1, or its records).
    Source: the vendor page linked where the budget is declared.
    """

    name: str
    per_second: float
    burst: float
