"""What a plan says about the reel before anything is shot."""

from __future__ import annotations

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.scene import Scene
from scenegraph.scene.conforming import reel_json, reel_sentence


def scene_of(reel: dict[str, object], rate: int = 16, **shot: object) -> Scene:
    shots = [
        {"id": "a", "kind": "t2v", "prompt": "rain"},
        {"id": "b", "kind": "t2v", "prompt": "snow", **shot},
    ]
    return Scene(title="T", picture={"frame_rate": rate}, shots=shots, reel=reel)


@pytest.mark.parametrize(
    "reel, shot, says",
    [
        ({}, {}, None),
        ({"frame_rate": 24}, {}, "16 frames a second become 24: frames are repeated or dropped"),
        ({"frame_rate": 30, "rate_by": "blend"}, {}, "mixed from their neighbours (`rate_by: ble"),
        ({"frame_rate": 24}, {"parameters": {"frame_rate": 12}}, "12 and 16 frames a second bec"),
        ({"frame_rate": 24, "order": ["b"]}, {"parameters": {"frame_rate": 24}}, None),
        ({"deliver": ["h264", "gif"]}, {}, "delivered as loop.gif"),
    ],
)
def test_a_plan_says_what_becomes_of_the_takes_in_the_reel(reel, shot, says):
    """Blended or doubled frames must not be a surprise."""
    said = reel_sentence(scene_of(reel, **shot))
    assert said == says if says is None else says in (said or "")


def test_programs_are_told_the_same():
    """The reel's rate, those it comes from, and by what."""
    scene = scene_of({"frame_rate": 24, "rate_by": "blend", "deliver": ["poster"]})
    assert reel_json(scene) == {
        "frame_rate": 24,
        "from": [16],
        "rate_by": "blend",
        "deliver": ["poster.jpg"],
    }


def test_a_wrong_way_to_conform_is_answered_with_the_right_ones_alone():
    """`interpolate` has the letters of a type's name in it; only frames of takes are numbers."""
    with pytest.raises(SceneInvalid) as caught:
        scene_of({"frame_rate": 24, "rate_by": "magic"})
    assert "must be one of duplicate, blend, interpolate." in str(caught.value.problems[0].message)
