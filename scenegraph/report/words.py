"""Amounts as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from scenegraph.ledger.reviews import Measure
from scenegraph.units import as_usd

KINDS = {
    "t2v": "from words",
    "i2v": "from a keyframe",
    "extend": "the camera keeps rolling",
    "multicondition": "keyframe and motion",
}

#: Measures in the words of people who look at pictures; others are shown by their own name.
MEASURES = {
    "sat": "saturation",
    "luma": "brightness",
    "hist": "whole picture",
    "band": "sharpness",
}


def dollars(usd: Decimal) -> str:
    """
    >>> dollars(Decimal("0.1008")), dollars(Decimal("2")), dollars(Decimal("0"))
    ('$0.1008', '$2.00', '$0.00')
    """
    exact = as_usd(usd)
    cents = exact.quantize(Decimal("0.01"))
    return f"${cents if cents == exact else exact.normalize():f}"


def count(number: int, noun: str) -> str:
    """
    >>> count(1, "shot"), count(3, "shot")
    ('1 shot', '3 shots')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str]) -> str:
    """
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def length(seconds: float) -> str:
    """
    >>> length(4.96), length(83.2), length(0.3)
    ('5.0 s', '1 min 23 s', '0.3 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def timecode(frame: int, rate: float) -> str:
    """Minutes, seconds and frames into the reel.

    >>> timecode(121, 24.0)
    '0:05:01'
    """
    seconds, frames = divmod(frame, max(1, round(rate)))
    return f"{seconds // 60}:{seconds % 60:02}:{frames:02}"


def moment(at: float, *, date: bool = False) -> str:
    """A time of the ledger (seconds since 1970) in UTC.

    >>> moment(0.0), moment(0.0, date=True)
    ('00:00:00', '1970-01-01 00:00:00 UTC')
    """
    told = datetime.fromtimestamp(at, UTC)
    return told.strftime("%Y-%m-%d %H:%M:%S UTC" if date else "%H:%M:%S")


def amount(value: float | None, unit: str) -> str:
    """
    >>> amount(0.21789, "ln"), amount(None, "ln"), amount(12.04, "degrees")
    ('0.218 ln', 'not measured', '12 degrees')
    """
    return "not measured" if value is None else f"{value:.3g} {unit}".strip()


def measure_name(name: str) -> str:
    return MEASURES.get(name, name.replace("_", " "))


def share(measure: Measure) -> float | None:
    """Part of the budget that is used; None where nothing was measured or nothing bounds it."""
    return measure.score if measure.value is not None and measure.budget else None
