"""Amounts in words: what a film-maker would say of a value that is over its budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scenegraph.review.measures import Row

#: Where a shift of (Cb, Cr) leads, by its angle in eighths of a turn from Cb on.
TOWARDS = ("blue", "magenta", "red", "orange", "yellow", "green", "green", "cyan")


def told(row: Row, value: float, budget: float, signed: Sequence[float], anchor: str) -> str:
    """The row's words with the amount, such as "38 % more saturated than the parent (16 % is
    allowed)".

    Args:
        value, budget: amounts, 0 or more, in the row's unit.
        signed: the value with its side; two numbers for a cast; empty when it has no side.
    """
    less = row.name == "blur" or bool(signed and signed[0] < 0 and row.less)
    words = (row.less if less and row.less else row.more).format(
        amount=_amount(row, value, less),
        towards=_towards(signed) if len(signed) == 2 else "",
    )
    if row.compares:
        words += f" than {anchor}"
    elif row.keyframe_budget is not None:
        words += f", against {anchor}"
    if "{amount}" not in row.more:
        return words
    allowed = _amount(row, budget, less)
    return f"{words} ({allowed} {'are' if allowed[-1] == 's' else 'is'} allowed)"


def _amount(row: Row, value: float, less: bool) -> str:
    """Of a loss the share that is gone: ln 0.5 less is 39 % less, not 65 %."""
    match row.unit:
        case "ln":
            return _percent(-math.expm1(-value) if less else math.expm1(value))
        case "share":
            return _percent(value)
        case _:
            return f"{value:.2g} {row.unit}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if abs(share) < 0.095 else f"{100 * share:.0f} %"


def _towards(shift: Sequence[float]) -> str:
    """
    >>> _towards((5.0, 0.0)), _towards((-3.0, 3.0)), _towards((0.0, -2.0))
    ('blue', 'orange', 'green')
    """
    cb, cr = shift
    return TOWARDS[round(math.atan2(cr, cb) / (math.pi / 4)) % 8]
