"""Amounts as people read them."""

from __future__ import annotations

import math
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


def title_of(shot: str) -> str:
    """A shot's name as a slate bears it.

    >>> title_of("mara-listens.2")
    'MARA LISTENS 2'
    """
    return shot.replace("-", " ").replace(".", " ").upper()


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
    >>> amount(0.21789, "ln"), amount(None, "ln"), amount(12.04, "degrees"), amount(0.136, "share")
    ('24 %', 'not measured', '12°', '14 %')
    """
    if value is None:
        return "not measured"
    if unit == "ln":  # so much more (or less) of it: of 0.218, a quarter more
        return f"{_short(100 * math.expm1(value))} %"
    if unit == "share":
        return f"{_short(100 * value)} %"
    if unit == "degrees":
        return f"{_short(value)}°"
    return f"{_short(value)} {unit}".strip()


def _short(value: float) -> str:
    """Two digits that count; more would be noise.

    >>> _short(24.3), _short(0.0161), _short(0.0000004), _short(312.0)
    ('24', '0.016', '0', '312')
    """
    if abs(value) < 0.0005:
        return "0"
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def measure_name(name: str) -> str:
    return MEASURES.get(name, name.replace("_", " "))


def share(measure: Measure) -> float | None:
    """Part of the budget that is used; None where nothing was measured or nothing bounds it."""
    return measure.score if measure.value is not None and measure.budget else None
