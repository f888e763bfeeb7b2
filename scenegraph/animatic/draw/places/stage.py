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
    top: float = -OVER  # where the paint begins on its sheet, heights
    left: float = 0.0  # the same from the sheet's left edge
    wide: float = 0.0  # of the whole sheet


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
        """A layer with holes; only the part that carries paint is kept."""
        rows = np.flatnonzero(sheet.cover.max(axis=1) > 0.002)
        columns = np.flatnonzero(sheet.cover.max(axis=0) > 0.002)
        if not len(rows):
            return
        top, low = max(0, int(rows[0]) - 2), min(sheet.rows, int(rows[-1]) + 3)
        left, right = max(0, int(columns[0]) - 2), min(sheet.columns, int(columns[-1]) + 3)
        # Paint is laid over black: under a soft edge the colour is already its share.
        opaque = (sheet.cover[top:low, left:right, None] * 255 + 0.5).astype(np.uint8)
        paint = np.concatenate([_bytes(sheet.colour[top:low, left:right]), opaque], axis=2)
        self.layers.append(
            Layer(
                paint,
                near,
                top=top / sheet.per - OVER,
                left=left / sheet.per,
                wide=2 * sheet.wide,
                **more,
            )
        )

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
        # output pixel → place on the whole sheet → pixel of this piece
        matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
        matrix[0, 2] = ex + sx * height - cos * ex - sin * ey
        matrix[1, 2] = ey + sy * height + sin * ex - cos * ey
        matrix *= FINE
        matrix[0, 2] += (layer.wide * height - width) / 2 * FINE - layer.left * height * FINE
        matrix[1, 2] -= layer.top * height * FINE
        if layer.bend:
            matrix[0, 2] += float(layer.bend(self.grid, seconds)[..., 0].mean()) * FINE
        # Only where the piece can be seen is the picture touched.
        back = cv2.invertAffineTransform(matrix)
        piece_high, piece_wide = layer.paint.shape[:2]
        corners = np.array([[x, y, 1.0] for x in (0, piece_wide) for y in (0, piece_high)]) @ back.T
        left, top = (max(0, int(v) - 1) for v in corners.min(axis=0))
        right = min(width, int(corners[:, 0].max()) + 2)
        low = min(height, int(corners[:, 1].max()) + 2)
        if top >= low or left >= right:
            return
        matrix[:, 2] += matrix[:, :2] @ (left, top)
        seen = cv2.warpAffine(
            layer.paint, matrix, (right - left, low - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )  # fmt: skip
        _lay(picture[top:low, left:right], np.asarray(seen, np.uint8))


def _lay(under: Picture, over: Picture) -> None:
    """Put premultiplied RGBA on a picture, in place."""
    shows = cv2.cvtColor(255 - over[..., 3], cv2.COLOR_GRAY2RGB)
    left = cv2.multiply(under, shows, scale=1 / 255)
    under[:] = cv2.add(left, cv2.cvtColor(over, cv2.COLOR_RGBA2RGB))


def _bytes(paint: NDArray[np.float32]) -> Picture:
    """0..1 paint to bytes; light above 1 rolls off softly; a little noise hides the steps."""
    noise = np.random.default_rng(1).random(paint.shape[:2], np.float32)[..., None]
    over = np.clip(paint - 0.8, 0, None)
    rolled = np.where(paint > 0.8, 0.8 + 0.2 * (1 - np.exp(-over / 0.2)), paint)
    return np.clip(rolled * 255 + noise, 0, 255).astype(np.uint8)
