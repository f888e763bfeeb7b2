"""Time is whole frames at an exact rate, spans are half-open, money is decimal.

Seconds are for people: they are turned into frames once, at the door.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT_OF_A_CENT = Decimal("0.0001")

#: Rates whose usual decimal spelling is not exact (SMPTE ST 12-1).
NTSC = {
    "23.976": Fraction(24000, 1001),
    "23.98": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "47.952": Fraction(48000, 1001),
    "59.94": Fraction(60000, 1001),
}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Whole frames of one clip, half-open: `start` is in, `stop` is out.

    >>> tail = Span(96, 121)
    >>> len(tail), tail.seconds(Fraction(24))
    (25, Fraction(25, 24))
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise ValueError(f"a span runs forward from frame 0 on, not {self.start}..{self.stop}")

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.stop

    def seconds(self, rate: Fraction) -> Fraction:
        return Fraction(len(self)) / rate


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels of a picture as it is shown.

    >>> str(Size(1280, 720))
    '1280x720'
    """

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def exact_rate(value: int | float | str | Fraction) -> Fraction:
    """Frames per second as an exact fraction.

    >>> exact_rate(24), exact_rate("30000/1001"), exact_rate(29.97)
    (Fraction(24, 1), Fraction(30000, 1001), Fraction(30000, 1001))

    Raises:
        ValueError: not a number, or not above zero.
    """
    text = str(value)
    rate = NTSC[text] if text in NTSC else Fraction(text).limit_denominator(1001)
    if rate <= 0:
        raise ValueError(f"a rate is above zero, not {value}")
    return rate


def whole_frames(seconds: float | Fraction | Decimal, rate: Fraction) -> int:
    """The whole number of frames nearest to `seconds`.

    >>> whole_frames(5, Fraction(24))
    120
    """
    return int(Fraction(seconds) * rate + Fraction(1, 2))


def snap_8k1(frames: int, low: int = 9, high: int = 1441) -> int:
    """The nearest count of the form 8k+1 between `low` and `high`; a tie goes up.

    LTX-Video packs 8 frames into one latent after a first single one (Lightricks/LTX-Video
    README), so natural lengths are 9, 17, … 121, … 1441.

    >>> [snap_8k1(n) for n in (1, 120, 121, 125, 129, 5000)]
    [9, 121, 121, 129, 129, 1441]
    """
    nearest = (frames - 1 + 4) // 8 * 8 + 1
    return max(low, min(high, nearest))


def snap_to(value: int, step: int) -> int:
    """The multiple of `step` nearest to `value`; a tie goes up.

    >>> snap_to(60, 8), snap_to(59, 8)
    (64, 56)
    """
    return (value + step // 2) // step * step


def as_usd(value: Decimal | int | str | float) -> Decimal:
    """Money, rounded to a hundredth of a cent.

    >>> as_usd("0.10083333")
    Decimal('0.1008')
    """
    return Decimal(str(value)).quantize(CENT_OF_A_CENT, ROUND_HALF_UP)


def usd_text(value: Decimal) -> str:
    """A decimal string without exponent or needless zeros, as JSON shapes promise.

    >>> usd_text(Decimal("0.1000")), usd_text(Decimal("0")), usd_text(Decimal("20.0000"))
    ('0.1', '0', '20')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
