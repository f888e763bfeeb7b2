"""Calibrating a scene, and a run that measures identity by what was found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from scenegraph.cli.main import run_command
from scenegraph.ledger import Ledger
from scenegraph.run import open_scene, remember, run
from scenegraph.settings import Settings

STILLS = Path(__file__).parents[2] / "samples" / "two-hander" / "stills"
PAIR = """\
scenegraph: 1
title: Pair
seed: 3
preset: fast-preview
picture: {resolution: 480p, aspect_ratio: "16:9", frame_rate: 24}
characters:
  ines: {keyframes: {front: stills/ines-front.jpg}}
  theo: {keyframes: {front: stills/theo-front.jpg}}
shots:
  ines-waits: {kind: i2v, keyframe: ines.front, frames: 33, prompt: "ines waits, locked off"}
  theo-waits: {kind: i2v, keyframe: theo.front, frames: 33, prompt: "theo waits, locked off"}
  empty: {kind: t2v, frames: 17, prompt: an empty corridor, expects_face: never}
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A scene of two characters with one still each."""
    (tmp_path / "stills").mkdir()
    for who in ("ines", "theo"):
        shutil.copy(STILLS / f"{who}-front.jpg", tmp_path / "stills")
    file = tmp_path / "scene.yaml"
    file.write_text(PAIR)
    return file


def calibrated(scene: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert run_command(["calibrate", str(scene), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    return {one["character"]: one for one in answer["characters"]}


def identity_of(scene: Path, shot: str) -> Any:
    """The identity measure of the shot's newest take."""
    take = remember(open_scene(scene, Settings())).of_shot(shot)[-1]
    with Ledger.open(scene.parent / ".scenegraph") as ledger:
        review = ledger.review_of(take.id)
    assert review is not None
    return review.measures["identity"]


@pytest.mark.ffmpeg
def test_a_run_measures_identity_by_what_calibration_found(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before: not measured. After: measured, until a still changes."""
    before = calibrated(pair, capsys)
    assert not before["ines"]["gates"]  # one still says nothing of how a face varies
    assert before["ines"]["weak"]
    run(pair, cut=False)
    assert identity_of(pair, "ines-waits").value is None
    found = calibrated(pair, capsys)
    assert found["ines"]["gates"], found["ines"]
    assert found["ines"]["genuine"]["most"] < found["ines"]["limit"]
    assert found["ines"]["limit"] < found["ines"]["impostor"]["least"]
    assert run_command(["rerun", str(pair), "ines-waits", "--json"]) == 0
    measured = identity_of(pair, "ines-waits")
    assert measured.value is not None
    assert measured.value < 1.0
    assert measured.budget == 1.0
    shutil.copy(STILLS / "ines-medium.jpg", pair.parent / "stills" / "ines-front.jpg")
    run(pair, cut=False)
    expired = identity_of(pair, "ines-waits")
    assert expired.value is None
    assert "calibrat" in expired.note


def test_calibrate_without_any_still_is_a_sentence(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nobody to measure."""
    pair.write_text(
        "scenegraph: 1\ntitle: Nobody\nshots: {a: {kind: t2v, frames: 17, prompt: rain falls}}\n"
    )
    assert run_command(["calibrate", str(pair), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["next"]


def test_calibrate_with_a_wrong_model_file_is_a_sentence(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that names a file which is not there must not fall back in silence."""
    monkeypatch.setenv("SCENEGRAPH_FACE_EMBEDDER", "/nowhere/sface.onnx#threshold=0.3")
    assert run_command(["calibrate", str(pair), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)["error"]
    assert "SCENEGRAPH_FACE_EMBEDDER" in said["message"]
