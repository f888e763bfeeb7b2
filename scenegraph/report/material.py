"""What a page is made from, gathered once so that the rest is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.ledger import Ledger, Memory, Money, Review, State, Take
from scenegraph.media import Clip
from scenegraph.plan import Plan, amended_graph
from scenegraph.report.page import Picture
from scenegraph.scene import FrameOf, Scene, ShotGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything the page is built from; nothing here is asked again.

    Attributes:
        reviews: by take number of the ledger (`Take.id`).
        timeline: the last reel's edit list in its JSON form; None before the first reel.
        reel: that reel's file; None when it is gone.
        outcome: the `run` answer when the page closes a run.
        media: the file of each take that still lies in the store, by `Take.id`.
        rejections: why rejected takes were not wanted, by `Take.id`.
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
    rejections: Mapping[int, str]

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

    def still(self, shot: str, width: int, alt: str) -> Picture | None:
        """The keyframe that a shot starts from."""
        name = self.graph.shots[shot].picture_of
        if isinstance(name, FrameOf):
            return self.origin(shot, width)
        if name is None:
            return None
        try:
            path = self.scene.still_of(name)
        except SceneError:  # `check` says what is wrong with it; here it is only not shown
            return None
        return Picture(path, None, width, 16 / 9, alt, "keyframe") if path.is_file() else None

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


def gather(
    scene: Scene, plan: Plan, ledger: Ledger, outcome: Mapping[str, Any] | None = None
) -> Material:
    """Read all that the page needs from the ledger and its store, each thing once."""
    memory = ledger.memory(plan.scene).for_engine(plan.backend)
    takes = {take.id: take for rows in memory.takes.values() for take in rows}
    takes |= {shot.gives.id: shot.gives for shot in plan.shots if shot.gives}
    looked_at = {id: ledger.review_of(id) for id, take in takes.items() if take.state.has_media}
    files = {id: ledger.store.path(take.media) for id, take in takes.items() if take.media}
    own = [r for r in ledger.reels(plan.scene) if r["facts"].get("engine") in (None, plan.backend)]
    last = max(own, key=lambda reel: reel["id"], default=None)
    reel = scene.folder / Path(last["path"]) if last else None  # an absolute path stays itself
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
        rejections=_rejections(ledger, takes.values()),
    )


def _rejections(ledger: Ledger, takes: Iterable[Take]) -> dict[int, str]:
    """Why a person or a remedy did not want a take: the last reason that was given."""
    reasons = {}
    for take in takes:
        if take.state is State.REJECTED:
            for event in ledger.events(take=take.id):
                if event["name"] == "take.rejected":
                    reasons[take.id] = str(event["facts"].get("reason", ""))
    return reasons
