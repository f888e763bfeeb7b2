"""The lengths that a scene asks for, from plan to reel."""

from __future__ import annotations

from typing import Any

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.plan import Selection
from scenegraph.run import NoticeEvent, plan
from scenegraph.scene import Scene

SHOTS = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits", "frames": 49},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night", "frames": 49},
    "carriage": {"kind": "t2v", "prompt": "a carriage at night", "frames": 49},
}


@pytest.mark.ffmpeg
def test_a_reel_is_cut_to_the_length_that_the_scene_asks_for(theatre: Any) -> None:
    """Editors cut to a length; the plan says it, and the reel has it."""
    stage = theatre(SHOTS, scene={"reel": {"seconds": 5, "lengths": {"platform": 1.5}}})

    assert plan(stage.file, backend="fal").reel_expected == 120
    result = stage.run(cut=True)

    assert abs(result.timeline.frames - 120) <= 3
    assert result.timeline.event_frames(result.timeline.events[1]) == 36


@pytest.mark.ffmpeg
def test_a_length_that_cannot_be_met_is_told_before_and_after(theatre: Any) -> None:
    """Before anything is asked for, and again where the reel is refused, with what is possible."""
    stage = theatre(SHOTS, scene={"reel": {"seconds": 30}})

    assert "6.1 s at most" in plan(stage.file, backend="fal").reel_note
    result = stage.run(cut=True)

    said = [event.message for event in stage.events if isinstance(event, NoticeEvent)]
    assert [text for text in said if "wants a reel of 30 s" in text]
    assert "cannot make 30 s (720 frames)" in str(result.reel_failed)
    assert "147 frames" in result.reel_next
    assert result.exit_code == 1


def test_a_shot_that_is_too_short_for_its_length_is_told_in_the_plan(theatre: Any) -> None:
    """The sentence names the shot."""
    stage = theatre(SHOTS, scene={"reel": {"lengths": {"platform": 9}}})

    assert plan(stage.file).reel_note.startswith("platform is to play 9 s, and it has 2.04 s")


@pytest.mark.ffmpeg
def test_a_partial_reel_says_that_it_is_not_cut_to_length(theatre: Any) -> None:
    """What is missing would have made up the length."""
    stage = theatre(SHOTS, scene={"reel": {"seconds": 5}})

    result = stage.run(cut=True, partial=True, selection=Selection(only=("waits", "platform")))

    assert any("not cut to the 5 s that are wanted" in text for text in result.notices)


def test_a_length_of_several_hops_is_refused(write_scene: Any, tmp_path: Any) -> None:
    """One number cannot say which hop is to be cut."""
    shots = {
        "waits": SHOTS["waits"],
        "on": {"kind": "extend", "parent": "waits", "hops": 3, "prompt": "on"},
    }
    with pytest.raises(SceneInvalid, match=r"3 hops.*"):
        write_scene(tmp_path, shots, reel={"lengths": {"on": 2}})
    path = write_scene(tmp_path, shots, reel={"lengths": {"on.3": 2, "waits": 1}})
    assert Scene.load(path).reel.lengths == {"on.3": 2, "waits": 1}
