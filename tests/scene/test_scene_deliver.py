"""`reel.deliver`: names and mappings, the files that they become, and what can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.scene import Scene, json_schema, load_scene, save_scene

HEAD = """\
title: T
shots:
  a: {kind: t2v, prompt: rain}
  b: {kind: extend, parent: a, hops: 2}
"""


def scene_with(folder: Path, deliver: str) -> Scene:
    file = folder / "scene.yaml"
    file.write_text(f"{HEAD}reel:\n  deliver: {deliver}\n")
    return load_scene(file)


@pytest.mark.parametrize(
    "deliver, endings",
    [
        ("[]", []),
        ("gif", [".loop.gif"]),
        ("{format: poster, as: png}", [".poster.png"]),
        ("[h264, hevc, prores, dnxhr]", [".h264.mp4", ".hevc.mp4", ".prores.mov", ".dnxhr.mov"]),
        ("[webm, av1, vertical]", [".vp9.webm", ".av1.mp4", ".vertical.mp4"]),
        ("[thumbnails, chapters, burn-in]", [".thumbnails.jpg", ".chapters.mp4", ".burn-in.mp4"]),
        ("[{format: chapters, as: vtt}, chapters]", [".chapters.vtt", ".chapters.mp4"]),
        ("[gif, {format: gif, name: teaser, at: b.2}]", [".loop.gif", ".teaser.gif"]),
        ("[{format: prores, profile: 4444}, h264, {format: h264, width: 640}]",
         [".prores.mov", ".h264.mp4", ".h264.mp4"]),
    ],
)  # fmt: skip
def test_every_form_of_deliver_is_read_and_saved_alike(deliver, endings, tmp_path):
    """A person writes the shortest form that says it; saving loses nothing."""
    scene = scene_with(tmp_path, deliver)
    assert [one.ending for one in scene.reel.deliver] == endings
    assert load_scene(save_scene(scene, tmp_path / "again.yaml")) == scene


def test_a_focus_may_be_said_by_shot_and_a_hop_is_as_its_shot(tmp_path):
    """Who matters stands elsewhere in every shot."""
    (one,) = scene_with(
        tmp_path, "{format: vertical, focus: {a: left, b: 0.8, b.2: right}}"
    ).reel.deliver
    assert [one.focus_of(shot) for shot in ("a", "b.1", "b.2", "b.2.anchor")] == [0, 0.8, 1, 0.8]
    (one,) = scene_with(tmp_path, "vertical").reel.deliver
    assert one.focus_of("a") == 0.5


@pytest.mark.parametrize(
    "deliver, says",
    [
        ("[prorez]", "Did you mean 'prores'?"),
        ("[{format: gif, profile: hq}]", "is gif and takes no `profile`; it takes width, seconds"),
        ("[{format: burn-in, width: 640}]", "takes no `width`; it takes name"),
        ("[{format: prores, profile: hqx}]", "prores has proxy, lt, standard, hq, 4444"),
        ("[{format: chapters, as: png}]", "chapters has mp4, vtt, ffmeta, txt"),
        ("[{format: hevc, crf: 60}]", "from 0 to 51"),
        ("[{format: hevc, crf: low}]", "must be a whole number"),
        ("[{format: hevc, width: 641}]", "must be even"),
        ("[{format: vertical, focus: middle}]", "is left, centre, right, a share from 0 to 1"),
        ("[{format: vertical, focus: {a: 1.5}}]", "a share from 0 to 1"),
        ("[{format: vertical, focus: {z: left}}]", "names 'z', which is not in this scene"),
        ("[{format: poster, at: b.3}]", "'b' has 2 hops"),
        ("[{format: gif, seconds: 0}]", "more than 0"),
        ("[{format: gif, secnds: 4}]", "Did you mean 'seconds'?"),
        ("[{name: x}]", "has no `format`"),
        ("[{format: gif, name: a/b}]", "letters, digits"),
        ("[gif, gif]", "two files that end in '.loop.gif'"),
        ("[4]", "must be a mapping"),
    ],
)  # fmt: skip
def test_a_bad_deliverable_is_a_sentence_at_its_place(deliver, says, tmp_path):
    """It is told before a reel is cut for an hour."""
    with pytest.raises(SceneInvalid) as caught:
        scene_with(tmp_path, deliver)
    (problem,) = caught.value.problems
    assert says in f"{problem.message} {problem.expected}", problem
    assert problem.where.line == 6


def test_a_slip_elsewhere_makes_no_second_problem_of_a_deliverable(tmp_path):
    """Names of shots are looked up in what can be read."""
    with pytest.raises(SceneInvalid) as caught:
        file = tmp_path / "scene.yaml"
        file.write_text(f"{HEAD}sede: 4\nreel:\n  deliver: {{format: poster, at: a}}\n")
        load_scene(file)
    assert len(caught.value.problems) == 1


def test_an_editor_completes_names_and_mappings():
    """The schema takes both forms."""
    deliver = json_schema()["$defs"]["Reel"]["properties"]["deliver"]
    assert "burn-in" in deliver["anyOf"][0]["enum"]
    assert deliver["anyOf"][2]["items"]["anyOf"][1] == {"$ref": "#/$defs/Deliverable"}
