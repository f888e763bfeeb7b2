"""Plan and ledger together: what was written down is recognised again, field by field."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from scenegraph.ledger import Ledger, QueueUrls, Review, Take, memory_of
from scenegraph.media.clip import Clip
from scenegraph.plan import Plan, PlanContext, ShotPlan, plan_all, plan_shot


def shoot(ledger: Ledger, planned: ShotPlan) -> Take:
    """Every step of a real take, without a queue."""
    job = planned.job
    take = ledger.intend(job.intent())
    ledger.submitted(take.id, f"r{take.id}", QueueUrls("s", "r", "c"))
    ledger.answered(take.id, {"seed": job.seed}, Decimal(0))
    stored = ledger.store.put_bytes(job.key.encode(), ".mp4")
    clip = Clip(path=Path("x"), frames=job.num_frames, rate=Fraction(24), width=1280, height=720)
    ledger.fetched(take.id, stored.sha256, stored.media, clip)
    ledger.reviewed(take.id, Review(verdict="good"))
    ledger.circle(take.id)
    return ledger.take(take.id)


def plan(studio: Any, ledger: Ledger) -> Plan:
    context: PlanContext = studio.context()
    memory = ledger.memory("night-train")
    return plan_all(
        PlanContext.of(
            studio.scene,
            memory,
            engine="animatic",
            catalog=context.catalog,
            hashes=context.hashes,
        )
    )


def test_a_scene_shot_through_the_ledger_is_kept(
    tmp_path: Path, new_studio: Callable[..., Any], train: Any
) -> None:
    """JSON and back must change nothing that is compared: one list for a tuple, and all is shot."""
    lora = {"path": "https://x/y.safetensors", "scale": 0.8}
    shots = {**train, "platform": {**train["platform"], "loras": [lora], "seed": 5}}
    studio = new_studio(shots)
    with Ledger.open(tmp_path) as ledger:
        context = studio.context()
        here: dict[str, Take | None] = {}
        for id in context.graph.order:
            parents = {up: here[up] for up in context.graph.parents(id)}
            here[id] = shoot(ledger, plan_shot(context, id, parents))
        after = plan(studio, ledger)
        assert {shot.action for shot in after.shots} == {"keep"}
        assert after.reel_frames == plan_all(studio.context()).reel_frames
        assert ledger.money().reserved == 0
        studio.change("platform", prompt="an empty platform at dawn")
        studio.change("waits", prompt="she waits, and listens")
        changed = plan(studio, ledger)
        fields = {shot.shot: [one.field for one in shot.changed] for shot in changed.shots}
        assert fields == {
            "platform": ["prompt"],
            "waits": ["prompt"],
            "listens": ["parent take"],
            "rises": ["parent take"],
            "turns": [],
        }
        forced = studio.context(force="waits")
    assert forced.chosen.forced == {"waits"}
    assert set(memory_of(tmp_path, "night-train").takes) == set(train)
