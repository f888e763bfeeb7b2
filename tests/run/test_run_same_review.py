"""A review typed at the terminal and a run's review of the same files are one and the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scenegraph.animatic.draw import render
from scenegraph.run.looking import review_clip

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
        assert said["measures"] == run
        # a run knows which tail was shown and looks there alone: the same place, otherwise sure
        places = [
            {k: v for k, v in (overlap or {}).items() if k != "confidence"}
            for overlap in (said["overlap"], kept.to_json()["overlap"])
        ]
        assert places[0] == places[1]
        if len(run) == len(kept.measures):
            assert said["score"] == kept.to_json()["score"]
        by_hand = review_clip(path, keyframe=still, parent=above)
        assert by_hand.series.keys() == kept.series.keys()
        for name, series in by_hand.series.items():
            assert np.array_equal(series, kept.series[name]), name
        assert np.array_equal(by_hand.prints, kept.prints)
        above = path
