"""LoRAs by name, fixes by failure, hops that add nothing, presets that fit their model."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

from decimal import Decimal

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.scene import (
    NEGATIVE_PROMPT,
    Character,
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Prompt,
    Scene,
    TextShot,
    load_scene,
    negative_prompt,
    render_prompt,
    shot_loras,
    shot_parameters,
)
from scenegraph.scene.presets import BUILT_IN, find_preset

CAST = {
    "mara": Character(look="a woman in red", keyframes={"front_closeup": "m.png"}, loras=("face",))
}
LORAS = {
    "face": {"kind": "character", "path": "u/face"},
    "coat": {"kind": "wardrobe", "path": "u/coat", "scale": 0.5, "weight_name": "v2"},
    "grain": {"kind": "style", "path": "u/grain", "scale": 0.4, "everywhere": True},
}
START = ImageShot(
    id="a",
    keyframe="mara.front_closeup",
    prompt=Prompt(framing="close-up", subject="mara", setting="a bar", lighting="warm", action="x"),
)


def a_scene(*shots, **more) -> Scene:
    return Scene(
        **{"title": "T", "characters": CAST, "loras": LORAS, "shots": (START, *shots), **more}
    )


def loras_of(scene: Scene, shot: str) -> list[tuple[str, float]]:
    return [(lora.path, lora.scale) for lora in shot_loras(scene, scene.shot(shot))]


# LoRAs


def test_loras_are_merged_by_name_each_once_and_at_the_scale_said_last():
    """The cast's, then those of every shot, then the shot's own; a hop has those of its chain."""
    own = ({"name": "grain", "scale": 0.7}, "coat", {"path": "u/face", "scale": 0.5})
    scene = a_scene(
        ExtendShot(id="b", parent="a"),
        TextShot(id="rain", prompt="Rain."),
        TextShot(id="plain", prompt="Fog.", loras=[{"name": "grain", "scale": 0}]),
        ExtendShot(id="c", parent="b", loras=own),
    )
    assert loras_of(scene, "a") == loras_of(scene, "b") == [("u/face", 0.6), ("u/grain", 0.4)]
    assert loras_of(scene, "rain") == [("u/grain", 0.4)]
    assert loras_of(scene, "plain") == []
    assert loras_of(scene, "c") == [("u/face", 0.5), ("u/grain", 0.7), ("u/coat", 0.5)]
    assert shot_parameters(scene, scene.shot("c"))["loras"][2] == {
        "path": "u/coat",
        "scale": 0.5,
        "weight_name": "v2",
    }


def test_a_lora_by_name_asks_for_what_the_same_lora_written_out_asks_for():
    """Tidying a scene up costs no take: the request, and so the key, stays the same."""
    written = Character(keyframes={"f": "m.png"}, loras=({"path": "u/face", "scale": 0.6},))
    shot = ImageShot(id="a", keyframe="mara.f", prompt="x")
    before = Scene(title="T", characters={"mara": written}, shots=(shot,))
    named = written.model_copy(update={"loras": ("face",)})
    after = Scene(
        title="T", characters={"mara": named}, loras=LORAS | {"grain": LORAS["coat"]}, shots=(shot,)
    )
    assert shot_parameters(before, shot)["loras"] == shot_parameters(after, shot)["loras"]


def test_a_lora_that_is_not_there_is_told_where_it_is_used(write, good):
    """In a character, in a shot, by name alone or with a scale; with the nearest right name."""
    file = write(
        good,
        ("characters:\n", "loras: {mara-face: {kind: character, path: u/f}}\ncharacters:\n"),
        ("  mara:\n    look", "  mara:\n    loras: [mara-fce]\n    look"),
        ("    motion: sway\n", "    motion: sway\n    loras: [{name: mara-fac, scale: 0.5}]\n"),
    )
    with pytest.raises(SceneInvalid) as caught:
        load_scene(file)
    told = [
        (p.kind, p.where.line, p.where.column, "'mara-face'" in p.message)
        for p in caught.value.problems
    ]
    assert told == [("unknown-lora", 9, 13, True), ("unknown-lora", 31, 20, True)]


@pytest.mark.parametrize(
    ("loras", "word"),
    [
        ({"x": {"path": "u"}}, "`kind`"),
        ({"x": {"kind": "styl", "path": "u"}}, "'style'"),
        ({"x": {"kind": "style", "path": "u", "scale": 5}}, "at most 4"),
        ({"x": {"kind": "style", "path": "u", "scal": 1}}, "'scale'"),
    ],
)
def test_a_wrong_lora_is_told_in_its_own_words(loras, word):
    with pytest.raises(SceneInvalid) as caught:
        a_scene(loras={**LORAS, **loras})
    assert word in caught.value.problems[0].message


def asked(scene: Scene) -> list[tuple[str, str, object]]:
    return [
        (render_prompt(scene, shot), negative_prompt(scene, shot), shot_parameters(scene, shot))
        for shot in scene.shots
    ]


@pytest.mark.parametrize("same", [True, False])
def test_joined_scenes_keep_their_own_loras_and_fixes(same):
    """A look of one film does not reach the other; names that are taken by others change."""
    first = a_scene(TextShot(id="rain", prompt="Rain."), fixes=("grade",))
    loras = LORAS if same else {**LORAS, "face": {"kind": "character", "path": "v/face"}}
    loras = {**loras, "grain": {**LORAS["grain"], "everywhere": same}}
    second = a_scene(
        TextShot(id="fog", prompt="Fog.", loras=("coat", {"name": "face", "scale": 0.5})),
        loras=loras,
        fixes=("grade",) if same else ("face-drift",),
    )
    film = first >> second
    assert asked(film) == [*asked(first), *asked(second)]
    assert film.shots[:2] == first.shots if same else film.shots[0].loras == ("grain",)
    assert ("face-2" in film.loras) is not same
    assert Scene(**film.model_dump(by_alias=True)) == film


# Fixes


def test_a_fix_is_said_after_the_shots_own_words_and_only_when_they_lack_it():
    """In parts and as one text; the locks do not say the same once more."""
    scene = a_scene(
        START.model_copy(update={"id": "p", "fixes": ("clothes", "hands")}),
        ImageShot(
            id="t",
            keyframe="mara.front_closeup",
            prompt="She waits, same outfit.",
            fixes=("clothes", "hands"),
        ),
    )
    said = render_prompt(scene, scene.shot("p"))
    assert said.endswith("no style change. Same outfit. Hands out of frame.")
    assert said.lower().count("same outfit") == 1
    assert render_prompt(scene, scene.shot("t")) == "She waits, same outfit. Hands out of frame."


def test_a_fix_joins_the_negative_prompt_each_word_once():
    scene = a_scene(
        START.model_copy(update={"id": "p", "fixes": ("hands", "clothes")}),
        START.model_copy(update={"id": "q", "fixes": ("hands",), "negative_prompt": "fog"}),
        START.model_copy(update={"id": "r", "fixes": ("hands",), "negative_prompt": ""}),
    )
    assert negative_prompt(scene, scene.shot("a")) == NEGATIVE_PROMPT
    assert negative_prompt(scene, scene.shot("p")) == f"{NEGATIVE_PROMPT}, changing clothes"
    assert negative_prompt(scene, scene.shot("q")) == "fog, deformed hands, extra fingers"
    assert negative_prompt(scene, scene.shot("r")) == "deformed hands, extra fingers"


def test_a_fix_of_the_scene_leaves_places_alone_when_it_is_about_people():
    """A street has no face to keep; it may flicker all the same."""
    scene = a_scene(TextShot(id="street", prompt="A street."), fixes=("face-drift", "grade"))
    assert render_prompt(scene, scene.shot("street")) == "A street. Same lighting and colours."
    assert "No face change." not in render_prompt(scene, scene.shot("street"))
    assert "Same face, no face change." in render_prompt(scene, scene.shot("a"))


def test_a_fix_that_does_not_exist_is_told_with_the_nearest():
    with pytest.raises(SceneInvalid) as caught:
        a_scene(fixes=("hand",))
    assert "'hands'" in caught.value.problems[0].message


# Hops and directed shots


def test_a_hop_tells_nothing_again_and_claims_nothing_that_it_changes():
    """What is as before is in the opening; what is new is said, and is not called the same."""
    again = Prompt(**{**START.prompt.model_dump(), "action": "she nods"})
    scene = a_scene(
        ExtendShot(id="b", parent="a", hops=2, prompt=again),
        ExtendShot(
            id="c", parent="b", prompt=Prompt(action="she nods", lighting="the lamp goes out")
        ),
        ExtendShot(id="d", parent="a", prompt=Prompt(action="Continue seamlessly, she nods")),
        ExtendShot(id="e", parent="c"),
        ExtendShot(
            id="f", parent="e", prompt=Prompt(action="she nods", lighting="the lamp goes out")
        ),
    )
    hops = [render_prompt(scene, scene.graph().shots[id]) for id in ("b.1", "b.2")]
    assert (
        hops[0]
        == hops[1]
        == (
            "Continue the same shot seamlessly. Same character, same outfit, same location, same "
            "lighting. She nods. Continuity: no flicker, no face change, no scene cut."
        )
    )
    c = render_prompt(scene, scene.shot("c"))
    assert "Lighting: the lamp goes out." in c and "same lighting" not in c
    assert render_prompt(scene, scene.shot("d")).lower().count("continue") == 1
    assert "lamp" not in render_prompt(scene, scene.shot("f"))


def test_a_hop_of_a_place_keeps_its_subject():
    """`Drifts on.` would be said of nobody."""
    rain = Prompt(subject="rain", setting="a street", action="falls")
    scene = a_scene(
        TextShot(id="t", prompt=rain),
        ExtendShot(
            id="b", parent="t", prompt=Prompt(subject="rain", setting="a street", action="falls on")
        ),
    )
    assert " Rain, falls on. " in render_prompt(scene, scene.shot("b"))


def test_a_directed_shot_leaves_to_its_pictures_what_they_show():
    """Not who is on the keyframe, and not that the reference is followed; but who else is there."""
    scene = a_scene(
        MotionShot(id="m", keyframe="mara.front_closeup", motion="sway", prompt=Prompt(subject="Mara", action="she turns", camera="handheld, as the reference")),
        MotionShot(id="n", keyframe="mara.front_closeup", motion="sway", prompt=Prompt(subject="mara and a dog", action="she turns", camera="follows the reference")),
        MotionShot(id="o", keyframe=FrameOf(shot="a"), parent="a", prompt=Prompt(subject="mara", action="she turns", camera="as the reference")),
        motions={"sway": "s.mp4"},
    )  # fmt: skip
    m, n, o = (render_prompt(scene, scene.shot(id)) for id in "mno")
    assert "a woman in red" not in m and "Camera: handheld." in m
    assert "A woman in red and a dog" in n and "Camera:" not in n
    assert "A woman in red" in o and "Camera: as the reference." in o


# Presets


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_preset_is_made_for_the_model(name):
    """Nine steps are plenty for a distilled model and far too few for one that is not."""
    own = find_preset(name, {}, "ltxv-13b-098-distilled")
    dev = find_preset(name, {}, "ltx-video-13b-dev")
    steps = [f"{n}_pass_num_inference_steps" for n in ("first", "second")]
    assert all(2 <= own[step] <= 12 and 22 <= dev[step] <= 50 for step in steps)
    assert own["second_pass_skip_initial_steps"] < own[steps[1]]
    assert dev["second_pass_skip_initial_steps"] < dev[steps[1]]
    rest = own.keys() - {*steps, "second_pass_skip_initial_steps"}
    assert {key: own[key] for key in rest} == {key: dev[key] for key in rest}


def test_a_preset_of_the_file_means_what_it_says():
    """Also one that has a built-in one's name, whatever the model is."""
    own = {"steps-high": {"first_pass_num_inference_steps": 10}}
    scene = a_scene(
        START.model_copy(update={"id": "p", "preset": "steps-high"}),
        presets=own,
        model="ltx-video-13b-dev",
        budget_usd=Decimal(6),
    )
    assert shot_parameters(scene, scene.shot("p"))["first_pass_num_inference_steps"] == 10
    assert shot_parameters(scene, scene.shot("a"))["first_pass_num_inference_steps"] == 34
