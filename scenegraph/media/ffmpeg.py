"""Running FFmpeg: found once, started as a list of arguments, watched, and always ended.

ffmpeg-python builds commands elsewhere; only this file starts the binary: in its own process group,
with stderr drained while it runs. A cancel or the time limit ends the whole group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import IO

import structlog

from scenegraph.errors import FfmpegFailed, MediaError
from scenegraph.settings import Settings

log = structlog.get_logger(__name__)

#: How much of stderr is kept: its end, where FFmpeg says what went wrong.
LAST_WORDS = 4000
#: Nobody answers questions, nobody reads banners.
QUIET = ("-hide_banner", "-nostdin", "-loglevel", "warning")


def ffmpeg_exe(settings: Settings | None = None) -> str:
    """The FFmpeg to run: `SCENEGRAPH_FFMPEG` if it is set, else the one that came with the wheels.

    Raises:
        MediaError: the setting names no program, or the wheel brought none for this machine.
    """
    chosen = (settings or Settings()).ffmpeg
    if chosen is None:
        return _bundled()
    found = shutil.which(str(chosen.expanduser()))
    if found is None:
        raise MediaError(
            f"SCENEGRAPH_FFMPEG is set to {str(chosen)!r}, which is not a program that can be run.",
            next="Correct it, or unset it to use the FFmpeg that came with scenegraph.",
        )
    return found


@lru_cache(maxsize=1)
def _bundled() -> str:
    import imageio_ffmpeg

    folder = Path(imageio_ffmpeg.__file__).parent / "binaries"
    for program in sorted(folder.glob("ffmpeg-*")):
        return str(program)
    # A source install has no binary; the system's is then better than a refusal.
    found = shutil.which("ffmpeg")
    if found is None:
        raise MediaError(
            "No FFmpeg was found: imageio-ffmpeg brought none for this machine.",
            next="Install ffmpeg, or set SCENEGRAPH_FFMPEG to its path.",
        )
    return found


async def run_ffmpeg(
    command: Sequence[str],
    *,
    timeout_s: float,
    on_progress: Callable[[int], None] | None = None,
    niceness: int = 0,
) -> str:
    """Run a command built elsewhere; when it has ended well, return the end of what it said.

    Args:
        command: the program first, then its arguments.
        timeout_s: wall-clock limit; the group is killed when it passes.
        on_progress: called with the number of frames written so far, about twice a second.
        niceness: how far it gives way to all else on the machine, 0 to 19.

    Raises:
        FfmpegFailed: it could not start, ended with an error, or took too long.
        asyncio.CancelledError: after the whole process group is gone.
    """
    program, *arguments = command
    progress = ("-progress", "pipe:1", "-nostats") if on_progress else ()
    full = [program, *QUIET, *progress, *arguments]
    try:
        # Not asyncio's: cancelled while it starts one, it leaves the children behind, and a loop
        # that is closed just then waits for ever.
        process = subprocess.Popen(  # noqa: ASYNC220  it starts as asyncio's own does, at once
            full,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if on_progress else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C reaches us alone; we end FFmpeg and clean up
        )
    except OSError as error:
        raise _would_not_start(full, error) from error
    if niceness and sys.platform != "win32":
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PGRP, process.pid, niceness)
    words: list[bytes] = []
    ended = _Ended(on_progress)
    watcher = threading.Thread(target=_watch, args=(process, words, ended), daemon=True)
    watcher.start()
    try:
        try:
            async with asyncio.timeout(timeout_s):
                await ended.seen
        finally:
            if watcher.is_alive():
                kill_group(process.pid)
            watcher.join()  # short: the group is gone. No await, so no cancel leaves a zombie.
    except TimeoutError as error:
        raise FfmpegFailed(
            f"FFmpeg took longer than {timeout_s:g} s and was stopped.",
            command=full,
            last_words=_text(b"".join(words)),
        ) from error
    if process.returncode:
        raise _failed(full, process.returncode, _text(b"".join(words)))
    return _text(b"".join(words))


def run_ffmpeg_sync(command: Sequence[str], *, timeout_s: float) -> None:
    """`run_ffmpeg` for callers without a loop. Same errors, same time limit."""
    program, *arguments = command
    full = [program, *QUIET, *arguments]
    try:
        process = subprocess.Popen(
            full,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C reaches us alone; we end FFmpeg and clean up
        )
    except OSError as error:
        raise _would_not_start(full, error) from error
    try:
        _, words = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise FfmpegFailed(
            f"FFmpeg took longer than {timeout_s:g} s and was stopped.", command=full
        ) from error
    finally:
        if process.poll() is None:
            kill_group(process.pid)
            process.communicate()
    if process.returncode:
        raise _failed(full, process.returncode, _text(words))


@lru_cache(maxsize=8)
def encoders_of(exe: str) -> frozenset[str]:
    """The names of the encoders that this FFmpeg was built with.

    Raises:
        FfmpegFailed: it could not be started, or took too long.
    """
    command = [exe, "-hide_banner", "-encoders"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except OSError as error:
        raise _would_not_start(command, error) from error
    except subprocess.TimeoutExpired as error:
        raise FfmpegFailed("FFmpeg did not name its encoders.", command=command) from error
    # After a legend, each line is flags, name, description: ` V....D libx265   libx265 H.265 …`.
    rows = [line.split() for line in done.stdout.decode("utf-8", "replace").splitlines()]
    return frozenset(row[1] for row in rows if len(row) > 2 and row[1] != "=")


def kill_group(pid: int) -> None:
    """End the process and its children at once. Silent when they are gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)


class Leash:
    """Ends, from another thread, every FFmpeg that `feed_ffmpeg` started under it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._ended = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Processes that this thread feeds inside the block are on the leash."""
        token = _LEASH.set(self)
        try:
            yield
        finally:
            _LEASH.reset(token)

    def end(self) -> None:
        """Kill what runs; what starts later is killed at once."""
        with self._lock:
            self._ended = True
            for pid in self._running:
                kill_group(pid)

    def _start(self, pid: int) -> None:
        with self._lock:
            self._running.add(pid)
            if self._ended:
                kill_group(pid)

    def _done(self, pid: int) -> None:
        with self._lock:
            self._running.discard(pid)


_LEASH: ContextVar[Leash | None] = ContextVar("leash", default=None)


def feed_ffmpeg(
    command: Sequence[str], chunks: Iterable[bytes | memoryview], *, timeout_s: float = 1800.0
) -> int:
    """Run a command that reads raw data from its stdin, and give it `chunks` one by one.

    Returns:
        How many chunks were given.

    Raises:
        FfmpegFailed: it could not start, ended with an error, or took too long.
        Exception: whatever `chunks` raised, after FFmpeg is gone.
    """
    program, *arguments = command
    full = [program, *(word for word in QUIET if word != "-nostdin"), *arguments]
    try:
        process = subprocess.Popen(
            full,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise _would_not_start(full, error) from error
    assert process.stdin is not None and process.stderr is not None
    leash = _LEASH.get()
    if leash is not None:
        leash._start(process.pid)
    words: list[bytes] = []
    drain = threading.Thread(target=_drain_thread, args=(process.stderr, words), daemon=True)
    limit = threading.Timer(timeout_s, kill_group, (process.pid,))
    limit.daemon = True
    drain.start()
    limit.start()
    count = 0
    try:
        # A broken pipe means that FFmpeg has ended; its exit code and last words say why.
        with contextlib.suppress(BrokenPipeError):
            for chunk in chunks:
                process.stdin.write(chunk)
                count += 1
            process.stdin.close()
        process.wait()
    finally:
        limit.cancel()
        if process.poll() is None:
            kill_group(process.pid)
            process.wait()
        if leash is not None:
            leash._done(process.pid)
        drain.join()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stderr.close()
    if process.returncode:
        raise _failed(full, process.returncode, _text(b"".join(words)))
    return count


def _drain_thread(stream: IO[bytes], words: list[bytes]) -> None:
    while chunk := stream.read(65536):
        words[:] = [(b"".join(words) + chunk)[-LAST_WORDS:]]


class _Ended:
    """What a watching thread tells the loop: frames written, and the end."""

    def __init__(self, on_progress: Callable[[int], None] | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_progress = on_progress
        self.seen: asyncio.Future[None] = self._loop.create_future()

    def tell(self, frames: int | None) -> None:
        """From the thread: so many frames are written; None: the process is gone."""
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._heard, frames)

    def _heard(self, frames: int | None) -> None:
        if self.seen.done():
            return
        if frames is None:
            self.seen.set_result(None)
        elif self._on_progress is not None:
            try:
                self._on_progress(frames)
            except Exception as error:
                self.seen.set_exception(error)


def _watch(process: subprocess.Popen[bytes], words: list[bytes], ended: _Ended) -> None:
    """Read both pipes to their ends, and wait for the process."""
    assert process.stderr is not None
    reporter = None
    if process.stdout is not None:
        reporter = threading.Thread(target=_report, args=(process.stdout, ended.tell), daemon=True)
        reporter.start()
    with process.stderr:
        _drain_thread(process.stderr, words)
    if reporter is not None:
        reporter.join()
    process.wait()
    ended.tell(None)


def _report(stream: IO[bytes], tell: Callable[[int], None]) -> None:
    with stream:
        for line in stream:
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "frame" and value.strip().isdigit():
                tell(int(value))


def _text(words: bytes | bytearray) -> str:
    return bytes(words[-LAST_WORDS:]).decode("utf-8", "replace").strip()


def _failed(command: Sequence[str], code: int, words: str) -> FfmpegFailed:
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "no words")
    log.warning("ffmpeg.failed", code=code, last_words=last)
    return FfmpegFailed(
        f"FFmpeg stopped with code {code}: {last.strip()}", command=command, last_words=words
    )


def _would_not_start(command: Sequence[str], error: OSError) -> FfmpegFailed:
    return FfmpegFailed(
        f"FFmpeg could not be started from {command[0]!r}: {error.strerror or error}.",
        command=command,
    )
