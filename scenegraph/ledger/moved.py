"""A take as it stands after a step, without reading its row back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from scenegraph.ledger.rows import LazyJson, from_units
from scenegraph.ledger.store import MediaStore
from scenegraph.ledger.takes import QueueUrls, State, Take
from scenegraph.media.clip import Clip

#: Columns whose values a take has as they are.
_PLAIN = frozenset(
    {
        "request_id",
        "submitted_at",
        "answered_at",
        "sha256",
        "media",
        "fetched_at",
        "verdict",
        "score",
    }
)


def moved(take: Take, to: State, values: Mapping[str, Any], store: MediaStore) -> Take:
    """`take` in its new state, with these columns written: equal to what reading it would give.

    It holds for a take that nobody else moves on: of a scene that is held, on its way to the film.
    """
    now: dict[str, Any] = {name: value for name, value in values.items() if name in _PLAIN}
    if "status_url" in values:
        now["urls"] = QueueUrls(*(values[f"{which}_url"] for which in _URLS))
    if "usd" in values:
        now["usd"] = None if values["usd"] is None else from_units(values["usd"])
    for name in ("answer", "error"):
        if name in values:
            now[name] = LazyJson(values[name]) if values[name] else None
    if values.get("clip") and values.get("media"):
        now["clip"] = replace(_clip_of(values["clip"]), path=store.path(values["media"]))
    return replace(take, state=to, **now)


_URLS = ("status", "response", "cancel")


@lru_cache(maxsize=256)
def _clip_of(text: str) -> Clip:
    return Clip.from_json(json.loads(text), Path())
