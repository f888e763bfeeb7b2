"""What the remedies are worth: one drifting chain on the animatic queue, with and without them.

    python benchmarks/storm.py [SCENE] [--keep FOLDER]

SCENE (samples/storm by default: twelve hops, drift 0.6) is run three times, each on a fresh copy
with a fresh store: drift accepted, with the scene's own ladder, and with the ladder and
`plan_ahead`. Of each reel the last second of the chain is held against the first picture of the
chain, by the shipped budgets against a keyframe: 0 is no drift, 1 is the budget. Requests are
counted, and priced as the paid service would bill them.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import structlog

from scenegraph import run
from scenegraph.catalog import load_catalog, price_of
from scenegraph.ledger import Ledger, Review
from scenegraph.media import read_frames, read_rgb
from scenegraph.review import look_at, watch_frames
from scenegraph.run.ahead import shares_of
from scenegraph.scene import DriftPolicy, Scene

SAMPLE = Path(__file__).parent.parent / "samples" / "storm" / "scene.yaml"


@dataclass(frozen=True)
class Seen:
    """One run of the scene."""

    name: str
    requests: int
    usd: Decimal
    end: dict[str, float]
    ends: tuple[float, ...]
    seconds: float

    @property
    def drift(self) -> float:
        return max(abs(share) for share in self.end.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scene", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--keep", type=Path, help="work here, and leave the reels")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    scene = Scene.load(options.scene)
    policies = {
        "remedies off": _policy(scene, on_drift=("accept",), rerolls=0),
        "ladder": _policy(scene),
        "ladder, planned ahead": _policy(scene, plan_ahead=True),
    }
    with tempfile.TemporaryDirectory() as temp:
        base = options.keep or Path(temp)
        seen = [one(options.scene, name, policy, base) for name, policy in policies.items()]
    show(seen)


def _policy(scene: Scene, **changes: object) -> DriftPolicy:
    return scene.drift.model_copy(update=changes)


def one(file: Path, name: str, policy: DriftPolicy, base: Path) -> Seen:
    """Run a copy of the scene with this policy, and look at its reel."""
    folder = base / name.replace(", ", "-").replace(" ", "-")
    shutil.copytree(file.parent, folder, ignore=shutil.ignore_patterns(".scenegraph"))
    copied = Scene.load(folder / file.name).model_copy(update={"drift": policy})
    copied.save(folder / file.name)
    began = time.monotonic()
    result = run(folder / file.name)
    seconds = time.monotonic() - began
    assert result.reel is not None, result.to_json()
    catalog = load_catalog()
    with Ledger.open(folder / ".scenegraph", create=False) as ledger:
        takes = [take for rows in ledger.memory(copied.name).takes.values() for take in rows]
        events = ledger.reels(copied.name)[-1]["timeline"]["events"]
        kept = {take.shot: ledger.review_of(take.id) for take in takes if take.circled}
    usd = Decimal(0)
    for take in takes:
        endpoint = catalog.by_id(take.endpoint)
        assert endpoint is not None
        usd += price_of(endpoint, take.params)
    chain = _chain(copied)
    places = [n for n, event in enumerate(events) if event["shot"] in chain]
    first, last = events[places[0]], events[places[-1]]
    stop = last["reel_start"] + last["reel_frames"]
    review = _end_to_start(folder / result.reel, first["reel_start"], stop)
    ends = tuple(_worst(kept[event["shot"]]) for event in (events[n] for n in places))
    return Seen(name, result.submits, usd, shares_of(review), ends, seconds)


def _chain(scene: Scene) -> frozenset[str]:
    """The longest chain, and what a ladder may put into it."""
    lane = max(scene.graph().chains(), key=len)
    return frozenset(lane) | {f"{id}.anchor" for id in lane}


def _worst(review: Review | None) -> float:
    return max((abs(share) for share in shares_of(review).values()), default=0.0) if review else 0.0


def _end_to_start(reel: Path, start: int, stop: int) -> Review:
    """The last second of reel frames [start, stop) against the first of them."""
    still = next(read_rgb(reel, start=start, stop=start + 1))
    frames = enumerate(read_frames(reel, start=stop - 24, stop=stop))
    footage = watch_frames(replace(planes, index=number) for number, planes in frames)
    return look_at(footage, keyframe=still)


def show(seen: list[Seen]) -> None:
    off = seen[0]
    print(
        "\n| run | requests | USD at list price | end-to-start | of off | worst shot | of off | s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for one in seen:
        worst, was = max(one.ends), max(off.ends)
        print(
            f"| {one.name} | {one.requests} | {one.usd:.2f} | {one.drift:.2f} "
            f"| {one.drift / off.drift:.2f} | {worst:.2f} | {worst / was:.2f} | {one.seconds:.0f} |"
        )
    names = sorted(off.end, key=lambda name: -abs(off.end[name]))
    print("\n| end against start, of the budget | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for one in seen:
        values = " | ".join(f"{one.end.get(name, float('nan')):+.2f}" for name in names)
        print(f"| {one.name} | {values} |")
    print("\nShots of the chain in playing order, worst measure at the end of each:")
    for one in seen:
        print(f"  {one.name}: {' '.join(f'{end:.2f}' for end in one.ends)}")


if __name__ == "__main__":
    main()
