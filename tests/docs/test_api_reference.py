"""The reference is made of the docstrings: every promised name has one and stands on its page."""

from __future__ import annotations

import importlib.util
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[2]


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("api", HOME / "docs" / "api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, written as `python docs/api.py` does."""
    folder: Path = tmp_path_factory.mktemp("api")
    TOOL.write_reference(folder)
    return folder


@pytest.mark.parametrize("package", TOOL.PACKAGES)
def test_every_public_name_has_a_docstring(package):
    """Functions and classes; of types that are words and of tables the value says it."""
    module = import_module(package)
    things = {name: getattr(module, name) for name in TOOL.promised(module)}
    told = {name: one for name, one in things.items() if inspect.isclass(one) or callable(one)}
    words = [name for name, one in told.items() if hasattr(one, "__args__")]  # Literal[…], X | Y
    assert [
        name for name, one in told.items() if not inspect.getdoc(one) and name not in words
    ] == []


@pytest.mark.parametrize("package", TOOL.PACKAGES)
def test_every_public_name_is_on_its_page_and_in_the_index(package, reference):
    """A page that lost one would not be missed by its readers."""
    text = (reference / f"{package}.md").read_text("utf-8")
    names = TOOL.promised(import_module(package))
    assert names
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == names
    index = (reference / "README.md").read_text("utf-8")
    assert all(f"({package}.md#{name.lower()})" in index for name in names)


def test_pages_are_sound_markdown_and_the_same_each_time(reference, tmp_path):
    """Every block of code is closed, and nothing of this process's memory is printed."""
    TOOL.write_reference(tmp_path)
    for page in reference.glob("*.md"):
        text = page.read_text("utf-8")
        assert text.count("```") % 2 == 0, page.name
        assert " at 0x" not in text, page.name
        assert (tmp_path / page.name).read_text("utf-8") == text


def test_a_recipes_page_has_all_of_its_own_arguments(reference):
    """They are what one looks up most."""
    from workflows import long_form

    text = (reference / "workflows.md").read_text("utf-8").partition("## long_form\n")[2]
    own = [p.name for p in long_form.parameters if not p.common]
    assert re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE) == own
