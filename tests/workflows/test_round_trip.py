"""A scene built in Python is the scene of the file that it saves, whatever it was built of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from scenegraph.errors import SceneError
from scenegraph.scene import Scene, join, render_prompt, shot_parameters
from workflows import (
    conversation,
    establishing,
    from_storyboard,
    long_form,
    motion_directed,
    new_angle,
    single_shot,
)

STILLS = ("a.png", "b.png", "c.png")
BOARD = """beat,who,seconds,setting,continue,motion
rain,,3,a street,,
she waits,mara,4,,,
she listens,,9,,yes,
he turns,theo,5,,,sway
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stills, a motion and a table, once for all examples."""
    folder = tmp_path_factory.mktemp("scenes")
    for name in STILLS:
        Image.new("RGB", (64, 36)).save(folder / name)
    (folder / "sway.mp4").write_bytes(b"\0" * 64)
    (folder / "board.csv").write_text(BOARD)
    return folder


still = st.sampled_from(STILLS)
#: What people type: letters of all kinds, YAML's own marks, things that look like numbers.
words = st.one_of(
    st.sampled_from(["she waits", "no", "1984", "16:9", "a: b", "- x", "'", "#", "café – ☂", "~"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20),
).filter(lambda text: text.strip(" ;\n") == text and ";" not in text)
name = st.sampled_from(["lead", "mara", "theo", "Mara-2"])
seconds = st.sampled_from([0.5, 2, 3.3333, 4.0, 5.0])
options = st.fixed_dictionaries(
    {},
    optional={
        "title": words,
        "seed": st.integers(0, 2**31 - 1),
        "preset": st.sampled_from(["cinematic-5s", "fast-preview"]),
        "frame_rate": st.sampled_from([16, 24]),
        "budget_usd": st.decimals(0, 100, places=2),
    },
)


def made(recipe: Any, needed: dict[str, Any], optional: dict[str, Any]) -> Any:
    arguments = st.fixed_dictionaries(needed, optional={**optional, "lighting": words})
    return st.tuples(st.just(recipe), arguments, options)


calls = st.one_of(
    made(
        single_shot,
        {"keyframe": still, "action": words},
        {"character": name, "look": words, "continue_seconds": seconds},
    ),
    made(
        long_form,
        {"keyframe": still, "beats": st.lists(words, min_size=1, max_size=2)},
        {"character": name, "reanchor_every": st.integers(1, 4), "motion": st.just("sway.mp4")},
    ),
    made(
        new_angle,
        {"keyframes": st.lists(still, min_size=2, max_size=3), "actions": words.map(lambda w: [w])},
        {"character": name, "continue_seconds": seconds},
    ),
    made(
        motion_directed,
        {"keyframe": still, "motion": st.just("sway.mp4"), "action": words},
        {"character": name},
    ),
    made(establishing, {"setting": words}, {"cutaways": st.lists(words, max_size=2)}),
    made(
        conversation,
        {
            "left": st.just("theo"),
            "right": st.just("mara"),
            "left_keyframes": st.lists(still, min_size=1, max_size=2),
            "right_keyframes": st.lists(still, min_size=1, max_size=2),
            "beats": st.lists(words.filter(lambda w: ":" not in w), min_size=2, max_size=5),
        },
        {"establishing": words, "master": still, "left_look": words},
    ),
)


def built(recipe: Any, arguments: dict[str, Any], options: dict[str, Any]) -> Scene:
    scene: Scene = recipe(**arguments, **options)
    return scene


def gains_a_look(scene: Scene, scenes: list[Scene]) -> bool:
    """Whether one of its people may be the same as one elsewhere who has a look."""
    return any(
        one.look is None and any(name in film.characters for film in scenes if film is not scene)
        for name, one in scene.characters.items()
    )


def check_equal(scene: Scene, folder: Path) -> None:
    """Equal, and equal in all that a plan is made of."""
    scene.save(folder / "scene.yaml", schema="s.json")
    loaded = Scene.load(folder / "scene.yaml")
    assert loaded == scene
    assert loaded.graph().shots == scene.graph().shots
    for shot in scene.shots:
        assert render_prompt(loaded, shot) == render_prompt(scene, shot)
        assert shot_parameters(loaded, shot) == shot_parameters(scene, shot)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(call=calls)
def test_a_recipes_scene_is_the_scene_of_its_file(call: Any, folder: Path) -> None:
    """Else Python and the terminal would make different films of the same words."""
    check_equal(built(*call), folder)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(calls, min_size=2, max_size=3), chosen=options)
def test_scenes_that_were_joined_are_the_scene_of_their_file(
    parts: Any, chosen: dict[str, Any], folder: Path
) -> None:
    """However names met; or the join says what the scenes disagree about."""
    scenes = [built(*part) for part in parts]
    settled: dict[str, Any] = {"preset": "cinematic-5s", "picture": {"frame_rate": 24}}
    if "title" in chosen:
        settled["title"] = chosen["title"]
    try:
        film = join(*scenes)
    except SceneError:
        film = join(*scenes, **settled)
    check_equal(film, folder)
    assert len(film.shots) == sum(len(scene.shots) for scene in scenes)
    assert film.shots[: len(scenes[0].shots)] == scenes[0].shots
    # What each shot is told stays what it was told in its own scene, whatever it is called now.
    before = [(scene, shot) for scene in scenes for shot in scene.shots]
    for (scene, shot), now in zip(before, film.shots, strict=True):
        if not gains_a_look(scene, scenes):
            assert render_prompt(film, now) == render_prompt(scene, shot)
        old, new = shot.picture_of, now.picture_of
        if isinstance(old, str) and isinstance(new, str):
            assert film.still_of(new).name == scene.still_of(old).name


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(first=calls, more=calls)
def test_shots_added_to_a_scene_from_its_file_are_the_scene_of_their_file(
    first: Any, more: Any, folder: Path
) -> None:
    """`--into`: the scene that is there stays as it is, and the whole loads again."""
    base = built(*first)
    base.in_folder(folder).save(folder / "base.yaml", schema="s.json")
    recipe, arguments, chosen = more
    arguments = {k: v for k, v in arguments.items() if k not in ("cutaways", "look", "left_look")}
    film = recipe.beside(folder, into=str(folder / "base.yaml"), **arguments, **chosen)
    check_equal(film, folder)
    kept = [shot for shot in film.shots if shot.id in {shot.id for shot in base.shots}]
    assert kept == list(base.shots)


def test_a_storyboards_scene_is_the_scene_of_its_file(folder: Path) -> None:
    """Also when its cast comes in words."""
    scene = from_storyboard.beside(
        folder, table=folder / "board.csv", stills="mara=a.png; theo=b.png", motions="sway=sway.mp4"
    )
    check_equal(scene, folder)
