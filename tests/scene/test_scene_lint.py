"""Every rule sees its case and leaves the sound one beside it alone."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

from pathlib import Path

import pytest

from scenegraph.plan import advise
from scenegraph.plan.drifting import ASSUMED_SLOPE, Line
from scenegraph.scene import RULES, ModelFacts, Scene, lint, load_scene
from scenegraph.scene.rules import BUDGET_HOPS

SAMPLES = Path(__file__).parents[2] / "samples"

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


STYLE = {"kind": "style", "path": "org/grain", "scale": 0.5}

# rule → shots that it sees, shots that it must leave alone, more of the scene
CASES = {
    "SG001": ([i2v(action="crosses the hall, waves, kneels, then picks up a coin and goes")], [i2v(**BREATH)], {}),
    "SG002": ([{**GOOD_I2V, "parameters": {"expand_prompt": True}}], [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH, "parameters": {"expand_prompt": True}}], {}),
    "SG003": ([GOOD_I2V, hop("b", "a", frames=50)], [{**GOOD_I2V, "frames": 121}, hop("b", "a", frames=56)], {}),
    "SG004": ([GOOD_I2V, hop("b", "a", preset="smooth-4s")], [GOOD_I2V, hop("b", "a")], {}),
    "SG005": ([GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": {"subject": "Mara", "action": "waits"}}], [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": {"subject": "a marathon", "action": "waits"}}], {}),
    "SG006": ([{**GOOD_I2V, "loras": [{"path": p, "scale": 0.5} for p in "abc"]}], [{**GOOD_I2V, "loras": [{"path": p, "scale": 0.5} for p in "ab"]}], {}),
    "SG007": ([{**GOOD_I2V, "loras": [{"path": "a", "scale": 1}]}], [{**GOOD_I2V, "loras": [{"path": "a", "scale": 0.5}]}], {}),
    "SG020": ([GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH}, {"id": "u", "kind": "t2v", "prompt": BREATH, "preset": "long-10s"}], [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH}], {}),
    "SG021": ([{**GOOD_I2V, "loras": ["grain"]}, hop("b", "a")], [{**GOOD_I2V, "loras": ["grain"]}, hop("b", "a", loras=["grain"])], {"loras": {"grain": STYLE}}),
    "SG022": ([GOOD_I2V], [GOOD_I2V], {"presets": {"p": {"first_pass_steps": 9}}}),
    "SG023": ([GOOD_I2V], [GOOD_I2V], {"presets": {"p": {"first_pass_num_inference_steps": 16}}}),
    "SG025": ([{**GOOD_I2V, "loras": [{"path": "/home/me/mara", "scale": 0.5}]}], [{**GOOD_I2V, "loras": [{"path": "org/mara", "scale": 0.5}]}], {}),
    "SG026": ([{**GOOD_I2V, "seconds": 20}], [{**GOOD_I2V, "preset": "long-10s"}, {"id": "t", "kind": "t2v", "prompt": BREATH, "seconds": 20}], {}),
    "SG024": ([{**GOOD_I2V, "loras": ["grain"]}], [GOOD_I2V], {"loras": {"grain": STYLE}}),
    "SG008": ([i2v(setting="x" * 1200)], [i2v(setting="x" * 300)], {}),
    "SG009": ([{**GOOD_I2V, "parameters": {"first_pass_num_inference_steps": 16}}], [{**GOOD_I2V, "preset": "steps-high"}], {}),
    "SG010": ([{**I2V, "prompt": "she breathes"}], [{**I2V, "prompt": "she breathes, same face, same outfit, same room, no cut, no style change"}], {}),
    "SG011": ([GOOD_I2V, hop("b", "a", prompt={"action": "a man enters"})], [GOOD_I2V, hop("b", "a", prompt={"action": "she breathes"})], {}),
    "SG012": ([GOOD_I2V, hop("b", "a", hops=3, prompt={"action": "she breathes", "camera": "slow push-in"})], [GOOD_I2V, hop("b", "a", prompt={"action": "she breathes", "camera": "slow push-in"})], {}),
    "SG013": ([i2v(framing="close-up", action="her fingers play with a ring")], [i2v(framing="medium shot", action="her fingers play with a ring")], {}),
    "SG014": ([GOOD_I2V, hop("b", "a", parameters={"aspect_ratio": "auto"})], [GOOD_I2V, hop("b", "a")], {}),
    "SG015": ([GOOD_I2V, hop("b", "a", hops=9)], [GOOD_I2V, hop("b", "a", hops=4)], {}),
    "SG016": ([{**GOOD_I2V, "kind": "multicondition"}], [{**GOOD_I2V, "kind": "multicondition", "motion": "m"}], {"motions": {"m": "m.mp4"}}),
    "SG017": ([GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH}], [GOOD_I2V], {"reel": {"order": ["a"]}}),
    "SG018": ([GOOD_I2V], [{**GOOD_I2V, "kind": "multicondition", "motion": "m"}], {"motions": {"m": "m.mp4"}}),
    "SG019": ([{**I2V, "keyframe": "mara.front-closeup", "prompt": BREATH}], [GOOD_I2V], {}),
}  # fmt: skip


SOUND = {
    "SG022": {"presets": {"p": {"first_pass_num_inference_steps": 9, "num_frames": 97}}},
    "SG023": {"presets": {"p": {"first_pass_num_inference_steps": 12}}},
}
#: A model whose i2v takes no LoRAs, for the rule that needs one.
PLAIN = ModelFacts("plain", {"i2v": {"prompt": (None, None)}})


def rules_of(shots, more, rule):
    head = {**HEAD, **more}
    if rule == "SG019" and shots[0]["keyframe"].endswith("front-closeup"):
        head["characters"] = {"mara": {"keyframes": {"front-closeup": "a.png"}}}
    scene = Scene(**head, shots=shots)
    found = lint(scene, PLAIN) if rule == "SG024" else advise(scene)
    return {finding.rule for finding in found}


@pytest.mark.parametrize("rule", [rule.number for rule in RULES])
def test_a_rule_sees_its_case_and_no_other(rule):
    """A rule that never fires is a comment; one that always fires is noise."""
    seen, sound, more = CASES[rule]
    assert rule in rules_of(seen, more, rule)
    assert rule not in rules_of(sound, {**more, **SOUND.get(rule, {})}, rule)


def text(words, kind="i2v"):
    return {**I2V, "prompt": words} if kind == "i2v" else {"id": "t", "kind": kind, "prompt": words}


COAT = {
    "loras": {
        "coat": {"kind": "wardrobe", "path": "org/coat", "scale": 0.5},
        "face": {"kind": "character", "path": "org/a", "scale": 0.5},
        "ivo": {"kind": "character", "path": "org/b", "scale": 0.5},
        "grain": STYLE,
    }
}
LOCKED = "Same face, same outfit, same room, no cut, no style change."
# rule, shots, whether it sees them, more of the scene
MORE = [
    ("SG001", [text(f"She walks to the window, then sits down. {LOCKED}")], True, {}),
    ("SG001", [text(f"Close-up, eyes on the lamps, hands on her knees, she waits. {LOCKED}")], False, {}),
    ("SG001", [text(f"She waits. Camera: pans left, then holds. {LOCKED}")], False, {}),
    ("SG002", [text("Rain.", "t2v"), hop("b", "t")], True, {"preset": "fast-preview"}),
    ("SG002", [text("Rain.", "t2v")], False, {"preset": "fast-preview"}),
    ("SG002", [GOOD_I2V, hop("b", "a", preset="fast-preview")], False, {}),
    ("SG003", [GOOD_I2V], True, {"presets": {"p": {"num_frames": 100}}}),
    ("SG003", [GOOD_I2V], False, {"presets": {"p": {"num_frames": 97}}}),
    ("SG003", [GOOD_I2V, {**GOOD_I2V, "id": "m", "kind": "multicondition", "parent": "a", "frames": 49}], True, {}),
    ("SG003", [GOOD_I2V, {**GOOD_I2V, "id": "m", "kind": "multicondition", "parent": "a", "frames": 48}], False, {}),
    ("SG005", [text("Mara waits on the platform, no cut.", "t2v")], True, {}),
    ("SG005", [text("The lamps of the marathon, and mara written on a wall.", "t2v")], False, {}),
    ("SG006", [{**GOOD_I2V, "loras": ["face", "ivo"]}], True, COAT),
    ("SG006", [{**GOOD_I2V, "loras": ["face", "grain"]}], False, COAT),
    ("SG006", [{**GOOD_I2V, "loras": ["face", "grain", "coat"]}], True, COAT),
    ("SG006", [{**GOOD_I2V, "loras": [{"name": "grain", "scale": 0}, "face", "coat"]}], False, {"loras": {**COAT["loras"], "grain": {**STYLE, "everywhere": True}}}),
    ("SG007", [{**GOOD_I2V, "loras": [{"name": "grain", "scale": 0.9}]}], True, COAT),
    ("SG007", [{**GOOD_I2V, "loras": [{"name": "grain", "scale": 0}]}], False, COAT),
    ("SG007", [GOOD_I2V], True, {"loras": {"grain": {**STYLE, "scale": 0.2}}}),
    ("SG007", [GOOD_I2V], False, {"loras": {"grain": {"kind": "style", "path": "x"}}}),
    ("SG009", [GOOD_I2V], True, {"presets": {"p": {"second_pass_num_inference_steps": 4}}}),
    ("SG009", [{**GOOD_I2V, "parameters": {"first_pass_num_inference_steps": 30}}], False, {"model": "ltx-video-13b-dev"}),
    ("SG010", [{**text("She waits, same room, no cut, no style change."), "fixes": ["face-drift", "clothes"]}], False, {}),
    ("SG011", [GOOD_I2V, hop("b", "a", prompt={"action": "she lifts an umbrella"})], True, {}),
    ("SG011", [i2v(action="she stands under an umbrella"), hop("b", "a", prompt={"action": "she lifts the umbrella"})], False, {}),
    ("SG011", [GOOD_I2V, hop("b", "a", prompt={"action": "she breathes, without a hat"})], False, {}),
    ("SG011", [GOOD_I2V, hop("b", "a", prompt="Continue. She is in a green dress now, no cut, no flicker, same face.")], True, {}),
    ("SG011", [i2v(setting="in a train carriage"), hop("b", "a", prompt={"setting": "in the kitchen", "action": "she waits"})], True, {}),
    ("SG011", [i2v(setting="in a train carriage at night"), hop("b", "a", prompt={"setting": "in the carriage", "action": "she waits"})], False, {}),
    ("SG012", [GOOD_I2V, hop("b", "a", hops=3, prompt="She tilts her head. No flicker, no cut, same face.")], False, {}),
    ("SG012", [GOOD_I2V, hop("b", "a", hops=3, prompt="She waits. Camera: slow push-in. No cut, same face.")], True, {}),
    ("SG012", [GOOD_I2V, hop("b", "a", hops=3, prompt={"action": "she waits", "camera": "locked off, no zoom"})], False, {}),
    ("SG013", [text(f"Close-up, her hands play the piano. {LOCKED}")], True, {}),
    ("SG013", [{**i2v(framing="close-up", action="she listens, hands out of frame")}], False, {}),
    ("SG013", [text("Close-up of a hand with a key card.", "t2v")], False, {}),
    ("SG014", [GOOD_I2V, hop("b", "a", preset="p")], True, {"presets": {"p": {"aspect_ratio": "auto"}}}),
    ("SG015", [GOOD_I2V, hop("b", "a", hops=5)], True, {}),
    ("SG015", [GOOD_I2V, hop("b", "a", hops=5)], False, {"drift": {"plan_ahead": True}}),
    ("SG015", [GOOD_I2V, hop("b", "a", hops=3), {**GOOD_I2V, "id": "m", "kind": "multicondition", "parent": "b"}, hop("c", "m", hops=3)], False, {}),
    ("SG018", [GOOD_I2V], True, COAT),
    ("SG018", [{**GOOD_I2V, "loras": ["face", "ivo", "coat", "grain"]}], False, COAT),
    ("SG020", [GOOD_I2V], True, {"preset": "long-10s", "reel": {"frame_rate": 24}}),
    ("SG020", [GOOD_I2V], False, {"preset": "long-10s", "reel": {"frame_rate": 24, "rate_by": "interpolate"}}),
    ("SG020", [GOOD_I2V], False, {"preset": "long-10s", "reel": {"frame_rate": 48}}),
    ("SG020", [GOOD_I2V], False, {"preset": "long-10s"}),
    ("SG020", [GOOD_I2V, {"id": "t", "kind": "t2v", "prompt": BREATH, "preset": "long-10s"}], False, {"reel": {"order": ["a"]}}),
    ("SG021", [{**GOOD_I2V, "loras": [{"path": "org/x", "scale": 0.5}]}, hop("b", "a")], True, {}),
    ("SG021", [GOOD_I2V, hop("b", "a")], False, {"loras": {"grain": {**STYLE, "everywhere": True}}}),
    ("SG025", [{**GOOD_I2V, "loras": [{"path": "loras/mara.safetensors", "scale": 0.5}]}], True, {}),
    ("SG025", [{**GOOD_I2V, "loras": [{"path": "https://example.com/mara.safetensors", "scale": 0.5}]}], False, {}),
    ("SG025", [GOOD_I2V], True, {"loras": {"grain": {**STYLE, "path": "https://huggingface.co/org/grain"}}}),
    ("SG025", [GOOD_I2V], False, {"loras": {"grain": {**STYLE, "path": "https://huggingface.co/org/grain/resolve/main/g.safetensors"}}}),
    ("SG025", [GOOD_I2V], False, {"loras": {"grain": STYLE}}),
    ("SG023", [GOOD_I2V], False, {"presets": {"p": {"first_pass_num_inference_steps": 40}}, "model": "ltx-video-13b-dev"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "shots", "sees", "more"), MORE, ids=[f"{m[0]}-{n}" for n, m in enumerate(MORE)]
)
def test_a_rule_tells_what_is_meant_from_what_only_looks_so(rule, shots, sees, more):
    """Beside each thing that a rule is for stands one that has the same words and is sound."""
    assert (rule in rules_of(shots, more, rule)) is sees


@pytest.mark.parametrize(
    "sample", sorted(path.parent.name for path in SAMPLES.glob("*/scene.yaml"))
)
def test_the_samples_are_good_craft(sample):
    """What people copy has nothing to mend; what is broken there on purpose says so."""
    assert advise(load_scene(SAMPLES / sample / "scene.yaml")) == []


def test_a_chain_is_long_when_the_plan_says_that_its_budget_is_spent():
    """Two rooms tell a film-maker the same number of hops."""
    assert Line(ASSUMED_SLOPE, "").lasts == BUDGET_HOPS


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
