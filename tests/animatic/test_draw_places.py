"""Words become places that can be told apart; the samples are whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from scenegraph.animatic.draw.ask import Ask
from scenegraph.animatic.draw.places import film
from scenegraph.animatic.draw.places.brief import read_brief
from scenegraph.animatic.draw.places.film import BUILDS
from scenegraph.animatic.draw.subject import find_subject
from scenegraph.media import open_still, probe
from scenegraph.scene import load_scene

SAMPLES = Path(__file__).parents[2] / "samples"
SCENES = ("night-train", "two-hander", "storm")


def take(prompt: str, seed: int = 5, frames: int = 3, **more: str) -> list[np.ndarray]:
    params = {"prompt": prompt, "seed": seed, "num_frames": frames, "resolution": "480p", **more}
    ask = Ask.of(params)
    return list(film(ask, ask.size(), drift=0.0))


@pytest.mark.parametrize(
    ("prompt", "place", "time"),
    [
        ("an empty railway platform at night, rain", "platform", "night"),
        ("inside a train carriage at dusk", "carriage", "dusk"),
        ("a quiet hallway with warm tungsten lighting", "hallway", "dusk"),
        ("rain on a city street at night", "street", "night"),
        ("fog in the forest at dawn", "forest", "dawn"),
        ("the storm breaks over the lighthouse", "sea", "dusk"),
        ("dunes under the noon sun", "desert", "day"),
        ("snow falls on the mountains by day", "mountains", "day"),
        ("city skyline at sunset", "city", "dusk"),
        ("a small café room in the evening", "room", "dusk"),
        ("nothing in particular", "city", "dusk"),
    ],
)
def test_words_name_a_place_and_an_hour(prompt: str, place: str, time: str) -> None:
    """An establishing shot of the wrong place is no preview."""
    brief = read_brief(prompt)
    assert (brief.place, brief.time) == (place, time)


@pytest.mark.parametrize("place", sorted(BUILDS))
def test_every_place_is_drawn_in_every_shape(place: str) -> None:
    """Bright, varied, moving, in portrait and square too: no black frame, no flat one."""
    words = {"carriage": "inside a train carriage"}.get(place, place)
    shapes = {"9:16": (854, 480), "1:1": (480, 480)}
    aspect = "9:16" if len(place) % 2 else "1:1"
    frames = take(f"{words} at night, rain. Camera: push-in", frames=5, aspect_ratio=aspect)
    assert frames[0].shape == (*shapes[aspect], 3)
    assert frames[0].std() > 12
    assert frames[0].mean() > 8
    assert (frames[0].max(axis=2) < 4).mean() < 0.5
    assert 0.02 < np.abs(frames[0].astype(int) - frames[-1]).mean() < 40


def test_a_new_seed_builds_a_new_place_and_the_hour_changes_its_light() -> None:
    """t2v is asked again for another picture, and night must not look like day."""
    one, two = (take("city skyline at night", seed)[0].astype(int) for seed in (1, 2))
    assert np.abs(one - two).mean() > 4
    night, day = (take(f"mountains, {hour}")[0].mean() for hour in ("night", "day"))
    assert day > 2 * night


@pytest.mark.parametrize("name", SCENES)
def test_a_sample_scene_holds(name: str) -> None:
    """The first thing a stranger runs must be right, and name its schema for editors."""
    file = SAMPLES / name / "scene.yaml"
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../")
    scene = load_scene(file)
    for character in scene.characters.values():
        for still in character.keyframes.values():
            picture = open_still(scene.path(still))
            assert picture.shape == (720, 1280, 3)
            assert find_subject(picture).found, f"no face is seen in {still}"
    for motion in scene.motions.values():
        assert probe(scene.path(motion)).frames > 48


def test_the_samples_show_what_they_are_for() -> None:
    """All four kinds in night-train; twelve hops that drift in storm; small files everywhere."""
    kinds = {shot.kind for shot in load_scene(SAMPLES / "night-train" / "scene.yaml").shots}
    assert kinds == {"t2v", "i2v", "extend", "multicondition"}
    storm = load_scene(SAMPLES / "storm" / "scene.yaml")
    assert storm.animatic.drift > 0
    assert sum(id.startswith("the-night.") for id in storm.graph().order) == 12
    files = [f for f in SAMPLES.rglob("*") if f.suffix in (".jpg", ".mp4", ".py", ".yaml")]
    files = [f for f in files if ".scenegraph" not in f.parts and ".reel." not in f.name]
    assert all(f.stat().st_size <= 150_000 for f in files)
    assert sum(f.stat().st_size for f in files) < 1_500_000


def test_the_cast_can_be_told_apart() -> None:
    """Identity means something only when people differ: here, in the colours of their faces."""
    names = ("night-train/stills/mara", "two-hander/stills/ines", "two-hander/stills/theo")

    def face(file: Path) -> np.ndarray:
        picture = open_still(file)
        at = find_subject(picture)
        x, y, r = int(at.x), int(at.y), int(at.width * 0.6)
        part = cv2.cvtColor(picture[max(0, y - r) : y + r, x - r : x + r], cv2.COLOR_RGB2LAB)
        bins = [cv2.calcHist([part], [c], None, [24], [0, 256]).ravel() for c in range(3)]
        whole = np.concatenate(bins)
        return whole / whole.sum()

    faces = [[face(SAMPLES / f"{n}-{view}.jpg") for view in ("front", "medium")] for n in names]
    for who, (front, medium) in enumerate(faces):
        for other, (front_too, _) in enumerate(faces):
            if who != other:
                assert np.abs(front - medium).sum() < np.abs(medium - front_too).sum()


@pytest.mark.long
def test_the_stills_are_what_their_code_draws(tmp_path: Path) -> None:
    """A picture that nobody can draw again is a picture without a licence."""
    copy = tmp_path / "samples"
    for file in (
        "draw_stills.py",
        *(f"drawing/{p.name}" for p in (SAMPLES / "drawing").glob("*.py")),
    ):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((SAMPLES / file).read_bytes())
    script = [sys.executable, str(copy / "draw_stills.py"), "mara-front"]
    subprocess.run(script, check=True, cwd=SAMPLES.parent, env={"PYTHONPATH": str(SAMPLES.parent)})
    drawn = open_still(copy / "night-train/stills/mara-front.jpg").astype(int)
    kept = open_still(SAMPLES / "night-train/stills/mara-front.jpg")
    assert np.abs(drawn - kept).mean() < 1.5
