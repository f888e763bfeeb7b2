"""Takes looked at again as they were looked at, and two reviews held against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from scenegraph.catalog import load_catalog
from scenegraph.errors import BrokenMedia
from scenegraph.ledger import Chain, Engine, Ledger, Memory, Overlap, Review, Take
from scenegraph.media import Clip, open_still
from scenegraph.media.files import file_hash
from scenegraph.review import DEFAULT_BUDGETS, Footage, Likeness, look, look_at, watch
from scenegraph.review.measures import KEYFRAME_SUFFIX
from scenegraph.run.lineage import Lineage, inputs_of
from scenegraph.run.provenance import take_called
from scenegraph.run.tails import shown_of
from scenegraph.units import Span

#: Figures are kept rounded: this far apart they are the same.
ROUNDING = 2e-5
#: Series are kept as float32, unrounded; more than this is another picture or another measure.
SERIES_ROUNDING = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that came out otherwise.

    Attributes:
        part: `media`, `review`, `timeline`, `reel` or `plan`.
        where: a slate, a shot, or the reel's file.
    """

    part: str
    where: str
    field: str
    recorded: Any
    rebuilt: Any
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "where": self.where,
            "field": self.field,
            "recorded": self.recorded,
            "rebuilt": self.rebuilt,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """A take looked at again; `problem` says why that could not be done as it was."""

    review: Review
    problem: Difference | None = None


class Footages:
    """The parents watched last: a chain is looked at from its start, hop by hop."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._seen: dict[Path, Footage] = {}

    def of(self, clip: Clip) -> Footage | None:
        """The footage of a clip; None when it cannot be watched."""
        with self._lock:
            if clip.path in self._seen:
                return self._seen[clip.path]
        try:
            footage = watch(clip.path, clip).shelved()
        except BrokenMedia:
            return None
        with self._lock:
            self._seen[clip.path] = footage
            while len(self._seen) > self._most:
                del self._seen[next(iter(self._seen))]
        return footage


class LookedAtAgain:
    """Looks at the scene's takes as they were looked at: the kept review says against what."""

    def __init__(
        self,
        ledger: Ledger,
        memory: Memory,
        engine: Engine,
        timeline: Mapping[str, Any],
        stills: Mapping[str, Path],
        likeness: Callable[[str], Likeness | None] = lambda _: None,
    ) -> None:
        """`likeness` says whom a shot shows, as a run would ask."""
        self._likeness = likeness
        self.shown = {
            event["take"]: take_called(memory, event["take"]) for event in timeline["events"]
        }
        self.lineage = Lineage(ledger, memory.scene, first=self.shown.values())
        self._stills, self._store, self._catalog = stills, ledger.store, load_catalog()
        self._footages = Footages(most=8)
        own = [
            take
            for rows in memory.takes.values()
            for take in rows
            if take.engine == engine and take.media is not None and take.verdict is not None
        ]
        self.takes = [
            take
            for take in self.lineage.above([*self.shown.values(), *own])
            if take.state.has_media
        ]
        self.kept = {take.id: ledger.review_of(take.id) for take in self.takes}

    def all(self) -> dict[int, Seen]:
        """Every take's review, made again; parents come first, so that their footage is at hand."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
            return dict(
                zip(
                    (take.id for take in self.takes),
                    threads.map(self._look, self.takes),
                    strict=True,
                )
            )

    def kind(self, take: Take) -> str:
        """The kind of shot that a take's endpoint makes."""
        endpoint = self._catalog.by_id(take.endpoint)
        return endpoint.kind if endpoint is not None else "i2v"

    def _look(self, take: Take) -> Seen:
        path = self._store.path(take.media or "")
        if not path.is_file():
            gone = Review(verdict="broken", reasons=("its file is not in the store",))
            return Seen(gone, self._media(take, None))
        digest = file_hash(path)
        problem = self._media(take, digest) if digest != take.sha256 else None
        kept = self.kept[take.id]
        if take.clip is None:
            return Seen(look(path), problem)
        try:
            likeness = self._likeness(take.shot)
            looks = likeness is not None and likeness.looks
            # as a run does: with what probing said at the time
            footage = watch(path, take.clip, in_full=looks)
        except BrokenMedia as error:
            return Seen(
                Review(verdict="broken", reasons=(f"cannot be used: {error.reason}",)), problem
            )
        above = still = None
        if kept is not None and kept.overlap is not None:
            above = self._footage_above(take)
            if above is None:
                problem = problem or self._without(take, "parent take")
        if kept is not None and any(name.endswith(KEYFRAME_SUFFIX) for name in kept.measures):
            picture = self._keyframe(take)
            if picture is None:
                problem = problem or self._without(take, "keyframe")
            else:
                still = open_still(picture)
        return Seen(
            look_at(
                footage,
                keyframe=still,
                parent=above,
                budgets=_budgets(kept),
                likeness=likeness,
                expects_overlap=True if self.kind(take) == "extend" else None,
                chain=self._chain_above(take),
                goes_back=self.kind(take) == "multicondition",
                usual=_usual(kept),
                shown=self._shown(take) if above is not None else None,
            ),
            problem,
        )

    def _shown(self, take: Take) -> Span | None:
        parent = self.lineage.parents(take).get("video")
        return shown_of(take, parent, self.kept.get(parent.id) if parent is not None else None)

    def _media(self, take: Take, digest: str | None) -> Difference:
        return Difference(
            part="media",
            where=take.slate,
            field="sha256",
            recorded=take.sha256,
            rebuilt=digest,
            note="its file is not in the store" if digest is None else "its file was changed",
        )

    def _without(self, take: Take, what: str) -> Difference:
        hashes = {role: part.get("sha256") for role, part in inputs_of(take).items()}
        return Difference(
            part="review",
            where=take.slate,
            field=what,
            recorded=hashes.get("image" if what == "keyframe" else "video"),
            rebuilt=None,
            note=f"it was held against a {what} that is not there any more",
        )

    def _footage_above(self, take: Take) -> Footage | None:
        parent = self.lineage.parents(take).get("video")
        if parent is None or parent.clip is None or not parent.clip.path.is_file():
            return None
        return self._footages.of(parent.clip)

    def _chain_above(self, take: Take) -> Chain | None:
        """What the parent's own review had added up."""
        parent = self.lineage.parents(take).get("video")
        known = self.kept.get(parent.id) if parent is not None else None
        return known.chain if known is not None else None

    def _keyframe(self, take: Take) -> Path | None:
        """The still that the take's chain started from, by the hashes that its takes name."""
        above: Take | None = take
        while above is not None:
            picture = inputs_of(above).get("image")
            if picture is not None:
                return None if "frame" in picture else self._stills.get(str(picture["sha256"]))
            above = self.lineage.parents(above).get("video")
        return None

    def differences(self, seen: Mapping[int, Seen]) -> Iterator[Difference]:
        for take in self.takes:
            problem, kept = seen[take.id].problem, self.kept[take.id]
            if problem is not None:
                yield problem
            elif kept is not None:
                yield from reviews_differ(take.slate, kept, seen[take.id].review)


def _usual(kept: Review | None) -> Overlap | None:
    """What was remembered of such answers, as far as it counted in a review."""
    overlap = kept.overlap if kept is not None else None
    if overlap is None or overlap.remembered is None:
        return None
    return replace(overlap, frames=overlap.remembered, remembered=None)


def _budgets(kept: Review | None) -> dict[str, float]:
    """The budgets that a review was held to: it names them itself."""
    found: dict[str, float] = {}
    for name, measure in (kept.measures if kept is not None else {}).items():
        if measure.budget is not None and name in DEFAULT_BUDGETS:
            found[name] = measure.budget
            # Against its own start a clip had the wider of two budgets: both are that one.
            wide = name + KEYFRAME_SUFFIX
            if wide in DEFAULT_BUDGETS and kept is not None and wide not in kept.measures:
                found[wide] = measure.budget
    return found


def reviews_differ(slate: str, kept: Review, made: Review) -> Iterator[Difference]:
    """Figures of two reviews of one take that are further apart than rounding.

    >>> good, bad = Review(verdict="good", score=0.2), Review(verdict="drifted", score=1.5)
    >>> [(one.field, one.recorded, one.rebuilt) for one in reviews_differ("s/a/t1", good, bad)]
    [('verdict', 'good', 'drifted'), ('score', 0.2, 1.5)]
    """
    if kept.best is None:  # it was looked at before a best frame was chosen then
        made = replace(made, best=None)
    for field, was, now in unlike(kept.to_json(), made.to_json()):
        yield Difference(part="review", where=slate, field=field, recorded=was, rebuilt=now)
    for name in sorted({*kept.series, *made.series}):
        was, now = kept.series.get(name), made.series.get(name)
        if was is None or now is None or len(was) != len(now):
            lengths = [None if one is None else len(one) for one in (was, now)]
            field = f"series.{name}.length"
            yield Difference(
                part="review", where=slate, field=field, recorded=lengths[0], rebuilt=lengths[1]
            )
            continue
        apart = [abs(float(a) - float(b)) for a, b in zip(was, now, strict=True)]
        worst = max(range(len(apart)), key=apart.__getitem__, default=None)
        if worst is not None and apart[worst] > SERIES_ROUNDING:
            yield Difference(
                part="review",
                where=slate,
                field=f"series.{name}[{worst}]",
                recorded=round(float(was[worst]), 6),
                rebuilt=round(float(now[worst]), 6),
            )


def unlike(was: Any, now: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Leaves of two JSON values that differ: where, the one, the other."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from unlike(was.get(name), now.get(name), f"{at}.{name}" if at else name)
    elif isinstance(was, list | tuple) and isinstance(now, list | tuple) and len(was) == len(now):
        for place, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from unlike(one, other, f"{at}[{place}]")
    elif _is_figure(was) and _is_figure(now):
        if abs(was - now) > ROUNDING:
            yield at, was, now
    elif was != now:
        yield at, was, now


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
