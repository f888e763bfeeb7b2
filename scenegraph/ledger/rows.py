"""Between values and rows: JSON that is read only when someone looks, exact money, whole takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from scenegraph.errors import LedgerError
from scenegraph.ledger.database import MEND
from scenegraph.ledger.store import MediaStore
from scenegraph.ledger.tables import takes
from scenegraph.ledger.takes import Amendment, Intent, QueueUrls, State, Take
from scenegraph.media.clip import Clip
from scenegraph.units import as_usd

#: Columns that a take is made from, in this order; the review stays behind until it is asked for.
TAKE_COLUMNS = tuple(column for column in takes.c if column.name not in ("review", "sheet"))

#: What an adopted take has from the one that was really shot.
COPIED = (
    "key",
    "setup",
    "parts",
    "engine",
    "endpoint",
    "seed",
    "params",
    "request_id",
    "answer",
    "sha256",
    "media",
    "clip",
    "verdict",
    "score",
    "best_frame",
    "review",
    "sheet",
)


class LazyJson(Mapping[str, Any]):
    """A JSON object kept as text until someone looks into it.

    A scene of a thousand takes is planned by comparing hashes; what they were hashed from is
    looked at for the few that changed.

    >>> LazyJson('{"seed": 7}') == {"seed": 7}
    True
    """

    __slots__ = ("_text", "_value")

    def __init__(self, text: str) -> None:
        self._text = text
        self._value: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._value is None:
            try:
                self._value = json.loads(self._text)
            except ValueError as error:
                raise damaged_row(error) from error
        return self._value

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyJson) and self._text == other._text:
            return True
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._read())


def damaged_row(error: Exception) -> LedgerError:
    return LedgerError(
        f"A row of the ledger is damaged ({error}).",
        next=MEND,
    )


def json_text(value: Any) -> str:
    """JSON as it is kept: small, the same for the same value, decimals as text."""
    if isinstance(value, LazyJson):
        return value._text
    return _encode(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "to_json"):
        return value.to_json()
    return str(value)


_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
).encode


def usd_units(usd: Decimal) -> int:
    """Whole hundredths of a cent."""
    return int(as_usd(usd) * 10_000)


@lru_cache(maxsize=256)
def from_units(units: int) -> Decimal:
    """Money from whole hundredths of a cent.

    >>> from_units(1008)
    Decimal('0.1008')
    """
    return Decimal(units).scaleb(-4)


def take_from(row: Any, store: MediaStore) -> Take:
    """The take that a row of `TAKE_COLUMNS` holds."""
    (
        id_,
        scene,
        shot,
        number,
        key,
        setup,
        parts,
        engine,
        endpoint,
        seed,
        params,
        state,
        usd_estimate,
        billed,
        usd,
        request_id,
        status_url,
        response_url,
        cancel_url,
        answer,
        sha256,
        media,
        clip,
        verdict,
        score,
        best_frame,
        error,
        pinned,
        adopted_from,
        run,
        created_at,
        submitted_at,
        answered_at,
        fetched_at,
    ) = row
    has = _STATES.get(state)
    if has is None:
        raise damaged_row(ValueError(f"{state!r} is no state of a take"))
    if has is State.COLLECTED:  # its file is gone; what it was is still known
        media = None
    try:
        seen = _clip_of(clip).at(store.place(media)) if clip and media else None
    except (ValueError, KeyError, TypeError) as wrong:
        raise damaged_row(wrong) from wrong
    return _take(
        id_,
        scene,
        shot,
        number,
        key,
        setup,
        LazyJson(parts),
        engine,
        endpoint,
        seed,
        LazyJson(params),
        has,
        from_units(usd_estimate),
        bool(billed),
        None if usd is None else from_units(usd),
        request_id,
        QueueUrls(status_url, response_url, cancel_url) if status_url else None,
        LazyJson(answer) if answer else None,
        sha256,
        media,
        seen,
        verdict,
        score,
        best_frame,
        LazyJson(error) if error else None,
        bool(pinned),
        adopted_from,
        run,
        created_at,
        submitted_at,
        answered_at,
        fetched_at,
    )


def _take(*values: Any) -> Take:
    """A take from all its values in order: its own `__init__`, by name, takes twice as long."""
    take = object.__new__(Take)
    for put, value in zip(_PUT, values, strict=True):
        put(take, value)
    return take


_PUT = [getattr(Take, one.name).__set__ for one in fields(Take)]
_STATES = {state.value: state for state in State}


@lru_cache(maxsize=256)
def _clip_of(text: str) -> Clip:
    """Most clips of a scene differ in nothing but where they are."""
    return Clip.from_json(json.loads(text), Path())


def intent_row(intent: Intent, number: int, at: float) -> dict[str, Any]:
    """A new take's row, not yet asked for."""
    return {
        "scene": intent.scene,
        "shot": intent.shot,
        "number": number,
        "key": intent.key,
        "setup": intent.setup,
        "parts": json_text(intent.parts),
        "engine": intent.engine,
        "endpoint": intent.endpoint,
        "seed": intent.seed,
        "params": json_text(intent.params),
        "state": State.INTENDED.value,
        "usd_estimate": usd_units(intent.usd_estimate),
        "billed": int(intent.billed),
        "pinned": 0,
        "run": intent.run,
        "created_at": at,
    }


def take_of(intent: Intent, id_: int, number: int, at: float) -> Take:
    """The take that `intent_row` was written for, without reading it back."""
    return Take(
        id=id_,
        scene=intent.scene,
        shot=intent.shot,
        number=number,
        key=intent.key,
        setup=intent.setup,
        parts=intent.parts,
        engine=intent.engine,
        endpoint=intent.endpoint,
        seed=intent.seed,
        params=intent.params,
        state=State.INTENDED,
        usd_estimate=as_usd(intent.usd_estimate),
        billed=intent.billed,
        run=intent.run,
        created_at=at,
    )


def amendment_from(row: Any) -> Amendment:
    """The amendment of a whole row of its table."""
    return Amendment(
        id=row.id,
        shot=row.shot,
        kind=row.kind,
        reason=row.reason,
        values=LazyJson(row.vals),
        take=row.take,
        run=row.run,
        created_at=row.created_at,
    )
