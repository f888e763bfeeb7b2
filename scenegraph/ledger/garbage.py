"""What a store holds that nobody needs, worked out from its rows and its files. Removes nothing.

A file may go when every row that speaks of it may go. What may go by itself:

* temporary files of processes that have ended;
* media that no take names (cut tails and stills for uploads are made again when they are needed);
* segments that no scene's latest reel is made of (they are encoded again when they are needed);
* previews that are older than the days to keep, of a shot that has another one circled, unless a
  take that stays was made from them; and the review series of all that goes.

Never: circled or pinned takes, anything that was paid for unless it is named, anything that the
service still owes, and what a take that stays was made from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from scenegraph.errors import SceneError
from scenegraph.ledger.takes import OPEN, State

Kind = Literal["temp", "orphan", "segment", "preview", "take", "review"]
KINDS: Mapping[Kind, str] = {
    "temp": "left by processes that were killed",
    "orphan": "no take names it",
    "segment": "of no scene's latest reel",
    "preview": "a preview that is not circled",
    "take": "named with --take",
    "review": "the series of a take that goes",
}
_MEDIA = re.compile(r"media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")
_PART = re.compile(r"media/\.[0-9a-f]+\.part|segments/\..+|\.ledger\.db\..+\.part(-journal)?")
_TEMP = re.compile(r"tmp/\d+-(\d+)-[0-9a-f]+\.[a-z0-9]+")
_SEGMENT = re.compile(r"segments/([0-9a-f]{64})\.(mp4|json)")
_MAY_GO = (State.REVIEWED, State.REJECTED)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store: its path within it, bytes, and when it was last written."""

    path: str
    bytes: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What housekeeping has to know of a take."""

    id: int
    scene: str
    shot: str
    number: int
    engine: str
    state: State
    billed: bool
    pinned: bool
    usd: Decimal
    sha256: str | None
    media: str | None
    sheet: str | None
    made_from: frozenset[str]
    created_at: float

    @property
    def slate(self) -> str:
        return f"{self.scene}/{self.shot}/t{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file that may go."""

    kind: Kind
    path: str
    bytes: int
    take: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """All that may go: files, and the takes whose media they are.

    Attributes:
        usd: what the takes among them were paid for.
        kept: sentences about what looks like garbage and stays.
    """

    items: tuple[Item, ...] = ()
    takes: tuple[Held, ...] = ()
    kept: tuple[str, ...] = field(default=())

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)

    @property
    def usd(self) -> Decimal:
        return sum((take.usd for take in self.takes if take.billed), Decimal(0))

    def to_json(self) -> dict[str, Any]:
        kinds: dict[str, dict[str, int]] = {}
        for item in self.items:
            row = kinds.setdefault(item.kind, {"files": 0, "bytes": 0})
            row["files"] += 1
            row["bytes"] += item.bytes
        return {
            "bytes": self.bytes,
            "kinds": kinds,
            "takes": [take.slate for take in self.takes],
            "items": [
                {"kind": one.kind, "path": one.path, "bytes": one.bytes, "take": one.take}
                for one in self.items
            ],
            "kept": list(self.kept),
        }


def find_garbage(
    takes: Collection[Held],
    files: Iterable[StoredFile],
    *,
    segments: Collection[str],
    older_than: float,
    scene: str | None = None,
    named: Collection[str] = (),
    lost_rows_at: float | None = None,
) -> Garbage:
    """What may go.

    Args:
        segments: keys of the segments that the latest reels are made of.
        older_than: previews made after this moment stay (seconds since 1970).
        scene: only previews of this scene; None for all of the store.
        named: slates of takes that go although they were paid for.
        lost_rows_at: when a damaged ledger was mended with rows missing; media that no row names
            and that are older may be takes that were paid for, and stay.

    Raises:
        SceneError: a named take is not there, or must not go.
    """
    going = _named(takes, named, scene) | _previews(takes, older_than, scene)
    going = _not_needed(takes, going, named)
    kept_media = {take.media for take in takes if take.id not in going}
    kept_sheets = {take.sheet for take in takes if take.id not in going}
    leaving = {take.media: take for take in takes if take.id in going}
    series = {take.sheet: take for take in takes if take.id in going}
    owed = [take.created_at for take in takes if take.billed and take.state in OPEN]
    owed_since = min(owed, default=None)
    items: list[Item] = []
    unnamed = 0
    for file in files:
        path = file.path
        if _is_dead_temp(path):
            items.append(Item(kind="temp", path=path, bytes=file.bytes))
        elif (found := _SEGMENT.fullmatch(path)) is not None:
            if found[1] not in segments:
                items.append(Item(kind="segment", path=path, bytes=file.bytes))
        elif _MEDIA.fullmatch(path) and path not in kept_media and path not in kept_sheets:
            take = leaving.get(path) or series.get(path)
            if take is not None:
                kind: Kind = "preview" if not take.billed else "take"
                kind = "review" if path == take.sheet else kind
                items.append(Item(kind=kind, path=path, bytes=file.bytes, take=take.slate))
            elif (owed_since is not None and file.at >= owed_since) or (
                lost_rows_at is not None and file.at <= lost_rows_at
            ):
                unnamed += 1
            else:
                items.append(Item(kind="orphan", path=path, bytes=file.bytes))
    kept: tuple[str, ...] = ()
    if unnamed:
        kept = (
            f"{unnamed} files that no take names stay: they may be of a take that is still owed, "
            "or of one whose row was lost when the ledger was damaged.",
        )
    gone = tuple(take for take in takes if take.id in going)
    return Garbage(items=tuple(items), takes=gone, kept=kept)


def _previews(takes: Collection[Held], older_than: float, scene: str | None) -> set[int]:
    circled = {(t.scene, t.shot, t.engine) for t in takes if t.state is State.CIRCLED}
    return {
        take.id
        for take in takes
        if take.engine == "animatic"
        and not take.billed
        and not take.pinned
        and take.state in _MAY_GO
        and take.created_at < older_than
        and scene in (None, take.scene)
        and (take.scene, take.shot, take.engine) in circled
    }


def _named(takes: Collection[Held], named: Collection[str], scene: str | None) -> set[int]:
    by_slate = {take.slate: take for take in takes}
    found = set()
    for name in named:
        take = by_slate.get(name) or by_slate.get(f"{scene}/{name}")
        if take is None:
            raise SceneError(
                f"There is no take {name!r} in this store.",
                next="`scenegraph takes SCENE --json` shows every slate, such as rain/mara/t2.",
            )
        if take.state is State.CIRCLED or take.pinned:
            raise SceneError(
                f"{take.slate} is {'pinned' if take.pinned else 'circled'}; it is not removed.",
                next="Pick another take of the shot first (and unpin it), then ask again.",
            )
        if take.state not in _MAY_GO:
            raise SceneError(
                f"{take.slate} is {take.state.value}: it has no media to remove, or they are "
                "still to come.",
                next="`scenegraph takes SCENE` shows where every take is.",
            )
        found.add(take.id)
    return found


def _not_needed(takes: Collection[Held], going: set[int], named: Collection[str]) -> set[int]:
    """What goes, less what takes that stay were made from, and less what they share a file with."""
    while True:
        stays = [take for take in takes if take.id not in going and take.state is not _GONE]
        needed = {digest for take in stays for digest in take.made_from}
        shared = {take.media for take in stays if take.media is not None}
        back = {
            take.id
            for take in takes
            if take.id in going and (take.sha256 in needed or take.media in shared)
        }
        if not back:
            return going
        _refuse_needed(takes, back, stays, named)
        going = going - back


_GONE = State.COLLECTED


def _refuse_needed(
    takes: Collection[Held], back: set[int], stays: Iterable[Held], named: Collection[str]
) -> None:
    for take in takes:
        is_named = take.slate in named or f"{take.shot}/t{take.number}" in named
        if take.id not in back or not is_named:
            continue
        who = next(
            (t.slate for t in stays if take.sha256 in t.made_from or t.media == take.media), ""
        )
        raise SceneError(
            f"{take.slate} is needed: {who} was made from it, or is the same file.",
            next="Name that one too, if it may go as well.",
        )


def _is_dead_temp(path: str) -> bool:
    found = _TEMP.fullmatch(path)
    if found is not None:
        return not _is_alive(int(found[1]))
    return _PART.fullmatch(path) is not None


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return False  # a signal would end it there; the store is held, so nobody writes
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def list_files(root: Path) -> list[StoredFile]:
    """Every file of a store, in order; none of those that come and go meanwhile."""
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder) / name
            try:
                stat = file.lstat()
            except OSError:
                continue
            path = file.relative_to(root).as_posix()
            found.append(StoredFile(path, stat.st_size, stat.st_mtime))
    return sorted(found, key=lambda one: one.path)
