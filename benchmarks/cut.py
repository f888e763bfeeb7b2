"""Cut points on labelled cases, and the time a reel takes beside one plain FFmpeg encode.

    python benchmarks/cut.py [CASES_DIR] [--events 60] [--size 1280x720] [--moviepy PYTHON]

CASES_DIR is a folder of `make_cases.py` with its `cases.json`; without one only the reel is built.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import structlog
from cut_arrival import print_arrivals
from cut_cases import print_broken, print_overlaps
from cut_memory import print_memory
from numpy.typing import NDArray

from scenegraph.cut import CutChoice, ReelClip, check_reel, choose_cuts, cutpoints, stitch
from scenegraph.cut.conform import GOP_S
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import Clip, encode_frames, ffmpeg_exe, run_ffmpeg_sync
from scenegraph.review import watch
from scenegraph.units import Size, Span

Case = dict[str, Any]


def looked(path: Path) -> ReelClip:
    footage = watch(path)
    return ReelClip(name=path.name, calmness=footage.series["calmness"], prints=footage.prints)


def within(frame: int, windows: list[list[int]], tol: int = 2) -> bool:
    return any(a - tol <= frame <= b + tol for a, b in windows)


def rest_is_right(case: Case, clips: dict[str, ReelClip]) -> bool:
    choice = cutpoints([clips[case["clip"]]], search=tuple(case["search"]))
    return within(choice.cuts[0].calmest, case["windows"], case["tol"])


def join_is_right(case: Case, clips: dict[str, ReelClip]) -> bool:
    choice = cutpoints([clips[case["clip_a"]], clips[case["clip_b"]]], join="rejoin")
    i, j = choice.cuts[0].out_frame, choice.cuts[1].in_frame
    low, high = case["search_a"]
    goes_on = any(abs((j - i) - (q - p)) <= case["tol"] for p, q in case["pairs"])
    trapped = any(abs(i - p) + abs(j - q) <= 2 for p, q in case["trap_pairs"])
    return goes_on and not trapped and low <= i <= high


def chain_is_right(case: Case, clips: dict[str, ReelClip]) -> bool:
    rows = case["clips"]
    choice: CutChoice = cutpoints(
        [clips[row["clip"]] for row in rows], target=case["target_frames"]
    )
    ins = zip(choice.cuts[1:], rows[1:], strict=True)
    outs = zip(choice.cuts[:-1], rows[:-1], strict=True)
    return (
        all(within(cut.in_frame, row["in_windows"]) for cut, row in ins)
        and all(within(cut.out_frame, row["out_windows"]) for cut, row in outs)
        and abs(choice.frames - case["target_frames"]) <= case["tol_frames"]
    )


TASKS: dict[str, Callable[[Case, dict[str, ReelClip]], bool]] = {
    "rest": rest_is_right,
    "join": join_is_right,
    "chain": chain_is_right,
}


def score_cases(folder: Path, jobs: int) -> None:
    all_cases: list[Case] = json.loads((folder / "cases.json").read_text())["cases"]
    cases = [case for case in all_cases if case["kind"] == "cut"]
    names = sorted(
        {c[k] for c in cases for k in ("clip", "clip_a", "clip_b") if k in c}
        | {row["clip"] for c in cases for row in c.get("clips", ())}
    )
    started = time.perf_counter()
    with ProcessPoolExecutor(jobs) as pool:
        clips = dict(zip(names, pool.map(looked, [folder / n for n in names]), strict=True))
    print(f"{len(names)} clips looked at in {time.perf_counter() - started:.1f} s\n")
    print("| task | right | of | share | wrong |\n|---|---|---|---|---|")
    for task, is_right in TASKS.items():
        mine = [case for case in cases if case["task"] == task]
        wrong = [case["id"] for case in mine if not is_right(case, clips)]
        share = (len(mine) - len(wrong)) / max(1, len(mine))
        print(f"| {task} | {len(mine) - len(wrong)} | {len(mine)} | {share:.1%} | {wrong or ''} |")

    print_overlaps(folder, [case for case in all_cases if case["kind"] == "overlap"], jobs)
    print_broken(folder, [case for case in all_cases if case["kind"] == "corrupt"])


def time_choice(count: int = 60, frames: int = 121) -> None:
    rng = np.random.default_rng(7)

    def clip(at: int) -> ReelClip:
        noise = np.convolve(rng.random(frames + 8), np.ones(9) / 9, "valid")
        walk = np.cumsum(rng.standard_normal((frames, 1024)), axis=0)
        prints = walk / np.linalg.norm(walk, axis=1, keepdims=True)
        calm = (noise / np.median(noise)).astype(np.float32)
        return ReelClip(name=str(at), calmness=calm, prints=prints.astype(np.float16))

    clips = [clip(at) for at in range(count)]
    print(f"\n| choosing {count} clips of {frames} frames | s | reel frames |\n|---|---|---|")
    for label, target, join in (
        ("no target", None, "cut"),
        ("to a target length", count * 80, "cut"),
        ("re-joins, to a target length", count * 80, "rejoin"),
    ):
        fresh = [replace(clip, join=join) for clip in clips]
        started = time.perf_counter()
        choice = choose_cuts(fresh, target=target)
        print(f"| {label} | {time.perf_counter() - started:.2f} | {choice.frames} |")


def drawn(size: Size, seed: int, frames: int) -> Iterator[NDArray[np.uint8]]:
    """A textured picture under a camera that pans and comes to rest."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(30, 226, (size.height // 40 + 4, size.width // 40 + 8, 3), np.uint8)
    picture = np.kron(rough, np.ones((40, 40, 1), np.uint8))
    picture = np.clip(picture + rng.integers(-9, 10, picture.shape), 0, 255).astype(np.uint8)
    for t in range(frames):
        x = int(120 * np.sin(t / 40)) + 120
        yield np.ascontiguousarray(picture[20 : 20 + size.height, x : x + size.width])


def plain_command(timeline: Timeline, out: Path) -> list[str]:
    """What one would write by hand: trims and the concat filter, one encode, same settings."""
    to = timeline.format
    parts = [
        ffmpeg.input(str(event.clip.path))
        .trim(start_frame=event.span.start, end_frame=event.span.stop)
        .setpts("PTS-STARTPTS")
        .filter("fps", str(to.rate))
        .filter("scale", to.size.width, to.size.height)
        .filter("setsar", 1)
        for event in timeline.events
    ]
    gop = GOP_S * int(to.rate)
    coding = {"vcodec": to.codec, "crf": to.crf, "preset": to.preset, "bf": 0, "g": gop}
    reel = ffmpeg.concat(*parts).output(
        str(out), pix_fmt=to.pixel_format, keyint_min=gop, sc_threshold=0, **coding
    )
    return list(ffmpeg.compile(reel, cmd=ffmpeg_exe(), overwrite_output=True))


@dataclass(frozen=True)
class Took:
    """Wall-clock seconds, and CPU seconds of this process and its children."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Took:
    started, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return Took(time.perf_counter() - started, sum(after[:4]) - sum(before[:4]))


def build_reels(count: int, size: Size, folder: Path, moviepy: Path | None) -> None:
    rate = Fraction(24)
    clips: list[Clip] = []
    for seed in range(6):
        path = folder / f"drawn-{seed}.mp4"
        clips.append(encode_frames(drawn(size, seed, 121), path, rate=rate))
    # Six sources, but every event has a span of its own: as many segments as events.
    events = [
        Event(shot=f"s{k}", take=f"s{k}/t1", clip=clips[k % 6], span=Span(k // 6, 120), join="cut")
        for k in range(count)
    ]
    timeline = Timeline(
        title="benchmark", events=tuple(events), format=ReelFormat(size=size, rate=rate)
    )
    events[count // 2] = replace(events[count // 2], span=Span(30, 119))
    changed = replace(timeline, events=tuple(events))
    reel, segments = folder / "reel.mp4", folder / "segments"
    build = partial(asyncio.run)
    plain = timed(
        lambda: run_ffmpeg_sync(plain_command(timeline, folder / "plain.mp4"), timeout_s=3600)
    )
    peer, took_peer = with_moviepy(moviepy, timeline, folder / "moviepy.mp4")
    full = timed(lambda: build(stitch(timeline, segments, reel)))
    again = timed(lambda: build(stitch(timeline, segments, reel)))
    one = timed(lambda: build(stitch(changed, segments, reel)))
    check_reel(reel, changed)
    grown = reel.read_bytes()
    shutil.rmtree(segments)
    build(stitch(changed, segments, reel))
    same = "the same bytes" if reel.read_bytes() == grown else "OTHER BYTES"
    seconds = timeline.duration_s
    print(
        f"\n| reel of {count} events, {seconds:.0f} s, {size} | s | × plain | CPU s | × real time |"
    )
    print("|---|---|---|---|---|")
    for label, took in (
        ("plain FFmpeg, concat filter", plain),
        (peer, took_peer),
        ("full build", full),
        ("nothing changed", again),
        ("one shot changed", one),
    ):
        if took is None:
            print(f"| {label} | | | | |")
            continue
        print(
            f"| {label} | {took.wall:.2f} | {took.wall / plain.wall:.3f} | {took.cpu:.1f}"
            f" | {seconds / took.wall:.0f} |"
        )
    print(
        f"\nfull build: {full.cpu / plain.cpu:.3f} × plain in CPU seconds; one shot changed:"
        f" {one.wall / full.wall:.1%} of the full build ({one.cpu / full.cpu:.1%} in CPU seconds),"
        f" {plain.wall / one.wall:.0f} × faster than plain FFmpeg ({plain.cpu / one.cpu:.0f} ×);"
        f" a full build of the changed film gives {same}"
    )


#: Run by the Python that has MoviePy: the same spans, one film.
PEER = """
import json, sys
import moviepy
spans, out, rate = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
clips = [
    moviepy.VideoFileClip(path).subclipped(start / rate, stop / rate)
    for path, start, stop in spans
]
film = moviepy.concatenate_videoclips(clips)
film.write_videofile(
    out, fps=rate, codec="libx264", preset="veryfast", audio=False, logger=None, threads=4,
    ffmpeg_params=["-crf", "18", "-bf", "0"],
)
print(moviepy.__version__)
"""


def with_moviepy(python: Path | None, timeline: Timeline, out: Path) -> tuple[str, Took | None]:
    """The same film by MoviePy, in a process of the Python that has it."""
    if python is None:
        return "MoviePy: not measured, no --moviepy", None
    spans = [[str(e.clip.path), e.span.start, e.span.stop] for e in timeline.events]
    command = [str(python), "-c", PEER, json.dumps(spans), str(out), str(timeline.format.rate)]
    found: list[subprocess.CompletedProcess[str]] = []
    took = timed(lambda: found.append(subprocess.run(command, capture_output=True, text=True)))
    if found[0].returncode:
        return f"MoviePy: not measured, {found[0].stderr.strip().splitlines()[-1]}", None
    return f"MoviePy {found[0].stdout.split()[-1]}", took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--moviepy", type=Path, help="a Python that has MoviePy")
    parser.add_argument("--minutes", default="1,10,60", help="reels whose memory is measured")
    parser.add_argument("--only", choices=["cases", "choice", "reel", "arrival", "memory"])
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    parts = [options.only] if options.only else ["cases", "choice", "reel", "arrival", "memory"]
    if options.cases and "cases" in parts:
        score_cases(options.cases, options.jobs)
    if "choice" in parts:
        time_choice()
    width, height = (int(side) for side in options.size.split("x"))
    size = Size(width, height)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "reel" in parts:
            build_reels(options.events, size, folder, options.moviepy)
        if "arrival" in parts:
            for seed in range(8):
                clip = folder / f"arrival-{seed}.mp4"
                encode_frames(drawn(size, seed, 121), clip, rate=Fraction(24))
            print_arrivals(sorted(folder.glob("arrival-*.mp4")))
        if "memory" in parts:
            for seed in range(6):
                clip = folder / f"small-{seed}.mp4"
                encode_frames(drawn(Size(320, 180), seed, 121), clip, rate=Fraction(24))
            print_memory(folder, tuple(int(word) for word in options.minutes.split(",")))


if __name__ == "__main__":
    main()
