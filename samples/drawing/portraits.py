"""One still: a person before a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drawing.faces import draw_face
from drawing.hair import draw_back_hair
from drawing.ink import Ink
from drawing.people import Person, Pose
from drawing.places import behind
from drawing.wardrobe import draw_body
from drawing.worn import draw_front_hair

Lights = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Still:
    """A keyframe to be drawn: file, who, pose, and what is behind."""

    file: str
    person: Person
    pose: Pose
    place: str
    seed: int
    focus: float
    lights: Lights = ()
    dim: float = 1.0


def draw(still: Still) -> NDArray[np.uint8]:
    """1280×720 RGB."""
    ground = behind(still.place, still.seed, focus=still.focus, lights=still.lights, dim=still.dim)
    ink = Ink(ground)
    pose = still.pose
    halo = ink.blob(pose.x, pose.y + 0.4 * pose.unit, 1.9 * pose.unit, 2.0 * pose.unit)
    ink.shade(halo, (0.42, 0.42, 0.5), 0.35)
    draw_back_hair(ink, still.person, pose)
    draw_body(ink, still.person, pose)
    draw_face(ink, still.person, pose)
    draw_front_hair(ink, still.person, pose)
    far = np.hypot((ink.x / ink.width - 0.5) * 1.2, ink.y / ink.height - 0.48)
    ink.shade(np.clip((far - 0.35) / 0.6, 0, 1).astype(np.float32), (0.45, 0.45, 0.55), 0.6)
    return ink.picture()
