"""Open water, a headland with a lighthouse, rocks before the lens."""

from __future__ import annotations

import cv2
import numpy as np

from scenegraph.animatic.draw.canvas import Field, Grid
from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.paint import Sheet, fractal, mix, ridge, smooth
from scenegraph.animatic.draw.places.sky import paint_sky
from scenegraph.animatic.draw.places.stage import Bend, Stage


def _ground(stage: Stage, horizon: float) -> Field:
    """Inverse depth of a plain under a sky."""
    _, y = stage.window_xy()
    return np.asarray(np.clip((y - horizon) / (1 - horizon), 0, 1.3), np.float32)


def _swell(horizon: float, wild: float) -> Bend:
    """Waves that run towards the camera: higher and slower the nearer they are."""

    def bend(grid: Grid, seconds: float) -> Field:
        height = grid.size.height
        v = np.clip(grid.y / height - horizon, 0.0, None)
        deep = 1.0 / (v + 0.03)
        lift = np.sin(deep * 1.9 + seconds * 2.0 + 0.004 * grid.x)
        lift += 0.6 * np.sin(deep * 3.7 - seconds * 1.3 + 0.011 * grid.x * v * 4)
        dy = lift * v * height * (0.016 + 0.03 * wild)
        dx = np.sin(deep * 2.6 + seconds * 1.7 + grid.y * 0.02) * v * height * (0.012 + 0.02 * wild)
        return np.dstack([dx, dy]).astype(np.float32)

    return bend


def sea(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Water under a wide sky, a headland with a lighthouse, foam when it storms."""
    pal, horizon = brief.palette, 0.50
    stage.eye = (0.0, horizon)
    sheet = Sheet(stage.size)
    light_x, _ = paint_sky(sheet, brief, rng, horizon, clouds=0.65)
    sky = sheet.colour.copy()
    row = int(2 * (horizon + 0.17) * sheet.per) - sheet.rows
    mirror = np.roll(sky[::-1], row, axis=0)
    v = np.clip((sheet.y - horizon) / (1 - horizon), 0.0, 1.4)
    deep = np.asarray(mix(pal.near, pal.middle, 0.35), np.float32)
    water = (
        mirror * (0.62 - 0.34 * np.clip(v, 0, 1))[..., None] + deep * (0.30 + 0.4 * v)[..., None]
    )
    waves = _wave_texture(sheet, rng, horizon)
    crest = smooth(waves, 0.56, 0.86)
    trough = smooth(waves, 0.46, 0.16)
    bright = np.asarray(mix(pal.horizon, pal.key, 0.5), np.float32)
    water = water + (bright - water) * (crest * 0.34)[..., None]
    water = water * (1 - 0.42 * trough)[..., None]
    path = np.exp(-(((sheet.x - light_x) / (0.06 + 0.22 * v)) ** 2)) * smooth(waves, 0.5, 0.75)
    if not brief.storm:
        glint = np.asarray(mix(pal.key, (1, 1, 1), 0.3), np.float32)
        water = water + glint * (path * 0.55)[..., None]
    else:
        foam = smooth(waves, 0.74, 0.9) * smooth(sheet.noise(rng, 30, stretch=3), 0.42, 0.7)
        water = water + (np.float32(0.72) - water) * (foam * 0.8)[..., None]
    line = smooth(np.broadcast_to(sheet.y, sheet.cover.shape), horizon - 0.001, horizon + 0.002)
    sheet.paint(line, water.astype(np.float32))
    haze = smooth(np.abs(np.broadcast_to(sheet.y, sheet.cover.shape) - horizon), 0.035, 0.0)
    sheet.paint(haze * np.float32(0.45), pal.horizon)
    stage.back(sheet, _ground(stage, horizon), bend=_swell(horizon, 1.0 if brief.storm else 0.2))
    side = float(rng.choice([-1, 1]))
    stage.cut_out(_headland(Sheet(stage.size), brief, rng, side, horizon), 0.10)
    stage.cut_out(_rocks(Sheet(stage.size), brief, rng, -side), 1.0)


def _wave_texture(sheet: Sheet, rng: np.random.Generator, horizon: float) -> Field:
    """Noise laid down on the water: stretched sideways, finer towards the horizon."""
    flat = fractal(rng, (1024, 1024), 1 / 34, 3.0, 5)
    v = np.clip(sheet.y - horizon, 0.004, None)
    depth = 0.16 / v
    u = (sheet.x * depth * 900 + 512) % 1023
    w = np.broadcast_to((depth * 420) % 1023, u.shape)
    found = cv2.remap(
        flat,
        u.astype(np.float32),
        w.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    far = smooth(v, 0.0, 0.05)
    return np.asarray(0.5 + (found - 0.5) * far, np.float32)


def _headland(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, side: float, horizon: float
) -> Sheet:
    pal = brief.palette
    half = sheet.wide - 0.17
    tone = mix(pal.near, pal.far, 0.38)
    x = np.linspace(0, 1, 160)
    rise = 0.16 * (1 - x) ** 0.8 * (1 + 0.18 * ridge(rng, 160))
    points = [
        (side * (half + 0.17 - (0.17 + half * 0.95) * float(u)), horizon + 0.004 - float(h))
        for u, h in zip(x, rise, strict=True)
    ]
    sheet.paint(
        sheet.shape([*points, (points[-1][0], horizon + 0.006), (points[0][0], horizon + 0.006)]),
        tone,
    )
    at = side * (half * 0.52)
    near = min(points, key=lambda p: abs(p[0] - at))
    foot, top, w = near[1] + 0.012, near[1] - 0.155, 0.013
    stone = mix(tone, (0.9, 0.9, 0.88), 0.55 if not brief.dark else 0.22)
    sheet.paint(
        sheet.shape([(at - w, foot), (at + w, foot), (at + w * 0.68, top), (at - w * 0.68, top)]),
        stone,
    )
    band = mix(stone, (0.75, 0.16, 0.12), 0.6)
    for share in (0.24, 0.62):
        y0, y1 = top + (foot - top) * share, top + (foot - top) * (share + 0.17)
        sheet.paint(
            sheet.shape(
                [(at - w * 0.95, y1), (at + w * 0.95, y1), (at + w * 0.8, y0), (at - w * 0.8, y0)]
            )
            * np.float32(0.9),
            band,
        )
    sheet.paint(
        sheet.box(at - w * 0.55, top - 0.026, at + w * 0.55, top), mix(tone, (0, 0, 0), 0.3)
    )
    sheet.paint(
        sheet.shape([(at - w * 0.8, top - 0.024), (at + w * 0.8, top - 0.024), (at, top - 0.048)]),
        band,
    )
    if brief.dark or brief.fog:
        beam = sheet.shape(
            [(at, top - 0.014), (at - side * 1.5, top - 0.20), (at - side * 1.5, top + 0.05)]
        )
        fade = np.exp(-np.abs(sheet.x - at) * 1.9)
        lit = (beam * fade * 0.34).astype(np.float32)
        sheet.light(lit, pal.lamp)
        sheet.cover = np.maximum(sheet.cover, lit * np.float32(0.3))
        sheet.glow(at, top - 0.013, 0.05, mix(pal.lamp, (1, 1, 1), 0.5), 1.0)
    return sheet


def _rocks(sheet: Sheet, brief: Brief, rng: np.random.Generator, side: float) -> Sheet:
    dark = mix(brief.palette.near, (0, 0, 0), 0.2)
    half = sheet.wide - 0.17
    x = np.linspace(0, 1, 90)
    line = 0.17 * (1 - x) ** 1.4 * (1 + 0.5 * ridge(rng, 90, 0.6))
    points = [
        (side * (half + 0.17 - (0.17 + half * 0.75) * float(u)), 1.02 - float(h))
        for u, h in zip(x, line, strict=True)
    ]
    mask = sheet.shape([*points, (points[-1][0], 1.2), (points[0][0], 1.2)])
    sheet.paint(mask, dark)
    rim = np.clip(mask - np.roll(mask, max(1, int(0.006 * sheet.per)), axis=0), 0, 1)
    sheet.light(rim * np.float32(0.16), brief.palette.key)
    return sheet
