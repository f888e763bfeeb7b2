"""The best frame of a take, from its review to the picture that the service is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.media import open_still, read_rgb
from scenegraph.report.build import build_page
from scenegraph.report.material import gather
from scenegraph.run import plan
from scenegraph.run.sheet import takes_json
from scenegraph.scene import load_scene

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


def test_the_dailies_show_what_was_chosen_and_what_was_made_of_it(
    theatre: Callable[..., Any], stages: Any
) -> None:
    """A film-maker judges the frame by looking: at the take that it is of, and at its child."""
    house, _ = watched(theatre, stages)
    house.run()
    (source,) = house.takes("waits")
    with house.ledger() as ledger:
        page = build_page(gather(load_scene(house.file), plan(house.file, backend="fal"), ledger))
    shots = {shot.id: shot for shot in page.shots}
    best, origin = shots["waits"].takes[0].best, shots["again"].origin
    assert best is not None and origin is not None
    assert best.frame == origin.frame == source.best_frame
    assert best.caption.startswith(f"best frame {source.best_frame}: ")
    assert origin.caption == f"frame {source.best_frame} of waits, its best"
    assert {best, origin} <= set(page.pictures())
    assert (shots["waits"].origin, shots["again"].takes[0].best, shots["after"].origin) == (
        None,
    ) * 3
