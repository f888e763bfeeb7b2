"""Calibrating a scene: what the face model can say of each of its characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenegraph.errors import BrokenMedia, LedgerError, SceneError
from scenegraph.ledger import Engine, Memory
from scenegraph.media import open_still, read_frames
from scenegraph.plan import amended_graph, hash_file
from scenegraph.review import Calibration, calibrate, cast_of, find_identity
from scenegraph.review.identity import TAKE_FRAMES, FrameKeeper, Picture
from scenegraph.run.faces import Shelf, keyframe_of, stills_of
from scenegraph.run.project import open_scene, remember, store_of
from scenegraph.scene import Scene, ShotGraph
from scenegraph.settings import Settings


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was found for each character, and whose takes went into it."""

    scene: str
    model: str
    engine: Engine
    characters: tuple[Calibration, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "model": self.model,
            "backend": self.engine,
            "characters": [one.to_json() for one in self.characters],
        }


def calibrate_scene(
    scene: Scene | str | Path,
    *,
    backend: Engine | None = None,
    store: str | Path | None = None,
    settings: Settings | None = None,
) -> Calibrated:
    """Hold each character's faces against its stills, and others' faces, and keep what was found.

    A run then reads it for as long as the stills and the face model stay what they are. Previews
    and real takes are never mixed: faces that the preview draws say nothing of a model's.

    Args:
        backend: whose circled takes to look at; None: paid ones, if there are any.

    Raises:
        SceneError: no face model, or no character with a still.
        BrokenMedia: a still cannot be opened.
        LedgerError: what was found cannot be kept.
    """
    settings = settings or Settings()
    scene = open_scene(scene, settings)
    model = find_identity(settings)
    if model is None:
        raise SceneError(
            "There is no face model to calibrate.",
            next="Set SCENEGRAPH_IDENTITY=auto, and SCENEGRAPH_FACE_DETECTOR and "
            "SCENEGRAPH_FACE_EMBEDDER where this OpenCV has no face cascade.",
        )
    stills = {who: stills_of(scene, who) for who in scene.characters}
    if not any(stills.values()):
        raise SceneError(
            f"{scene.name} has no character with a keyframe still.",
            next="Name them under `characters:`, `keyframes:`.",
        )
    memory = remember(scene, store=store, settings=settings)
    engine = backend or memory.leading_engine
    takes = _takes(amended_graph(scene, memory), memory, engine)
    found = calibrate(
        model,
        [
            cast_of(
                model,
                who,
                {name: open_still(path) for name, path in paths.items()},
                {slate: _frames(path) for slate, path in takes.get(who, {}).items()},
            )
            for who, paths in stills.items()
        ],
    )
    shelf = Shelf(store_of(scene, settings, store))
    for one in found:
        try:
            shelf.save(one, [hash_file(path) for path in stills[one.who].values()], engine)
        except OSError as error:
            raise LedgerError(
                f"The calibration cannot be kept in {shelf.store}: {error.strerror}.",
                next="Make room there, or name another --store.",
            ) from error
    return Calibrated(scene.name, model.name, engine, found)


def _takes(graph: ShotGraph, memory: Memory, engine: Engine) -> Mapping[str, dict[str, Path]]:
    """Files of circled takes that a person or a review found good, by character and slate."""
    found: dict[str, dict[str, Path]] = {}
    for shot in graph.order:
        take, still = memory.circled(shot), keyframe_of(graph, shot)
        if take is None or still is None or take.engine != engine or take.verdict != "good":
            continue
        if graph.shots[shot].expects_face == "never" or take.clip is None:
            continue
        found.setdefault(still.partition(".")[0], {})[take.slate] = take.clip.path
    return found


def _frames(path: Path) -> list[tuple[int, Picture]]:
    """A few frames of a take in full, evenly spread; none when it cannot be opened any more."""
    keeper = FrameKeeper(TAKE_FRAMES)
    try:
        for planes in read_frames(path):
            keeper.offer(planes)
    except BrokenMedia:
        return []
    return [(kept.index, kept.rgb()) for kept in keeper.frames()]
