"""A frame of a take as a keyframe: an edge, a number once it is known, a part of the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scenegraph.errors import SceneInvalid

SHOTS = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "again": {"kind": "i2v", "keyframe": {"from": "waits", "frame": "best"}, "prompt": "she nods"},
}


@pytest.fixture
def angle(new_studio: Callable[..., Any]) -> Any:
    """Two shots; the second starts from the best frame of the first, which is frame 47."""
    studio = new_studio(SHOTS)
    studio.run()
    studio.set(studio.take("waits"), best_frame=47)
    studio.set(studio.take("again"), **job_of(studio))
    return studio


def job_of(studio: Any) -> dict[str, Any]:
    job = studio.plan()["again"].job
    return {"key": job.key, "setup": job.setup, "parts": job.intent().parts}


def test_the_best_frame_is_the_one_that_was_chosen(angle: Any) -> None:
    """The plan says its number; before the take was looked at, that it will be chosen."""
    planned = angle.plan()["again"]
    assert planned.keyframe == {"from": "waits", "frame": 47}
    assert planned.job.inputs[0].frame == 47 and planned.action == "keep"
    assert planned.to_json()["keyframe"] == {"from": "waits", "frame": 47}
    assert angle.plan()["waits"].keyframe is None
    angle.takes.clear()
    planned = angle.plan()["again"]
    assert (planned.keyframe, planned.action) == ({"from": "waits", "frame": "best"}, "wait")


def test_best_and_the_same_frame_by_its_number_are_one_picture(angle: Any) -> None:
    """Whoever writes down what was chosen pays nothing; another number is another picture."""
    angle.change("again", keyframe={"from": "waits", "frame": 47})
    assert angle.plan()["again"].action == "keep"
    angle.change("again", keyframe={"from": "waits", "frame": 48})
    planned = angle.plan()["again"]
    assert planned.action == "shoot"
    assert [(one.field, one.was, one.now) for one in planned.changed] == [("frame", 47, 48)]


def test_another_take_that_a_person_chose_brings_its_own_best_frame(angle: Any) -> None:
    """The child stays until somebody asks, as with a tail; then it has the new take's frame."""
    other = angle.shoot(replace(angle.plan(force=["waits"])["waits"]), best_frame=12)
    assert angle.memory.circled("waits").id == other.id
    planned = angle.plan()["again"]
    assert (planned.action, planned.keyframe) == ("stale", {"from": "waits", "frame": 12})
    assert angle.plan(only=["again"])["again"].action == "shoot"


def test_a_take_of_before_keeps_its_word_and_its_children(angle: Any) -> None:
    """A take that was looked at before best frames were chosen then: nothing is shot anew."""
    angle.set(angle.take("waits"), best_frame=None)
    angle.set(angle.take("again"), **job_of(angle))
    planned = angle.plan()["again"]
    assert (planned.action, planned.keyframe) == ("keep", {"from": "waits", "frame": "best"})


@pytest.mark.parametrize(("frame", "is_there"), [(120, True), (121, False), (500, False)])
def test_a_frame_that_the_take_does_not_have_is_told_before_anything_is_asked(
    new_studio: Callable[..., Any], frame: int, is_there: bool
) -> None:
    """Also while the take is still to come: its length is planned."""
    again = {**SHOTS["again"], "keyframe": {"from": "waits", "frame": frame}}
    studio = new_studio({**SHOTS, "again": again})
    if is_there:
        assert studio.plan()["again"].action == "wait"
        return
    with pytest.raises(SceneInvalid) as caught:
        studio.plan()
    (problem,) = caught.value.problems
    assert problem.kind == "unknown-frame" and "0 to 120" in problem.message
