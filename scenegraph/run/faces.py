"""Whom a shot shows: its character's likeness, with the limit that calibration found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from scenegraph.errors import BrokenMedia
from scenegraph.ledger import Engine
from scenegraph.media import open_still, replacing
from scenegraph.plan import hash_file
from scenegraph.review import Calibration, Expects, Identity, Likeness, likeness_of
from scenegraph.scene import FrameOf, Scene, ShotGraph

FOLDER = "calibration"


def keyframe_of(graph: ShotGraph, shot: str) -> str | None:
    """The still that a shot's chain started from, such as `mara.front_closeup`; None: none did."""
    above: str | None = shot
    while above is not None:
        picture = graph.shots[above].picture_of
        if isinstance(picture, FrameOf):
            return None
        if picture is not None:
            return picture
        above = graph.shots[above].tail_of
    return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Calibrations on the disk: one file for a model, a character's stills and an engine.

    The name is a hash of all three, so that a changed still or another model finds nothing: a
    calibration expires by itself.
    """

    store: Path

    def save(self, found: Calibration, stills: Sequence[str], engine: Engine) -> None:
        """Keep it; one that no take went into holds for both engines.

        Raises:
            OSError: it cannot be written.
        """
        place = self._place(found.model, stills, engine if found.takes else None)
        with replacing(place) as temp:
            temp.write_text(json.dumps(found.to_json(), indent=1), encoding="utf-8")

    def find(self, model: str, stills: Sequence[str], engine: Engine) -> Mapping[str, Any] | None:
        """What was found for these stills (their sha256), or None."""
        for of in (engine, None):
            try:
                found = json.loads(self._place(model, stills, of).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(found, dict) and found.get("model") == model:
                return found
        return None

    def _place(self, model: str, stills: Sequence[str], engine: Engine | None) -> Path:
        made_from = json.dumps(["calibration/1", model, sorted(stills), engine])
        return self.store / FOLDER / f"{sha256(made_from.encode()).hexdigest()[:24]}.json"


class Lineup:
    """The likeness of each shot of a scene, each character looked at once."""

    def __init__(
        self, scene: Scene, graph: ShotGraph, model: Identity | None, shelf: Shelf, engine: Engine
    ) -> None:
        self._scene, self._graph, self._model = scene, graph, model
        self._shelf, self._engine = shelf, engine
        self._held: dict[tuple[str | None, Expects], Likeness] = {}
        self._lock = Lock()

    def follow(self, graph: ShotGraph) -> None:
        """The graph has changed: a ladder put a node in, or made a hop a new shot."""
        self._graph = graph

    def likeness(self, shot: str) -> Likeness:
        """Whom this shot shows, and what it says of faces. Opens stills; never raises for one."""
        reference = keyframe_of(self._graph, shot)
        who = reference.partition(".")[0] if reference else None
        key = (who, self._graph.shots[shot].expects_face or "sometimes")
        with self._lock:
            if key not in self._held:
                self._held[key] = self._likeness(*key)
            return self._held[key]

    def _likeness(self, who: str | None, expects: Expects) -> Likeness:
        model = self._model
        if who is None or model is None or expects == "never":
            return likeness_of(model, [], expects=expects)
        paths = stills_of(self._scene, who)
        limit, why_not = None, ""
        found = self._shelf.find(model.name, [hash_file(p) for p in paths.values()], self._engine)
        if found is not None:
            if found.get("gates"):
                limit = float(found["limit"])
            else:
                weak = found.get("weak") or ["its stills are too weak"]
                why_not = f"calibration says: {weak[0]}"
        stills = []
        for path in paths.values():
            try:
                stills.append(open_still(path))
            except BrokenMedia:
                continue
        return likeness_of(model, stills, who=who, expects=expects, limit=limit, why_not=why_not)


def stills_of(scene: Scene, who: str) -> dict[str, Path]:
    """A character's stills that are there, by name."""
    keyframes = scene.characters[who].keyframes
    paths = {name: scene.path(file) for name, file in keyframes.items()}
    return {name: path for name, path in paths.items() if path.is_file()}
