"""Bad scenes and bad clips: exit 2 and a sentence with its place, or a verdict that says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

STILL = Path("stills/mara.png")
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
#: What is replaced in the scene file (or its bytes, or what is done to its folder), a word of the
#: sentence, its line.
BAD: dict[str, tuple[tuple[str, str] | bytes | Callable[[], object], str, int | None]] = {
    "missing still": (STILL.unlink, "mara.png", 10),
    "text named .png": (lambda: STILL.write_text("hello"), "picture", 10),
    "still cut off": (lambda: STILL.write_bytes(STILL.read_bytes()[:300]), "damaged", 10),
    "loop of parents": (("parent: mara-waits", "parent: mara-listens"), "itself", 23),
    "negative seconds": (("    frames: 17", "    seconds: -3"), "-3", 14),
    "unknown key": (("keyframe: mara", "keyfrme: mara"), "'keyframe'", 18),
    "id with a slash": (("  street:", "  st/reet:"), "st/reet", 12),
    "path out of the folder": (("stills/mara", "../mara"), "folder", 10),
    "empty file": (b"", "empty", 1),
    "2 MB prompt": (("an empty street", "x" * 2_000_000), "characters", 15),
    "YAML bomb": (BOMB.encode(), "aliases", None),
    "binary file": (bytes(range(256)) * 10, "UTF-8", 2),
    "unknown model": (("preset:", "model: ltxv-13b-098-distiled\npreset:"), "-distilled'", 4),
    "unknown preset": (("fast-preview", "fast-preveiw"), "'fast-preview'", 4),
    "field of another model": (
        ("    frames: 17", "    parameters: {guide_scale: 3}"),
        "guide_scale",
        14,
    ),
    "too long": (("    frames: 17", "    seconds: 999"), "num_frames", 12),
}


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_scene_is_a_sentence_with_its_place(call, scene, case, command):
    """Nothing is spent, nothing is made, and the eye is led to the line."""
    spoilt, word, line = BAD[case]
    if callable(spoilt):
        spoilt()
    elif isinstance(spoilt, bytes):
        scene.write_bytes(spoilt)
    else:
        assert spoilt[0] in scene.read_text()
        scene.write_text(scene.read_text().replace(*spoilt, 1))
    said = call(command, scene, "--json")
    assert said.code == 2
    assert said.err == ""
    where = said.error["where"]
    assert where["file"] == "scene.yaml"
    assert where["line"] == line if line else where["line"]
    assert word in said.error["message"]
    plain = call(command, scene)
    assert (plain.code, plain.out) == (2, "")
    assert f"scene.yaml:{where['line']}:" in plain.err
    assert not Path(".scenegraph").exists()


@pytest.mark.parametrize("command", ["check", "plan", "run", "takes", "cut", "graph", "dailies"])
def test_a_folder_and_nothing_at_all_are_no_scene(call, scene, command):
    """A slip of the completion key."""
    Path("empty.yaml").mkdir()
    for name in ("empty.yaml", "nope.yaml"):
        said = call(command, name, "--json")
        assert said.code == 2
        assert said.error["where"]["file"] == name


#: Broken clip → a word that says why.
BROKEN = {
    "truncated.mp4": "cut off|truncated|index",
    "empty.mp4": "zero bytes",
    "one-frame.mp4": "1 frame",
    "sound.mp4": "no video",
    "text.mp4": "text",
    "page.mp4": "web page",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_clip_is_a_verdict_that_says_why(call, clip_folder, name):
    """A clip that cannot be used is a finding of the review, and no failure of it."""
    said = call("review", clip_folder / name, "--json")
    assert said.code == 0
    answer = said.json
    assert answer["verdict"] == "broken"
    assert any(word in answer["reasons"][0] for word in BROKEN[name].split("|"))
    assert answer["error"]["kind"] == "broken-media"
    assert name in answer["error"]["message"]
    assert "broken" in call("review", clip_folder / name).out


def test_a_good_clip_has_no_error(call, clip_folder):
    """The harmless case of the above."""
    answer = call("review", clip_folder / "a.mp4", "--json").json
    assert answer["verdict"] != "broken"
    assert "error" not in answer


def test_a_batch_answers_every_line_in_order(call, clip_folder, tmp_path):
    """One bad clip of four hundred must not cost the answers of the others."""
    good = {"clip": str(clip_folder / "a.mp4")}
    lines = [
        json.dumps(good),
        json.dumps({"clip": str(clip_folder / "empty.mp4")}),
        "",
        json.dumps({"clip": "nope.mp4"}),
        "{",
        "[1]",
        json.dumps({"clip": 3}),
        json.dumps({**good, "parent": str(clip_folder / "text.mp4")}),
        json.dumps({**good, "keyframe": "nope.png"}),
        json.dumps({"clip": "a\0b"}),
        json.dumps({**good, "parent": str(clip_folder / "b.mp4")}),
    ]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(lines))
    said = call("review", "--batch", file)
    assert said.code == 0
    answers = [json.loads(line) for line in said.out.splitlines()]
    verdicts = [answer.get("verdict") for answer in answers]
    broken = "broken"
    assert verdicts[1:3] == [broken, broken]
    assert answers[0]["clip"] and answers[-1]["overlap_frames"] == 0
    assert all("error" in answer for answer in answers[1:-1])
    assert "Line 5" in answers[3]["error"]["message"]


def test_a_batch_of_cutpoints_answers_every_line(call, clip_folder, tmp_path):
    """As above, and the calmest frame lies where the clip rests."""
    a, b = str(clip_folder / "a.mp4"), str(clip_folder / "b.mp4")
    lines = [
        {"clips": [a], "search": "8:39"},
        {"clips": [a, "nope.mp4"]},
        {"clips": [str(clip_folder / "text.mp4")]},
        {"clips": "a"},
        {"clips": [a, b], "target": 50, "join": "cut", "search": [4, 39]},
        {"clips": [a], "target": 5000},
    ]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    said = call("cutpoints", "--batch", file, "--json")
    assert said.code == 0
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert 22 <= answers[0]["cuts"][0]["calmest"] <= 31
    assert ["error" in answer for answer in answers] == [False, True, True, True, False, True]
    assert answers[2]["verdict"] == "broken"
    assert abs(answers[4]["frames"] - 50) <= 3


def test_words_from_elsewhere_never_drive_the_terminal(call):
    """A file's name that holds a terminal's own codes could hide or forge what is read here."""
    said = call("review", "no\x1b[31m\x9b2J.mp4")
    assert said.code == 2
    assert "There is no clip no[31m2J.mp4." in said.err
