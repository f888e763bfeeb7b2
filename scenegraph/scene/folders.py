"""The same scene seen from another folder: every path still names the same file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenegraph.scene.model import Scene
from scenegraph.scene.tracks import Track


def placed(scene: Scene, folder: str | Path) -> Scene:
    """A scene that lies in `folder`, its relative paths written anew from there.

    `Scene.in_folder` leaves the words of the paths and so means other files; this keeps the
    files. Nothing is copied or looked at.

    >>> from scenegraph.scene import TextShot
    >>> shot = TextShot(id="rain", prompt="Rain.")
    >>> scene = Scene(title="Rain", motions={"sway": "sway.mp4"}, shots=[shot])
    >>> placed(scene.in_folder("/films/rain"), "/films").motions
    {'sway': 'rain/sway.mp4'}
    """
    here, there = scene.folder, Path(folder).absolute()
    if here.resolve() == there.resolve():
        return scene.in_folder(there)

    def seen(path: str) -> str:
        return (
            path
            if Path(path).is_absolute()
            else Path(os.path.relpath(here / path, there)).as_posix()
        )

    return _with_paths(scene, seen).in_folder(there)


def _with_paths(scene: Scene, seen: Callable[[str], str]) -> Scene:
    characters = {
        name: cast.model_copy(
            update={"keyframes": {still: seen(file) for still, file in cast.keyframes.items()}}
        )
        for name, cast in scene.characters.items()
    }
    return scene.model_copy(
        update={
            "characters": characters,
            "motions": {name: seen(file) for name, file in scene.motions.items()},
            "reel": scene.reel.model_copy(update={"audio": _audio(scene.reel.audio, seen)}),
        }
    )


def _audio(audio: Any, seen: Callable[[str], str]) -> Any:
    if audio is None or isinstance(audio, str):
        return audio and seen(audio)
    if isinstance(audio, Track):
        return audio.model_copy(update={"file": seen(audio.file)})
    if isinstance(audio, dict):
        return {name: _audio(track, seen) for name, track in audio.items()}
    return tuple(_audio(track, seen) for track in audio)
