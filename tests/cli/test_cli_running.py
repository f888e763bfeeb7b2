"""Runs as they are typed: exit codes, other takes, reels of plain clips, the live board."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from scenegraph.cli.live import LOOK, _Board, watching
from scenegraph.media import probe
from scenegraph.run.events import MoneyEvent, NoticeEvent, ReelEvent, ShotEvent
from scenegraph.settings import Settings

PROGRAM = ("-c", "from scenegraph.cli import main; main()")
#: The queue takes these shots apart by a word of their prompts.
FAULTS = """\
- {effect: fail, type: content_policy_violation, prompt: forbidden, times: 0}
- {effect: drop-answer, prompt: vanishing, times: 0}
"""
FAL_URLS = ("SCENEGRAPH_FAL_QUEUE_URL", "SCENEGRAPH_FAL_REST_URL", "SCENEGRAPH_FAL_CDN_URL")


def start(*line: object, **how: Any) -> subprocess.Popen[str]:
    """A real process, as a shell would start it."""
    import sys

    return subprocess.Popen(
        [sys.executable, *PROGRAM, *map(str, line)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`scenegraph animatic --port 0` in a process of its own, with faults on purpose."""
    file = tmp_path_factory.mktemp("queue") / "faults.yaml"
    file.write_text(FAULTS)
    queue = start("animatic", "--port", 0, "--faults", file, "--json", stdin=subprocess.DEVNULL)
    assert queue.stdout is not None
    try:
        yield json.loads("".join(queue.stdout.readline() for _ in range(3)))["url"]
    finally:
        queue.send_signal(signal.SIGINT)
        queue.communicate(timeout=30)


@pytest.fixture
def loopback(served: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in FAL_URLS:
        monkeypatch.setenv(name, served)
    return served


def test_a_lost_shot_is_exit_1(call, scene, loopback):
    """What hangs on nothing lost goes on, and the lost one is named with what to do next."""
    scene.write_text(scene.read_text().replace("an empty street", "a forbidden street"))
    said = call("run", scene, "--backend", "fal", "--yes", "--json")
    assert said.code == 1
    states = {one["shot"]: one["state"] for one in said.json["shots"]}
    assert states["mara-listens"] == "circled"
    assert states["street"] != "circled"
    assert said.json["reel"] is None
    assert "rerun SCENE street" in said.json["next"]
    partial = call("run", scene, "--backend", "fal", "--yes", "--partial", "--json").json
    assert partial["reel"] == "tiny.reel.mp4"


def test_an_answer_that_never_came_is_exit_4(call, scene, loopback):
    """It may be billed: only a person says what became of it, and then the run goes on."""
    scene.write_text(scene.read_text().replace("an empty street", "a vanishing street"))
    line = ("run", scene, "--backend", "fal", "--yes", "--only", "street", "--json")
    said = call(*line)
    assert said.code == 4
    assert [one["state"] for one in said.json["shots"] if one["shot"] == "street"] == ["unknown"]
    again = call(*line)
    assert (again.code, again.json["submits"]) == (4, 0)
    resolved = call("resolve", scene, "street", "--give-up", "--json")
    assert (resolved.code, resolved.json["state"]) == (0, "lost")


def test_too_dear_is_exit_3(call, scene):
    """Told before anything is asked for."""
    said = call("run", scene, "--max-usd", "0.01", "--json")
    assert said.code == 3
    assert said.error["kind"] == "over-budget"


def test_plan_says_by_its_exit_code_whether_there_is_work(call, scene, shot_folder):
    """For scripts: 1 before the first run, 0 after it."""
    assert call("plan", scene, "--exit-code").code == 1
    assert call("plan", shot_folder / "scene.yaml", "--exit-code").code == 0


def test_an_interrupted_run_is_130_and_goes_on(call, scene):
    """Ctrl-C keeps all state; meanwhile the scene is held against a second process."""
    text = scene.read_text()
    scene.write_text(text + "animatic: {latency_s: 60}\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SCENEGRAPH_", "FAL_"))}
    process = start("run", scene, "--json", env=env)
    assert process.stderr is not None
    for line in process.stderr:
        if "queue" in line or "shooting" in line:
            break
    busy = call("run", scene, "--json")
    assert (busy.code, busy.error["kind"]) == (4, "store-busy")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Interrupted. All state is kept" in err
    assert "Traceback" not in err
    assert out == ""
    scene.write_text(text)
    resumed = call("run", scene, "--json")
    assert resumed.code == 0, resumed.err
    assert all(one["state"] == "circled" for one in resumed.json["shots"])
    assert probe("tiny.preview.mp4").frames == resumed.json["reel_frames"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_while_it_draws_is_130(scene, stop):
    """A thread that still draws when the interpreter ends would abort the process; and `kill` is
    no worse than Ctrl-C."""
    # Twenty seconds of film: it draws for longer than this test could be late.
    scene.write_text(scene.read_text().replace("frames: 17", "frames: 481", 1))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SCENEGRAPH_", "FAL_"))}
    process = start("run", scene, env=env)
    assert process.stderr is not None
    for line in process.stderr:
        if "shooting" in line:
            break
    process.send_signal(stop)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Interrupted. All state is kept" in err


def test_rerun_shoots_the_branch_and_pick_gives_it_back_for_free(call, shot):
    """A disliked shot takes its children along; a change of mind costs nothing."""
    again = call("rerun", shot, "mara-waits", "--json")
    assert (again.code, again.json["submits"]) == (0, 2)
    takes = {one["shot"]: one["take"] for one in again.json["shots"]}
    assert takes == {"street": 1, "mara-waits": 2, "mara-listens": 2}
    compared = call("why", shot, "mara-waits", "--json").json
    assert [change["field"] for change in compared["changed"]] == ["seed"]
    assert "t1 → t2" in call("why", shot, "mara-waits").out

    assert call("pick", shot, "mara-waits", 1, "--json").json["circled"]
    plan = call("plan", shot, "--json").json
    assert plan["to_shoot"] == 0
    back = call("run", shot, "--json").json
    assert back["submits"] == 0
    takes = {one["shot"]: one["take"] for one in back["shots"]}
    assert takes == {"street": 1, "mara-waits": 1, "mara-listens": 1}
    sheet = call("takes", shot, "mara-*", "--json").json
    assert [[take["circled"] for take in one["takes"]] for one in sheet["shots"]] == [
        [True, False],
        [True, False],
    ]


def test_a_pinned_take_stays_when_the_shot_changes(call, shot):
    """A person's approval outlives an edit of the prompt, and is said to be stale."""
    assert call("pin", shot, "street", "--json").json["pinned"]
    shot.write_text(shot.read_text().replace("an empty street", "a crowded street"))
    street = call("plan", shot, "--json").json["shots"][0]
    assert (street["action"], street["changed"][0]["field"]) == ("stale", "prompt")
    assert call("unpin", shot, "street").code == 0
    assert call("plan", shot, "--json").json["shots"][0]["action"] == "shoot"


@pytest.mark.ffmpeg
def test_cut_makes_a_reel_of_plain_clips(call, clip_folder, tmp_path):
    """Without a scene, a ledger or a word more than the clips' names."""
    a, b, film = clip_folder / "a.mp4", clip_folder / "b.mp4", tmp_path / "new" / "film.mp4"
    said = call("cut", a, b, "--out", film, "--target", 45, "--json")
    assert said.code == 0
    assert said.json["reel_frames"] == probe(film).frames
    assert abs(said.json["reel_frames"] - 45) <= 3
    some = call("cut", a, clip_folder / "one-frame.mp4", "--out", film)
    assert "one-frame" in some.out
    over = call("cut", a, b, "--out", a, "--json")
    assert over.code == 2
    assert "overwrite" in over.error["message"]
    assert call("cut", a, clip_folder / "text.mp4", "--out", film, "--json").code == 2


def test_a_reel_of_plain_clips_is_looked_at_too(call, clip_folder, tmp_path):
    """What stands still for two seconds in it is said, with its frames and its clip."""
    clips = (clip_folder / "a.mp4", clip_folder / "frozen.mp4")
    words = ("cut", *clips, "--out", tmp_path / "film.mp4")
    said = call(*words, "--target", 106, "--json")
    assert said.code == 0 and not said.json["reel_check"]["ok"]
    (found,) = said.json["reel_check"]["findings"]
    assert (found["kind"], found["shot"]) == ("freeze", "frozen")
    assert found["to_frame"] - found["from_frame"] + 1 >= 45
    assert "stands still" in call(*words, "--target", 106).out
    good = call("cut", clip_folder / "a.mp4", "--out", tmp_path / "good.mp4", "--json")
    assert good.json["reel_check"]["ok"] and good.json["notices"] == []


def test_cut_of_a_scene_shoots_nothing(call, shot):
    """The reel is made anew from what is circled."""
    Path("tiny.preview.mp4").unlink()
    said = call("cut", shot, "--json")
    assert (said.code, said.json["submits"]) == (0, 0)
    assert probe("tiny.preview.mp4").frames == said.json["reel_frames"]
    assert said.err.count("frames joined") == 1
    assert call("cut", shot, "--target", 30, "--json").code == 2


def test_series_are_written_as_a_table(call, clip_folder, tmp_path):
    """One row a frame, for a spreadsheet."""
    said = call("review", clip_folder / "a.mp4", "--csv", tmp_path / "a.csv")
    assert said.code == 0
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert len(rows) == 41
    assert {"frame", "calmness", "motion"} <= set(rows[0].split(","))


def test_a_port_that_is_taken_is_a_sentence(call, served):
    """Two queues on one port is the commonest slip."""
    said = call("animatic", "--port", served.rpartition(":")[2], "--json")
    assert said.code == 2
    assert "--port" in said.error["next"]


def test_a_bad_fault_plan_is_a_sentence(call, tmp_path):
    """Its file, and the effect that was meant."""
    file = tmp_path / "faults.yaml"
    file.write_text("- {effect: drop-anser}\n")
    said = call("animatic", "--faults", file, "--json")
    assert said.code == 2
    assert "drop-answer" in said.error["message"] + said.error["next"]


@pytest.mark.parametrize("count", [3, 300])
def test_the_board_draws_any_scene(count):
    """Every stage, few shots and many, while money and reel come in."""
    shots = [f"shot-{number}" for number in range(count)]
    board = _Board(shots)
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=True, width=120, height=30)
    stages = list(LOOK)
    console.print(board)
    for number, shot in enumerate(shots):
        stage = stages[number % len(stages)]
        board.note(ShotEvent(shot=shot, stage=stage, take=1, position=2, detail="[a] bracket"))
    board.note(MoneyEvent(spent=Decimal("0.02"), reserved=Decimal("0.1"), left=Decimal("-1")))
    board.note(ReelEvent(done=120, total=535))
    board.note(NoticeEvent(message="locked"))
    paper.seek(0)
    paper.truncate()
    console.print(board)
    text = paper.getvalue()
    assert "120/535 frames" in text
    assert "spent $0.02, reserved $0.1, left $0" in text
    assert "[a] bracket" in text
    assert len(text.splitlines()) <= 30


def test_plain_lines_say_that_the_reel_is_done_once():
    """A log file is read afterwards: each thing that happened is one line."""
    paper = io.StringIO()
    with watching(["a"], stream=paper) as listener:
        listener(ShotEvent(shot="a", stage="running", take=1))
        listener(ShotEvent(shot="a", stage="running", take=1))
        for done in (100, 535, 535):
            listener(ReelEvent(done=done, total=535))
    lines = [line.partition("] ")[2] for line in paper.getvalue().splitlines()]
    assert lines == ["a t1 shooting", "reel: 535 frames joined"]


def test_a_folder_without_rights_is_a_sentence(call, scene):
    """The store cannot be made there."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    folder = Path.cwd()
    folder.chmod(0o500)
    try:
        said = call("run", scene, "--json")
    finally:
        folder.chmod(0o700)
    assert said.code == 2
    assert said.error["message"]


def test_settings_are_not_touched_by_these_tests():
    """The next test sees the service's own addresses."""
    assert Settings().fal_queue_url == "https://queue.fal.run"
