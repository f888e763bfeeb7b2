"""Holding a scene: one process works on it; another is told who does."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from sqlalchemy import ClauseElement, Engine, bindparam, delete, insert, select, update

from scenegraph.errors import StoreBusy
from scenegraph.ledger.database import sentences, writing
from scenegraph.ledger.lock import FileLock
from scenegraph.ledger.store import media_failed
from scenegraph.ledger.tables import holds
from scenegraph.ledger.written import ask


class SceneHeld(StoreBusy):
    """Another process works on this scene. Its note says which; None when there is no note yet."""

    pid: int | None = None
    host: str | None = None
    since: float | None = None


class Hold:
    """The lock on one scene of a store, with a note in the ledger of who has it since when.

    The lock is the operating system's, so a killed process leaves none behind; the note is for
    people and may be older than the truth.
    """

    def __init__(
        self, engine: Engine, place: str, root: Path, scene: str, clock: Callable[[], float]
    ) -> None:
        self._engine, self._place, self._scene, self._clock = writing(engine), place, scene, clock
        self._lock = FileLock(root / "holds" / f"{_file_name(scene)}.lock")
        self._whole, self._root = FileLock(whole_lock(root), shared=True), root

    def __enter__(self) -> Self:
        try:
            if not self._whole.acquire():
                raise store_taken(self._root)
            held = self._lock.acquire()
        except OSError as error:
            self._whole.release()
            raise media_failed(error, str(self._lock.file)) from error
        try:
            if not held:
                raise self._busy()
            self._write_note()
        except BaseException:
            self._lock.release()
            self._whole.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            at, scene, pid = self._clock(), self._scene, os.getpid()
            with sentences(self._place), self._engine.begin() as connection:
                columns = ("released_at",)
                ask(connection, _release, _release, columns, released_at=at, _scene=scene, _pid=pid)
        finally:
            self._lock.release()
            self._whole.release()

    def _write_note(self) -> None:
        note = {
            "scene": self._scene,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": self._clock(),
            "released_at": None,
        }
        with sentences(self._place), self._engine.begin() as connection:
            ask(connection, _forget, _forget, _scene=self._scene)
            ask(connection, _note, _note, tuple(note), **note)

    def _busy(self) -> SceneHeld:
        with sentences(self._place), self._engine.connect() as connection:
            note = connection.execute(
                select(holds.c.pid, holds.c.host, holds.c.since).where(
                    holds.c.scene == self._scene, holds.c.released_at.is_(None)
                )
            ).first()
        who = "another process"
        if note is not None:
            since = datetime.fromtimestamp(note.since).astimezone().isoformat(" ", "seconds")
            who = f"process {note.pid} on {note.host}, since {since}"
        busy = SceneHeld(
            f"The scene {self._scene!r} is being worked on by {who}.",
            next="Wait for it to end, or stop it; then run again. Nothing is lost either way.",
        )
        if note is not None:
            busy.pid, busy.host, busy.since = note.pid, note.host, note.since
        return busy


def _forget() -> ClauseElement:
    return delete(holds).where(holds.c.scene == bindparam("_scene"))


def _note() -> ClauseElement:
    return insert(holds)


def _release() -> ClauseElement:
    mine = (holds.c.scene == bindparam("_scene")) & (holds.c.pid == bindparam("_pid"))
    return update(holds).where(mine)


class WholeHold:
    """The lock on a whole store: nobody works on any scene of it while it is held.

    It needs no database, so that a store whose ledger is damaged can be held too.
    """

    def __init__(self, root: Path, *, find_holder: Callable[[], StoreBusy | None]) -> None:
        self._root, self._find_holder = root, find_holder
        self._lock = FileLock(whole_lock(root))

    def __enter__(self) -> Self:
        try:
            held = self._lock.acquire()
            if held:
                since = datetime.now().astimezone().isoformat(" ", "seconds")
                note = f"process {os.getpid()} on {socket.gethostname()}, since {since}"
                self._lock.file.write_text(note, encoding="utf-8")
        except OSError as error:
            self._lock.release()
            raise media_failed(error, str(self._lock.file)) from error
        if not held:
            raise self._find_holder() or store_taken(self._root)
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def whole_lock(root: Path) -> Path:
    return root / "holds" / ".store.lock"


def store_taken(root: Path) -> StoreBusy:
    """The sentence for a store that another process cleans or mends."""
    try:
        who = whole_lock(root).read_text(encoding="utf-8").strip() or "another process"
    except OSError:
        who = "another process"
    return StoreBusy(
        f"The store {root} is being worked on as a whole by {who}.",
        next="Wait for it to end, then run again. Nothing is lost either way.",
    )


def holder_of(scenes: Iterable[str], hold: Callable[[str], Hold]) -> StoreBusy | None:
    """Who holds one of these scenes, as the sentence to raise."""
    for scene in scenes:
        try:
            with hold(scene):
                pass
        except SceneHeld as busy:
            return busy
        except StoreBusy:
            continue
    return None


def _file_name(scene: str) -> str:
    """A file name for any scene name.

    >>> _file_name("night-train")
    'night-train'
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}", scene):
        return scene
    return sha256(scene.encode()).hexdigest()[:24]
