"""How recipes are found and what is told of them."""

from __future__ import annotations

import inspect
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import workflows
from scenegraph.scene import Scene, TextShot
from workflows import Recipe, recipe, recipes, single_shot


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a package with these entry points, as pip would leave it."""

    def install(code: str, entries: dict[str, str]) -> None:
        (tmp_path / "someones_recipes.py").write_text(code)
        info = tmp_path / "someones_recipes-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: someones-recipes\nVersion: 1.0\n"
        )
        lines = "\n".join(f"{name} = {target}" for name, target in entries.items())
        (info / "entry_points.txt").write_text(f"[scenegraph.workflows]\n{lines}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "someones_recipes", raising=False)

    return install


CODE = """
from scenegraph.scene import Scene, TextShot
from workflows import recipe

@recipe
def rain(*, minutes: float = 1.0) -> Scene:
    '''Rain for a while.

    Args:
        minutes: how long
            it rains.
    '''
    return Scene(title="Rain", shots=[TextShot(id="rain", prompt="Rain.", seconds=minutes * 60)])

def plain() -> Scene:
    return rain()
"""


def test_a_recipe_of_another_package_is_found(installed: Any) -> None:
    """Anyone's package can add one, by the entry-point group alone."""
    installed(CODE, {"rain": "someones_recipes:rain"})
    found = recipes()["rain"]
    assert found.summary == "Rain for a while."
    (parameter,) = found.parameters
    assert (parameter.name, parameter.default, parameter.required) == ("minutes", 1.0, False)
    assert parameter.help == "how long it rains."
    assert found(minutes=0.1).shots[0].seconds == pytest.approx(6)


def test_one_broken_package_does_not_take_the_others_away(installed: Any) -> None:
    """A missing module, a missing name and a thing that is no recipe are left out."""
    installed(
        CODE,
        {
            "rain": "someones_recipes:rain",
            "gone": "someones_recipes:snow",
            "missing": "no_such_package:rain",
            "plain": "someones_recipes:plain",
        },
    )
    found = recipes()
    assert "rain" in found
    assert not {"gone", "missing", "plain"} & set(found)


def test_every_recipe_of_ours_is_offered_by_the_package() -> None:
    """The engine finds recipes by entry points alone; one that is not listed does not exist."""
    table = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    entries = table["project"]["entry-points"]["scenegraph.workflows"]
    ours = {name: found for name, found in vars(workflows).items() if isinstance(found, Recipe)}
    assert entries == {name: f"workflows.{name}:{name}" for name in ours}


def test_a_recipe_tells_its_arguments_one_by_one() -> None:
    """`new --help` and an editor list them: its own first, then those of every scene."""
    names = [parameter.name for parameter in single_shot.parameters]
    assert names[:2] == ["keyframe", "action"]
    assert names[-1] == "budget_usd" and "title" in names
    assert [p.name for p in single_shot.parameters if p.required] == ["keyframe", "action"]
    assert all(parameter.help for parameter in single_shot.parameters)
    assert list(inspect.signature(single_shot).parameters) == names


def test_lists_are_marked_so_that_a_terminal_may_repeat_the_option() -> None:
    """`--beats 'she waits' --beats 'she turns'`."""
    from workflows import long_form

    many = {parameter.name: parameter.many for parameter in long_form.parameters}
    assert many["beats"] is True
    assert many["keyframe"] is False and many["duration"] is False


def test_arguments_go_by_name() -> None:
    """`single_shot("mara.png", "she looks up")` reads as a riddle a month later."""

    @recipe
    def tiny(*, words: str) -> Scene:
        return Scene(title="Tiny", shots=[TextShot(id="tiny", prompt=words)])

    assert tiny(words="Rain.").title == "Tiny"
    with pytest.raises(Exception, match="by name"):
        tiny("Rain.")  # type: ignore[misc]
