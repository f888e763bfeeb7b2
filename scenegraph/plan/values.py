"""A plan and its parts: what would be done for each shot, why, and at what price."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from scenegraph.ledger import Engine, State, Take
from scenegraph.plan.drifting import ChainDrift
from scenegraph.plan.expect import Expected
from scenegraph.plan.frames import told_frame
from scenegraph.plan.job import Job
from scenegraph.plan.speculating import Speculation
from scenegraph.scene import Rung
from scenegraph.units import usd_text

#: keep: nothing to do. shoot: can go now. wait: its turn comes when its parents are here.
#: reattach: it is on its way, or on the disk, and only has to be collected.
#: stale: what is kept no longer fits, and nobody asked for another. ask: a person must decide.
Action = Literal["shoot", "keep", "reattach", "wait", "stale", "ask"]

#: What the executor does first. `circle` and `adopt` cost nothing; `review` looks at a take that
#: is on the disk; `poll` collects a take that was asked for. `takes` is a series: all at once.
#: `join` waits for exactly the same job of another shot, or of another scene of the store.
Act = Literal["none", "submit", "takes", "poll", "review", "circle", "adopt", "join"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between the take that is kept and what is wanted now."""

    field: str
    was: Any
    now: Any

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "was": self.was, "now": self.now}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Takes of one shot that are wanted side by side; the best of them is circled.

    Attributes:
        number: how many are wanted; after: the number of the last take before them.
        jobs: those that are still to be asked for.
        takes: those that are here or on their way.
        is_new: nobody has written down yet that they are wanted.
    """

    number: int
    after: int
    jobs: tuple[Job, ...] = field(default=(), repr=False)
    takes: tuple[Take, ...] = field(default=(), repr=False)
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class RungPrice:
    """One rung of a shot's ladder: US dollars each time, and how often it may be taken."""

    rung: Rung
    usd: Decimal
    times: int = 1

    def to_json(self) -> dict[str, Any]:
        return {"rung": self.rung, "usd": usd_text(self.usd), "times": self.times}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotPlan:
    """What would be done for one shot.

    Attributes:
        act: the executor's first step.
        reason: in words, for people.
        changed: what differs from the take that is circled now.
        usd: what asking for it would cost on the service; 0 when nothing is asked.
        job: what would be asked; also of a kept shot, so that a new take of it can be priced.
        take: the take that is kept, collected, adopted or asked about.
        gives: the take that its children are made from, when that is known already.
        series: the takes that are wanted side by side, when it is more than the next one.
        root_cause: the shot that this one waits for, when that one is lost, refused or left out;
            the shot's own id when it is the one that failed.
        will_shoot: a run would ask for it (now or when its parents are here).
        children: the shots made from it that will follow.
        twin: the shot before it in the plan that wants exactly the same, and is shot for both.
        ladder: what each rung would cost if its take drifts; empty when nothing will be shot.
    """

    shot: str
    action: Action
    act: Act = "none"
    reason: str
    changed: tuple[Change, ...] = ()
    usd: Decimal = Decimal(0)
    job: Job = field(repr=False)
    take: Take | None = field(default=None, repr=False)
    gives: Take | None = field(default=None, repr=False)
    series: Series | None = field(default=None, repr=False)
    root_cause: str | None = None
    will_shoot: bool = False
    selected: bool = True
    children: tuple[str, ...] = ()
    ladder: tuple[RungPrice, ...] = ()
    next: str = ""
    twin: str | None = None

    @property
    def num_frames(self) -> int:
        """Frames of the kept clip, or of the answer that would be asked for."""
        clip = self.gives.clip if self.gives is not None else None
        return self.job.num_frames if clip is None else clip.frames

    @property
    def keyframe(self) -> dict[str, Any] | None:
        """`{"from", "frame"}` when it starts from a frame of another shot; `best` until its take
        has been looked at."""
        return told_frame(self.job.inputs)

    def is_own(self, take: Take | None) -> bool:
        """Whether a take is of this very shot, and not of another that wants the same."""
        return take is not None and (take.scene, take.shot) == (self.job.scene, self.shot)

    @property
    def new_frames(self) -> int:
        """Frames that the parent does not have."""
        shown = self.job.num_frames - self.job.new_frames
        return max(0, self.num_frames - shown)

    @property
    def key(self) -> str:
        """Of the take that is kept, or of the one that would be shot."""
        return self.gives.key if self.action == "keep" and self.gives else self.job.key

    @property
    def submits(self) -> int:
        """Takes of it that a run would ask for, without re-rolls."""
        if not self.will_shoot:
            return 0
        return len(self.series.jobs) if self.series is not None else 1

    @property
    def stays(self) -> bool:
        """A run leaves it as it is."""
        return self.action == "keep" and self.act == "none"

    @property
    def has_failed(self) -> bool:
        """Its last attempt ended badly, and nothing that fits is kept."""
        return self.selected and self.root_cause == self.shot

    @property
    def provisional(self) -> bool:
        """A parent's take is still to come, so key, length and price may change."""
        return self.job.provisional

    def to_json(self) -> dict[str, Any]:
        return {
            "shot": self.shot,
            "kind": self.job.kind,
            "endpoint": self.job.endpoint.id,
            "action": self.action,
            "reason": self.reason,
            "changed": [change.to_json() for change in self.changed],
            "usd": usd_text(self.usd),
            "takes": self.submits,
            "num_frames": self.num_frames,
            "new_frames": self.new_frames,
            "key": self.key,
            "provisional": self.provisional,
            "take": self.take.slate if self.take else None,
            "keyframe": self.keyframe,
            "pinned": bool(self.take and self.take.pinned),
            "selected": self.selected,
            "root_cause": self.root_cause,
            "children": list(self.children),
            "ladder": [rung.to_json() for rung in self.ladder],
            "next": self.next,
            "notes": list(self.job.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is still to do for a scene, parents first. Reads nothing, asks no one, spends nothing.

    Attributes:
        plan_id: a hash of what it would do; the same state gives the same one.
        usd: the price of all that would be shot, on the service, without re-rolls.
        expected: the same with the re-rolls that are to be expected.
        chains: how fast each chain with hops uses its drift budget up.
        speculation: what hops that are asked for early may cost; None when that is off.
        reel_expected: frames that the reel will probably have, or that the scene asks for.
        reel_note: a sentence when the scene asks for a length that its shots cannot make.
        reel_frames: new frames of the reel's shots at the reel's rate. An upper bound: cutting at
            low motion takes some away, and a shot that is lost is missing.
    """

    scene: str
    plan_id: str
    backend: Engine
    shots: tuple[ShotPlan, ...]
    usd: Decimal
    to_shoot: int
    expected: Expected
    reel_frames: int
    reel_rate: Fraction
    reel_expected: int = 0
    reel_note: str = ""
    chains: tuple[ChainDrift, ...] = ()
    speculation: Speculation | None = None

    def __getitem__(self, shot: str) -> ShotPlan:
        for planned in self.shots:
            if planned.shot == shot:
                return planned
        raise KeyError(shot)

    @property
    def has_work(self) -> bool:
        """Something would be asked for, collected, circled or adopted."""
        return any(shot.will_shoot or shot.act != "none" for shot in self.shots)

    @property
    def submits(self) -> int:
        """Takes that would be asked for, without re-rolls."""
        return sum(shot.submits for shot in self.shots)

    @property
    def failed(self) -> tuple[ShotPlan, ...]:
        """Shots whose last attempt ended badly: the root causes of what is missing."""
        return tuple(shot for shot in self.shots if shot.has_failed)

    def waiting_for(self, root: str) -> tuple[ShotPlan, ...]:
        """Shots that are still to come because of a failed one, itself left out."""
        return tuple(shot for shot in self.shots if shot.root_cause == root and shot.shot != root)

    @property
    def next_step(self) -> str:
        """The one command that goes on after a failure; empty when nothing has failed.

        It shoots the failed shots and what hangs on them, and nothing else.
        """
        doubts = (State.UNKNOWN, State.INTENDED)
        unclear = next((s for s in self.failed if s.take and s.take.state in doubts), None)
        if unclear is not None:
            return unclear.next
        if not self.failed:
            return ""
        return f"`scenegraph rerun SCENE {' '.join(shot.shot for shot in self.failed)}`"

    @property
    def to_ask(self) -> tuple[ShotPlan, ...]:
        """Shots about which a person must decide."""
        return tuple(shot for shot in self.shots if shot.action == "ask")

    def to_json(self) -> dict[str, Any]:
        """The `plan` answer of the terminal."""
        return {
            "scene": self.scene,
            "plan_id": self.plan_id,
            "backend": self.backend,
            "usd": usd_text(self.usd),
            "expected_usd": self.expected.to_json(),
            "to_shoot": self.to_shoot,
            "submits": self.submits,
            # At most: cutting at low motion takes some away. The run says the exact number.
            "reel_frames_at_most": self.reel_frames,
            "reel_frames_expected": self.reel_expected,
            "reel_note": self.reel_note,
            "reel_rate": str(self.reel_rate),
            "failed": [
                {
                    "shot": shot.shot,
                    "reason": shot.reason,
                    "waiting": [one.shot for one in self.waiting_for(shot.shot)],
                }
                for shot in self.failed
            ],
            "next": self.next_step,
            "chains": [chain.to_json() for chain in self.chains],
            "speculation": self.speculation.to_json() if self.speculation else None,
            "shots": [shot.to_json() for shot in self.shots],
        }
