"""Copies of a finished reel: other codecs, a small one, a vertical one, a GIF, one with chapters.

Each command keeps the reel's frames and times, but for the GIF, which has a rate and a length of
its own. Builders of commands; nothing here starts one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from scenegraph.cut.conform import timescale
from scenegraph.ledger.timeline import Timeline
from scenegraph.media.container import SAFE_INPUT
from scenegraph.media.ffmpeg import ffmpeg_exe
from scenegraph.scene.deliver import Deliverable
from scenegraph.units import Size

#: Encoder, the options that a person does not choose, and the usual crf.
ENCODERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "h264": ("libx264", {"preset": "fast"}, 20),
    "vertical": ("libx264", {"preset": "fast"}, 18),
    "burn-in": ("libx264", {"preset": "veryfast"}, 23),
    # `hvc1` is what Apple's players know HEVC by.
    "hevc": ("libx265", {"preset": "fast", "tag:v": "hvc1", "x265-params": "log-level=error"}, 22),
    "webm": ("libvpx-vp9", {"b:v": 0, "row-mt": 1, "deadline": "good", "cpu-used": 4}, 32),
    "av1": ("libsvtav1", {"preset": 8}, 34),
}
GIF_WIDTH, GIF_SECONDS, GIF_RATE = 480, 6.0, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A finished reel that others are made from: its file, its edit list, whether it sounds."""

    path: Path
    sha256: str
    timeline: Timeline
    has_sound: bool

    @property
    def size(self) -> Size:
        return self.timeline.format.size

    @property
    def rate(self) -> Fraction:
        return self.timeline.format.rate


def scaled(size: Size, width: int | None) -> Size:
    """The size at another width, its height even.

    >>> scaled(Size(1280, 720), 482), scaled(Size(1280, 720), None)
    (Size(width=482, height=272), Size(width=1280, height=720))
    """
    if width is None:
        return size
    return Size(width, max(2, round(size.height * width / size.width / 2) * 2))


def vertical_size(size: Size) -> Size:
    """The largest 9:16 that a picture holds, sides even.

    >>> str(vertical_size(Size(1280, 720))), str(vertical_size(Size(720, 1280)))
    ('404x720', '720x1280')
    """
    width = min(size.width, int(size.height * Fraction(9, 16)) // 2 * 2)
    height = min(size.height, int(size.width * Fraction(16, 9)) // 2 * 2)
    return Size(max(2, width), max(2, height))


def size_of(film: Film, one: Deliverable) -> Size:
    """The size of the pictures that a copy has."""
    if one.format == "vertical":
        exact = Size(9, 16)  # the crop is a pixel off it, for its sides are even
        return scaled(exact, one.width) if one.width else vertical_size(film.size)
    if one.format == "gif":
        return scaled(film.size, one.width or min(GIF_WIDTH, film.size.width))
    return scaled(film.size, one.width)


def copy_command(
    film: Film, one: Deliverable, out: Path, *, overlay: Any = None, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that encodes the reel anew in another format.

    Args:
        overlay: a stream of pictures that is laid over the lower edge.
    """
    source = ffmpeg.input(str(film.path), threads=2, **SAFE_INPUT)
    ticks = timescale(film.rate)
    # Counted anew: a reel in a container of milliseconds (.mkv) has blurred times.
    picture = source.video.filter("settb", f"1/{ticks}").filter("setpts", f"N*{each_tick(film)}")
    if one.format == "vertical":
        box = vertical_size(film.size)
        top = (film.size.height - box.height) // 4 * 2
        across = crop_expression(film, one, box.width)
        picture = picture.filter("crop", box.width, box.height, across, top, exact=1)
    size = size_of(film, one)
    if one.width is not None:
        picture = picture.filter(
            "scale", size.width, size.height, flags="bicubic+accurate_rnd", in_range="tv",
            out_range="tv", in_color_matrix="bt709", out_color_matrix="bt709",
        )  # fmt: skip
    if overlay is not None:
        picture = picture.overlay(overlay, x=0, y="H-h")
    picture = picture.filter("setsar", 1).filter(
        "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv"
    )
    streams = [picture, *([source.audio] if film.has_sound else [])]
    return list(
        ffmpeg.compile(
            ffmpeg.output(*streams, str(out), **_options(film, one)),
            cmd=exe or ffmpeg_exe(),
            overwrite_output=True,
        )
    )


def _options(film: Film, one: Deliverable) -> dict[str, Any]:
    codec, options, usual = ENCODERS[one.format]
    webm = one.format == "webm"
    sound = {"c:a": "libopus", "b:a": "128k"} if webm else {"c:a": "copy"}
    shape = {} if webm else {"video_track_timescale": timescale(film.rate)}
    return {
        "c:v": codec,
        **options,
        "crf": usual if one.crf is None else one.crf,
        "pix_fmt": "yuv420p",
        "g": max(1, round(2 * film.rate)),
        "fps_mode": "passthrough",
        "frames:v": film.timeline.frames,
        **(sound if film.has_sound else {}),
        **shape,
        **({} if webm else {"movflags": "+faststart"}),
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "colorspace": "bt709",
        "color_range": "tv",
        "map_metadata": -1,
        "fflags": "+bitexact",
        "flags:v": "+bitexact",
    }


def each_tick(film: Film) -> int:
    """Ticks of `timescale` that a frame of the reel lasts."""
    return timescale(film.rate) // film.rate.numerator * film.rate.denominator


def crop_expression(film: Film, one: Deliverable, width: int) -> str:
    """Where a vertical crop of this width stands, as an expression of time: it jumps with the cuts.

    Its middle is the focus, as far as the picture reaches.
    """
    room = film.size.width - width
    frame, at, terms = 0, None, []
    for event in film.timeline.events:
        middle = film.size.width * one.focus_of(event.shot)
        left = min(max(0, round((middle - width / 2) / 2) * 2), room // 2 * 2)
        if at is None:
            terms.append(f"{left}")
        elif left != at:
            # Half a frame early: no rounding of a time can make it a frame late.
            moment = float((frame - Fraction(1, 2)) / film.rate)
            terms.append(f"{left - at}*gte(t,{moment:.6f})")
        at = left
        frame += film.timeline.event_frames(event)
    return "+".join(terms).replace("+-", "-")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Frames of the reel that a GIF shows, from `first` on, and how many it makes of them."""

    first: int
    frames: int
    shown: int
    rate: int


def excerpt(film: Film, one: Deliverable, first: int) -> Excerpt:
    """What a GIF shows of the reel. It ends where the reel does."""
    rate = one.frame_rate or GIF_RATE
    wanted = round(Fraction(str(one.seconds or GIF_SECONDS)) * film.rate)
    first = min(first, film.timeline.frames - 1)
    frames = max(1, min(wanted, film.timeline.frames - first))
    return Excerpt(first, frames, max(1, round(frames / film.rate * rate)), rate)


def palette_command(
    film: Film, one: Deliverable, part: Excerpt, out: Path, *, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that finds a GIF's 256 colours, as a PNG."""
    made = _excerpt(film, one, part).filter("palettegen", stats_mode="diff")
    return _compiled(made.output(str(out), **{"frames:v": 1, "update": 1}), exe)


def gif_command(
    film: Film, one: Deliverable, part: Excerpt, palette: Path, out: Path, *, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that draws a GIF with its palette."""
    colours = ffmpeg.input(str(palette), format_whitelist="png_pipe,image2", f="png_pipe")
    made = ffmpeg.filter(
        [_excerpt(film, one, part), colours],
        "paletteuse",
        dither="bayer",
        bayer_scale=4,
        diff_mode="rectangle",
    )
    return _compiled(made.output(str(out), loop=0, **{"frames:v": part.shown}), exe)


def _excerpt(film: Film, one: Deliverable, part: Excerpt) -> Any:
    size = size_of(film, one)
    start = max(Fraction(0), (part.first - Fraction(1, 2)) / film.rate)
    source = ffmpeg.input(str(film.path), ss=f"{float(start):.6f}", threads=2, **SAFE_INPUT)
    ticks = timescale(film.rate)
    return (
        source.video.filter("trim", end_frame=part.frames)
        .filter("settb", f"1/{ticks}")
        .filter("setpts", f"N*{each_tick(film)}")
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("fps", fps=part.rate, start_time=0)
        .filter("trim", end_frame=part.shown)
        .filter("scale", size.width, size.height, flags="lanczos+accurate_rnd",
                in_range="tv", in_color_matrix="bt709")
    )  # fmt: skip


def chapters_command(film: Film, chapters: Path, out: Path, *, exe: str | None = None) -> list[str]:
    """The FFmpeg command that copies the reel and gives it chapters from an FFmetadata file."""
    reel = ffmpeg.input(str(film.path), **SAFE_INPUT)
    streams = [reel.video, *([reel.audio] if film.has_sound else [])]
    made = ffmpeg.output(
        *streams,
        str(out),
        c="copy",
        map_metadata=1,
        map_chapters=1,
        movflags="+faststart",
        video_track_timescale=timescale(film.rate),
        fflags="+bitexact",
    )
    words = _compiled(made, exe)
    # An input that gives no stream is none to ffmpeg-python.
    at = words.index("-map")
    return [*words[:at], "-protocol_whitelist", "file", "-f", "ffmetadata", "-i", str(chapters),
            *words[at:]]  # fmt: skip


def _compiled(made: Any, exe: str | None) -> list[str]:
    words: Sequence[str] = ffmpeg.compile(made, cmd=exe or ffmpeg_exe(), overwrite_output=True)
    return list(words)
