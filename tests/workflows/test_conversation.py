"""Two people talk: the cuts read as one room because each keeps to a side."""

from __future__ import annotations

from typing import Any

import pytest

from scenegraph.errors import BadArguments
from scenegraph.scene import ExtendShot, Prompt, Scene, lint, render_prompt
from workflows import conversation


def talk(*beats: str, **more: Any) -> Scene:
    given: dict[str, Any] = {
        "left": "theo",
        "right": "ines",
        "left_keyframes": ["theo-wide.jpg", "theo-close.jpg"],
        "right_keyframes": ["ines-wide.jpg", "ines-close.jpg"],
        "left_look": "a man with ginger curls",
        "right_look": "a woman with silver hair",
    }
    return conversation(**{**given, "beats": beats, **more})


def ids(scene: Scene) -> list[str]:
    return [shot.id for shot in scene.shots]


def prompt_of(scene: Scene, id: str) -> Prompt:
    prompt = scene.shot(id).prompt
    assert isinstance(prompt, Prompt)
    return prompt


LONG = ("he asks", "she smiles", "he nods", "she looks away", "he waits", "she answers")


def test_each_keeps_a_side_of_the_line_in_every_angle() -> None:
    """One who changes sides seems to have changed seats, or to look at nobody."""
    scene = talk(*LONG)
    for shot in scene.shots:
        framing = prompt_of(scene, shot.id).framing or ""
        side, looks = ("left", "right") if shot.character == "theo" else ("right", "left")
        assert f"on the {side} of the frame, looking {looks} past the camera" in framing
    assert [shot.character for shot in scene.shots] == ["theo", "ines"] * 3


def test_both_are_framed_alike_and_the_talk_comes_closer() -> None:
    """Matching sizes; a close-up against a wide shot says that one matters more."""
    scene = talk(*LONG)
    sizes = [(prompt_of(scene, id).framing or "").partition(",")[0] for id in ids(scene)]
    assert sizes == ["medium shot"] * 3 + ["close-up"] * 3
    stills = [shot.picture_of for shot in scene.shots]
    assert stills[0] == "theo.medium_shot" and stills[-1] == "ines.front_closeup"


def test_who_goes_on_is_not_cut_to_again() -> None:
    """The same angle cut to itself is a jump cut; there the camera keeps rolling."""
    scene = talk("he asks", "theo: he waits", "Theo: he looks down", "she nods", "he smiles")
    assert ids(scene) == ["theo-1", "theo-1-goes-on", "theo-1-goes-on-2", "ines-1", "theo-2"]
    first, second = scene.shots[1:3]
    assert isinstance(first, ExtendShot) and isinstance(second, ExtendShot)
    assert (first.parent, second.parent) == ("theo-1", "theo-1-goes-on")


def test_cutaways_stand_at_cuts_and_never_inside_a_rolling_shot() -> None:
    """They hide a cut; within a chain they would break it."""
    scene = talk("a", "b", "ines: c", "d", "e", cutaways=["two cups", "the window"])
    names = ids(scene)
    for name in ("cutaway-1", "cutaway-2"):
        at = names.index(name)
        assert 0 < at < len(names) - 1
        assert not isinstance(scene.shots[at + 1], ExtendShot)
        assert scene.shots[at].kind == "t2v" and scene.shots[at].character is None
    assert names.index("cutaway-1") < names.index("cutaway-2") - 1


def test_it_may_open_on_the_room_and_on_both() -> None:
    """Who sees the room first knows who sits where."""
    scene = talk("a", "b", establishing="dust in the lamplight", master="two.jpg", setting="a café")
    assert ids(scene)[:3] == ["establishing", "master", "theo-1"]
    assert scene.characters["theo-and-ines"].keyframes == {"two_shot": "two.jpg"}
    told = render_prompt(scene, scene.shot("master"))
    assert "a man with ginger curls on the left and a woman with silver hair on the right" in told
    assert lint(scene) == []


def test_it_can_be_put_into_a_scene_whose_cast_it_uses() -> None:
    """The same two again: no new stills, ids of their own, behind the shot that was named."""
    first = talk("a", "b")
    more = talk("c", "d", into=first, after="theo-1", left_look=None, right_look=None)
    assert ids(more) == ["theo-1", "theo-1-2", "ines-1-2", "ines-1"]
    assert more.characters == first.characters
    with pytest.raises(BadArguments, match="look"):
        talk("c", "d", into=first, left_look="a bald man")
