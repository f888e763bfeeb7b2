"""What makes one person another: shapes in head units, colours, what they wear.

A head unit is half the way from chin to hairline. y runs down: hairline -1, eyes 0, chin 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drawing.ink import Colour, Point, rgb


@dataclass(frozen=True, slots=True)
class Person:
    """One of the cast."""

    name: str
    skin: Colour
    hair: Colour
    eyes: Colour
    lips: Colour
    style: str  # bob | silver | curls | cap
    coat: str  # wool | cardigan | jacket | oilskin
    cloth: Colour
    under: Colour
    jaw: float = 0.52
    cheek: float = 0.72
    brow_width: float = 0.70
    chin: float = 1.0
    eye_gap: float = 0.335
    eye_size: float = 0.165
    eye_tilt: float = 0.03
    brow: float = 0.055
    brow_lift: float = 0.0
    nose: float = 0.13
    nose_end: float = 0.42
    mouth: float = 0.235
    lip: float = 1.0
    neck: float = 0.40
    shoulders: float = 1.55
    beard: Colour | None = None
    glasses: bool = False
    freckles: bool = False
    age: float = 0.0
    smile: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the head is in the frame, and which way it looks."""

    x: float
    y: float
    unit: float
    yaw: float = 0.0  # radians, right +
    roll: float = 0.0
    gaze: float = 0.0  # of an eye's half width
    key: float = -1.0  # the side the light comes from
    key_light: Colour = (1.0, 0.86, 0.66)
    rim_light: Colour = (0.45, 0.62, 1.0)
    shadow: Colour = (0.30, 0.26, 0.42)

    def at(self, x: float, y: float, z: float | None = None) -> Point:
        """A place on the head, turned and put into the frame. `z`: how far it stands out."""
        if z is None:
            z = 0.80 * float(np.sqrt(max(0.0, 1 - (x / 0.88) ** 2 - 0.22 * y * y)))
        turned = x * np.cos(self.yaw) + (z - 0.12) * np.sin(self.yaw)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        dy = y - 0.5  # the head tilts about the neck
        return (
            float(self.x + self.unit * (cos * turned - sin * dy)),
            float(self.y + self.unit * (sin * turned + cos * dy + 0.5)),
        )

    def all(self, points: Sequence[Point], z: float | None = None) -> list[Point]:
        return [self.at(x, y, z) for x, y in points]

    def rim(self, points: Sequence[Point]) -> list[Point]:
        """Outline points: the chin stands further out than the temples."""
        return [self.at(x, y, 0.10 + 0.34 * max(0.0, (y + 0.1))) for x, y in points]


MARA = Person(
    name="mara", skin=rgb("#e9bfa6"), hair=rgb("#16131a"), eyes=rgb("#6f8f7a"), lips=rgb("#b4525a"),
    style="bob", coat="wool", cloth=rgb("#a8242c"), under=rgb("#22222c"),
    jaw=0.50, cheek=0.71, eye_gap=0.330, eye_size=0.178, eye_tilt=0.035, brow=0.050,
    nose=0.112, nose_end=0.41, mouth=0.215, lip=1.15, neck=0.33, shoulders=1.42, seed=11,
)  # fmt: skip

INES = Person(
    name="ines", skin=rgb("#9a6344"), hair=rgb("#d5d3d2"), eyes=rgb("#3a2216"), lips=rgb("#8a3f3c"),
    style="silver", coat="cardigan", cloth=rgb("#1f7a78"), under=rgb("#efe6d6"),
    jaw=0.60, cheek=0.79, brow_width=0.72, chin=0.95, eye_gap=0.345, eye_size=0.160,
    eye_tilt=-0.01, brow=0.046, brow_lift=0.02, nose=0.165, nose_end=0.43, mouth=0.255, lip=1.25,
    neck=0.40, shoulders=1.50, glasses=True, age=0.75, smile=0.05, seed=23,
)  # fmt: skip

THEO = Person(
    name="theo", skin=rgb("#f0c3a4"), hair=rgb("#9a4a1f"), eyes=rgb("#4e86b8"), lips=rgb("#b5675c"),
    style="curls", coat="jacket", cloth=rgb("#5c6433"), under=rgb("#d8d2c2"),
    jaw=0.66, cheek=0.75, brow_width=0.74, chin=1.05, eye_gap=0.34, eye_size=0.152, eye_tilt=0.0,
    brow=0.082, brow_lift=-0.02, nose=0.150, nose_end=0.46, mouth=0.25, lip=0.8, neck=0.50,
    shoulders=1.85, beard=rgb("#a5552a"), freckles=True, age=0.15, seed=37,
)  # fmt: skip

TOMAS = Person(
    name="tomas", skin=rgb("#c98f6c"), hair=rgb("#e6e4df"), eyes=rgb("#8fb7cf"),
    lips=rgb("#9a5a50"), style="cap", coat="oilskin", cloth=rgb("#e0a51e"), under=rgb("#27385a"),
    jaw=0.57, cheek=0.70, brow_width=0.69, chin=1.12, eye_gap=0.325, eye_size=0.142,
    eye_tilt=-0.035, brow=0.090, brow_lift=-0.015, nose=0.175, nose_end=0.50, mouth=0.235, lip=0.7,
    neck=0.47, shoulders=1.75, beard=rgb("#ece9e2"), age=1.0, smile=-0.01, seed=53,
)  # fmt: skip

CAST = {person.name: person for person in (MARA, INES, THEO, TOMAS)}
