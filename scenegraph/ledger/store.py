"""The media store: files named by what is in them, never overwritten, on disk when it says so."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from scenegraph.errors import LedgerError

BLOCK = 1 << 20
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_MEDIA = re.compile(r"media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the store: the hash of its bytes, and its path within the store."""

    sha256: str
    media: str


class MediaStore:
    """Content-addressed files under one root: `media/ab/<sha256>.<suffix>`.

    A file is written under a temporary name, fsynced and renamed, and its folder is fsynced: a
    name that exists is a whole file. The same bytes are kept once.

    Args:
        root: a folder, or a URL that fsspec knows.
        filesystem: instead of the one that `root` names.
    """

    def __init__(self, root: str | Path, *, filesystem: AbstractFileSystem | None = None) -> None:
        if filesystem is None:
            self._fs, self._base = url_to_fs(str(root))
        else:
            self._fs, self._base = filesystem, str(root)
        self.is_local = isinstance(self._fs, LocalFileSystem)
        self.root = Path(self._base)

    def make_root(self) -> None:
        """Make the folder, and keep it out of version control.

        Raises:
            LedgerError: it cannot be made.
        """
        with self._sentences():
            self._fs.makedirs(self._base, exist_ok=True)
            ignore = self._at(".gitignore")
            if not self._fs.exists(ignore):
                self._fs.pipe_file(ignore, b"*\n")

    @property
    def segments(self) -> Path:
        """The folder of conformed segments; made when it is first asked for."""
        return self._folder("segments")

    def temp(self, suffix: str) -> Path:
        """A new name for a file that is still being written, on the same disk as the store."""
        name = f"{int(time.time())}-{os.getpid()}-{uuid4().hex[:12]}{_checked(suffix)}"
        return self._folder("tmp") / name

    def put_file(self, path: Path, *, move: bool = False, suffix: str | None = None) -> Stored:
        """Keep the file at `path`; with `move`, the file itself is taken over when it can be.

        Raises:
            LedgerError: the store cannot be written; a part-file is not left behind.
        """
        ending = _checked(suffix or path.suffix)
        with self._sentences():
            if move and self.is_local and path.stat().st_dev == self._media_folder().stat().st_dev:
                with path.open("rb+") as whole:
                    digest = _hash_of(whole)
                    os.fsync(whole.fileno())
                return self._settle(str(path), digest, ending)
            with path.open("rb") as source:
                stored = self._copy(iter(lambda: source.read(BLOCK), b""), ending)
            if move:
                path.unlink()
            return stored

    def put_bytes(self, data: bytes, suffix: str) -> Stored:
        """Keep these bytes."""
        ending = _checked(suffix)
        with self._sentences():
            digest = sha256(data).hexdigest()
            if self._fs.exists(self._at(_media_name(digest, ending))):
                return Stored(digest, _media_name(digest, ending))
            return self._copy(iter((data,)), ending)

    def path(self, media: str) -> Path:
        """Where a kept file is on this machine.

        Raises:
            LedgerError: no name of this store's (a ledger from elsewhere may hold anything).
        """
        return Path(self.place(media))

    def place(self, media: str) -> str:
        """As `path`, as text."""
        if not _MEDIA.fullmatch(media):
            raise LedgerError(
                f"{media!r} is not a file name of the media store.",
                next="The ledger was changed by hand, or is damaged.",
            )
        return f"{self._base}/{media}"

    def has(self, media: str) -> bool:
        return bool(self._fs.exists(str(self.path(media))))

    def _copy(self, blocks: Iterator[bytes], suffix: str) -> Stored:
        self._media_folder()
        part = self._at(f"media/.{uuid4().hex}.part")
        digest = sha256()
        try:
            with self._fs.open(part, "wb") as to:
                for block in blocks:
                    digest.update(block)
                    to.write(block)
                _fsync_file(to)
            return self._settle(part, digest.hexdigest(), suffix)
        except BaseException:
            with suppress(OSError):
                self._fs.rm_file(part)
            raise

    def _settle(self, part: str, digest: str, suffix: str) -> Stored:
        """Give a whole, fsynced part-file its name."""
        media = _media_name(digest, suffix)
        to = self._at(media)
        folder = to.rpartition("/")[0]
        if self._fs.exists(to) and (not self.is_local or _is_whole(Path(to), digest)):
            self._fs.rm_file(part)
            return Stored(digest, media)
        if self.is_local:
            new_folder = not Path(folder).is_dir()
            Path(folder).mkdir(parents=True, exist_ok=True)
            Path(part).replace(to)
            fsync_folder(Path(folder))
            if new_folder:
                fsync_folder(Path(folder).parent)
        else:
            self._fs.makedirs(folder, exist_ok=True)
            self._fs.mv(part, to)
        return Stored(digest, media)

    def _media_folder(self) -> Path:
        return self._folder("media")

    def _folder(self, name: str) -> Path:
        with self._sentences():
            self._fs.makedirs(self._at(name), exist_ok=True)
        return self.root / name

    def _at(self, name: str) -> str:
        return f"{self._base.rstrip('/')}/{name}"

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise media_failed(error, self._base) from error


def _media_name(digest: str, suffix: str) -> str:
    return f"media/{digest[:2]}/{digest}{suffix}"


def _checked(suffix: str) -> str:
    ending = suffix.lower()
    if not _SUFFIX.fullmatch(ending):
        raise LedgerError(
            f"The media store keeps no file that ends in {suffix!r}.",
            next="Give it a short ending such as .mp4.",
        )
    return ending


def _hash_of(file: IO[bytes]) -> str:
    digest = sha256()
    for block in iter(lambda: file.read(BLOCK), b""):
        digest.update(block)
    return digest.hexdigest()


def _is_whole(path: Path, digest: str) -> bool:
    """Whether a kept file still holds its bytes; one that has rotted gives way to a whole one."""
    with path.open("rb") as file:
        return _hash_of(file) == digest


def _fsync_file(file: Any) -> None:
    file.flush()
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError):  # a bucket has no descriptor, and is durable when closed
        return
    os.fsync(descriptor)


def fsync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def media_failed(error: OSError, place: str) -> LedgerError:
    """The sentence for one failure of the store's disk."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            meaning, then = "the disk is full", "Free some space and run again; nothing is lost."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            meaning = "it cannot be written"
            then = "Check its permissions, or use another store with --store."
        case errno.EEXIST | errno.ENOTDIR:
            meaning = "a file is where its folder should be"
            then = "Move that file away, or use another store with --store."
        case errno.ENOENT:
            meaning = f"{error.filename or 'a file'} is not there"
            then = "Check the path."
        case _:
            meaning, then = f"{error.strerror or error}", "Check the disk, then run again."
    return LedgerError(f"The media store {place}: {meaning}.", next=then)
