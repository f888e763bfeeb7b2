"""From the last take's arrival to the finished reel, in a real run whose clips are drawn before."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from scenegraph.animatic import ANIMATIC_URL, animatic_transport, create_app
from scenegraph.cut import make_segment
from scenegraph.fal import Backoff, FalClient, Limits
from scenegraph.ledger.timeline import Timeline
from scenegraph.media import Clip, probe
from scenegraph.run import Event, ReelEvent, RunResult, ShotEvent, run_async
from scenegraph.scene import Scene

#: Variants: what joins the last shot to the one before it.
JOINS: Mapping[str, dict[str, Any]] = {
    "hard cuts": {},
    "dissolves": {"kind": "dissolve", "frames": 12},
    "dips": {"kind": "dip", "frames": 12},
}


@dataclass
class Clock:
    """When the last take's file was here, was kept, and the reel was there."""

    last: str
    folder: Path
    at: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        if isinstance(event, ShotEvent) and event.shot == self.last:
            self._note(event.stage)
            if event.stage in ("circled", "kept"):
                self.there = segments_in(self.folder)
        if isinstance(event, ReelEvent) and event.done == event.total:
            self._note("reel")

    def _note(self, name: str) -> None:
        self.at[name], self.cpu[name] = time.perf_counter(), time.process_time()


def segments_in(folder: Path) -> set[str]:
    found = (folder / ".scenegraph" / "segments").glob("[0-9a-f]*.mp4")
    return {path.stem for path in found}


async def shoot(
    folder: Path, clips: list[Path], scene: Scene, clock: Clock, others: int
) -> RunResult:
    """Each shot gets the clip of its number; the last comes when all else is encoded."""

    def render(
        _kind: str, params: Mapping[str, Any], _inputs: Mapping[str, Path], out: Path, **_more: Any
    ) -> Clip:
        number = int(str(params["prompt"]).split()[1].rstrip("."))
        if f"shot-{number}" == clock.last:
            until = time.monotonic() + 300
            while len(segments_in(folder)) < others and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.5)
        shutil.copyfile(clips[number], out)
        return probe(out)

    app = create_app(render=render, workers=4)
    quick = Limits(poll=Backoff(0.02, 0.1, 1.5), polls_per_s=4000)
    try:
        async with (
            httpx.AsyncClient(transport=animatic_transport(app)) as http,
            FalClient(
                http,
                queue_url=ANIMATIC_URL,
                rest_url=ANIMATIC_URL,
                cdn_url=ANIMATIC_URL,
                limits=quick,
            ) as queue,
        ):
            return await run_async(scene, queue=queue, jobs=4, listener=clock.hear)
    finally:
        app.state.queue.close()


async def segment_alone(timeline: Timeline, shot: str, folder: Path) -> float:
    """Wall seconds of encoding one event with nothing else to do; the best of three."""
    event = next(event for event in timeline.events if event.shot == shot)
    took = []
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        began = time.perf_counter()
        await make_segment(event, timeline.format, timeline.event_frames(event), folder)
        took.append(time.perf_counter() - began)
    return min(took)


def print_arrivals(clips: list[Path]) -> None:
    """One shot for each clip: equal clips would share a segment."""
    shots = len(clips)
    print(
        f"\n| {shots} shots; the last take is kept, to the reel | s | segments encoded"
        " | one segment's encode, s | more, s | our own CPU s | looked at before, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for label, way in JOINS.items():
        for place in ("at the end", "in the middle"):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                last = f"shot-{shots - 1 if place == 'at the end' else shots // 2}"
                wanted = {
                    f"shot-{n}": {"kind": "t2v", "frames": 121, "prompt": f"Shot {n}."}
                    for n in range(shots)
                }
                reel = {"transitions": {last: way}} if way else {}
                made = Scene(
                    title="Arrival", shots=[{"id": k, **v} for k, v in wanted.items()], reel=reel
                )
                scene = Scene.load(made.save(folder / "scene.yaml"))
                clock = Clock(last, folder)
                result = asyncio.run(shoot(folder, clips, scene, clock, shots - 1))
                encoded = len(segments_in(folder) - clock.there)
                assert result.timeline is not None
                alone = asyncio.run(segment_alone(result.timeline, last, folder / "alone"))
            kept = "circled" if "circled" in clock.at else "kept"
            took = clock.at["reel"] - clock.at[kept]
            own = clock.cpu["reel"] - clock.cpu[kept]
            seen = clock.at[kept] - clock.at["reviewing"]
            print(
                f"| {label}, {place} | {took:.2f} | {encoded} | {alone:.2f} | {took - alone:+.2f}"
                f" | {own:.2f} | {seen:.2f} |"
            )
