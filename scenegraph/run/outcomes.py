"""How a shot ended, told as it happens and kept as the run's result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenegraph.errors import SceneGraphError, ShotError
from scenegraph.ledger import Take
from scenegraph.plan import ShotPlan
from scenegraph.run.events import Listener, ShotEvent, Stage, silent
from scenegraph.run.result import ShotOutcome


class Outcomes:
    """Makes outcomes, and tells the listener about each."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def kept(self, planned: ShotPlan, take: Take, asked: bool) -> ShotOutcome:
        """It has its take."""
        stage: Stage = "circled" if asked else "kept"
        self.tell(take.shot, stage, take, verdict=take.verdict)
        return self._outcome(planned, "circled", take=take, kept=True, asked=asked)

    def as_it_is(self, planned: ShotPlan, missing: ShotOutcome | None, asked: bool) -> ShotOutcome:
        """The plan has nothing to do about it: kept, stale, asked about, blocked or left out."""
        gives = planned.gives
        if planned.action == "keep" and gives is not None:
            return self.kept(planned, gives, asked)
        if planned.action == "stale" and gives is not None:
            self.tell(planned.shot, "skipped", gives, detail=planned.reason)
            asks = gives.pinned and planned.selected
            error = {"kind": "pinned", "message": planned.reason, "next": planned.next}
            return self._outcome(
                planned, "stale", take=gives, kept=True, error=error if asks else None
            )
        if planned.action == "ask":
            take = planned.take if planned.is_own(planned.take) else None
            state = take.state.value if take else "ask"
            state = state if state in ("unknown", "refused", "lost") else "ask"
            error = {
                "kind": state,
                "message": planned.reason,
                "next": planned.next,
            }
            self.tell(planned.shot, "skipped", take, detail=planned.reason)
            return self._outcome(
                planned, state, take=gives or take, kept=gives is not None, error=error
            )
        if missing is not None:
            return self.blocked(planned, missing)
        self.tell(planned.shot, "skipped", detail=planned.reason)
        return self._outcome(planned, "skipped", take=planned.take)

    def blocked(self, planned: ShotPlan, missing: ShotOutcome) -> ShotOutcome:
        """It waits for a shot that did not come."""
        root = missing.root_cause or missing.shot
        ended_well = missing.state in ("skipped", "paused", "over-budget")
        state = missing.state if ended_well else "blocked"
        self.tell(planned.shot, "blocked", detail=f"waits for {root}")
        return self._outcome(planned, state, take=planned.take, root_cause=root)

    def ended(
        self,
        planned: ShotPlan,
        circled: Take | None,
        state: str,
        error: SceneGraphError,
        asked: bool,
    ) -> ShotOutcome:
        """Nothing was asked for, or nothing came of it, through no fault of the shot."""
        self.tell(planned.shot, "skipped", detail=error.message)
        facts = {"kind": error.kind, "message": error.message, "next": error.next}
        return self.without(planned, circled, state, planned.take, asked, facts)

    def lost(
        self,
        planned: ShotPlan,
        circled: Take | None,
        last: Take | None,
        error: ShotError,
        asked: bool,
    ) -> ShotOutcome:
        """The shot's last attempt failed; `last` says how, when it got as far as the ledger."""
        state = "lost" if last is None or last.state.has_media else last.state.value
        self.tell(planned.shot, "lost", last, detail=error.message)
        facts: dict[str, Any] = {
            "kind": error.kind,
            "message": error.message,
            "next": error.next,
            "field": error.field,
            "service": error.service,
        }
        return self.without(planned, circled, state, last, asked, facts)

    def without(
        self,
        planned: ShotPlan,
        circled: Take | None,
        state: str,
        take: Take | None,
        asked: bool,
        error: Mapping[str, Any],
    ) -> ShotOutcome:
        """No new take. One that is circled and still fits goes on serving those made from it."""
        wanted = planned.job
        fits = (
            circled is not None
            and not planned.provisional
            and (circled.setup == wanted.setup or circled.key == wanted.key)
        )
        return self._outcome(
            planned, state, take=circled if fits else take, kept=fits, asked=asked, error=error
        )

    def _outcome(self, planned: ShotPlan, state: str, **facts: Any) -> ShotOutcome:
        return ShotOutcome(shot=planned.shot, kind=planned.job.kind, state=state, **facts)

    def tell(
        self,
        shot: str,
        stage: Stage,
        take: Take | None = None,
        *,
        detail: str = "",
        verdict: str | None = None,
    ) -> None:
        if self._listener is silent:
            return
        number = take.number if take else None
        self._listener(
            ShotEvent(shot=shot, stage=stage, take=number, detail=detail, verdict=verdict)
        )
