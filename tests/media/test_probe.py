"""What probing says about good clips, odd ones and files that are none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.errors import BrokenMedia
from scenegraph.media import container as container_room
from scenegraph.media import encode_frames, probe

from .conftest import FRAMES, HEIGHT, WIDTH, boxes_at, drawn

pytestmark = pytest.mark.ffmpeg

Make = Callable[..., Path]


def warned(path: Path) -> tuple[str, ...]:
    return probe(path).warnings


def test_a_good_clip_is_counted_and_has_no_warning(good: Path) -> None:
    """The control: every warning below must be able to stay silent."""
    clip = probe(good)
    assert (clip.frames, clip.rate, clip.width, clip.height) == (FRAMES, 24, WIDTH, HEIGHT)
    assert (clip.warnings, clip.codec, clip.pixel_format) == ((), "h264", "yuv420p")
    assert not clip.has_audio and clip.rotation == 0 and clip.start_s == 0


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("zero.mp4", b"", "empty"),
        ("text.mp4", b"this is not a video\n" * 40, "text"),
        ("page.mp4", b"<!DOCTYPE html><html><body>Request has expired</body></html>", "web page"),
        ("error.mp4", b'{"detail": "Not authenticated"}', "JSON"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:5,\nother.mp4\n", "list of other files"),
        ("script.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "list of other files"),
        (
            "huge.y4m",
            b"YUV4MPEG2 W100000 H100000 F24:1 Ip A1:1 C420\nFRAME\n" + b"\x80" * 99,
            "cont",
        ),
        ("still.mp4", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "still"),
        ("noise.mp4", bytes(range(128, 256)) * 8, "readable"),
    ],
)
def test_what_is_no_clip_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    """A saved error page or a playlist must not pass as a clip, and never ends in a traceback."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BrokenMedia) as broken:
        probe(path)
    assert word in broken.value.reason


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """Both have names like clips."""
    (tmp_path / "folder.mp4").mkdir()
    for name, word in [("folder.mp4", "folder"), ("missing.mp4", "no such file")]:
        with pytest.raises(BrokenMedia, match=word):
            probe(tmp_path / name)


def test_a_playlist_never_reaches_the_clip_that_it_names(good: Path, tmp_path: Path) -> None:
    """With FFmpeg's own defaults this file would play `good` (and could name any host)."""
    script = tmp_path / "innocent.mp4"
    script.write_text(f"ffconcat version 1.0\nfile '{good}'\n")
    with pytest.raises(BrokenMedia):
        probe(script)


def test_sound_without_picture_is_refused(ff: Make) -> None:
    """A known container is not yet a clip."""
    path = ff("sound.mp4", "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac")
    with pytest.raises(BrokenMedia, match="no video stream"):
        probe(path)


def test_a_cut_off_clip_keeps_the_frames_that_decode(good: Path, tmp_path: Path) -> None:
    """The index comes first and promises 48; only what is there counts."""
    data = good.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: int(len(data) * 0.55)])
    clip = probe(path)
    assert "truncated" in clip.warnings and 0 < clip.frames < FRAMES and clip.rate == 24


def test_a_clip_without_its_index_is_refused(good: Path, ff: Make, tmp_path: Path) -> None:
    """The index comes last and is gone: nothing can be decoded."""
    data = ff("tail.mp4", "-i", good, "-c", "copy").read_bytes()
    path = tmp_path / "noindex.mp4"
    path.write_bytes(data[: int(len(data) * 0.8)])
    with pytest.raises(BrokenMedia, match="cut off"):
        probe(path)


def test_damaged_bytes_are_noticed(good: Path, tmp_path: Path) -> None:
    """All 48 frames decode, some with patched-up blocks: the clip is usable but not sound."""
    data = bytearray(good.read_bytes())
    at, length = boxes_at(data, b"mdat")
    for spot in np.random.default_rng(3).integers(at + 400, at + length - 16, 60):
        data[spot] ^= 0x5A
    path = tmp_path / "flips.mp4"
    path.write_bytes(data)
    assert "decode-errors" in warned(path)


@pytest.mark.parametrize(("count", "warning"), [(1, "one-frame"), (2, "two-frames"), (3, None)])
def test_very_short_clips_are_named(tmp_path: Path, count: int, warning: str | None) -> None:
    """One frame has no motion and two no cut point; three are just a short clip."""
    path = tmp_path / "short.mp4"
    encode_frames(drawn(count), path, rate=Fraction(24))
    assert warned(path) == ((warning,) if warning else ())


def test_black_and_frozen_clips_are_named(tmp_path: Path) -> None:
    """A frozen clip is frozen by looking, not by having few bytes."""
    black, frozen = tmp_path / "black.mp4", tmp_path / "frozen.mp4"
    encode_frames([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 24, black, rate=Fraction(24))
    encode_frames(drawn(1) * 24, frozen, rate=Fraction(24))
    assert (warned(black), warned(frozen)) == (("all-black",), ("all-frozen",))


def test_a_blink_in_a_calm_clip_is_not_frozen(tmp_path: Path) -> None:
    """A locked-off close-up in which only a small patch moves is what we ask the models for."""
    still = drawn(1)[0]
    blink = still.copy()
    blink[40:46, 60:72] //= 2
    path = tmp_path / "calm.mp4"
    encode_frames([still] * 12 + [blink] * 3 + [still] * 12, path, rate=Fraction(24))
    assert warned(path) == ()


def test_a_hole_in_time_is_a_variable_rate(good: Path, ff: Make) -> None:
    """Cuts by frame and cuts by time would part company in such a clip."""
    hole = "setpts='(N+if(gt(N,24),12,0))/24/TB'"
    clip = probe(ff("vfr.mp4", "-i", good, "-vf", hole, "-fps_mode", "vfr"))
    assert clip.variable_rate and clip.warnings == ("variable-rate",) and clip.frames == FRAMES


def test_rotation_gives_the_size_as_shown(good: Path, tmp_path: Path) -> None:
    """Phones write upright pictures lying down."""
    data = bytearray(good.read_bytes())
    at, _ = boxes_at(data, b"moov", b"trak", b"tkhd")
    matrix = (0, 65536, 0, -65536, 0, 0, HEIGHT << 16, 0, 0x40000000)
    struct.pack_into(">9i", data, at + 8 + 40, *matrix)
    path = tmp_path / "turned.mp4"
    path.write_bytes(data)
    clip = probe(path)
    assert (clip.rotation, clip.width, clip.height) == (-90, HEIGHT, WIDTH)
    assert clip.warnings == ()


def test_a_container_that_lies_about_its_size_is_named(good: Path, tmp_path: Path) -> None:
    """65535x65535 is believed by players that allocate first."""
    data = bytearray(good.read_bytes())
    path_to = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
    at, _ = boxes_at(data, *path_to)
    struct.pack_into(">HH", data, at + 32, 65535, 65535)
    path = tmp_path / "lie.mp4"
    path.write_bytes(data)
    clip = probe(path)
    assert clip.warnings == ("size-mismatch",) and (clip.width, clip.height) == (WIDTH, HEIGHT)


def test_a_picture_over_the_limit_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit stands before the memory is asked for."""
    monkeypatch.setattr(container_room, "MAX_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(BrokenMedia, match="too large"):
        probe(good)


def test_an_absurd_size_in_the_stream_itself_is_refused_unread(ff: Make) -> None:
    """Here the container and the stream agree; decoding it would take half a gigabyte a frame."""
    path = ff(
        *("wide.avi", "-f", "lavfi", "-i", "color=s=16320x4096:d=0.1:r=24", "-frames:v", 1),
        *("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-threads", 1),
    )
    with pytest.raises(BrokenMedia, match=r"large|readable"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "arguments", "warnings"),
    [
        ("sar.mp4", ["-vf", "setsar=4/3"], ("not-square-pixels",)),
        ("ten.mp4", ["-pix_fmt", "yuv420p10le"], ()),
        ("full.mp4", ["-vf", "scale=out_range=full", "-color_range", "pc"], ()),
        ("webm.mp4", ["-c:v", "libvpx", "-b:v", "300k", "-f", "webm"], ()),
        ("frag.mp4", ["-c", "copy", "-movflags", "frag_keyframe+empty_moov"], ()),
        ("odd.mp4", ["-vf", "format=yuv444p,crop=159:95"], ()),
        ("b.mp4", ["-bf", "3"], ()),
    ],
)
def test_odd_but_sound_clips(
    good: Path, ff: Make, name: str, arguments: list[str], warnings: tuple[str, ...]
) -> None:
    """Ten bits, WebM under another name, fragments, B-frames: all 48 frames, the right rate."""
    clip = probe(ff(name, "-i", good, *arguments))
    assert (clip.frames, clip.rate, clip.warnings) == (FRAMES, 24, warnings)
    assert clip.full_range == (name == "full.mp4")


def test_longer_sound_and_a_late_start_are_named(good: Path, ff: Make) -> None:
    """Either would shift or pad a reel that trusts the container's duration."""
    sound = ("-f", "lavfi", "-i", "sine=duration=4", "-c:v", "copy", "-c:a", "aac")
    longer = probe(ff("sound.mp4", "-i", good, *sound))
    late = probe(ff("late.mp4", "-itsoffset", "1.5", "-i", good, "-c", "copy"))
    assert longer.warnings == ("sound-longer",) and longer.has_audio
    assert late.warnings == ("late-start",) and late.start_s == 1.5
    level = ("-f", "lavfi", "-i", "sine=duration=2", "-c:v", "copy", "-c:a", "aac")
    assert warned(ff("level.mp4", "-i", good, *level)) == ()


@pytest.mark.parametrize("rate", ["25", "30000/1001", "12.5", "60"])
def test_rates_are_exact(tmp_path: Path, rate: str) -> None:
    """A rate that is almost right drifts by a frame in a long reel."""
    path = tmp_path / "rate.mp4"
    encode_frames(drawn(30), path, rate=Fraction(rate))
    assert probe(path).rate == Fraction(rate) and probe(path).warnings == ()


def test_reading_has_a_time_limit(good: Path) -> None:
    """A file made to be slow must not hold a run."""
    with pytest.raises(BrokenMedia, match="longer than"):
        probe(good, limit_s=1e-9)
