"""Speculation: a hop is asked for while its parent is still being looked at. Off by default.

It saves the time of a review, and it can lose money: when the parent is rejected, the hop was made
from a picture that nobody keeps. So each such request is an amendment (`speculate`), written
before it is asked for. What was lost is then read off the ledger, over all runs, and held against
`drift.speculate_usd`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scenegraph.ledger import Amendment, Memory, State, Take
from scenegraph.scene import Scene, ShotGraph
from scenegraph.units import as_usd, usd_text

if TYPE_CHECKING:
    from scenegraph.plan.job import Job
    from scenegraph.plan.values import ShotPlan

SPECULATE = "speculate"
#: Ends that cost nothing.
FREE = (State.LOST, State.REFUSED)


@dataclass(frozen=True, slots=True)
class Speculation:
    """What speculation may cost.

    Attributes:
        cap: US dollars that may be lost at most, over all runs of the scene.
        lost: US dollars lost already: hops of parents that were rejected.
        at_worst: US dollars that this plan's run may lose at most.
        hops: shots that may be asked for early.
    """

    cap: Decimal
    lost: Decimal
    at_worst: Decimal
    hops: int

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.cap - self.lost)

    def to_json(self) -> dict[str, Any]:
        return {
            "cap_usd": usd_text(self.cap),
            "lost_usd": usd_text(self.lost),
            "at_worst_usd": usd_text(self.at_worst),
            "hops": self.hops,
        }


def speculation_of(
    scene: Scene, memory: Memory, graph: ShotGraph, shots: Sequence[ShotPlan]
) -> Speculation | None:
    """What the plan's hops may cost when asked for early; None when that is off.

    At worst each take that the parent's ladder may still ask for is rejected, and each rejected
    one had a hop: so often the price of the hop, for all hops, and never more than the cap.
    """
    cap = scene.drift.speculate_usd
    if not cap:
        return None
    lost = lost_usd(memory)
    new = {shot.shot for shot in shots if shot.will_shoot}
    early = [
        shot
        for shot in shots
        if shot.shot in new and (tail := graph.shots[shot.shot].tail_of) is not None and tail in new
    ]
    worst = Decimal(0)
    for shot in early:
        policy = scene.drift_of(graph.shots[graph.shots[shot.shot].tail_of or ""])
        worst += shot.job.usd * (policy.rerolls + 1)
    left = max(Decimal(0), cap - lost)
    return Speculation(cap, lost, as_usd(min(worst, left)), len(early))


def speculate_amendment(job: Job, parent: Take, run: int) -> Amendment:
    """What is written before a hop is asked for early."""
    return Amendment(
        shot=job.shot,
        kind=SPECULATE,
        reason=f"t{job.take_number} was asked for while {parent.slate} was being reviewed",
        values={"parent": parent.id, "key": job.key, "usd": usd_text(job.usd)},
        take=None,
        run=run,
    )


def lost_usd(memory: Memory) -> Decimal:
    """What was paid for hops whose parents were rejected, at the price they were asked for.

    A request that failed, or that was called off in time, has cost nothing.
    """
    takes = {take.id: take for rows in memory.takes.values() for take in rows}
    lost = Decimal(0)
    for one in memory.amendments:
        if one.kind != SPECULATE or not _is_lost(takes.get(one.values["parent"]), memory):
            continue
        key = one.values["key"]
        own = memory.of_shot(one.shot)
        if any(take.key == key and take.state not in FREE for take in own):
            lost += Decimal(one.values["usd"])
    return lost


def _is_lost(parent: Take | None, memory: Memory) -> bool:
    """Whether a take was decided against; one that a person is asked about may still be kept."""
    if parent is None or parent.state is State.REJECTED:
        return True
    circled = memory.circled(parent.shot)
    return parent.state is State.REVIEWED and circled is not None and circled.id != parent.id
