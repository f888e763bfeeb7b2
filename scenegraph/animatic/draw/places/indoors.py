"""A hallway to walk down, and a room with a window and a lamp."""

from __future__ import annotations

import numpy as np

from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.corridor import Shape, cells, inside, mirrored, nearness, walls
from scenegraph.animatic.draw.places.paint import Colour, Sheet, mix, ridge, smooth
from scenegraph.animatic.draw.places.sky import hills, paint_sky
from scenegraph.animatic.draw.places.stage import Stage
from scenegraph.animatic.draw.places.town import NEON


def hallway(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Doors left and right, pools of light on a polished floor, a window at the end."""
    pal = brief.palette
    stage.indoors = True
    half = stage.size.width / stage.size.height / 2
    eye = (float(rng.uniform(-0.04, 0.04)), 0.48)
    stage.eye = eye
    shape = Shape(eye, 0.98 * max(half, 0.55), 0.98 * max(half, 0.55), 0.56, 0.60)
    sheet = Sheet(stage.size)
    w = walls(shape, sheet)
    lamp = np.asarray(mix(pal.lamp, (1.0, 0.86, 0.66), 0.4), np.float32)
    paints: tuple[Colour, ...] = (
        (0.46, 0.36, 0.27),
        (0.30, 0.38, 0.36),
        (0.42, 0.30, 0.30),
        (0.34, 0.34, 0.42),
    )
    plaster = np.asarray(paints[int(rng.integers(len(paints)))], np.float32)
    cell = 1.15
    phase = (w.along / cell) % 1.0
    pool = np.exp(-(((phase - 0.5) / 0.22) ** 2))
    dark = np.clip(0.50 + 0.5 * w.near, 0, 1.1)
    u, _, value = cells(rng, w.along + cell / 2, w.up * 0, cell, 1.0)
    for side, mask in enumerate((w.left, w.right)):
        lit = (dark * (0.45 + 0.75 * pool * np.exp(-(((w.up - 1.5) / 0.9) ** 2))))[..., None]
        tone = plaster * lit * 1.75 + lamp * (0.10 * pool)[..., None]
        panel = w.up < 0.62
        wood = np.asarray(mix((0.34, 0.20, 0.12), pal.near, 0.12), np.float32)
        tone = np.where(panel[..., None], wood * lit * 1.3, tone)
        rail = inside(w.up, 0.60, 0.645, 0.02)
        tone = tone + lamp * (rail * 0.20 * dark)[..., None]
        door = inside(u, 0.22, 0.78, 0.01) * inside(w.up, -0.1, 1.42, 0.01)
        frame = inside(u, 0.18, 0.82, 0.01) * inside(w.up, -0.1, 1.47, 0.01)
        here = ((value * 7 + side) % 1.0) > 0.15
        brown = (
            wood
            * (
                0.8 + 0.5 * inside(u, 0.30, 0.70, 0.02) * inside((w.up * 1.5) % 1, 0.12, 0.88, 0.03)
            )[..., None]
        )
        tone = tone + (wood * 1.6 * lit - tone) * (frame * here)[..., None]
        tone = tone + (brown * lit * 1.2 - tone) * (door * here)[..., None]
        gap = inside(w.up, -0.02, 0.03, 0.01) * door * here * (((value * 13) % 1.0) > 0.45)
        tone = tone + lamp * (gap * 0.9)[..., None]
        sheet.paint(mask, tone.astype(np.float32))
    roof = plaster * (0.85 * dark)[..., None]
    globe = np.exp(-(((phase - 0.5) / 0.055) ** 2)) * np.exp(-((w.across / 0.09) ** 2))
    halo = np.exp(-(((phase - 0.5) / 0.26) ** 2)) * np.exp(-((w.across / 0.6) ** 2))
    roof = roof + lamp * (0.42 * halo + 1.2 * globe)[..., None]
    sheet.paint(w.ceiling, roof.astype(np.float32))
    _end_wall(sheet, brief, eye)
    floor = np.asarray(mix((0.20, 0.13, 0.09), pal.near, 0.3), np.float32) * dark[..., None]
    board, _, grain = cells(rng, w.across + 7, w.along, 0.13, 0.9)
    floor = floor * (0.8 + 0.4 * grain - 0.4 * (1 - inside(board, 0.03, 0.97, 0.04)))[..., None]
    mirror = mirrored(sheet, eye[1], 0.05)
    floor = floor * 0.8 + mirror * 0.26
    floor = floor + lamp * (0.30 * pool * np.exp(-((w.across / 0.55) ** 2)) * dark)[..., None]
    runner = inside(np.abs(w.across), -1, 0.40, 0.012) * 0.85
    carpet = np.asarray((0.36, 0.07, 0.08), np.float32) * (0.35 + 0.8 * pool * dark)[..., None]
    trim = inside(np.abs(w.across), 0.33, 0.36, 0.01)
    carpet = carpet + lamp * (0.16 * trim)[..., None]
    floor = floor + (carpet - floor) * runner[..., None]
    sheet.paint(w.floor * (w.near > 0.10), floor.astype(np.float32))
    x, y = stage.window_xy()
    stage.back(sheet, nearness(shape, x, y))
    if brief.fog:
        return
    plant = Sheet(stage.size)
    where = float(rng.choice([-1, 1]))
    _plant(
        plant,
        rng,
        eye[0] + where * 0.34 * max(half, 0.55),
        eye[1] + 0.56 * 0.42,
        0.42,
        mix(pal.near, (0.05, 0.10, 0.06), 0.5),
    )
    stage.cut_out(plant, 0.42)


def _end_wall(sheet: Sheet, brief: Brief, eye: tuple[float, float]) -> None:
    pal = brief.palette
    x, y = eye
    sheet.paint(
        sheet.box(x - 0.112, y - 0.064, x + 0.112, y + 0.060), mix(pal.near, pal.lamp, 0.18)
    )
    glass = mix(pal.horizon, pal.key, 0.5) if brief.dark else mix(pal.horizon, (1, 1, 1), 0.6)
    for cx in (-0.030, 0.003):
        sheet.paint(sheet.box(x + cx, y - 0.045, x + cx + 0.027, y + 0.030), glass)
    sheet.glow(x, y - 0.008, 0.10, glass, 0.36)


def _plant(
    sheet: Sheet, rng: np.random.Generator, x: float, foot: float, at: float, dark: Colour
) -> None:
    sheet.paint(
        sheet.shape(
            [
                (x - 0.07 * at, foot - 0.20 * at),
                (x + 0.07 * at, foot - 0.20 * at),
                (x + 0.05 * at, foot),
                (x - 0.05 * at, foot),
            ]
        ),
        mix(dark, (0.35, 0.2, 0.12), 0.4),
    )
    for _ in range(15):
        lean, tall = float(rng.uniform(-0.24, 0.24)) * at, float(rng.uniform(0.25, 0.55)) * at
        tip = (x + lean, foot - 0.2 * at - tall + abs(lean) * 0.8)
        mid = (x + lean * 0.4, foot - 0.2 * at - tall * 0.72)
        w = 0.016 * at
        sheet.paint(
            sheet.shape(
                [
                    (x - w * 0.4, foot - 0.18 * at),
                    (mid[0] - w, mid[1]),
                    tip,
                    (mid[0] + w, mid[1]),
                    (x + w * 0.4, foot - 0.18 * at),
                ]
            ),
            mix(dark, (0.2, 0.4, 0.22), float(rng.uniform(0, 0.45))),
        )


def room(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """A window with the weather outside, a lamp that makes its corner warm, a table."""
    pal = brief.palette
    stage.indoors = True
    half = stage.size.width / stage.size.height / 2
    stage.eye = (0.0, 0.48)
    side = float(rng.choice([-1, 1]))
    view = Sheet(stage.size)
    paint_sky(view, brief, rng, 0.56, clouds=0.4)
    hills(view, ridge(rng, 300, 0.5), 0.56, 0.07, mix(pal.far, pal.near, 0.4), pal.horizon)
    for _ in range(30 if brief.dark else 0):
        tint = NEON[int(rng.integers(len(NEON)))] if brief.neon else pal.lamp
        view.glow(
            float(rng.uniform(-view.wide, view.wide)),
            float(rng.uniform(0.42, 0.60)),
            float(rng.uniform(0.012, 0.035)),
            tint,
            float(rng.uniform(0.2, 0.6)),
        )
    stage.back(view, 0.06)
    wall = Sheet(stage.size)
    lamp_x, lamp_y = side * half * 0.56, 0.40
    wx = -side * half * 0.30
    win = (wx - 0.30, 0.10, wx + 0.30, 0.62)
    hole = wall.box(*win)
    glow = np.exp(-(np.hypot((wall.x - lamp_x) / 0.62, (wall.y - lamp_y) / 0.55) ** 1.5))[..., None]
    paints: tuple[Colour, ...] = (
        (0.30, 0.22, 0.19),
        (0.17, 0.23, 0.25),
        (0.26, 0.20, 0.26),
        (0.24, 0.25, 0.18),
    )
    paper = np.asarray(paints[int(rng.integers(len(paints)))], np.float32)
    day = 0.75 if not brief.dark else 0.28
    stripes = 1 + 0.05 * np.sin(wall.x * 130)[..., None]
    lamp = np.asarray(pal.lamp, np.float32)
    tone = paper * (day + 1.5 * glow) * stripes + lamp * glow * 0.30
    spill = np.exp(-(np.hypot((wall.x - wx) / 0.55, (wall.y - 0.4) / 0.5) ** 2))[..., None]
    tone = tone + np.asarray(pal.horizon, np.float32) * spill * (0.07 if brief.dark else 0.22)
    wall.fill(np.broadcast_to(tone, wall.colour.shape).astype(np.float32))
    wall.paint(
        wall.box(-wall.wide, 0.80, wall.wide, 1.2), _dim(mix((0.20, 0.12, 0.08), pal.lamp, 0.08))
    )
    wall.paint(wall.box(-wall.wide, 0.785, wall.wide, 0.80), (0.34, 0.26, 0.20))
    wall.colour *= (1 - hole)[..., None]
    wall.cover *= 1 - hole
    bar = mix((0.72, 0.66, 0.58), (0, 0, 0), 0.45 if brief.dark else 0.05)
    left, top, right, low = win
    frame = [[(left, top), (right, top), (right, low), (left, low), (left, top)],
             [(wx, top), (wx, low)], [(left, 0.27), (right, 0.27)]]  # fmt: skip
    wall.paint(wall.lines(frame, 0.014), bar)
    wall.paint(wall.box(left - 0.03, low, right + 0.03, low + 0.022), mix(bar, (1, 1, 1), 0.15))
    for sign in (-1, 1):
        _curtain(wall, wx + sign * 0.34, sign, mix(tuple(float(v) for v in paper), pal.lamp, 0.25))  # type: ignore[arg-type]
    _picture(wall, rng, side * half * 0.86, 0.27, pal.lamp)
    stage.cut_out(wall, 0.30)
    front = Sheet(stage.size)
    _lamp(front, pal.lamp, lamp_x, lamp_y)
    stage.cut_out(front, 0.52)
    table = Sheet(stage.size)
    _table(table, rng, brief, side, lamp_x)
    stage.cut_out(table, 0.80)


def _dim(colour: Colour) -> Colour:
    return mix(colour, (0.0, 0.0, 0.0), 0.3)


def _curtain(sheet: Sheet, x: float, sign: float, colour: Colour) -> None:
    y = np.linspace(0.06, 0.72, 40)
    inner = [(x - sign * (0.055 + 0.012 * float(np.sin(v * 7))), float(v)) for v in y]
    outer = [(x + sign * 0.085, float(v)) for v in y]
    mask = sheet.shape([*inner, *reversed(outer)])
    folds = 0.72 + 0.32 * np.sin((sheet.x - x) * 150 + np.sin(sheet.y * 9) * 0.8)
    tone = np.asarray(colour, np.float32) * folds[..., None]
    sheet.paint(mask, np.broadcast_to(tone, sheet.colour.shape).astype(np.float32))


def _picture(sheet: Sheet, rng: np.random.Generator, x: float, y: float, light: Colour) -> None:
    w, h = 0.085, 0.11
    sheet.paint(sheet.box(x - w, y - h, x + w, y + h), mix((0.28, 0.17, 0.09), light, 0.2))
    sheet.paint(
        sheet.box(x - w * 0.86, y - h * 0.88, x + w * 0.86, y + h * 0.88), (0.42, 0.40, 0.36)
    )
    line = ridge(rng, 40, 0.5)
    xs = np.linspace(x - w * 0.86, x + w * 0.86, 40)
    for base, tone in ((0.15, (0.26, 0.34, 0.40)), (0.45, (0.16, 0.22, 0.24))):
        points = [
            (float(a), y + h * (base - 0.3 * float(b))) for a, b in zip(xs, line, strict=True)
        ]
        sheet.paint(
            sheet.shape([*points, (x + w * 0.86, y + h * 0.88), (x - w * 0.86, y + h * 0.88)]), tone
        )
        line = -line[::-1]


def _lamp(sheet: Sheet, light: Colour, x: float, y: float) -> None:
    dark = (0.08, 0.06, 0.05)
    sheet.paint(sheet.lines([[(x, y), (x, 0.90)]], 0.011), dark)
    sheet.paint(sheet.box(x - 0.055, 0.885, x + 0.055, 0.90), dark)
    shade = sheet.shape(
        [
            (x - 0.062, y - 0.085),
            (x + 0.062, y - 0.085),
            (x + 0.105, y + 0.045),
            (x - 0.105, y + 0.045),
        ]
    )
    lit = 0.82 + 0.25 * np.exp(-(((sheet.y - y) / 0.06) ** 2)) * np.exp(
        -(((sheet.x - x) / 0.08) ** 2)
    )
    warm = np.asarray(mix(light, (1.0, 0.90, 0.70), 0.5), np.float32) * lit[..., None]
    sheet.paint(shade, warm.astype(np.float32))
    sheet.glow(x, y + 0.01, 0.20, light, 0.42)


def _table(
    sheet: Sheet, rng: np.random.Generator, brief: Brief, side: float, lamp_x: float
) -> None:
    top = 0.84
    half = sheet.wide
    mask = sheet.shape(
        [(-half * 0.92, top), (half * 0.92, top), (half * 1.2, 1.2), (-half * 1.2, 1.2)]
    )
    shine = np.exp(-(((sheet.x - lamp_x * 0.8) / 0.42) ** 2)) * smooth(sheet.y, 1.05, top)
    grain = sheet.noise(rng, 40, stretch=14, octaves=3)
    tone = np.asarray((0.20, 0.115, 0.065), np.float32) * (0.6 + 0.6 * grain)[..., None]
    tone = tone + np.asarray(brief.palette.lamp, np.float32) * (0.36 * shine)[..., None]
    sheet.paint(mask, tone.astype(np.float32))
    cup = -side * 0.16
    body = [(cup - 0.050, 0.80), (cup + 0.050, 0.80), (cup + 0.040, 0.895), (cup - 0.040, 0.895)]
    sheet.paint(
        sheet.lines(
            [
                [
                    (cup - side * -0.05, 0.82),
                    (cup + side * 0.085, 0.835),
                    (cup + side * 0.045, 0.875),
                ]
            ],
            0.010,
        ),
        (0.55, 0.52, 0.48),
    )
    sheet.paint(sheet.shape(body), (0.62, 0.59, 0.54))
    dim = np.clip(-side * (sheet.x - cup) / 0.06 * 0.5 + 0.5, 0, 1) * sheet.shape(body)
    sheet.paint((dim * 0.65).astype(np.float32), (0.12, 0.11, 0.14))
    books = side * 0.26
    for k in range(3):
        y, w = 0.875 - 0.026 * k, 0.115 - 0.012 * k
        tint = ((0.34, 0.12, 0.11), (0.13, 0.22, 0.28), (0.36, 0.30, 0.18))[k]
        sheet.paint(sheet.box(books - w, y, books + w, y + 0.025), tint)
        sheet.light(
            sheet.box(books - w, y, books + w, y + 0.004) * np.float32(0.15), brief.palette.lamp
        )
