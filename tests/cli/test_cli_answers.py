"""What every command promises: help with an example, one JSON document, a table a pipe can read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console

from scenegraph.cli.app import app
from scenegraph.scene import fixes_for
from scenegraph.settings import Settings

COMMANDS = sorted(typer.main.get_command(app).commands)
PROGRAM = (sys.executable, "-c", "from scenegraph.cli import main; main()")
SAMPLES = Path(__file__).parents[2] / "samples"

PLAN = {"scene", "plan_id", "usd", "to_shoot", "shots"}
PLAN_SHOT = {
    "shot", "kind", "endpoint", "action", "reason", "changed", "usd", "num_frames", "key",
}  # fmt: skip
RUN = {
    "scene", "backend", "reel", "usd", "submits", "shots", "reel_frames", "reel_rate", "elapsed_s",
}  # fmt: skip
RUN_SHOT = {
    "shot", "kind", "state", "take", "slate", "seed", "request_id", "usd", "verdict", "error",
    "media",
}  # fmt: skip
TAKE = {"take", "state", "circled", "pinned", "verdict", "usd", "seed", "key", "media"}
REVIEW = {"clip", "verdict", "reasons", "score", "overlap_frames", "measures"}
CUT = {"clip", "in_frame", "out_frame", "calmest", "motion_at_in", "motion_at_out"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(call, command):
    """The fastest way to learn a command is a line that can be typed."""
    said = call(command, "--help")
    assert said.code == 0
    assert re.search(rf"Example:\s+scenegraph {command}", said.out), said.out


def test_help_without_a_command(call):
    """Somebody who types the name alone wants to know what there is, and no empty error."""
    said = call()
    assert "check" in said.out
    assert said.err == ""


#: Command line → where in its answer → the keys that are promised there.
PROMISED = {
    "plan": (("plan", "SCENE"), (), PLAN),
    "plan, a shot": (("plan", "SCENE"), ("shots", 0), PLAN_SHOT),
    "run": (("run", "SCENE"), (), RUN),
    "run, a shot": (("run", "SCENE"), ("shots", 0), RUN_SHOT),
    "cut": (("cut", "SCENE"), (), {"reel", "reel_frames", "timeline"}),
    "takes": (("takes", "SCENE"), ("shots", 0), {"shot", "takes"}),
    "takes, a take": (("takes", "SCENE"), ("shots", 0, "takes", 0), TAKE),
    "dailies": (("dailies", "SCENE"), (), {"path", "bytes"}),
    "graph": (("graph", "SCENE"), (), {"scene", "shots", "edges", "mermaid"}),
    "check": (("check", "SCENE"), (), {"scene", "shots", "errors", "lint"}),
    "pick": (("pick", "SCENE", "street", "1"), (), {"shot", "take", "circled", "pinned"}),
    "pin": (("pin", "SCENE", "street"), (), {"shot", "take", "circled", "pinned"}),
    "unpin": (("unpin", "SCENE", "street"), (), {"shot", "take", "circled", "pinned"}),
    "models": (("models",), ("models", 0), {"name", "version", "endpoints"}),
    "doctor": (("doctor",), (), {"well", "checks"}),
    "schema": (("schema",), (), {"$schema", "properties"}),
    "new": (("new", "--list"), ("workflows", 0), {"name", "summary", "parameters"}),
}


@pytest.mark.parametrize("case", PROMISED)
def test_json_is_one_document_with_the_promised_keys(call, shot, case):
    """Programs read stdout: nothing but the answer may stand there."""
    line, path, keys = PROMISED[case]
    said = call(*(shot if word == "SCENE" else word for word in line), "--json")
    assert said.code == 0, said.err
    found = said.json
    for step in path:
        found = found[step]
    assert keys <= set(found)


def test_clip_answers_have_the_promised_keys(call, clip_folder):
    """The clip commands are used by other programs more than any others."""
    review = call("review", clip_folder / "a.mp4", "--parent", clip_folder / "b.mp4", "--json").json
    assert set(review) >= REVIEW
    assert set(review["clip"]) >= {"frames", "rate", "width", "height", "duration_s"}
    assert all({"value", "budget", "over"} <= set(m) for m in review["measures"].values())
    assert review["overlap_frames"] == 0
    over = [name for name, measure in review["measures"].items() if measure["over"]]
    assert review["fixes"] == list(fixes_for(over))
    alone = call("review", clip_folder / "a.mp4", "--json").json
    assert alone["overlap_frames"] is None
    points = call("cutpoints", clip_folder / "a.mp4", clip_folder / "b.mp4", "--json").json
    assert set(points) >= {"cuts", "cost", "frames"}
    assert all(set(cut) >= CUT for cut in points["cuts"])


@pytest.mark.parametrize("log", ["console", "json"])
def test_events_never_reach_stdout(call, shot, monkeypatch, log):
    """However much is logged, the answer stays alone."""
    monkeypatch.setenv("SCENEGRAPH_LOG", log)
    said = call("-v", "run", shot, "--json")
    assert said.json["submits"] == 0
    assert "kept" in said.err
    if log == "json":
        events = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
        assert any("event" in event for event in events)


def test_scores_of_a_run_are_as_a_review_writes_them(shot_folder):
    """Sixteen digits of a measure are noise, and two commands must not disagree."""
    answer = json.loads((shot_folder / "answer.json").read_text())
    scores = [one["score"] for one in answer["shots"]]
    assert scores == [round(score, 4) for score in scores]


#: Wrong calls → a word of the sentence.
USAGE = {
    "no scene": (("plan",), "SCENE"),
    "unknown command": (("plann",), "'plan'"),
    "unknown option": (("run", "SCENE", "--nope"), "--nope"),
    "no amount": (("run", "SCENE", "--max-usd", "lots"), "'lots'"),
    "unknown shot": (("run", "SCENE", "--only", "stret"), "'street'"),
    "no such take": (("pick", "SCENE", "street", "7"), "7"),
    "what-if of nothing": (("plan", "SCENE", "--set", "shots.stret.seed=1"), "'street'"),
    "nothing to compare": (("why", "SCENE", "street"), "two"),
    "nothing unknown": (("resolve", "SCENE", "street", "--give-up"), "street"),
    "doubt about no shot": (("resolve", "SCENE", "stret", "--give-up"), "'street'"),
    "film of too many frames": (("cutpoints", "MEDIA", "--target", "9999"), "9999"),
    "store without a name": (("plan", "SCENE", "--store", ""), "--store"),
    "store in a bucket": (("run", "SCENE", "--store", "s3://films/x"), "s3://films/x"),
    "store by a URL with a password": (("run", "SCENE", "--store", "pg://me:pw@db/x"), "pg://db/x"),
    "unknown backend": (("run", "SCENE", "--backend", "fall"), ": 'fall' is not one of"),
    "reel that is no film": (("run", "SCENE", "--out", "film.txt"), ".mp4"),
    "reel under a file": (("cut", "SCENE", "--out", "scene.yaml/film.mp4"), "scene.yaml"),
    "page under a file": (("dailies", "SCENE", "--out", "scene.yaml/page.html"), "scene.yaml"),
    "graph under a file": (("graph", "SCENE", "--out", "scene.yaml/graph.svg"), "scene.yaml"),
    "store that is a file": (("run", "SCENE", "--store", "scene.yaml"), "scene.yaml"),
    "plan on a file": (("plan", "SCENE", "--store", "scene.yaml"), "scene.yaml"),
    "no key": (("run", "SCENE", "--backend", "fal"), "key"),
    "unknown model": (("models", "ltxv-13b"), "ltxv-13b"),
    "unknown recipe": (("new", "x.yaml", "--workflow", "establishin"), "establishing"),
    "no clip": (("review", "nope.mp4"), "nope.mp4"),
    "no clips": (("cutpoints",), "clips"),
    "no clip to cut": (("cut", "nope.mp4"), "nope.mp4"),
    "two scenes": (("cut", "SCENE", "other.yaml"), "One scene"),
    "no batch": (("review", "--batch", "nope.jsonl"), "nope.jsonl"),
    "search backwards": (("cutpoints", "x.mp4", "--search", "9:3"), "9:3"),
    "search of words": (("cutpoints", "x.mp4", "--search", "a:b"), "a:b"),
    "rate of words": (("cut", "x.mp4", "--rate", "fast"), "fast"),
}


@pytest.mark.parametrize("case", USAGE)
def test_a_wrong_call_is_a_sentence(call, shot, case):
    """Exit 2, the error object alone on stdout, and what to do next."""
    line, word = USAGE[case]
    media = next(Path(".scenegraph/media").glob("*/*.mp4"))
    given = {"SCENE": shot, "MEDIA": media}
    said = call(*(given.get(part, part) for part in line), "--json")
    assert said.code == 2
    assert set(said.error) >= {"kind", "message", "next", "where"}
    assert set(said.error["where"]) == {"file", "line", "column"}
    assert word in said.error["message"] + said.error["next"]
    assert said.error["message"].endswith((".", "?", "!"))
    assert said.error["next"]
    assert said.err == ""


@pytest.mark.parametrize("key", ["", " ", "\n"])
def test_an_empty_key_is_no_key(call, scene, monkeypatch, key):
    """`FAL_KEY=$(cat nowhere)` asks nobody; white space around a key is dropped."""
    monkeypatch.setenv("FAL_KEY", key)
    said = call("run", scene, "--backend", "fal", "--yes", "--json")
    assert said.code == 2
    assert "none is set" in said.error["message"]
    monkeypatch.setenv("FAL_KEY", f"id:secret{key}")
    assert Settings().credentials() == "id:secret"


SETTINGS = {
    "SCENEGRAPH_LOG": "blue",
    "SCENEGRAPH_FAL_INFLIGHT": "lots",
    "SCENEGRAPH_FAL_QUEUE_URL": "http://example.com",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_bad_setting_is_a_sentence_that_names_it(call, scene, monkeypatch, name):
    """A slip in the environment is far from where it bites."""
    monkeypatch.setenv(name, SETTINGS[name])
    said = call("plan", scene, "--json")
    assert said.code == 2
    assert name in said.error["message"]


def test_an_ffmpeg_that_is_not_there_is_told_before_anything_is_asked_for(
    call, scene, clip_folder, monkeypatch
):
    """Found only after the takes are paid for, it would cost them."""
    monkeypatch.setenv("SCENEGRAPH_FFMPEG", "/nowhere/ffmpeg")
    said = call("run", scene, "--json")
    assert said.code == 2
    assert "/nowhere/ffmpeg" in said.error["message"]
    assert not Path(".scenegraph").exists()
    assert call("cut", clip_folder / "a.mp4", "--out", "film.mp4").code == 2
    doctor = call("doctor", "--json")
    assert (doctor.code, doctor.json["well"]) == (2, False)


def test_doctor_needs_no_key(call):
    """The first command on a new machine."""
    said = call("doctor")
    assert said.code == 0
    assert "not set" in said.out


@pytest.mark.parametrize(
    "line",
    [
        ("plan", "scene.yaml"),
        ("check", "scene.yaml"),
        ("graph", "scene.yaml", "--format", "mermaid"),
    ],
    ids=lambda line: line[0],
)
def test_answers_of_a_new_scene(call, scene, golden, line):
    """The answers as people read them, through a pipe: whole, without blanks at the ends."""
    said = call(*line)
    assert said.code == 0
    assert all(row == row.rstrip() for row in said.out.splitlines())
    golden(f"cli_{line[0]}.txt", re.sub(r"\b[0-9a-f]{6}-[0-9a-f]{6}-[0-9a-f]{4}\b", "…", said.out))


def test_answer_of_takes(call, shot, golden):
    """Numbers that hang on the encoder's version are left out."""
    text = re.sub(r"\d\.\d\d  +\d+ ", "0.00     9 ", call("takes", shot).out)
    golden("cli_takes.txt", re.sub(r"media/../[0-9a-f]{64}", "media/…", text))


def test_answer_of_models(call, golden):
    """A changed price or field is seen in a review of this file."""
    golden("cli_models.txt", call("models").out)


def test_a_pipe_gets_whole_rows(call, scene):
    """At 80 columns the action once vanished; a pipe has no columns."""
    long = "a-shot-with-a-name-that-is-longer-than-most-would-ever-type"
    scene.write_text(scene.read_text().replace("  street:", f"  {long}:"))
    rows = call("plan", scene).out.splitlines()
    assert re.fullmatch(rf"{long} +shoot +17 +[\d.]+ +never shot", rows[1])


def test_the_samples_schema_is_the_one_that_is_printed(call):
    """Editors complete the sample scenes by this file."""
    written = (SAMPLES / "scene.schema.json").read_text(encoding="utf-8")
    assert call("schema").out == written


@pytest.mark.parametrize(
    "sample", sorted(SAMPLES.glob("*/scene.yaml")), ids=lambda p: p.parent.name
)
def test_a_sample_passes_its_check(call, sample):
    """The first thing that anyone tries."""
    said = call("check", sample, "--json")
    assert said.code == 0, said.out
    assert said.json["errors"] == []


def test_a_models_fields_are_told_to_their_ends(call):
    """A field inside an object can be set too; a range of whole numbers was shown as 9.0–1441.0."""
    rows = [line.split() for line in call("models", "ltxv-13b-098-distilled").out.splitlines()]
    told = {row[0]: row[1:] for row in rows if row}
    assert told["videos[].conditioning_type"][:5] == ["string", "rgb", "depth", "pose", "canny"]
    assert told["loras[].scale"][:3] == ["number", "0–4", "1"]
    assert told["num_frames"][:3] == ["integer", "9–1441", "121"]
    assert told["temporal_adain_factor"][:4] == ["number", "0–1", "by", "0.05"]
    assert told["enable_safety_checker"][:2] == ["boolean", "true"]


def test_a_terminal_of_another_encoding_loses_signs_and_no_answer(shot):
    """An old locale has no ring for the circled take: the table comes with a `?`, JSON escaped."""
    shot.write_text(shot.read_text().replace("title: Tiny", "title: Tiny – 夜"), encoding="utf-8")
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for line in (["takes", str(shot)], ["plan", str(shot), "--json"], ["check", str(shot)]):
        done = subprocess.run([*PROGRAM, *line], capture_output=True, env=narrow, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
        assert "--json" not in line or json.loads(done.stdout)["shots"]


def test_takes_keep_their_names_whole_in_a_narrow_terminal(call, shot, monkeypatch):
    """At 60 columns the names were folded to three letters a line."""
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "60")
    said = call("takes", shot)
    assert "mara-listens  t1" in said.out
    assert "seed" not in said.out
    monkeypatch.setenv("COLUMNS", "80")
    assert "seed" in call("takes", shot).out
