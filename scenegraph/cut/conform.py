"""Make clips agree in size, rate, pixels and time base before they meet: one segment each.

A segment is one event, encoded so that segments can be laid end to end without touching a picture:
it begins with an IDR frame, no frame leans on another segment (closed GOPs of a fixed length, no
B-frames), and every segment of a format has the same time base and the same decoder settings.

What is done to a clip, in this order: its frames are counted off, each gets the same time (a
variable rate becomes constant), the rate is changed (`rate_filter`), the picture is turned upright,
its pixels made square, scaled, and padded or cropped; colours become BT.709 limited range.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from scenegraph.cut.pieces import Part, Piece
from scenegraph.errors import CutError
from scenegraph.ledger.grade import Grade
from scenegraph.ledger.timeline import Event, RateBy, ReelFormat
from scenegraph.media.clip import Clip
from scenegraph.media.container import SAFE_INPUT
from scenegraph.media.ffmpeg import ffmpeg_exe
from scenegraph.units import Size

#: How a picture of another shape is fitted: bars, a crop, or (auto) a crop where it costs little.
Fit = Literal["auto", "pad", "crop"]

#: `auto` crops up to this share of the picture: 1216x704 into 1280x720 loses 2.9 %, no bars.
CROP_AT_MOST = 0.05
#: Encoder threads are part of the result (x264 cuts its work by them), so they are fixed.
THREADS = 4
#: A random access point every two seconds, as players and browsers like it.
GOP_S = 2
#: The longer side of a preview.
PREVIEW_SIDE = 480
#: Ticks per second of a segment are at least this many.
LEAST_TIMESCALE = 10_000


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a picture lands in the reel's: scaled to `scaled`, then padded or cropped at `x`, `y`."""

    scaled: Size
    x: int
    y: int
    way: Literal["whole", "pad", "crop"]


def square_size(clip: Clip) -> tuple[Fraction, Fraction]:
    """Width and height of the clip as shown, in square pixels."""
    aspect = 1 / clip.pixel_aspect if clip.rotation % 180 else clip.pixel_aspect
    return clip.width * aspect, Fraction(clip.height)


def fit_picture(clip: Clip, into: Size, fit: Fit = "auto") -> Fitted:
    """Where the clip's picture goes in a frame of size `into` (even sides).

    >>> wide = Clip(path=Path("a.mp4"), frames=9, rate=Fraction(24), width=1216, height=704)
    >>> fit_picture(wide, Size(1280, 720))
    Fitted(scaled=Size(width=1280, height=742), x=0, y=10, way='crop')
    >>> fit_picture(wide, Size(1280, 720), "pad")
    Fitted(scaled=Size(width=1244, height=720), x=18, y=0, way='pad')
    """
    width, height = square_size(clip)
    x, y = into.width / width, into.height / height
    lost = 1 - min(x, y) / max(x, y)
    way = fit if fit != "auto" else "crop" if lost <= CROP_AT_MOST else "pad"
    scale = max(x, y) if way == "crop" else min(x, y)

    def even(side: Fraction, limit: int) -> int:
        near = max(2, round(side * scale / 2) * 2)
        return max(near, limit) if way == "crop" else min(near, limit)

    scaled = Size(even(width, into.width), even(height, into.height))
    if scaled == into:
        return Fitted(scaled, 0, 0, "whole")
    # Even offsets keep chroma and luma together in 4:2:0.
    left, top = (
        abs(a - b) // 4 * 2 for a, b in ((scaled.width, into.width), (scaled.height, into.height))
    )
    return Fitted(scaled, left, top, "crop" if way == "crop" else "pad")


def timescale(rate: Fraction) -> int:
    """Ticks per second in which one frame is a whole number of ticks.

    >>> timescale(Fraction(24)), timescale(Fraction(30000, 1001))
    (12288, 30000)
    """
    ticks = rate.numerator
    while ticks < LEAST_TIMESCALE:
        ticks *= 2
    return ticks


def reel_format(
    clips: Sequence[Clip], rate: Fraction | None = None, rate_by: RateBy = "duplicate"
) -> ReelFormat:
    """The format of a reel of these clips: the commonest size (the first of equals), made even,
    and `rate` or the first clip's; clips of another rate are brought to it by `rate_by`.

    Raises:
        CutError: there is no clip.
    """
    if not clips:
        raise CutError("There is no clip to make a reel of.", next="Shoot at least one shot first.")
    shown = [Size(*(max(2, round(side / 2) * 2) for side in square_size(clip))) for clip in clips]
    size, _ = Counter(shown).most_common(1)[0]
    return ReelFormat(size=size, rate=rate or clips[0].rate, rate_by=rate_by)


def preview_format(format: ReelFormat) -> ReelFormat:
    """The format of a quick look: at most 480 pixels long, coarse, other rates by duplication."""
    scale = min(Fraction(1), Fraction(PREVIEW_SIDE, max(format.size.width, format.size.height)))
    size = Size(*(max(2, round(side * scale / 2) * 2) for side in
                  (format.size.width, format.size.height)))  # fmt: skip
    return replace(format, size=size, crf=28, preset="ultrafast", rate_by="duplicate", quick=True)


def rate_filter(picture: Any, clip: Clip, format: ReelFormat) -> Any:
    """A clip's pictures, one a frame of its own rate, at the rate of the reel.

    `duplicate` repeats or drops whole frames (16 to 24 shows every second one twice). `blend` mixes
    the two frames between which a moment lies, by their distance. `interpolate` draws the moment
    along the motion of blocks (FFmpeg's `minterpolate`), for many times the price. Both leave a
    clip that has the reel's rate alone, and take a jump within a clip for motion.
    """
    rate = str(format.rate)
    if clip.rate == format.rate or format.rate_by == "duplicate":
        return picture.filter("fps", fps=rate, start_time=0)
    if format.rate_by == "blend":
        made = picture.filter("framerate", fps=rate, interp_start=0, interp_end=255, scene=100)
    else:
        made = picture.filter("minterpolate", fps=rate, mi_mode="mci", mc_mode="aobmc", scd="none")
    return made.filter("settb", str(1 / format.rate))  # as `fps` leaves it: a tick a frame


def segment_command(
    event: Event,
    format: ReelFormat,
    frames: int,
    out: Path,
    *,
    fit: Fit = "auto",
    exe: str | None = None,
) -> list[str]:
    """The FFmpeg command that encodes one event into one segment. Builds it, starts nothing.

    Args:
        frames: exactly this many come out (`Timeline.event_frames`); the last one is held when
            rounding a rate leaves one too few.
        exe: the FFmpeg to call; the settings' own by default.
    """
    part = Part(event, frames, 0, frames)
    return _encoded(picture_of(part, format, fit), format, frames, out, exe)


def piece_command(
    piece: Piece, format: ReelFormat, out: Path, *, fit: Fit = "auto", exe: str | None = None
) -> list[str]:
    """The FFmpeg command that encodes one piece into one segment. Starts nothing."""
    picture = picture_of(piece.part, format, fit)
    if piece.after is not None:
        later = picture_of(piece.after, format, fit)
        if piece.kind == "dissolve":
            # By time: FFmpeg's versions do not agree whether its N begins at 0 or at 1.
            share = f"(T*{format.rate}+1)/{piece.frames + 1}"
            picture = ffmpeg.filter([picture, later], "blend", all_expr=f"A+(B-A)*{share}")
        else:
            down, up = piece.part.frames, piece.after.frames
            if down:
                picture = picture.filter("fade", t="out", s=0, n=down)
            if up:
                later = later.filter("fade", t="in", s=0, n=up)
            both = [one for one, frames in ((picture, down), (later, up)) if frames]
            picture = ffmpeg.concat(*both) if len(both) > 1 else both[0]
        picture = picture.filter("format", format.pixel_format)
    return _encoded(picture, format, piece.frames, out, exe)


def picture_of(part: Part, format: ReelFormat, fit: Fit) -> Any:
    """The filters from a clip to these frames of an event, as the reel shows them."""
    event = part.event
    stretch = format.rate / event.clip.rate
    # Whole periods of the two rates are taken on at the head, so that every frame stays in step.
    periods = -(min(0, part.first) // stretch.numerator)
    start = event.span.start - periods * stretch.denominator
    stop = event.span.stop
    if part.last > part.of:
        stop = min(event.clip.frames, stop + math.ceil((part.last - part.of) / stretch) + 1)
    skip = part.first + periods * stretch.numerator
    shown = {"start_frame": skip} if skip else {}
    shown["end_frame"] = skip + part.frames
    clip, ticks = event.clip, timescale(event.clip.rate)
    fitted = fit_picture(clip, format.size, fit)
    source = ffmpeg.input(
        str(clip.path),
        threads=2,
        **({"skip_loop_filter": "all"} if format.quick else {}),
        colorspace="bt709",  # what an untagged file is taken for; a tag in the stream wins
        **SAFE_INPUT,
    ).video
    counted = (
        source.filter("trim", start_frame=start, end_frame=stop)
        .filter("settb", f"1/{ticks}")
        .filter("setpts", f"N*{ticks // clip.rate.numerator * clip.rate.denominator}")
        .filter("tpad", stop=-1, stop_mode="clone")  # a rate may round the last frame away
    )
    picture = (
        rate_filter(counted, clip, format)
        .filter("trim", **shown)
        .filter(
            "scale",
            fitted.scaled.width,
            fitted.scaled.height,
            flags="fast_bilinear" if format.quick else "bicubic+accurate_rnd",
            in_range="full" if clip.full_range else "auto",
            out_range="tv",
            out_color_matrix="bt709",
        )
    )
    if fitted.way == "crop":
        picture = picture.filter("crop", *_box(format.size, fitted), exact=1)
    elif fitted.way == "pad":
        picture = picture.filter("pad", *_box(format.size, fitted), color="black")
    picture = picture.filter("format", format.pixel_format)
    if event.grade is not None:
        at = None if part.is_whole else part.first
        picture = picture.filter("eq", **eq_values(event.grade, part.of, at), eval="frame")
    if skip:
        picture = picture.filter("setpts", "N")
    return picture.filter("setsar", 1).filter(  # concat refuses parts whose pixels differ in shape
        "setparams",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
        range="tv",
    )


def _encoded(
    picture: Any, format: ReelFormat, frames: int, out: Path, exe: str | None
) -> list[str]:
    made = picture.output(
        str(out),
        vcodec=format.codec,
        **_encoder(format),
        pix_fmt=format.pixel_format,
        threads=THREADS,
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
        color_range="tv",
        video_track_timescale=timescale(format.rate),
        map_metadata=-1,
        an=None,
        sn=None,
        dn=None,
        fflags="+bitexact",
        **{"frames:v": frames, "flags:v": "+bitexact+cgop"},
    )
    return list(ffmpeg.compile(made, cmd=exe or ffmpeg_exe(), overwrite_output=True))


def _encoder(format: ReelFormat) -> dict[str, Any]:
    if format.codec == "libx264":
        gop = max(1, round(GOP_S * format.rate))
        quality = {"preset": format.preset, "crf": format.crf}
        return {**quality, "g": gop, "keyint_min": gop, "sc_threshold": 0, "bf": 0}
    options = {"profile:v": format.profile}
    # Editors look for Apple's own mark.
    return {**options, "vendor": "apl0"} if format.codec == "prores_ks" else options


#: Black of limited range, as a share of white's code: where a gain of light begins.
BLACK = 16 / 255


def eq_values(grade: Grade, frames: int, at: int | None = None) -> dict[str, str]:
    """A grade as expressions of FFmpeg's `eq`, which says y' = contrast (y - ½) + ½ + brightness.

    Contrast turns about the picture's mean and light is a gain above black, so the line is
    y' = black + g (mean + k (y - mean) - black). `at`: the frame of the run that is shown first.
    """
    n = "n" if at is None else f"clip(n+({at}),0,{frames - 1})"

    def run(start: float, end: float) -> str:
        return f"({start:.5f}+{(end - start) / max(1, frames - 1):.8f}*{n})"

    gain = f"exp{run(grade.start.brightness, grade.end.brightness)}"
    turn = f"exp{run(grade.start.contrast, grade.end.contrast)}"
    mean = f"{grade.mean:.5f}"
    slope = f"{gain}*{turn}"
    lift = f"{BLACK:.5f}+{gain}*({mean}-{mean}*{turn}-{BLACK:.5f})+0.5*{slope}-0.5"
    return {
        "contrast": slope,
        "brightness": lift,
        "saturation": f"exp{run(grade.start.saturation, grade.end.saturation)}",
    }


def _box(size: Size, fitted: Fitted) -> tuple[int, int, int, int]:
    return size.width, size.height, fitted.x, fitted.y


def concat_command(
    listing: Path, rate: Fraction, out: Path, *, sound: Path | None = None, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that lays segments end to end without encoding. Starts nothing.

    Times are counted anew from the frame numbers: adding up durations, as the concat demuxer does,
    is off by a tick now and then, because it counts in microseconds.
    """
    ticks = timescale(rate)
    each = ticks // rate.numerator * rate.denominator
    # No decoder but one that no segment needs: else FFmpeg decodes the head of every segment to
    # learn what it knows already, which takes five times as long as the copying.
    source = ffmpeg.input(
        str(listing),
        format="concat",
        safe=1,
        protocol_whitelist="file",
        format_whitelist="concat,mov",
        codec_whitelist="rawvideo",
    )
    streams, maps = [source], {"map": "0:v:0"}
    if sound is not None:
        streams = [source.video, ffmpeg.input(str(sound), **SAFE_INPUT).audio]
        maps = {}
    made = ffmpeg.output(
        *streams,
        str(out),
        c="copy",
        **maps,
        map_metadata=-1,
        video_track_timescale=ticks,
        movflags="+faststart",
        fflags="+bitexact",
        **{"bsf:v": f"setts=ts=N*{each}:duration={each}:time_base=1/{ticks}"},
    )
    return list(ffmpeg.compile(made, cmd=exe or ffmpeg_exe(), overwrite_output=True))


def ffmpeg_name(exe: str) -> str:
    """A name for this FFmpeg that changes with its version, without starting it: another encoder
    makes other bytes, and segments of two encoders do not belong in one reel.
    """
    path = Path(exe)
    try:
        return f"{path.resolve().name}/{path.stat().st_size}"
    except OSError:
        return path.name
