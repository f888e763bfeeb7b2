"""The names that packages promise: all there, from whichever door one came in."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

PACKAGES = (
    "scenegraph",
    "scenegraph.cli",
    "scenegraph.ledger",
    "scenegraph.media",
    "scenegraph.plan",
    "scenegraph.run",
)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_promised_name_is_there_and_is_no_file(name):
    """They are loaded late, from a table that could forget one; `media.probe` is a file as well."""
    package = import_module(name)
    for promised in package.__all__:
        assert not isinstance(getattr(package, promised), ModuleType), promised
        assert promised in dir(package)
    assert set(package._homes) <= set(package.__all__)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_name_that_is_not_promised_is_an_attribute_error(name):
    """As of any module, so that `hasattr` and `from … import` answer as usual."""
    package = import_module(name)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nonsense'"):
        _ = package.nonsense


@pytest.mark.parametrize(
    "first", ["scenegraph.run.api", "scenegraph.plan", "scenegraph.media.probe"]
)
def test_a_function_is_not_hidden_by_the_file_of_its_name(first):
    """`from scenegraph import plan, run` gives functions, whatever was imported before."""
    script = (
        f"import {first}\n"
        "from scenegraph import plan, run\n"
        "from scenegraph.media import probe\n"
        "print(*(name.__class__.__name__ for name in (plan, run, probe)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["function"] * 3
