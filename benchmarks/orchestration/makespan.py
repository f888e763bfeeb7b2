"""How close the executor's schedule comes to the best possible one, on drawn latencies.

Jobs take about half a minute each, as on the service. The clock is the real one, but it skips a
wait in which nothing goes on here; so what orchestration costs is in the makespan, and the
measurement takes seconds.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
import selectors
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from reels import name, write_scene
from stand_ins import Queue, no_media

from scenegraph import run_async
from scenegraph.ledger import Journal
from scenegraph.run import api
from scenegraph.scene import Scene, render_prompt

#: Half of the jobs take longer than this, in seconds.
MEDIAN = 30.0
#: The spread of their logarithms: one job in twenty takes 1.4 or 2.3 times the median, or more.
SPREADS = (0.2, 0.5)
#: What is left of it, job by job, when it follows a job's endpoint and length.
REST = 0.1
#: New seconds of the shots then.
SECONDS = (2, 3, 4, 5, 6, 8, 10)
#: Orders of the same latencies that `Makespan.blind` is the mean of.
ORDERS = 200


@dataclass(frozen=True)
class Latencies:
    """Log-normal seconds, the same for the same words.

    Attributes:
        by_length: drawn for each endpoint and length, and a little for each job; a scheduler that
            watches can learn them. Otherwise drawn for each job, and nothing tells them before.
    """

    spread: float
    by_length: bool = False

    @property
    def title(self) -> str:
        return f"{self.spread} by length" if self.by_length else f"{self.spread} by chance"

    def of(self, payload: Mapping[str, Any]) -> float:
        """Seconds of one request."""
        if not self.by_length:
            return MEDIAN * _drawn(payload["prompt"], self.spread)
        like = f"{'video' in payload} {payload['num_frames']}"
        return MEDIAN * _drawn(like, self.spread) * _drawn(payload["prompt"], REST)


def _drawn(what: str, spread: float) -> float:
    return math.exp(random.Random(what).gauss(0, spread))


@dataclass(frozen=True)
class Makespan:
    """One reel with so many jobs in flight; seconds of the clock that skips.

    Attributes:
        blind: what the best schedule can expect that knows how long a job takes only when it has
            ended: the mean over these latencies in other orders, each job dealt at once to the
            next free slot. Which job comes next is no use to it, as all are alike before they end;
            and chains can only make it longer.
    """

    latencies: Latencies
    slots: int
    took: float
    work: float
    critical: float
    blind: float

    @property
    def bound(self) -> float:
        """No schedule is shorter: one chain after the other's end, or all slots always busy."""
        return max(self.critical, self.work / self.slots)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nobody is at work."""

    def __init__(self) -> None:
        self.skipped, self.at_work = 0.0, 0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return time.monotonic() + self.skipped

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: Future[Any]) -> None:
        self.at_work -= 1


class _Skipping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout and not self._loop.at_work:
            self._loop.skipped += timeout
            timeout = 0
        return super().select(timeout)


class _WatchedJournal(Journal):
    """Its loop knows when a write is under way."""

    async def write(self, method: Any, /, *args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        loop.at_work += 1
        try:
            return await super().write(method, *args, **kwargs)
        finally:
            loop.at_work -= 1


def measure(folder: Path, slots: int, lengths: list[int], latencies: Latencies) -> Makespan:
    """Run a reel of chains of these lengths with `slots` jobs in flight."""
    seconds = (lambda id: random.Random(id).choice(SECONDS)) if latencies.by_length else None
    scene = Scene.load(write_scene(folder, lengths, seconds=seconds))
    prompts = {id: render_prompt(scene, shot) for id, shot in scene.graph().shots.items()}
    needs = dict[str, float]()

    def latency_of(payload: Mapping[str, Any]) -> float:
        needs[payload["prompt"]] = latencies.of(payload)
        return needs[payload["prompt"]]

    async def run() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        queue: Any = Queue(latency_of)
        result = await run_async(scene, store=folder / "store", jobs=slots, cut=False, queue=queue)
        assert result.exit_code == 0 and result.submits == len(prompts) == len(needs)
        return loop.time() - began

    watched = mock.patch.object(api, "Journal", _WatchedJournal)
    with no_media(), watched, asyncio.Runner(loop_factory=SkippingLoop) as runner:
        took = runner.run(run())
    critical = max(
        sum(needs[prompts[name(chain, hop)]] for hop in range(length))
        for chain, length in enumerate(lengths)
    )
    blind = dealt_blindly(list(needs.values()), slots)
    return Makespan(latencies, slots, took, sum(needs.values()), critical, blind)


def dealt_blindly(needs: list[float], slots: int) -> float:
    """The mean makespan of these jobs, each dealt to the next free slot, over random orders."""
    chance, total = random.Random(0), 0.0
    for _ in range(ORDERS):
        chance.shuffle(needs)
        free_at = [0.0] * slots
        for seconds in needs:
            heapq.heapreplace(free_at, free_at[0] + seconds)
        total += max(free_at)
    return total / ORDERS


def some_lengths(shots: int) -> list[int]:
    """Chains of 1 to 19 shots, so many in all."""
    chance, lengths = random.Random(4), [0]
    while sum(lengths) < shots:
        lengths.append(min(chance.randint(1, 19), shots - sum(lengths)))
    return lengths[1:]


def main(folder: Path, shots: int, latencies: Latencies) -> list[Makespan]:
    """With 2, 8 and 40 jobs in flight."""
    lengths = some_lengths(shots)
    return [measure(folder / str(slots), slots, lengths, latencies) for slots in (2, 8, 40)]
