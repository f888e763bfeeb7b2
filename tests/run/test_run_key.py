"""The key goes into one header and nowhere else: searched for in all that a run leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECRET = "kid-5f1b:sec-9c44d2"
SHOTS = {
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
}
#: Runs the scene twice against a served queue: once through faults, once to collect the rest.
RUN = """
import json, sys
from scenegraph.cli.main import run_command
for _ in range(2):
    run_command(["-v", "run", sys.argv[1], "--backend", "fal", "--json"])
"""


def leaks(folder: Path, *texts: str) -> list[str]:
    """Files of the folder, and places of the texts, that hold any part of the secret."""
    parts = [SECRET, *SECRET.split(":")]
    found = [
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and any(part.encode() in file.read_bytes() for part in parts)
    ]
    return found + [text for text in texts if any(part in text for part in parts)]


@pytest.mark.ffmpeg
def test_the_key_is_in_no_file_log_error_or_report(
    theatre: Callable[..., Any], tmp_path: Path
) -> None:
    """Media, ledger, dailies, stdout and every event on stderr, after answers that went wrong."""
    house = theatre(SHOTS)
    port_file, faults = tmp_path / "url", tmp_path / "faults.yaml"
    faults.write_text("faults:\n- {effect: drop-answer, submit: 1}\n", encoding="utf-8")
    queue = [sys.executable, "-m", "scenegraph", "animatic", "--port", "0", "--json"]
    with port_file.open("w") as said:
        served = subprocess.Popen(
            [*queue, "--faults", str(faults)], stdout=said, stderr=subprocess.DEVNULL
        )
    try:
        url = _url_of(served, port_file)
        names = ("QUEUE", "REST", "CDN")
        env = os.environ | {f"SCENEGRAPH_FAL_{name}_URL": url for name in names}
        env |= {"FAL_KEY": SECRET, "SCENEGRAPH_LOG": "json"}
        ran = subprocess.run(
            [sys.executable, "-c", RUN, str(house.file)],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        served.terminate()
        served.wait()
    assert "take.unknown" in ran.stderr and "take.fetched" in ran.stderr, ran.stderr[-500:]
    assert leaks(house.folder, ran.stdout, ran.stderr) == []


def test_the_search_would_find_it(tmp_path: Path) -> None:
    """The twin: half of the key in a file is found."""
    (tmp_path / "log").write_text("Authorization: Key sec-9c44d2", encoding="utf-8")
    assert leaks(tmp_path, "all is well") == [str(tmp_path / "log")]


def _url_of(served: subprocess.Popen[bytes], file: Path) -> str:
    """The queue says its address once it is open."""
    for _ in range(300):
        text = file.read_text(encoding="utf-8")
        if text.strip().endswith("}"):
            return str(json.loads(text)["url"])
        assert served.poll() is None, "the queue ended before it was open"
        time.sleep(0.1)  # a process of its own has no clock that a test could hold
    raise AssertionError("the queue did not open in 30 s")
