"""What is in a clip, found by decoding it: header counts are promises, decoded frames are facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from scenegraph.errors import BrokenMedia
from scenegraph.media.boxes import declared_size
from scenegraph.media.clip import Clip
from scenegraph.media.container import (
    Deadline,
    Tally,
    check_size,
    decode_frames,
    is_full_range,
    open_video,
)
from scenegraph.media.planes import Planes, borrowed_planes, luma_of, thumbnail

#: Blocks of a thumbnail: enough to see that nothing moves, cheap enough for every frame.
THUMB = (64, 36)
#: Luma of a black picture, with room for coding noise (limited range has black at 16).
BLACK = 24
#: Coding noise of a still picture moves a block's mean by 1; a blink moves one by 20 and more.
FROZEN = 2
LATE_S = 0.2
LONGER_SOUND_S = 0.5
#: A container's size may differ from the stream's by a macroblock's padding.
PADDING = 16


def probe(
    path: Path | str, *, limit_s: float = 60.0, see: Callable[[Planes], None] | None = None
) -> Clip:
    """Open `path`, decode all of it once, and say what is there.

    Args:
        see: is shown every picture at full size while it is counted, so that whoever must look at
            all of them anyway needs no second decode. The planes are borrowed: not to be kept.

    Memory does not grow with length; time is about that of decoding, and never above `limit_s`.

    Raises:
        BrokenMedia: it cannot be used as a clip; `reason` says why in one clause.

    Example:
        >>> probe("no-such-clip.mp4")
        Traceback (most recent call last):
        scenegraph.errors.BrokenMedia: no-such-clip.mp4: there is no such file.
    """
    path = Path(path)
    with open_video(path, limit_s=limit_s) as (container, stream):
        look = _Look()
        deadline = Deadline.of(path, limit_s)
        for index, frame in enumerate(decode_frames(container, stream, deadline, look.tally)):
            look.see(path, frame)
            if see is not None:
                see(borrowed_planes(index, frame))
        if look.first is None:
            raise BrokenMedia(path, "none of its pictures can be decoded")
        return _clip(path, container, stream, look)


@dataclass
class _Look:
    """What one walk over the pictures saw."""

    tally: Tally = field(default_factory=Tally)
    frames: int = 0
    times: list[int] = field(default_factory=list)
    first: VideoFrame | None = None
    sizes: set[tuple[int, int]] = field(default_factory=set)
    thumb: NDArray[np.uint8] | None = None
    moved: int = 0
    brightest: int = 0

    def see(self, path: Path, frame: VideoFrame) -> None:
        check_size(path, frame.width, frame.height)
        self.frames += 1
        self.sizes.add((frame.width, frame.height))
        if frame.pts is not None:
            self.times.append(frame.pts)
        if self.first is None:
            self.first = frame
        if self.moved > FROZEN and self.brightest > BLACK:
            return  # neither black nor frozen: no further picture can change that
        thumb = thumbnail(luma_of(frame), THUMB)
        self.brightest = max(self.brightest, int(thumb.max()))
        if self.thumb is None:
            self.thumb = thumb
        elif self.moved <= FROZEN:
            self.moved = max(self.moved, int(cv2.absdiff(thumb, self.thumb).max()))


def _clip(path: Path, container: InputContainer, stream: VideoStream, look: _Look) -> Clip:
    frame = look.first
    assert frame is not None
    base = stream.time_base or Fraction(1, 1000)
    steady = _is_steady(look.times)
    rate = _rate(stream, look.times, base, steady)
    start_s = float(look.times[0] * base) if look.times else 0.0
    turned = frame.rotation % 180 != 0
    declared = declared_size(path)
    lies = declared is not None and (
        max(abs(declared.width - frame.width), abs(declared.height - frame.height)) > PADDING
    )
    # A container that lies about its size lies about the shape of its pixels, too.
    shaper = stream.codec_context if lies else stream
    aspect = shaper.sample_aspect_ratio or Fraction(1)
    black = look.brightest <= BLACK
    sound_s = _sound_s(container)
    checks = {
        "truncated": look.tally.cut_off or 0 < look.tally.packets < stream.frames,
        "decode-errors": _lost_pictures(stream, look),
        "one-frame": look.frames == 1,
        "two-frames": look.frames == 2,
        "variable-rate": not steady,
        "late-start": start_s > LATE_S,
        "sound-longer": sound_s > start_s + look.frames / rate + LONGER_SOUND_S,
        "not-square-pixels": aspect != 1,
        "size-mismatch": lies,
        "size-changes": len(look.sizes) > 1,
        "all-black": black,
        "all-frozen": look.frames > 2 and look.moved <= FROZEN and not black,
    }
    return Clip(
        path=path,
        frames=look.frames,
        rate=rate,
        width=frame.height if turned else frame.width,
        height=frame.width if turned else frame.height,
        codec=stream.codec_context.name,
        pixel_format=frame.format.name,
        rotation=frame.rotation,
        pixel_aspect=aspect,
        full_range=is_full_range(frame),
        has_audio=bool(container.streams.audio),
        variable_rate=not steady,
        start_s=round(start_s, 6),
        warnings=tuple(name for name, seen in checks.items() if seen),
    )


def _lost_pictures(stream: VideoStream, look: _Look) -> bool:
    """True when packets came but their pictures did not, or came damaged."""
    tally = look.tally
    promised = min(stream.frames or 0, tally.packets) - tally.discarded
    damaged = tally.corrupt > 0 or (tally.errors > 0 and not tally.cut_off)
    return damaged or look.frames < promised


def _is_steady(times: list[int]) -> bool:
    """True when every picture stays as long as the others, up to the time base's rounding."""
    if len(times) < 3:
        return True
    steps = np.diff(np.sort(np.asarray(times, dtype=np.float64)))
    usual = float(np.median(steps))
    return bool(np.abs(steps - usual).max() <= max(1.5, 0.02 * usual))


def _rate(stream: VideoStream, times: list[int], base: Fraction, steady: bool) -> Fraction:
    """The declared rate if the pictures' own times bear it out, else what the times say."""
    said = [r for r in (stream.average_rate, stream.guessed_rate) if r and r > 0]
    if len(times) < 2 or max(times) == min(times):
        return said[0] if said else Fraction(24)
    seen = Fraction(len(times) - 1) / ((max(times) - min(times)) * base)
    if steady:
        # Millisecond time stamps (WebM) blur a short clip's rate by up to a stamp at each end.
        blur = Fraction(1, 200) + 2 * base / ((max(times) - min(times)) * base)
        for rate in said:
            if abs(rate / seen - 1) <= blur:
                return rate
    return seen.limit_denominator(1001)


def _sound_s(container: InputContainer) -> float:
    """When the longest sound ends, in seconds; 0 without sound."""
    ends = [0.0]
    for stream in container.streams.audio:
        if stream.duration is not None and stream.time_base is not None:
            ends.append(float(((stream.start_time or 0) + stream.duration) * stream.time_base))
        elif container.duration is not None:
            ends.append(container.duration / av.time_base)
    return max(ends)
