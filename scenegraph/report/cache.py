"""Small copies that were made once are kept, named by all that they are made from.

They lie in `proxies/` of the store. Nothing hangs on them: whoever deletes them waits for the next
page a little longer. What no page has asked for in a month is deleted.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from scenegraph.media.files import file_hash

#: Counts up when the same wish gives other bytes.
FORMAT = 1
DAY_S = 86_400.0
KEPT_DAYS = 30


class Cache:
    """Files by what they are made from, in one flat folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents: dict[Path, str] = {}

    def key(self, *parts: object) -> str:
        """A name for what is made from these parts; a path stands for its file's bytes."""
        told = [self._told(part) for part in parts]
        text = json.dumps([FORMAT, *told], sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()[:40]

    def _told(self, part: object) -> object:
        if isinstance(part, bytes):
            return sha256(part).hexdigest()
        return self.content(part) if isinstance(part, Path) else part

    def content(self, path: Path) -> str:
        """The hash of a file's bytes; a file of the media store bears it as its name.

        Raises:
            OSError: it cannot be read.
        """
        if path not in self._contents:
            if len(path.stem) == 64 and path.parent.name == path.stem[:2]:
                self._contents[path] = path.stem
            else:
                self._contents[path] = file_hash(path)
        return self._contents[path]

    def read(self, key: str, suffix: str, *, whole: Callable[[bytes], bool]) -> bytes | None:
        """What is kept under a key, if it is there and whole."""
        file = self.folder / f"{key}{suffix}"
        try:
            data = file.read_bytes()
            if time.time() - file.stat().st_mtime > DAY_S:
                os.utime(file)
        except OSError:
            return None
        return data if whole(data) else None

    def keep(self, key: str, suffix: str, data: bytes) -> None:
        """Keep these bytes. A disk that is full or read-only costs time, not the page."""
        part = self.folder / f".{uuid4().hex}.part"
        try:
            part.write_bytes(data)
            part.replace(self.folder / f"{key}{suffix}")
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def sweep(self, *, now: float | None = None) -> int:
        """Delete what was not asked for in a month; how many files that were."""
        before = (time.time() if now is None else now) - KEPT_DAYS * DAY_S
        gone = 0
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_file() and entry.stat().st_mtime < before:
                        Path(entry.path).unlink()
                        gone += 1
        return gone


@contextmanager
def open_cache(store: Path | None) -> Iterator[Cache]:
    """The cache of a store's folder; one that ends with the block where none can be kept."""
    if store is not None:
        folder = store / "proxies"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        if folder.is_dir() and os.access(folder, os.W_OK):
            cache = Cache(folder)
            yield cache
            cache.sweep()
            return
    with TemporaryDirectory(prefix="scenegraph-") as temp:
        yield Cache(Path(temp))
