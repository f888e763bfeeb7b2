"""A lock that the operating system gives back when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # Windows locks forbid reading: lock a byte that nobody reads

    def _try_lock(descriptor: int, shared: bool) -> bool:
        if shared:
            return True  # there is no shared lock of this kind
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int, shared: bool) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """One file, held by at most one holder at a time. The file stays; only the lock goes.

    Args:
        shared: others may hold it as well, if they share it too (on Windows it is not locked).
    """

    def __init__(self, file: Path, *, shared: bool = False) -> None:
        self.file, self._shared = file, shared
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock, or say at once that another holds it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        if not _try_lock(descriptor, self._shared):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
