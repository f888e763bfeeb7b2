"""A set built of layers, and the camera that moves through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.animatic.draw.canvas import NO_MAP, Field, Grid, Picture
from scenegraph.animatic.draw.path import Pose
from scenegraph.animatic.draw.places.paint import FINE, OVER, Mask, Sheet
from scenegraph.units import Size

Bend = Callable[[Grid, float], Field]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Paint at a distance.

    Attributes:
        paint: uint8 RGB, or RGBA with the colour already multiplied by its cover.
        near: inverse distance, 0 = the sky … 1 = before the lens; one number for a cut-out,
            or one per point of the window for a floor or a wall.
        slide: heights per second that the layer moves by itself (clouds, a passing train).
        bend: what its surface does by itself (water, leaves), in output pixels.
    """

    paint: Picture
    near: float | Field
    slide: float = 0.0
    bend: Bend | None = None
    rows: tuple[float, float] = (-OVER, 1 + OVER)


@dataclass(eq=False)
class Stage:
    """Layers from back to front, round a vanishing point (heights)."""

    size: Size
    eye: tuple[float, float] = (0.0, 0.5)
    layers: list[Layer] = field(default_factory=list)
    indoors: bool = False

    def __post_init__(self) -> None:
        self.grid = Grid(self.size)

    def window_xy(self) -> tuple[Mask, Mask]:
        """The window's points in heights: where a layer's `near` is asked for."""
        height = self.size.height
        x = (self.grid.x + 0.5 - self.size.width / 2) / height
        return x.astype(np.float32), ((self.grid.y + 0.5) / height).astype(np.float32)

    def back(self, sheet: Sheet, near: float | Field, **more: Any) -> None:
        """A layer that fills the frame."""
        self.layers.append(Layer(_bytes(sheet.colour), near, **more))

    def front(self, sheet: Sheet, near: Field, **more: Any) -> None:
        """A layer with holes that has its own depth at every point (a carriage's walls)."""
        paint = np.dstack([_bytes(sheet.colour), (sheet.cover * 255 + 0.5).astype(np.uint8)])
        self.layers.append(Layer(paint, near, **more))

    def cut_out(self, sheet: Sheet, near: float, **more: Any) -> None:
        """A layer with holes; only the rows that carry paint are kept."""
        full = np.flatnonzero(sheet.cover.max(axis=1) > 0.002)
        if not len(full):
            return
        top, low = max(0, int(full[0]) - 2), min(sheet.rows, int(full[-1]) + 3)
        cover = sheet.cover[top:low, :, None]
        # Paint is laid over black: under a soft edge the colour is already its share.
        opaque = (cover * 255 + 0.5).astype(np.uint8)
        paint = np.concatenate([_bytes(sheet.colour[top:low]), opaque], axis=2)
        span = (top / sheet.per - OVER, low / sheet.per - OVER)
        self.layers.append(Layer(paint, near, rows=span, **more))

    def shoot(self, pose: Pose, seconds: float) -> Picture:
        """One frame."""
        height, width = self.size.height, self.size.width
        picture: Picture = np.zeros((height, width, 3), np.uint8)
        for layer in self.layers:
            if layer.paint.shape[2] == 3:
                picture = self._through_field(layer, pose, seconds)
            elif isinstance(layer.near, float):
                self._over(picture, layer, pose, seconds)
            else:
                _lay(picture, self._through_field(layer, pose, seconds))
        return picture

    def _reading(self, near: Any, pose: Pose, seconds: float, slide: float) -> tuple[Any, Any, Any]:
        """Scale about the eye and shift (heights) at which a layer of `near` is read."""
        ahead = 2.2 * (np.exp(pose.zoom) - 1)
        scale = 1.0 / np.maximum(0.55, 1.0 + ahead * (0.25 + 0.75 * near))
        side = 0.45 + 1.05 * near
        shift_x = pose.x * side + 0.085 * pose.orbit * (near - 0.3) - slide * seconds
        return scale, shift_x, pose.y * side

    def _through_field(self, layer: Layer, pose: Pose, seconds: float) -> Picture:
        height = self.size.height
        scale, sx, sy = self._reading(layer.near, pose, seconds, layer.slide)
        ex, ey = (self.eye[0] * height + self.size.width / 2, self.eye[1] * height)
        x, y = self.grid.x - ex, self.grid.y - ey
        cos, sin = np.cos(pose.roll), np.sin(pose.roll)
        px = ex + (cos * x + sin * y) * scale + sx * height
        py = ey + (-sin * x + cos * y) * scale + sy * height
        where = np.dstack([px, py]).astype(np.float32)
        if layer.bend:
            where += layer.bend(self.grid, seconds)
        paint = layer.paint
        left = (paint.shape[1] - self.size.width * FINE) / 2
        where = where * np.float32(FINE)
        where += np.array([left, OVER * height * FINE], np.float32) + np.float32(0.5 * FINE - 0.5)
        return np.asarray(
            cv2.remap(
                paint, self.grid.spread(where), NO_MAP, cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            ), np.uint8,
        )  # fmt: skip

    def _over(self, picture: Picture, layer: Layer, pose: Pose, seconds: float) -> None:
        height, width = self.size.height, self.size.width
        near = layer.near
        assert isinstance(near, float)
        scale, sx, sy = self._reading(near, pose, seconds, layer.slide)
        ex, ey = self.eye[0] * height + width / 2, self.eye[1] * height
        cos, sin = np.cos(pose.roll) * scale, np.sin(pose.roll) * scale
        paint = layer.paint
        left = (paint.shape[1] - width * FINE) / 2
        # output pixel → place on the whole sheet → pixel of this band
        matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
        matrix[0, 2] = ex + sx * height - cos * ex - sin * ey
        matrix[1, 2] = ey + sy * height + sin * ex - cos * ey
        matrix *= FINE
        matrix[0, 2] += left
        matrix[1, 2] += -layer.rows[0] * height * FINE
        if layer.bend:
            swing = layer.bend(self.grid, seconds)
            matrix[0, 2] += float(swing[..., 0].mean()) * FINE
        # Only the rows in which the band can be seen are touched.
        tops = (layer.rows[0] * height - ey - sy * height) / scale + ey
        lows = (layer.rows[1] * height - ey - sy * height) / scale + ey
        slack = abs(pose.roll) * width / 2 + 3
        top, low = max(0, int(tops - slack)), min(height, int(lows + slack) + 1)
        if top >= low:
            return
        matrix[0, 2] += matrix[0, 1] * top
        matrix[1, 2] += matrix[1, 1] * top
        seen = cv2.warpAffine(
            paint, matrix, (width, low - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        _lay(picture[top:low], np.asarray(seen, np.uint8))


def _lay(under: Picture, over: Picture) -> None:
    """Put premultiplied RGBA on a picture, in place."""
    shows = cv2.cvtColor(255 - over[..., 3], cv2.COLOR_GRAY2RGB)
    cv2.multiply(under, shows, dst=under, scale=1 / 255)
    cv2.add(under, cv2.cvtColor(over, cv2.COLOR_RGBA2RGB), dst=under)


def _bytes(paint: NDArray[np.float32]) -> Picture:
    """0..1 paint to bytes; light above 1 rolls off softly; a little noise hides the steps."""
    noise = np.random.default_rng(1).random(paint.shape[:2], np.float32)[..., None]
    over = np.clip(paint - 0.8, 0, None)
    rolled = np.where(paint > 0.8, 0.8 + 0.2 * (1 - np.exp(-over / 0.2)), paint)
    return np.clip(rolled * 255 + noise, 0, 255).astype(np.uint8)
