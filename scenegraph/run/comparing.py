"""Two takes of a shot beside each other: what was asked, what it was made from, what came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.ledger import Ledger, Review, Take
from scenegraph.plan import Change, amended_graph, changes
from scenegraph.run.lineage import Lineage, inputs_of, is_of_take
from scenegraph.run.project import name_in, open_scene, store_of
from scenegraph.run.sheet import find_take
from scenegraph.scene import Scene
from scenegraph.settings import Settings
from scenegraph.units import usd_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Only what differs between two takes of one shot.

    Attributes:
        changed: fields of what they were made from, the most telling first; texts are whole.
        measured: what looking at them said, as far as it differs: verdict, score, each measure.
        same_media: their files have the same bytes; None when one has no file.
    """

    shot: str
    was: Take
    now: Take
    changed: tuple[Change, ...]
    measured: tuple[Change, ...] = ()
    same_media: bool | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "shot": self.shot,
            "was": self.was.number,
            "now": self.now.number,
            "changed": [change.to_json() for change in self.changed],
            "measured": [change.to_json() for change in self.measured],
            "same_media": self.same_media,
            "takes": [_take_json(take) for take in (self.was, self.now)],
        }


def _take_json(take: Take) -> dict[str, Any]:
    return {
        "take": take.number,
        "slate": take.slate,
        "state": take.state.value,
        "engine": take.engine,
        "seed": take.seed,
        "request_id": take.request_id,
        "sha256": take.sha256,
        "usd": usd_text(take.usd if take.usd is not None else take.usd_estimate),
        "verdict": take.verdict,
        "score": take.score,
    }


def compare(
    scene: Scene | str | Path,
    shot: str,
    was: int | None = None,
    now: int | None = None,
    *,
    store: str | Path | None = None,
) -> Comparison:
    """Two takes of a shot; by default the last two. Writes nothing.

    A re-roll differs by its seed alone, which a plan does not call a change of the shot.

    Raises:
        UnknownShot, SceneError: no such shot or take, or there are not two.
        LedgerError: there is no ledger yet, or it cannot be read.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with Ledger.open(store_of(scene, settings, store), create=False) as ledger:
        memory = ledger.memory(name_in(ledger, scene))
        if was is not None and now is None:
            now, was = was, None  # one take is named: it is held against the one before it
        rows = memory.of_shot(shot)
        if not rows and shot in amended_graph(scene, memory).shots:
            raise SceneError(
                f"{shot!r} has no take yet; two are compared.",
                next=f"`scenegraph run SCENE --only {shot}` shoots the first.",
            )
        second = find_take(memory, shot, now if now is not None or not rows else rows[-1].number)
        if was is None:
            before = [take.number for take in rows if take.number < second.number]
            if not before:
                raise SceneError(
                    f"{shot!r} has no take before t{second.number}; two are compared.",
                    next=f"`scenegraph rerun SCENE {shot}` shoots another.",
                )
            was = before[-1]
        first = find_take(memory, shot, was)
        lineage = Lineage(ledger, memory.scene)
        has_media = first.sha256 is not None and second.sha256 is not None
        return Comparison(
            shot=shot,
            was=first,
            now=second,
            changed=tuple(_changed(first, second, lineage)),
            measured=tuple(measured(ledger.review_of(first.id), ledger.review_of(second.id))),
            same_media=first.sha256 == second.sha256 if has_media else None,
        )


def _changed(first: Take, second: Take, lineage: Lineage) -> Iterator[Change]:
    """As a plan tells it, with whole texts, and parents called by their slates."""
    found = changes(first.parts, second.parts)
    roles = _parents_that_differ(first, second)
    old, new = first.parts.get("params", {}), second.parts.get("params", {})
    for change in found:
        if isinstance(change.was, str) and isinstance(old.get(change.field), str):
            change = replace(change, was=old[change.field], now=new.get(change.field))
        if change.field == "parent take":
            role = next(roles)
            named = [_named(take, role, lineage) for take in (first, second)]
            change = replace(change, was=named[0], now=named[1])
        yield change
    if first.seed != second.seed and all(change.field != "seed" for change in found):
        yield Change("seed", first.seed, second.seed)


def _parents_that_differ(first: Take, second: Take) -> Iterator[str]:
    """Roles in the order in which `changes` tells them."""
    old, new = inputs_of(first), inputs_of(second)
    for role in ("image", "video"):
        was, now = old.get(role, {}), new.get(role, {})
        if was.get("sha256") != now.get("sha256") and is_of_take(role, {**was, **now}):
            yield role


def _named(take: Take, role: str, lineage: Lineage) -> str | None:
    part = inputs_of(take).get(role)
    if part is None:
        return None
    sha256 = str(part["sha256"])
    above = lineage.take_of(sha256)
    return f"{above.slate} ({sha256[:4]})" if above is not None else sha256[:4]


def measured(was: Review | None, now: Review | None) -> Iterator[Change]:
    """What two reviews say differently; a take that was not looked at has none.

    >>> good, bad = Review(verdict="good", score=0.2), Review(verdict="drifted", score=1.5)
    >>> [change.field for change in measured(good, bad)]
    ['verdict', 'score']
    """
    old: dict[str, Any] = was.to_json() if was is not None else {}
    new: dict[str, Any] = now.to_json() if now is not None else {}
    for name in ("verdict", "score", "overlap_frames"):
        if old.get(name) != new.get(name):
            yield Change(name, old.get(name), new.get(name))
    before, after = old.get("measures", {}), new.get("measures", {})
    for name in [*after, *(name for name in before if name not in after)]:
        values = [side.get(name, {}).get("value") for side in (before, after)]
        if values[0] != values[1]:
            yield Change(name, *values)
