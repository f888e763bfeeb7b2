"""Cities: a skyline over roofs, and a street to walk into."""

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
from scenegraph.animatic.draw.places.paint import Colour, Mask, Sheet, mix, rgb, smooth
from scenegraph.animatic.draw.places.sky import paint_sky
from scenegraph.animatic.draw.places.stage import Stage

NEON: tuple[Colour, ...] = tuple(
    rgb(c) for c in ("#ff2f7d", "#21e0ff", "#ffb02e", "#9b5cff", "#39ff9c", "#ff5a36")
)


PLASTER: tuple[Colour, ...] = tuple(
    rgb(c) for c in ("#c9a27e", "#b9694f", "#d8c7a8", "#8f9aa3", "#a8b29a", "#d09a6a")
)


def skyline(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Towers in the haze, three deep, over a dark roof with a water tank."""
    pal = brief.palette
    sheet = Sheet(stage.size)
    paint_sky(sheet, brief, rng, 0.74)
    sheet.glow(float(rng.uniform(-0.3, 0.3)), 0.80, 0.42, pal.lamp, 0.30 if brief.dark else 0.1)
    stage.eye = (0.0, 0.62)
    stage.back(sheet, 0.02)
    for depth, near in enumerate((0.16, 0.34, 0.62)):
        sheet = Sheet(stage.size)
        tone = mix(mix(pal.far, pal.horizon, 0.35), pal.near, (0.05, 0.50, 0.86)[depth])
        _towers(sheet, brief, rng, depth, tone)
        foot = smooth(sheet.y, 0.55, 1.0) * np.float32((0.75, 0.5, 0.18)[depth])
        haze = mix(pal.horizon, pal.lamp, 0.25 if brief.dark else 0.0)
        sheet.colour += (np.asarray(haze, np.float32) * sheet.cover[..., None] - sheet.colour) * (
            foot[..., None] * (0.8 if brief.dark else 1.0)
        )
        stage.cut_out(sheet, near)
    stage.cut_out(_roof(Sheet(stage.size), brief, rng), 1.0)


def _towers(sheet: Sheet, brief: Brief, rng: np.random.Generator, depth: int, tone: Colour) -> None:
    x = -sheet.wide - 0.1
    high = (0.52, 0.44, 0.30)[depth]
    width = (0.09, 0.14, 0.22)[depth]
    while x < sheet.wide + 0.1:
        w = width * float(rng.uniform(0.55, 1.35))
        tall = high * float(rng.uniform(0.35, 1.0)) ** 0.8
        top = 0.90 - tall
        shade = mix(tone, (0.0, 0.0, 0.0), float(rng.uniform(0, 0.22)))
        parts = [[(x, top), (x + w, top), (x + w, 1.2), (x, 1.2)]]
        if rng.random() < 0.45:  # a setback
            inset, lift = w * float(rng.uniform(0.15, 0.3)), tall * float(rng.uniform(0.05, 0.16))
            parts.append([(x + inset, top - lift), (x + w - inset, top - lift),
                          (x + w - inset, top), (x + inset, top)])  # fmt: skip
            if rng.random() < 0.6:
                mid = x + w / 2
                parts.append([(mid - 0.002, top - lift - 0.07), (mid + 0.002, top - lift - 0.07),
                              (mid + 0.002, top - lift), (mid - 0.002, top - lift)])  # fmt: skip
        sheet.paint(sheet.shape(*parts), shade)
        _panes(sheet, brief, rng, (x, top, x + w), depth)
        x += w + width * float(rng.uniform(-0.12, 0.35))


def _panes(
    sheet: Sheet,
    brief: Brief,
    rng: np.random.Generator,
    box: tuple[float, float, float],
    depth: int,
) -> None:
    left, top, right = box
    step_x, step_y = (0.011, 0.016, 0.026)[depth], (0.014, 0.021, 0.034)[depth]
    lit_share = (0.34, 0.30, 0.24)[depth] if brief.dark else 0.06
    groups: dict[int, list[list[tuple[float, float]]]] = {0: [], 1: [], 2: [], 3: []}
    y = top + step_y * 0.6
    while y < 1.0:
        x = left + step_x * 0.5
        floor_lit = rng.random() < 0.12
        while x + step_x * 0.6 < right:
            draw = float(rng.random())
            kind = 3 if draw > lit_share * (2.2 if floor_lit else 1) else int(rng.integers(0, 3))
            if kind < 3 or not brief.dark:
                w, h = step_x * 0.52, step_y * 0.5
                groups[kind].append([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
            x += step_x
        y += step_y
    pal = brief.palette
    cold = mix(pal.key, (0.75, 0.9, 1.0), 0.5)
    tints = (pal.lamp, mix(pal.lamp, (1.0, 0.95, 0.85), 0.6), cold)
    power = (0.55, 0.72, 0.80)[depth] if brief.dark else 0.5
    for kind, panes in groups.items():
        if not panes:
            continue
        mask = sheet.shape(*panes)
        if kind == 3:
            sheet.paint(mask * np.float32(0.30), mix(pal.top, pal.horizon, 0.4))
        else:
            sheet.paint(mask * np.float32(power), tints[kind])


def _roof(sheet: Sheet, brief: Brief, rng: np.random.Generator) -> Sheet:
    dark = mix(brief.palette.near, (0.0, 0.0, 0.0), 0.25)
    edge = 0.905
    sheet.paint(sheet.box(-sheet.wide, edge, sheet.wide, 1.2), dark)
    tank = float(rng.choice([-1, 1])) * float(rng.uniform(0.28, 0.42)) * 2 * (sheet.wide - 0.17)
    w = 0.085
    legs = [
        [(tank + s * w * 0.75, edge), (tank + s * w * 0.62, edge - 0.12)]
        for s in (-1, -0.3, 0.3, 1)
    ]
    sheet.paint(
        sheet.lines([*legs, [(tank - w * 0.7, edge - 0.03), (tank + w * 0.7, edge - 0.09)]], 0.008),
        dark,
    )
    barrel = [
        (tank - w, edge - 0.12),
        (tank + w, edge - 0.12),
        (tank + w * 0.94, edge - 0.27),
        (tank, edge - 0.335),
        (tank - w * 0.94, edge - 0.27),
    ]
    sheet.paint(sheet.shape(barrel), dark)
    for _ in range(3):
        x = float(rng.uniform(-sheet.wide, sheet.wide))
        if abs(x - tank) > 0.2:
            tall = float(rng.uniform(0.03, 0.06))
            sheet.paint(sheet.box(x, edge - tall, x + float(rng.uniform(0.06, 0.14)), edge), dark)
    rim = sheet.box(-sheet.wide, edge, sheet.wide, edge + 0.004)
    sheet.light(rim * np.float32(0.22), brief.palette.key)
    return sheet


def street(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Two rows of houses, a road between them that mirrors their lights when it is wet."""
    pal = brief.palette
    eye = (float(rng.uniform(-0.08, 0.08)), 0.52)
    half = stage.size.width / stage.size.height / 2
    shape = Shape(eye, 0.80 * max(half, 0.62), 0.80 * max(half, 0.62), 0.42, 9.0)
    stage.eye = eye
    sheet = Sheet(stage.size)
    paint_sky(sheet, brief, rng, eye[1])
    w = walls(shape, sheet)
    air = haze_of(w.near, 5.0)[..., None]
    haze = np.asarray(mix(pal.horizon, pal.far, 0.35), np.float32)
    # Houses: each stretch of wall has its own height and colour.
    for side, mask in (("left", w.left), ("right", w.right)):
        table = np.random.default_rng([int(rng.integers(2**31)), len(side)])
        house = np.floor(w.along / 1.35).astype(np.int64) % 97
        heights = table.uniform(2.6, 5.4, 97).astype(np.float32)[house]
        tints = np.stack([mix(pal.near, pal.far, float(t)) for t in table.uniform(0.05, 0.5, 97)])
        if not brief.dark:
            tints = table.choice(np.asarray(PLASTER), 97) * table.uniform(0.75, 1.05, (97, 1))
        body = tints.astype(np.float32)[house]
        body = body * (0.82 + 0.18 * np.clip(w.up / 3, 0, 1))[..., None]
        standing = mask * np.clip((heights - w.up) * w.near * sheet.per * 0.4 + 0.5, 0, 1)
        u, v, value = cells(table, w.along, w.up - 0.15, 0.45, 0.82)
        soft = np.clip(3.0 / (w.near * sheet.per * 0.42 * 0.45), 0.03, 1.0)
        pane = inside(u, 0.28, 0.74, soft) * inside(v, 0.25, 0.78, soft) * (w.up > 1.0)
        lit = pane * (value < (0.36 if brief.dark else 0.08))
        glass = np.asarray(mix(pal.top, pal.horizon, 0.35), np.float32)
        body = body + (glass - body) * (pane * (1 - lit) * 0.55)[..., None]
        warm = np.asarray(mix(pal.lamp, (1, 0.95, 0.9), 0.15), np.float32)
        body = body + (warm - body) * (lit * 0.85)[..., None]
        # Shops at the foot glow, each in its colour.
        shop = inside(w.up, 0.12, 0.86, 0.05) * inside(u, 0.06, 0.94, soft) * (value < 0.75)
        inner = np.asarray(mix(pal.lamp, (1.0, 0.9, 0.75), 0.2), np.float32)
        goods = 0.35 + 0.65 * inside((u * 5) % 1.0, 0.15, 0.85, 0.1) * smooth(w.up, 0.1, 0.8)
        display = inner * (goods * (0.35 + 0.6 * value))[..., None]
        body = body + (display - body) * (shop * (0.85 if brief.dark else 0.25))[..., None]
        signs = np.asarray(NEON if brief.neon else [pal.lamp] * len(NEON), np.float32)
        sign = inside(w.up, 0.92, 1.06, 0.02) * inside(u, 0.14, 0.86, soft) * (value < 0.62)
        letters = 0.35 + 0.65 * inside((u * 7) % 1.0, 0.2, 0.8, 0.15)
        tint = signs[house % len(NEON)]
        aura = np.exp(-(((w.up - 0.98) / 0.42) ** 2)) * (0.42 if brief.neon else 0.14) * brief.dark
        body = body + tint * (aura * (value < 0.62))[..., None]
        body = (
            body
            + (tint * 1.15 - body) * (sign * letters * (0.95 if brief.dark else 0.4))[..., None]
        )
        body = body + (haze - body) * (air * 0.9)
        sheet.paint(standing, body)
    _road(sheet, brief, rng, shape, w, haze, air)
    x, y = stage.window_xy()
    near = nearness(shape, x, y)
    near *= smooth(y, eye[1] - 5.0 * shape.floor * 0.9, eye[1] - 0.0) if brief.dark else 1.0
    stage.back(sheet, near)
    for step, at in enumerate((0.20, 0.36, 0.72)):
        stage.cut_out(_lamps(Sheet(stage.size), brief, shape, at, step), at)


def _road(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, shape: Shape, w: Walls,
    haze: Mask, air: Mask,
) -> None:  # fmt: skip
    across, along = w.across, w.along
    pal = brief.palette
    ground = mix(pal.near, pal.far, 0.22 if brief.dark else 0.55)
    tone = np.asarray(ground, np.float32) * np.ones_like(sheet.colour)
    grain = sheet.noise(rng, 60, stretch=2.5, octaves=3)[..., None]
    tone *= 0.86 + 0.28 * grain
    reach = shape.right / shape.floor
    kerb = inside(np.abs(across), reach * 0.60, reach * 0.63, 0.03)[..., None]
    walk = smooth(np.abs(across), reach * 0.61, reach * 0.63)[..., None]
    tone = tone * (1 + 0.35 * walk) + kerb * 0.05
    line = inside(np.abs(across), -0.02, 0.025, 0.02) * inside(along % 1.0, 0.1, 0.6, 0.1)
    tone = tone + (line * (0.16 if brief.dark else 0.35))[..., None]
    if brief.wet or brief.dark:
        # The picture above the horizon, upside down and smeared downwards.
        mirror = mirrored(sheet, shape.eye[1], 0.07)
        ripple = (0.55 + 0.7 * sheet.noise(rng, 26, stretch=5, octaves=3))[..., None]
        share = 0.75 if brief.wet else 0.22
        tone = tone * (1 - 0.45 * share) + mirror * ripple * share
    tone = tone + (haze - tone) * (air * 0.85)
    sheet.paint(w.floor, tone.astype(np.float32))


def _lamps(sheet: Sheet, brief: Brief, shape: Shape, at: float, step: int) -> Sheet:
    pal = brief.palette
    dark = mix(pal.near, pal.far, 0.35 * (1 - at))
    for side in (-1, 1):
        if (step + (side > 0)) % 2:
            continue
        x = shape.eye[0] + side * shape.right * 0.66 * at
        foot, top = shape.eye[1] + shape.floor * at, shape.eye[1] - 0.62 * at
        arm = x - side * 0.16 * at
        sheet.paint(
            sheet.lines(
                [[(x, foot), (x, top + 0.03 * at), (x - side * 0.05 * at, top), (arm, top)]],
                0.016 * at,
            ),
            dark,
        )
        sheet.paint(
            sheet.box(
                min(arm, arm + side * 0.07 * at),
                top - 0.004,
                max(arm, arm + side * 0.07 * at),
                top + 0.014 * at,
            ),
            dark,
        )
        if brief.dark:
            sheet.glow(arm + side * 0.03 * at, top + 0.02 * at, 0.16 * at, pal.lamp, 0.85)
    return sheet
