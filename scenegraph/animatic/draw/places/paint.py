"""Paint for places: light colours on a sheet that is larger than the frame.

Coordinates are picture heights: x from the frame's middle (right +), y from its top (down +).
Colours are 0..1 RGB as shown; light adds, shapes cover.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.units import Size

Colour = tuple[float, float, float]
Mask = NDArray[np.float32]

OVER = 0.17  # heights painted beyond each side of the frame
FINE = 1.0  # painted pixels per pixel shown


def rgb(text: str) -> Colour:
    """`#rrggbb` as a colour.

    >>> rgb("#ff0000")
    (1.0, 0.0, 0.0)
    """
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


class Sheet:
    """One layer's paint: colour (rows, columns, 3) and cover (rows, columns), both float32."""

    def __init__(self, size: Size) -> None:
        self.per = size.height * FINE
        self.wide = size.width / size.height / 2 + OVER
        self.columns = round(2 * self.wide * self.per)
        self.rows = round((1 + 2 * OVER) * self.per)
        self.colour = np.zeros((self.rows, self.columns, 3), np.float32)
        self.cover = np.zeros((self.rows, self.columns), np.float32)
        x = (np.arange(self.columns, dtype=np.float32) + 0.5) / self.per - self.wide
        y = (np.arange(self.rows, dtype=np.float32) + 0.5) / self.per - OVER
        self.x, self.y = x[None, :], y[:, None]

    def pixels(self, points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
        """Points in heights as OpenCV's 4-bit fixed point pixels."""
        at = np.asarray(points, np.float64)
        at = np.column_stack([(at[:, 0] + self.wide) * self.per, (at[:, 1] + OVER) * self.per])
        return np.rint(np.clip(at - 0.5, -8000, 16000) * 16).astype(np.int32)

    def blank(self) -> NDArray[np.uint8]:
        return np.zeros((self.rows, self.columns), np.uint8)

    def shape(self, *outlines: Sequence[tuple[float, float]]) -> Mask:
        """The filled outlines, edges smooth: 0..1."""
        mask = self.blank()
        for outline in outlines:
            cv2.fillPoly(mask, [self.pixels(outline)], 255, cv2.LINE_AA, 4)
        return np.asarray(mask, np.float32) / np.float32(255)

    def lines(self, paths: Sequence[Sequence[tuple[float, float]]], width: float) -> Mask:
        """Open paths of one width (heights)."""
        mask = self.blank()
        thick = max(1, round(width * self.per))
        for path in paths:
            cv2.polylines(mask, [self.pixels(path)], False, 255, thick, cv2.LINE_AA, 4)
        weight = min(1.0, width * self.per)
        return mask.astype(np.float32) * (weight / 255)

    def box(self, left: float, top: float, right: float, low: float) -> Mask:
        return self.shape([(left, top), (right, top), (right, low), (left, low)])

    def paint(self, mask: Mask, colour: Colour | NDArray[np.float32]) -> None:
        """Cover with a colour, or with a whole picture of colours, where the mask is."""
        rows = np.flatnonzero(mask.max(axis=1) > 0)
        if not len(rows):
            return
        band = slice(rows[0], rows[-1] + 1)
        part = mask[band, :, None]
        paint = np.asarray(colour, np.float32)
        if paint.ndim == 3:
            paint = np.broadcast_to(paint, self.colour.shape)[band]
        self.colour[band] += (paint - self.colour[band]) * part
        self.cover[band] += (1 - self.cover[band]) * part[..., 0]

    def fill(self, colours: NDArray[np.float32]) -> None:
        """The whole sheet."""
        self.colour[:] = colours
        self.cover[:] = 1.0

    def light(self, mask: Mask, colour: Colour) -> None:
        """Add light where the sheet is covered or not; a glow in the air has little cover."""
        rows = np.flatnonzero(mask.max(axis=1) > 0)
        if len(rows):
            band = slice(rows[0], rows[-1] + 1)
            self.colour[band] += mask[band, :, None] * np.asarray(colour, np.float32)

    def glow(self, x: float, y: float, radius: float, colour: Colour, power: float = 1.0) -> None:
        """A lamp's halo: a bright core and a wide fall-off."""
        reach = radius * 4
        cols = self._span(x, reach, self.wide, self.columns)
        rows = self._span(y, reach, OVER, self.rows)
        if cols.start >= cols.stop or rows.start >= rows.stop:
            return
        far = np.hypot(self.x[:, cols] - x, self.y[rows] - y) / radius
        halo = power * (np.exp(-((far * 2.2) ** 2)) + 0.35 * np.exp(-far * 1.6))
        halo *= np.clip((4 - far) / 1.5, 0, 1)
        self.colour[rows, cols] += halo[..., None] * np.asarray(colour, np.float32)
        self.cover[rows, cols] += (1 - self.cover[rows, cols]) * np.clip(halo * 0.25, 0, 1)

    def _span(self, at: float, reach: float, origin: float, most: int) -> slice:
        low, high = (at - reach + origin) * self.per, (at + reach + origin) * self.per
        return slice(int(np.clip(low, 0, most)), int(np.clip(high, 0, most)))

    def noise(
        self, rng: np.random.Generator, cells: float, *, stretch: float = 1.0, octaves: int = 5
    ) -> Mask:
        """Cloudy noise, 0..1 about 0.5; `cells` per height, `stretch` times as wide as high."""
        return fractal(rng, (self.rows, self.columns), cells / self.per, stretch, octaves)


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    frequency: float,
    stretch: float = 1.0,
    octaves: int = 5,
) -> Mask:
    """Value noise of several octaves, 0..1; `frequency` in cells per pixel."""
    total, weight, height = np.zeros(shape, np.float32), 0.0, 1.0
    for octave in range(octaves):
        f = frequency * 2**octave
        rows, cols = max(3, int(shape[0] * f) + 3), max(3, int(shape[1] * f / stretch) + 3)
        rows, cols = min(rows, shape[0]), min(cols, shape[1])
        grid = rng.random((rows, cols), np.float32)
        total += height * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        weight += height
        height *= 0.5
    return np.asarray(np.clip((total / weight - 0.5) * 1.6 + 0.5, 0, 1), np.float32)


def ridge(rng: np.random.Generator, count: int, rough: float = 0.5, octaves: int = 7) -> Mask:
    """A mountain line: `count` heights in -1..1."""
    line = np.zeros(count, np.float32)
    at = np.linspace(0, 1, count)
    for octave in range(octaves):
        knots = 4 * 2**octave
        values = rng.uniform(-1, 1, knots + 1)
        line += (rough**octave * np.interp(at, np.linspace(0, 1, knots + 1), values)).astype(
            np.float32
        )
    return np.asarray(line / max(1e-6, float(np.abs(line).max())), np.float32)


def smooth(value: NDArray[np.float32], low: float, high: float) -> Mask:
    """0 below `low`, 1 above `high`, smooth between (either way round)."""
    s = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)
