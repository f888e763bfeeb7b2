"""The one thing to do about a shot. The rules stand in the order in which they apply."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from scenegraph.ledger import Amendment, State, Take
from scenegraph.plan.amend import is_accepted, is_asked_about, picked
from scenegraph.plan.context import PlanContext
from scenegraph.plan.job import Job
from scenegraph.plan.others import only_others, other_takes
from scenegraph.plan.same import plan_same_job
from scenegraph.plan.sight import Sight
from scenegraph.plan.values import Act, Action, Change, Series, ShotPlan
from scenegraph.plan.why import changes

#: A take that a person gave up is not asked for again by itself.
GIVEN_UP = "given-up"
#: A take that ended like this has not failed: it was never asked for, or its preview has ended.
NO_FAILURE = frozenset({"interrupted", "queue-ended", "resubmit"})


def decide(context: PlanContext, sight: Sight) -> ShotPlan:
    """What to do about the shot.

    1. Pinned: kept, or shown as stale; never shot.
    2. A person must say what became of a request: ask.
    3. Takes side by side: the missing ones are shot, the others collected, the best is circled.
    4. On its way or on the disk: collected, whatever else is wanted. Paid work is never lost.
       Forced: a new take.
    5. The circled take fits: kept. So is another take that fits, for nothing.
    6. The same was refused, given up, or has drifted past its ladder: ask.
    7. Only the parent has another take: stale until somebody asks for it.
    8. Exactly the same is out for another shot or scene: its picture is waited for.
    9. Otherwise it is shot, once its parents are here.
    """
    id = sight.shot.id
    selected = id in context.chosen.selected
    circled = context.memory.circled(id)
    amended = context.memory.amended(id)
    if circled is not None and circled.pinned:
        return _pinned(sight, circled, amended, selected)
    if not selected:
        return _left_out(sight, circled, amended)
    # A circled take that is the only one leaves nothing unclear and nothing open.
    alone = circled is not None and len(sight.own) == 1
    unclear = None if alone else _unclear(sight, circled, amended)
    if unclear is not None:
        return unclear
    if sight.series is not None:
        return _shoot(context, sight, circled, _changed(circled, sight.job))
    found = None if alone else _open(sight, circled, amended)
    if found is None and not sight.forced:
        found = _kept(context, sight, circled, amended)
    if found is not None:
        return found
    if not sight.forced:
        found = _question(sight, circled, amended)
        if found is not None:
            return found
    changed = _changed(circled, sight.job)
    asked = sight.forced or id in context.chosen.asked
    if circled is not None and not asked and only_others(context, sight, circled):
        who = _names(other_takes(sight, circled))
        return _plan(
            sight,
            "stale",
            f"t{circled.number} was made from another take of {who}; it stays until you ask",
            take=circled,
            gives=circled,
            changed=changed,
            next=f"`scenegraph rerun SCENE {id}` shoots it again.",
        )
    return _shoot(context, sight, circled, changed)


def _plan(sight: Sight, action: Action, reason: str, **more: Any) -> ShotPlan:
    return ShotPlan(shot=sight.shot.id, action=action, reason=reason, job=sight.job, **more)


def _pinned(
    sight: Sight, circled: Take, amended: tuple[Amendment, ...], selected: bool
) -> ShotPlan:
    name = f"t{circled.number}"
    fits = _fits(sight, circled, amended)
    more = sight.forced or sight.series is not None
    if fits and not more:
        reason = f"{name} is pinned"
    elif fits:
        reason = f"{name} is pinned; no other take is shot"
    elif sight.missing:
        reason = f"pinned, stale: {name} stays although {_names(sight.missing)} will change"
    else:
        reason = f"pinned, stale: {name} stays although what it is made from has changed"
    kept = fits and not more
    return _plan(
        sight,
        "keep" if kept else "stale",
        reason,
        take=circled,
        gives=circled,
        selected=selected,
        changed=() if fits else _changed(circled, sight.job),
        next="" if kept else f"`scenegraph unpin SCENE {sight.shot.id}` lets it be shot again.",
    )


def _left_out(sight: Sight, circled: Take | None, amended: tuple[Amendment, ...]) -> ShotPlan:
    if circled is None:
        return _plan(
            sight,
            "wait",
            "left out of this selection, and never shot",
            selected=False,
            root_cause=sight.shot.id,
        )
    fits = _fits(sight, circled, amended)
    return _plan(
        sight,
        "keep" if fits else "stale",
        f"t{circled.number} is kept" if fits else f"t{circled.number} no longer fits; left out",
        selected=False,
        take=circled,
        gives=circled,
        changed=() if fits else _changed(circled, sight.job),
    )


def _unclear(sight: Sight, circled: Take | None, amended: tuple[Amendment, ...]) -> ShotPlan | None:
    """An attempt of which nobody knows whether it arrived."""
    still = circled if circled is not None and _fits(sight, circled, amended) else None
    for take in sight.same:
        if take.state is State.UNKNOWN or (take.state is State.INTENDED and take.billed):
            return _plan(
                sight,
                "ask",
                f"t{take.number} was sent and no answer came: it may be running, and billed",
                take=take,
                gives=still,
                root_cause=sight.shot.id,
                next=f"`scenegraph resolve SCENE {sight.shot.id} "
                "--attach REQUEST_ID | --resubmit | --give-up`.",
            )
    return None


def _open(sight: Sight, circled: Take | None, amended: tuple[Amendment, ...]) -> ShotPlan | None:
    """An attempt that has not come to its end."""
    still = circled if circled is not None and _fits(sight, circled, amended) else None
    for take in sight.same:
        if take.state.is_pending:
            where = "is on its way" if take.state is State.SUBMITTED else "is ready to be fetched"
            reason = f"t{take.number} was asked for already and {where}; it is collected"
            return _plan(sight, "reattach", reason, act="poll", take=take, gives=None)
        undecided = (
            take.state is State.REVIEWED
            and take.verdict != "good"
            and still is None
            and not is_accepted(take, amended)
            and not is_asked_about(take, amended)
        )
        if take.state is State.FETCHED or (undecided and not sight.forced):
            word = "looked at" if take.state is State.FETCHED else "decided about"
            reason = f"t{take.number} is on the disk and has only to be {word}"
            return _plan(sight, "reattach", reason, act="review", take=take, gives=None)
    return None


def _fits(sight: Sight, circled: Take, amended: tuple[Amendment, ...]) -> bool:
    """Whether the circled take is what is wanted, or was chosen while this was wanted."""
    if sight.job.provisional:
        return False
    if sight.job.setup == circled.setup or sight.job.key == circled.key:
        return True
    choice = picked(amended)
    return (
        choice is not None
        and choice.take == circled.id
        and choice.values.get("setup") == sight.job.setup
    )


def _kept(
    context: PlanContext, sight: Sight, circled: Take | None, amended: tuple[Amendment, ...]
) -> ShotPlan | None:
    """Something in the store that fits, so that nothing must be paid."""
    if circled is not None and _fits(sight, circled, amended):
        job = sight.job
        chosen = circled.setup != job.setup and circled.key != job.key
        reason = f"t{circled.number} was picked" if chosen else f"t{circled.number} is circled"
        return _plan(sight, "keep", reason, take=circled, gives=circled)
    if sight.job.provisional:
        return None
    good = [
        take
        for take in sight.same
        if take.state is State.REVIEWED and (take.verdict == "good" or is_accepted(take, amended))
    ]
    if good:
        choice = picked(amended)
        best = next((t for t in good if choice is not None and t.id == choice.take), good[0])
        reason = f"t{best.number} was made from exactly this; it is circled again, for nothing"
        return _keep_for_nothing(sight, "circle", reason, best)
    renamed = context.orphan(sight.shot.id, sight.job.setup)
    if renamed is not None:
        reason = f"this is {renamed.shot} under a new name; its take is kept"
        return _keep_for_nothing(sight, "adopt", reason, renamed)
    kept = context.memory.kept_elsewhere(sight.shot.id, sight.job.setup)
    if kept is not None:
        reason = f"this is kept in {kept.scene} as t{kept.number}; it is used again, for nothing"
        return _keep_for_nothing(sight, "adopt", reason, kept)
    other = context.memory.by_key(sight.job.key)
    if other is not None and other not in sight.same and _is_good(other):
        own = other.scene == context.memory.scene and other.shot == sight.shot.id
        reason = f"already in the store as {other.slate}; it is used again, for nothing"
        return _keep_for_nothing(sight, "circle" if own else "adopt", reason, other)
    return None


def _is_good(take: Take) -> bool:
    """Kept by somebody, or not found wanting by anybody."""
    return take.circled or take.verdict in (None, "good")


def _keep_for_nothing(sight: Sight, act: Act, reason: str, take: Take) -> ShotPlan:
    return _plan(sight, "keep", reason, act=act, take=take, gives=take)


def _question(
    sight: Sight, circled: Take | None, amended: tuple[Amendment, ...]
) -> ShotPlan | None:
    """The last attempt at exactly this ended so that asking again needs a person."""
    if not sight.same:
        return None
    last = sight.same[0]
    id = sight.shot.id
    error = last.error or {}
    said = str(error.get("message", "")).rstrip(".")
    if last.state is State.REFUSED:
        reason = f"t{last.number} was refused: {said or 'no reason given'}"
        then = f"Change the shot, or `scenegraph rerun SCENE {id}` asks for the same again."
    elif last.state is State.LOST and error.get("kind") == GIVEN_UP:
        reason, then = f"t{last.number} was given up", f"`scenegraph rerun SCENE {id}` tries again."
    elif is_asked_about(last, amended):
        reason = f"t{last.number} has drifted and its ladder is at its end"
        then = f"`scenegraph pick SCENE {id} {last.number}` keeps it; `rerun` tries again."
    else:
        return None
    # What is kept already goes on serving those made from it; nobody is blocked by a wish for more.
    return _plan(
        sight,
        "ask",
        reason,
        take=last,
        gives=circled if circled in sight.same else None,
        changed=_changed(circled, sight.job),
        root_cause=id,
        next=then,
    )


def _shoot(
    context: PlanContext, sight: Sight, circled: Take | None, changed: tuple[Change, ...]
) -> ShotPlan:
    blocked = None
    for id in sight.missing:
        above = context.planned[id]
        if not _will_come(above):
            blocked = above.root_cause or id
            break
    if blocked is not None:
        return _plan(
            sight,
            "wait" if circled is None else "stale",
            f"waits for {blocked}",
            take=circled,
            gives=circled,
            changed=changed,
            root_cause=blocked,
        )
    same = plan_same_job(context, sight.job)
    if same is not None:
        return same
    why = _why_shoot(sight, circled, changed)
    series = sight.series
    is_asked = series is None or bool(series.jobs)
    usd = sight.job.usd
    if series is not None:
        usd = sum((job.usd for job in series.jobs), Decimal(0))
    common: dict[str, Any] = {
        "usd": usd,
        "changed": changed,
        "will_shoot": is_asked,
        "series": series,
        "root_cause": _failed_above(context, sight),
    }
    if sight.missing:
        names = _names(sight.missing)
        return _plan(sight, "wait", f"{why}; after {names}" if why else f"after {names}", **common)
    if series is None:
        return _plan(sight, "shoot", why or "never shot", act="submit", **common)
    return _plan(sight, "shoot" if is_asked else "reattach", why, act="takes", **common)


def _failed_above(context: PlanContext, sight: Sight) -> str | None:
    """The lost shot that this branch begins with again: itself, or one that it waits for."""
    if not sight.forced and sight.series is None and sight.same:
        last = sight.same[0]
        if last.state is State.LOST and (last.error or {}).get("kind") not in NO_FAILURE:
            return sight.shot.id
    for id in sight.missing:
        root = context.planned[id].root_cause
        if root is not None:
            return root
    return None


def _will_come(plan: ShotPlan) -> bool:
    return plan.will_shoot or plan.action == "reattach"


def _why_shoot(sight: Sight, circled: Take | None, changed: tuple[Change, ...]) -> str:
    if sight.series is not None:
        return _why_series(sight.series)
    if sight.forced:
        return "a new take was asked for"
    if sight.same:
        last = sight.same[0]
        said = str((last.error or {}).get("message", "")).rstrip(".")
        if last.state is State.LOST:
            return f"t{last.number} was lost{f' ({said})' if said else ''}; it is tried again"
        if last.state is State.REJECTED:
            return f"t{last.number} was rejected; another take is shot"
    if circled is not None:
        own = [change.field for change in changed if change.field != "parent take"]
        if own:
            return f"changed: {', '.join(own)}"
        return "its parent has changed"
    return "" if sight.missing else "never shot"


def _why_series(series: Series) -> str:
    here = len(series.takes)
    if not here:
        word = f"{series.number} takes side by side" if series.number > 1 else "one more take"
        return f"{word}; the best by score is circled"
    rest = f"{here} of {series.number} takes are here or on their way"
    return f"{rest}; the best by score will be circled"


def _changed(circled: Take | None, job: Job) -> tuple[Change, ...]:
    return () if circled is None else changes(circled.parts, job.parts)


def _names(ids: list[str]) -> str:
    return " and ".join(ids) if len(ids) < 3 else f"{ids[0]} and {len(ids) - 1} more"
