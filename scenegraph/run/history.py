"""The runs of a scene: when, what was shot and why, what it cost, and how each ended.

What a plan said is written down when its run begins. So a run that was killed half-way has its
reasons all the same.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenegraph.ledger import Ledger, Memory, Take
from scenegraph.plan import Plan, Selection
from scenegraph.run.project import name_in, open_scene, store_of
from scenegraph.run.result import RunResult
from scenegraph.scene import Scene
from scenegraph.settings import Settings
from scenegraph.units import usd_text

#: The event that keeps what a run set out to do.
PLANNED = "run.planned"
#: Amendments by which a run asks for another take, and all that it decides after looking.
ASKS_AGAIN = ("reroll", "tune", "reanchor", "cut")
REMEDIES = (*ASKS_AGAIN, "grade", "accept", "ask", "speculate")
#: What an exception that ended a run was, in words.
_INTERRUPTS = ("CancelledError", "KeyboardInterrupt")


def begin_run(ledger: Ledger, scene: Scene, planned: Plan, selection: Selection | None) -> int:
    """Open a run, and keep what it sets out to do and why; its number."""
    doing = [
        {
            "shot": shot.shot,
            "action": shot.action,
            "reason": shot.reason,
            "changed": [change.to_json() for change in shot.changed],
        }
        for shot in planned.shots
        if not shot.stays
    ]
    named = asdict(selection) if selection is not None else {}
    facts = {
        "plan_id": planned.plan_id,
        "usd": usd_text(planned.usd),
        "title": scene.title,
        "selection": {name: names for name, names in named.items() if names},
        "shots": doing,
    }
    with ledger.group():
        run = ledger.begin_run(planned.scene, planned.backend)
        ledger.note(None, run, PLANNED, facts)
    return run


def end_run(ledger: Ledger, run: int, planned: Plan, result: RunResult) -> None:
    """Close a run, and keep how it ended; of shots that it left as they were, their takes tell."""
    stay = {shot.shot for shot in planned.shots if shot.stays}
    told = tuple(
        one
        for one in result.outcomes
        if one.asked or one.state != "circled" or one.shot not in stay
    )
    ledger.end_run(run, replace(result, outcomes=told).to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotOfRun:
    """What one run did about one shot.

    Attributes:
        takes: slates of the takes that it shot or adopted, oldest first; none was shot of a shot
            that was only collected, blocked or asked about.
        reason: the plan's; what the run decided after looking follows.
        remedies: kind and reason of each decision that the run took about the shot, in order.
        changed: fields that differed from the take that was kept until then.
        state: how the shot ended; None when the run did not end.
    """

    shot: str
    takes: tuple[str, ...]
    reason: str
    changed: tuple[Mapping[str, Any], ...]
    remedies: tuple[tuple[str, str], ...]
    state: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "shot": self.shot,
            "takes": list(self.takes),
            "reason": self.reason,
            "changed": list(self.changed),
            "rerolls": [reason for kind, reason in self.remedies if kind in ASKS_AGAIN],
            "remedies": [{"kind": kind, "reason": reason} for kind, reason in self.remedies],
            "state": self.state,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a person decided about a shot.

    Attributes:
        kind: `pick`, `undo`, `pin`, `unpin`, or another amendment's.
        take: the slate that it is about; None of one that is about no take.
        by: the person; None when that was not written down.
    """

    shot: str
    kind: str
    what: str
    at: float
    take: str | None = None
    by: str | None = None

    def __str__(self) -> str:
        return f"{self.shot}: {self.what}"

    def to_json(self) -> dict[str, Any]:
        return {
            "shot": self.shot,
            "kind": self.kind,
            "take": self.take,
            "what": self.what,
            "at": moment(self.at),
            "by": self.by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run.

    Attributes:
        run: its number in the ledger; scenes of one store share the counting.
        ended: `done`, `shots lost`, `stopped at the budget`, `a person must decide`,
            `interrupted`, `an error`, `did not end`, `running`.
        decided: what people decided between the run before and this one.
        submits: requests asked of the queue; of a run that did not end, those that it wrote down.
    """

    run: int
    backend: str
    started_at: float
    ended_at: float | None
    ended: str
    exit_code: int | None
    usd: Decimal
    submits: int
    plan_id: str | None
    selection: Mapping[str, Any]
    shots: tuple[ShotOfRun, ...]
    decided: tuple[Decided, ...] = ()
    reel: Mapping[str, Any] | None = None
    next: str = ""

    @property
    def decisions(self) -> tuple[str, ...]:
        """What was decided, in words."""
        return tuple(map(str, self.decided))

    def to_json(self) -> dict[str, Any]:
        took = None if self.ended_at is None else round(self.ended_at - self.started_at, 2)
        return {
            "run": self.run,
            "backend": self.backend,
            "started_at": moment(self.started_at),
            "ended_at": moment(self.ended_at),
            "elapsed_s": took,
            "ended": self.ended,
            "exit_code": self.exit_code,
            "usd": usd_text(self.usd),
            "submits": self.submits,
            "plan_id": self.plan_id,
            "selection": dict(self.selection),
            "decisions": list(self.decisions),
            "decided": [one.to_json() for one in self.decided],
            "shots": [shot.to_json() for shot in self.shots],
            "reel": dict(self.reel) if self.reel else None,
            "next": self.next,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The runs of a scene, oldest first, and the reels that were cut without a run.

    Attributes:
        since: what people decided after the last run began.
    """

    scene: str
    title: str
    runs: tuple[PastRun, ...]
    cuts: tuple[Mapping[str, Any], ...] = field(default=())
    since: tuple[Decided, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "title": self.title,
            "usd": usd_text(sum((run.usd for run in self.runs), Decimal(0))),
            "runs": [run.to_json() for run in self.runs],
            "cuts": [dict(cut) for cut in self.cuts],
            "decided_since": [one.to_json() for one in self.since],
        }


def moment(at: float | None) -> str | None:
    """A time of the ledger as ISO 8601 in UTC, whole seconds.

    >>> moment(0)
    '1970-01-01T00:00:00Z'
    """
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def history(scene: Scene | str | Path, *, store: str | Path | None = None) -> History:
    """What the ledger knows of a scene's runs. Writes nothing.

    Raises:
        SceneInvalid: every problem of the scene, each with its place.
        LedgerError: there is no ledger yet, or it cannot be read.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with Ledger.open(store_of(scene, settings, store), create=False) as ledger:
        return history_in(ledger, name_in(ledger, scene), scene.title)


def history_in(ledger: Ledger, name: str, title: str = "") -> History:
    """As `history`, of a scene by its ledger name."""
    memory = ledger.memory(name)
    reels = ledger.reels(name)
    decided = decisions_of(ledger, memory)
    runs: list[PastRun] = []
    since = 0.0
    rows = ledger.runs(name)
    for place, row in enumerate(rows):
        events = ledger.events(run=row["id"])
        is_last = place == len(rows) - 1
        runs.append(
            _past_run(
                row,
                planned=next((e["facts"] for e in events if e["name"] == PLANNED), {}),
                memory=memory,
                decided=[one for one in decided if since <= one.at < row["started_at"]],
                usd=ledger.money(name, row["id"]).spent,
                reel=next((reel for reel in reels if reel["run"] == row["id"]), None),
                is_running=is_last and row["ended_at"] is None and _is_alive(ledger.held_by(name)),
            )
        )
        since = row["started_at"]
    cuts = tuple(_reel_json(reel) for reel in reels if reel["run"] is None)
    later = tuple(one for one in decided if one.at >= since)
    return History(scene=name, title=title, runs=tuple(runs), cuts=cuts, since=later)


def decisions_of(ledger: Ledger, memory: Memory) -> list[Decided]:
    """What people decided about a scene, oldest first: runs' own ladders are left out."""
    slates = {take.id: take.slate for rows in memory.takes.values() for take in rows}
    found = [
        Decided(
            shot=one.shot,
            kind=one.kind,
            what=one.reason,
            at=one.created_at,
            take=slates.get(one.take or 0),
            by=one.values.get("by"),
        )
        for one in memory.amendments
        if one.run is None
    ]
    for pin in ledger.pins(memory.scene):
        if pin.run is None:
            kind = "pin" if pin.pinned else "unpin"
            what = f"t{pin.number} was {kind}ned"
            slate = slates.get(pin.take)
            found.append(
                Decided(shot=pin.shot, kind=kind, what=what, at=pin.at, take=slate, by=pin.by)
            )
    return sorted(found, key=lambda one: one.at)


def _past_run(
    row: Mapping[str, Any],
    *,
    planned: Mapping[str, Any],
    memory: Memory,
    decided: Sequence[Decided],
    usd: Decimal,
    reel: Mapping[str, Any] | None,
    is_running: bool,
) -> PastRun:
    outcome: Mapping[str, Any] = row["outcome"] or {}
    takes = [take for rows in memory.takes.values() for take in rows if take.run == row["id"]]
    submits = outcome.get("submits")
    if submits is None:
        submits = sum(take.submitted_at is not None for take in takes)
    return PastRun(
        run=row["id"],
        backend=row["backend"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        ended="running" if is_running else how_it_ended(row["ended_at"], outcome),
        exit_code=outcome.get("exit_code"),
        usd=usd,
        submits=submits,
        plan_id=planned.get("plan_id"),
        selection=planned.get("selection", {}),
        shots=_shots(planned, outcome, takes, memory, row["id"]),
        decided=tuple(decided),
        reel=_reel_json(reel) if reel else None,
        next=str(outcome.get("next") or ""),
    )


def how_it_ended(ended_at: float | None, outcome: Mapping[str, Any]) -> str:
    """One phrase for people and programs.

    >>> how_it_ended(None, {}), how_it_ended(9.0, {"exit_code": 0})
    ('did not end', 'done')
    """
    if ended_at is None:
        return "did not end"
    if "ended" in outcome:
        return "interrupted" if outcome["ended"] in _INTERRUPTS else "an error"
    code = outcome.get("exit_code", 0)
    words = {1: "shots lost", 3: "stopped at the budget", 4: "a person must decide"}
    return words.get(code, "done")


def _shots(
    planned: Mapping[str, Any],
    outcome: Mapping[str, Any],
    takes: Iterable[Take],
    memory: Memory,
    run: int,
) -> tuple[ShotOfRun, ...]:
    """What was shot, and what was to be shot and was not; kept shots are left out."""
    wanted = {one["shot"]: one for one in planned.get("shots", ())}
    ended = {one["shot"]: one["state"] for one in outcome.get("shots", ())}
    shot: dict[str, list[Take]] = {}
    for take in takes:
        shot.setdefault(take.shot, []).append(take)
    names = [*wanted, *(id for id in shot if id not in wanted)]
    return tuple(
        ShotOfRun(
            shot=id,
            takes=tuple(t.slate for t in sorted(shot.get(id, ()), key=lambda t: t.number)),
            reason=str(wanted.get(id, {}).get("reason", "")),
            changed=tuple(wanted.get(id, {}).get("changed", ())),
            remedies=tuple(
                (one.kind, one.reason)
                for one in memory.amendments
                if one.shot == id and one.run == run and one.kind in REMEDIES
            ),
            state=ended.get(id),
        )
        for id in names
    )


def _reel_json(reel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "reel": reel["id"],
        "path": reel["path"],
        "backend": reel["facts"].get("engine"),
        "frames": reel["timeline"].get("frames"),
        "made_at": moment(reel["created_at"]),
    }


def _is_alive(holder: Mapping[str, Any] | None) -> bool:
    """Whether the process that holds the scene is still there, as far as this machine can tell."""
    if holder is None or holder["released_at"] is not None:
        return False
    if holder["host"] != socket.gethostname():
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another user's
        return True
    return True
