"""What a page is made from, gathered once so that the rest is pure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from scenegraph.errors import SceneError
from scenegraph.ledger import Ledger, Memory, Money, Review, State, Take
from scenegraph.media import Clip
from scenegraph.media.still import FORMATS
from scenegraph.plan import Plan, amended_graph
from scenegraph.report.wanted import Picture
from scenegraph.scene import FrameOf, Scene, ShotGraph
from scenegraph.units import exact_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything the page is built from; nothing here is asked again.

    Attributes:
        reviews: by take number of the ledger (`Take.id`).
        timeline: the last reel's edit list in its JSON form; None before the first reel.
        reel: that reel's file; None when it is gone.
        outcome: the `run` answer when the page closes a run.
        media: the file of each take that still lies in the store, by `Take.id`.
        events: what the ledger wrote down about each take, oldest first, by `Take.id`.
        last_run: the newest run of this engine that asked for anything; None before the first.
    """

    scene: Scene
    graph: ShotGraph
    plan: Plan
    memory: Memory
    reviews: Mapping[int, Review]
    money: Money
    timeline: Mapping[str, Any] | None
    reel: Path | None
    outcome: Mapping[str, Any] | None
    media: Mapping[int, Path]
    events: Mapping[int, Sequence[Mapping[str, Any]]]
    last_run: Mapping[str, Any] | None

    def rejection(self, take: Take) -> str:
        """Why a person or a remedy did not want a take: the last reason that was given."""
        if take.state is not State.REJECTED:
            return ""
        said = [e["facts"] for e in self.events.get(take.id, ()) if e["name"] == "take.rejected"]
        return str(said[-1].get("reason", "")) if said else ""

    def takes(self, shot: str) -> tuple[Take, ...]:
        """All takes of a shot, those adopted under its earlier name included."""
        rows = self.memory.takes.get(shot, ())
        kept = self.kept(shot)
        return rows if kept is None or any(t.id == kept.id for t in rows) else (*rows, kept)

    def kept(self, shot: str) -> Take | None:
        """The take that stands for a shot: what the plan goes on from, else what is circled."""
        planned = next((s for s in self.plan.shots if s.shot == shot), None)
        if planned is not None and planned.gives is not None:
            return planned.gives
        return self.memory.circled(shot)

    def of_slate(self, slate: str) -> Take | None:
        """The take that an edit list names."""
        rows = (take for takes in self.memory.takes.values() for take in takes)
        return next((take for take in rows if take.slate == slate), None)

    def frame(self, take: Take, at: int, width: int, alt: str, caption: str = "") -> Picture | None:
        """One frame of a take, or None when its media is not there."""
        path = self.media.get(take.id)
        if path is None or take.clip is None:
            return None
        at = min(max(0, at), take.clip.frames - 1)
        return Picture(path, at, width, aspect_of(take.clip), alt, caption)

    def played(self, shot: str, take: Take) -> tuple[int, int]:
        """First and last frame of a take that a viewer sees: in the reel, else past its overlap."""
        assert take.clip is not None
        for event in self.timeline["events"] if self.timeline else ():
            if event["take"] == take.slate and event["shot"] == shot:
                return int(event["in_frame"]), int(event["out_frame"])
        review = self.reviews.get(take.id)
        repeated = review.overlap.frames if review and review.overlap else 0
        return min(repeated, take.clip.frames - 1), take.clip.frames - 1

    def still(self, shot: str, width: int, alt: str) -> Picture | None:
        """The keyframe that a shot starts from; a hop goes on from its parent's."""
        wanted = self.graph.shots[shot]
        name = wanted.picture_of
        if isinstance(name, FrameOf):
            return self.origin(shot, width)
        if name is None:
            above = wanted.tail_of
            known = above is not None and above in self.graph.shots
            return self.still(above, width, alt) if above and known else None
        try:
            path = self.scene.still_of(name)
        except SceneError:  # `check` says what is wrong with it; here it is only not shown
            return None
        if not path.is_file():
            return None
        return Picture(path, None, width, shape_of(path), alt, "keyframe")

    def origin(self, shot: str, width: int) -> Picture | None:
        """The frame of another shot's kept take that a shot starts from; None without such a one.

        Before that take is there, or while it has no best frame, there is nothing to show.
        """
        name = self.graph.shots[shot].picture_of
        take = self.kept(name.shot) if isinstance(name, FrameOf) else None
        if take is None or take.clip is None or not isinstance(name, FrameOf):
            return None
        spots = {"first": 0, "last": take.clip.frames - 1, "best": take.best_frame}
        at = spots[name.frame] if isinstance(name.frame, str) else name.frame
        if at is None:
            return None
        which = f", its {name.frame}" if isinstance(name.frame, str) else ""
        said = f"frame {at} of {name.shot}{which}"
        return self.frame(take, at, width, f"keyframe of {shot}: {said}", said)

    def best(self, take: Take, width: int) -> Picture | None:
        """A take's best frame, when another shot starts from the best frame of its shot."""
        wanted = (one.picture_of for one in self.graph.shots.values())
        sources = {f.shot for f in wanted if isinstance(f, FrameOf) and f.frame == "best"}
        if take.best_frame is None or take.shot not in sources:
            return None
        review = self.reviews.get(take.id)
        why = f": {review.best.why}" if review and review.best else ""
        said = f"best frame {take.best_frame}{why}"
        return self.frame(take, take.best_frame, width, f"best frame of {take.slate}", said)


def aspect_of(clip: Clip) -> float:
    """Width by height as a screen shows it."""
    return float(clip.width * clip.pixel_aspect / clip.height)


def shape_of(still: Path) -> float:
    """Width by height of a picture's file, turned upright; of a film where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(still, formats=FORMATS) as picture:
                width, height = picture.size
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 16 / 9
    return height / width if turned else width / height


def rate_of(timeline: Mapping[str, Any]) -> Fraction:
    """Frames per second of an edit list, exact."""
    return exact_rate(str(timeline["format"]).rpartition("@")[2])


def gather(
    scene: Scene, plan: Plan, ledger: Ledger | None, outcome: Mapping[str, Any] | None = None
) -> Material:
    """Read all that the page needs from the ledger and its store, each thing once.

    Without a ledger nothing was shot yet: the page is made of stills and slates.
    """
    if ledger is None:
        return _before_the_first_run(scene, plan, outcome)
    memory = ledger.memory(plan.scene).for_engine(plan.backend)
    takes = {take.id: take for rows in memory.takes.values() for take in rows}
    takes |= {shot.gives.id: shot.gives for shot in plan.shots if shot.gives}
    looked_at = {id: ledger.review_of(id) for id, take in takes.items() if take.state.has_media}
    files = {id: ledger.store.path(take.media) for id, take in takes.items() if take.media}
    own = [r for r in ledger.reels(plan.scene) if r["facts"].get("engine") in (None, plan.backend)]
    last = max(own, key=lambda reel: reel["id"], default=None)
    reel = scene.folder / Path(last["path"]) if last else None  # an absolute path stays itself
    asked_in = {take.run for take in takes.values()}
    runs = [run for run in ledger.runs(plan.scene) if run["id"] in asked_in]
    return Material(
        scene=scene,
        graph=amended_graph(scene, memory),
        plan=plan,
        memory=memory,
        reviews={id: review for id, review in looked_at.items() if review is not None},
        money=ledger.money(plan.scene),
        timeline=last["timeline"] if last else None,
        reel=reel if reel is not None and reel.is_file() else None,
        outcome=outcome,
        media={id: path for id, path in files.items() if path.is_file()},
        events={id: ledger.events(take=id) for id in takes},
        last_run=runs[-1] if runs else None,
    )


def _before_the_first_run(scene: Scene, plan: Plan, outcome: Mapping[str, Any] | None) -> Material:
    memory = Memory(plan.scene)
    return Material(
        scene=scene,
        graph=amended_graph(scene, memory),
        plan=plan,
        memory=memory,
        reviews={},
        money=Money(),
        timeline=None,
        reel=None,
        outcome=outcome,
        media={},
        events={},
        last_run=None,
    )
