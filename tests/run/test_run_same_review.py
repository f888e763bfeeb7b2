"""A run's review is the one that is typed at the terminal; a hop that shows no parent is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.animatic.draw import render
from scenegraph.media import Clip, encode_frames
from scenegraph.run import NoticeEvent
from scenegraph.run.looking import review_clip
from scenegraph.run.relook import unlike

CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens", "hops": 2},
}
#: 854 x 480: a width that is no multiple of four, as every 480p clip in 16:9 has.
SCENE = {
    "picture": {"resolution": "480p", "aspect_ratio": "16:9"},
    "drift": {"on_drift": ["accept"]},
}


@pytest.mark.ffmpeg
def test_the_terminals_review_of_a_take_is_the_runs(theatre: Callable[..., Any]) -> None:
    """A hop once scored 0.162 by hand and 0.113 in the run, which had scaled its pictures."""
    house = theatre(CHAIN, render=render, drift=0.6, scene=SCENE)
    assert house.run().exit_code == 0
    still = house.folder / "mara.png"
    above = None
    for shot in ("waits", "listens.1", "listens.2"):
        (take,) = house.takes(shot)
        with house.ledger() as ledger:
            path, kept = ledger.store.path(take.media), ledger.review_of(take.id)
        assert take.clip.width % 4, "or this test proves nothing"
        typed = [sys.executable, "-m", "scenegraph", "review", path, "--keyframe", still, "--json"]
        typed += ["--parent", above] if above else []
        said = json.loads(subprocess.run(typed, capture_output=True, text=True, check=True).stdout)
        # sums along the chain need the reviews before it: a run alone has them
        run = {k: v for k, v in kept.to_json()["measures"].items() if "_along_chain" not in k}
        # sums of floats differ in the last bit with where they lie in memory
        assert list(unlike(run, said["measures"])) == []
        # a run knows which tail was shown and looks there alone: the same place, otherwise sure
        places = [
            {k: v for k, v in (overlap or {}).items() if k != "confidence"}
            for overlap in (said["overlap"], kept.to_json()["overlap"])
        ]
        assert places[0] == places[1]
        if len(run) == len(kept.measures):
            assert said["score"] == pytest.approx(kept.to_json()["score"], abs=2e-4)
        by_hand = review_clip(path, keyframe=still, parent=above)
        assert by_hand.series.keys() == kept.series.keys()
        for name, series in by_hand.series.items():
            assert np.allclose(series, kept.series[name], rtol=1e-4, atol=1e-4), name
        assert np.array_equal(by_hand.prints, kept.prints)
        above = path


def _forgetful(kind: str, params: Any, inputs: Any, out: Path, *, drift: float = 0.0) -> Clip:
    """As the stages' renderer, but a hop is another place than its parent's end."""
    stages = sys.modules["run_stages"]
    small: Clip = stages.small_render(kind, params, inputs, out, drift=drift)
    if kind != "extend":
        return small
    elsewhere = stages.place(4711)
    moved = (np.roll(elsewhere, 3 * n, axis=0) for n in range(small.frames))
    return encode_frames(moved, out, rate=small.rate, preset="ultrafast")


@pytest.mark.ffmpeg
@pytest.mark.parametrize("forgets", [True, False])
def test_a_hop_without_a_frame_of_its_parent_is_told_aloud(
    forgets: bool, theatre: Callable[..., Any]
) -> None:
    """The reel would play a moment twice, or jump: nobody should find that out in the cinema."""
    hop = {name: {k: v for k, v in body.items() if k != "hops"} for name, body in CHAIN.items()}
    scene = {"drift": {"on_drift": ["accept"]}}
    house = theatre(hop, scene=scene, **({"render": _forgetful} if forgets else {}))
    assert house.run(cut=True).exit_code == 0
    told = [event.message for event in house.events if isinstance(event, NoticeEvent)]
    assert sum("listens/t1 was sent its parent's end" in message for message in told) == forgets
    typed = [sys.executable, "-m", "scenegraph", "dailies", house.file, "--json"]
    page = json.loads(subprocess.run(typed, capture_output=True, text=True, check=True).stdout)
    said = "No frame of its parent was found in the answer"
    assert (said in (house.folder / page["path"]).read_text(encoding="utf-8")) is forgets
