"""Writing clips and tails: exact, repeatable, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scenegraph.errors import BrokenMedia, FfmpegFailed
from scenegraph.media import (
    Clip,
    cut_tail,
    encode_command,
    encode_frames,
    probe,
    read_frames,
    tail_command,
    tail_length,
)
from scenegraph.units import Size

from .conftest import FRAMES, HEIGHT, WIDTH, drawn

MARA = Clip(path=Path("mara.mp4"), frames=121, rate=Fraction(24), width=1280, height=720)


def test_encode_command(golden: Callable[[str, str], None]) -> None:
    """One thread, bitexact, tagged BT.709, no B-frames, index first."""
    command = encode_command(
        Path("take.mp4"), Size(1280, 720), Fraction(24), metadata={"comment": "x"}, exe="ffmpeg"
    )
    golden("media_encode.argv", "\n".join(command))


def test_tail_command(golden: Callable[[str, str], None]) -> None:
    """The last 65 of 121 frames, by number."""
    command = tail_command(MARA, 65, Path("tail.mp4"), Fraction(24), exe="ffmpeg")
    golden("media_tail.argv", "\n".join(command))


def test_tail_command_of_another_rate(golden: Callable[[str, str], None]) -> None:
    """Resampled to the scene's rate before it is cut, from its end."""
    clip = Clip(path=Path("a.mp4"), frames=90, rate=Fraction(30), width=320, height=180)
    command = tail_command(clip, 65, Path("tail.mp4"), Fraction(24), exe="ffmpeg")
    golden("media_tail_resampled.argv", "\n".join(command))


@pytest.mark.ffmpeg
def test_what_is_written_is_what_is_said(tmp_path: Path) -> None:
    """The returned clip needs no second look: probing says the same."""
    path = tmp_path / "take.mp4"
    clip = encode_frames(drawn(17), path, rate=Fraction(30000, 1001), metadata={"comment": "rain"})
    assert clip == probe(path) and clip.frames == 17
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert container.metadata["comment"] == "rain"
        frame = next(container.decode(stream))
        assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)) == (
            1,
            1,
            1,
        )
        assert stream.codec_context.has_b_frames is False or stream.codec_context.has_b_frames == 0
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "faststart"


@pytest.mark.ffmpeg
def test_same_frames_same_bytes(tmp_path: Path) -> None:
    """A preview's key promises it; other frames or settings are other bytes."""
    hashes = []
    for number, (count, crf) in enumerate([(12, 16), (12, 16), (13, 16), (12, 17)]):
        path = tmp_path / f"{number}.mp4"
        encode_frames(drawn(count), path, rate=Fraction(24), crf=crf)
        hashes.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert hashes[0] == hashes[1] and len(set(hashes)) == 3


@pytest.mark.ffmpeg
def test_a_drawing_that_fails_leaves_the_old_clip(tmp_path: Path) -> None:
    """No half file under the real name, no temporary one beside it, no FFmpeg behind."""
    path = tmp_path / "take.mp4"
    encode_frames(drawn(9), path, rate=Fraction(24))
    before = path.read_bytes()

    def broken() -> Iterator[np.ndarray]:
        yield from drawn(5)
        raise RuntimeError("the pen broke")

    with pytest.raises(RuntimeError, match="pen"):
        encode_frames(broken(), path, rate=Fraction(24))
    with pytest.raises(FfmpegFailed):
        encode_frames(drawn(3), path, rate=Fraction(24), preset="no-such-preset")
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "frames",
    [
        [],
        [np.zeros((9, 16, 3), np.uint8)],
        [np.zeros((8, 16, 3), np.uint8), np.zeros((8, 18, 3), np.uint8)],
        [np.zeros((8, 16, 3), np.uint8), np.zeros((8, 16, 3), np.float32)],
    ],
    ids=["none", "odd", "another-size", "another-type"],
)
def test_frames_that_cannot_be_a_clip_are_a_bug(tmp_path: Path, frames: list[np.ndarray]) -> None:
    """Bytes of the wrong size would shear every later frame."""
    with pytest.raises(ValueError, match=r"frame|even"):
        encode_frames(frames, tmp_path / "a.mp4", rate=Fraction(24))
    assert not list(tmp_path.iterdir())


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_a_tail_is_the_last_frames_again(good: Path, tmp_path: Path) -> None:
    """33 frames, each as good as the one it was: the model must see the parent's real end."""
    clip = probe(good)
    tail = await cut_tail(clip, 39, tmp_path / "tail.mp4", Fraction(24))
    assert tail == probe(tmp_path / "tail.mp4") and tail.frames == 33 and tail.warnings == ()
    theirs = list(read_frames(good, start=FRAMES - 33))
    mine = list(read_frames(tmp_path / "tail.mp4"))
    off = [np.abs(a.y.astype(int) - b.y).mean() for a, b in zip(mine, theirs, strict=True)]
    assert max(off) < 2
    far = np.abs(mine[0].y.astype(int) - theirs[1].y).mean()
    assert far > 3 * max(off), "the neighbouring frame is clearly another"


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_same_clip_same_tail(good: Path, tmp_path: Path) -> None:
    """Its hash is in the upload map: other bytes would be uploaded again."""
    for name in ("a.mp4", "b.mp4"):
        await cut_tail(probe(good), 17, tmp_path / name, Fraction(24))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.ffmpeg
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("arguments", "frames", "size"),
    [
        (["-r", "30"], 33, Size(WIDTH, HEIGHT)),
        (
            ["-vf", "setpts='(N+if(gt(N,24),12,0))/24/TB'", "-fps_mode", "vfr"],
            33,
            Size(WIDTH, HEIGHT),
        ),
        (["-vf", "format=yuv444p,crop=159:95"], 33, Size(160, 94)),
        (["-vf", "setsar=4/3"], 33, Size(214, HEIGHT)),
        (["-vf", "fps=8"], 33, Size(WIDTH, HEIGHT)),
    ],
    ids=["other-rate", "variable-rate", "odd-sides", "wide-pixels", "slow"],
)
async def test_tails_of_odd_clips_are_plain(
    good: Path,
    ff: Callable[..., Path],
    tmp_path: Path,
    arguments: list[str],
    frames: int,
    size: Size,
) -> None:
    """Whatever the parent is, the model is shown a constant rate and square pixels."""
    odd = probe(ff("odd.mp4", "-i", good, *arguments))
    tail = await cut_tail(odd, 33, tmp_path / "tail.mp4", Fraction(24))
    assert (tail.frames, tail.rate, tail.size, tail.warnings) == (frames, 24, size, ())


@pytest.mark.anyio
async def test_a_clip_too_short_for_a_tail_is_refused(tmp_path: Path) -> None:
    """Fewer than 9 frames are no source for the model."""
    short = Clip(path=Path("a.mp4"), frames=8, rate=Fraction(24), width=64, height=64)
    with pytest.raises(BrokenMedia, match="at least 9"):
        await cut_tail(short, 65, tmp_path / "tail.mp4", Fraction(24))
    assert tail_length(MARA, 65, Fraction(24)) == 65
    assert tail_length(MARA, 500, Fraction(24)) == 121
    assert tail_length(MARA, 64, Fraction(24)) == 57
