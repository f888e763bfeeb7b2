"""Pictures as arrays: numbers, sizes, colours and turns."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.errors import BrokenMedia
from scenegraph.media import encode_frames, grab_jpeg, probe, read_frames, read_rgb
from scenegraph.units import Size

from .conftest import FRAMES, HEIGHT, WIDTH, boxes_at, drawn

pytestmark = pytest.mark.ffmpeg


def numbered(count: int = 24) -> list[np.ndarray]:
    """Frames that tell their number by their grey."""
    return [np.full((HEIGHT, WIDTH, 3), 40 + 8 * n, np.uint8) for n in range(count)]


def test_frames_are_the_ones_asked_for(tmp_path: Path) -> None:
    """Frame 7 is the eighth picture for every reader: cuts hang on it."""
    path = tmp_path / "numbered.mp4"
    encode_frames(numbered(), path, rate=Fraction(24))
    # Frame n has grey 40 + 8n: two levels of coding noise leave no doubt.
    greys = {f.index: (f.y.mean() - 16) * 255 / 219 for f in read_frames(path, start=7, stop=10)}
    assert list(greys) == [7, 8, 9]
    assert all(abs(grey - (40 + 8 * n)) < 2 for n, grey in greys.items())
    last = [rgb.mean() for rgb in read_rgb(path, start=22)]
    assert len(last) == 2 and abs(last[0] - 216) < 2 and abs(last[1] - 224) < 2
    assert list(read_rgb(path, start=3, stop=3)) == [] and list(read_rgb(path, start=99)) == []


def test_frames_with_b_frames_come_in_the_order_of_showing(
    tmp_path: Path, ff: Callable[..., Path]
) -> None:
    """Packets come in another order than pictures."""
    path = tmp_path / "numbered.mp4"
    encode_frames(numbered(), path, rate=Fraction(24))
    shown = [f.y.mean() for f in read_frames(ff("b.mp4", "-i", path, "-bf", 3, "-b_strategy", 0))]
    assert shown == sorted(shown) and len(shown) == 24


def test_planes_are_small_420_with_sides_of_four(good: Path) -> None:
    """Measures divide planes into blocks; 4:2:0 halves must be whole."""
    frame = next(read_frames(good, short=51))
    assert frame.y.shape == (52, 84) and frame.u.shape == frame.v.shape == (26, 42)
    assert frame.y.dtype == np.uint8 and frame.y.flags.c_contiguous
    assert next(read_frames(good, short=9999)).y.shape == (HEIGHT, WIDTH), "never enlarged"


def test_full_range_and_ten_bits_read_the_same(good: Path, ff: Callable[..., Path]) -> None:
    """The same picture in another coding is not a drift of colours."""
    plain = next(read_frames(good))
    lossless = ("-crf", "4")
    wide = ("-vf", "scale=in_range=tv:out_range=full", "-color_range", "pc", *lossless)
    for name, how in [("full.mp4", wide), ("ten.mp4", ("-pix_fmt", "yuv420p10le", *lossless))]:
        other = next(read_frames(ff(name, "-i", good, *how)))
        for mine, theirs in [(plain.y, other.y), (plain.u, other.u), (plain.v, other.v)]:
            assert abs(mine.astype(int) - theirs).mean() < 1.5, name
            assert abs(mine.mean() - theirs.mean()) < 0.5, name


def test_colours_come_back_without_a_bias(tmp_path: Path) -> None:
    """A level lost at each hop would add up to a drift that no model made."""
    pictures = drawn(8)
    path, now = tmp_path / "hop.mp4", pictures
    for _ in range(4):
        encode_frames(now, path, rate=Fraction(24))
        now = list(read_rgb(path))
    off = np.stack(now).astype(int) - np.stack(pictures)
    assert np.abs(off.mean(axis=(0, 1, 2))).max() < 0.5


def test_untagged_colours_are_read_as_601(tmp_path: Path, ff: Callable[..., Path]) -> None:
    """As FFmpeg reads them: red must not turn orange between two readers."""
    red = ff("red.mp4", "-f", "lavfi", "-i", "color=c=red:s=64x64:d=0.5:r=24", "-crf", 1)
    assert np.abs(next(read_rgb(red)).mean(axis=(0, 1)) - (254, 0, 0)).max() < 3


def test_turned_clips_are_read_upright(good: Path, tmp_path: Path) -> None:
    """Width and height as `probe` says them, and the same picture that a player shows."""
    data = bytearray(good.read_bytes())
    at, _ = boxes_at(data, b"moov", b"trak", b"tkhd")
    matrix = (0, 65536, 0, -65536, 0, 0, HEIGHT << 16, 0, 0x40000000)
    struct.pack_into(">9i", data, at + 8 + 40, *matrix)
    path = tmp_path / "turned.mp4"
    path.write_bytes(data)
    lying, upright = next(read_rgb(good)), next(read_rgb(path))
    assert np.array_equal(upright, np.rot90(lying, -1))
    assert next(read_rgb(path, size=Size(48, 80))).shape == (80, 48, 3)
    planes, plain = next(read_frames(path)), next(read_frames(good))
    assert np.array_equal(planes.y, np.rot90(plain.y, -1)) and planes.u.shape == (80, 48)


def test_readers_count_a_damaged_clip_as_probe_does(good: Path, tmp_path: Path) -> None:
    """Otherwise a cut point found by one would lie elsewhere for another."""
    data = good.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: int(len(data) * 0.55)])
    assert sum(1 for _ in read_frames(path, short=48)) == probe(path).frames < FRAMES


def test_a_span_that_runs_backwards_is_a_bug(good: Path) -> None:
    """Silence would look like an empty clip."""
    with pytest.raises(ValueError, match="forward"):
        next(read_frames(good, start=5, stop=4))


def test_a_grabbed_frame_is_a_small_jpeg(good: Path) -> None:
    """Reports show many of them; a frame that is not there is said, not guessed."""
    jpeg = grab_jpeg(good, 3, width=80)
    assert jpeg.startswith(b"\xff\xd8") and len(jpeg) < 20_000
    with pytest.raises(BrokenMedia, match="no frame 48"):
        grab_jpeg(good, FRAMES, width=80)
