"""The media store: whole files under the hash of their bytes, or a sentence."""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from scenegraph.errors import LedgerError
from scenegraph.ledger import MediaStore

FILM = b"film" * 1000


def test_a_file_is_kept_under_its_hash_once(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "store")
    source = tmp_path / "clip.MP4"
    source.write_bytes(FILM)
    stored = store.put_file(source)
    digest = sha256(FILM).hexdigest()
    assert (stored.sha256, stored.media) == (digest, f"media/{digest[:2]}/{digest}.mp4")
    assert store.path(stored.media).read_bytes() == FILM
    assert source.exists()
    assert store.put_bytes(FILM, ".mp4") == stored
    assert store.put_file(source) == stored
    assert _files(tmp_path / "store") == [stored.media]


def test_a_temporary_file_is_taken_over(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "store")
    temp = store.temp(".mp4")
    temp.write_bytes(FILM)
    stored = store.put_file(temp, move=True)
    assert not temp.exists()
    assert store.path(stored.media).read_bytes() == FILM
    again = store.temp(".mp4")
    again.write_bytes(FILM)
    assert store.put_file(again, move=True) == stored
    assert not again.exists()


class FullDisk(LocalFileSystem):  # type: ignore[misc]
    """A disk that takes `room` bytes of a file and no more."""

    cachable = False
    room = 100

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        file = super().open(path, mode, **options)
        if "w" in mode:
            file = _Full(file, self.room)
        return file


class _Full:
    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: bytes) -> int:
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(self.file.write(data))

    def flush(self) -> None:
        self.file.flush()

    def fileno(self) -> int:
        return int(self.file.fileno())

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


@pytest.mark.parametrize(("size", "fits"), [(50, True), (5000, False)])
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, size: int, fits: bool) -> None:
    """A name that exists is a whole file, whatever happened while it was written."""
    store = MediaStore(tmp_path / "store", filesystem=FullDisk())
    if fits:
        store.put_bytes(b"x" * size, ".mp4")
        assert len(_files(tmp_path / "store")) == 1
        return
    with pytest.raises(LedgerError, match="disk is full") as caught:
        store.put_bytes(b"x" * size, ".mp4")
    assert caught.value.next
    assert _files(tmp_path / "store") == []


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    with pytest.raises(LedgerError, match="a file is where"):
        MediaStore(tmp_path).put_bytes(FILM, ".mp4")


@pytest.mark.parametrize(
    "media", ["../outside.mp4", "media/ab/../../x.mp4", "/etc/passwd", "media/ab/short.mp4", ""]
)
def test_a_name_that_leaves_the_store_is_refused(tmp_path: Path, media: str) -> None:
    """A ledger from elsewhere may hold any text; no path is made from it."""
    with pytest.raises(LedgerError):
        MediaStore(tmp_path).path(media)


@pytest.mark.parametrize("suffix", ["", ".", ".MP4/../x", "mp4", ".waytoolongending"])
def test_an_odd_ending_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(LedgerError):
        MediaStore(tmp_path).put_bytes(FILM, suffix)


def test_a_missing_source_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="not there"):
        MediaStore(tmp_path).put_file(tmp_path / "none.mp4")


def test_segments_and_temporary_names_lie_in_the_store(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "store")
    assert store.segments == tmp_path / "store" / "segments"
    assert store.segments.is_dir()
    assert store.temp(".mp4").parent.parent == tmp_path / "store"
    assert store.temp(".mp4") != store.temp(".mp4")


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
