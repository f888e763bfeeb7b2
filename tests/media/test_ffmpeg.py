"""Starting, watching and ending FFmpeg."""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from scenegraph.errors import FfmpegFailed, MediaError
from scenegraph.media import Leash, ffmpeg_exe, run_ffmpeg, run_ffmpeg_sync
from scenegraph.media.ffmpeg import feed_ffmpeg
from scenegraph.settings import Settings

pytestmark = pytest.mark.ffmpeg

#: Draws for longer than any test waits.
ENDLESS = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=24", "-f", "null", "-"]
SECONDS_5 = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=24:d=5", "-f", "null", "-"]


def read_within(seconds: float, pipe: int) -> bytes:
    """What is in the pipe, or `b""` at its end; the limit is met by a broken promise alone."""
    readable, _, _ = select.select([pipe], [], [], seconds)
    assert readable, "nobody wrote, and somebody still holds the pipe"
    return os.read(pipe, 100)


def test_the_bundled_program_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare machine has no ffmpeg on its PATH."""
    monkeypatch.setenv("PATH", "")
    assert "imageio_ffmpeg" in ffmpeg_exe() and Path(ffmpeg_exe()).is_file()


def test_a_setting_that_points_nowhere_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not FileNotFoundError from somewhere inside."""
    monkeypatch.setenv("SCENEGRAPH_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(MediaError, match="SCENEGRAPH_FFMPEG") as failed:
        ffmpeg_exe()
    assert "unset" in failed.value.next
    monkeypatch.setenv("SCENEGRAPH_FFMPEG", sys.executable)
    assert ffmpeg_exe() == ffmpeg_exe(Settings()) == sys.executable


@pytest.mark.anyio
async def test_progress_counts_frames() -> None:
    """A live display is fed by it; the last word is the whole length."""
    seen: list[int] = []
    await run_ffmpeg([ffmpeg_exe(), *SECONDS_5], timeout_s=30, on_progress=seen.append)
    assert seen[-1] == 120 and seen == sorted(seen)


@pytest.mark.anyio
async def test_an_error_keeps_ffmpegs_last_words(tmp_path: Path) -> None:
    """The words are where the reason is."""
    command = [ffmpeg_exe(), "-i", str(tmp_path / "missing.mp4"), "-f", "null", "-"]
    with pytest.raises(FfmpegFailed) as failed:
        await run_ffmpeg(command, timeout_s=30)
    assert "No such file" in failed.value.last_words
    with pytest.raises(FfmpegFailed, match=r"No such file|Error opening"):
        run_ffmpeg_sync(command, timeout_s=30)


@pytest.mark.anyio
async def test_a_flood_of_words_does_not_block(tmp_path: Path) -> None:
    """stderr is a pipe of 64 kB: undrained, FFmpeg would stop for ever."""
    stand_in = tmp_path / "ffmpeg"
    stand_in.write_text("#!/bin/sh\nyes 'many words' | head -c 2000000 >&2\nexit 3\n")
    stand_in.chmod(0o755)
    with pytest.raises(FfmpegFailed, match="code 3") as failed:
        await run_ffmpeg([str(stand_in)], timeout_s=30)
    assert 0 < len(failed.value.last_words) <= 4000


@pytest.mark.anyio
async def test_the_time_limit_ends_it() -> None:
    """And says so, with the limit."""
    with pytest.raises(FfmpegFailed, match=r"longer than 0\.5 s"):
        await run_ffmpeg([ffmpeg_exe(), *ENDLESS], timeout_s=0.5)
    with pytest.raises(FfmpegFailed, match=r"longer than 0\.5 s"):
        run_ffmpeg_sync([ffmpeg_exe(), *ENDLESS], timeout_s=0.5)


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("steps", [*range(2, 8), 200])  # from the second on there is a process
async def test_a_cancel_leaves_no_process(tmp_path: Path, steps: int) -> None:
    """Ctrl-C during a stitch: the whole group is gone, children too, at whatever moment it comes.

    Both processes hold a pipe open; its end is read once neither is there any more.
    """
    pipe, stand_in = tmp_path / "pipe", tmp_path / "ffmpeg"
    os.mkfifo(pipe)
    stand_in.write_text(f"#!/bin/sh\nexec 3> {pipe}\nsleep 60 & echo both >&3; wait\n")
    stand_in.chmod(0o755)
    held = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        task = asyncio.create_task(run_ffmpeg([str(stand_in)], timeout_s=60))
        for _ in range(steps):
            await asyncio.sleep(0)
        assert read_within(30, held) == b"both\n"  # asyncio stands still until it is written
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert read_within(30, held) == b""
    finally:
        os.close(held)


@pytest.mark.parametrize("steps", [*range(1, 5), 50])
def test_a_loop_that_is_closed_does_not_wait_for_it(tmp_path: Path, steps: int) -> None:
    """Whoever leaves while it starts or works: the loop cancels what is left, once, and goes."""
    stand_in = tmp_path / "ffmpeg"
    stand_in.write_text("#!/bin/sh\nsleep 60 & wait\n")
    stand_in.chmod(0o755)
    left: list[asyncio.Task[None]] = []

    async def leave() -> None:
        left.append(asyncio.create_task(run_ffmpeg([str(stand_in)], timeout_s=60)))
        for _ in range(steps):
            await asyncio.sleep(0)

    asyncio.run(leave())
    assert left[0].cancelled()


@pytest.mark.anyio
async def test_a_program_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    """A setting may name a text file."""
    (tmp_path / "ffmpeg").write_text("not a program")
    for program in (tmp_path / "ffmpeg", tmp_path / "missing"):
        with pytest.raises(FfmpegFailed, match="could not be started"):
            await run_ffmpeg([str(program)], timeout_s=5)
        with pytest.raises(FfmpegFailed, match="could not be started"):
            run_ffmpeg_sync([str(program)], timeout_s=5)


def test_a_leash_ends_what_other_threads_feed() -> None:
    """A queue that closes must not wait for its drawings, nor leave FFmpeg behind."""
    leash, ended = Leash(), threading.Event()
    frame = np.zeros(64 * 64 * 3, np.uint8).data
    command = [ffmpeg_exe(), "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "64x64"]
    command += ["-i", "pipe:0", "-f", "null", "-"]

    def frames() -> object:
        while True:
            time.sleep(0.005)
            yield frame

    def feed() -> None:
        with leash.held(), pytest.raises(FfmpegFailed):
            feed_ffmpeg(command, frames())  # type: ignore[arg-type]
        ended.set()

    thread = threading.Thread(target=feed)
    thread.start()
    time.sleep(0.3)
    assert not ended.is_set()
    leash.end()
    assert ended.wait(30)  # it would feed for ever
    thread.join()
