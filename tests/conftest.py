"""Fixtures that every room's tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


def pytest_configure() -> None:
    """Results do not hang on the machine's load, nor on the shell that started the tests."""
    # How long one example takes says how loaded the machine is.
    hypothesis.settings.register_profile("any-machine", deadline=None)
    hypothesis.settings.load_profile("any-machine")
    # What tests start hears Ctrl-C, also when a shell started them with it ignored (`&`).
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    """The executor is asyncio's; every async test runs on it."""
    return "asyncio"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with `tests/golden/NAME`; `--update-golden` writes it anew."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        assert file.is_file(), f"no golden {name}; write it with --update-golden"
        assert text.rstrip("\n") == file.read_text(encoding="utf-8").rstrip("\n")

    return check


@pytest.fixture
def own_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The terminal finds the recipes of this tree, whatever was installed before; the folder that
    says so."""
    import tomllib

    table = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    info = tmp_path / "meta" / "scenegraph-0.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scenegraph\nVersion: 0.0.0\n")
    entries = table["project"]["entry-points"]["scenegraph.workflows"]
    lines = [f"{name} = {place}" for name, place in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[scenegraph.workflows]", *lines, ""]))
    monkeypatch.syspath_prepend(str(info.parent))
    return info.parent


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's key, store or FFmpeg."""
    import os

    for name in list(os.environ):
        if name.startswith(("FAL_", "SCENEGRAPH_")):
            monkeypatch.delenv(name)
