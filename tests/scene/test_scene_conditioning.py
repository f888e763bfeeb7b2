"""What a shot says about the files that it is shown; what places them is the engine's."""

from __future__ import annotations

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.scene import Scene

CAST = {"mara": {"keyframes": {"front": "mara.png"}}}
START = {"id": "a", "kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}
TURN = {"id": "b", "kind": "multicondition", "keyframe": "mara.front", "prompt": "she turns"}
HOP = {"id": "b", "kind": "extend", "parent": "a"}


def scene_of(shot, **parameters):
    return Scene(
        title="x",
        characters=CAST,
        motions={"sway": "sway.mp4"},
        shots=[START, {**shot, "parameters": parameters}],
    )


@pytest.mark.parametrize(
    ("shot", "parameters"),
    [
        (HOP, {"video": {"strength": 0.9}}),
        (TURN, {"images": [{"strength": 0.8}]}),
        (
            {**TURN, "motion": "sway"},
            {"videos": [{"conditioning_type": "pose", "preprocess": False}]},
        ),
        ({**TURN, "motion": "sway", "parent": "a"}, {"videos": [{}, {"reverse_video": True}]}),
        ({**TURN, "parent": "a"}, {"videos": [{"strength": 0.5}], "frame_rate": 24}),
    ],
)
def test_a_shot_says_how_strictly_its_files_are_kept(shot, parameters):
    """Every field of the service that decides a picture is within a film-maker's reach."""
    assert scene_of(shot, **parameters).shot("b").parameters == parameters


@pytest.mark.parametrize(
    ("shot", "parameters", "words"),
    [
        (HOP, {"video": {"start_frame_num": 8}}, "'start_frame_num'"),
        (HOP, {"video": {"reverse_video": True}}, "'reverse_video'"),
        (HOP, {"video": {"video_url": "https://x.example/a.mp4"}}, "'video_url'"),
        (HOP, {"video": [{"strength": 1}]}, "must be a mapping"),
        (HOP, {"videos": [{"strength": 1}]}, "is shown no 'videos'"),
        (START, {"images": [{"strength": 1}]}, "is shown no 'images'"),
        (TURN, {"images": {"strength": 1}}, "must be a list"),
        (TURN, {"images": [{"strength": 1}, {}]}, "2 entries for 1 file"),
        (TURN, {"videos": [{"strength": 1}]}, "is shown no 'videos'"),
        (
            {**TURN, "parent": "a"},
            {"videos": [{"conditioning_type": "pose"}]},
            "'conditioning_type'",
        ),
    ],
)
def test_what_places_a_file_is_the_engines(shot, parameters, words):
    """Seams are measured by it: a tail that is turned round or moved would be cut wrongly."""
    with pytest.raises(SceneInvalid) as wrong:
        scene_of({**shot, "id": "b"}, **parameters)
    assert words in str(wrong.value)
