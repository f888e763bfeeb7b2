"""A face in ink: skin and its light, eyes, nose, mouth."""

from __future__ import annotations

import numpy as np

from drawing.ink import Colour, Ink, Mask, Point, curve, mix
from drawing.people import Person, Pose

DARK: Colour = (0.07, 0.05, 0.07)


def outline(person: Person) -> list[Point]:
    """The face from the right temple round the chin to the left one and over the forehead."""
    p = person
    right = [
        (p.brow_width * 0.93, -0.80), (p.brow_width, -0.38), (p.cheek, 0.02),
        (p.cheek * 0.965, 0.32), (p.jaw * 1.10, 0.63), (p.jaw * 0.72, p.chin * 0.89),
        (0.20, p.chin * 1.0),
    ]  # fmt: skip
    left = [(-x, y) for x, y in reversed(right)]
    return [*right, *left, (-0.45, -1.12), (0.0, -1.20), (0.45, -1.12)]


def draw_face(ink: Ink, person: Person, pose: Pose) -> Mask:
    """Neckless: ears, skin, features. Returns the face's mask."""
    u, skin = pose.unit, person.skin
    for side in (-1, 1):
        if person.style != "bob" and side * pose.yaw < 0.2:
            _ear(ink, person, pose, side)
    face = ink.shape(curve(pose.rim(outline(person))))
    ink.lay(face, skin)
    away = -pose.key
    across = (ink.x - pose.x) / u * away
    turn = np.clip((across + 0.22 + 0.25 * np.sin(pose.yaw) * away) / 1.0, 0, 1)
    ink.shade(face * (turn * turn * (3 - 2 * turn)).astype(np.float32), pose.shadow, 0.50)
    inner = ink.soften(face, 0.13 * u)
    ink.shade(face * np.clip(1.12 - inner, 0, 1) ** 1.4, mix(skin, pose.shadow, 0.55), 0.72)
    low = np.clip((ink.y - pose.y - 0.35 * u) / (0.9 * u), 0, 1)
    ink.shade(face * low, mix((1, 1, 1), pose.shadow, 0.35), 0.45)
    lit = _on(ink, face, pose, 0.36 * pose.key, -0.62, 0.34, 0.24)
    ink.light(lit, pose.key_light, 0.16)
    ink.light(_on(ink, face, pose, 0.45 * pose.key, 0.22, 0.17, 0.13), pose.key_light, 0.17)
    for side in (-1, 1):
        ink.lay(
            _on(ink, face, pose, 0.43 * side, 0.32, 0.19, 0.13),
            mix(skin, (0.86, 0.30, 0.26), 0.5),
            0.28,
        )
        socket = _on(ink, face, pose, person.eye_gap * side, -0.06, 0.21, 0.12)
        ink.shade(socket, mix(skin, pose.shadow, 0.6), 0.42)
    _age(ink, face, person, pose)
    if person.freckles:
        _freckles(ink, face, person, pose)
    _nose(ink, face, person, pose)
    _mouth(ink, person, pose)
    for side in (-1, 1):
        _eye(ink, person, pose, side)
        _brow(ink, person, pose, side)
    edge = np.clip(face - ink.shifted(face, -away * 0.030 * u, 0.006 * u), 0, 1)
    ink.light(ink.soften(edge, 0.012 * u) * face, pose.rim_light, 0.62)
    edge = np.clip(face - ink.shifted(face, away * 0.022 * u, 0.004 * u), 0, 1)
    ink.light(ink.soften(edge, 0.012 * u) * face, pose.key_light, 0.26)
    return face


def _on(ink: Ink, face: Mask, pose: Pose, x: float, y: float, rx: float, ry: float) -> Mask:
    px, py = pose.at(x, y)
    narrow = max(0.45, np.cos(pose.yaw))
    return face * ink.blob(px, py, rx * pose.unit * narrow, ry * pose.unit, pose.roll)


def _ear(ink: Ink, person: Person, pose: Pose, side: int) -> None:
    x = person.cheek * 0.97
    points = [(x, -0.18), (x + 0.13, -0.20), (x + 0.15, 0.02), (x + 0.09, 0.26), (x - 0.02, 0.33)]
    ear = ink.shape(curve(pose.all([(side * a, b) for a, b in points], 0.0)))
    ink.lay(ear, mix(person.skin, pose.shadow, 0.25 if side == pose.key else 0.5))
    inner = [(x + 0.04, -0.12), (x + 0.10, -0.10), (x + 0.09, 0.05), (x + 0.05, 0.20)]
    hollow = ink.stroke(
        pose.all([(side * a, b) for a, b in inner], 0.0),
        [0.01 * pose.unit, 0.04 * pose.unit, 0.01 * pose.unit],
        0.015 * pose.unit,
    )
    ink.shade(hollow, mix(person.skin, pose.shadow, 0.7), 0.6)


def _age(ink: Ink, face: Mask, person: Person, pose: Pose) -> None:
    if person.age <= 0:
        return
    u, tone = pose.unit, mix(person.skin, pose.shadow, 0.75)
    lines: list[tuple[list[Point], float]] = []
    for side in (-1, 1):
        lines.append(([(side * 0.19, 0.40), (side * 0.29, 0.54), (side * 0.31, 0.70)], 0.9))
        lines.append(([(side * 0.20, 0.115), (side * 0.33, 0.165), (side * 0.46, 0.12)], 0.75))
        crow = ([(side * 0.54, k * 0.6), (side * 0.63, k * 1.8)] for k in (-0.05, 0.02, 0.09))
        lines.extend((foot, 0.55) for foot in crow)
    for k, y in enumerate((-0.55, -0.68, -0.80)):
        lines.append(([(-0.38, y + 0.02), (0.0, y - 0.015 * k), (0.38, y + 0.02)], 0.45))
    for points, weight in lines:
        width = [0.004 * u, 0.026 * u * weight, 0.004 * u]
        mask = ink.stroke(pose.all(points), width, 0.011 * u)
        ink.shade(mask * face, tone, 0.55 * person.age)


def _freckles(ink: Ink, face: Mask, person: Person, pose: Pose) -> None:
    rng = np.random.default_rng(person.seed)
    spots = np.zeros_like(face)
    for _ in range(70):
        x, y = rng.normal(0, 0.33), 0.22 + rng.normal(0, 0.13)
        px, py = pose.at(float(np.clip(x, -0.62, 0.62)), float(y))
        r = pose.unit * float(rng.uniform(0.006, 0.012))
        turn = np.linspace(0, 2 * np.pi, 9)
        spots = np.maximum(
            spots, ink.shape([(px + r * float(np.cos(t)), py + r * float(np.sin(t))) for t in turn])
        )
    ink.shade(spots * face, (0.78, 0.50, 0.36), 0.55)


def _nose(ink: Ink, face: Mask, person: Person, pose: Pose) -> None:
    u, w, end = pose.unit, person.nose, person.nose_end
    away = -pose.key if abs(pose.yaw) < 0.15 else float(np.sign(pose.yaw))
    tone = mix(person.skin, pose.shadow, 0.60)
    side = [
        (away * 0.05, -0.12, 0.86), (away * 0.065, 0.12, 0.94),
        (away * w * 0.95, end - 0.06, 0.92), (away * w * 0.55, end + 0.015, 0.92),
        (away * 0.01, end - 0.04, 1.06), (away * 0.0, 0.1, 1.0),
    ]  # fmt: skip
    plane = ink.shape(curve([pose.at(x, y, z) for x, y, z in side]), soft=0.022 * u)
    ink.shade(plane * face, tone, 0.62)
    under = [
        (-w, end - 0.02),
        (-w * 0.5, end + 0.035),
        (0.0, end + 0.055),
        (w * 0.5, end + 0.035),
        (w, end - 0.02),
    ]
    ink.shade(
        ink.stroke(
            [pose.at(x, y, 0.95) for x, y in under],
            [0.01 * u, 0.05 * u, 0.06 * u, 0.05 * u, 0.01 * u],
            0.018 * u,
        )
        * face,
        tone,
        0.75,
    )
    for s in (-1, 1):
        hole = [
            (s * w * 0.28, end + 0.012),
            (s * w * 0.58, end - 0.008),
            (s * w * 0.80, end + 0.010),
        ]
        ink.shade(
            ink.stroke(
                [pose.at(x, y, 0.94) for x, y in hole], [0.012 * u, 0.034 * u, 0.012 * u], 0.006 * u
            ),
            (0.24, 0.12, 0.12),
            0.75,
        )
        wing = [(s * w * 0.86, end - 0.10), (s * w * 1.12, end - 0.035), (s * w * 0.98, end + 0.02)]
        ink.shade(
            ink.stroke(
                [pose.at(x, y, 0.86) for x, y in wing], [0.004 * u, 0.022 * u, 0.006 * u], 0.008 * u
            ),
            tone,
            0.7,
        )
    ridge = [pose.at(0.012 * pose.key, y, 1.02) for y in (-0.10, 0.10, end - 0.12)]
    ink.light(
        ink.stroke(ridge, [0.02 * u, 0.035 * u, 0.05 * u], 0.022 * u) * face, pose.key_light, 0.26
    )
    tip = pose.at(0.02 * pose.key, end - 0.075, 1.06)
    ink.light(ink.blob(*tip, 0.035 * u, 0.028 * u), pose.key_light, 0.34)
    drop = pose.at(0.03 * -pose.key, end + 0.13, 0.88)
    ink.shade(ink.blob(*drop, 0.10 * u, 0.05 * u) * face, tone, 0.35)


def _mouth(ink: Ink, person: Person, pose: Pose) -> None:
    u, w, y = pose.unit, person.mouth, 0.66 + 0.02 * (person.chin - 1)
    y = 0.665 if not person.beard else 0.675
    h, up = 0.055 * person.lip, person.smile
    z = 0.84
    upper = [
        (-w, y - up), (-w * 0.45, y - h * 0.95), (-0.035, y - h * 1.18), (0, y - h * 0.98),
        (0.035, y - h * 1.18), (w * 0.45, y - h * 0.95), (w, y - up), (w * 0.4, y + 0.010),
        (0, y + 0.014), (-w * 0.4, y + 0.010),
    ]  # fmt: skip
    lower = [
        (-w * 0.93, y - up * 0.8), (-w * 0.4, y + 0.006), (0, y + 0.012), (w * 0.4, y + 0.006),
        (w * 0.93, y - up * 0.8), (w * 0.5, y + h * 1.25), (0, y + h * 1.62),
        (-w * 0.5, y + h * 1.25),
    ]  # fmt: skip
    lips = person.lips
    ink.lay(ink.shape(curve(pose.all(lower, z)), soft=0.008 * u), lips, 0.90)
    ink.lay(ink.shape(curve(pose.all(upper, z)), soft=0.006 * u), mix(lips, DARK, 0.22), 0.92)
    line = [
        (-w * 1.03, y - up),
        (-w * 0.5, y + 0.004),
        (0, y + 0.012),
        (w * 0.5, y + 0.004),
        (w * 1.03, y - up),
    ]
    ink.lay(
        ink.stroke(
            pose.all(line, z), [0.012 * u, 0.017 * u, 0.020 * u, 0.017 * u, 0.012 * u], 0.004 * u
        ),
        mix(lips, DARK, 0.75),
        0.85,
    )
    shine = pose.at(0.06 * pose.key, y + h * 0.82, z)
    ink.light(ink.blob(*shine, 0.075 * u, 0.018 * u, pose.roll), pose.key_light, 0.30)
    for s in (-1, 1):
        ink.shade(
            ink.blob(*pose.at(s * w * 1.10, y - up, z), 0.03 * u, 0.03 * u),
            mix(person.skin, pose.shadow, 0.6),
            0.45,
        )
    ink.shade(
        ink.blob(*pose.at(0, y + h * 2.2, z), 0.13 * u, 0.035 * u, pose.roll),
        mix(person.skin, pose.shadow, 0.6),
        0.42,
    )


def _eye(ink: Ink, person: Person, pose: Pose, side: int) -> None:
    u, w, tilt = pose.unit, person.eye_size, person.eye_tilt
    cx, open_ = side * person.eye_gap, 0.48 - 0.12 * person.age
    z = 0.70

    def at(a: float, b: float) -> Point:
        """Along the eye from the nose outwards (-1..1), and up (-) or down in eye widths."""
        return pose.at(cx + side * a * w, b * w - tilt * a, z)

    top = [
        (-1.0, 0.10),
        (-0.62, -0.30 * open_ / 0.5),
        (-0.05, -open_),
        (0.55, -0.78 * open_),
        (1.0, -0.02),
    ]
    low = [(0.60, 0.24), (0.05, 0.33), (-0.55, 0.27)]
    almond = ink.shape(curve([at(*p) for p in (*top, *low)]))
    ink.lay(almond, mix((0.90, 0.88, 0.87), person.skin, 0.16), 1.0)
    gaze = pose.gaze
    ix, iy = at(side * gaze, -0.06)
    r = 0.405 * w * u
    narrow = max(0.75, float(np.cos(pose.yaw)))
    iris = _disc(ink, ix, iy, r * narrow, r)
    ink.lay(iris * almond, mix(person.eyes, DARK, 0.45))
    ink.lay(_disc(ink, ix, iy, r * 0.82 * narrow, r * 0.82) * almond, person.eyes)
    ink.light(
        ink.blob(ix - 0.1 * r, iy + 0.42 * r, 0.5 * r, 0.34 * r) * iris * almond,
        mix(person.eyes, (1, 1, 1), 0.4),
        0.55,
    )
    ink.lay(_disc(ink, ix, iy, r * 0.45 * narrow, r * 0.45) * almond, DARK)
    shadow = np.clip(almond - ink.shifted(almond, 0, 0.16 * w * u), 0, 1)
    ink.shade(ink.soften(shadow, 0.04 * w * u) * almond, (0.30, 0.26, 0.34), 0.62)
    ink.lay(
        _disc(ink, ix + pose.key * 0.34 * r, iy - 0.36 * r, 0.19 * r, 0.19 * r),
        (1.0, 0.99, 0.96),
        0.95,
    )
    ink.lay(
        _disc(ink, ix - pose.key * 0.30 * r, iy + 0.36 * r, 0.09 * r, 0.09 * r),
        (0.9, 0.93, 1.0),
        0.55,
    )
    lid = [
        at(a, b)
        for a, b in (
            (-1.03, 0.10),
            (-0.62, -0.30 * open_ / 0.5 - 0.02),
            (-0.05, -open_ - 0.03),
            (0.55, -0.80 * open_ - 0.03),
            (1.12, -0.10),
        )
    ]
    heavy = 0.105 if not person.beard and person.age < 0.5 else 0.075
    ink.lay(
        ink.stroke(
            lid,
            [0.03 * w * u, heavy * w * u, 1.3 * heavy * w * u, 1.5 * heavy * w * u, 0.02 * w * u],
        ),
        mix(DARK, person.hair, 0.12),
        0.95,
    )
    below = [at(a, b) for a, b in ((-0.75, 0.24), (0.05, 0.345), (0.75, 0.18))]
    ink.shade(
        ink.stroke(below, [0.01 * u, 0.012 * u, 0.014 * u], 0.003 * u),
        mix(person.skin, DARK, 0.6),
        0.7,
    )
    fold = [
        at(a, b)
        for a, b in (
            (-0.85, -0.22),
            (-0.05, -open_ - 0.27),
            (0.62, -0.80 * open_ - 0.25),
            (1.05, -0.25),
        )
    ]
    ink.shade(
        ink.stroke(fold, [0.006 * u, 0.016 * u, 0.016 * u, 0.004 * u], 0.006 * u),
        mix(person.skin, pose.shadow, 0.85),
        0.75,
    )
    ink.lay(ink.blob(*at(-0.93, 0.12), 0.07 * w * u, 0.06 * w * u), (0.80, 0.45, 0.42), 0.6)


def _disc(ink: Ink, x: float, y: float, rx: float, ry: float) -> Mask:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return ink.shape([(x + rx * float(np.cos(t)), y + ry * float(np.sin(t))) for t in turn])


def _brow(ink: Ink, person: Person, pose: Pose, side: int) -> None:
    u, w = pose.unit, person.brow
    gap, lift = person.eye_gap, -0.235 - person.brow_lift
    line = [
        (gap - 0.20, lift + 0.045),
        (gap - 0.06, lift - 0.015),
        (gap + 0.11, lift - 0.035),
        (gap + 0.25, lift + 0.035),
    ]
    points = [pose.at(side * a, b, 0.76 - 0.30 * max(0.0, a - 0.3)) for a, b in line]
    tone = mix(person.hair, DARK, 0.35 if sum(person.hair) < 2.0 else 0.12)
    body = ink.stroke(points, [w * u * 0.8, w * u, w * u * 0.75, w * u * 0.12], 0.008 * u)
    ink.lay(body, tone, 0.82)
    rng = np.random.default_rng([person.seed, side + 1])
    middle = np.asarray(curve(points, closed=False))
    hairs = []
    for _ in range(46):
        k = int(rng.integers(0, len(middle) - 4))
        x, y = middle[k]
        dx, dy = middle[min(k + 4, len(middle) - 1)] - middle[k]
        spread = float(rng.uniform(-0.5, 0.5)) * w * u * (1 - 0.8 * k / len(middle))
        hairs.append([(x, y + spread), (x + dx * 1.1, y + spread * 0.7 + dy - 0.35 * w * u)])
    ink.lay(ink.strands(hairs, 0.009 * u), tone, 0.75)
