"""`presets`, and what `check` says: as typed, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenegraph.catalog import load_catalog
from scenegraph.cli.main import run_command
from scenegraph.scene import FIXES, RULES
from scenegraph.scene.presets import BUILT_IN

SCENE = """\
title: Dusk
preset: dusk
presets:
  dusk: {num_frames: 97, fisrt_pass_num_inference_steps: 9}
shots:
  street: {kind: t2v, prompt: {action: "rain falls, then it stops"}}
"""


@pytest.fixture
def scene(tmp_path: Path) -> str:
    (tmp_path / "scene.yaml").write_text(SCENE, encoding="utf-8")
    return str(tmp_path / "scene.yaml")


def told(capsys, *words: str) -> dict:
    assert run_command([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_presets_have_a_price_on_each_model(capsys):
    """Each preset, each model, each kind of shot; in words, a table for each model."""
    rows = told(capsys, "presets")["presets"]
    assert [(row["model"], row["preset"]) for row in rows] == [
        (model, preset) for model in load_catalog().families for preset in BUILT_IN
    ]
    assert [kind["kind"] for kind in rows[0]["kinds"]] == ["t2v", "i2v", "extend", "multicondition"]
    assert [kind["usd"] for kind in rows[0]["kinds"]] == ["0.1008", "0.1008", "0.1542", "0.1008"]
    assert run_command(["presets", "--model", "ltx-video-13b-dev"]) == 0
    words = capsys.readouterr().out
    assert "34, 41" in words and "≤0.2" in words and "098" not in words


def test_presets_of_a_scene(capsys, scene):
    """Its own ones stand beside the others, with what of them does not reach the service."""
    assert run_command(["presets", scene]) == 0
    words = capsys.readouterr().out
    assert "dusk (yours)" in words and "no such field" in words
    rows = told(capsys, "presets", scene, "--model", "ltx-video-13b-dev")["presets"]
    assert {row["model"] for row in rows} == {"ltx-video-13b-dev"}
    assert {row["preset"] for row in rows if not row["built_in"]} == {"dusk"}


def test_a_model_that_is_not_there_is_told(capsys):
    assert run_command(["presets", "--model", "ltx-video-13b-dve", "--json"]) == 2
    assert "ltx-video-13b-dev" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_fixes_are_listed_with_what_they_say(capsys):
    rows = told(capsys, "presets", "--fixes")["fixes"]
    assert [row["fix"] for row in rows] == list(FIXES)
    assert all(row["says"] and row["against"] and row["besides"] for row in rows)
    assert run_command(["presets", "--fixes"]) == 0
    assert "Hands out of frame." in capsys.readouterr().out


def test_check_says_how_grave_each_finding_is(capsys, scene):
    """Rule, name, severity, place and fix, for people and for programs."""
    found = {one["rule"]: one for one in told(capsys, "check", scene)["lint"]}
    assert {rule: one["severity"] for rule, one in found.items()} == {
        "SG001": "warning",
        "SG022": "warning",
    }
    assert found["SG001"]["name"] == "one-beat"
    assert (found["SG001"]["where"]["line"], found["SG022"]["where"]["line"]) == (6, 4)
    assert "first_pass_num_inference_steps" in found["SG022"]["message"]
    assert run_command(["check", scene]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "SG001" in line]
    assert "scene.yaml:6:" in line and ": warning SG001 Shot 'street'" in line


def test_every_rule_can_be_asked_about(capsys):
    """By number or by name; all of them in one list; a slip is told with the nearest."""
    rows = told(capsys, "check", "--rules")["rules"]
    assert [row["rule"] for row in rows] == [rule.number for rule in RULES]
    for rule in RULES:
        by_name = told(capsys, "check", "--explain", rule.name)
        assert by_name == told(capsys, "check", "--explain", rule.number.lower())
        assert by_name["reason"] and by_name["fix"]
    assert run_command(["check", "--explain", "one-beet", "--json"]) == 2
    assert "'one-beat'" in json.loads(capsys.readouterr().out)["error"]["message"]
