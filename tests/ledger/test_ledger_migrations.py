"""An older ledger is opened with everything in it; a newer one is refused and left alone."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import Ledger
from scenegraph.ledger.migrations import FORMAT

#: `.dump` of a ledger that the first release's code wrote: seven takes in every kind of state.
FORMAT_1 = Path(__file__).parent / "ledger-format-1.sql"
SCENE = """\
scenegraph: 1
title: Night train
shots:
  platform: {kind: t2v, prompt: "a platform, no flicker"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scene beside a store of format 1."""
    (tmp_path / "scene.yaml").write_text(SCENE, encoding="utf-8")
    store = tmp_path / ".scenegraph"
    store.mkdir()
    with closing(sqlite3.connect(store / "ledger.db")) as file:
        file.executescript(FORMAT_1.read_text(encoding="utf-8"))
    return tmp_path


def _typed(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "scenegraph", *args], cwd=folder, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _rows(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(file)) as opened:
        names = [
            row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: sorted(opened.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in names
        }


def test_a_ledger_of_the_first_format_opens_with_everything_in_it(folder: Path) -> None:
    store = folder / ".scenegraph"
    before = _rows(store / "ledger.db")
    said = _typed(folder, "takes", "scene.yaml", "--json")
    assert said.returncode == 0, said.stderr
    states = {
        take["slate"].removeprefix("night-train/"): take["state"]
        for shot in json.loads(said.stdout)["shots"]
        for take in shot["takes"]
    }
    assert states == {
        "platform/t1": "circled",
        "platform/t2": "circled",
        "mara-waits/t1": "rejected",
        "mara-waits/t2": "circled",
        "mara-listens/t1": "submitted",
        "mara-turns/t1": "unknown",
        "rain/t1": "refused",
    }
    with Ledger.open(store) as ledger:
        memory = ledger.memory("night-train")
        assert [take.request_id for take in memory.pending()] == ["req-owed"]
        assert memory.circled("platform").pinned  # type: ignore[union-attr]
        assert [one.kind for one in memory.amendments] == ["reroll"]
        money = ledger.money("night-train")
        assert (money.spent, money.reserved) == (Decimal("0.3024"), Decimal("0.2016"))
        assert ledger.find_upload("5" * 64, "fal") and len(ledger.reels("night-train")) == 1
    after = _rows(store / "ledger.db")
    assert after.pop("about") == [(FORMAT,)] and before.pop("about") == [(1,)]
    width = {name: len(rows[0]) for name, rows in before.items() if rows}
    assert {name: [row[: width[name]] for row in after[name]] for name in width} == {
        name: before[name] for name in width
    }


def test_a_copy_is_kept_before_the_format_changes(folder: Path) -> None:
    """The older scenegraph can open it: nothing of it has changed."""
    store = folder / ".scenegraph"
    before = _rows(store / "ledger.db")
    assert _typed(folder, "takes", "scene.yaml").returncode == 0
    copy = store / "ledger.db.format-1.bak"
    assert _rows(copy) == before
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    assert _typed(folder, "takes", "scene.yaml").returncode == 0
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == digest


def test_a_ledger_that_cannot_be_copied_is_not_changed(folder: Path) -> None:
    """No copy, no new format: the sentence says both."""
    file = folder / ".scenegraph" / "ledger.db"
    (folder / ".scenegraph" / "ledger.db.format-1.bak").mkdir()
    before = _rows(file)
    said = _typed(folder, "takes", "scene.yaml", "--json")
    assert said.returncode == 2
    assert "no copy" in json.loads(said.stdout)["error"]["message"]
    assert _rows(file) == before


def test_a_newer_ledger_is_refused_and_left_alone(folder: Path) -> None:
    """The sentence names both formats and what to do, whatever is typed."""
    file = folder / ".scenegraph" / "ledger.db"
    _typed(folder, "takes", "scene.yaml")
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("UPDATE about SET format = ?", (FORMAT + 7,))
        opened.commit()
    before = _rows(file)
    for command in ("takes", "plan", "run", "gc", "cut"):
        said = _typed(folder, command, "scene.yaml", "--json")
        error = json.loads(said.stdout)["error"]
        assert (said.returncode, error["kind"]) == (2, "ledger-too-new"), command
        assert f"format {FORMAT + 7}" in error["message"] and "Update" in error["next"]
    assert _rows(file) == before


def test_a_newer_scene_is_refused(folder: Path) -> None:
    (folder / "scene.yaml").write_text(SCENE.replace("scenegraph: 1", "scenegraph: 9"))
    said = _typed(folder, "plan", "scene.yaml", "--json")
    error = json.loads(said.stdout)["error"]
    assert said.returncode == 2 and "format 9" in error["message"] and error["next"]
