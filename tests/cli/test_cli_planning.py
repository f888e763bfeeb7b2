"""What a plan says to people and programs: what if, the run it names, takes side by side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file of a folder by its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.ffmpeg
def test_what_if_tells_the_branch_and_its_price_and_writes_nothing(
    call: Callable[..., Any], shot: Path
) -> None:
    """Both spellings, several values; not one byte of scene, ledger or media is another one."""
    before = fingerprint(Path.cwd())
    sets = ("--set", "mara-waits.prompt=mara stands up", "--set", "shots.street.notes=a remark")
    said = call("plan", shot, *sets, "--json").json
    full = call("plan", shot, "--set", "shots.mara-waits.prompt=mara stands up", "--json").json
    assert said["plan_id"] == full["plan_id"]
    assert said["what_if"]["touched"] == ["mara-waits", "mara-listens"]
    assert said["what_if"]["usd_more"] == said["usd"] != "0"
    assert said["what_if"]["without"]["usd"] == "0"
    people = call("plan", shot, *sets).out
    assert "without  0 shots, $0" in people and "with     2 shots" in people
    assert "street" not in people and "mara waits, locked off → mara stands up" in people
    assert "Nothing would change" in call("plan", shot, "--set", "street.notes=a remark").out
    assert fingerprint(Path.cwd()) == before


@pytest.mark.parametrize(
    "name, near",
    [
        ("mara-wait.seconds", "mara-waits"),
        ("shots.mara-wait.seconds", "mara-waits"),
        ("mara-waits.secnds", "seconds"),
        ("titel", "title"),
        ("mara-waits.preset", "cinematic-5s"),
    ],
)
def test_a_slip_in_what_if_names_the_nearest_right_name(
    name: str, near: str, call: Callable[..., Any], scene: Path
) -> None:
    said = call("plan", scene, "--set", f"{name}=cinematic-5", "--json")
    assert said.code == 2 and near in json.dumps(said.error)


@pytest.mark.ffmpeg
def test_the_plan_names_the_command_that_does_it(call: Callable[..., Any], scene: Path) -> None:
    """With its selection; it does it once, and is refused after that."""
    planned = call("plan", scene, "--only", "street", "--json").json
    words = planned["run"].split()
    assert words[:2] == ["scenegraph", "run"] and "--plan" in words
    assert planned["run"] in call("plan", scene, "--only", "street").out
    result = call(*words[1:], "--no-dailies", "--json").json
    assert result["submits"] == planned["submits"] == 1
    again = call(*words[1:], "--json")
    assert (again.code, again.error["kind"]) == (2, "plan-changed")


@pytest.mark.ffmpeg
def test_a_run_can_be_bound_to_the_file_of_a_plan(call: Callable[..., Any], shot: Path) -> None:
    """Then the refusal says, shot by shot, what would be done now."""
    Path("plan.json").write_text(call("plan", shot, "--json").out)
    assert call("run", shot, "--plan", "plan.json", "--no-dailies", "--json").json["submits"] == 0
    shot.write_text(shot.read_text().replace("mara listens", "mara smiles"))
    said = call("run", shot, "--plan", "plan.json", "--json")
    assert said.code == 2 and "mara-listens: keep → shoot" in said.error["message"]
    Path("plan.json").write_text("[]")
    assert call("run", shot, "--plan", "plan.json", "--json").error["message"].endswith("no plan.")


@pytest.mark.ffmpeg
def test_takes_side_by_side_as_typed(call: Callable[..., Any], shot: Path) -> None:
    """Shots are named after the number; the plan tells the price of all of them."""
    one = call("plan", shot, "--force", "street", "--json").json
    planned = call("plan", shot, "--takes", "2", "street", "--json").json
    assert (planned["to_shoot"], planned["submits"]) == (1, 2)
    assert float(planned["usd"]) == 2 * float(one["usd"])
    result = call("run", shot, "--takes", "2", "street", "--no-dailies", "--json").json
    assert result["submits"] == 2
    takes = call("takes", shot, "street", "--json").json["shots"][0]["takes"]
    assert len(takes) == 3 and sum(take["circled"] for take in takes) == 1
    assert not takes[0]["circled"]
    nameless = call("run", shot, "--takes", "2", "--json")
    assert nameless.code == 2 and "--takes 2 SHOT" in nameless.error["next"]


@pytest.mark.ffmpeg
def test_selections_take_globs_and_several_at_once(call: Callable[..., Any], shot: Path) -> None:
    """And a name that matches nothing is an error with the nearest right one."""

    def forced(*words: str) -> set[str]:
        rows = call("plan", shot, *words, "--json").json["shots"]
        return {row["shot"] for row in rows if row["takes"]}

    assert forced("--force", "mara-*", "--force", "street") == {
        "street",
        "mara-waits",
        "mara-listens",
    }
    assert forced("--force", "mara-waits") == {"mara-waits"}
    assert forced("--force-down", "mara-waits") == {"mara-waits", "mara-listens"}
    assert forced("--force", "*", "--omit", "mara-*") == {"street"}
    said = call("plan", shot, "--force", "streat", "--json")
    assert said.code == 2 and "'street'" in said.error["message"]
