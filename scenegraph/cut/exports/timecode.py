"""Time code: frames counted as hours, minutes, seconds and frames (SMPTE ST 12-1)."""

from __future__ import annotations

from fractions import Fraction

#: Rates that are counted in drop frame, so that the code keeps to the clock: 29.97 and 59.94.
DROP = (Fraction(30000, 1001), Fraction(60000, 1001))


def timebase(rate: Fraction) -> int:
    """Frames that one second of time code counts.

    >>> timebase(Fraction(24)), timebase(Fraction(30000, 1001)), timebase(Fraction(24000, 1001))
    (24, 30, 24)
    """
    return -(-rate.numerator // rate.denominator)


def drops(rate: Fraction) -> bool:
    """Whether this rate is counted in drop frame."""
    return rate in DROP


def timecode(frame: int, rate: Fraction) -> str:
    """The time code of a frame. Past 24 hours it begins again.

    In drop frame the numbers of the first two frames (four at 59.94) of every minute are left
    out, but for each tenth minute. No frame of the picture is.

    >>> timecode(1799, Fraction(30000, 1001)), timecode(1800, Fraction(30000, 1001))
    ('00:00:59;29', '00:01:00;02')
    >>> timecode(1800, Fraction(30)), timecode(17982, Fraction(30000, 1001))
    ('00:01:00:00', '00:10:00;00')
    """
    base = timebase(rate)
    mark = ":"
    if drops(rate):
        mark = ";"
        dropped = base // 15
        minute = base * 60 - dropped
        tens, rest = divmod(frame, base * 600 - 9 * dropped)
        frame += 9 * dropped * tens + dropped * (max(0, rest - dropped) // minute)
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02}:{minutes:02}:{seconds:02}{mark}{frames:02}"


def first_hour(rate: Fraction) -> int:
    """The frame that is counted 01:00:00:00, where reels begin.

    >>> first_hour(Fraction(24)), first_hour(Fraction(30000, 1001))
    (86400, 107892)
    """
    base = timebase(rate)
    return base * 3600 - (54 * (base // 15) if drops(rate) else 0)
