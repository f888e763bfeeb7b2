"""Looking at what was made of a reel: frames, rate, size and sound, before it is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image, UnidentifiedImageError

from scenegraph.errors import BrokenMedia, CutError
from scenegraph.media.container import open_video
from scenegraph.units import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is in a file that was made of a reel; None where its kind has no such thing."""

    bytes: int
    frames: int | None = None
    rate: Fraction | None = None
    width: int | None = None
    height: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "bytes": self.bytes,
            "frames": self.frames,
            "rate": None if self.rate is None else str(self.rate),
            "width": self.width,
            "height": self.height,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Facts:
        """Raises KeyError, TypeError or ValueError for what `to_json` did not write."""
        rate = data["rate"]
        return cls(
            bytes=int(data["bytes"]),
            frames=data["frames"],
            rate=None if rate is None else Fraction(rate),
            width=data["width"],
            height=data["height"],
        )


def look_at_film(path: Path, frames: int, rate: Fraction, size: Size, has_sound: bool) -> Facts:
    """Read a film's packets: the promised frames, each at its time, in the promised size.

    Nothing is decoded. Containers that count in milliseconds may be off by one of them.

    Raises:
        CutError: it is not so.
    """
    try:
        with open_video(path) as (container, stream):
            base = stream.time_base or Fraction(1, 1000)
            sounds = bool(container.streams.audio)
            shape = Size(stream.codec_context.width, stream.codec_context.height)
            times = sorted(p.pts for p in container.demux(stream) if p.pts is not None and p.size)
    except (BrokenMedia, av.FFmpegError) as error:
        why = error.reason if isinstance(error, BrokenMedia) else error.strerror
        raise _not_right([f"what cannot be played ({why})"]) from error
    start = times[0] * base if times else Fraction(0)
    steady = all(
        abs(pts * base - start - k / rate) <= max(base, Fraction(1, 1000))
        for k, pts in enumerate(times)
    )
    _must_be(
        [
            (len(times) == frames, f"{len(times)} frames instead of {frames}"),
            (steady, f"frames that are not {float(rate):g} a second"),
            (shape == size, f"a picture of {shape} instead of {size}"),
            (sounds == has_sound, "no sound" if has_sound else "a sound that the reel has not"),
        ]
    )
    return Facts(
        bytes=path.stat().st_size, frames=frames, rate=rate, width=size.width, height=size.height
    )


def look_at_gif(path: Path, frames: int, size: Size, rate: Fraction) -> Facts:
    """The same for a GIF; equal frames in a row may have become one that stays longer.

    Raises:
        CutError: it lasts another time, or has another size.
    """
    try:
        with Image.open(path, formats=("GIF",)) as picture:
            lasts, shape = Fraction(0), Size(*picture.size)
            for number in range(getattr(picture, "n_frames", 1)):
                picture.seek(number)
                lasts += Fraction(int(picture.info.get("duration", 0)), 1000)
    except (OSError, UnidentifiedImageError, EOFError) as error:
        raise _not_right(["what is no GIF"]) from error
    late = abs(lasts - frames / rate)
    _must_be(
        [
            (
                late <= Fraction(1, 10),
                f"{float(lasts):.2f} s instead of {float(frames / rate):.2f}",
            ),
            (shape == size, f"a picture of {shape} instead of {size}"),
        ]
    )
    return Facts(
        bytes=path.stat().st_size, frames=frames, rate=rate, width=size.width, height=size.height
    )


def _must_be(checks: list[tuple[bool, str]]) -> None:
    wrong = [fault for is_right, fault in checks if not is_right]
    if wrong:
        raise _not_right(wrong)


def _not_right(faults: list[str]) -> CutError:
    return CutError(
        f"FFmpeg wrote {', '.join(faults)}.",
        next="Try another format; `scenegraph doctor` says which FFmpeg is used.",
    )
