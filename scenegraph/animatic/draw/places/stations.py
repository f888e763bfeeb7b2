"""A railway platform, and the inside of a carriage."""

from __future__ import annotations

import numpy as np

from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.corridor import (
    Shape,
    Walls,
    cells,
    haze_of,
    inside,
    mirrored,
    nearness,
    walls,
)
from scenegraph.animatic.draw.places.paint import Mask, Sheet, mix, ridge, smooth
from scenegraph.animatic.draw.places.sky import hills, paint_sky
from scenegraph.animatic.draw.places.stage import Stage


def platform(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Wet stone, a canopy with lamps on one side, rails that run into the dark on the other."""
    pal = brief.palette
    half = stage.size.width / stage.size.height / 2
    side = float(rng.choice([-1, 1]))  # the side of the canopy and the wall
    eye = (-side * 0.10 * half, 0.50)
    stage.eye = eye
    wall, open_ = 0.95 * half, 5.0
    left, right = (wall, open_) if side < 0 else (open_, wall)
    shape = Shape(eye, left, right, 0.40, 6.0)
    sheet = Sheet(stage.size)
    paint_sky(sheet, brief, rng, eye[1], clouds=0.5)
    haze = mix(pal.horizon, pal.far, 0.3)
    hills(sheet, ridge(rng, 200, 0.5), eye[1] + 0.004, 0.03, mix(pal.far, pal.near, 0.5), haze)
    _far_lights(sheet, brief, rng, eye)
    w = walls(shape, sheet)
    air = haze_of(w.near, 5.5)[..., None]
    fog = np.asarray(haze, np.float32)
    _wall(sheet, brief, rng, w.left if side < 0 else w.right, w, fog, air)
    _canopy(sheet, brief, shape, side, wall, fog)
    _floor(sheet, brief, rng, shape, w, side, fog, air)
    x, y = stage.window_xy()
    roof = Shape(eye, left, right, 0.40, 0.62)
    near = nearness(shape, x, y)
    under = smooth(side * (x - eye[0]), -0.06, 0.10)
    near = np.maximum(near, np.minimum(nearness(roof, x, y), 1.2) * under)
    stage.back(sheet, near)
    for step, at in enumerate((0.17, 0.30, 0.52, 1.02)):
        stage.cut_out(_post(Sheet(stage.size), brief, rng, eye, side, wall, at, step), at)


def _far_lights(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, eye: tuple[float, float]
) -> None:
    if not brief.dark:
        return
    for _ in range(26):
        x = float(rng.uniform(-sheet.wide, sheet.wide))
        y = eye[1] - float(rng.uniform(0.0, 0.02))
        sheet.glow(
            x, y, float(rng.uniform(0.003, 0.008)), brief.palette.lamp, float(rng.uniform(0.2, 0.6))
        )
    for dx, tint in ((0.055, (1.0, 0.16, 0.10)), (0.075, (0.25, 1.0, 0.55))):
        sheet.glow(eye[0] * 0.4 + dx, eye[1] - 0.055, 0.010, tint, 0.8)


def _wall(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, mask: Mask, w: Walls, fog: Mask, air: Mask
) -> None:
    """The station house: tiles, doors, posters, lit windows."""
    pal = brief.palette
    standing = mask * np.clip((1.62 - w.up) * w.near * sheet.per * 0.4 + 0.5, 0, 1)
    base = mix(pal.near, mix(pal.far, (0.45, 0.34, 0.27), 0.5), 0.55)
    tone = np.asarray(base, np.float32) * np.ones_like(sheet.colour)
    tile_u, tile_v, value = cells(rng, w.along, w.up, 0.16, 0.08)
    sharp = np.clip(w.near * 2.2 - 0.3, 0, 1)
    joint = 1 - inside(tile_u, 0.04, 0.96, 0.06) * inside(tile_v, 0.08, 0.92, 0.1)
    tone *= (1 + 0.10 * (value - 0.5) * sharp - 0.22 * joint * sharp)[..., None]
    u, _, door = cells(rng, w.along, w.up * 0, 1.25, 1.0)
    lit_by = np.exp(-(((u - 0.5) / 0.30) ** 2)) * np.exp(-(((w.up - 1.25) / 0.75) ** 2))
    lamp = np.asarray(pal.lamp, np.float32)
    tone = (
        tone * (0.75 + 0.25 * lit_by[..., None])
        + lamp * (lit_by * (0.20 if brief.dark else 0.05))[..., None]
    )
    pane = inside(u, 0.30, 0.70, 0.02) * inside(w.up, 0.45, 1.12, 0.02) * (door > 0.35)
    bars = 1 - inside((u * 8) % 1.0, 0.0, 0.10, 0.05) * 0.7
    light = np.asarray(mix(pal.lamp, (1, 0.96, 0.88), 0.25), np.float32)
    tone = tone + (light * (0.92 if brief.dark else 0.5) - tone) * (pane * bars)[..., None]
    poster = inside(u, 0.08, 0.22, 0.02) * inside(w.up, 0.50, 1.0, 0.02)
    hue = np.stack([0.25 + 0.5 * door, 0.30 + 0.2 * (1 - door), 0.42 - 0.2 * door], axis=2)
    tone = tone + (hue * (0.5 if brief.dark else 0.9) - tone) * (poster * 0.8)[..., None]
    tone = tone + (fog - tone) * (air * 0.8)
    sheet.paint(standing.astype(np.float32), tone.astype(np.float32))


def _canopy(sheet: Sheet, brief: Brief, shape: Shape, side: float, wall: float, fog: Mask) -> None:
    """A roof on that side, ribbed, seen from below."""
    pal = brief.palette
    high, inner = 0.62, 0.12  # above the eye at near 1; how far it reaches over the middle
    ex, ey = shape.eye
    near = np.clip((ey - sheet.y) / high, 1e-3, None)
    reach = side * (sheet.x - ex) / near  # sideways from the eye at near 1
    mask = smooth(reach, -inner - 0.02, -inner + 0.02) * smooth(reach, wall + 0.05, wall)
    mask = mask * (sheet.y < ey)
    along = 1 / near
    rib = inside(along % 0.62 / 0.62, 0.0, 0.12, 0.06)
    tone = np.asarray(mix(pal.near, pal.far, 0.25), np.float32) * np.ones_like(sheet.colour)
    glow = np.exp(-((((along / 1.24) % 1.0 - 0.5) / 0.16) ** 2)) * np.exp(
        -(((reach - wall * 0.45) / 0.4) ** 2)
    )
    lamp = np.asarray(pal.lamp, np.float32)
    tone = (
        tone * (1 - 0.35 * rib)[..., None]
        + lamp * (glow * (0.42 if brief.dark else 0.1))[..., None]
    )
    edge = inside(reach, -inner - 0.015, -inner + 0.03, 0.02)
    tone = tone + (lamp * 0.30 - tone) * (edge * 0.5)[..., None]
    air = haze_of(near.astype(np.float32) * np.ones_like(mask), 6.0)[..., None]
    tone = tone + (fog - tone) * (air * 0.75)
    sheet.paint(mask.astype(np.float32), tone.astype(np.float32))


def _floor(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, shape: Shape, w: Walls,
    side: float, fog: Mask, air: Mask,
) -> None:  # fmt: skip
    pal = brief.palette
    across = w.across * side + shape.eye[0] * 0  # towards the wall is +
    edge = -0.55
    stone = np.asarray(mix(pal.near, pal.far, 0.36 if brief.dark else 0.7), np.float32)
    tone = stone * np.ones_like(sheet.colour)
    u, v, value = cells(rng, w.along, across, 0.5, 0.5)
    sharp = np.clip(w.near * 2.0 - 0.1, 0, 1)
    joint = 1 - inside(u, 0.02, 0.98, 0.03) * inside(v, 0.02, 0.98, 0.03)
    tone *= (1 + 0.22 * (value - 0.5) * sharp - 0.35 * joint * sharp)[..., None]
    pools = np.exp(-((((w.along / 1.25) % 1.0 - 0.5) / 0.22) ** 2)) * np.exp(
        -(((across - 0.6) / 0.8) ** 2)
    )
    lamp = np.asarray(pal.lamp, np.float32)
    tone = tone + lamp * (pools * (0.20 if brief.dark else 0.04))[..., None]
    mirror = mirrored(sheet, shape.eye[1], 0.06)
    ripple = (0.45 + 1.0 * sheet.noise(rng, 22, stretch=4, octaves=4))[..., None]
    wet = 0.62 if brief.wet else 0.22 if brief.dark else 0.1
    tone = tone * (1 - 0.4 * wet) + mirror * ripple * wet
    yellow = np.asarray((0.78, 0.60, 0.16), np.float32) * (0.55 if brief.dark else 1.0)
    line = inside(across, edge + 0.10, edge + 0.17, 0.015)
    tone = tone + (yellow - tone) * (line * 0.75)[..., None]
    white = inside(across, edge, edge + 0.06, 0.012)
    tone = tone + (stone * 2.4 - tone) * (white * 0.5)[..., None]
    # Below the edge: ballast, sleepers, rails.
    bed = smooth(across, edge, edge - 0.012)[..., None]
    track = (
        np.asarray(mix(pal.near, pal.far, 0.10), np.float32)
        * (0.7 + 0.6 * sheet.noise(rng, 90, octaves=2))[..., None]
    )
    sleeper = inside(w.along % 0.26 / 0.26, 0.1, 0.5, 0.1) * sharp
    track = track * (1 - 0.35 * sleeper)[..., None]
    shine = np.asarray(mix(pal.horizon, pal.key, 0.6), np.float32)
    for rail in (-1.05, -1.75, -3.0, -3.7):
        mask = inside(across, rail - 0.022, rail + 0.022, 0.02)
        track = track + (shine * (0.85 if brief.dark else 0.7) - track) * (mask * 0.85)[..., None]
    tone = tone + (track - tone) * bed
    tone = tone + (fog - tone) * (air * 0.8)
    sheet.paint(w.floor, tone.astype(np.float32))


def _post(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, eye: tuple[float, float], side: float,
    wall: float, at: float, step: int,
) -> Sheet:  # fmt: skip
    """A column that carries the canopy, its lamp, sometimes a bench or a clock."""
    pal = brief.palette
    dark = mix(pal.near, mix(pal.far, pal.horizon, 0.3), 0.5 * (1 - min(1.0, at)))
    x = eye[0] + side * wall * (0.46 if at < 1 else 0.86) * at
    foot, top = eye[1] + 0.40 * at, eye[1] - 0.62 * at
    w = 0.016 * at
    sheet.paint(sheet.box(x - w, top, x + w, foot), dark)
    sheet.paint(sheet.box(x - w * 1.8, foot - 0.05 * at, x + w * 1.8, foot), dark)
    brace = [
        [(x, top + 0.18 * at), (x - side * 0.14 * at, top + 0.01 * at)],
        [(x, top + 0.18 * at), (x + side * 0.14 * at, top + 0.01 * at)],
    ]
    sheet.paint(sheet.lines(brace, w * 0.9), dark)
    lit = sheet.box(x - w, top, x - w * 0.55, foot)
    sheet.light(lit * np.float32(0.14), pal.lamp)
    lx, ly = x - side * 0.10 * at, top + 0.09 * at
    sheet.paint(sheet.lines([[(lx, top), (lx, ly)]], w * 0.5), dark)
    sheet.paint(
        sheet.shape(
            [
                (lx - 0.036 * at, ly + 0.016 * at),
                (lx + 0.036 * at, ly + 0.016 * at),
                (lx + 0.012 * at, ly - 0.012 * at),
                (lx - 0.012 * at, ly - 0.012 * at),
            ]
        ),
        dark,
    )
    if brief.dark:
        sheet.glow(lx, ly + 0.024 * at, 0.11 * at + 0.012, pal.lamp, 0.95)
    if step == 2:
        _bench(sheet, x + side * 0.10, foot + 0.01, at, dark)
        cx, cy, r = x - side * 0.24 * at, top + 0.13 * at, 0.062 * at
        sheet.paint(sheet.lines([[(cx, top), (cx, cy)]], w * 0.5), dark)
        turn = np.linspace(0, 2 * np.pi, 48)
        ring = [(cx + r * 1.14 * float(np.cos(t)), cy + r * 1.14 * float(np.sin(t))) for t in turn]
        face = [(cx + r * float(np.cos(t)), cy + r * float(np.sin(t))) for t in turn]
        sheet.paint(sheet.shape(ring), dark)
        sheet.paint(sheet.shape(face), mix(pal.lamp, (1, 1, 1), 0.55))
        hour, minute = rng.uniform(0, 6.28, 2)
        hands = [
            [(cx, cy), (cx + r * long * float(np.sin(a)), cy - r * long * float(np.cos(a)))]
            for a, long in ((hour, 0.5), (minute, 0.8))
        ]
        sheet.paint(sheet.lines(hands, r * 0.10), (0.06, 0.06, 0.08))
    return sheet


def _bench(
    sheet: Sheet, x: float, foot: float, at: float, dark: tuple[float, float, float]
) -> None:
    long, seat, back = 0.26 * at, foot - 0.085 * at, foot - 0.175 * at
    for y in (seat, back, back + 0.035 * at):
        sheet.paint(sheet.box(x - long / 2, y, x + long / 2, y + 0.016 * at), dark)
    for leg in (-0.42, 0.42):
        sheet.paint(sheet.box(x + leg * long - 0.006, back, x + leg * long + 0.006, foot), dark)


def carriage(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Rows of seats under warm tubes; lights run past the windows."""
    pal = brief.palette
    stage.indoors = True
    half = stage.size.width / stage.size.height / 2
    eye = (float(rng.uniform(-0.05, 0.05)), 0.46)
    stage.eye = eye
    shape = Shape(eye, 0.86 * max(half, 0.7), 0.86 * max(half, 0.7), 0.62, 0.56)
    outside = Sheet(stage.size)
    paint_sky(outside, brief, rng, 0.55, clouds=0.3)
    hills(
        outside,
        ridge(rng, 300, 0.55),
        0.55,
        0.05,
        mix(pal.far, pal.near, 0.5),
        mix(pal.horizon, pal.far, 0.5),
    )
    for _ in range(46 if brief.dark else 0):
        level = 0.36 + float(rng.uniform(-0.03, 0.16))
        outside.glow(
            float(rng.uniform(-outside.wide, outside.wide)),
            level,
            float(rng.uniform(0.010, 0.028)),
            pal.lamp,
            0.9,
        )
    stage.back(outside, 0.1, slide=-0.16)
    sheet = Sheet(stage.size)
    w = walls(shape, sheet)
    light = np.asarray(mix(pal.lamp, (1, 0.93, 0.82), 0.35), np.float32)
    shade = np.clip(0.35 + 0.55 * w.near, 0, 1.1)[..., None]
    u, _, _ = cells(rng, w.along, w.up * 0, 0.92, 1.0)
    cream = np.asarray(mix((0.62, 0.52, 0.42), pal.lamp, 0.25), np.float32)
    for mask in (w.left, w.right):
        pane = inside(u, 0.10, 0.90, 0.02) * inside(w.up, 0.78, 1.48, 0.02)
        frame = inside(u, 0.06, 0.94, 0.02) * inside(w.up, 0.72, 1.54, 0.02)
        tone = cream * (0.34 + 0.42 * np.clip(w.up, 0, 2)[..., None] / 2) * shade
        tone = tone * (1 - 0.55 * frame)[..., None]
        sheet.paint(mask * (1 - pane * np.float32(0.86)), tone.astype(np.float32))
    tube = inside(np.abs(w.across), 0.16, 0.24, 0.02) * inside(u, 0.06, 0.94, 0.02)
    roof = cream * (0.55 * shade) + light * np.exp(-((w.across / 0.7) ** 2) * 1.4)[..., None] * 0.16
    sheet.paint(w.ceiling, (roof + (light * 1.15 - roof) * tube[..., None]).astype(np.float32))
    ground = np.asarray(mix(pal.near, (0.16, 0.13, 0.13), 0.6), np.float32) * shade
    runner = inside(np.abs(w.across), -1, 0.30, 0.02)[..., None]
    ground = ground + np.asarray((0.20, 0.05, 0.06), np.float32) * runner
    ground = (
        ground
        + light
        * (0.16 * np.exp(-((w.across / 0.35) ** 2)) * (0.5 + 0.5 * np.cos(w.along * 6.8)))[
            ..., None
        ]
    )
    sheet.paint(w.floor, ground.astype(np.float32))
    door = smooth(w.near, 0.13, 0.125)
    sheet.paint(door, mix(pal.near, (0.30, 0.24, 0.20), 0.7))
    hatch = sheet.box(eye[0] - 0.032, eye[1] - 0.052, eye[0] + 0.032, eye[1] + 0.035)
    sheet.paint(hatch, tuple(float(v) for v in light * 0.85))  # type: ignore[arg-type]
    x, y = stage.window_xy()
    stage.front(sheet, nearness(shape, x, y))
    for at in (0.17, 0.23, 0.31, 0.44, 0.66, 1.05):
        stage.cut_out(_seats(Sheet(stage.size), shape, at), at)


def _seats(sheet: Sheet, shape: Shape, at: float) -> Sheet:
    ex, ey = shape.eye
    red = mix((0.10, 0.02, 0.03), (0.52, 0.11, 0.12), min(1.0, 0.35 + 0.6 * (1 - at)))
    for side in (-1, 1):
        inner, outer = ex + side * 0.40 * at, ex + side * 0.84 * at
        top, low = ey + 0.02 * at, ey + 0.60 * at
        r = 0.05 * at
        outline = [
            (inner, low),
            (inner, top + r),
            (inner + side * r * 0.4, top),
            (outer - side * r * 0.4, top),
            (outer, top + r),
            (outer, low),
        ]
        mask = sheet.shape(outline)
        fall = np.clip((sheet.y - top) / (0.6 * at), 0, 1)[..., None]
        tone = np.asarray(red, np.float32) * (1.15 - 0.75 * fall)
        sheet.paint(mask, np.broadcast_to(tone, sheet.colour.shape).astype(np.float32))
        rim = np.clip(mask - np.roll(mask, max(1, int(0.010 * at * sheet.per)), axis=0), 0, 1)
        sheet.light(rim * np.float32(0.30), (1.0, 0.78, 0.55))
        linen = sheet.box(
            min(inner, outer) + 0.06 * at,
            top + 0.01 * at,
            max(inner, outer) - 0.06 * at,
            top + 0.12 * at,
        )
        sheet.paint(linen * np.float32(0.8), mix((0.85, 0.80, 0.72), red, 0.25))
    return sheet
