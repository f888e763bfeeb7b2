"""Scenes are joined: nothing of either is lost, and nothing of one becomes another's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from scenegraph.errors import SceneError
from scenegraph.scene import (
    AnimaticSettings,
    Character,
    DriftPolicy,
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Picture,
    Prompt,
    Reel,
    Scene,
    TextShot,
    add_shots,
    join,
    placed,
    render_prompt,
)
from scenegraph.scene.tracks import Track

MARA = Character(look="a woman in red", keyframes={"front_closeup": "mara.png"})


def scene(title: str = "One", **parts: Any) -> Scene:
    shots = [
        ImageShot(
            id="opening",
            keyframe="mara.front_closeup",
            prompt=Prompt(subject="mara", action="she waits"),
        ),
        ExtendShot(id="goes-on", parent="opening", hops=2),
    ]
    return Scene(**{"title": title, "characters": {"mara": MARA}, "shots": shots, **parts})


def ids(film: Scene) -> list[str]:
    return [shot.id for shot in film.shots]


def test_the_left_scene_keeps_its_names_and_the_right_ones_are_kept_apart() -> None:
    """A renamed shot would be another shot: the left one's takes must stay its takes."""
    film = scene() >> scene("Two")
    assert ids(film) == ["opening", "goes-on", "opening-2", "goes-on-2"]
    assert film.shot("goes-on-2").tail_of == "opening-2"
    assert film.shots[:2] == scene().shots
    assert list(film.graph().reel_order)[3:] == ["opening-2", "goes-on-2.1", "goes-on-2.2"]


def test_all_edges_follow_a_renamed_shot() -> None:
    """Parents, hops as parents, and frames of takes."""
    shots = [
        *scene().shots,
        ImageShot(
            id="again", keyframe=FrameOf(shot="goes-on.1", frame="last"), prompt="She looks up."
        ),
        MotionShot(
            id="turns",
            keyframe="mara.front_closeup",
            motion="sway",
            parent="goes-on.2",
            prompt="She turns.",
        ),
    ]
    more = scene(shots=shots, motions={"sway": "other.mp4"})
    film = scene(motions={"sway": "sway.mp4"}) >> more
    again, turns = film.shot("again"), film.shot("turns")
    assert again.picture_of == FrameOf(shot="goes-on-2.1", frame="last")
    assert (turns.tail_of, turns.motion) == ("goes-on-2.2", "sway-2")  # type: ignore[union-attr]
    assert film.motions == {"sway": "sway.mp4", "sway-2": "other.mp4"}


def test_the_same_person_is_one_and_another_of_the_name_is_renamed_in_prompts_too() -> None:
    """A face held against somebody else's stills would be told as drift."""
    more_stills = Character(look=MARA.look, keyframes={**MARA.keyframes, "medium_shot": "m.png"})
    film = scene() >> scene(characters={"mara": more_stills})
    assert film.characters == {"mara": more_stills}

    other = Character(look="a woman of seventy", keyframes={"front_closeup": "old.png"})
    film = scene() >> scene(characters={"mara": other})
    assert film.characters == {"mara": MARA, "mara-2": other}
    shot = film.shot("opening-2")
    assert shot.picture_of == "mara-2.front_closeup"
    assert render_prompt(film, shot).startswith("A woman of seventy, she waits.")


def test_a_renamed_person_without_a_look_is_still_called_by_its_name_in_prompts() -> None:
    """`mara-2` says nothing to a model."""
    other = scene(characters={"mara": Character(keyframes={"front_closeup": "other.png"})})
    film = scene() >> other
    before = render_prompt(other, other.shot("opening"))
    assert render_prompt(film, film.shot("opening-2")) == before


def test_two_of_a_name_that_share_nothing_stay_two() -> None:
    """Recipes call everybody `lead`; that alone makes them nobody's twin."""
    a = scene(characters={"mara": Character(keyframes={"front_closeup": "a.png"})})
    shots = [ImageShot(id="b", keyframe="mara.medium_shot", prompt="She waits.")]
    b = scene(characters={"mara": Character(keyframes={"medium_shot": "b.png"})}, shots=shots)
    assert list((a >> b).characters) == ["mara", "mara-2"]


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ({"model": "ltx-video-13b-dev"}, {"model": "ltx-video-13b-distilled"}, "model"),
        ({"preset": "cinematic-5s"}, {"preset": "smooth-4s"}, "preset"),
        ({"picture": Picture(frame_rate=16)}, {"picture": Picture(frame_rate=30)}, "frame_rate"),
        ({"tail_frames": 33}, {"tail_frames": 97}, "tail_frames"),
        ({"reel": Reel(frame_rate=24)}, {"reel": Reel(frame_rate=30)}, "reel.frame_rate"),
        (
            {"animatic": AnimaticSettings(drift=0.1)},
            {"animatic": AnimaticSettings(drift=0.2)},
            "animatic",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_scenes_say_differently_is_told_and_can_be_settled(
    one: dict[str, Any], other: dict[str, Any], named: str
) -> None:
    """Taking one of two looks silently would shoot a scene again in the wrong one."""
    (field,) = one
    with pytest.raises(SceneError, match=named) as refused:
        _ = scene("One", **one) >> scene("Two", **other)
    assert "'One'" in refused.value.message and "'Two'" in refused.value.message
    assert f"{field}=…" in refused.value.next
    assert getattr(join(scene(**one), scene(**other), **other), field) == other[field]


def test_what_only_one_says_holds_for_the_film() -> None:
    """A recipe that was told no preset goes along with one that was."""
    plain, quick = scene(), scene(preset="fast-preview", seed=7)
    for film in (plain >> quick, quick >> plain):
        assert (film.preset, film.picture.resolution, film.seed) == ("fast-preview", "480p", 7)


def test_a_scene_from_a_file_says_its_defaults_too(tmp_path: Any) -> None:
    """Its takes may be paid for already; nobody's look changes unasked."""
    Image.new("RGB", (64, 36)).save(tmp_path / "mara.png")
    scene().save(tmp_path / "one.yaml")
    loaded = Scene.load(tmp_path / "one.yaml")
    with pytest.raises(SceneError, match="frame_rate"):
        _ = loaded >> scene(picture=Picture(frame_rate=16))


def test_each_scene_keeps_its_own_words_about_drift() -> None:
    """They are about takes, so they can go with the shots; only `plan_ahead` is for all."""
    strict = DriftPolicy(on_drift=("ask",), rerolls=0, budgets={"hue": 3.0}, plan_ahead=True)
    film = scene() >> scene(drift=strict)
    assert film.drift == DriftPolicy(plan_ahead=True)
    left, right = film.drift_of(film.shot("opening")), film.drift_of(film.shot("opening-2"))
    assert (left.on_drift, left.rerolls, left.budgets) == (DriftPolicy().on_drift, 2, {})
    assert (right.on_drift, right.rerolls, right.budgets) == (("ask",), 0, {"hue": 3.0})


def test_budgets_are_added_up() -> None:
    """Each was approved for its own shots."""
    rich = scene(budget_usd=Decimal("2.50"))
    assert (rich >> rich).budget_usd == Decimal("5.00")
    assert (scene() >> rich).budget_usd == Decimal("2.50")


def test_reels_are_played_one_after_the_other() -> None:
    """Orders, transitions and tracks name the shots as they are called now."""
    reel = Reel(
        order=("goes-on.2", "opening"),
        transitions={"opening": {"kind": "dissolve"}},
        audio={"theme": Track(file="theme.mp3"), "mara": Track(file="m.mp3", at="opening")},
    )
    film = scene(reel=reel) >> scene(reel=reel)
    assert film.reel.order == ("goes-on.2", "opening", "goes-on-2.2", "opening-2")
    assert set(film.reel.transitions) == {"opening", "opening-2"}
    assert {name: track.at for name, track in film.reel.audio.items()} == {  # type: ignore[union-attr]
        "theme": 0.0,
        "mara": "opening",
        "theme-2": "goes-on-2.2",
        "mara-2": "opening-2",
    }
    half = scene() >> scene(reel=reel)
    assert half.reel.order == ("opening", "goes-on", "goes-on-2.2", "opening-2")


def test_a_track_at_a_time_that_nobody_knows_yet_is_told() -> None:
    """How long the first reel will be is known when it is cut."""
    late = scene(reel=Reel(audio=(Track(file="bell.mp3", at=12.5),)))
    with pytest.raises(SceneError, match="bell"):
        _ = scene() >> late
    assert (late >> scene()).reel.audio == late.reel.audio


def test_files_of_two_folders_are_found_from_the_one_that_holds_both(tmp_path: Any) -> None:
    """Paths are relative to the scene; joined they start elsewhere and lead to the same files."""
    for name in ("day", "night"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (64, 36)).save(tmp_path / name / "mara.png")
        scene(name).save(tmp_path / name / "scene.yaml")
    day, night = (Scene.load(tmp_path / name / "scene.yaml") for name in ("day", "night"))
    film = day >> night
    assert film.folder == tmp_path
    assert film.still_of("mara.front_closeup") == tmp_path / "day" / "mara.png"
    film.check_files()
    film.save(tmp_path / "film.yaml")
    assert Scene.load(tmp_path / "film.yaml") == film
    assert placed(film, tmp_path / "night").characters["mara"].keyframes == {
        "front_closeup": "../day/mara.png"
    }


def test_shots_are_added_behind_a_shot_and_its_hops() -> None:
    """In the story and in the reel; they may start from what is there."""
    reel = Reel(order=("opening", "goes-on", "street"))
    film = scene(shots=[*scene().shots, TextShot(id="street", prompt="Rain.")], reel=reel)
    more = add_shots(
        film,
        [ImageShot(id="opening", keyframe=FrameOf(shot="goes-on"), prompt="She looks up.")],
        after="opening",
    )
    assert ids(more) == ["opening", "goes-on", "opening-2", "street"]
    assert more.reel.order == ("opening", "goes-on", "opening-2", "street")
    with pytest.raises(SceneError, match="opening"):
        add_shots(film, [], after="openin")


def test_joining_keeps_ids_within_their_limit() -> None:
    """The longest id there is, taken already."""
    long = Scene(title="Long", shots=[TextShot(id="a" * 64, prompt="Rain.")])
    assert [len(id) for id in ids(join(long, long, long))] == [64, 64, 64]
    assert len(set(ids(join(long, long, long)))) == 3


def test_something_else_than_a_scene_is_not_joined() -> None:
    """Python's own words for it."""
    with pytest.raises(TypeError):
        _ = scene() >> 3  # type: ignore[operator]
    with pytest.raises(SceneError):
        join()
