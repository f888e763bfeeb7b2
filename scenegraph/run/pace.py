"""How long jobs take in this run, and so how long what is left of a chain will take."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from scenegraph.plan import PlanContext, ShotPlan
from scenegraph.scene import ShotGraph

#: So many jobs of one endpoint and length must have come before they count more than its rate.
TRUSTED = 2
#: Chains are reckoned anew when so many times more jobs have come than the last time.
ANEW = 4


@dataclass(slots=True)
class _Seen:
    jobs: int = 0
    seconds: float = 0.0
    frames: int = 0

    def add(self, seconds: float, frames: int) -> None:
        self.jobs, self.seconds, self.frames = (
            self.jobs + 1,
            self.seconds + seconds,
            self.frames + frames,
        )

    @property
    def rate(self) -> float:
        """Seconds for one frame of the answer; a second before anything has come."""
        return self.seconds / self.frames if self.frames else 1.0


class Pace:
    """Expected seconds of jobs and of the chains that hang on them, learned as takes come in.

    A job is expected to take as long as those of its endpoint and length took; before there are
    such, as long as its frames at the rate of its endpoint, or of all jobs. Only which chain is
    longer follows from it: nothing waits for it to be right.
    """

    def __init__(self) -> None:
        self._all = _Seen()
        self._by_endpoint: defaultdict[str, _Seen] = defaultdict(_Seen)
        self._by_length: defaultdict[tuple[str, int], _Seen] = defaultdict(_Seen)
        self._next = 1
        self._graph: ShotGraph | None = None
        self._remaining: dict[str, float] = {}

    def took(self, planned: ShotPlan, seconds: float) -> bool:
        """A job has come; True when chains should be compared anew."""
        endpoint, frames = planned.job.endpoint.id, planned.job.num_frames
        for seen in (self._all, self._by_endpoint[endpoint], self._by_length[endpoint, frames]):
            seen.add(seconds, frames)
        if self._all.jobs < self._next:
            return False
        self._next *= ANEW
        self._graph = None
        return True

    def expects(self, endpoint: str, frames: int) -> float:
        """Seconds of one job."""
        seen = self._by_length.get((endpoint, frames)) or _Seen()
        rate = (self._by_endpoint.get(endpoint) or self._all).rate
        return (seen.seconds + TRUSTED * rate * frames) / (seen.jobs + TRUSTED)

    def remaining(self, context: PlanContext, shot: str) -> float:
        """Seconds of the longest chain of jobs that hangs on this shot, its own included."""
        if self._graph is not context.graph:
            self._graph, self._remaining = context.graph, {}
        return self._reckon(context, shot)

    def _reckon(self, context: PlanContext, shot: str) -> float:
        """Only what hangs on a shot that is asked for: most of a scene may be there already."""
        known, todo = self._remaining, [shot]
        while todo:
            one = todo[-1]
            below = context.graph.children(one)
            missing = [child for child in below if child not in known]
            if missing:
                todo += missing
                continue
            longest = max([known[child] for child in below], default=0.0)
            known[todo.pop()] = longest + self._own(context.planned.get(one))
        return known[shot]

    def _own(self, planned: ShotPlan | None) -> float:
        """Seconds of a shot's own job: none for one that is kept, or not to be shot."""
        if planned is None:  # a ladder has just put it into the graph
            return self._all.seconds / self._all.jobs if self._all.jobs else 0.0
        if not planned.will_shoot:
            return 0.0
        return self.expects(planned.job.endpoint.id, planned.job.num_frames)
