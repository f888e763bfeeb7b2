"""Slate, time code and source frame on the picture, for a copy that people talk about.

The text is drawn here, with the font that Pillow brings, and laid over the picture: no font of the
system is looked for, and no name is ever read as a command of a filter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenegraph.cut.exports.timecode import first_hour, timecode
from scenegraph.cut.pictures import shortened
from scenegraph.ledger.timeline import Event, Timeline
from scenegraph.units import Size

Mask = NDArray[np.uint8]

#: Of the band behind the text: how dark, of 255.
SHADE = 150
#: A line of text is this part of the picture's shorter side, and never smaller than can be read.
LINE_SHARE, LEAST_LINE = 1 / 18, 14
SIGNS = "0123456789:;f "


def source_frame(event: Event, frame: int, rate: Fraction) -> int:
    """The frame of the clip that the reel shows at frame `frame` of an event.

    As FFmpeg's `fps` rounds: frame i comes to stand at floor(i·stretch + ½). Of frames that were
    blended or drawn between two, it is the one that is repeated otherwise.

    >>> from pathlib import Path
    >>> from scenegraph.media.clip import Clip
    >>> from scenegraph.units import Span
    >>> slow = Clip(path=Path("a.mp4"), frames=99, rate=Fraction(16), width=96, height=64)
    >>> event = Event(shot="a", take="a", clip=slow, span=Span(10, 30), join="cut")
    >>> [source_frame(event, frame, Fraction(24)) for frame in range(7)]
    [10, 10, 11, 12, 12, 13, 14]
    """
    stretch = rate / event.clip.rate
    last = math.ceil((frame + Fraction(1, 2)) / stretch) - 1
    return event.span.start + min(max(0, last), len(event.span) - 1)


@dataclass(frozen=True)
class Lettering:
    """Where text goes in a band as wide as the picture: the slate above, figures below."""

    size: Size
    font: Any
    line: int
    glyphs: dict[str, Mask]

    @classmethod
    def of(cls, picture: Size) -> Lettering:
        """The band for a picture of this size."""
        line = max(LEAST_LINE, round(min(picture.width, picture.height) * LINE_SHARE))
        while True:
            font = ImageFont.load_default(round(line * 0.72))
            cell = math.ceil(max(font.getlength(digit) for digit in "0123456789"))
            if 20 * cell <= picture.width or line <= 8:  # a code, a gap and a frame number
                break
            line -= 1
        wide = {s: cell if s.isdigit() else math.ceil(font.getlength(s)) + 2 for s in SIGNS}
        glyphs = {s: _drawn(s, font, Size(wide[s], line), centred=True) for s in SIGNS}
        height = min(picture.height, 2 * line + line // 2) // 2 * 2
        return cls(Size(picture.width, height), font, line, glyphs)

    def label(self, text: str) -> Mask:
        """A line of text across the band, shortened to it."""
        room = self.size.width - self.line
        return _drawn(
            shortened(text, self.font, room), self.font, Size(self.size.width, self.line),
            indent=self.line // 2,
        )  # fmt: skip

    def figures(self, text: str) -> Mask:
        """Figures in cells of one width, so that they stand still while they count."""
        return np.concatenate([self.glyphs[sign] for sign in text], axis=1)


def _drawn(text: str, font: Any, size: Size, *, indent: int = 0, centred: bool = False) -> Mask:
    mask = Image.new("L", (size.width, size.height))
    at, anchor = (size.width / 2, "mm") if centred else (indent, "lm")
    ImageDraw.Draw(mask).text((at, size.height / 2), text, 255, font, anchor=anchor)
    return np.asarray(mask)


def slate_of(event: Event) -> str:
    """What the band says of a span: its shot and take.

    >>> from pathlib import Path
    >>> from scenegraph.media.clip import Clip
    >>> from scenegraph.units import Span
    >>> clip = Clip(path=Path("a.mp4"), frames=9, rate=Fraction(24), width=96, height=64)
    >>> slate_of(Event(shot="b.2", take="film/b.2/t3", clip=clip, span=Span(0, 9), join="cut"))
    'b.2  t3'
    """
    return f"{event.shot}  {event.take.rpartition('/')[2]}" if "/" in event.take else event.shot


def bands(timeline: Timeline, lettering: Lettering) -> Iterator[bytes]:
    """The band of each frame of the reel, grey and alpha (`ya8`), rows from above."""
    rate, number = timeline.format.rate, first_hour(timeline.format.rate)
    height, width, line = lettering.size.height, lettering.size.width, lettering.line
    gap = line // 2
    for event in timeline.events:
        above = np.zeros((height, width), np.uint8)
        above[:line] = lettering.label(slate_of(event))
        for frame in range(timeline.event_frames(event)):
            ink = above.copy()
            _put(ink, lettering.figures(timecode(number, rate)), line, gap)
            shown = lettering.figures(f"f {source_frame(event, frame, rate):04}")
            _put(ink, shown, line, width - gap - shown.shape[1])
            band = np.empty((height, width, 2), np.uint8)
            band[..., 0] = ink
            np.maximum(ink, SHADE, out=band[..., 1])
            yield band.tobytes()
            number += 1


def _put(ink: Mask, text: Mask, top: int, left: int) -> None:
    room = ink[top : top + text.shape[0], max(0, left) :]
    part = text[: room.shape[0], : room.shape[1]]
    room[: part.shape[0], : part.shape[1]] = part


def band_input(lettering: Lettering, rate: Fraction) -> Any:
    """The bands as an input of FFmpeg, from its stdin."""
    size = lettering.size
    return ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="ya8",
        video_size=(size.width, size.height),
        framerate=str(rate),
    ).video
