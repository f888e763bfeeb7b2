"""`reel.audio`: a path, a list or a mapping of tracks, and what can be wrong with them."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from scenegraph.errors import SceneInvalid
from scenegraph.run import plan
from scenegraph.scene import Scene, load_scene, save_scene

HEAD = "title: T\nshots:\n  a: {kind: t2v, prompt: rain}\n  b: {kind: t2v, prompt: snow}\n"


def scene_with(folder: Path, audio: str, more: str = "") -> Scene:
    file = folder / "scene.yaml"
    file.write_text(f"{HEAD}reel:\n{more}  audio: {audio}\n")
    return load_scene(file)


def sound(folder: Path, name: str = "a.wav") -> None:
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(b"\0\1" * 8000)


@pytest.mark.parametrize(
    "audio, at",
    [
        ("a.wav", [0.0]),
        ("{file: a.wav, at: b}", ["b"]),
        ("[{file: a.wav, at: 2}, {file: a.wav, role: voice}]", [2.0, 0.0]),
        ("{theme: {file: a.wav, at: 1.5}}", [1.5]),
        ("{theme: {file: a.wav, at: b, lead: 2, trail: 0}}", ["b"]),
    ],
    ids=["path", "one", "list", "names", "led"],
)
def test_every_form_of_audio_is_read_and_saved_alike(audio, at, tmp_path):
    """A person writes the shortest form that says it; saving loses nothing."""
    sound(tmp_path)
    scene = scene_with(tmp_path, audio)
    assert [track.at for _, track in scene.reel.tracks] == at
    again = load_scene(save_scene(scene, tmp_path / "again.yaml"))
    assert again == scene
    assert plan(again).shots


@pytest.mark.parametrize(
    "audio, says",
    [
        ("no.wav", "does not exist"),
        ("../a.wav", "leads out of the scene's folder"),
        ("broken.wav", "cannot be used: it is not a sound"),
        ("[{file: a.wav, at: c}]", "'c', which is not in this scene"),
        ("[{file: a.wav, rol: voice}]", "unknown key 'rol'"),
        ("{theme: {file: a.wav, role: song}}", "one of music, voice, effects"),
        ("[{file: a.wav, offset: 5}]", "1.0 s long"),
        ("[{file: a.wav, at: 2, lead: 1}]", "has a `lead`, and begins with no shot"),
        ("{theme: {file: a.wav, trail: 0}}", "has a `trail`, and begins with no shot"),
        ("[{file: a.wav, at: b, lead: -1}]", "at least 0"),
        ("[{file: a.wav, at: b, trail: long}]", "must be a number"),
        ("[{at: 1}]", "has no `file`"),
    ],
)
def test_a_bad_track_is_told_with_its_place_before_anything_is_planned(audio, says, tmp_path):
    """Nothing is spent for a scene whose sound cannot be used."""
    sound(tmp_path)
    (tmp_path / "broken.wav").write_bytes(b"RIFF....WAVEnothing")
    with pytest.raises(SceneInvalid) as caught:
        plan(scene_with(tmp_path, audio))
    problem = caught.value.problems[0]
    assert says in problem.message
    assert problem.where.line == 6
