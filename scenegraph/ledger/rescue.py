"""A damaged ledger: every row that can still be read, in a new one; the old one is kept aside.

Rows are only ever added, and a take's row only moves on. So what one file has lost may be taken
from another: the damaged database, its log frame by frame, and the copies beside it are read, and
of each row the one that had come furthest is kept. Media are files named by their hashes; they
need no rescue, and rows find them again by name.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scenegraph.errors import LedgerError
from scenegraph.ledger.backups import newest_backups
from scenegraph.ledger.database import make_engine, prepare, sentences, sqlite_url
from scenegraph.ledger.garbage import list_files
from scenegraph.ledger.hold import WholeHold
from scenegraph.ledger.keeping import MENDED
from scenegraph.ledger.recall import LEDGER
from scenegraph.ledger.salvage import Found, Row, apply_log, read_rows
from scenegraph.ledger.store import fsync_folder, media_failed
from scenegraph.ledger.tables import metadata
from scenegraph.ledger.takes import State
from scenegraph.ledger.wal import read_log
from scenegraph.media.files import sync_file

ASIDE = "damaged"
REPORT = "report.json"
#: Written anew by whoever works; nothing of it has to be saved.
PASSING = ("about", "holds")
_TIMES = ("fetched_at", "answered_at", "submitted_at", "ended_at", "released_at")
_SURE = (State.CIRCLED, State.REJECTED, State.REVIEWED, State.FETCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What became of a ledger. Every count is of rows.

    Attributes:
        mended: False when nothing was wrong, and nothing was changed.
        aside: where the damaged files are, within the store.
        tables: {table: {"rows", "from_copies", "lost"}}.
        lost_takes: of each take without a row, what events still say: {"id", "request_id", …}.
        missing_media: slates of takes whose file is not in the store.
        unnamed_media: clips in the store that no row names.
    """

    mended: bool
    aside: str | None = None
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lost_takes: tuple[Mapping[str, Any], ...] = ()
    missing_media: tuple[str, ...] = ()
    unnamed_media: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        return sum(counts["lost"] for counts in self.tables.values())

    def to_json(self) -> dict[str, Any]:
        return {
            "mended": self.mended,
            "aside": self.aside,
            "lost": self.lost,
            "tables": {name: dict(counts) for name, counts in self.tables.items()},
            "lost_takes": [dict(one) for one in self.lost_takes],
            "missing_media": list(self.missing_media),
            "unnamed_media": list(self.unnamed_media),
        }


def mend(root: Path) -> Mended:
    """Put a new ledger in the place of a damaged one. Killed at any moment, it can be run again.

    Raises:
        StoreBusy: a process works on a scene of this store.
        LedgerError: there is nothing to read, or the store cannot be written.
    """
    file = root / LEDGER
    backups = newest_backups(file) if root.is_dir() else ()
    if not file.is_file() and not backups:
        raise LedgerError(f"There is no ledger {file}.", next="`scenegraph run` makes it.")
    try:
        with WholeHold(root, find_holder=lambda: None), sentences(str(file)):
            return _mend(root, file, backups)
    except OSError as error:
        raise media_failed(error, str(root)) from error
    except sqlite3.Error as error:
        raise LedgerError(
            f"The new ledger cannot be written ({error}).",
            next="Free some space, then run it again; the damaged one is as it was.",
        ) from error


def _mend(root: Path, file: Path, backups: tuple[Path, ...]) -> Mended:
    unfinished = [folder for folder in _asides(root) if not (folder / REPORT).is_file()]
    work = root / ASIDE / f".{os.getpid()}.work"
    try:
        if file.is_file() and not unfinished and _is_well(_copied(file, work), file):
            return Mended(mended=False)
        aside = _put_aside(root, file)
        found = [_salvaged(folder / LEDGER, work) for folder in (aside, *unfinished)]
        found += [read_rows(path, path.name) for path in backups]
        if not any(one.rows.get("takes") or one.rows.get("runs") for one in found):
            raise LedgerError(
                f"Nothing of {file} can be read, and there is no copy of it.",
                next=f"It is kept in {aside.relative_to(root)}. `scenegraph run` begins a new one "
                "when ledger.db is moved away; the media stay where they are.",
            )
        merged, copies = _merged(found)
        mended = _written(root, file, merged, copies, aside)
        (aside / REPORT).write_text(json.dumps(mended.to_json(), indent=2), encoding="utf-8")
        for folder in unfinished:
            (folder / REPORT).write_text("{}", encoding="utf-8")
        return mended
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _asides(root: Path) -> list[Path]:
    return sorted((root / ASIDE).glob("[0-9]*"), reverse=True)


def _copied(file: Path, folder: Path) -> Path:
    """A copy of a database and its log, to be opened without touching them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for ending in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{file}{ending}", folder / (LEDGER + ending))
    return folder / LEDGER


def _is_well(copy: Path, file: Path) -> bool:
    """Nothing is wrong with it: its log, its pages, and what its rows say."""
    if read_log(file.with_name(file.name + "-wal")).lost_commits:
        return False
    try:
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return False
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error:
        return False
    found = read_rows(copy, LEDGER)
    return bool(found.rows) and not found.unreadable - {"scenes"}


def _put_aside(root: Path, file: Path) -> Path:
    """Copies of the damaged files, on the disk before anything is changed."""
    name = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S.%f")
    aside = root / ASIDE / name
    aside.mkdir(parents=True)
    for ending in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            copy = aside / (LEDGER + ending)
            shutil.copyfile(f"{file}{ending}", copy)
            sync_file(copy)
    fsync_folder(aside)
    fsync_folder(aside.parent)
    return aside


def _salvaged(file: Path, work: Path) -> Found:
    if not file.is_file():
        return Found(LEDGER)
    copy = _copied(file, work)
    apply_log(copy, copy.with_name(copy.name + "-wal"))
    return read_rows(copy, LEDGER)


def _merged(found: list[Found]) -> tuple[dict[str, dict[Any, Row]], dict[str, int]]:
    """Of each row the one that had come furthest; and how many came from copies, by table."""
    merged: dict[str, dict[Any, Row]] = {}
    copies: dict[str, int] = {}
    for one in found:
        for table, rows in one.rows.items():
            if table in PASSING:
                continue
            into = merged.setdefault(table, {})
            for key, row in rows.items():
                if key not in into or _came(row) > _came(into[key]):
                    copies[table] = copies.get(table, 0) + (one.source != LEDGER)
                    into[key] = row
    return merged, copies


def _came(row: Row) -> tuple[float, ...]:
    """How far a row had come: by the times that are written as it goes on."""
    return tuple(1.0 if row.get(name) is not None else 0.0 for name in _TIMES)


def _written(
    root: Path,
    file: Path,
    merged: Mapping[str, Mapping[Any, Row]],
    copies: Mapping[str, int],
    aside: Path,
) -> Mended:
    temp = file.with_name(f".{file.name}.{os.getpid():x}.part")
    temp.unlink(missing_ok=True)
    engine = make_engine(sqlite_url(temp))
    try:
        prepare(engine, str(temp))
    finally:
        engine.dispose()
    refused: dict[str, int] = {}
    with contextlib.closing(sqlite3.connect(temp, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN")
        for table in metadata.sorted_tables:
            for row in merged.get(table.name, {}).values():
                if not _insert(connection, table.name, row):
                    refused[table.name] = refused.get(table.name, 0) + 1
        _forget_missing(connection)
        mended = _account(root, connection, merged, copies, aside)
        facts = json.dumps({"lost": mended.lost, "aside": mended.aside})
        note = "INSERT INTO events (at, name, facts) VALUES (?, ?, ?)"
        connection.execute(note, (time.time(), MENDED, facts))
        connection.execute("COMMIT")
    sync_file(temp)
    # A log of the old database beside the new one would be played into it: it goes first. Killed
    # here, the next rescue finds the copies that were put aside, and no report beside them.
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    temp.replace(file)
    fsync_folder(root)
    return mended


def _insert(connection: sqlite3.Connection, table: str, row: Row) -> bool:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  names of our own
    try:
        connection.execute(statement, tuple(row.values()))
    except sqlite3.IntegrityError:
        if row.get("state") != State.CIRCLED.value:
            return False
        # Two files each had another take circled: the newer one's stays, this one is on the sheet.
        return _insert(connection, table, {**row, "state": State.REVIEWED.value, "pinned": 0})
    return True


def _forget_missing(connection: sqlite3.Connection) -> None:
    """References to rows that are gone; all of them may be empty."""
    for table, rowid, _, number in connection.execute("PRAGMA foreign_key_check").fetchall():
        keys = connection.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        column = next(key[3] for key in keys if key[0] == number)
        connection.execute(
            f'UPDATE {table} SET "{column}" = NULL WHERE rowid = ?',  # noqa: S608  as above
            (rowid,),
        )


def _account(
    root: Path,
    connection: sqlite3.Connection,
    merged: Mapping[str, Mapping[Any, Row]],
    copies: Mapping[str, int],
    aside: Path,
) -> Mended:
    """What is there and what is not. Row numbers have no holes, so each hole is a lost row."""
    tables: dict[str, dict[str, int]] = {}
    spoken_of = _spoken_of(merged)
    missing: set[int] = set()
    for table in metadata.sorted_tables:
        if table.name in PASSING or "id" not in table.columns:
            continue
        ids = {row[0] for row in connection.execute(f"SELECT id FROM {table.name}")}  # noqa: S608
        most = max([0, *ids, *(spoken_of if table.name == "takes" else ())])
        holes = set(range(1, most + 1)) - ids
        missing = holes if table.name == "takes" else missing
        tables[table.name] = {
            "rows": len(ids),
            "from_copies": copies.get(table.name, 0),
            "lost": len(holes),
        }
    rows = connection.execute(
        "SELECT scene, shot, number, state, media, sheet FROM takes ORDER BY id"
    ).fetchall()
    files = {one.path for one in list_files(root)}
    named = {name for *_, media, sheet in rows for name in (media, sheet)}
    gone = [
        f"{scene}/{shot}/t{number}"
        for scene, shot, number, state, media, _ in rows
        if state in [one.value for one in _SURE] and media not in files
    ]
    unnamed = sorted(
        path for path in files - named if path.startswith("media/") and path.endswith(".mp4")
    )
    return Mended(
        mended=True,
        aside=aside.relative_to(root).as_posix(),
        tables=tables,
        lost_takes=tuple(_traces(id, spoken_of.get(id, {}), files) for id in sorted(missing)),
        missing_media=tuple(gone),
        unnamed_media=tuple(unnamed),
    )


def _spoken_of(merged: Mapping[str, Mapping[Any, Row]]) -> dict[int, dict[str, Any]]:
    """What events and decisions say of each take's number."""
    said: dict[int, dict[str, Any]] = {}
    for row in merged.get("events", {}).values():
        if row["take"] is not None:
            facts = json.loads(row["facts"])
            known = said.setdefault(int(row["take"]), {})
            known |= {k: v for k, v in facts.items() if k in ("request_id", "sha256")}
            known["last"] = row["name"]
    for row in merged.get("amendments", {}).values():
        if row["take"] is not None:
            said.setdefault(int(row["take"]), {})["shot"] = row["shot"]
    return said


def _traces(id: int, said: Mapping[str, Any], files: set[str]) -> Mapping[str, Any]:
    digest = said.get("sha256")
    media = f"media/{digest[:2]}/{digest}.mp4" if digest else None
    return {"id": id, **said, "media": media if media in files else None}
