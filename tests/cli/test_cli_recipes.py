"""`scenegraph new`: words in a terminal become a scene file, or a sentence and exit code 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scenegraph.scene import Scene

HOME = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path, own_recipes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stills, and in it a place for scenes."""
    for name in ("mara", "theo"):
        (tmp_path / "film" / "stills").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 36)).save(tmp_path / "film" / "stills" / f"{name}.png")
    (tmp_path / "film" / "stills" / "sway.mp4").write_bytes(b"\0" * 64)
    monkeypatch.chdir(tmp_path)
    return tmp_path


CALLS: dict[str, dict[str, str]] = {
    "single_shot": {"--keyframe": "stills/mara.png", "--action": "she waits"},
    "long_form": {"--keyframe": "stills/mara.png", "--beats": "a; b", "--duration": "60"},
    "new_angle": {"--keyframes": "stills/mara.png; stills/theo.png", "--actions": "she reads"},
    "motion_directed": {
        "--keyframe": "stills/mara.png",
        "--motion": "stills/sway.mp4",
        "--action": "she turns",
    },
    "establishing": {"--setting": "a harbour at dawn", "--cutaways": "a gull"},
    "conversation": {
        "--left": "theo",
        "--right": "mara",
        "--beats": "a; b; c",
        "--left-keyframes": "stills/theo.png",
        "--right-keyframes": "stills/mara.png",
    },
    "from_storyboard": {"--table": "board.csv", "--stills": "mara=stills/mara.png"},
}


def words(recipe: str, **more: str) -> list[str]:
    """The line that makes a scene by that recipe, with other values for some options."""
    given = CALLS[recipe] | {f"--{name.replace('_', '-')}": value for name, value in more.items()}
    return ["--workflow", recipe, *(word for pair in given.items() for word in pair)]


@pytest.mark.parametrize("recipe", CALLS)
def test_every_recipe_writes_a_scene_that_can_be_planned(
    call: Any, here: Path, recipe: str
) -> None:
    """From a table of the terminal's own words, into a folder of its own."""
    (here / "board.csv").write_text("beat,who\nrain,\nshe waits,mara\n")
    said = call("new", "film/scene.yaml", *words(recipe), "--json")
    assert said.code == 0, said.err
    scene = Scene.load(here / "film" / "scene.yaml")
    assert said.json["shots"] == len(scene.graph().shots)
    assert call("plan", "film/scene.yaml").code == 0


def test_the_table_covers_every_recipe() -> None:
    """A new one comes with its call."""
    table = tomllib.loads((HOME / "pyproject.toml").read_text())
    assert set(table["project"]["entry-points"]["scenegraph.workflows"]) == set(CALLS)


@pytest.mark.parametrize(
    ("recipe", "more", "told"),
    [
        ("single_shot", {"seconds": "0"}, "seconds should be greater than 0"),
        ("single_shot", {"keyframe": "stills/mra.png"}, "keyframe: there is no file"),
        ("single_shot", {"keyframe": "stills/mra.png"}, "did you mean 'mara.png'?"),
        ("single_shot", {"fps": "24"}, "no argument 'fps'"),
        ("single_shot", {"model": "ltx"}, "ltx"),
        ("single_shot", {"into": "no.yaml"}, "no.yaml"),
        ("long_form", {"beats": ""}, "beats"),
        ("long_form", {"duration": "3"}, "duration"),
        ("conversation", {"beats": "teo: a; mara: b"}, "did you mean 'theo'?"),
        ("from_storyboard", {"table": "bad.csv"}, "bad.csv:2:6"),
        ("from_storyboard", {"table": "gone.csv"}, "gone.csv"),
    ],
)
def test_nonsense_ends_with_2_and_writes_nothing(
    call: Any, here: Path, recipe: str, more: dict[str, str], told: str
) -> None:
    """In the recipe's own words, before a file or a plan is made of it."""
    (here / "bad.csv").write_text("beat,who\nrain,nobody\n")
    said = call("new", "film/scene.yaml", *words(recipe, **more))
    assert said.code == 2
    assert told in " ".join(said.err.split())
    assert "Traceback" not in said.err
    assert not (here / "film" / "scene.yaml").exists()


def test_options_may_be_repeated_and_written_with_an_equals_sign(call: Any, here: Path) -> None:
    """As of any other command."""
    line = ("--workflow", "long_form", "--keyframe=stills/mara.png", "--beats", "a", "--beats=b")
    assert call("new", "film/scene.yaml", *line, "--duration=12").code == 0
    told = {shot.prompt.action for shot in Scene.load(here / "film" / "scene.yaml").shots}  # type: ignore[union-attr]
    assert told == {"a", "b"}


def test_a_recipe_adds_to_a_scene_that_lies_elsewhere(call: Any, here: Path) -> None:
    """The stills of the scene are found from the new file too."""
    assert call("new", "film/one.yaml", *words("single_shot")).code == 0
    said = call(
        *("new", "both.yaml", "--workflow", "new_angle", "--into", "film/one.yaml"),
        *("--from-shot", "lead", "--actions", "she looks up", "--after", "lead"),
    )
    assert said.code == 0, said.err
    scene = Scene.load(here / "both.yaml")
    assert [shot.id for shot in scene.shots] == ["lead", "angle-1"]
    assert scene.characters["lead"].keyframes == {"front_closeup": "film/stills/mara.png"}


def test_the_title_is_the_files_name_unless_one_is_given(call: Any, here: Path) -> None:
    """Reels are named by titles: a second scene of a recipe must not overwrite the first's."""
    for file, more, title in (
        ("film/night-one.yaml", (), "Night one"),
        ("film/scene.yaml", (), "Single shot"),
        ("film/b.yaml", ("--title", "Dawn"), "Dawn"),
    ):
        assert call("new", file, *words("single_shot"), *more).code == 0
        assert Scene.load(here / file).title == title
    line = ("--workflow", "establishing", "--setting", "a bar", "--into", "film/b.yaml")
    assert call("new", "film/b.yaml", *line, "--overwrite").code == 0
    assert Scene.load(here / "film" / "b.yaml").title == "Dawn"


def test_the_list_says_what_each_is_for_and_one_by_name_what_it_takes(
    call: Any, here: Path
) -> None:
    """The short answer first."""
    listed = call("new", "--list").out
    for recipe in CALLS:
        assert recipe in listed
    assert "needs --keyframe, --beats" in listed and "--reanchor-every" not in listed
    whole = call("new", "--list", "--workflow", "long_form").out
    assert "--reanchor-every" in whole and "--budget-usd" in whole and "new_angle" not in whole


FOREIGN = "from workflows.events import Event\n__all__ = ['Event']\n"


def shadowed(here: Path, *line: str, overlaid: bool) -> subprocess.CompletedProcess[str]:
    """`scenegraph …` where `import workflows` gives llama-index-workflows.

    Args:
        overlaid: both lie in one folder, as pip leaves them; else another folder comes first.
    """
    site = here / "site"
    package = site / "workflows"
    if overlaid:
        shutil.copytree(HOME / "workflows", package, ignore=shutil.ignore_patterns("__pycache__"))
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(FOREIGN)
    (package / "events.py").write_text("class Event: ...\n")
    info = site / "llama_index_workflows-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: llama-index-workflows\nVersion: 2.0\n"
    )
    (info / "top_level.txt").write_text("workflows\n")
    paths = [str(site), str(here / "meta"), str(HOME)]
    return subprocess.run(
        [sys.executable, "-m", "scenegraph", *line],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("overlaid", [True, False], ids=["in-one-folder", "before-ours"])
def test_doctor_names_who_else_is_called_workflows(here: Path, overlaid: bool) -> None:
    """And calls the house well all the same: only `from workflows import …` is another's."""
    said = shadowed(here, "doctor", "--json", overlaid=overlaid)
    assert said.returncode == 0, said.stderr
    assert "llama-index-workflows" in said.stdout and '"well": true' in said.stdout


def test_the_engine_works_beside_another_package_called_workflows(here: Path) -> None:
    """Scenes are planned; recipes are made where their files are there, else it is said why not."""
    (here / "scene.yaml").write_text("title: Rain\nshots: {a: {kind: t2v, prompt: Rain.}}\n")
    assert shadowed(here, "plan", "scene.yaml", overlaid=False).returncode == 0
    shutil.rmtree(here / "site")
    new = ("new", "new.yaml", "--workflow", "establishing", "--setting", "a harbour")
    hidden = shadowed(here, *new, overlaid=False)
    assert hidden.returncode == 2
    assert "llama-index-workflows" in hidden.stderr and "Traceback" not in hidden.stderr
    shutil.rmtree(here / "site")
    made = shadowed(here, *new, overlaid=True)
    assert made.returncode == 0, made.stderr
    assert (here / "new.yaml").is_file()
