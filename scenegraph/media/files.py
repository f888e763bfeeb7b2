"""Files: written so that nobody sees half of one (temporary name, fsync, rename), and hashed."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, which takes its place when the block ends well.

    The suffix is kept, so that FFmpeg knows the container. On an error nothing is left behind and
    an older `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f".{path.stem[:80]}.{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temp
        sync_file(temp)
        temp.replace(path)
        sync_folder(path.parent)
    finally:
        temp.unlink(missing_ok=True)


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Return when the file's bytes are on the disk."""
    # Windows flushes only handles that may write.
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Return when the folder's names are on the disk (a rename is a change of the folder)."""
    if sys.platform == "win32":
        return  # a folder has no handle to flush there; NTFS journals the rename
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
