"""The ledger: every take, what was asked, what came back, what was decided, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, bindparam, inspect, select

from scenegraph.errors import LedgerError
from scenegraph.ledger import reading
from scenegraph.ledger.attempts import Attempts
from scenegraph.ledger.backups import back_up
from scenegraph.ledger.database import (
    check_log,
    make_engine,
    prepare,
    sentences,
    sqlite_url,
    writing,
)
from scenegraph.ledger.hold import Hold
from scenegraph.ledger.memory import Memory
from scenegraph.ledger.pins import PinChange, read_pins
from scenegraph.ledger.recall import LEDGER
from scenegraph.ledger.reviews import Review
from scenegraph.ledger.rows import (
    json_text,
)
from scenegraph.ledger.scenes import KnownScene, file_key, file_of, name_for
from scenegraph.ledger.sheets import review_from
from scenegraph.ledger.store import MediaStore
from scenegraph.ledger.tables import amendments, holds, reels, runs, scenes, takes, uploads
from scenegraph.ledger.takes import Amendment, Money, State, Take
from scenegraph.ledger.writer import Writer


class Ledger(Attempts):
    """`ledger.db` and the media beside it. Threads may share one; so may processes.

    Each method that writes is durable when it returns. Inside `group()` (or through a `Journal`)
    several become durable together.
    """

    def __init__(
        self, engine: Engine, store: MediaStore, place: str, clock: Callable[[], float]
    ) -> None:
        self.store, self.place, self._engine, self._clock = store, place, engine, clock
        self._writer = Writer(engine, place, clock)

    @classmethod
    def open(
        cls,
        store: str | Path,
        *,
        create: bool = True,
        database: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Ledger:
        """Open the ledger of a store folder.

        Args:
            create: make folder and file when they are not there yet.
            database: a database URL instead of the folder's own `ledger.db`.

        Raises:
            LedgerTooNew: a newer scenegraph wrote it.
            LedgerError: it is not there, cannot be written, or is damaged.
        """
        media = MediaStore(store)
        if database is not None:
            engine, place = make_engine(database), database.rpartition("@")[2]
        else:
            file = media.root / LEDGER
            place = str(file)
            if not file.exists():
                if not create:
                    raise LedgerError(
                        f"There is no ledger {file}.", next="`scenegraph run` makes it."
                    )
                media.make_root()
            check_log(file)
            engine = make_engine(sqlite_url(file))
        try:
            prepare(engine, place)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, media, place, clock)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def group(self, *, in_one_go: bool = False) -> AbstractContextManager[Any]:
        """Writes inside become durable together when it ends.

        Args:
            in_one_go: the first write that is refused undoes them all; otherwise it is undone
                alone.
        """
        return self._writer.group(in_one_go=in_one_go)

    def back_up(self) -> bool:
        """Keep a copy of the database beside it, and the one before; False when it cannot be."""
        file = self.store.root / LEDGER
        return file.is_file() and back_up(file)

    # -- scenes ----------------------------------------------------------------------------------

    def name_of(self, slug: str, file: Path | None) -> str:
        """The name under which the ledger knows the scene of this title and file. Only reads.

        Args:
            slug: its title as a name, which it has in a ledger that has not met it yet.
            file: None for a scene built in Python: it goes by its title.
        """
        if file is None:
            return slug
        with sentences(self.place), self._engine.connect() as connection:
            has_table = inspect(connection).has_table(scenes.name)
            known = reading.read_scenes(connection) if has_table else ()
            key = file_key(file, self.store.root)
            return name_for(
                slug,
                key,
                known,
                named=lambda: reading.read_names(connection),
                is_there=lambda key: file_of(key, self.store.root).exists(),
            )

    def know(self, slug: str, title: str, file: Path | None) -> str:
        """As `name_of`, and the scene is written down: its file and its title as they are now."""
        key = None if file is None else file_key(file, self.store.root)
        with sentences(self.place), self._engine.connect() as connection:
            has_table = inspect(connection).has_table(scenes.name)
        if not has_table:  # a ledger of an earlier version
            with sentences(self.place), writing(self._engine).begin() as connection:
                scenes.create(connection, checkfirst=True)
        with self._writer.write() as to:  # from here on no other process names a scene
            name = self.name_of(slug, file)
            row = to.one(
                "scene",
                lambda: select(scenes.c.id, scenes.c.slug, scenes.c.title, scenes.c.file).where(
                    scenes.c.name == bindparam("its_name")
                ),
                its_name=name,
            )
            if row is None:
                new = {"name": name, "slug": slug, "title": title, "file": key}
                to.insert(scenes, {**new, "created_at": self._clock()})
            elif key is not None and tuple(row[1:]) != (slug, title, key):
                to.run(
                    "scene_is",
                    lambda: scenes.update().where(scenes.c.id == bindparam("its_id")),
                    {"slug": slug, "title": title, "file": key, "its_id": row[0]},
                    ("slug", "title", "file"),
                )
                if row[3] not in (None, key):
                    to.event("scene.moved", facts={"scene": name, "was": row[3], "now": key})
        return name

    def scenes(self) -> tuple[KnownScene, ...]:
        """The scenes that were written down, in the order in which the ledger met them."""
        with sentences(self.place), self._engine.connect() as connection:
            if not inspect(connection).has_table(scenes.name):
                return ()
            return reading.read_scenes(connection)

    # -- reading ---------------------------------------------------------------------------------

    def memory(self, scene: str) -> Memory:
        """What is known of `scene`, read in one go: the takes, the amendments, shared keys."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_memory(connection, scene, self.store)

    def of_shot(self, scene: str, shot: str) -> tuple[tuple[Take, ...], tuple[Amendment, ...]]:
        """The takes and the amendments of one shot, as they are on the disk now, oldest first."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_shot(connection, scene, shot, self.store)

    def takes_in(self, scene: str, *states: State) -> tuple[Take, ...]:
        """The scene's takes that stand in one of these states, oldest first."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_in(connection, scene, states, self.store)

    def take(self, id: int) -> Take:
        """One take, as it is on the disk now.

        Raises:
            LedgerError: there is none of this number.
        """
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_take(connection, id, self.store)

    def takes_of_bytes(self, sha256: Collection[str]) -> tuple[Take, ...]:
        """Every take of the store whose file has one of these hashes, oldest first."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_takes_of_bytes(connection, sha256, self.store)

    def events(
        self, *, take: int | None = None, run: int | None = None, name: str | None = None
    ) -> tuple[Mapping[str, Any], ...]:
        """What happened, in order: {"at", "name", "take", "run", "facts"}."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_events(connection, take, run, name)

    def pins(self, scene: str) -> tuple[PinChange, ...]:
        """The scene's pins and unpins, oldest first."""
        with sentences(self.place), self._engine.connect() as connection:
            return read_pins(connection, scene)

    def review_of(self, take_id: int, *, only: str | None = None) -> Review | None:
        """The kept review of a take, with its series and prints; None before it was looked at.

        Args:
            only: the ending of the names of the series that are wanted; nothing else is read.
        """
        with sentences(self.place), self._engine.connect() as connection:
            row = connection.execute(
                select(takes.c.review, takes.c.sheet).where(takes.c.id == take_id)
            ).first()
        if row is None or row.review is None:
            return None
        return review_from(row.review, self.store.path(row.sheet) if row.sheet else None, only)

    def reels(self, scene: str) -> tuple[Mapping[str, Any], ...]:
        """The scene's reels, oldest first: {"id", "path", "timeline", "run", "created_at", …}."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_reels(connection, scene)

    def runs(self, scene: str) -> tuple[Mapping[str, Any], ...]:
        """The scene's runs, oldest first: {"id", "backend", "note", "started_at", "outcome", …}."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_runs(connection, scene)

    def money(self, scene: str | None = None, run: int | None = None) -> Money:
        """Spent: all that was settled. Reserved: the estimates of billed takes still open."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_money(connection, scene, run)

    def find_upload(self, sha256: str, engine: str) -> str | None:
        """A URL under which the service already has these bytes, while it lives."""
        with sentences(self.place), self._engine.connect() as connection:
            return reading.read_upload(connection, sha256, engine, self._clock())

    # -- runs and what is beside the takes -------------------------------------------------------

    def begin_run(self, scene: str, backend: str, note: str = "") -> int:
        """Open a run; its number."""
        with self._writer.write() as to:
            row = {"scene": scene, "backend": backend, "note": note, "started_at": self._clock()}
            run = to.insert(runs, row)
            to.event("run.begun", run=run)
            return run

    def end_run(self, run: int, outcome: Mapping[str, Any]) -> None:
        with self._writer.write() as to:
            to.run(
                "end_run",
                lambda: runs.update().where(runs.c.id == bindparam("its_id")),
                {"ended_at": self._clock(), "outcome": json_text(outcome), "its_id": run},
                ("ended_at", "outcome"),
            )
            to.event("run.ended", run=run)

    def note(
        self, take_id: int | None, run: int | None, name: str, facts: Mapping[str, Any]
    ) -> None:
        """Record an event that changes no state."""
        with self._writer.write() as to:
            to.event(name, take=take_id, run=run, facts=facts)

    def save_reel(
        self,
        scene: str,
        timeline: Mapping[str, Any],
        path: str | Path,
        *,
        run: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep the edit list that made a reel; its number."""
        row = {
            "scene": scene,
            "path": str(path),
            "timeline": json_text(timeline),
            "facts": json_text(facts or {}),
            "run": run,
            "created_at": self._clock(),
        }
        with self._writer.write() as to:
            return to.insert(reels, row)

    def amend(self, scene: str, amendment: Amendment) -> Amendment:
        """Append a decision; it comes back with its number and time."""
        at = self._clock()
        row = {
            "scene": scene,
            "shot": amendment.shot,
            "kind": amendment.kind,
            "reason": amendment.reason,
            "vals": json_text(amendment.values),
            "take": amendment.take,
            "run": amendment.run,
            "created_at": at,
        }
        with self._writer.write() as to:
            number = to.insert(amendments, row)
            facts = {"shot": amendment.shot, "kind": amendment.kind}
            to.event("shot.amended", take=amendment.take, run=amendment.run, facts=facts)
        return replace(amendment, id=number, created_at=at)

    def remember_upload(
        self, sha256: str, engine: str, url: str, expires_at: float | None = None
    ) -> None:
        row = {"sha256": sha256, "engine": engine, "url": url, "expires_at": expires_at}
        with self._writer.write() as to:
            to.insert(uploads, {**row, "created_at": self._clock()})

    def forget_upload(self, sha256: str, engine: str) -> None:
        """The service cannot read these bytes under any URL that is known: none is found again."""
        values = {"ended": self._clock(), "its_hash": sha256, "its_engine": engine}
        with self._writer.write() as to:
            to.run(
                "forget_upload",
                lambda: (
                    uploads.update()
                    .where(
                        uploads.c.sha256 == bindparam("its_hash"),
                        uploads.c.engine == bindparam("its_engine"),
                    )
                    .values(expires_at=bindparam("ended"))
                ),
                values,
            )

    def hold(self, scene: str) -> Hold:
        """Hold the scene while it is worked on (a context manager).

        Raises:
            StoreBusy: on entering, when another process holds it; says which.
        """
        return Hold(self._engine, self.place, self.store.root, scene, self._clock)

    def held_by(self, scene: str) -> Mapping[str, Any] | None:
        """Who held the scene last: {"pid", "host", "since", "released_at"}; a note, no lock."""
        with sentences(self.place), self._engine.connect() as connection:
            row = connection.execute(select(holds).where(holds.c.scene == scene)).first()
        return None if row is None else dict(row._mapping)

    def sweep(self, scene: str) -> tuple[Take, ...]:
        """Settle what a dead run left between intent and request. Call it under `hold`.

        A billed attempt may have left: it becomes `unknown`, and a person decides. One that costs
        nothing is simply lost.
        """
        left = self.takes_in(scene, State.INTENDED)
        error = {"kind": "interrupted", "message": INTERRUPTED, "next": RESOLVE}
        with self.group():
            for take in left:
                (self.unknown if take.billed else self.lost)(take.id, error)
        return tuple(self.take(take.id) for take in left)


INTERRUPTED = "The process ended between writing this take down and hearing from the queue."
RESOLVE = "`scenegraph resolve SCENE SHOT --attach REQUEST_ID | --resubmit | --give-up`."
