"""Hair, beards, glasses and clothes: what tells people apart from across a street."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from drawing.ink import Colour, Ink, Mask, Point, curve, mix
from drawing.people import Person, Pose

At = Callable[[float, float], Point]
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)


def draw_body(ink: Ink, person: Person, pose: Pose) -> None:
    """Neck, shoulders and what covers them. The body turns half as far as the head."""
    u, s, n = pose.unit, person.shoulders, person.neck
    body = Pose(**{**_fields(pose), "yaw": pose.yaw * 0.5, "roll": 0.0})

    def at(x: float, y: float) -> Point:
        return body.at(x, y, 0.12 + 0.1)

    neck = ink.shape(
        curve(
            [
                at(-n, 0.35),
                at(-n * 0.98, 1.15),
                at(-n * 1.5, 1.55),
                at(n * 1.5, 1.55),
                at(n * 0.98, 1.15),
                at(n, 0.35),
            ]
        )
    )
    ink.lay(neck, mix(person.skin, pose.shadow, 0.22))
    ink.shade(
        neck * ink.blob(*pose.at(0.05 * -pose.key, 1.05, 0.35), 0.62 * u, 0.24 * u),
        mix(person.skin, pose.shadow, 0.75),
        0.85,
    )
    slope = [
        at(-n * 1.05, 1.22), at(-0.85, 1.42), at(-s * 0.90, 1.60), at(-s * 1.08, 1.98),
        at(-s * 1.17, 3.2), at(-s * 1.2, 6.5), at(s * 1.2, 6.5), at(s * 1.17, 3.2),
        at(s * 1.08, 1.98), at(s * 0.90, 1.60), at(0.85, 1.42), at(n * 1.05, 1.22), at(0, 1.62),
    ]  # fmt: skip
    cloth = ink.shape(curve(slope, steps=10))
    ink.lay(cloth, person.cloth)
    _cloth_light(ink, cloth, person, pose)
    edge = np.clip(cloth - ink.shifted(cloth, pose.key * 0.035 * u, 0.02 * u), 0, 1)
    ink.light(ink.soften(edge, 0.015 * u) * cloth, pose.rim_light, 0.40)
    for side in (-1, 1):
        seam = [at(side * s * 0.70, 2.35), at(side * s * 0.76, 3.2), at(side * s * 0.80, 5.5)]
        sleeve = ink.stroke(seam, [0.02 * u, 0.10 * u, 0.08 * u], 0.035 * u)
        ink.shade(sleeve * cloth, mix(person.cloth, BLACK, 0.72), 0.75)
    {"wool": _wool, "cardigan": _cardigan, "jacket": _jacket, "oilskin": _oilskin}[person.coat](
        ink, cloth, person, pose, at
    )


def _fields(pose: Pose) -> dict[str, object]:
    return {name: getattr(pose, name) for name in pose.__dataclass_fields__}


def _cloth_light(ink: Ink, cloth: Mask, person: Person, pose: Pose) -> None:
    u = pose.unit
    inner = ink.soften(cloth, 0.22 * u)
    ink.shade(cloth * np.clip(1.15 - inner, 0, 1), mix(person.cloth, BLACK, 0.5), 0.75)
    across = np.clip((ink.x - pose.x) / u * -pose.key * 0.35 + 0.35, 0, 1)
    ink.shade(cloth * across.astype(np.float32), pose.shadow, 0.55)
    rng = np.random.default_rng(person.seed + 5)
    for _ in range(7):
        x, y = pose.x + u * float(rng.uniform(-1.5, 1.5)), pose.y + u * float(rng.uniform(1.9, 3.6))
        lean = u * float(rng.uniform(-0.35, 0.35))
        fold = ink.stroke(
            [(x, y - 0.7 * u), (x + 0.3 * lean, y), (x + lean, y + 0.9 * u)],
            [0.01 * u, 0.12 * u, 0.02 * u],
            0.05 * u,
        )
        ink.shade(fold * cloth, mix(person.cloth, BLACK, 0.45), 0.45)
        ink.light(
            ink.shifted(fold, pose.key * 0.09 * u, 0) * cloth,
            mix(person.cloth, pose.key_light, 0.5),
            0.13,
        )


def _panel(
    ink: Ink, points: Sequence[Point], colour: Colour, pose: Pose, clip: Mask | None = None
) -> None:
    """A flap of cloth with a shadow under it and light on its edge."""
    u = pose.unit
    mask = ink.shape(points)
    under = ink.soften(ink.shifted(mask, -pose.key * 0.03 * u, 0.05 * u), 0.04 * u)
    ink.shade(under if clip is None else under * clip, mix(colour, BLACK, 0.7), 0.60)
    ink.lay(mask, colour)
    inner = ink.soften(mask, 0.08 * u)
    ink.shade(mask * np.clip(1.1 - inner, 0, 1), mix(colour, BLACK, 0.4), 0.5)
    edge = np.clip(mask - ink.shifted(mask, -pose.key * 0.014 * u, 0.012 * u), 0, 1)
    ink.light(edge * mask, pose.key_light, 0.24)


def _wool(ink: Ink, cloth: Mask, person: Person, pose: Pose, at: At) -> None:
    """A double-breasted red coat, collar up, a dark scarf."""
    u = pose.unit
    scarf = [
        at(-0.50, 1.02),
        at(-0.58, 1.32),
        at(-0.30, 1.62),
        at(0.0, 1.70),
        at(0.30, 1.62),
        at(0.58, 1.32),
        at(0.50, 1.02),
        at(0.0, 1.24),
    ]
    _panel(ink, curve(scarf), person.under, pose)
    for k in range(3):
        y = 1.22 + 0.13 * k
        line = ink.stroke(
            [at(-0.5, y), at(0.0, y + 0.17), at(0.5, y)], [0.01 * u, 0.05 * u, 0.01 * u], 0.02 * u
        )
        ink.shade(line, BLACK, 0.5)
    for side in (-1, 1):
        collar = [
            at(side * 0.42, 1.12),
            at(side * 0.80, 1.02),
            at(side * 1.02, 1.52),
            at(side * 0.72, 2.05),
            at(side * 0.12, 2.55),
            at(side * 0.30, 1.75),
        ]
        _panel(ink, collar, mix(person.cloth, WHITE, 0.03), pose, cloth)
    ink.shade(
        ink.stroke([at(0.06, 2.4), at(0.10, 4.0), at(0.10, 6.5)], [0.03 * u] * 3, 0.012 * u)
        * cloth,
        BLACK,
        0.55,
    )
    for row in range(4):
        for x in (-0.30, 0.46):
            bx, by = at(x, 2.75 + 0.62 * row)
            ink.lay(ink.blob(bx, by, 0.055 * u, 0.055 * u) > 0.5, (0.10, 0.07, 0.08))
            ink.light(
                ink.blob(bx + pose.key * 0.02 * u, by - 0.02 * u, 0.02 * u, 0.02 * u),
                pose.key_light,
                0.5,
            )


def _cardigan(ink: Ink, cloth: Mask, person: Person, pose: Pose, at: At) -> None:
    """A knitted cardigan over a pale blouse, a string of beads."""
    u = pose.unit
    blouse = [
        at(-0.52, 1.24),
        at(-0.34, 2.2),
        at(0.0, 3.3),
        at(0.34, 2.2),
        at(0.52, 1.24),
        at(0.22, 1.48),
        at(0.0, 1.58),
        at(-0.22, 1.48),
    ]
    ink.lay(ink.shape(blouse), mix(person.under, pose.shadow, 0.12))
    for side in (-1, 1):
        flap = [
            at(side * 0.36, 1.12),
            at(side * 0.58, 1.32),
            at(side * 0.40, 1.86),
            at(side * 0.05, 1.66),
        ]
        _panel(ink, flap, person.under, pose)
        band = [
            at(side * 0.58, 1.24),
            at(side * 0.76, 1.34),
            at(side * 0.46, 2.3),
            at(side * 0.10, 3.4),
            at(side * 0.12, 6.5),
            at(side * -0.04, 6.5),
            at(side * -0.02, 3.3),
            at(side * 0.32, 2.2),
        ]
        _panel(ink, band, mix(person.cloth, BLACK, 0.15), pose, cloth)
    ribs = [[at(x, 1.3), at(x * 1.12, 6.5)] for x in np.arange(-2.2, 2.21, 0.085)]
    ink.shade(ink.strands(ribs, 0.012 * u) * cloth, BLACK, 0.16)
    for k in range(-6, 7):
        bx, by = at(k * 0.072, 1.62 + 0.30 * (1 - (k / 6.5) ** 2))
        bead = ink.blob(bx, by, 0.040 * u, 0.040 * u) > 0.55
        ink.lay(bead, (0.75, 0.18, 0.16))
        ink.light(
            ink.blob(bx + pose.key * 0.012 * u, by - 0.014 * u, 0.014 * u, 0.014 * u), WHITE, 0.55
        )


def _jacket(ink: Ink, cloth: Mask, person: Person, pose: Pose, at: At) -> None:
    """A field jacket, open over a crew-neck, a stitched pocket."""
    u = pose.unit
    shirt = [
        at(-0.60, 1.20),
        at(-0.46, 6.5),
        at(0.46, 6.5),
        at(0.60, 1.20),
        at(0.32, 1.44),
        at(0, 1.55),
        at(-0.32, 1.44),
    ]
    ink.lay(ink.shape(shirt), mix(person.under, pose.shadow, 0.15))
    ring = ink.stroke(
        [at(-0.52, 1.20), at(-0.30, 1.47), at(0, 1.57), at(0.30, 1.47), at(0.52, 1.20)],
        [0.10 * u] * 5,
    )
    ink.lay(ring, mix(person.under, WHITE, 0.25))
    ink.shade(ink.shifted(ring, 0, 0.08 * u), mix(person.under, BLACK, 0.5), 0.35)
    for side in (-1, 1):
        front = [
            at(side * 0.50, 1.20),
            at(side * 0.72, 1.35),
            at(side * 0.60, 2.6),
            at(side * 0.56, 6.5),
            at(side * 0.40, 6.5),
            at(side * 0.42, 2.4),
        ]
        _panel(ink, front, mix(person.cloth, BLACK, 0.12), pose)
        collar = [
            at(side * 0.46, 1.06),
            at(side * 0.88, 1.24),
            at(side * 1.06, 1.66),
            at(side * 0.62, 1.98),
            at(side * 0.50, 1.60),
        ]
        _panel(ink, collar, mix(person.cloth, WHITE, 0.07), pose, cloth)
        pocket = [
            at(side * 0.78, 2.75),
            at(side * 1.36, 2.75),
            at(side * 1.36, 3.5),
            at(side * 0.78, 3.5),
        ]
        _panel(ink, pocket, person.cloth, pose, cloth)


def _oilskin(ink: Ink, cloth: Mask, person: Person, pose: Pose, at: At) -> None:
    """Yellow oilskin, wet, buckled up over a navy rollneck."""
    u = pose.unit
    roll = [
        at(-0.56, 1.00),
        at(-0.62, 1.36),
        at(-0.2, 1.62),
        at(0.2, 1.62),
        at(0.62, 1.36),
        at(0.56, 1.00),
        at(0, 1.22),
    ]
    _panel(ink, curve(roll), person.under, pose)
    knit = [[at(x, 1.05), at(x * 1.1, 1.6)] for x in np.arange(-0.55, 0.56, 0.07)]
    ink.shade(ink.strands(knit, 0.014 * u) * ink.shape(curve(roll)), BLACK, 0.35)
    for side in (-1, 1):
        collar = [
            at(side * 0.50, 1.10),
            at(side * 0.92, 1.16),
            at(side * 1.12, 1.62),
            at(side * 0.70, 1.98),
            at(side * 0.16, 1.92),
            at(side * 0.40, 1.6),
        ]
        _panel(ink, collar, mix(person.cloth, (0.45, 0.30, 0.05), 0.10), pose, cloth)
    ink.shade(
        ink.stroke([at(0.05, 1.9), at(0.07, 3.6), at(0.07, 6.5)], [0.03 * u] * 3, 0.01 * u) * cloth,
        BLACK,
        0.6,
    )
    for row in range(4):
        y = 2.25 + 0.68 * row
        clip = [at(-0.20, y), at(0.34, y), at(0.34, y + 0.13), at(-0.20, y + 0.13)]
        _panel(ink, clip, (0.16, 0.13, 0.10), pose)
        ink.light(
            ink.stroke([at(-0.08, y + 0.065), at(0.2, y + 0.065)], [0.05 * u, 0.05 * u]),
            (0.8, 0.8, 0.78),
            0.6,
        )
    rng = np.random.default_rng(9)
    drops = []
    for _ in range(70):
        x, y = float(rng.uniform(-1.8, 1.8)), float(rng.uniform(1.5, 4.5))
        drops.append([at(x, y), at(x + 0.01, y + float(rng.uniform(0.03, 0.14)))])
    ink.light(ink.strands(drops, 0.014 * u) * cloth, WHITE, 0.45)


def strands_between(
    roots: Sequence[Point], tips: Sequence[Point], rng: np.random.Generator, count: int, wild: float
) -> list[list[Point]]:
    """Hairs from one curve to another, each bent a little its own way."""
    a, b = np.asarray(curve(roots, closed=False)), np.asarray(curve(tips, closed=False))
    found = []
    for share in rng.random(count):
        start = a[int(share * (len(a) - 1))]
        end = b[int(np.clip(share + rng.normal(0, 0.02), 0, 1) * (len(b) - 1))]
        bow = (end - start)[::-1] * np.array([1, -1]) * rng.normal(0.35 * wild, 0.6 * abs(wild))
        t = np.linspace(0, 1, 9)[:, None]
        line = start + (end - start) * t + bow * (t * (1 - t))
        found.append([(float(x), float(y)) for x, y in line])
    return found
