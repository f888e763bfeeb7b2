"""An end or a beginning of a clip as a small clip of its own: what the model is shown of it.

An extend hop is shown its parent's end, a directed shot the beginning of its motion reference.

LTX-Video takes source clips of 8k+1 frames at a constant rate (Lightricks/LTX-Video README), and
re-encodes them once more itself, so ours is visually lossless.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from scenegraph.errors import BrokenMedia
from scenegraph.media.clip import Clip
from scenegraph.media.container import SAFE_INPUT
from scenegraph.media.ffmpeg import ffmpeg_exe, run_ffmpeg
from scenegraph.media.files import replacing
from scenegraph.media.probe import probe
from scenegraph.units import whole_frames

#: Visually lossless for x264; the service's own CRF 29 comes on top.
TAIL_CRF = 10


def tail_length(clip: Clip, wanted: int, rate: Fraction) -> int:
    """The largest 8k+1 that is at most `wanted` and at most what the clip has at `rate`.

    >>> clip = Clip(path=Path("a.mp4"), frames=60, rate=Fraction(24), width=2, height=2)
    >>> tail_length(clip, 65, Fraction(24))
    57

    Raises:
        BrokenMedia: the clip has fewer than 9 frames.
    """
    there = _frames_at(clip, rate)
    if min(there, wanted) < 9:
        raise BrokenMedia(clip.path, f"it has {there} frames at {rate}/s; at least 9 are needed")
    return (min(there, wanted) - 1) // 8 * 8 + 1


#: What a cut would mend, besides what `is_own_tail` looks at itself.
_MENDED = frozenset(
    ("truncated", "decode-errors", "late-start", "sound-longer", "size-mismatch", "size-changes")
)


def is_own_tail(clip: Clip, wanted: int, rate: Fraction) -> bool:
    """Whether the tail would be the clip itself, frame by frame: then nothing need be cut.

    >>> clip = Clip(path=Path("a.mp4"), frames=33, rate=Fraction(24), width=64, height=36)
    >>> [is_own_tail(clip, 65, Fraction(24)), is_own_tail(clip, 25, Fraction(24)),
    ...     is_own_tail(clip, 65, Fraction(30))]
    [True, False, False]
    """
    plain = (
        clip.rotation == 0
        and clip.pixel_aspect == 1
        and not clip.full_range
        and _even_size(clip) == (clip.width, clip.height)
        and not _MENDED.intersection(clip.warnings)
    )
    whole = 9 <= clip.frames <= wanted and clip.frames % 8 == 1
    return plain and whole and not _needs_resampling(clip, rate)


def tail_command(
    clip: Clip,
    frames: int,
    to: Path,
    rate: Fraction,
    *,
    stop: int | None = None,
    exe: str | None = None,
) -> list[str]:
    """The FFmpeg command that cuts the last `frames` frames of `clip` into `to` at `rate`.

    Builds it, starts nothing. A clip of another rate, or of a variable one, is resampled first;
    turned, full-range, odd-sized and non-square pictures come out plain. `stop`: the frame of the
    clip before which they end.
    """
    picture = ffmpeg.input(str(clip.path), threads=1, **SAFE_INPUT).video
    stop = clip.frames if stop is None else stop
    if stop < clip.frames and _needs_resampling(clip, rate):
        picture = picture.trim(end_frame=stop)
    if _needs_resampling(clip, rate):
        # How many frames `fps` will make is known only when it has made them, so: from the end.
        picture = picture.filter("fps", fps=str(rate)).filter("reverse")
        picture = picture.trim(end_frame=frames).filter("reverse")
    else:
        picture = picture.trim(start_frame=stop - frames, end_frame=stop)
    return _written(picture, clip, to, rate, exe)


def lead_command(
    clip: Clip, frames: int, to: Path, rate: Fraction, *, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that cuts the first `frames` frames of `clip` into `to` at `rate`."""
    picture = ffmpeg.input(str(clip.path), threads=1, **SAFE_INPUT).video
    if _needs_resampling(clip, rate):
        picture = picture.filter("fps", fps=str(rate))
    return _written(picture.trim(end_frame=frames), clip, to, rate, exe)


def _written(picture: Any, clip: Clip, to: Path, rate: Fraction, exe: str | None) -> list[str]:
    """Frames numbered from 0 at one rate, plain and visually lossless."""
    picture = picture.setpts(f"N/({rate})/TB")
    width, height = _even_size(clip)
    picture = picture.filter("scale", width, height, out_range="tv", flags="bicubic+accurate_rnd")
    out = picture.filter("setsar", 1).output(
        str(to),
        vcodec="libx264",
        pix_fmt="yuv420p",
        preset="veryfast",
        crf=TAIL_CRF,
        bf=0,
        threads=1,
        r=str(rate),
        an=None,
        sn=None,
        dn=None,
        map_metadata=-1,
        movflags="+faststart",
        fflags="+bitexact",
        **{"flags:v": "+bitexact+cgop"},
    )
    return list(ffmpeg.compile(out, cmd=exe or ffmpeg_exe(), overwrite_output=True))


async def cut_tail(
    clip: Clip,
    frames: int,
    to: Path,
    rate: Fraction,
    *,
    stop: int | None = None,
    timeout_s: float = 300.0,
) -> Clip:
    """Write the last 8k+1 (at most `frames`) frames of `clip` to `to`, and probe them.

    `stop`: the frame of the clip before which they end; by default its own end.

    Same clip, same bytes. `to` appears whole or not at all.

    Raises:
        BrokenMedia: the clip is too short, or did not give the frames it promised.
        FfmpegFailed: FFmpeg could not write it.
    """
    length = tail_length(clip if stop is None else replace(clip, frames=stop), frames, rate)
    with replacing(to) as temp:
        command = tail_command(clip, length, temp, rate, stop=stop)
        await run_ffmpeg(command, timeout_s=timeout_s)
        written = probe(temp)
        if written.frames != length:
            raise BrokenMedia(clip.path, f"its tail has {written.frames} frames, not {length}")
    return Clip.from_json(written.to_json(), to)


async def cut_lead(
    clip: Clip, most: int, to: Path, rate: Fraction, *, timeout_s: float = 300.0
) -> Clip:
    """Write the first 8k+1 (at most `most`) frames of `clip` to `to`, and probe them.

    Same clip, same bytes. `to` appears whole or not at all.

    Raises:
        BrokenMedia: the clip has fewer than 9 frames at `rate`.
        FfmpegFailed: FFmpeg could not write it.
    """
    length = tail_length(clip, most, rate)
    with replacing(to) as temp:
        while True:
            await run_ffmpeg(lead_command(clip, length, temp, rate), timeout_s=timeout_s)
            written = probe(temp)
            if written.frames == length:
                break
            # Of a variable rate, how many frames there are is known only when they are made.
            length = tail_length(written, min(length - 8, written.frames), rate)
    return Clip.from_json(written.to_json(), to)


def _needs_resampling(clip: Clip, rate: Fraction) -> bool:
    return clip.variable_rate or clip.rate != rate


def _frames_at(clip: Clip, rate: Fraction) -> int:
    return (
        whole_frames(clip.frames / clip.rate, rate)
        if _needs_resampling(clip, rate)
        else clip.frames
    )


def _even_size(clip: Clip) -> tuple[int, int]:
    aspect = 1 / clip.pixel_aspect if clip.rotation % 180 else clip.pixel_aspect
    return max(2, round(clip.width * aspect / 2) * 2), max(2, clip.height // 2 * 2)
