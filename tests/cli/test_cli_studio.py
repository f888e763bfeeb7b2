"""`scenegraph studio` as a user opens it: a page that follows what another terminal does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]


def news(url: str, holds: Any) -> Any:
    """The first news of which `holds` is true."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = httpx.get(f"{url}/news").json()
        if holds(found):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_the_studio_follows_a_run_and_an_edit(call, scene):
    """One page to keep open: takes come in, a slip in the file is told, and it is mended."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SCENEGRAPH_", "FAL_"))}
    program = (sys.executable, "-c", "from scenegraph.cli import main; main()")
    process = subprocess.Popen(
        [*program, "studio", str(scene), "--port", "0", "--json"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(3))
        url = json.loads(said)["url"]
        assert url.startswith("http://127.0.0.1:")
        news(url, lambda one: one["version"] == 1)
        before = httpx.get(f"{url}/page").text
        assert call("run", scene, "--no-dailies").code == 0
        made = news(url, lambda one: one["version"] > 1 and "circled" in page(url))
        assert page(url) != before
        text = scene.read_text()
        scene.write_text(text.replace("parent: mara-waits", "parent: mara-wait"))
        wrong = news(url, lambda one: one["error"])["error"]
        assert (wrong["kind"], wrong["where"]["line"]) == ("scene-invalid", 23)
        scene.write_text(text)
        assert news(url, lambda one: not one["error"])["version"] > made["version"]
        taken = call("studio", scene, "--port", url.rpartition(":")[2], "--json")
        assert taken.code == 2 and taken.error["next"]
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err


def page(url: str) -> str:
    return httpx.get(f"{url}/page").text


def test_a_scene_that_is_wrong_opens_no_studio(call, scene):
    """What is wrong now is told now, with its place."""
    scene.write_text(scene.read_text().replace("kind: extend", "kind: extnd"))
    said = call("studio", scene, "--json")
    assert (said.code, said.error["where"]["line"]) == (2, 22)
    assert not Path(".scenegraph").exists()
