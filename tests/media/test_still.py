"""Stills: keyframes as they are, and files that only pretend."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenegraph.errors import BrokenMedia
from scenegraph.media import open_still


def test_a_still_is_rgb_as_drawn(tmp_path: Path) -> None:
    """The control: exact pixels, and colours in the order red, green, blue."""
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert np.array_equal(open_still(tmp_path / "a.png"), picture)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    """Stills come from many tools."""
    name = "a.tif" if mode == "CMYK" else "a.png"
    grey = Image.new("I;16", (8, 6), 0x8000) if mode == "I;16" else Image.new("L", (8, 6), 128)
    (grey if mode == "I;16" else grey.convert("RGB").convert(mode)).save(tmp_path / name)
    rgb = open_still(tmp_path / name)
    assert rgb.shape == (6, 8, 3) and rgb.dtype == np.uint8
    near = {"1": 128, "P": 30}.get(mode, 3)  # a palette has only so many greys
    assert abs(int(rgb[0, 0, 0]) - 128) <= near


def test_a_camera_held_upright_is_turned(tmp_path: Path) -> None:
    """EXIF orientation 6: the file lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert open_still(tmp_path / "a.jpg").shape == (40, 20, 3)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = _chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + data + _chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"not a picture", "not a picture"),
        (_png(60000, 60000), "large"),
        (_png(9000, 9000), "large"),
        (_png(100, 100), "damaged"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "picture"),
    ],
    ids=["empty", "text", "bomb", "over-the-limit", "short-data", "half-a-jpeg"],
)
def test_what_is_no_still_is_refused_in_words(tmp_path: Path, content: bytes, word: str) -> None:
    """74 bytes may unpack to 10 GB; a text file may be named .png."""
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(BrokenMedia) as broken:
        open_still(path)
    assert word in broken.value.reason


def test_a_cut_off_still_is_refused(tmp_path: Path) -> None:
    """Half a face is no keyframe."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(BrokenMedia, match="damaged"):
        open_still(tmp_path / "a.png")


def test_a_missing_still_and_a_folder_are_refused(tmp_path: Path) -> None:
    """The commonest mistakes of a scene file."""
    for path in (tmp_path / "no.png", tmp_path):
        with pytest.raises(BrokenMedia):
            open_still(path)
