"""Making clips agree, and the commands that do it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scenegraph.cut import concat_command, fit_picture, reel_format, segment_command
from scenegraph.errors import CutError
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, ffmpeg_exe, probe, run_ffmpeg_sync
from scenegraph.media.clip import Clip
from scenegraph.units import Size, Span

MARA = Clip(path=Path("mara.mp4"), frames=121, rate=Fraction(24), width=1216, height=704)
HD = ReelFormat(size=Size(1280, 720), rate=Fraction(24))
SMALL = ReelFormat(size=Size(192, 108), rate=Fraction(24))


def event(clip: Clip, start: int = 0, stop: int | None = None) -> Event:
    stop = clip.frames if stop is None else stop
    return Event(shot="a", take="film/a/t1", clip=clip, span=Span(start, stop), join="cut")


def test_segment_command(golden):
    """Two frames of handle off the head; 1216x704 becomes 1280x720 by a small crop."""
    command = segment_command(event(MARA, 2), HD, 119, Path("out.mp4"), exe="ffmpeg")
    golden("cut_segment.argv", "\n".join(command))


def test_segment_command_of_a_phone_clip(golden):
    """Upright, 29.97 a second, into a wide reel at 24: bars left and right, frames dropped."""
    phone = replace(MARA, width=720, height=1280, rate=Fraction(30000, 1001), full_range=True)
    command = segment_command(event(phone), HD, 97, Path("out.mp4"), exe="ffmpeg")
    golden("cut_segment_phone.argv", "\n".join(command))


@pytest.mark.parametrize("rate_by", ["blend", "interpolate"])
def test_segment_command_of_a_slow_clip(rate_by, golden):
    """16 frames a second into 24, with new frames between."""
    slow = replace(MARA, rate=Fraction(16))
    to = replace(HD, rate_by=rate_by)
    command = segment_command(event(slow), to, 182, Path("out.mp4"), exe="ffmpeg")
    golden(f"cut_segment_{rate_by}.argv", "\n".join(command))


@pytest.mark.parametrize("rate_by", ["blend", "interpolate"])
def test_a_clip_of_the_reels_rate_is_left_alone_by_any_rate_by(rate_by):
    """Nothing is to be invented, and what is encoded already stays."""
    to = replace(HD, rate_by=rate_by)
    both = [segment_command(event(MARA), way, 121, Path("o.mp4"), exe="f") for way in (HD, to)]
    assert both[0] == both[1]


def test_concat_command(golden):
    """The reel is a copy: no encoder in it, times counted from frame numbers."""
    command = concat_command(Path("list.ffconcat"), HD.rate, Path("reel.mp4"), exe="ffmpeg")
    golden("cut_concat.argv", "\n".join(command))


@pytest.mark.parametrize(
    "width, height, way",
    [
        (1280, 720, "whole"),
        (640, 360, "whole"),
        (1216, 704, "crop"),
        (720, 1280, "pad"),
        (960, 720, "pad"),
        (319, 179, "crop"),
        (2, 2, "pad"),
    ],
)
def test_every_size_lands_in_the_frame(width, height, way):
    """Sides and offsets stay even (4:2:0), and nothing reaches out of the frame."""
    fitted = fit_picture(replace(MARA, width=width, height=height), HD.size)
    assert fitted.way == way
    for side, limit, at in (
        (fitted.scaled.width, 1280, fitted.x),
        (fitted.scaled.height, 720, fitted.y),
    ):
        assert side % 2 == at % 2 == 0
        assert at + min(side, limit) <= max(side, limit)
        assert (side >= limit) if way == "crop" else (side <= limit)


def test_non_square_pixels_are_made_square():
    """A 4:3 pixel of a 960x720 clip is a 1280x720 picture."""
    clip = replace(MARA, width=960, height=720, pixel_aspect=Fraction(4, 3))
    assert fit_picture(clip, HD.size).way == "whole"


def test_the_reel_takes_the_commonest_size_and_the_asked_rate():
    """One odd clip must not decide the size of a film."""
    small = replace(MARA, width=639, height=359)
    assert reel_format([small, MARA, MARA]).size == Size(1216, 704)
    assert reel_format([small], Fraction(30)) == ReelFormat(size=Size(640, 360), rate=Fraction(30))
    with pytest.raises(CutError):
        reel_format([])


# ------------------------------------------------------------------ the real FFmpeg


def picture(t: int, width: int = 192, height: int = 108) -> np.ndarray:
    """A bar that moves right below a grey that counts frames."""
    frame = np.full((height, width, 3), 20 + 7 * (t % 30), np.uint8)
    frame[height // 2 :, (3 * t) % (width - 20) : (3 * t) % (width - 20) + 20] = (200, 60, 40)
    return frame


def drawn(path: Path, frames: int, rate: object = 24, width: int = 192, height: int = 108) -> Clip:
    frames_of = (picture(t, width, height) for t in range(frames))
    return encode_frames(frames_of, path, rate=Fraction(str(rate)))


def conformed(clip: Clip, to: ReelFormat, out: Path, start: int = 0, stop: int = 0) -> Clip:
    one = event(clip, start, stop or clip.frames)
    frames = Timeline(title="t", events=(one,), format=to).event_frames(one)
    run_ffmpeg_sync(segment_command(one, to, frames, out), timeout_s=60)
    made = probe(out)
    assert (made.frames, made.rate, made.size) == (frames, to.rate, to.size)
    return made


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [round(float(f.to_ndarray()[8:40, 8:184].mean())) for f in container.decode(video=0)]


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "rate, to",
    [
        ("24", "24"),
        ("16", "24"),
        ("16", "30"),
        ("30", "24"),
        ("25", "24"),
        ("30000/1001", "24"),
        ("24", "30000/1001"),
        ("1", "60"),
        ("60", "1"),
    ],
)
@pytest.mark.parametrize("span", [(0, 25), (3, 20), (7, 8)])
def test_a_segment_has_exactly_the_promised_frames(rate, to, span, tmp_path):
    """The plan promises a reel length; rounding a rate must not make it a frame more or less."""
    clip = drawn(tmp_path / "in.mp4", 25, rate)
    conformed(clip, replace(SMALL, rate=Fraction(to)), tmp_path / "out.mp4", *span)


@pytest.mark.ffmpeg
def test_the_right_frames_play(tmp_path):
    """in_frame is the first one played, out_frame the last, and none between is lost."""
    clip = drawn(tmp_path / "in.mp4", 30)
    conformed(clip, SMALL, tmp_path / "out.mp4", 5, 21)
    assert np.abs(np.subtract(greys(tmp_path / "out.mp4"), greys(clip.path)[5:21])).max() <= 2


@pytest.mark.ffmpeg
def test_a_slower_clip_is_shown_by_repeating_whole_frames(tmp_path):
    """16 to 24: every second frame twice, nothing blended."""
    clip = drawn(tmp_path / "in.mp4", 16, "16")
    conformed(clip, SMALL, tmp_path / "out.mp4")
    shown, source = greys(tmp_path / "out.mp4"), greys(clip.path)
    which = [int(np.argmin(np.abs(np.subtract(source, grey)))) for grey in shown]
    assert sorted(set(which)) == list(range(16))
    assert max(which.count(frame) for frame in range(16)) == 2


@pytest.mark.ffmpeg
@pytest.mark.parametrize("rate_by", ["blend", "interpolate"])
@pytest.mark.parametrize(
    "rate, to", [("16", "24"), ("16", "30"), ("24", "16"), ("30000/1001", "24")]
)
@pytest.mark.parametrize("span", [(0, 25), (3, 20), (7, 8)])
def test_every_way_to_another_rate_has_the_promised_frames(rate_by, rate, to, span, tmp_path):
    """The reel is as long by each of them, so its sound and its edit list stay right."""
    clip = drawn(tmp_path / "in.mp4", 25, rate)
    conformed(clip, replace(SMALL, rate=Fraction(to), rate_by=rate_by), tmp_path / "o.mp4", *span)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("rate_by", ["blend", "interpolate"])
def test_a_slower_clip_gets_new_frames_between_its_own(rate_by, tmp_path):
    """16 to 24: a grey that rises evenly rises evenly still, first and last frame as they were."""
    clip = drawn(tmp_path / "in.mp4", 16, "16")
    to = replace(SMALL, rate_by=rate_by)
    conformed(clip, to, tmp_path / "out.mp4")
    shown, source = greys(tmp_path / "out.mp4"), greys(clip.path)
    step = (source[15] - source[0]) / 15 * 16 / 24
    wanted = [min(source[0] + step * k, source[15]) for k in range(24)]
    assert np.abs(np.subtract(shown, wanted)).max() <= 2
    assert len(set(shown)) >= 22


@pytest.mark.ffmpeg
@pytest.mark.parametrize("size", [(320, 180), (108, 192), (128, 96), (64, 36), (200, 108)])
def test_every_shape_of_clip_fits(size, tmp_path):
    """Concat refuses parts that differ in size or pixel shape."""
    clip = drawn(tmp_path / "in.mp4", 5, width=size[0], height=size[1])
    made = conformed(clip, SMALL, tmp_path / "out.mp4")
    assert made.pixel_aspect == 1 and made.pixel_format == "yuv420p"


def remade(clip: Clip, out: Path, *options: str) -> Clip:
    run_ffmpeg_sync([ffmpeg_exe(), "-i", str(clip.path), *options, "-y", str(out)], timeout_s=60)
    return probe(out)


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "options",
    [
        ("-vf", "scale=191:107,format=yuv444p", "-c:v", "libx264"),
        ("-vf", "setsar=4/3", "-c:v", "libx264"),
        ("-pix_fmt", "yuv420p10le", "-c:v", "libx264"),
        ("-vf", "setpts='(N+if(gt(N,12),9,0))/24/TB'", "-fps_mode", "vfr", "-c:v", "libx264"),
        ("-c:v", "libvpx", "-b:v", "300k", "-f", "webm"),
        ("-c:v", "libx264", "-bf", "3", "-g", "250"),
    ],
    ids=["odd-444", "wide-pixels", "ten-bit", "variable-rate", "webm", "b-frames"],
)
def test_odd_media_become_plain(options, tmp_path):
    """What comes back from a service, or from a person's disk, is not always 4:2:0 at 24."""
    clip = remade(drawn(tmp_path / "in.mp4", 25), tmp_path / "odd.mp4", *options)
    assert clip.frames == 25
    conformed(clip, SMALL, tmp_path / "out.mp4")


@pytest.mark.ffmpeg
@pytest.mark.parametrize("tag, keeps", [("bt709", True), ("unknown", True), ("smpte170m", False)])
def test_colours_are_kept_or_converted_by_their_tag(tag, keeps, tmp_path):
    """Untagged clips are what players take for BT.709: a needless conversion would tint the reel;
    clips tagged BT.601 need the conversion."""
    tags = f"setparams=colorspace={tag}:color_primaries={tag}:color_trc={tag}"
    clip = remade(
        drawn(tmp_path / "in.mp4", 3),
        tmp_path / "tagged.mp4",
        *("-vf", tags, "-c:v", "libx264", "-qp", "4", "-colorspace", tag),
    )
    conformed(clip, SMALL, tmp_path / "out.mp4")

    def planes(path: Path) -> tuple[float, int]:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            return float(frame.to_ndarray()[108:].std()), int(frame.colorspace)

    (before, _), (after, matrix) = planes(clip.path), planes(tmp_path / "out.mp4")
    assert matrix == 1, "tagged BT.709"
    assert (abs(after / before - 1) < 0.02) is keeps


@pytest.mark.ffmpeg
def test_segments_of_different_clips_share_their_decoder_settings(tmp_path):
    """A copied reel has one set of them for all; a segment with others would break up on screen."""
    inputs = [
        drawn(tmp_path / "a.mp4", 60),
        drawn(tmp_path / "b.mp4", 1, width=320, height=180),
        drawn(tmp_path / "c.mp4", 16, "16", width=108, height=192),
    ]
    heads = set()
    for at, clip in enumerate(inputs):
        made = tmp_path / f"{at}.mp4"
        conformed(clip, SMALL, made)
        with av.open(str(made)) as container:
            stream = container.streams.video[0]
            heads.add((stream.codec_context.extradata, stream.time_base))
    assert len(heads) == 1
