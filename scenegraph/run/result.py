"""What a run came to: one value, and the JSON shape that is promised for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from scenegraph.cut import Delivery, ReelCheck
from scenegraph.ledger.takes import Engine, Take
from scenegraph.ledger.timeline import Timeline
from scenegraph.units import usd_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotOutcome:
    """How one shot ended.

    Attributes:
        state: a take's state (`circled`, `lost`, `refused`, `unknown`, …), or `blocked` (a parent
            was lost), `stale` (kept as it was, though its setup changed), `skipped` (not selected),
            `ask` (a person must decide), `paused` or `over-budget` (nothing more was asked for).
        take: the take that counts now; the failed one when nothing is circled.
        kept: there is a circled take that others may build on.
        asked: new takes were asked for in this run.
        root_cause: the lost shot that blocks this one.
    """

    shot: str
    kind: str
    state: str
    take: Take | None = None
    kept: bool = False
    asked: bool = False
    error: dict[str, Any] | None = None
    root_cause: str | None = None

    @property
    def is_lost(self) -> bool:
        return self.state in ("lost", "refused", "blocked", "submitted", "answered")

    @property
    def needs_person(self) -> bool:
        """A stale shot with an error is pinned: only a person lets go of it."""
        return self.state in ("unknown", "ask") or (self.state == "stale" and bool(self.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One run. `exit_code` follows from the outcomes, worst first."""

    scene: str
    backend: Engine
    folder: Path
    # Not in its repr: asyncio builds that of a finished main task, whoever looks at it.
    outcomes: tuple[ShotOutcome, ...] = field(repr=False)
    submits: int
    usd: Decimal
    elapsed_s: float
    reel: Path | None = None
    timeline: Timeline | None = None
    dailies: Path | None = None
    paused: str | None = None
    stopped_at_budget: bool = False
    notices: tuple[str, ...] = field(default=())
    reel_check: ReelCheck | None = None
    deliveries: tuple[Delivery, ...] = ()
    reel_failed: str | None = None
    reel_next: str = ""

    @property
    def lost(self) -> tuple[ShotOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.is_lost)

    @property
    def exit_code(self) -> int:
        if self.paused or any(outcome.needs_person for outcome in self.outcomes):
            return 4
        if self.stopped_at_budget:
            return 3
        short = any(one.state == "failed" for one in self.deliveries)
        return 1 if self.lost or self.reel_failed or short else 0

    @property
    def next_step(self) -> str:
        """The one command that goes on; empty when nothing is left to do."""
        if self.paused:
            return self.paused
        unsettled = [o for o in self.outcomes if o.state != "circled"]
        unknown = [o.shot for o in unsettled if o.state == "unknown"]
        if unknown:
            return (
                f"`scenegraph resolve SCENE {unknown[0]} --attach REQUEST_ID` when the service's "
                "dashboard shows the job, `--resubmit` when it does not, or `--give-up`."
            )
        asked = [o for o in unsettled if o.needs_person and o.error and o.error.get("next")]
        if asked:
            return str((asked[0].error or {})["next"])
        owed = [o.shot for o in unsettled if o.state in ("submitted", "answered")]
        if owed:
            return (
                f"`scenegraph run SCENE` collects {' '.join(owed)}: what was asked for once is "
                "not asked for again."
            )
        roots = [o.shot for o in unsettled if o.is_lost and o.state != "blocked"]
        if roots:
            stopped = any((o.error or {}).get("kind") == "fail-fast" for o in unsettled)
            return (
                f"`scenegraph rerun SCENE {' '.join(roots)}` asks for the lost shots again, "
                "and then for what hangs on them"
                + ("; `scenegraph run SCENE` for what was skipped as well." if stopped else ".")
            )
        if self.stopped_at_budget:
            return "Raise `budget_usd` in the scene, or `--max-usd`, and run again."
        return self.reel_next

    def shown(self, path: Path | None) -> str | None:
        """A path as JSON and people see it: relative where it lies in the scene's folder."""
        return (
            None
            if path is None
            else _shown(path.as_posix(), f"{self.folder.resolve().as_posix()}/")
        )

    def to_json(self) -> dict[str, Any]:
        inside = f"{self.folder.resolve().as_posix()}/"
        rate = self.timeline.format.rate if self.timeline else None
        return {
            "scene": self.scene,
            "backend": self.backend,
            "reel": self.shown(self.reel),
            "usd": usd_text(self.usd),
            "submits": self.submits,
            "shots": [_shot_json(outcome, inside) for outcome in self.outcomes],
            "reel_frames": self.timeline.frames if self.timeline and self.reel else None,
            "reel_rate": _rate_json(rate) if self.reel else None,
            "reel_check": self.reel_check.to_json() if self.reel_check and self.reel else None,
            "deliveries": [one.to_json(self.shown(one.path) or "") for one in self.deliveries],
            "dailies": self.shown(self.dailies),
            "elapsed_s": round(self.elapsed_s, 2),
            "exit_code": self.exit_code,
            "next": self.next_step,
            "notices": list(self.notices),
        }


def _shot_json(outcome: ShotOutcome, inside: str) -> dict[str, Any]:
    take = outcome.take
    media = take.clip.place if take and take.clip else None
    spent = take.usd if take and outcome.asked and take.billed and take.usd else None
    return {
        "shot": outcome.shot,
        "kind": outcome.kind,
        "state": outcome.state,
        "take": take.number if take else None,
        "slate": take.slate if take else None,
        "seed": take.seed if take else None,
        "request_id": take.request_id if take else None,
        "usd": usd_text(spent) if spent is not None else "0",
        "verdict": take.verdict if take else None,
        "score": take.score if take else None,
        "error": outcome.error,
        "root_cause": outcome.root_cause,
        "media": None if media is None else _shown(media, inside),
    }


def _shown(text: str, inside: str) -> str:
    """A path in the words of JSON; links are followed only where the plain names do not help.

    Args:
        inside: the scene's folder, ending in a slash.
    """
    if text.startswith(inside) and "/../" not in text:
        return text.removeprefix(inside)
    path = Path(text)
    try:
        return path.resolve().relative_to(inside).as_posix()
    except ValueError:
        return path.as_posix()


def _rate_json(rate: Fraction | None) -> float | int | None:
    if rate is None:
        return None
    return int(rate) if rate.denominator == 1 else round(float(rate), 6)
