"""Forest, desert, mountains."""

from __future__ import annotations

import numpy as np

from scenegraph.animatic.draw.canvas import Field, Grid
from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.paint import Colour, Sheet, mix, ridge, smooth
from scenegraph.animatic.draw.places.sky import hills, paint_sky
from scenegraph.animatic.draw.places.stage import Bend, Stage


def _sway(amount: float, phase: float) -> Bend:
    def bend(grid: Grid, seconds: float) -> Field:
        swing = amount * grid.size.height * np.sin(1.1 * seconds + phase)
        return np.full((2, 2, 2), swing, np.float32)

    return bend


def forest(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Trunks, five deep, each row paler in the mist; a path of light between them."""
    pal = brief.palette
    stage.eye = (0.0, 0.58)
    sheet = Sheet(stage.size)
    mist = mix(pal.horizon, pal.middle, 0.30)
    if brief.time == "day":
        mist = mix((0.80, 0.90, 0.70), pal.horizon, 0.35)
    leaf = mix(pal.far, (0.12, 0.30, 0.14), 0.45) if brief.time != "night" else pal.far
    down = np.clip(sheet.y, 0, 1)[..., None]
    back = (
        np.asarray(mix(pal.middle, leaf, 0.5), np.float32) * (1 - down)
        + np.asarray(mist, np.float32) * down
    )
    sheet.fill(np.broadcast_to(back, sheet.colour.shape).astype(np.float32))
    centre = float(rng.uniform(-0.2, 0.2))
    sheet.glow(
        centre, 0.44, 0.40, mix(pal.key, mist, 0.35), 0.42 if brief.time == "night" else 0.60
    )
    canopy = smooth(sheet.noise(rng, 7, octaves=5), 0.45, 0.75) * smooth(sheet.y, 0.42, -0.1)
    sheet.paint(canopy * np.float32(0.7), mix(leaf, pal.near, 0.4))
    stage.back(sheet, 0.04)
    for depth, near in enumerate((0.14, 0.28, 0.48, 0.95)):
        tone = mix(mix(mist, leaf, 0.45), pal.near, (0.10, 0.36, 0.66, 0.96)[depth])
        layer = Sheet(stage.size)
        _trees(layer, rng, depth, tone, centre)
        veil = smooth(layer.y, 0.40, 0.86) * np.float32((0.62, 0.45, 0.28, 0.0)[depth])
        layer.colour += (
            np.asarray(mist, np.float32) * layer.cover[..., None] - layer.colour
        ) * veil[..., None]
        if depth == 2:
            _shafts(layer, brief, rng, centre)
        stage.cut_out(layer, near, bend=_sway(0.0012 * (depth + 1), float(rng.uniform(0, 6))))


def _trees(sheet: Sheet, rng: np.random.Generator, depth: int, tone: Colour, centre: float) -> None:
    ground = (0.70, 0.76, 0.84, 0.97)[depth]
    line = ridge(rng, 200, 0.55)
    x = np.linspace(-sheet.wide, sheet.wide, 200)
    soil = [(float(a), ground - 0.022 * float(b)) for a, b in zip(x, line, strict=True)]
    sheet.paint(sheet.shape([*soil, (sheet.wide, 1.2), (-sheet.wide, 1.2)]), tone)
    count, girth = (17, 11, 7, 3)[depth], (0.010, 0.019, 0.034, 0.075)[depth]
    gap = (0.05, 0.10, 0.20, 0.52)[depth]
    outlines: list[list[tuple[float, float]]] = []
    boughs: list[list[tuple[float, float]]] = []
    for _ in range(count):
        at = float(rng.uniform(-sheet.wide, sheet.wide))
        if abs(at - centre) < gap * 0.55:
            at = centre + float(np.sign(at - centre) or 1) * gap * float(rng.uniform(0.6, 1.4))
        w, lean = girth * float(rng.uniform(0.6, 1.25)), float(rng.normal(0, 0.018))
        knots = np.linspace(ground + 0.05, -0.18, 9)
        bow = np.cumsum(rng.normal(0, 0.004, 9)) + lean * np.linspace(0, 1, 9) * 2
        taper = np.linspace(1.0, 0.62, 9)
        taper[0] = 1.55
        left = [
            (at + float(b) - w * float(t) / 2, float(y))
            for y, b, t in zip(knots, bow, taper, strict=True)
        ]
        right = [
            (at + float(b) + w * float(t) / 2, float(y))
            for y, b, t in zip(knots, bow, taper, strict=True)
        ]
        outlines.append([*left, *reversed(right)])
        for _ in range(3):
            k = int(rng.integers(4, 8))
            side = float(rng.choice([-1, 1]))
            long = girth * float(rng.uniform(2.5, 6))
            x0, y0 = at + float(bow[k]), float(knots[k])
            boughs.append(
                [
                    (x0, y0),
                    (x0 + side * long * 0.6, y0 - long * 0.25),
                    (x0 + side * long, y0 - long * 0.65),
                ]
            )
    sheet.paint(sheet.shape(*outlines), tone)
    sheet.paint(sheet.lines(boughs, girth * 0.10), tone)
    tops = smooth(sheet.noise(rng, (11, 9, 8, 7)[depth], octaves=6), 0.47, 0.56)
    crown = tops * smooth(sheet.y, (0.30, 0.24, 0.18, 0.10)[depth], -0.14)
    sheet.paint(crown, tone)
    _ferns(sheet, rng, depth, ground, tone)


def _ferns(sheet: Sheet, rng: np.random.Generator, depth: int, ground: float, tone: Colour) -> None:
    blades: list[list[tuple[float, float]]] = []
    for _ in range(260):
        x, h = (
            float(rng.uniform(-sheet.wide, sheet.wide)),
            0.016 * (depth + 1) * float(rng.uniform(0.5, 1.3)),
        )
        lean = float(rng.normal(0, 0.5)) * h
        y = ground + 0.012
        blades.append([(x, y), (x + lean * 0.4, y - h * 0.7), (x + lean, y - h)])
    sheet.paint(sheet.lines(blades, 0.0011 * (depth + 1)), tone)


def _shafts(sheet: Sheet, brief: Brief, rng: np.random.Generator, centre: float) -> None:
    """Light that falls between the trunks."""
    power = 0.05 if brief.time == "night" else 0.11
    for _ in range(5):
        top = centre + float(rng.uniform(-0.5, 0.5))
        w, lean = float(rng.uniform(0.02, 0.06)), float(rng.uniform(0.10, 0.28))
        beam = sheet.shape(
            [(top, -0.2), (top + w, -0.2), (top + w * 2.4 - lean, 0.95), (top - lean, 0.95)]
        )
        fade = smooth(sheet.y, 0.95, 0.1)
        lit = (beam * fade * power).astype(np.float32)
        sheet.light(lit, brief.palette.key)
        sheet.cover = np.maximum(sheet.cover, lit * np.float32(0.2))


def desert(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Dunes with a lit and a shaded side, ripples at the camera's feet."""
    pal, horizon = brief.palette, 0.54
    stage.eye = (0.0, horizon)
    sheet = Sheet(stage.size)
    sun_x, _ = paint_sky(sheet, brief, rng, horizon, clouds=0.18)
    hills(sheet, ridge(rng, 240, 0.45), horizon, 0.045, mix(pal.far, pal.horizon, 0.4), pal.horizon)
    stage.back(sheet, 0.03)
    sand_lit, sand_dark = _sand(brief)
    for depth, near in enumerate((0.16, 0.34, 0.60, 1.0)):
        layer = Sheet(stage.size)
        base = (0.575, 0.64, 0.75, 0.93)[depth]
        haze = (0.5, 0.3, 0.14, 0.0)[depth]
        lit, dark = mix(sand_lit, pal.horizon, haze), mix(sand_dark, pal.horizon, haze)
        _dune(layer, rng, base, 0.045 + 0.03 * depth, lit, dark, sun_x)
        if depth == 3:
            _ripples(layer, rng, dark)
        stage.cut_out(layer, near)


def _sand(brief: Brief) -> tuple[Colour, Colour]:
    match brief.time:
        case "night":
            return (0.20, 0.25, 0.40), (0.05, 0.07, 0.14)
        case "dusk":
            return (0.90, 0.52, 0.32), (0.28, 0.14, 0.22)
        case "dawn":
            return (0.93, 0.74, 0.58), (0.46, 0.36, 0.42)
        case _:
            return (0.93, 0.76, 0.50), (0.62, 0.42, 0.26)


def _dune(
    sheet: Sheet,
    rng: np.random.Generator,
    base: float,
    rise: float,
    lit: Colour,
    dark: Colour,
    sun: float,
) -> None:
    count = 500
    x = np.linspace(-sheet.wide, sheet.wide, count)
    line = np.zeros(count)
    for k in (1.3, 2.6, 4.4):
        line += np.sin(x * k * 1.7 + rng.uniform(0, 6.3)) / k
    crest = base - rise * line
    mask = sheet.shape(
        [
            *((float(a), float(b)) for a, b in zip(x, crest, strict=True)),
            (sheet.wide, 1.2),
            (-sheet.wide, 1.2),
        ]
    )
    slope = np.gradient(crest, x)
    side = np.sign(sun) or 1.0
    face = np.interp(np.linspace(-sheet.wide, sheet.wide, sheet.columns), x, slope) * side
    below = (
        sheet.y - np.interp(np.linspace(-sheet.wide, sheet.wide, sheet.columns), x, crest)[None]
    ) / max(rise, 0.01)
    bright = np.clip(0.55 + 5.0 * face[None] * np.exp(-np.clip(below, 0, None) * 0.9), 0, 1)
    edge = np.exp(-np.clip(below, 0, None) * 9.0) * 0.4
    fall = np.clip(below * 0.16, 0, 0.35)
    bright = np.clip(bright + edge - fall, 0, 1)[..., None].astype(np.float32)
    tone = np.asarray(dark, np.float32) * (1 - bright) + np.asarray(lit, np.float32) * bright
    sheet.paint(mask, tone.astype(np.float32))


def _ripples(sheet: Sheet, rng: np.random.Generator, dark: Colour) -> None:
    bend = sheet.noise(rng, 5, stretch=2, octaves=3)
    v = np.clip(sheet.y - 0.70, 0.01, None)
    wave = np.sin(60 * np.log(v + 0.08) * 2.2 + bend * 20 + sheet.x * 3)
    mask = smooth(wave.astype(np.float32), 0.1, 0.9) * smooth(sheet.y, 0.84, 1.0) * sheet.cover
    sheet.paint(mask * np.float32(0.22), dark)


def mountains(stage: Stage, brief: Brief, rng: np.random.Generator) -> None:
    """Ridges that fade with distance, snow on the high one, firs before them."""
    pal, horizon = brief.palette, 0.62
    stage.eye = (0.0, horizon)
    sheet = Sheet(stage.size)
    paint_sky(sheet, brief, rng, horizon, clouds=0.45)
    stage.back(sheet, 0.02)
    white = (
        mix((0.95, 0.97, 1.0), pal.horizon, 0.35) if not brief.dark else mix(pal.far, pal.key, 0.6)
    )
    for depth, near in enumerate((0.08, 0.18, 0.34, 0.58)):
        layer = Sheet(stage.size)
        tone = mix(
            mix(pal.far, pal.horizon, (0.45, 0.2, 0.0, 0.0)[depth]),
            pal.near,
            (0.0, 0.15, 0.45, 0.7)[depth],
        )
        if brief.time == "day" and depth > 1:
            tone = mix(tone, (0.60, 0.68, 0.74) if brief.snow else (0.20, 0.36, 0.16), 0.5)
        line = ridge(rng, 420, 0.56)
        base, rise = (0.50, 0.60, 0.72, 0.86)[depth], (0.24, 0.15, 0.09, 0.06)[depth]
        hills(layer, line, base, rise, tone, mix(tone, pal.horizon, 0.55 - 0.13 * depth))
        if depth == 0:
            _snowcap(layer, rng, line, base, rise, white)
        stage.cut_out(layer, near)
    front = Sheet(stage.size)
    ground = (
        white
        if brief.snow
        else mix(pal.near, (0.10, 0.16, 0.08), 0.4 if brief.time == "day" else 0.1)
    )
    hills(front, ridge(rng, 200, 0.4), 0.985, 0.04, ground, ground)
    _firs(front, rng, mix(pal.near, (0.02, 0.06, 0.05), 0.5), white if brief.snow else None)
    stage.cut_out(front, 1.0)


def _snowcap(
    sheet: Sheet, rng: np.random.Generator, line: Field, base: float, rise: float, white: Colour
) -> None:
    columns = np.interp(np.linspace(0, 1, sheet.columns), np.linspace(0, 1, len(line)), line)
    below = (sheet.y - (base - rise * columns)[None]) / rise
    ragged = sheet.noise(rng, 22, stretch=0.6, octaves=4)
    reach = 0.75 * np.clip(columns[None] + 0.35, 0.05, 1.2)
    cap = (
        smooth((below - reach * (0.35 + 1.2 * ragged)).astype(np.float32), 0.06, -0.06)
        * sheet.cover
    )
    flank = sheet.noise(rng, 16, stretch=0.8, octaves=5)
    lit = np.roll(flank, max(2, int(0.01 * sheet.per)), axis=1)
    shade = np.clip(0.86 + 2.4 * (flank - lit), 0.58, 1.0)[..., None]
    sheet.paint(cap * np.float32(0.92), (np.asarray(white, np.float32) * shade).astype(np.float32))


def _firs(sheet: Sheet, rng: np.random.Generator, tone: Colour, snow: Colour | None) -> None:
    half = sheet.wide
    for _ in range(13):
        side = float(rng.choice([-1, 1]))
        x = side * half * float(rng.uniform(0.30, 1.0)) ** 0.7
        tall = 0.40 * float(rng.uniform(0.35, 1.0)) * (0.4 + 0.6 * abs(x) / half)
        foot = 0.99
        outline: list[tuple[float, float]] = []
        tiers = 11
        for k in range(tiers + 1):
            u = k / tiers
            w = 0.20 * tall * u**0.9 * float(rng.uniform(0.85, 1.15)) + 0.002
            outline += [
                (x + w, foot - tall * (1 - u)),
                (x + w * 0.62, foot - tall * (1 - u) - 0.004),
            ]
        other = [(2 * x - px + float(rng.normal(0, 0.002)), py) for px, py in outline]
        mask = sheet.shape([*outline, *reversed(other)])
        sheet.paint(mask, mix(tone, (0.3, 0.4, 0.5), float(rng.uniform(0, 0.12))))
        if snow:
            edge = np.clip(mask - np.roll(mask, max(1, int(0.005 * sheet.per)), axis=0), 0, 1)
            sheet.paint(edge * np.float32(0.7), snow)
