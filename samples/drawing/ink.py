"""A soft brush on a picture: smooth outlines, shade, light. Points are pixels of the still."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Colour = tuple[float, float, float]
Mask = NDArray[np.float32]

FINE = 1.5  # drawn larger, scaled down at the end


def rgb(text: str) -> Colour:
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 14) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64)
    if closed:
        p = np.vstack([p[-1], p, p[0], p[1]])
    else:
        p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        out.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - 3 * c + d - a) * t**3
            )
        )
    whole = np.vstack(out if closed else [*out, p[-2][None]])
    return [(float(x), float(y)) for x, y in whole]


class Ink:
    """A picture being drawn. Colours are 0..1 as shown."""

    def __init__(self, ground: NDArray[np.uint8]) -> None:
        self.height, self.width = ground.shape[:2]
        size = (round(self.width * FINE), round(self.height * FINE))
        large = cv2.resize(ground, size, interpolation=cv2.INTER_CUBIC)
        self.paint = large.astype(np.float32) / 255
        y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
        self.x, self.y = (x + 0.5) / FINE, (y + 0.5) / FINE

    def picture(self) -> NDArray[np.uint8]:
        small = cv2.resize(self.paint, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)

    # Masks

    def shape(self, *outlines: Sequence[Point], soft: float = 0.0) -> Mask:
        mask = np.zeros(self.paint.shape[:2], np.uint8)
        for outline in outlines:
            at = np.rint((np.asarray(outline) * FINE - 0.5) * 16).astype(np.int32)
            cv2.fillPoly(mask, [at], 255, cv2.LINE_AA, 4)
        return self.soften(mask.astype(np.float32) / 255, soft)

    def soften(self, mask: Mask, soft: float) -> Mask:
        if soft <= 0.3:
            return mask
        # A wide blur of a small copy is the same blur.
        step = max(1, int(soft * FINE / 4))
        small = cv2.resize(mask, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), soft * FINE / step)
        whole = cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.float32)

    def stroke(self, points: Sequence[Point], wide: Sequence[float], soft: float = 0.0) -> Mask:
        """A brush stroke along a curve whose width changes from point to point."""
        return self.shape(ribbon(points, wide), soft=soft)

    def strands(self, paths: Sequence[Sequence[Point]], width: float) -> Mask:
        mask = np.zeros(self.paint.shape[:2], np.uint8)
        for path in paths:
            at = np.rint((np.asarray(path) * FINE - 0.5) * 16).astype(np.int32)
            cv2.polylines(mask, [at], False, 255, max(1, round(width * FINE)), cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def blob(self, x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Mask:
        """A soft ellipse: 1 in the middle, 0.6 at one radius, fading out."""
        dx, dy = self.x - x, self.y - y
        cos, sin = np.cos(turn), np.sin(turn)
        far = ((cos * dx + sin * dy) / rx) ** 2 + ((-sin * dx + cos * dy) / ry) ** 2
        return np.asarray(np.exp(-0.5 * far), np.float32)

    def shifted(self, mask: Mask, dx: float, dy: float) -> Mask:
        matrix = np.array([[1, 0, dx * FINE], [0, 1, dy * FINE]], np.float32)
        return np.asarray(cv2.warpAffine(mask, matrix, mask.shape[::-1]), np.float32)

    # Paint

    def lay(self, mask: Mask, colour: Colour | Mask, amount: float = 1.0) -> None:
        band = _rows(mask)
        part = mask[band, :, None] * np.float32(amount)
        tint = np.asarray(colour, np.float32)
        tint = tint[band] if tint.ndim == 3 else tint
        self.paint[band] += (tint - self.paint[band]) * part

    def shade(self, mask: Mask, colour: Colour, amount: float = 1.0) -> None:
        """Multiply: the shadow keeps what it falls on."""
        band = _rows(mask)
        part = mask[band, :, None] * np.float32(amount)
        self.paint[band] *= 1 - part * (1 - np.asarray(colour, np.float32))

    def light(self, mask: Mask, colour: Colour, amount: float = 1.0) -> None:
        """Screen: light never burns out at once."""
        band = _rows(mask)
        part = mask[band, :, None] * np.float32(amount) * np.asarray(colour, np.float32)
        self.paint[band] = 1 - (1 - self.paint[band]) * (1 - part)


def ribbon(points: Sequence[Point], wide: Sequence[float]) -> list[Point]:
    line = np.asarray(curve(points, closed=False))
    at = np.linspace(0, 1, len(line))
    half = np.interp(at, np.linspace(0, 1, len(wide)), wide) / 2
    along = np.gradient(line, axis=0)
    along /= np.maximum(1e-6, np.hypot(*along.T))[:, None]
    side = np.column_stack([-along[:, 1], along[:, 0]]) * half[:, None]
    both = np.vstack([line + side, (line - side)[::-1]])
    return [(float(x), float(y)) for x, y in both]


def _rows(mask: Mask) -> slice:
    rows = np.flatnonzero(mask.max(axis=1) > 0.002)
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)
