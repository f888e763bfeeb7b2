"""`python benchmarks/orchestration` as a user would type it, at sizes that take seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "benchmarks" / "orchestration"


@pytest.mark.ffmpeg
def test_the_benchmark_prints_its_four_tables(tmp_path: Path) -> None:
    """A benchmark that has rotted is found before the day on which its figures are needed.

    It checks itself that every shot was asked for once, that the ledger tells every state, and
    that nothing is asked for again; nothing here is timed.
    """
    command = [sys.executable, str(HERE), "--shots", "20", "--times", "1", "--lengths", "2"]
    done = subprocess.run(
        [*command, "--peers", str(tmp_path / "no-python")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    titles = [row.split("|")[1].strip() for row in rows]
    assert "scenegraph" in titles and "load and plan" in titles, done.stdout
    peers = [title for title in titles if "left out" in title]
    assert len(peers) == 3 and all("cannot be started" in title for title in peers), peers
    schedules = [row.split("|") for row in rows if row.count("|") == 9 and row.startswith("| 0.")]
    assert len(schedules) == 12
    assert all(float(row[-3]) >= 1 for row in schedules), "no schedule beats its bound"
    assert titles[-1] == "2", "the last table has a row for each length"
