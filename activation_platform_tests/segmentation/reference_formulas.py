"""A plain evaluator of formulas: Python reads them as expressions of its own, and every value is worked out by itself."""

import ast
from datetime import UTC, date
from fractions import Fraction
from math import floor, isfinite

from activation_platform_tests.segmentation.reference import DAY, EPOCH


def worth(formula: str, row: dict, now):
    """What a formula is for a row; numbers are fractions or floats, timestamps nanoseconds since 1970 in UTC."""
    return value(ast.parse(formula.replace("||", "@"), mode="eval").body, row, now)


def value(node, row: dict, now):
    match node:
        case ast.Name():
            return counting(row[node.id])
        case ast.Constant():
            return node.value if isinstance(node.value, str) else Fraction(repr(node.value))
        case ast.UnaryOp():
            held = value(node.operand, row, now)
            return None if held is None else -held
        case ast.BinOp():
            return joined(node.op, value(node.left, row, now), value(node.right, row, now))
    word = node.func.id
    if word == "today":
        return now.astimezone(UTC).date()
    held = [value(one, row, now) for one in node.args]
    if word == "coalesce":
        return next((one for one in held if one is not None), None)
    if None in held:
        return None
    if word == "round":
        return rounded(held[0], int(held[1]) if len(held) > 1 else 0)
    if word == "days_between":
        return Fraction(day(held[1]) - day(held[0]))
    return getattr(held[0], word)()


def counting(held):
    """A field, as far as formulas take it."""
    if isinstance(held, float):
        if not isfinite(held) or abs(held) >= 1e50:
            return None
        return 0.0 if abs(held) < 1e-50 else held
    return None if isinstance(held, Fraction) and abs(float(held)) >= 1e19 else held


def joined(operation, one, other):
    if one is None or other is None:
        return None
    match operation:
        case ast.Add() | ast.MatMult():
            return one + other
        case ast.Sub():
            return one - other
        case ast.Mult():
            return one * other
    return None if other == 0 else float(one) / float(other)


def rounded(held, places: int):
    """Half away from zero."""
    sign = (held > 0) - (held < 0)
    if isinstance(held, float):
        return sign * (floor(abs(held) * 10.0**places + 0.5) / 10.0**places)
    return Fraction(sign * floor(abs(held) * 10**places + Fraction(1, 2)), 10**places)


def day(held) -> int:
    """Days since 1970."""
    return (held - EPOCH.date()).days if isinstance(held, date) else held // DAY
