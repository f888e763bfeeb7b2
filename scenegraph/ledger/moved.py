"""A take as it stands after a step, without reading its row back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from scenegraph.ledger.rows import LazyJson, from_units
from scenegraph.ledger.takes import QueueUrls, State, Take
from scenegraph.media.clip import Clip

#: Columns whose values a take has as they are.
_PLAIN = frozenset(
    (
        "request_id",
        "submitted_at",
        "answered_at",
        "sha256",
        "media",
        "fetched_at",
        "verdict",
        "score",
        "best_frame",
    )
)
_NAMES = tuple(field.name for field in fields(Take))
_values_of = attrgetter(*_NAMES)
_setters = tuple(getattr(Take, name).__set__ for name in _NAMES)


def moved(take: Take, to: State, values: Mapping[str, Any], clip: Clip | None = None) -> Take:
    """`take` in its new state, with these columns written: equal to what reading it would give.

    It holds for a take that nobody else moves on: of a scene that is held, on its way to the film.
    """
    now: dict[str, Any] = {"state": to}
    for name, value in values.items():
        if name in _PLAIN:
            now[name] = value
        elif name == "status_url":
            now["urls"] = QueueUrls(value, values["response_url"], values["cancel_url"])
        elif name == "usd":
            now["usd"] = None if value is None else from_units(value)
        elif name in ("answer", "error"):
            now[name] = LazyJson(value) if value else None
        elif name == "clip":
            now["clip"] = clip
    return _copy(take, now)


def _copy(take: Take, now: Mapping[str, Any]) -> Take:
    """As `dataclasses.replace`, at half its price: each take of a long scene is copied thrice."""
    copy = object.__new__(Take)
    for put, name, value in zip(_setters, _NAMES, _values_of(take), strict=True):
        put(copy, now.get(name, value))
    return copy
