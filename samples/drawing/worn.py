"""What sits on a head besides hair: a cap, a beard, glasses."""

from __future__ import annotations

import numpy as np

from drawing.hair import (
    BLACK,
    WHITE,
    cast_shadow,
    draw_bob,
    draw_curls,
    draw_silver,
    rim_light,
)
from drawing.ink import Ink, curve, mix
from drawing.people import Person, Pose
from drawing.wardrobe import strands_between


def draw_front_hair(ink: Ink, person: Person, pose: Pose) -> None:
    """What falls over the forehead, and what grows or sits on the face."""
    if person.beard:
        _beard(ink, person, pose)
    styles = {"bob": draw_bob, "silver": draw_silver, "curls": draw_curls, "cap": _cap}
    styles[person.style](ink, person, pose)
    if person.glasses:
        _glasses(ink, person, pose)


def _cap(ink: Ink, person: Person, pose: Pose) -> None:
    """A navy watch cap, knitted, the rim turned up."""
    u, navy = pose.unit, (0.10, 0.16, 0.30)
    dome = [
        (-0.80, -0.50),
        (-0.86, -0.92),
        (-0.66, -1.38),
        (-0.25, -1.60),
        (0.25, -1.60),
        (0.66, -1.38),
        (0.86, -0.92),
        (0.80, -0.50),
    ]
    rim = [
        (-0.83, -0.42),
        (-0.88, -0.86),
        (-0.45, -0.98),
        (0.0, -1.00),
        (0.45, -0.98),
        (0.88, -0.86),
        (0.83, -0.42),
        (0.42, -0.56),
        (0.0, -0.60),
        (-0.42, -0.56),
    ]
    top = ink.shape(curve(pose.all(dome, 0.22)))
    band = ink.shape(curve(pose.all(rim, 0.30)))
    cast_shadow(ink, band, pose)
    for mask, tone, foot in ((top, navy, -0.6), (band, mix(navy, WHITE, 0.08), -0.46)):
        ink.lay(mask, tone)
        inner = ink.soften(mask, 0.10 * u)
        ink.shade(mask * np.clip(1.15 - inner, 0, 1), BLACK, 0.5)
        across = np.clip((ink.x - pose.x) / u * -pose.key * 0.5 + 0.45, 0, 1).astype(np.float32)
        ink.shade(mask * across, (0.25, 0.25, 0.40), 0.6)
        ribs = [
            [
                pose.at(x, foot + 0.2, 0.3),
                pose.at(x * 0.96, -1.0, 0.34),
                pose.at(x * 0.55, -1.58, 0.25),
            ]
            for x in np.arange(-0.9, 0.91, 0.075)
        ]
        ink.shade(ink.strands(ribs, 0.020 * u) * mask, BLACK, 0.42)
        ink.light(
            ink.strands([[(a + 0.02 * u, b) for a, b in rib] for rib in ribs], 0.012 * u) * mask,
            pose.key_light,
            0.12,
        )
        rim_light(ink, mask, pose, 0.5)
    for side in (-1, 1):
        tuft = ink.shape(
            curve(
                pose.all(
                    [
                        (side * 0.66, -0.48),
                        (side * 0.775, -0.45),
                        (side * 0.765, -0.08),
                        (side * 0.70, 0.16),
                        (side * 0.655, -0.05),
                    ],
                    0.2,
                )
            )
        )
        ink.lay(tuft, mix(person.hair, pose.shadow, 0.25), 0.9)
        rng = np.random.default_rng(side + 3)
        lines = strands_between(
            pose.all([(side * 0.64, -0.5), (side * 0.82, -0.5)], 0.2),
            pose.all([(side * 0.64, 0.18), (side * 0.80, 0.18)], 0.2),
            rng,
            60,
            0.1,
        )
        ink.lay(ink.strands(lines, 0.010 * u) * tuft, mix(person.hair, BLACK, 0.5), 0.5)


def _beard(ink: Ink, person: Person, pose: Pose) -> None:
    assert person.beard is not None
    u, p = pose.unit, person
    long = 0.20 if p.age > 0.5 else 0.07
    outer = [
        (-p.cheek * 0.98, 0.02), (-p.cheek * 0.99, 0.36), (-p.jaw * 1.14, 0.72),
        (-p.jaw * 0.78, p.chin + long * 0.4), (0, p.chin + long),
        (p.jaw * 0.78, p.chin + long * 0.4), (p.jaw * 1.14, 0.72), (p.cheek * 0.99, 0.36),
        (p.cheek * 0.98, 0.02),
    ]  # fmt: skip
    inner = [
        (p.cheek * 0.88, 0.14),
        (p.cheek * 0.74, 0.42),
        (0.36, 0.545),
        (0.16, 0.535),
        (0.0, 0.555),
        (-0.16, 0.535),
        (-0.36, 0.545),
        (-p.cheek * 0.74, 0.42),
        (-p.cheek * 0.88, 0.14),
    ]
    z = 0.45
    mask = ink.shape(curve([*pose.rim(outer), *pose.all(inner)], steps=8), soft=0.022 * u)
    w = p.mouth * 1.08
    mouth = ink.shape(
        curve(
            pose.all(
                [
                    (-w, 0.675),
                    (-w * 0.4, 0.615),
                    (0, 0.63),
                    (w * 0.4, 0.615),
                    (w, 0.675),
                    (w * 0.5, 0.755),
                    (0, 0.775),
                    (-w * 0.5, 0.755),
                ],
                0.84,
            )
        ),
        soft=0.012 * u,
    )
    mask = mask * (1 - mouth)
    tone = p.beard
    ink.lay(mask, mix(tone, pose.shadow, 0.38), 0.88)
    across = np.clip((ink.x - pose.x) / u * -pose.key * 0.6 + 0.4, 0, 1).astype(np.float32)
    ink.shade(mask * across, pose.shadow, 0.55)
    rng = np.random.default_rng(p.seed + 1)
    dark, light = [], []
    for _ in range(2400):
        x, y = float(rng.uniform(-p.cheek, p.cheek)), float(rng.uniform(0.0, p.chin + long))
        length = float(rng.uniform(0.05, 0.12)) * (1.4 if p.age > 0.5 else 1.0)
        a, b = pose.at(x, y, z), pose.at(x * 1.02 + float(rng.normal(0, 0.02)), y + length, z)
        (dark if rng.random() < 0.5 else light).append([a, b])
    ink.lay(ink.strands(dark, 0.008 * u) * mask, mix(tone, BLACK, 0.5), 0.36)
    lit = np.clip((ink.x - pose.x) / u * pose.key * 0.6 + 0.6, 0.2, 1).astype(np.float32)
    ink.lay(ink.strands(light, 0.007 * u) * mask * lit, mix(tone, pose.key_light, 0.5), 0.5)
    ink.shade(ink.blob(*pose.at(0, 0.84, 0.8), 0.10 * u, 0.03 * u) * mask, BLACK, 0.35)


def _glasses(ink: Ink, person: Person, pose: Pose) -> None:
    u, dark = pose.unit, (0.10, 0.07, 0.07)
    r = 0.245
    turn = np.linspace(0, 2 * np.pi, 60)
    for side in (-1, 1):
        ring = [
            pose.at(
                side * (person.eye_gap + 0.012) + r * float(np.cos(t)),
                0.015 + r * 0.92 * float(np.sin(t)),
                0.80,
            )
            for t in turn
        ]
        lens = ink.shape(ring)
        ink.light(
            lens
            * ink.blob(
                *pose.at(side * person.eye_gap + pose.key * 0.10, -0.12, 0.8),
                0.10 * u,
                0.05 * u,
                -0.5,
            ),
            (1, 1, 1),
            0.22,
        )
        ink.shade(
            ink.shifted(ink.stroke(ring, [0.030 * u] * 3, 0.01 * u), 0.0, 0.03 * u),
            (0.5, 0.35, 0.35),
            0.35,
        )
        ink.lay(ink.stroke(ring, [0.034 * u] * 3), dark, 0.95)
        arm = [
            pose.at(side * (person.eye_gap + r), -0.02, 0.72),
            pose.at(side * person.cheek * 1.02, -0.06, 0.15),
        ]
        ink.lay(ink.stroke(arm, [0.03 * u, 0.03 * u]), dark, 0.95)
    bridge = [pose.at(-0.10, 0.0, 0.98), pose.at(0.0, -0.05, 1.02), pose.at(0.10, 0.0, 0.98)]
    ink.lay(ink.stroke(bridge, [0.03 * u] * 3), dark, 0.95)
