"""Skies: the light of the hour, and what hangs in it."""

from __future__ import annotations

import numpy as np

from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.paint import Colour, Mask, Sheet, fractal, mix, smooth


def paint_sky(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, horizon: float, *, clouds: float = 0.5
) -> tuple[float, float]:
    """Fill the sheet down to below `horizon` (heights); returns where the sun or moon stands."""
    pal = brief.palette
    down = np.clip((sheet.y + 0.17) / (horizon + 0.17), 0, 1.3)
    upper = smooth(down, 0.0, 0.62)[..., None]
    lower = smooth(down, 0.45, 1.0)[..., None]
    top, middle, low = (np.asarray(c, np.float32) for c in (pal.top, pal.middle, pal.horizon))
    colours = top + (middle - top) * upper
    colours = colours + (low - colours) * lower**1.3
    sheet.fill(np.broadcast_to(colours, sheet.colour.shape))
    place = (float(rng.uniform(-0.55, 0.55) * sheet.wide), horizon - float(rng.uniform(0.22, 0.36)))
    if brief.time == "night" and not brief.wet:
        _stars(sheet, rng, horizon)
    if brief.time in ("dusk", "dawn") and not brief.storm:
        place = (place[0], horizon - float(rng.uniform(0.04, 0.10)))
        sheet.glow(*place, 0.30, mix(pal.horizon, pal.key, 0.5), 0.42)
        sheet.glow(*place, 0.045, (1.0, 0.93, 0.78), 1.0)
    elif brief.time == "night" and not brief.wet:
        _moon(sheet, place, pal.key)
    elif brief.time == "day" and not brief.storm:
        sheet.glow(place[0], 0.02, 0.22, (1.0, 0.96, 0.86), 0.32)
    if clouds:
        _clouds(sheet, brief, rng, horizon, clouds + (0.45 if brief.storm else 0.0))
    return place


def _stars(sheet: Sheet, rng: np.random.Generator, horizon: float) -> None:
    count = 240
    columns = rng.integers(0, sheet.columns - 1, count)
    rows = (rng.random(count) ** 1.3 * (horizon * 0.85 + 0.17) * sheet.per).astype(int)
    bright = rng.uniform(0.15, 0.8, count) ** 2
    for dx, dy, share in ((0, 0, 1.0), (1, 0, 0.5), (0, 1, 0.5), (1, 1, 0.25)):
        sheet.colour[rows + dy, columns + dx] += (share * bright)[:, None]


def _moon(sheet: Sheet, at: tuple[float, float], light: Colour) -> None:
    x, y = at[0], max(0.12, at[1] - 0.05)
    sheet.glow(x, y, 0.16, light, 0.24)
    far = np.hypot(sheet.x - x, sheet.y - y)
    disc = smooth(far, 0.038, 0.0365)
    grain = fractal(np.random.default_rng(5), disc.shape, 26 / sheet.per, 1.0, 3)
    for channel, share in enumerate((0.94, 0.95, 0.90)):
        sheet.colour[..., channel] += disc * (share * (0.82 + 0.3 * (grain - 0.5)))


def _clouds(
    sheet: Sheet, brief: Brief, rng: np.random.Generator, horizon: float, amount: float
) -> None:
    pal = brief.palette
    stretch = 3.2 if not brief.storm else 2.0
    body = sheet.noise(rng, 3.1, stretch=stretch, octaves=6)
    body += 0.30 * (sheet.noise(rng, 9.0, stretch=2.0, octaves=4) - 0.5)
    lit = np.roll(body, max(1, int(0.012 * sheet.per)), axis=0)
    cover = smooth(body, 0.60 - 0.24 * amount, 0.98 - 0.2 * amount)
    cover = cover * smooth(sheet.y, horizon + 0.01, horizon - 0.10)
    edge = np.clip((body - lit) * 4.2 + 0.55, 0, 1)[..., None]
    if brief.storm:
        dark, light = mix(pal.top, (0, 0, 0), 0.25), mix(pal.horizon, pal.key, 0.15)
    elif brief.time == "night":
        dark, light = mix(pal.top, pal.middle, 0.3), mix(pal.middle, pal.key, 0.22)
    else:
        dark = mix(pal.middle, pal.far, 0.55)
        light = mix(pal.horizon, (1.0, 0.98, 0.95), 0.55)
    colours = np.asarray(dark, np.float32) * (1 - edge) + np.asarray(light, np.float32) * edge
    sheet.paint(cover * np.float32(0.85), colours.astype(np.float32))


def hills(
    sheet: Sheet, line: Mask, base: float, height: float, colour: Colour, haze: Colour
) -> None:
    """A ridge from edge to edge; its foot dissolves into haze."""
    x = np.linspace(-sheet.wide, sheet.wide, len(line))
    points = [(float(px), float(base - height * v)) for px, v in zip(x, line, strict=True)]
    outline = [*points, (sheet.wide, 1 + 0.2), (-sheet.wide, 1 + 0.2)]
    mask = sheet.shape(outline)
    foot = smooth(sheet.y, base - height * 0.6, base + height * 1.3)[..., None]
    tint = np.asarray(colour, np.float32) * (1 - foot) + np.asarray(haze, np.float32) * foot
    sheet.paint(mask, np.broadcast_to(tint, sheet.colour.shape))
