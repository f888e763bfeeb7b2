"""Amounts in words: what a film-maker would say of a value that is over its budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scenegraph.review.measures import Row

#: Where a shift of (Cb, Cr) leads, by its angle in eighths of a turn from Cb on.
TOWARDS = ("blue", "magenta", "red", "orange", "yellow", "green", "green", "cyan")


def told(row: Row, value: float, signed: Sequence[float], anchor: str) -> str:
    """The row's words with the amount in them, such as "38 % more saturated than the parent".

    Args:
        value: the amount, 0 or more, in the row's unit.
        signed: the same with its side; two numbers for a cast; empty when it has no side.
    """
    less = bool(signed) and signed[0] < 0 and row.less != ""
    words = (row.less if less else row.more).format(
        amount=_amount(row, -value if less else value),
        towards=_towards(signed) if len(signed) == 2 else "",
    )
    return f"{words} than {anchor}" if row.compares else f"{words}, against {anchor}"


def plain(unit: str, value: float) -> str:
    """A value or a budget beside its unit.

    >>> plain("ln", 0.15), plain("degrees", 7.0), plain("share", 0.25), plain("ratio", 1.25)
    ('16 %', '7 degrees', '25 %', '1.25')
    """
    match unit:
        case "ln":
            return _percent(math.expm1(value))
        case "share":
            return _percent(value)
        case "degrees" | "levels":
            return f"{value:.2g} {unit}"
        case _:
            return f"{value:.3g}"


def _amount(row: Row, value: float) -> str:
    """Of a loss the share that is gone: ln 0.5 less is 39 % less, not 65 %.

    A flicker goes both ways.
    """
    if row.unit == "ln" and (value < 0 or row.name == "blur"):
        return _percent(-math.expm1(-abs(value)))
    return plain(row.unit, abs(value))


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if abs(share) < 0.095 else f"{100 * share:.0f} %"


def _towards(shift: Sequence[float]) -> str:
    """
    >>> _towards((5.0, 0.0)), _towards((-3.0, 3.0)), _towards((0.0, -2.0))
    ('blue', 'orange', 'green')
    """
    cb, cr = shift
    return TOWARDS[round(math.atan2(cr, cb) / (math.pi / 4)) % 8]
