"""The queue's own files: uploads and answers, by URL. Nothing is ever fetched from elsewhere."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: A clip of a scene is a few megabytes; this bounds a mistake, not a use.
MOST_BYTES = 2 * 2**30
SUFFIXES = {
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
}
TYPES = {suffix: type for type, suffix in SUFFIXES.items()} | {".jpeg": "image/jpeg"}


class TooLarge(Exception):
    """An upload went over the limit."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sent."""

    path: Path
    url_path: str
    content_type: str
    bytes: int
    sha256: str


class Storage:
    """Files under `folder`, each in a drawer of its own with a name nobody can guess."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uploads: list[Upload] = []
        #: Hosts by which clients have called this app: the only ones whose URLs are ours.
        self.hosts: set[str] = set()
        #: Tokens that were given out for uploads.
        self.tokens: set[str] = set()

    def new(self, name: str) -> tuple[Path, str]:
        """A place for a new file, and its URL's path."""
        drawer = secrets.token_hex(8)
        path = self.folder / drawer / safe_name(name)
        path.parent.mkdir(parents=True)
        return path, f"/files/b/{drawer}/{path.name}"

    def at(self, url_path: str) -> Path | None:
        """The file behind a URL's path, if it is one of ours and there."""
        match = re.fullmatch(r"/files/b/([0-9a-f]{16})/([^/]+)", unquote(url_path))
        if match is None or match[2] != safe_name(match[2]):
            return None
        path = self.folder / match[1] / match[2]
        return path if path.is_file() else None

    def find(self, url: str) -> Path | None:
        """The file that an input's URL names: one of ours, or a `data:` URI, written down."""
        if url.startswith("data:"):
            return self._unpack(url)
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or parts.netloc not in self.hosts:
            return None
        return self.at(parts.path)

    def _unpack(self, uri: str) -> Path | None:
        head, comma, data = uri[5:].partition(",")
        if not comma or not head.endswith(";base64"):
            return None
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return None
        path, _ = self.new(f"data{SUFFIXES.get(head.split(';')[0], '.bin')}")
        path.write_bytes(content)
        return path

    async def receive(
        self, name: str, content_type: str, chunks: AsyncIterator[bytes], place: Path | None = None
    ) -> Upload:
        """Write an upload's bytes to a new place, or to one that was promised before.

        Raises:
            TooLarge: and nothing is kept.
        """
        if place is None:
            path, url_path = self.new(name)
        else:
            path, url_path = place, f"/files/b/{place.parent.name}/{place.name}"
        digest, size = sha256(), 0
        temp = path.with_name(f".{path.name}.part")
        try:
            with temp.open("wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > MOST_BYTES:
                        raise TooLarge
                    digest.update(chunk)
                    file.write(chunk)
            temp.replace(path)
        finally:
            temp.unlink(missing_ok=True)
        upload = Upload(path, url_path, content_type, size, digest.hexdigest())
        self.uploads.append(upload)
        return upload

    async def join(self, place: Path, numbers: list[int]) -> Upload:
        """Put the parts of a multipart upload together, in the order of their numbers."""

        async def chunks() -> AsyncIterator[bytes]:
            for number in sorted(set(numbers)):
                yield part_of(place, number).read_bytes()

        upload = await self.receive(place.name, "application/octet-stream", chunks(), place)
        for number in set(numbers):
            part_of(place, number).unlink()
        return upload

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def part_of(upload: Path, number: int) -> Path:
    return upload.with_name(f".{upload.name}.part{number}")


def safe_name(name: str) -> str:
    """A file's own name without anything that a path could mean.

    >>> safe_name("../../etc/pass wd"), safe_name(""), safe_name("mara front.PNG")
    ('pass_wd', 'file', 'mara_front.PNG')
    """
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".")[-80:] or "file"
