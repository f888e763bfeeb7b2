"""A studio without cameras: scenes are planned and `shot` into a memory, nothing is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scenegraph.catalog import load_catalog
from scenegraph.ledger import Amendment, Engine, Memory, State, Take
from scenegraph.media.clip import Clip
from scenegraph.plan import (
    BEST,
    Plan,
    PlanContext,
    Selection,
    ShotPlan,
    pick_amendment,
    plan_all,
    plan_shot,
    series_amendment,
)
from scenegraph.scene import Scene

CATALOG = load_catalog()
CAST = {"mara": {"look": "a woman in a red coat", "keyframes": {"front": "mara.png"}}}
#: A chain of three behind a keyframe, a branch off it, and a shot by itself.
TRAIN: Mapping[str, Mapping[str, Any]] = {
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "seconds": 4, "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "seconds": 4, "prompt": "she rises"},
    "turns": {
        "kind": "multicondition",
        "keyframe": "mara.front",
        "motion": "sway",
        "prompt": "she turns",
    },
}


def build(shots: Mapping[str, Mapping[str, Any]] = TRAIN, **more: Any) -> Scene:
    """A scene of these shots."""
    values = {"title": "Night train", "characters": CAST, "motions": {"sway": "sway.mp4"}}
    return Scene(**{**values, **more, "shots": shots})


@dataclass
class Studio:
    """A scene, its files' hashes, and what has been shot."""

    scene: Scene = field(default_factory=build)
    engine: Engine = "animatic"
    takes: list[Take] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    elsewhere: dict[str, Callable[[], Take]] = field(default_factory=dict)
    hashes: dict[Path, str] = field(default_factory=dict)
    runs: int = 0

    @property
    def memory(self) -> Memory:
        return Memory.of("night-train", self.takes, self.amendments, self.elsewhere)

    def context(self, run: int | None = None, **selection: Any) -> PlanContext:
        for cast in self.scene.characters.values():
            for still in cast.keyframes.values():
                self.hashes.setdefault(self.scene.path(still), "51" * 32)
        for motion in self.scene.motions.values():
            self.hashes.setdefault(self.scene.path(motion), "60" * 32)
        return PlanContext.of(
            self.scene,
            self.memory,
            engine=self.engine,
            catalog=CATALOG,
            hashes=self.hashes,
            selection=Selection.of(**selection),
            run=run,
        )

    def plan(self, **selection: Any) -> Plan:
        return plan_all(self.context(None, **selection))

    def actions(self, **selection: str | Iterable[str]) -> dict[str, str]:
        return {shot.shot: shot.action for shot in self.plan(**selection).shots}

    def run(self, **selection: Any) -> list[str]:
        """Do what the executor does, one shot after the other; the shots that were asked for."""
        self.runs += 1
        context = self.context(run=self.runs, **selection)
        here: dict[str, Take | None] = {}
        asked = []
        for id in context.graph.order:
            parents = {up: here[up] for up in context.graph.parents(id)}
            planned = plan_shot(context, id, parents)
            asked += [id] * planned.submits if planned.act in ("submit", "takes") else []
            here[id] = self.do(planned)
        return asked

    def do(self, planned: ShotPlan) -> Take | None:
        match planned.act:
            case "takes":
                return self.shoot_side_by_side(planned)
            case "submit":
                return self.shoot(planned)
            case "circle" | "poll" | "review":
                assert planned.take is not None
                return self.circle(planned.take)
            case "adopt":
                assert planned.take is not None
                number = self.memory.next_number(planned.shot)
                adopted = replace(
                    planned.take,
                    id=len(self.takes) + 1,
                    scene="night-train",
                    shot=planned.shot,
                    number=number,
                    state=State.REVIEWED,
                    adopted_from=planned.take.id,
                    usd=Decimal(0),
                )
                self.takes.append(adopted)
                if adopted.setup != planned.job.setup and adopted.key != planned.job.key:
                    self.amendments.append(pick_amendment(adopted, planned.job.setup))
                return self.circle(adopted)
            case _:
                return planned.gives

    def shoot(self, planned: ShotPlan, state: State = State.CIRCLED, **more: Any) -> Take:
        """A take of what was planned."""
        job = planned.job
        assert not job.provisional
        intent = job.intent(run=self.runs or None)
        clip = Clip(
            path=Path("x"), frames=job.num_frames, rate=Fraction(24), width=1280, height=720
        )
        values: dict[str, Any] = {
            "sha256": sha256(job.key.encode()).hexdigest(),
            "media": "m",
            "clip": clip,
            "verdict": "good",
        }
        if not state.has_media:
            values = {}
        take = Take(
            id=len(self.takes) + 1,
            scene=intent.scene,
            shot=intent.shot,
            number=job.take_number,
            key=intent.key,
            setup=intent.setup,
            parts=intent.parts,
            engine=intent.engine,
            endpoint=intent.endpoint,
            seed=intent.seed,
            params=intent.params,
            state=state,
            usd_estimate=intent.usd_estimate,
            billed=intent.billed,
            run=intent.run,
            **{**values, **more},
        )
        self.takes.append(take)
        return self.circle(take) if state is State.CIRCLED else take

    def shoot_side_by_side(self, planned: ShotPlan) -> Take:
        """As the executor: the wish is written down, the takes are shot, the best is circled."""
        series = planned.series
        assert series is not None
        wish = series_amendment(planned.shot, series, planned.job.setup, self.runs or None)
        self.amendments.append(wish)
        new = [
            self.shoot(replace(planned, job=job), State.REVIEWED, score=job.seed % 97 / 97)
            for job in series.jobs
        ]
        here = [*new, *(take for take in series.takes if take.state.has_media)]
        best = min(here, key=lambda take: take.score or 0)
        self.amendments.append(
            Amendment(shot=planned.shot, kind=BEST, reason="the best", take=best.id)
        )
        return self.circle(best)

    def circle(self, take: Take) -> Take:
        for place, one in enumerate(self.takes):
            if one.shot == take.shot and one.state is State.CIRCLED:
                self.takes[place] = replace(one, state=State.REVIEWED)
        return self.set(take, state=State.CIRCLED)

    def set(self, take: Take, **changes: Any) -> Take:
        changed = replace(take, **changes)
        self.takes[take.id - 1] = changed
        return changed

    def take(self, shot: str, number: int = 1) -> Take:
        return self.memory.of_shot(shot)[number - 1]

    def change(self, shot: str, **fields: Any) -> None:
        """Edit one shot of the scene."""
        shots = {
            one.id: one.model_dump(exclude={"id"}, exclude_unset=True, by_alias=True)
            for one in self.scene.shots
        }
        shots[shot] |= fields
        self.rebuild(shots)

    def rebuild(self, shots: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        self.scene = build(shots, **more)


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def make_scene() -> Callable[..., Scene]:
    return build


@pytest.fixture
def new_studio() -> Callable[..., Studio]:
    """A studio for a scene of these shots."""

    def make(shots: Mapping[str, Mapping[str, Any]] = TRAIN, **more: Any) -> Studio:
        return Studio(build(shots, **more))

    return make


@pytest.fixture
def train() -> Mapping[str, Mapping[str, Any]]:
    return TRAIN
