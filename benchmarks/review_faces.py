"""Faces: how well the face model of the settings tells a character from the others."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from review_cases import FACES, Case, auc, base_of

from scenegraph.media import open_still, read_frames
from scenegraph.review import (
    Calibration,
    Identity,
    Likeness,
    calibrate,
    cast_of,
    find_identity,
    measure_identity,
    watch,
)
from scenegraph.review.identity import TAKE_FRAMES, Casting, FrameKeeper
from scenegraph.settings import Settings


def print_faces(folder: Path, drift: list[Case], jobs: int) -> None:
    """Identity: each base clip is a character; its keyframe the still, its parent a circled take.

    The calibration of a character sees the parents alone, never a clip that is judged. The model is
    that of the settings: the weight-free one, unless SCENEGRAPH_FACE_* name files.
    """
    model = find_identity(Settings())
    if model is None:
        print("\nFaces: not measured, there is no face model")
        return
    people: dict[str, Case] = {}
    for case in drift:
        people.setdefault(base_of(case), case)
    cast = [_casting(model, folder, who, case) for who, case in people.items()]
    found = {one.who: one for one in calibrate(model, cast)}
    anchors = {one.who: one.anchors for one in cast}
    chosen = [
        case
        for case in drift
        if anchors[base_of(case)]
        and (case["drifted"] is False or case["axis"] in (*FACES, "colour+identity"))
    ]
    work = [(folder, case, anchors[base_of(case)], found[base_of(case)].limit) for case in chosen]
    # a fork of a process that OpenCV has run threads in may hang
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for case, seen in zip(chosen, pool.map(_identity_of, work, chunksize=4), strict=True):
            case["identity"] = seen
    _print_calibrations(model, found)
    gated = [c for c in chosen if c["identity"] is not None and found[base_of(c)].limit]
    faces = [c for c in drift if c["axis"] in FACES]
    seen = [c for c in gated if c["axis"] in FACES]
    sure = [c for c in seen if found[base_of(c)].gates]
    print(
        f"  {len(faces)} face cases: a review measures {len(sure)} and says of the others that it "
        f"did not; the rows below also hold {len(seen) - len(sure)} that calibration will not gate"
    )
    for title, kept in (("all", gated), ("gating", [c for c in gated if found[base_of(c)].gates])):
        bad, good = (
            [
                c["identity"] / (found[base_of(c)].limit or math.inf)
                for c in kept
                if c["drifted"] is d
            ]
            for d in (True, False)
        )
        print(f"  {title} characters: AUC over the limit {auc(bad, good):.3f}, {len(bad)} drifted")
    benign = [c for c in gated if c["drifted"] is False]
    for case in benign:
        case["identity_over"] = case["identity"] / (found[base_of(case)].limit or math.inf)
    limits = {who: _limit_elsewhere(benign, who) for who in people}
    print("  axis and strength: AUC over all, of distance and over its limit | over the limit")
    for axis in (*FACES, "colour+identity"):
        for strength in ("mild", "clear", "gross", "real"):
            _print_face_row(axis, strength, gated, benign, limits, found)


def _print_face_row(
    axis: str,
    strength: str,
    gated: list[Case],
    benign: list[Case],
    limits: dict[str, float],
    found: dict[str, Calibration],
) -> None:
    cases = [c for c in gated if c["axis"] == axis and c["strength"] == strength]
    if not cases:
        return

    def over(case: Case) -> float:
        return float(case["identity"]) / (found[base_of(case)].limit or math.inf)

    raw = auc([c["identity"] for c in cases], [c["identity"] for c in benign])
    own = auc([over(c) for c in cases], [over(c) for c in benign])
    shipped = f"{sum(over(c) > 1 for c in cases)}/{len(cases)}"
    false = f"{sum(over(c) > 1 for c in benign)}/{len(benign)}"
    other = f"{sum(over(c) > limits[base_of(c)] for c in cases)}/{len(cases)}"
    wrong = f"{sum(over(c) > limits[base_of(c)] for c in benign)}/{len(benign)}"
    print(
        f"  {axis:16s} {strength:6s} {len(cases):2d}  {raw:.3f} {own:.3f} | "
        f"calibrated {shipped}, benign {false} | limit from other bases {other}, benign {wrong}"
    )


def _limit_elsewhere(benign: list[Case], who: str) -> float:
    """1.1 times the worst benign clip of the other people, on the scale of each one's own faces."""
    seen = [c["identity_over"] for c in benign if base_of(c) != who]
    return 1.1 * max(seen) if seen else 1.0


def _print_calibrations(model: Identity, found: dict[str, Calibration]) -> None:
    print(f"\nFaces, by {model.name}; each character calibrated on its still and its parent")
    for who, one in found.items():
        own = f"{one.genuine[-1]:.2f}" if one.genuine else "-"
        others = f"{one.impostor[0]:.2f}" if one.impostor else "-"
        limit = "-" if one.limit is None else f"{one.limit:.2f}"
        said = "gates" if one.gates else f"not measured: {one.weak[0]}"
        print(f"  {who:14s} own at most {own}, limit {limit}, others at least {others}: {said}")


def _casting(model: Identity, folder: Path, who: str, case: Case) -> Casting:
    keeper = FrameKeeper(TAKE_FRAMES)
    for planes in read_frames(folder / case["parent"]):
        keeper.offer(planes)
    take = [(kept.index, kept.rgb()) for kept in keeper.frames()]
    return cast_of(model, who, {"keyframe": open_still(folder / case["keyframe"])}, {"t1": take})


def _identity_of(job: tuple[Path, Case, tuple[Any, ...], float | None]) -> float | None:
    """The clip's distance from its still, on the model's own scale; None: not measured."""
    folder, case, anchors, _ = job
    footage = watch(folder / case["clip"], in_full=True)
    likeness = Likeness(model=find_identity(Settings()), anchors=anchors, limit=1.0)
    pictures = ((kept.index, kept.rgb()) for kept in footage.pictures)
    return measure_identity(likeness, pictures)[0].value
