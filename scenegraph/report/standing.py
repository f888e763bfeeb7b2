"""How each shot stands, and the verdict on the whole: root causes first."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from scenegraph.ledger import State, Take
from scenegraph.plan import Plan, ShotPlan
from scenegraph.report.page import IN_CAN, Headline, Loss, Standing
from scenegraph.report.words import count, dollars, listed
from scenegraph.scene import Scene, ShotGraph

FAILED = (State.LOST, State.REFUSED)

STANDING_WORDS: Mapping[Standing, str] = {
    "kept": "in the can",
    "drifted": "kept, over a drift budget",
    "stale": "kept, made from something older",
    "lost": "lost",
    "blocked": "waits for a lost shot",
    "asking": "a person must decide",
    "queued": "at the queue",
    "todo": "to be shot",
}


def how_they_stand(
    plan: Plan, graph: ShotGraph, takes: Mapping[str, Sequence[Take]]
) -> dict[str, Standing]:
    """Each shot's standing. `takes` are those of the plan's own engine, in number order."""
    stands: dict[str, Standing] = {
        shot.shot: _alone(shot, takes.get(shot.shot, ())) for shot in plan.shots
    }
    for id in graph.order:
        held = stands.get(id) == "todo"
        if held and any(stands.get(p) in ("lost", "asking", "blocked") for p in graph.parents(id)):
            stands[id] = "blocked"
    return stands


def _alone(shot: ShotPlan, takes: Sequence[Take]) -> Standing:
    last = takes[-1] if takes else None
    if shot.action == "ask":
        return "asking"
    if shot.action == "stale":
        return "stale"
    if shot.action == "keep":
        return "drifted" if shot.gives and shot.gives.verdict == "drifted" else "kept"
    if shot.action == "reattach":
        return "queued"
    if last is not None and last.state is State.UNKNOWN:
        return "asking"
    if last is not None and (last.state in FAILED or last.verdict == "broken"):
        return "lost"
    return "todo"


def losses(
    scene: Scene,
    plan: Plan,
    graph: ShotGraph,
    stands: Mapping[str, Standing],
    takes: Mapping[str, Sequence[Take]],
) -> tuple[Loss, ...]:
    """Root causes in story order, each with what waits for it."""
    found = []
    for shot in plan.shots:
        standing = stands[shot.shot]
        if standing not in ("lost", "asking"):
            continue
        rows = takes.get(shot.shot, ())
        error = rows[-1].error if rows and rows[-1].error else {}
        waits = [
            id
            for id in graph.shots
            if id in graph.descendants([shot.shot]) and stands.get(id) == "blocked"
        ]
        why = str(error.get("message") or shot.reason or "Every take of it is broken.")
        then = str(error.get("next") or shot.next)
        command = _decide(scene, shot, rows) if standing == "asking" else None
        found.append(Loss(shot.shot, standing, why, then, tuple(waits), command))
    return tuple(found)


def _decide(scene: Scene, shot: ShotPlan, takes: Sequence[Take]) -> str | None:
    """The command with which a person decides, or sees what there is to decide.

    None for what the service refused: it is decided in the scene file, and `run` goes on.
    """
    if takes and takes[-1].state is State.REFUSED:
        return None
    about = f"{_file(scene)} {shlex.quote(shot.shot)}"
    if takes and takes[-1].state is State.UNKNOWN:
        return f"scenegraph resolve {about} --attach REQUEST_ID"
    return f"scenegraph takes {about}"


def _file(scene: Scene) -> str:
    return shlex.quote(scene.file.name if scene.file else f"{scene.name}.yaml")


def headline(
    scene: Scene,
    plan: Plan,
    stands: Mapping[str, Standing],
    lost: tuple[Loss, ...],
    *,
    has_reel: bool,
) -> Headline:
    """The verdict in one word and one sentence, and the command that goes on."""
    total = len(stands)
    in_can = sum(standing in IN_CAN for standing in stands.values())
    drifted = [shot for shot, standing in stands.items() if standing == "drifted"]
    stale = [shot for shot, standing in stands.items() if standing == "stale"]
    asking = [loss for loss in lost if loss.standing == "asking"]
    waiting = sum(len(loss.waits) for loss in lost)
    can = f"{in_can} of {count(total, 'shot')} {'is' if in_can == 1 else 'are'} in the can"
    file = _file(scene)
    engine = "" if plan.backend == "animatic" else f" --backend {plan.backend}"
    go_on = f"scenegraph run {file}{engine}"
    if asking:
        names = listed([loss.shot for loss in asking])
        sentence = f"A person must decide about {names}. {can}."
        command = next((loss.command for loss in asking if loss.command), go_on)
        return Headline("A decision is needed", "warn", sentence, lost, command)
    if lost:
        names = listed([loss.shot for loss in lost])
        tail = f", and {count(waiting, 'shot')} {_wait(waiting)} for it" if waiting else ""
        verb = "was" if len(lost) == 1 else "were"
        sentence = f"{names} {verb} lost{tail}. {can}."
        return Headline("Not whole", "bad", sentence, lost, go_on)
    if any(standing == "queued" for standing in stands.values()):
        return Headline("Still shooting", "plain", f"{can}.", (), go_on)
    if in_can < total:
        word = "Under way" if in_can else "Not shot yet"
        cost = f" The rest costs {dollars(plan.usd)} on fal.ai." if plan.usd else ""
        return Headline(word, "plain", f"{can}.{cost}", (), go_on)
    if not has_reel:
        sentence = f"{can}; there is no reel yet."
        return Headline("Ready to cut", "plain", sentence, (), f"scenegraph cut {file}")
    sentence = f"All {count(total, 'shot')} are in the can." if total > 1 else "It is in the can."
    if drifted:
        over = f"{listed(drifted)} {_is(drifted)} over a drift budget"
        sentence += f" {over} and kept all the same."
    again = None
    if stale:
        sentence += f" {listed(stale)} {_is(stale)} kept, but made from something older."
        again = f"scenegraph rerun {file} {shlex.join(stale)}"
    return Headline("Done", "warn" if drifted or stale else "good", sentence, (), again)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"
