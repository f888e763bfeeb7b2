"""The cookbook is true: its commands and its Python make the samples, which are shot as it says."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import scenegraph
from scenegraph.cli.main import run_command
from scenegraph.scene import Scene, lint, load_scene
from workflows import Recipe

HOME = Path(__file__).parents[2]
BOOK = HOME / "docs" / "cookbook"


def _tool() -> Any:
    """`samples/draw_cookbook.py`, which wrote the tables."""
    spec = importlib.util.spec_from_file_location(
        "draw_cookbook", HOME / "samples" / "draw_cookbook.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
everyone = pytest.mark.parametrize("name", TOOL.NAMES)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """The samples, where a test may write."""
    folder: Path = TOOL.copy_samples(tmp_path)
    return folder


def page(name: str) -> str:
    return (BOOK / f"{name}.md").read_text("utf-8")


def blocks(language: str, name: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def shots_told(name: str) -> list[str]:
    """The shots in the order of the page's table."""
    table = page(name).partition("<!-- shots -->")[2].partition("<!-- /shots -->")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def type_all(name: str) -> None:
    """Every command of the page, as it stands there."""
    for block in blocks("bash", name):
        for line in block.replace("\\\n", " ").splitlines():
            assert run_command(shlex.split(line)[1:]) == 0, line


@everyone
def test_the_command_of_a_page_makes_its_sample(name, samples, own_recipes, monkeypatch):
    """Typed where the samples are; what is kept in the repository is what it writes."""
    monkeypatch.chdir(samples.parent)
    kept = (samples / f"{name}.yaml").read_bytes()
    (samples / f"{name}.yaml").unlink()
    type_all(name)
    assert (samples / f"{name}.yaml").read_bytes() == kept


@everyone
def test_the_python_of_a_page_makes_the_same_scene(name, samples, monkeypatch):
    """The same words in the other language."""
    monkeypatch.chdir(samples)
    told: dict[str, Any] = {}
    (code,) = blocks("python", name)
    exec(compile(code, f"{name}.md", "exec"), told)
    assert told["scene"] == Scene.load(samples / f"{name}.yaml")


def test_the_examples_for_all_recipes_run(samples, own_recipes, monkeypatch):
    """Adding, joining, a recipe of one's own."""
    monkeypatch.chdir(samples.parent)
    type_all("README")
    assert [shot.id for shot in Scene.load(samples / "more.yaml").shots] == [
        "angle-1",
        "mara",
        "angle-2",
        "angle-3",
    ]
    monkeypatch.chdir(samples)
    join, own = blocks("python", "README")
    told: dict[str, Any] = {}
    exec(compile(join, "README.md", "exec"), told)
    assert Scene.load(samples / "film.yaml") == told["film"]
    exec(compile(own, "README.md", "exec"), told)
    assert isinstance(told["rain"], Recipe)
    assert (told["scene"].preset, told["scene"].shots[0].seconds) == ("fast-preview", 3)


def test_the_script_of_the_page_for_those_who_come_from_one_runs(samples, monkeypatch):
    """What it prints is a price, and nothing is asked for."""
    monkeypatch.chdir(samples)
    text = (HOME / "docs" / "coming-from.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    told: dict[str, Any] = {}
    exec(compile(code, "coming-from.md", "exec"), told)
    assert len(told["scene"].graph().shots) == 4
    assert not (samples / ".scenegraph").exists()


@everyone
def test_the_tables_of_a_page_are_those_of_the_plan(name, samples):
    """Shots, re-anchors and prices; `python samples/draw_cookbook.py` writes them anew."""
    file = samples / f"{name}.yaml"
    tables = {"shots": TOOL.shots_table(load_scene(file)), "cost": TOOL.cost_table(file)}
    assert page(name) == TOOL.with_tables(page(name), **tables)


@everyone
def test_a_sample_follows_the_craft(name, samples):
    """What a recipe writes gets no advice from the rules."""
    assert lint(load_scene(samples / f"{name}.yaml")) == []


def test_there_is_a_page_for_every_recipe_and_the_index_names_it():
    """`docs/cookbook/README.md` is where one begins."""
    import workflows

    ours = {name for name, found in vars(workflows).items() if isinstance(found, Recipe)}
    assert {name.replace("-", "_") for name in TOOL.NAMES} == ours
    for name in TOOL.NAMES:
        assert f"({name}.md)" in page("README")


def small(scene: Scene) -> Scene:
    """The same shots, hops and re-anchors, in a second or less each."""
    shots = [shot.model_copy(update={"seconds": None, "frames": 16}) for shot in scene.shots]
    return scene.model_copy(update={"shots": tuple(shots), "tail_frames": 9})


@pytest.mark.ffmpeg
@everyone
def test_a_sample_is_shot_as_its_page_says(name, samples):
    """On the free engine: every shot, hop and re-anchor of the table, in that order, none lost."""
    scene = load_scene(samples / f"{name}.yaml")
    result = scenegraph.run(small(scene))
    assert result.exit_code == 0
    assert result.timeline is not None and result.reel is not None and result.reel.is_file()
    assert [event.shot for event in result.timeline.events] == shots_told(name)


@pytest.mark.long
@pytest.mark.ffmpeg
@everyone
def test_a_sample_at_full_length_is_a_reel_of_its_shots(name, samples):
    """As a reader of the page runs it."""
    scene = load_scene(samples / f"{name}.yaml")
    expected = scenegraph.plan(scene).reel_expected
    result = scenegraph.run(scene)
    assert result.exit_code == 0 and result.timeline is not None
    assert [event.shot for event in result.timeline.events] == shots_told(name)
    told = re.findall(r"\| ([\d.]+) \|$", page(name).partition("<!-- /shots -->")[0], re.MULTILINE)
    rate = float(result.timeline.format.rate)
    # Hard cuts take the liveliest frames off both sides of a shot; the plan says how many about.
    assert result.timeline.frames == pytest.approx(expected, rel=0.1)
    assert result.timeline.frames / rate <= sum(map(float, told)) + 1
