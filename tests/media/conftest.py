"""Clips drawn by FFmpeg itself, and ways of damaging them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.media import encode_frames, ffmpeg_exe, run_ffmpeg_sync

WIDTH, HEIGHT, FRAMES = 160, 96, 48


def drawn(count: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> list[np.ndarray]:
    """A textured picture that slides by two pixels a frame."""
    rng = np.random.default_rng(7)
    wide = rng.integers(40, 220, (height // 8, (width + 2 * count) // 8 + 1, 3), dtype=np.uint8)
    wide = wide.repeat(8, axis=0).repeat(8, axis=1)
    return [np.ascontiguousarray(wide[:height, 2 * n : 2 * n + width]) for n in range(count)]


def boxes_at(data: bytes, *kinds: bytes) -> tuple[int, int]:
    """Where a box begins and how long it is, by walking down `kinds`."""
    at, end = 0, len(data)
    for depth, kind in enumerate(kinds):
        while at < end:
            length, found = struct.unpack_from(">I4s", data, at)
            if found == kind:
                break
            at += length
        else:
            raise AssertionError(f"no box {kind!r}")
        if depth + 1 < len(kinds):
            end = at + length
            at += 8 + (8 if kind == b"stsd" else 0)
    return at, length


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 moving frames at 24, H.264, index first."""
    path = tmp_path_factory.mktemp("media") / "good.mp4"
    encode_frames(drawn(), path, rate=Fraction(24))
    return path


@pytest.fixture
def ff(tmp_path: Path) -> Callable[..., Path]:
    """Run FFmpeg with these arguments and give the file it made."""

    def make(name: str, *arguments: object) -> Path:
        out = tmp_path / name
        words = [str(word) for word in arguments]
        run_ffmpeg_sync([ffmpeg_exe(), "-y", *words, str(out)], timeout_s=60)
        return out

    return make
