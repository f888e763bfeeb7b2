"""Each recipe builds the scene that its page promises, and refuses nonsense by its own words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from scenegraph.errors import SceneError
from scenegraph.ledger import Memory
from scenegraph.plan import plan_ahead
from scenegraph.scene import Scene
from workflows import (
    Recipe,
    conversation,
    establishing,
    long_form,
    motion_directed,
    new_angle,
    single_shot,
)
from workflows.craft import even_hops

GOOD: dict[str, dict[str, Any]] = {
    "single_shot": {"keyframe": "mara.png", "action": "she looks up"},
    "long_form": {"keyframe": "mara.png", "beats": ["she waits", "she listens"], "duration": 30},
    "new_angle": {"keyframes": ["a.png", "b.png"], "actions": ["she reads"]},
    "motion_directed": {"keyframe": "mara.png", "motion": "sway.mp4", "action": "she turns"},
    "establishing": {"setting": "an empty platform at night", "cutaways": ["a clock"]},
    "conversation": {
        "left": "theo",
        "right": "ines",
        "left_keyframes": ["a.png"],
        "right_keyframes": ["b.png"],
        "beats": ["he asks", "she smiles"],
    },
}
RECIPES: dict[str, Recipe[Any]] = {
    recipe.name: recipe
    for recipe in (
        single_shot,
        long_form,
        new_angle,
        motion_directed,
        establishing,
        conversation,
    )
}

everyone = pytest.mark.parametrize("name", RECIPES)


def kinds(scene: Scene) -> list[str]:
    return [shot.kind for shot in scene.graph().shots.values()]


def lengths(scene: Scene) -> float:
    return sum(shot.seconds or 0 for shot in scene.graph().shots.values())


@everyone
def test_a_recipe_gives_a_scene_that_survives_its_file(name: str, tmp_path: Path) -> None:
    """`new FILE --workflow NAME` writes it; what is loaded from there must be the same scene."""
    scene = RECIPES[name](**GOOD[name])
    for still in ("mara.png", "a.png", "b.png"):
        Image.new("RGB", (64, 36)).save(tmp_path / still)
    (tmp_path / "sway.mp4").write_bytes(b"\0" * 64)
    scene.save(tmp_path / "scene.yaml")
    assert Scene.load(tmp_path / "scene.yaml") == scene


@everyone
def test_words_from_a_terminal_mean_the_same_as_values(name: str) -> None:
    """A terminal has only words: numbers as text, lists with `;` between their parts."""
    words = {
        key: "; ".join(value) if isinstance(value, list) else str(value)
        for key, value in GOOD[name].items()
    }
    assert RECIPES[name](**words) == RECIPES[name](**GOOD[name])


@everyone
def test_options_of_the_scene_are_the_same_for_every_recipe(name: str) -> None:
    """Whoever learns one recipe knows half of the others."""
    scene = RECIPES[name](
        **GOOD[name],
        title="Platform nine",
        seed=7,
        resolution="480p",
        aspect_ratio="9:16",
        frame_rate=16,
        budget_usd=Decimal("2.50"),
        model="ltx-video-13b-distilled",
    )
    assert (scene.title, scene.seed, scene.budget_usd) == ("Platform nine", 7, Decimal("2.50"))
    assert (scene.picture.resolution, scene.picture.aspect_ratio) == ("480p", "9:16")
    assert scene.picture.frame_rate == 16
    assert scene.model == "ltx-video-13b-distilled"


@pytest.mark.parametrize(
    ("name", "changes", "argument"),
    [
        ("single_shot", {"seconds": 0}, "seconds"),
        ("single_shot", {"seconds": "soon"}, "seconds"),
        ("single_shot", {"seconds": float("nan")}, "seconds"),
        ("single_shot", {"continue_seconds": -1}, "continue_seconds"),
        ("single_shot", {"action": ""}, "action"),
        ("single_shot", {"character": "no spaces please"}, "character"),
        ("single_shot", {"resolution": "4k"}, "resolution"),
        ("single_shot", {"frame_rate": 1000}, "frame_rate"),
        ("single_shot", {"keyfarme": "x.png"}, "keyfarme"),
        ("long_form", {"duration": 0}, "duration"),
        ("long_form", {"duration": 10, "beats": ["a"] * 9}, "beats"),
        ("long_form", {"beats": []}, "beats"),
        ("long_form", {"reanchor_every": 0}, "reanchor_every"),
        ("new_angle", {"keyframes": ["a.png"]}, "keyframes"),
        ("new_angle", {"actions": ["a", "b", "c"]}, "actions"),
        ("new_angle", {"framings": ["close-up"]}, "framings"),
        ("motion_directed", {"motion": ""}, "motion"),
        ("motion_directed", {"motion": "sway"}, "motion"),
        ("motion_directed", {"motion": "sway", "library": "no-such-folder"}, "library"),
        ("establishing", {"setting": " "}, "setting"),
        ("new_angle", {"keyframes": [], "from_shot": "x"}, "from_shot"),
        ("conversation", {"beats": []}, "beats"),
        ("conversation", {"beats": ["teo: he asks", "she nods"]}, "theo"),
        ("conversation", {"beats": ["theo:", "she nods"]}, "beats"),
        ("conversation", {"seconds": 0}, "seconds"),
        ("conversation", {"right": "theo"}, "right"),
        ("conversation", {"framings": ["wide", "close"]}, "framings"),
        ("conversation", {"cutaways": ["a cup", "a clock"]}, "cutaways"),
        ("conversation", {"left_keyframes": []}, "left_keyframes"),
        ("single_shot", {"after": "x"}, "after"),
    ],
)
def test_nonsense_is_refused_by_the_recipes_own_words(
    name: str, changes: dict[str, Any], argument: str
) -> None:
    """Before anything is planned, in one sentence, with no word of a field deeper inside."""
    with pytest.raises(SceneError) as refused:
        RECIPES[name](**(GOOD[name] | changes))
    assert refused.value.message.startswith(f"{name}: ")
    assert argument in refused.value.message
    assert refused.value.exit_code == 2
    assert "\n" not in refused.value.message
    assert isinstance(refused.value, ValueError)


def test_what_is_missing_and_what_is_wrong_are_told_together() -> None:
    """One correction, not one after the other."""
    with pytest.raises(SceneError) as refused:
        RECIPES["long_form"](duration=0, fps=24)
    for part in ("keyframe is missing", "beats is missing", "duration", "'fps'"):
        assert part in refused.value.message


def test_a_single_shot_keeps_rolling_only_when_asked() -> None:
    """A: the shot alone; with `continue_seconds`, hops of 4 to 5 seconds behind it."""
    assert kinds(single_shot(keyframe="m.png", action="she breathes")) == ["i2v"]
    scene = single_shot(keyframe="m.png", action="she breathes", continue_seconds=13)
    assert kinds(scene) == ["i2v", "extend", "extend", "extend"]
    assert lengths(scene) == pytest.approx(5 + 13, abs=0.01)


@pytest.mark.parametrize("duration", [8, 12, 20, 30, 45, 60, 90])
@pytest.mark.parametrize("frame_rate", [16, 24, 30])
def test_a_long_form_lasts_about_as_long_as_asked(duration: float, frame_rate: int) -> None:
    """B: the grid of 8 frames and hops of at most 5 s leave a little to spare, never much."""
    scene = long_form(
        keyframe="m.png", beats=["she waits"], duration=duration, frame_rate=frame_rate
    )
    assert lengths(scene) == pytest.approx(duration, rel=0.05, abs=0.5)
    hops = [shot.seconds or 0 for shot in scene.graph().shots.values()][1:]
    assert all(seconds <= 5.0 + 1e-6 for seconds in hops)


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_a_long_form_never_rolls_longer_than_allowed_without_its_keyframe(every: int) -> None:
    """The re-anchor comes before the drift budget is spent, and goes on from the last hop."""
    scene = long_form(keyframe="m.png", beats=["a", "b"], duration=60, reanchor_every=every)
    in_a_row = longest = 0
    for shot in scene.graph().shots.values():
        in_a_row = in_a_row + 1 if shot.kind == "extend" else 0
        longest = max(longest, in_a_row)
        if shot.kind == "multicondition":
            assert shot.tail_of is not None
            assert shot.character == "lead"
    assert longest == every
    assert len(scene.graph().chains()) == 1 + kinds(scene).count("multicondition")


def test_a_long_form_is_anchored_before_its_budget_is_spent_unless_told_how_often() -> None:
    """Where is worked out from the chain's own drift; `reanchor_every` and a motion fix it."""
    free = long_form(keyframe="m.png", beats=["a"], duration=60)
    assert free.drift.plan_ahead and set(kinds(free)) == {"i2v", "extend"}
    ahead = [one.shot for one in plan_ahead(free, Memory("s"), "fal", {}) if one.kind != "ahead"]
    assert ahead == ["rolls-1.5", "rolls-1.9"]
    for fixed in ({"reanchor_every": 3}, {"motion": "sway.mp4"}):
        scene = long_form(keyframe="m.png", beats=["a"], duration=60, **fixed)
        assert not scene.drift.plan_ahead and "multicondition" in kinds(scene)


def test_a_long_form_plays_its_beats_in_order_and_all_of_them() -> None:
    """Each beat gets its share; none is skipped, none comes back."""
    beats = ["she waits", "she hears a step", "she turns", "she smiles"]
    scene = long_form(keyframe="m.png", beats=beats, duration=40)
    played = [shot.prompt.action for shot in scene.graph().shots.values()]  # type: ignore[union-attr]
    assert list(dict.fromkeys(played)) == beats
    assert played == sorted(played, key=beats.index)


def test_hops_of_a_long_form_do_not_repeat_the_camera_move() -> None:
    """A push-in that is asked for in every hop becomes a zoom into the nose."""
    scene = long_form(keyframe="m.png", beats=["she waits"], duration=20, camera="slow push-in")
    first, *rest = [shot.prompt.camera for shot in scene.shots]  # type: ignore[union-attr]
    assert first == "slow push-in"
    assert rest and all("push" not in (camera or "") for camera in rest)


def test_every_angle_starts_from_its_own_still() -> None:
    """C: a controlled cut; the identity is locked again at each of them."""
    scene = new_angle(
        keyframes=["a.png", "b.png", "c.png"], actions=["she reads"], continue_seconds=4
    )
    assert kinds(scene) == ["i2v", "extend"] * 3
    stills = [shot.picture_of for shot in scene.shots if shot.kind == "i2v"]
    assert stills == ["lead.angle_1", "lead.angle_2", "lead.angle_3"]


def test_a_directed_shot_takes_motion_and_face_from_two_places() -> None:
    """D: keyframe for identity, clip for motion."""
    scene = motion_directed(keyframe="m.png", motion=Path("library/Handheld Sway.mp4"), action="x")
    (shot,) = scene.shots
    assert shot.kind == "multicondition"
    assert scene.motions == {"handheld-sway": "library/Handheld Sway.mp4"}
    assert scene.motion_of("handheld-sway").name == "Handheld Sway.mp4"


def test_b_roll_goes_in_front_and_between_the_character_shots() -> None:
    """E: inserted in story order and in the reel's order; hops stay with their chain."""
    story = new_angle(
        keyframes=["a.png", "b.png", "c.png"], actions=["she reads"], continue_seconds=4
    )
    reel = {"order": [shot.id for shot in story.shots]}
    story = Scene(**{name: getattr(story, name) for name in Scene.model_fields} | {"reel": reel})
    scene = establishing(setting="a reading room", cutaways=["a clock", "rain"], into=story)
    ids = [shot.id for shot in scene.shots]
    assert ids == [
        "establishing",
        "angle-1",
        "angle-1-goes-on",
        "cutaway-1",
        "angle-2",
        "angle-2-goes-on",
        "cutaway-2",
        "angle-3",
        "angle-3-goes-on",
    ]
    assert list(scene.reel.order or ()) == ids
    assert scene.characters == story.characters
    twice = establishing(setting="a reading room", into=scene)
    assert twice.shots[0].id == "establishing-2"


def test_more_cutaways_than_places_are_refused() -> None:
    """Silently dropping one would be found only in the reel."""
    story = single_shot(keyframe="m.png", action="she looks up")
    with pytest.raises(SceneError, match="cutaways"):
        establishing(setting="a street", cutaways=["a", "b"], into=story)


def test_no_recipe_puts_a_known_face_into_a_shot_from_words() -> None:
    """From words alone a face is another one each time."""
    for shot in establishing(setting="a street", cutaways=["a door"]).shots:
        assert shot.character is None
        assert shot.prompt.subject is None  # type: ignore[union-attr]


@settings(max_examples=200, deadline=None)
@given(st.floats(0.2, 600), st.integers(1, 60))
@example(42.4140625, 33)  # 155.517 frames a hop: rounded twice, they became 160
def test_hops_fill_the_time_with_whole_latents(seconds: float, rate: int) -> None:
    """Whatever is asked: at least one hop, multiples of 8 frames, none over the grid's 5 s."""
    hops, each = even_hops(seconds, rate)
    frames = round(each * rate)
    assert hops >= 1
    assert frames % 8 == 0 and frames >= 8
    assert abs(each * rate - frames) < 0.01
    assert frames <= max(8, 5 * rate)
    if rate >= 8:
        assert abs(hops * frames - seconds * rate) <= 4.01 * hops + 4
