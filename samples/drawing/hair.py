"""Hair: the outline by which a person is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drawing.ink import Colour, Ink, Mask, Point, curve, mix
from drawing.people import Person, Pose
from drawing.wardrobe import strands_between

BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)


def _mass(
    ink: Ink, person: Person, pose: Pose, outline: Sequence[Point], *, dark: float = 0.0
) -> Mask:
    """A volume of hair: dark inside, lit on the key's side, a rim of the far light."""
    u = pose.unit
    mask = ink.shape(outline)
    ink.lay(mask, mix(person.hair, BLACK, 0.25 + dark))
    inner = ink.soften(mask, 0.12 * u)
    ink.shade(mask * np.clip(1.15 - inner, 0, 1), mix(person.hair, BLACK, 0.6), 0.6)
    across = np.clip((ink.x - pose.x) / u * -pose.key * 0.5 + 0.45, 0, 1).astype(np.float32)
    ink.shade(mask * across, pose.shadow, 0.55)
    return mask


def _comb(
    ink: Ink, person: Person, pose: Pose, mask: Mask, roots: list[Point], tips: list[Point],
    count: int, wild: float = 0.12,
) -> None:  # fmt: skip
    u = pose.unit
    rng = np.random.default_rng([person.seed, len(roots), count])
    shine = 0.20 if sum(person.hair) < 0.5 else 0.34  # black hair stays black
    light, dark = mix(person.hair, pose.key_light, shine), mix(person.hair, BLACK, 0.55)
    lines = strands_between(roots, tips, rng, count, wild)
    third = len(lines) // 3
    ink.lay(ink.strands(lines[:third], 0.020 * u) * mask, dark, 0.55)
    lit = np.clip((ink.x - pose.x) / u * pose.key * 0.6 + 0.55, 0.12, 1).astype(np.float32)
    ink.lay(ink.strands(lines[third : 2 * third], 0.013 * u) * mask * lit, light, 0.42)
    ink.lay(ink.strands(lines[2 * third :], 0.011 * u) * mask * lit, mix(light, WHITE, 0.15), 0.32)


def rim_light(ink: Ink, mask: Mask, pose: Pose, amount: float = 0.6) -> None:
    u = pose.unit
    edge = np.clip(mask - ink.shifted(mask, pose.key * 0.035 * u, 0.018 * u), 0, 1)
    ink.light(ink.soften(edge, 0.014 * u) * mask, pose.rim_light, amount)
    edge = np.clip(mask - ink.shifted(mask, -pose.key * 0.020 * u, 0.022 * u), 0, 1)
    ink.light(ink.soften(edge, 0.016 * u) * mask, pose.key_light, amount * 0.35)


def draw_back_hair(ink: Ink, person: Person, pose: Pose) -> None:
    """What lies behind neck and ears."""
    match person.style:
        case "bob":
            points = [
                (-0.84, -0.5), (-0.94, 0.1), (-0.93, 0.62), (-0.80, 0.98), (-0.45, 0.95),
                (0.45, 0.95), (0.80, 0.98), (0.93, 0.62), (0.94, 0.1), (0.84, -0.5),
                (0.5, -1.25), (0, -1.42), (-0.5, -1.25),
            ]  # fmt: skip
            _mass(ink, person, pose, curve(pose.all(points, -0.05)), dark=0.3)
        case "silver":
            knot = [
                (-0.34, -1.50),
                (-0.30, -1.80),
                (0.0, -1.95),
                (0.30, -1.80),
                (0.34, -1.50),
                (0.0, -1.30),
            ]
            bun = [pose.at(x, y, -0.25) for x, y in knot]
            mask = _mass(ink, person, pose, curve(bun))
            _comb(ink, person, pose, mask, bun[:3], bun[3:6], 60, 0.5)
            rim_light(ink, mask, pose)
            points = [
                (-0.86, -0.4),
                (-0.84, 0.05),
                (-0.70, 0.25),
                (0.70, 0.25),
                (0.84, 0.05),
                (0.86, -0.4),
                (0.5, -1.28),
                (0, -1.42),
                (-0.5, -1.28),
            ]
            _mass(ink, person, pose, curve(pose.all(points, -0.05)), dark=0.2)
        case "curls":
            points = [
                (-0.86, -0.55),
                (-0.83, 0.0),
                (-0.74, 0.28),
                (0.74, 0.28),
                (0.83, 0.0),
                (0.86, -0.55),
                (0.5, -1.30),
                (0, -1.45),
                (-0.5, -1.30),
            ]
            _mass(ink, person, pose, curve(pose.all(points, -0.05)), dark=0.3)
        case _:
            points = [
                (-0.70, -0.3),
                (-0.72, 0.10),
                (-0.62, 0.50),
                (0.62, 0.50),
                (0.72, 0.10),
                (0.70, -0.3),
            ]
            _mass(ink, person, pose, curve(pose.all(points, -0.05)), dark=0.1)


def cast_shadow(ink: Ink, mask: Mask, pose: Pose) -> None:
    u = pose.unit
    below = np.clip(ink.shifted(mask, -pose.key * 0.03 * u, 0.09 * u) - mask, 0, 1)
    ink.shade(ink.soften(below, 0.035 * u), mix(pose.shadow, (0.6, 0.35, 0.3), 0.4), 0.52)


def draw_bob(ink: Ink, person: Person, pose: Pose) -> None:
    crown = [
        (0.10, -1.44), (-0.45, -1.36), (-0.80, -0.95), (-0.90, -0.30), (-0.94, 0.30),
        (-0.90, 0.72), (-0.74, 0.86), (-0.60, 0.62), (-0.645, 0.15), (-0.66, -0.30),
        (-0.50, -0.42), (-0.22, -0.37), (0.08, -0.44), (0.38, -0.52), (0.62, -0.42),
        (0.66, -0.05), (0.645, 0.30), (0.60, 0.62), (0.76, 0.86), (0.91, 0.70), (0.94, 0.25),
        (0.90, -0.35), (0.78, -0.98), (0.48, -1.34),
    ]  # fmt: skip
    outline = curve(pose.all(crown, 0.26))
    mask = ink.shape(outline)
    cast_shadow(ink, mask, pose)
    _mass(ink, person, pose, outline)
    roots = pose.all([(-0.62, -1.18), (-0.2, -1.36), (0.18, -1.40), (0.6, -1.2)], 0.35)
    _comb(
        ink,
        person,
        pose,
        mask,
        roots,
        pose.all([(-0.62, -0.40), (-0.2, -0.37), (0.1, -0.44), (0.58, -0.46)], 0.45),
        210,
        0.06,
    )
    for side in (-1, 1):
        start = pose.all([(side * 0.10, -1.42), (side * 0.55, -1.25), (side * 0.82, -0.85)], 0.25)
        end = pose.all([(side * 0.62, 0.70), (side * 0.76, 0.85), (side * 0.92, 0.66)], 0.20)
        _comb(ink, person, pose, mask, start, end, 150, -0.12 * side)
    shine = ink.stroke(
        pose.all([(-0.62, -0.92), (-0.2, -1.06), (0.3, -1.05), (0.66, -0.88)], 0.4),
        [0.02 * pose.unit, 0.11 * pose.unit, 0.10 * pose.unit, 0.02 * pose.unit],
        0.05 * pose.unit,
    )
    ink.light(shine * mask, mix(pose.key_light, pose.rim_light, 0.5), 0.26)
    rim_light(ink, mask, pose, 0.75)


def draw_silver(ink: Ink, person: Person, pose: Pose) -> None:
    crown = [
        (0.0, -1.46), (-0.48, -1.36), (-0.80, -0.95), (-0.87, -0.38), (-0.80, 0.02),
        (-0.73, -0.10), (-0.70, -0.45), (-0.56, -0.78), (-0.26, -0.98), (0.10, -1.03),
        (0.42, -0.92), (0.62, -0.66), (0.70, -0.40), (0.73, -0.10), (0.80, 0.02), (0.87, -0.38),
        (0.80, -0.95), (0.48, -1.36),
    ]  # fmt: skip
    outline = curve(pose.all(crown, 0.22))
    mask = ink.shape(outline)
    cast_shadow(ink, mask, pose)
    _mass(ink, person, pose, outline)
    top = pose.all(
        [(-0.85, -0.72), (-0.60, -1.26), (0.0, -1.48), (0.60, -1.26), (0.85, -0.72)], 0.15
    )
    hairline = pose.all(
        [(-0.72, -0.15), (-0.58, -0.76), (-0.2, -0.99), (0.2, -1.01), (0.58, -0.72), (0.72, -0.15)],
        0.35,
    )
    _comb(ink, person, pose, mask, hairline, top, 420, 0.18)
    rim_light(ink, mask, pose, 0.5)


def draw_curls(ink: Ink, person: Person, pose: Pose) -> None:
    crown = [
        (0.0, -1.50), (-0.40, -1.46), (-0.74, -1.16), (-0.88, -0.70), (-0.85, -0.20),
        (-0.78, 0.12), (-0.70, -0.05), (-0.70, -0.45), (-0.60, -0.72), (-0.35, -0.86),
        (0.0, -0.90), (0.35, -0.84), (0.60, -0.70), (0.70, -0.45), (0.70, -0.05), (0.78, 0.12),
        (0.85, -0.20), (0.88, -0.70), (0.74, -1.16), (0.40, -1.46),
    ]  # fmt: skip
    outline = curve(pose.all(crown, 0.24))
    mask = ink.shape(outline)
    rng = np.random.default_rng(person.seed)
    rings: list[Point] = []
    for x, y in [
        *crown,
        *[
            (float(a), float(b))
            for a, b in zip(
                rng.uniform(-0.62, 0.62, 16), rng.uniform(-1.42, -0.88, 16), strict=True
            )
        ],
    ]:
        rings.append(pose.at(x, y, 0.32))
    u = pose.unit
    lumps = [
        [
            (px + 0.115 * u * float(np.cos(t)), py + 0.10 * u * float(np.sin(t)))
            for t in np.linspace(0, 6.28, 18)
        ]
        for px, py in rings
    ]
    mask = np.maximum(mask, ink.shape(*lumps))
    for lump in lumps:
        mask = np.maximum(mask, ink.shape(lump))
    cast_shadow(ink, mask, pose)
    ink.lay(mask, mix(person.hair, BLACK, 0.38))
    across = np.clip((ink.x - pose.x) / u * -pose.key * 0.5 + 0.45, 0, 1).astype(np.float32)
    ink.shade(mask * across, pose.shadow, 0.55)
    arcs_dark, arcs_light = [], []
    for _ in range(420):
        x, y = float(rng.uniform(-0.88, 0.88)), float(rng.uniform(-1.55, 0.05))
        px, py = pose.at(x, y, 0.34)
        r, a = u * float(rng.uniform(0.04, 0.12)), float(rng.uniform(0, 6.28))
        sweep = np.linspace(a, a + 2.5, 14)
        arc = [
            (px + r * float(np.cos(t)) * (1 - 0.25 * k / 14), py + r * 0.85 * float(np.sin(t)))
            for k, t in enumerate(sweep)
        ]
        (arcs_dark if rng.random() < 0.45 else arcs_light).append(arc)
    lit = np.clip((ink.x - pose.x) / u * pose.key * 0.6 + 0.6, 0.2, 1).astype(np.float32)
    ink.lay(ink.strands(arcs_dark, 0.020 * u) * mask, mix(person.hair, BLACK, 0.7), 0.5)
    ink.lay(
        ink.strands(arcs_light, 0.012 * u) * mask * lit,
        mix(person.hair, pose.key_light, 0.36),
        0.55,
    )
    rim_light(ink, mask, pose, 0.55)
