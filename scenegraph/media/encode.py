"""RGB frames in, an H.264 clip out: the same frames give the same bytes on the same FFmpeg."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from scenegraph.media.clip import Clip
from scenegraph.media.ffmpeg import feed_ffmpeg, ffmpeg_exe
from scenegraph.media.files import replacing
from scenegraph.units import Size

#: An I-frame every two seconds or so: a reader finds its place without decoding the whole clip.
GOP = 48


def encode_command(
    to: Path,
    size: Size,
    rate: Fraction,
    *,
    crf: int = 16,
    preset: str = "veryfast",
    metadata: Mapping[str, str] | None = None,
    exe: str | None = None,
) -> list[str]:
    """The FFmpeg command that reads raw RGB from stdin. Builds it, starts nothing.

    One thread and `bitexact`: x264's bytes depend on its number of threads, and muxers sign files
    with their version. No B-frames, so the first picture is at 0 and cuts stay simple.
    """
    tags = {
        f"metadata:g:{n}": f"{key}={value}"
        for n, (key, value) in enumerate((metadata or {}).items())
    }
    picture = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="rgb24",
        video_size=(size.width, size.height),
        framerate=str(rate),
        threads=1,
    ).filter(
        "scale",
        out_color_matrix="bt709",
        out_range="tv",
        flags="bilinear+accurate_rnd+bitexact",
    )
    # Encoder options alone no longer tag the stream: FFmpeg 7 and later believe the frames.
    picture = picture.filter(
        "setparams", range="tv", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
    )
    out = picture.output(
        str(to),
        vcodec="libx264",
        pix_fmt="yuv420p",
        preset=preset,
        crf=crf,
        bf=0,
        g=GOP,
        threads=1,
        colorspace="bt709",
        color_primaries="bt709",
        color_trc="bt709",
        color_range="tv",
        fps_mode="passthrough",
        movflags="+faststart+use_metadata_tags" if metadata else "+faststart",
        fflags="+bitexact",
        **{"flags:v": "+bitexact+cgop"},
        **tags,
    )
    return list(ffmpeg.compile(out, cmd=exe or ffmpeg_exe(), overwrite_output=True))


def encode_frames(
    frames: Iterable[NDArray[np.uint8]],
    path: Path | str,
    *,
    rate: Fraction,
    crf: int = 16,
    preset: str = "veryfast",
    metadata: Mapping[str, str] | None = None,
) -> Clip:
    """Write `frames` as an H.264 clip at `path`; it appears there whole or not at all.

    Args:
        frames: RGB uint8 (height, width, 3), all of one size, both sides even. Drawn as they are
            asked for: only one is held at a time.
        rate: frames per second, exact.

    Returns:
        The clip as written (frames counted going in).

    Raises:
        ValueError: no frame, an odd side, or a frame of another size or type.
        FfmpegFailed: FFmpeg could not write it.
    """
    path = Path(path)
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise ValueError("a clip has at least one frame")
    height, width = first.shape[:2]
    if width % 2 or height % 2:
        raise ValueError(f"4:2:0 needs even sides, not {width}x{height}")
    with replacing(path) as temp:
        command = encode_command(
            temp, Size(width, height), rate, crf=crf, preset=preset, metadata=metadata
        )
        count = feed_ffmpeg(command, _raw(chain((first,), rest), (height, width, 3)))
    return Clip(path=path, frames=count, rate=rate, width=width, height=height)


def _raw(frames: Iterable[NDArray[np.uint8]], shape: tuple[int, ...]) -> Iterator[memoryview]:
    for number, frame in enumerate(frames):
        if frame.shape != shape or frame.dtype != np.uint8:
            raise ValueError(
                f"frame {number} is {frame.dtype} {frame.shape}, the first was uint8 {shape}"
            )
        yield np.ascontiguousarray(frame).data
