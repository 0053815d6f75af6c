"""Regular expressions of PCRE2, whose library is where Linux' own tools need it."""

from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from ctypes.util import find_library
from functools import lru_cache

import pytest

__all__ = ["GAVE_UP", "match"]

GAVE_UP = object()
"""What a match is at which the library gave up."""
_NO_MATCH, _UTF, _UNSET = -1, 0x00080000, c_size_t(-1).value


@lru_cache
def _library() -> CDLL:
    name = find_library("pcre2-8")
    if name is None:
        pytest.skip("there is no PCRE2 on this machine")
    library = CDLL(name)
    library.pcre2_compile_8.restype = c_void_p
    library.pcre2_compile_8.argtypes = [
        *(c_char_p, c_size_t, c_uint32),
        *(POINTER(c_int), POINTER(c_size_t), c_void_p),
    ]
    library.pcre2_match_data_create_from_pattern_8.restype = c_void_p
    library.pcre2_match_data_create_from_pattern_8.argtypes = [c_void_p, c_void_p]
    library.pcre2_match_8.argtypes = [c_void_p, c_char_p, c_size_t, c_size_t, c_uint32, c_void_p, c_void_p]
    library.pcre2_get_ovector_pointer_8.restype = POINTER(c_size_t)
    library.pcre2_get_ovector_pointer_8.argtypes = [c_void_p]
    return library


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> tuple[int, int]:
    """A pattern, and room for a match of it; both stay."""
    written, error, place = pattern.encode(), c_int(), c_size_t()
    code = _library().pcre2_compile_8(written, len(written), _UTF, byref(error), byref(place), None)
    assert code, f"error {error.value} at {written[place.value :]!r}"
    return code, _library().pcre2_match_data_create_from_pattern_8(code, None)


@lru_cache(maxsize=10_000)
def match(pattern: str, text: str, start: int = 0) -> list[tuple[int, int] | None] | object:
    """Where the first match from a byte on, and each group of it, is in a text, in bytes; empty without one, or GAVE_UP."""
    code, room = _compiled(pattern)
    written = text.encode()
    groups = _library().pcre2_match_8(code, written, len(written), start, 0, room, None)
    if groups == _NO_MATCH:
        return []
    if groups < 0:
        return GAVE_UP
    ends = _library().pcre2_get_ovector_pointer_8(room)
    places = [(ends[2 * group], ends[2 * group + 1]) for group in range(groups)]
    return [None if _UNSET in place else place for place in places]
