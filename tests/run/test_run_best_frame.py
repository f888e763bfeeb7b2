"""The best frame of a take, from its review to the picture that the service is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.media import open_still, read_rgb
from scenegraph.run import plan
from scenegraph.run.sheet import takes_json

ANGLES: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits", "frames": 33},
    "again": {"kind": "i2v", "keyframe": {"from": "waits", "frame": "best"}, "prompt": "she nods"},
    "after": {"kind": "extend", "parent": "again", "prompt": "she breathes"},
}

pytestmark = pytest.mark.ffmpeg


def watched(theatre: Callable[..., Any], stages: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """A theatre whose queue keeps the still that each job starts from, by its prompt."""
    seen: dict[str, np.ndarray] = {}

    def render(kind: str, params: Any, inputs: Any, out: Path, **more: Any) -> Any:
        if "image" in inputs:
            seen[params["prompt"]] = np.asarray(open_still(inputs["image"]))
        return stages.small_render(kind, params, inputs, out, **more)

    return theatre(ANGLES, render=render), seen


def test_the_frame_that_review_chose_is_the_one_that_is_sent(
    theatre: Callable[..., Any], stages: Any
) -> None:
    """Its number is in the ledger, in the key's parts, in the plan and in `takes`."""
    house, seen = watched(theatre, stages)
    assert house.run().exit_code == 0
    (source,), (child,) = house.takes("waits"), house.takes("again")
    best = source.best_frame
    assert best is not None and 0 < best < 33
    with house.ledger() as ledger:
        assert ledger.review_of(source.id).best.frame == best
    assert child.parts["inputs"]["image"] == {"sha256": source.sha256, "frame": best}
    (frame,) = read_rgb(source.clip.path, start=best, stop=best + 1)
    assert np.array_equal(seen["she nods"], frame)
    planned = plan(house.file, backend="fal")["again"]
    assert (planned.action, planned.keyframe) == ("keep", {"from": "waits", "frame": best})
    (row,) = takes_json(house.file, ("waits",))["shots"]
    assert row["takes"][0]["best_frame"] == best


def test_looking_again_moves_no_best_frame(theatre: Callable[..., Any], stages: Any) -> None:
    """What was shot from it stays what it is: a better rule asks for no money by itself."""
    house, _ = watched(theatre, stages)
    house.run()
    (source,) = house.takes("waits")
    with house.ledger() as ledger:
        review = ledger.review_of(source.id)
        ledger.reviewed(source.id, review.__class__(verdict="good"))
        assert ledger.take(source.id).best_frame == source.best_frame
    assert house.run().submits == 0
