"""Every rule sees its case and leaves the sound one beside it alone."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

import pytest

from scenegraph.scene import RULES, Scene, lint, load_scene

HEAD = {
    "title": "x",
    "characters": {"mara": {"look": "a woman", "keyframes": {"front_closeup": "a.png"}}},
}
I2V = {"id": "a", "kind": "i2v", "keyframe": "mara.front_closeup"}
BREATH = {"action": "subtle breathing and slow head turn"}
GOOD_I2V = {**I2V, "prompt": BREATH}


def i2v(**parts):
    return {**I2V, "prompt": {"action": "she breathes", **parts}}


def hop(id, parent, **more):
    return {"id": id, "kind": "extend", "parent": parent, **more}


# rule → shots that it sees, shots that it must leave alone, more of the scene
CASES = {
    "SG001": ([i2v(action="walks across the room, sits, smiles, then stands up and leaves")], [i2v(**BREATH)], {}),
    "SG002": ([{**GOOD_I2V, "parameters": {"expand_prompt": True}}], [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH, "parameters": {"expand_prompt": True}}], {}),
    "SG003": ([GOOD_I2V, hop("b", "a", frames=50)], [{**GOOD_I2V, "frames": 121}, hop("b", "a", frames=56)], {}),
    "SG004": ([GOOD_I2V, hop("b", "a", preset="smooth-4s")], [GOOD_I2V, hop("b", "a")], {}),
    "SG005": ([GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": {"subject": "Mara", "action": "waits"}}], [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": {"subject": "a marathon", "action": "waits"}}], {}),
    "SG006": ([{**GOOD_I2V, "loras": [{"path": p, "scale": 0.5} for p in "abc"]}], [{**GOOD_I2V, "loras": [{"path": p, "scale": 0.5} for p in "ab"]}], {}),
    "SG007": ([{**GOOD_I2V, "loras": [{"path": "a", "scale": 1}]}], [{**GOOD_I2V, "loras": [{"path": "a", "scale": 0.5}]}], {}),
    "SG008": ([i2v(setting="x" * 1200)], [i2v(setting="x" * 300)], {}),
    "SG009": ([{**GOOD_I2V, "parameters": {"first_pass_num_inference_steps": 16}}], [{**GOOD_I2V, "preset": "steps-high"}], {}),
    "SG010": ([{**I2V, "prompt": "she breathes"}], [{**I2V, "prompt": "she breathes, same face, same outfit, same room, no cut, no style change"}], {}),
    "SG011": ([GOOD_I2V, hop("b", "a", prompt={"action": "a man enters"})], [GOOD_I2V, hop("b", "a", prompt={"action": "she breathes"})], {}),
    "SG012": ([GOOD_I2V, hop("b", "a", hops=3, prompt={"action": "she breathes", "camera": "slow push-in"})], [GOOD_I2V, hop("b", "a", prompt={"action": "she breathes", "camera": "slow push-in"})], {}),
    "SG013": ([i2v(framing="close-up", action="her fingers play with a ring")], [i2v(framing="medium shot", action="her fingers play with a ring")], {}),
    "SG014": ([GOOD_I2V, hop("b", "a", parameters={"aspect_ratio": "auto"})], [GOOD_I2V, hop("b", "a")], {}),
    "SG015": ([GOOD_I2V, hop("b", "a", hops=9)], [GOOD_I2V, hop("b", "a", hops=6)], {}),
    "SG016": ([{**GOOD_I2V, "kind": "multicondition"}], [{**GOOD_I2V, "kind": "multicondition", "motion": "m"}], {"motions": {"m": "m.mp4"}}),
    "SG017": ([GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH}], [GOOD_I2V], {"reel": {"order": ["a"]}}),
    "SG018": ([GOOD_I2V], [{**GOOD_I2V, "kind": "multicondition", "motion": "m"}], {"motions": {"m": "m.mp4"}}),
    "SG019": ([{**I2V, "keyframe": "mara.front-closeup", "prompt": BREATH}], [GOOD_I2V], {}),
}  # fmt: skip


def rules_of(shots, more, rule):
    head = {**HEAD, **more}
    if rule == "SG019" and shots[0]["keyframe"].endswith("front-closeup"):
        head["characters"] = {"mara": {"keyframes": {"front-closeup": "a.png"}}}
    return {finding.rule for finding in lint(Scene(**head, shots=shots))}


@pytest.mark.parametrize("rule", [rule.number for rule in RULES])
def test_a_rule_sees_its_case_and_no_other(rule):
    """A rule that never fires is a comment; one that always fires is noise."""
    seen, sound, more = CASES[rule]
    assert rule in rules_of(seen, more, rule)
    assert rule not in rules_of(sound, more, rule)


def test_a_shot_may_break_a_rule_on_purpose():
    """`allow:` takes the number or the name; a word that is no rule is told."""
    shot = CASES["SG001"][0][0]
    for word in ("SG001", "one-beat"):
        assert "SG001" not in {
            f.rule for f in lint(Scene(**HEAD, shots=[{**shot, "allow": [word]}]))
        }
    rules = {f.rule for f in lint(Scene(**HEAD, shots=[{**shot, "allow": ["SG999"]}]))}
    assert {"SG000", "SG001"} <= rules


def test_findings_have_their_place_and_a_fix(write, good):
    """Advice without a place is a riddle."""
    file = write(
        good, ("a slow turn of the head", "she turns, sits, smiles"), ("seconds: 4", "frames: 50")
    )
    findings = {f.rule: f for f in lint(load_scene(file))}
    assert (findings["SG001"].where.line, findings["SG001"].where.column) == (29, 22)
    assert findings["SG003"].where.line == 23
    assert findings["SG003"].fix == "Write `frames: 48`."
    assert all(f.fix and f.message.endswith(".") for f in findings.values())
    assert findings["SG003"].to_json()["where"]["line"] == 23


def test_every_rule_explains_itself():
    """`check --explain` has something to say for each number, and numbers are never used twice."""
    assert len({rule.number for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(len(rule.reason) > 30 and rule.fix for rule in RULES)


def test_the_good_scene_has_nothing_to_complain_about(write):
    """The sample that people copy is clean."""
    assert lint(load_scene(write())) == []
