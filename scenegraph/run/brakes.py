"""Why nothing more is asked for in a run. What is out already is collected all the same."""

from __future__ import annotations

import structlog

from scenegraph.errors import FailFast, OverBudget, PersonNeeded
from scenegraph.run.camera import Camera
from scenegraph.run.events import Listener, NoticeEvent

log = structlog.get_logger(__name__)


class Brakes:
    """Stops the asking of one run, and remembers why.

    Attributes:
        paused: a person is needed: a wrong key, a locked account.
        over_budget: the cap stopped something.
    """

    def __init__(self, camera: Camera, listener: Listener, *, fail_fast: bool = False) -> None:
        self._camera, self._listener, self._fail_fast = camera, listener, fail_fast
        self._stopped: FailFast | None = None
        self.paused: PersonNeeded | None = None
        self.over_budget: OverBudget | None = None

    def must_be_off(self) -> None:
        """Call it before asking.

        Raises:
            PersonNeeded, FailFast: nothing more is asked for.
        """
        if self.paused is not None:
            raise self.paused
        if self._stopped is not None:
            raise self._stopped

    def pause(self, error: PersonNeeded) -> None:
        """A person must do something first; the first such reason is told."""
        self._camera.stop(error)
        if self.paused is None:
            self.paused = error
            self._listener(NoticeEvent(message=f"{error.message} {error.next}"))
            log.warning("run.paused", reason=error.kind)

    def lost(self, shot: str) -> None:
        """A shot was lost: with `fail_fast` it is the last one that was asked for."""
        if self._fail_fast and self._stopped is None:
            self._stopped = FailFast(shot)
            self._camera.stop(self._stopped)
            log.warning("run.stopped", shot=shot, reason="fail-fast")
