"""Pictures and films that a page wants, named by what they are made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Widths in pixels of the JPEGs in the page, at about 1.3 times their size on the screen.
POSTER_W, CARD_W, FRAME_W, CUT_W, SMALL_W, BAR_W = 960, 440, 300, 460, 240, 150


@dataclass(frozen=True, slots=True)
class Picture:
    """One still picture. `frame` is None for a still image, else a frame of the clip at `source`.

    Attributes:
        aspect: width by height as shown.
        alt: what a screen reader says.
    """

    source: Path
    frame: int | None
    width: int
    aspect: float
    alt: str
    caption: str = ""

    @property
    def height(self) -> int:
        return max(1, round(self.width / self.aspect))


@dataclass(frozen=True, slots=True)
class Difference:
    """How two pictures differ, pixel by pixel: grey where they agree."""

    one: Picture
    other: Picture
    width: int
    alt: str


@dataclass(frozen=True, slots=True)
class Clipping:
    """A take's clip, as a small film: all of its frames."""

    source: Path
    frames: int
    rate: float
    aspect: float

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class Piece:
    """One shot of a story: a span of a clip, a still, or a slate with words; held for `frames`.

    Attributes:
        source: the clip or the still; None for a slate.
        span: first and last frame of a clip that play (one that is held: both the same); None for a
            still.
        words: what stands on the slate: number, name, what happens.
        frames: at the story's rate.
    """

    source: Path | None
    span: tuple[int, int] | None
    words: tuple[str, str, str]
    frames: int
