"""The fingerprint once more, in plain Python: the row encoding (version 1) and XXH3-64 for inputs up to 240 bytes.

Sources: https://ion-elgreco.github.io/polars-hash/latest/api-reference/rows/ and
https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md (XXH3, seed 0).
"""

import struct
from datetime import UTC, date, datetime, timedelta
from typing import Any

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_64 = (1 << 64) - 1
_P32_1, _P32_2, _P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_P64_1, _P64_2, _P64_3, _P64_4, _P64_5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_MX1, _MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25


def fingerprint(*values: Any, seed: str = "") -> int:
    """What `activation_platform.sync.fingerprint.fingerprint` must give for a row of these values."""
    return xxh3(_row([*values, seed]))


def _row(values: list[Any]) -> bytes:
    return b"\x0d" + _size(len(values)) + b"".join(map(_value, values))


def _value(value: Any) -> bytes:
    if value is None:
        return b"\x00"
    if isinstance(value, bool):
        return b"\x02" if value else b"\x01"
    if isinstance(value, int):
        return b"\x03" + _whole(value)
    if isinstance(value, float):
        return b"\x04" + struct.pack(">d", float("nan") if value != value else value + 0.0)
    if isinstance(value, str):
        return b"\x05" + _size(len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"\x06" + _size(len(value)) + value
    if isinstance(value, datetime):
        return b"\x09" + _whole(
            (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
        )
    if isinstance(value, date):
        return b"\x07" + _whole((value - date(1970, 1, 1)).days)
    assert isinstance(value, list)
    return b"\x0c" + _size(len(value)) + b"".join(map(_value, value))


def _whole(number: int) -> bytes:
    return b"\x01" + _size(number) if number >= 0 else b"\x00" + _size(-number)


def _size(number: int) -> bytes:
    """LEB128."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups[-1] |= 0x80
        groups.append(number & 0x7F)
    return bytes(groups)


def xxh3(data: bytes) -> int:
    """XXH3-64 of at most 240 bytes."""
    size = len(data)
    assert size <= 240
    if size == 0:
        return _xxh64_avalanche(_u64(_SECRET, 56) ^ _u64(_SECRET, 64))
    if size <= 3:
        mixed = data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8
        return _xxh64_avalanche(mixed ^ _u32(_SECRET, 0) ^ _u32(_SECRET, 4))
    if size <= 8:
        joined = _u32(data, size - 4) + (_u32(data, 0) << 32)
        return _rrmxmx(joined ^ _u64(_SECRET, 8) ^ _u64(_SECRET, 16), size)
    if size <= 16:
        low = _u64(_SECRET, 24) ^ _u64(_SECRET, 32) ^ _u64(data, 0)
        high = _u64(_SECRET, 40) ^ _u64(_SECRET, 48) ^ _u64(data, size - 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche(size + swapped + high + _fold(low, high))
    return _medium(data, size)


def _medium(data: bytes, size: int) -> int:
    total = size * _P64_1
    if size <= 128:
        for place in range((size - 1) // 32, -1, -1):
            total += _mix16(data, 16 * place, 32 * place)
            total += _mix16(data, size - 16 * (place + 1), 32 * place + 16)
        return _avalanche(total)
    total += sum(_mix16(data, 16 * place, 16 * place) for place in range(8))
    total = _avalanche(total)
    total += sum(_mix16(data, 16 * place, 16 * (place - 8) + 3) for place in range(8, size // 16))
    return _avalanche(total + _mix16(data, size - 16, 136 - 17))


def _mix16(data: bytes, place: int, secret: int) -> int:
    return _fold(_u64(data, place) ^ _u64(_SECRET, secret), _u64(data, place + 8) ^ _u64(_SECRET, secret + 8))


def _fold(one: int, other: int) -> int:
    product = one * other
    return (product & _64) ^ (product >> 64)


def _avalanche(value: int) -> int:
    value &= _64
    value ^= value >> 37
    value = value * _MX1 & _64
    return value ^ value >> 32


def _xxh64_avalanche(value: int) -> int:
    value &= _64
    value ^= value >> 33
    value = value * _P64_2 & _64
    value ^= value >> 29
    value = value * _P64_3 & _64
    return value ^ value >> 32


def _rrmxmx(value: int, size: int) -> int:
    value ^= (value << 49 | value >> 15) & _64 ^ (value << 24 | value >> 40) & _64
    value = value * _MX2 & _64
    value ^= (value >> 35) + size & _64
    value = value * _MX2 & _64
    return value ^ value >> 28


def _u32(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")


def _u64(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 8], "little")
