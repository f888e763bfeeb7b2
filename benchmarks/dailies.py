"""Making the dailies of a long scene beside decoding its clips once, and what the page weighs.

    python benchmarks/dailies.py [--shots 60] [--seconds 5] [--size 1280x720] [--grain 5]

The scene is drawn: panning pictures with grain in them, so that they weigh about what footage
weighs, in chains of four, every sixth shot with a second take. Its reel is cut as `run` cuts it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import structlog

from scenegraph.cut import stitch
from scenegraph.ledger import Intent, Ledger, QueueUrls
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import Clip, encode_frames, ffmpeg_exe, probe, run_ffmpeg_sync
from scenegraph.report import write_dailies
from scenegraph.review import look_at, watch
from scenegraph.run import plan
from scenegraph.scene import ExtendShot, Scene, TextShot
from scenegraph.units import Size, Span

RATE = Fraction(24)


def cpu() -> float:
    """Processor seconds of this process and of all that it has started and waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def timed(act: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gave, its wall seconds, its processor seconds."""
    began, used = time.perf_counter(), cpu()
    result = act()
    return result, time.perf_counter() - began, cpu() - used


def draw(path: Path, seed: int, frames: int, size: Size, grain: float) -> Clip:
    """A slow pan over a place of its own, with grain."""
    chance = np.random.default_rng(seed)
    low = chance.integers(20, 230, (9, 16, 3)).astype(np.uint8)
    shape = (size.width + 96, size.height)
    wide = cv2.resize(low, shape, interpolation=cv2.INTER_CUBIC)
    noise = np.clip(chance.normal(grain, grain, (4, size.height, size.width, 3)), 0, 60)
    light = noise.astype(np.uint8)

    def frame(at: int) -> Any:
        left = round((1 - np.cos(at / 20)) * 40)
        return cv2.add(np.ascontiguousarray(wide[:, left : left + size.width]), light[at % 4])

    return encode_frames((frame(n) for n in range(frames)), path, rate=RATE, crf=20)


def scene_of(folder: Path, shots: int, frames: int) -> Scene:
    wanted: list[Any] = []
    for n in range(shots):
        if n % 4:
            wanted.append(ExtendShot(id=f"s{n}", parent=f"s{n - 1}", prompt="It goes on."))
        else:
            wanted.append(TextShot(id=f"s{n}", prompt=f"A place, number {n}.", frames=frames))
    Scene(title="Long night", shots=wanted).save(folder / "scene.yaml")
    return Scene.load(folder / "scene.yaml")


def shoot(scene: Scene, ledger: Ledger, clips: dict[str, list[Clip]]) -> None:
    """Every clip as a take that was asked for, fetched, looked at, and circled if it is the last.

    A benchmark has no queue: takes are written as a run writes them, reviews are real.
    """
    planned = {shot.shot: shot.job for shot in plan(scene).shots}
    url = "http://127.0.0.1/requests/1"
    for id, takes in clips.items():
        for clip in takes:
            job = planned[id]
            take = ledger.intend(
                Intent(
                    scene=scene.name, shot=id, key=f"{job.key}-{clip.path.stem}", setup=job.setup,
                    parts=job.parts, engine="animatic", endpoint=job.endpoint.id, seed=job.seed,
                    params=job.params, usd_estimate=Decimal(0), billed=False,
                )
            )  # fmt: skip
            ledger.submitted(take.id, f"request-{take.id}", QueueUrls(url, url, url))
            ledger.answered(take.id, {"video": {"url": url}}, Decimal(0))
            kept = ledger.store.put_file(clip.path)
            stored = probe(ledger.store.path(kept.media))
            ledger.fetched(take.id, kept.sha256, kept.media, stored)
            ledger.reviewed(take.id, look_at(watch(stored.path)))
        ledger.circle(take.id)


def cut(scene: Scene, ledger: Ledger, size: Size) -> Path:
    """One reel of all that is circled, a few frames off each end."""
    events = []
    for number, id in enumerate(scene.graph().shots):
        take = ledger.memory(scene.name).circled(id)
        assert take is not None and take.clip is not None
        span = Span(2, take.clip.frames - 2)
        join = "cut" if number else "start"
        events.append(
            Event(shot=id, take=take.slate, clip=take.clip, span=span, join=join)  # type: ignore[arg-type]
        )
    form = ReelFormat(size=size, rate=RATE)
    timeline = Timeline(title=scene.title, events=tuple(events), format=form)
    reel = scene.folder / "long-night.preview.mp4"
    asyncio.run(stitch(timeline, ledger.store.segments, reel))
    ledger.save_reel(scene.name, timeline.to_json(), reel)
    return reel


def decode_once(clips: dict[str, list[Clip]]) -> None:
    """Every clip by plain FFmpeg, one thread, to nowhere: what whoever looks at them must pay."""
    for takes in clips.values():
        for clip in takes:
            command = [ffmpeg_exe(), "-v", "error", "-threads", "1", "-i", str(clip.path)]
            run_ffmpeg_sync([*command, "-f", "null", "-"], timeout_s=600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shots", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--grain", type=float, default=5.0)
    told = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    size = Size(*map(int, told.size.split("x")))
    frames = 8 * round(told.seconds * 24 / 8) + 1
    with tempfile.TemporaryDirectory(prefix="scenegraph-") as temp:
        folder = Path(temp)
        scene = scene_of(folder, told.shots, frames)
        wanted = [
            (id, folder / f"{id}-{take}.mp4", 10 * n + take)
            for n, id in enumerate(scene.graph().shots)
            for take in range(2 if n % 6 == 0 else 1)
        ]
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            drawn = pool.map(
                draw,
                *zip(*((file, seed, frames, size, told.grain) for _, file, seed in wanted),
                     strict=True),
            )  # fmt: skip
            clips: dict[str, list[Clip]] = {}
            for (id, _, _), clip in zip(wanted, drawn, strict=True):
                clips.setdefault(id, []).append(clip)
        with Ledger.open(folder / ".scenegraph") as ledger:
            shoot(scene, ledger, clips)
            reel = cut(scene, ledger, size)
            measure(scene, ledger, clips, reel)


def measure(scene: Scene, ledger: Ledger, clips: dict[str, list[Clip]], reel: Path) -> None:
    out = scene.folder / "dailies.html"
    made = plan(scene)

    def write(**more: Any) -> Any:
        return write_dailies(scene, made, ledger, out, **more)

    _, plain_wall, plain = timed(lambda: decode_once(clips))
    rows = [("plain FFmpeg: decode every clip once, one thread", plain_wall, plain)]
    first, page_wall, page_used = timed(write)
    rows.append(("the page", page_wall, page_used))
    again, again_wall, again_used = timed(write)
    rows.append(("the page again, nothing changed", again_wall, again_used))
    linked, linked_wall, linked_used = timed(lambda: write(link_media=True))
    rows.append(("the page with linked media", linked_wall, linked_used))
    seconds = sum(take.frames for takes in clips.values() for take in takes) / 24
    takes = sum(map(len, clips.values()))
    print(f"{len(clips)} shots, {takes} takes, {seconds:.0f} s of clips, reel of "
          f"{probe(reel).frames / 24:.0f} s and {reel.stat().st_size / 1e6:.0f} MB\n")  # fmt: skip
    print("| what | s | CPU s | × decoding, CPU |\n|---|---|---|---|")
    for name, wall, used in rows:
        print(f"| {name} | {wall:.2f} | {used:.2f} | {used / plain:.2f} |")
    print(f"\npage {first.bytes / 1e6:.1f} MB (unchanged: {again.bytes / 1e6:.1f}), "
          f"with linked media {linked.bytes / 1e6:.1f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
