"""Reading the ledger: one question per table, values out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from scenegraph.errors import LedgerError
from scenegraph.ledger.memory import Memory
from scenegraph.ledger.rows import TAKE_COLUMNS, LazyJson, amendment_from, from_units, take_from
from scenegraph.ledger.scenes import KnownScene
from scenegraph.ledger.store import MediaStore
from scenegraph.ledger.tables import amendments, events, reels, runs, scenes, takes, uploads
from scenegraph.ledger.takes import Amendment, Money, State, Take
from scenegraph.ledger.written import ask

_SHARED = tuple(state.value for state in (State.CIRCLED, State.REVIEWED, State.FETCHED))
_OPEN = tuple(
    state.value for state in (State.INTENDED, State.SUBMITTED, State.ANSWERED, State.UNKNOWN)
)


def read_memory(connection: Connection, scene: str, store: MediaStore) -> Memory:
    """The scene's takes and amendments, and which keys other scenes of the store have."""
    by_shot: dict[str, list[Take]] = {}
    # Plain tuples from the driver: a thousand rows with thirty columns are not worth a Row each.
    for row in ask(connection, _own, _own, scene=scene).cursor.fetchall():
        by_shot.setdefault(row[_SHOT], []).append(take_from(row, store))
    others: Sequence[Any] = ()
    if any(name != scene for name in ask(connection, _outer, _outer).first()):
        others = ask(connection, _of_others, _of_others, scene=scene).cursor.fetchall()
    elsewhere: dict[str, Callable[[], Take]] = {}
    out: dict[str, Callable[[], Take]] = {}
    for row in others:
        (out if row[_STATE] in _OPEN else elsewhere)[row[_KEY]] = partial(take_from, row, store)
    decided = ask(connection, _decided, _decided, scene=scene)
    return Memory(
        scene,
        {shot: tuple(found) for shot, found in by_shot.items()},
        tuple([amendment_from(row) for row in decided]),
        elsewhere,
        out=out,
        last=ask(connection, _newest, _newest).scalar() or 0,
        kept={
            (row[_SHOT], row[_SETUP]): partial(take_from, row, store)
            for row in others
            if row[_STATE] == State.CIRCLED.value
        },
    )


def _own() -> Select[Any]:
    query = select(*TAKE_COLUMNS).where(takes.c.scene == bindparam("scene"))
    return query.order_by(takes.c.shot, takes.c.number)


def _outer() -> Select[Any]:
    """The first and the last scene by name, from an index: most stores have only one."""
    first, last = select(func.min(takes.c.scene)), select(func.max(takes.c.scene))
    return select(first.scalar_subquery(), last.scalar_subquery())


def _of_others() -> Select[Any]:
    """What other scenes of the store have, or are about to have; those that are kept last."""
    has = takes.c.state.in_(_words(_SHARED))
    comes = (takes.c.billed == _ONE) & takes.c.state.in_(_words(_OPEN))
    kept = case((takes.c.state.in_(_words([State.CIRCLED.value])), _ONE), else_=_ZERO)
    others = select(*TAKE_COLUMNS).where(takes.c.scene != bindparam("scene"))
    return others.where(or_(has, comes)).order_by(kept, takes.c.id)


def _decided() -> Select[Any]:
    mine = amendments.c.scene == bindparam("scene")
    return select(amendments).where(mine).order_by(amendments.c.id)


def _newest() -> Select[Any]:
    return select(func.max(takes.c.id))


#: Values that are a part of the question.
_ONE: ColumnElement[int] = literal_column("1")
_ZERO: ColumnElement[int] = literal_column("0")


def _words(states: Sequence[str]) -> list[ColumnElement[Any]]:
    return [literal_column(f"'{state}'") for state in states]


def read_shot(
    connection: Connection, scene: str, shot: str, store: MediaStore
) -> tuple[tuple[Take, ...], tuple[Amendment, ...]]:
    """The takes and the amendments of one shot, oldest first."""
    mine = takes.c.scene == scene, takes.c.shot == shot
    rows = connection.execute(select(*TAKE_COLUMNS).where(*mine).order_by(takes.c.number))
    decided = connection.execute(
        select(amendments)
        .where(amendments.c.scene == scene, amendments.c.shot == shot)
        .order_by(amendments.c.id)
    )
    return tuple(take_from(row, store) for row in rows), tuple(map(amendment_from, decided))


def read_in(
    connection: Connection, scene: str, states: Sequence[State], store: MediaStore
) -> tuple[Take, ...]:
    words = [state.value for state in states]

    def make() -> Select[Any]:
        mine = takes.c.scene == bindparam("scene"), takes.c.state.in_(_words(words))
        return select(*TAKE_COLUMNS).where(*mine).order_by(takes.c.id)

    rows = ask(connection, ("in", *words), make, scene=scene)
    return tuple([take_from(row, store) for row in rows])


_NAMES = [column.name for column in TAKE_COLUMNS]
_KEY, _SHOT, _SETUP, _STATE = (_NAMES.index(name) for name in ("key", "shot", "setup", "state"))


def read_take(connection: Connection, id: int, store: MediaStore) -> Take:
    row = connection.execute(select(*TAKE_COLUMNS).where(takes.c.id == id)).first()
    if row is None:
        raise LedgerError(
            f"The ledger has no take {id}.", next="`scenegraph takes SCENE` lists the takes."
        )
    return take_from(row, store)


def read_money(connection: Connection, scene: str | None, run: int | None) -> Money:
    which = {"scene": scene, "run": run}
    named: dict[str, Any] = {name: value for name, value in which.items() if value is not None}

    def make() -> Select[Any]:
        is_billed, comes = takes.c.billed == _ONE, takes.c.state.in_(_words(_OPEN))
        is_open = is_billed & comes & takes.c.usd.is_(None)
        query = select(
            func.coalesce(func.sum(takes.c.usd), _ZERO),
            func.coalesce(func.sum(case((is_open, takes.c.usd_estimate), else_=_ZERO)), _ZERO),
        )
        return query.where(*[takes.c[name] == bindparam(name) for name in named])

    spent, reserved = ask(connection, ("money", *named), make, **named).one()
    return Money(spent=from_units(int(spent)), reserved=from_units(int(reserved)))


def read_upload(connection: Connection, sha256: str, engine: str, now: float) -> str | None:
    return connection.execute(
        select(uploads.c.url)
        .where(uploads.c.sha256 == sha256, uploads.c.engine == engine)
        .where(or_(uploads.c.expires_at.is_(None), uploads.c.expires_at > now))
        .order_by(uploads.c.id.desc())
        .limit(1)
    ).scalar()


def read_scenes(connection: Connection) -> tuple[KnownScene, ...]:
    def make() -> Select[Any]:
        columns = (scenes.c.name, scenes.c.slug, scenes.c.title, scenes.c.file)
        return select(*columns).order_by(scenes.c.id)

    return tuple(
        KnownScene(name=name, slug=slug, title=title, file=file)
        for name, slug, title, file in ask(connection, read_scenes, make)
    )


def read_names(connection: Connection) -> frozenset[str]:
    """Every scene name that takes or runs carry."""
    both = select(takes.c.scene).union(select(runs.c.scene))
    return frozenset(connection.execute(both).scalars())


def read_takes_of_bytes(
    connection: Connection, sha256: Collection[str], store: MediaStore
) -> tuple[Take, ...]:
    query = select(*TAKE_COLUMNS).where(takes.c.sha256.in_(sha256)).order_by(takes.c.id)
    return tuple(take_from(row, store) for row in connection.execute(query))


def read_events(
    connection: Connection, take: int | None, run: int | None, name: str | None = None
) -> tuple[Mapping[str, Any], ...]:
    query = select(events).order_by(events.c.id)
    if name is not None:
        query = query.where(events.c.name == name)
    if take is not None:
        query = query.where(events.c.take == take)
    if run is not None:
        query = query.where(events.c.run == run)
    return tuple(_opened(row, "facts") for row in connection.execute(query))


def read_reels(connection: Connection, scene: str) -> tuple[Mapping[str, Any], ...]:
    return _of_scene(connection, reels, scene, "timeline", "facts")


def read_runs(connection: Connection, scene: str) -> tuple[Mapping[str, Any], ...]:
    return _of_scene(connection, runs, scene, "outcome")


def _of_scene(
    connection: Connection, table: Table, scene: str, *documents: str
) -> tuple[Mapping[str, Any], ...]:
    query = select(table).where(table.c.scene == scene).order_by(table.c.id)
    return tuple(_opened(row, *documents) for row in connection.execute(query))


def _opened(row: Row[Any], *documents: str) -> Mapping[str, Any]:
    """A row as a mapping, its JSON columns read."""
    values = dict(row._mapping)
    for name in documents:
        values[name] = json.loads(values[name]) if values[name] else None
    return values


__all__ = [
    "LazyJson",
    "read_events",
    "read_in",
    "read_memory",
    "read_money",
    "read_names",
    "read_reels",
    "read_runs",
    "read_scenes",
    "read_shot",
    "read_take",
    "read_takes_of_bytes",
    "read_upload",
]
