"""How well and how fast review sees: one table on labelled cases.

    python benchmarks/review.py CASES_DIR [--jobs N] [--json FILE] [--scenedetect PYTHON] [--quick]

CASES_DIR holds `cases.json` and its clips: drift cases (a clip, its parent, its keyframe, what was
done to it and how strongly), rest windows, and overlaps of an answer with its parent. Limits are
always set from other base clips than the judged one; the shipped defaults are shown beside. More
benign clips are made of the cases' own (`review_variety.py`): how much room have the defaults?
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import review_variety as variety
from review_cases import ANCHORED, FACES, SEEN_BY, Case, auc, base_of, value
from review_faces import print_faces
from review_goals import Goals
from review_machine import print_memory, print_peers, print_speed

from scenegraph.media import open_still
from scenegraph.review import DEFAULT_BUDGETS, find_overlap, look_at, watch

GOALS = Goals()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--json", type=Path, help="write every case's measures here")
    parser.add_argument(
        "--scenedetect", type=Path, metavar="PYTHON", help="a Python that has PySceneDetect"
    )
    parser.add_argument("--quick", action="store_true", help="without variety, memory and peers")
    options = parser.parse_args()
    cases: list[Case] = json.loads((options.cases / "cases.json").read_text())["cases"]
    drift = [case for case in cases if case["kind"] == "drift"]
    rest = [case for case in cases if case["kind"] == "cut" and case.get("task") == "rest"]
    overlaps = [case for case in cases if case["kind"] == "overlap"]
    began = time.perf_counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, work, groups in (
            ("drift", _judge_group, _by(drift, "parent", most=12)),
            ("rest", _rest_group, _by(rest, "clip")),
            ("overlap", _overlap_group, _by(overlaps, "parent")),
        ):
            found = pool.map(work, [(options.cases, group) for group in groups])
            for group, seen in zip(groups, found, strict=True):
                for case, values in zip(group, seen, strict=True):
                    case.update(values)
            print(f"{name}: watched, {time.perf_counter() - began:.0f} s", flush=True)
    varied: list[Case] = []
    if not options.quick:
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
            for made in pool.map(variety.judge, variety.jobs_of(options.cases, drift)):
                varied += made
        print(f"variety: watched, {time.perf_counter() - began:.0f} s", flush=True)
    print_drift(drift)
    print_faces(options.cases, drift, options.jobs)
    print_budgets(drift, varied)
    print_rest(rest)
    print_overlap(overlaps)
    print_speed(options.cases, drift, GOALS)
    if not options.quick:
        largest = [c for c in drift if c["mode"] == "res720"] or drift[:6]
        print_peers(options.scenedetect, [options.cases / c["clip"] for c in largest])
        used = print_memory(*(options.cases / largest[0][part] for part in ("clip", "parent")))
        GOALS.add("memory of 10 s over that of 120 s", used[10] / used[120], 0.9)
    GOALS.say()
    if options.json:
        options.json.write_text(json.dumps([*cases, *varied], indent=1))


# ------------------------------------------------------------------------------- looking
def _by(cases: Sequence[Case], field: str, most: int = 10**9) -> list[list[Case]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case[field]].append(case)
    return [g[i : i + most] for g in groups.values() for i in range(0, len(g), most)]


def _judge_group(job: tuple[Path, list[Case]]) -> list[Case]:
    """Every clip of one parent: against the parent, against the keyframe alone, against both."""
    folder, group = job
    parent = watch(folder / group[0]["parent"])
    found = []
    for case in group:
        footage = watch(folder / case["clip"])
        still = open_still(folder / case["keyframe"])
        by_parent = look_at(footage, parent=parent)
        by_still = look_at(footage, keyframe=still)
        both = look_at(footage, parent=parent, keyframe=still)
        found.append(
            {
                "parent_measures": {k: m.value for k, m in by_parent.measures.items()},
                "keyframe_measures": {k: m.value for k, m in by_still.measures.items()},
                "parent_score": by_parent.score,
                "keyframe_score": by_still.score,
                "both_score": both.score,
                "both_verdict": both.verdict,
                "reasons": list(both.reasons),
            }
        )
    return found


def _rest_group(job: tuple[Path, list[Case]]) -> list[Case]:
    folder, group = job
    found = []
    for case in group:
        footage = watch(folder / case["clip"])
        low, high = case["search"]
        calmest = low + int(np.argmin(footage.series["calmness"][low : high + 1]))
        tol = case["tol"]
        hit = any(a - tol <= calmest <= b + tol for a, b in case["windows"])
        found.append({"calmest": calmest, "hit": hit})
    return found


def _overlap_group(job: tuple[Path, list[Case]]) -> list[Case]:
    folder, group = job
    parent = watch(folder / group[0]["parent"])
    found = []
    for case in group:
        answer = watch(folder / case["answer"])
        seen = find_overlap(parent.prints, answer.prints)
        tail = find_overlap(parent.prints[-65:], answer.prints)
        found.append(
            {
                "found": seen.frames,
                "confidence": seen.confidence,
                "start": seen.parent_start,
                "in_tail": abs(tail.frames - case["overlap"]) <= case["tol"]
                if _lies_in_tail(case)
                else None,
            }
        )
    return found


def _lies_in_tail(case: Case) -> bool:
    """The answer's repeat lies within the parent's last 65 frames."""
    return not case["overlap"] or bool(case["parent_start"] >= case["n_parent"] - 65)


# ----------------------------------------------------------------------------- measuring
def print_drift(drift: list[Case]) -> None:
    benign = [case for case in drift if case["drifted"] is False]
    print(f"\nDrift: AUC against all {len(benign)} benign clips")
    print(f"{'axis':18s} {'n':>3s} {'parent':>7s} {'mild':>6s} {'still':>7s} {'mild':>6s}  seen by")
    for axis, names in SEEN_BY.items():
        hard = [c for c in drift if c["axis"] == axis and c["strength"] in ("clear", "gross")]
        mild = [c for c in drift if c["axis"] == axis and c["strength"] == "mild"]
        row = f"{axis:18s} {len(hard):3d} "
        for against in ("parent", "keyframe"):
            if against == "keyframe" and axis not in ANCHORED:
                row += f"{'-':>7s} {'-':>6s} "
                continue
            for cases, width in ((hard, 7), (mild, 6)):
                seen = [value(c, against, names) for c in cases]
                found = auc(seen, [value(c, against, names) for c in benign])
                row += f"{found:{width}.3f} "
                if cases is hard:
                    least = 0.99 if against == "parent" else 0.98
                    GOALS.add(f"AUC, {axis}, clear and gross, against the {against}", found, least)
                elif against == "parent":
                    GOALS.add(f"AUC, {axis}, mild, against the parent", found, 0.95)
        print(f"{row} {'/'.join(names)}")
    print_order(drift)
    print_alarm(drift, benign)
    print_defaults(drift, benign)


def print_order(drift: list[Case]) -> None:
    """Inside a group of rising severity, does the axis' own measure rise, and the score?"""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in drift:
        if case["order_group"] and case["axis"] not in FACES:
            groups[case["order_group"]].append(case)

    def right(of: Callable[[Case], float]) -> tuple[float, int]:
        pairs = [
            (of(a), of(b))
            for group in groups.values()
            for a in group
            for b in group
            if (a["order_rank"] or 0) < (b["order_rank"] or 0)
        ]
        good = sum((x < y) + 0.5 * (x == y) for x, y in pairs)
        return good / max(1, len(pairs)), len(pairs)

    own, n = right(lambda c: value(c, "parent", SEEN_BY.get(c["axis"], ("saturation", "hue"))))
    score, _ = right(lambda c: c["parent_score"] or 0.0)
    GOALS.add("severity order, by own measure", own, 0.98)
    print(
        f"severity order, faces apart: by own measure {own:.3f}, by score {score:.3f} of {n} pairs"
    )


def print_alarm(drift: list[Case], benign: list[Case]) -> None:
    """Any measure over its limit; limits from the benign cases of other base clips alone.

    A limit is 1.25 times the worst benign value of the other bases, and no less than a third of the
    shipped budget: a measure that never stirs there (a cut) must not alarm at next to nothing.
    """
    names = list(dict.fromkeys(name for names in SEEN_BY.values() for name in names))
    for base in {base_of(case) for case in drift}:
        others = [case for case in benign if base_of(case) != base]
        limits = {
            name: max(
                1.25 * max(value(case, "parent", [name]) for case in others),
                DEFAULT_BUDGETS[name] / 3,
            )
            for name in names
        }
        for case in drift:
            if base_of(case) == base:
                case["alarm"] = max(value(case, "parent", [n]) / limits[n] for n in names)
    false = np.mean([case["alarm"] > 1 for case in benign])
    print(f"\nAny aspect, limits from other bases: false alarms {false:.3f} at the limit itself")
    _print_recall("  other bases' limits, scaled", drift, benign, "alarm")
    for against in ("parent", "keyframe", "both"):
        _print_recall(f"  shipped score, against {against}", drift, benign, f"{against}_score")


def _print_recall(title: str, drift: list[Case], benign: list[Case], key: str) -> None:
    good = [case[key] or 0.0 for case in benign]
    limit = float(np.quantile(good, 0.95))
    row = f"{title}: "
    loud = [case for case in drift if case["drifted"] and case["axis"] not in FACES]
    found = float(np.mean([(case[key] or 0.0) > limit for case in loud]))
    if key == "alarm":
        GOALS.add("recall of any alarm at 5 % false ones, mild to real", found, 0.93)
    for strength in ("mild", "clear", "gross", "real"):
        bad = [
            case[key] or 0.0
            for case in drift
            if case["drifted"] and case["strength"] == strength and case["axis"] not in FACES
        ]
        row += f"{strength} {np.mean(np.asarray(bad) > limit):.3f} "
    bad = [
        case[key] or 0.0
        for case in drift
        if case["drifted"] and case["strength"] != "mild" and case["axis"] not in FACES
    ]
    print(
        f"{row}| recall at 5 % false alarms: all {found:.3f}, without mild "
        f"{np.mean(np.asarray(bad) > limit):.3f}, "
        f"AUC {auc(bad, good):.3f}"
    )


def print_defaults(drift: list[Case], benign: list[Case]) -> None:
    def flagged(cases: list[Case]) -> str:
        return f"{sum(c['both_verdict'] != 'good' for c in cases)}/{len(cases)}"

    print("\nShipped defaults (parent and keyframe)")
    real = [c for c in drift if c["source"] == "real"]
    spoilt = [c for c in real if c["drifted"]]
    print(f"  real model drift flagged {flagged(spoilt)}")
    good = [c for c in real if c["drifted"] is False]
    for name, cases, verdict in (
        ("real model drift flagged", spoilt, False),
        ("real benign passed", good, True),
    ):
        if cases:
            share = float(np.mean([(c["both_verdict"] == "good") is verdict for c in cases]))
            GOALS.add(f"{name}, shipped defaults", share, 1.0)
    print(f"  real benign flagged {flagged(good)}, all benign flagged {flagged(benign)}")
    for strength in ("mild", "clear", "gross"):
        cases = [
            c
            for c in drift
            if c["drifted"] and c["strength"] == strength and c["axis"] not in FACES
        ]
        missed = sorted(f"{c['base']}/{c['axis']}" for c in cases if c["both_verdict"] == "good")
        print(f"  {strength} flagged {flagged(cases)}; missed: {', '.join(missed) or 'none'}")
    for case in benign:
        if case["both_verdict"] != "good":
            print(f"  false alarm: {case['id']}: {case['reasons'][0]}")


def print_budgets(drift: list[Case], varied: list[Case]) -> None:
    """What the shipped budgets rest on: benign below, drift above, for each measure."""
    benign = [case for case in drift if case["drifted"] is False]
    wrong = [case for case in varied if case["both_verdict"] != "good"]
    if varied:
        print(f"\nBenign variety: {len(wrong)} of {len(varied)} flagged by the shipped defaults")
        for case in wrong:
            print(f"  {case['id']}: {case['reasons'][0]}")
    print(
        "\nBudgets: benign cases (95 %, most), variety (95 %, most) | budget | drift from clear on"
    )
    for name, budget in DEFAULT_BUDGETS.items():
        plain = name.removesuffix("_vs_keyframe")
        against = "parent" if plain == name else "keyframe"
        axes = [axis for axis, seen in SEEN_BY.items() if plain in seen]
        if not axes:
            continue  # added up along a chain: the cases have no chains
        row = f"  {name:27s}"
        for cases in (benign, varied):
            seen = [value(case, against, [plain]) for case in cases] or [math.nan]
            row += f" {np.quantile(seen, 0.95):6.3f} {max(seen):6.3f}"
        bad = [c for c in drift if c["axis"] in axes and c["strength"] in ("clear", "gross")]
        least = [value(case, against, [plain]) for case in bad] or [math.nan]
        print(
            f"{row} | {budget:6.3f} | least {min(least):6.3f}, "
            f"a tenth below {np.quantile(least, 0.1):6.3f}"
        )


def print_rest(rest: list[Case]) -> None:
    hits = sum(case["hit"] for case in rest)
    missed = ", ".join(case["id"] for case in rest if not case["hit"])
    print(f"\nRest windows: {hits}/{len(rest)} {missed}")


def print_overlap(overlaps: list[Case]) -> None:
    print()
    for still in (False, True):
        cases = [case for case in overlaps if bool(case["near_static"]) is still]
        if not cases:
            continue
        exact = [c for c in cases if abs(c["found"] - c["overlap"]) <= c["tol"]]
        near = [c for c in cases if abs(c["found"] - c["overlap"]) <= max(1, c["tol"])]
        tails = [c["in_tail"] for c in cases if c["in_tail"] is not None]
        print(
            f"Overlap, {'near-static' if still else 'moving'}: exact {len(exact)}/{len(cases)}, "
            f"within one {len(near)}/{len(cases)}; of the uploaded 65-frame tail "
            f"{sum(tails)}/{len(tails)}"
        )
        for case in cases:
            if case not in exact:
                print(
                    f"  {case['id']}: {case['found']} for {case['overlap']} "
                    f"(confidence {case['confidence']:.2f})"
                )


if __name__ == "__main__":
    main()
