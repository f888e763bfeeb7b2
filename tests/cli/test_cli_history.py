"""`history`, `provenance`, `replay` and `why`, as typed."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.ffmpeg
#: No connection is made and no client is built, whatever the command does: both end the process.
OFFLINE = """
import sys
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError(f"not offline: {event} {args}")
sys.addaudithook(watch)
from scenegraph.fal import FalClient
import httpx
def refuse(*args, **more):
    raise RuntimeError("a client was made")
FalClient.__init__ = httpx.AsyncClient.__init__ = httpx.Client.__init__ = refuse
from scenegraph.cli import main
main(sys.argv[1:])
"""
#: What is another on each run: times, request ids, hashes, seconds.
VARIES = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?", "<when>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<request>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\([0-9a-f]{4,12}…?\)", "(<hash>)"),
    (r"spent, [0-9.]+ s", "spent, <s> s"),
    # Cuts and scores hang on how this machine's decoder rounds.
    (r"\b\d+ frames", "<n> frames"),
    (r"(?m)^\d+–\d+ .*s  (tiny\S+) +\d+–\d+ ", r"<span>  \1  <played> "),
    (r" {2,}", "  "),
)


def _steady(text: str) -> str:
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return text


@pytest.mark.parametrize("command", ["history", "provenance", "replay"])
def test_the_answers_for_people(call, shot, golden, command):
    """A table that reads the same in a pipe; nothing of this machine is in it."""
    said = call(command, shot)
    assert said.code == 0, said.out
    golden(f"cli_{command}.txt", _steady(said.out))


def test_why_as_people_read_it(call, shot, golden):
    """The prompt whole, was and now; and what the reviews say otherwise."""
    text = shot.read_text()
    shot.write_text(text.replace("an empty street at night", "an empty street at the end of night"))
    assert call("run", shot, "--only", "street", "--no-dailies").code == 0
    said = call("why", shot, "street", "1", "2")
    golden("cli_why.txt", re.sub(r"(?m)(: )[-–\d.e]+ → [-–\d.e]+$", r"\1<was> → <now>", said.out)
           .partition("reviews")[0])  # fmt: skip
    answer = call("why", shot, "street", "1", "2", "--json").json
    assert {"shot", "was", "now", "changed", "measured", "same_media", "takes"} <= set(answer)
    assert answer["changed"][0]["field"] == "prompt" and answer["same_media"] is False


def test_provenance_answers_in_json(call, shot):
    """Every frame leads to a take, and every take to what was sent; no key is near."""
    answer = call("provenance", shot, "--json").json
    assert {"scene", "reel", "spans", "takes", "timeline", "usd"} <= set(answer)
    assert [span["start"] for span in answer["spans"][1:]] == [
        span["stop"] for span in answer["spans"][:-1]
    ]
    assert answer["spans"][-1]["stop"] == answer["reel"]["frames"]
    for span in answer["spans"]:
        assert answer["takes"][span["slate"]]["request_id"] == span["request_id"]
    assert call("provenance", shot, "--reel", "9", "--json").error["message"].endswith("it has 1.")


def test_history_answers_in_json(call, shot):
    answer = call("history", shot, "--json").json
    (run,) = answer["runs"]
    assert run["ended"] == "done" and run["submits"] == 3 and run["usd"] == "0"
    assert {one["shot"] for one in run["shots"]} == {"street", "mara-waits", "mara-listens"}
    assert all(one["reason"] and one["takes"] for one in run["shots"])


def test_a_replay_is_offline(shot):
    """No client is made and no connection opened; the process would end with a traceback."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "replay", str(shot), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["same"] is True and answer["reel"]["rebuilt"] == answer["reel"]["sha256"]
    asked = subprocess.run(  # the same trap, in a command that has to ask
        [sys.executable, "-c", OFFLINE, "rerun", str(shot), "street", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "a client was made" in asked.stderr


def test_a_replay_that_differs_exits_with_one(call, shot):
    """And keeps nothing under a name that would lie about its kind."""
    shot.write_text(shot.read_text().replace("mara waits, locked off", "mara waits, handheld"))
    said = call("replay", shot, "--json")
    assert said.code == 1
    told = [(one["part"], one["where"]) for one in said.json["differences"]]
    assert told == [("plan", "mara-waits"), ("plan", "mara-listens")]
    assert said.json["reel"]["same"] is True
    wrong = call("replay", shot, "--out", "film.mov", "--json")
    assert wrong.code == 2 and ".mp4" in wrong.error["next"]
