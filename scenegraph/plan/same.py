"""Exactly the same job, asked for by somebody else: its picture is waited for, never paid twice.

Seeds are drawn from shot ids, so this happens where a seed is fixed: one shot told twice, or one
scene beside its copy in a shared store.
"""

from __future__ import annotations

from scenegraph.ledger import State
from scenegraph.plan.context import PlanContext
from scenegraph.plan.job import Job
from scenegraph.plan.values import ShotPlan


def plan_same_job(context: PlanContext, job: Job) -> ShotPlan | None:
    """What to do about a shot whose job is out already, or goes out for a shot before it."""
    out = None if job.provisional else context.memory.claim(job.key)
    if out is not None and out.state is State.UNKNOWN:
        return ShotPlan(
            shot=job.shot,
            action="ask",
            reason=f"the same job was sent as {out.slate} and no answer came: it may be billed",
            job=job,
            take=out,
            root_cause=job.shot,
            next=f"In the scene {out.scene}: `scenegraph resolve SCENE {out.shot} "
            "--attach REQUEST_ID | --resubmit | --give-up`.",
        )
    if out is not None:
        reason = f"the same job was asked for as {out.slate}; its picture is used, for nothing"
        return ShotPlan(
            shot=job.shot, action="reattach", act="join", reason=reason, job=job, take=out
        )
    twin = context.twin(job.shot, job.key)
    if twin is not None:
        reason = f"the same job as {twin}; its picture is used, for nothing"
        return ShotPlan(
            shot=job.shot, action="reattach", act="join", reason=reason, job=job, twin=twin
        )
    return None
