"""A still picture that can be looked at through a moving, bending window."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.units import Size

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]

CELL = 4  # pixels between the points at which a window's bend is computed
# Reading a twice enlarged picture bilinearly is a small box filter: cos(pi f / 2) at f cycles
# per pixel. [-b, 1+2b, -b] on the enlarged picture takes it back; 12 hops stay as sharp as one.
_UNBOX = 0.115
NO_MAP = np.empty(0, np.float32)  # the places are all in one map
_LUMA, _CHROMA = 0.115, 0.45  # what a hop gives back: 12 hops measured, see tests


def fit_picture(picture: Picture, size: Size, *, times: int = 1) -> Picture:
    """Centre-crop to the shape of `size` and scale to it, `times` as large."""
    height, width = picture.shape[:2]
    shape = size.width / size.height
    if width / height > shape:
        cut_w, cut_h = max(1, round(height * shape)), height
    else:
        cut_w, cut_h = width, max(1, round(width / shape))
    left, top = (width - cut_w) // 2, (height - cut_h) // 2
    cut = picture[top : top + cut_h, left : left + cut_w]
    want = (size.width * times, size.height * times)
    if (cut_w, cut_h) == want:
        return np.ascontiguousarray(cut)
    smaller = want[0] < cut_w
    how = cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4 if min(cut_w, cut_h) > 8 else 1
    return np.asarray(cv2.resize(cut, want, interpolation=how), np.uint8)


def refreshed(picture: Picture) -> Picture:
    """A decoded frame with the detail that its last encoding took, colour most of all (4:2:0).

    Never beyond what its neighbours had: a chain of hops neither blurs nor grows halos.
    """
    plain = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
    near = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
    wide = cv2.getStructuringElement(cv2.MORPH_RECT, (5, 5))
    fine = cv2.addWeighted(plain, 1 + _LUMA, cv2.GaussianBlur(plain, (0, 0), 0.9), -_LUMA, 0)
    colour = cv2.addWeighted(plain, 1 + _CHROMA, cv2.GaussianBlur(plain, (0, 0), 1.7), -_CHROMA, 0)
    fine = np.clip(fine, cv2.erode(plain, near), cv2.dilate(plain, near))
    colour = np.clip(colour, cv2.erode(plain, wide), cv2.dilate(plain, wide))
    whole = np.dstack([fine[..., 0], colour[..., 1:]])
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YCrCb2RGB), np.uint8)


class Grid:
    """The points of a window, in output pixels, with one cell of margin on every side."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.columns = -(-size.width // CELL) + 2
        self.rows = -(-size.height // CELL) + 2
        x = (np.arange(self.columns, dtype=np.float32) - 1) * CELL + (CELL - 1) / 2
        y = (np.arange(self.rows, dtype=np.float32) - 1) * CELL + (CELL - 1) / 2
        self.x, self.y = np.meshgrid(x, y)

    def spread(self, field: Field) -> Field:
        """Values at the grid's points (rows, columns, …) to every pixel (height, width, …)."""
        full = cv2.resize(
            field, (self.columns * CELL, self.rows * CELL), interpolation=cv2.INTER_LINEAR
        )
        return np.asarray(
            full[CELL : CELL + self.size.height, CELL : CELL + self.size.width], np.float32
        )


class Canvas:
    """One picture, enlarged once, with more picture guessed round its edges."""

    def __init__(self, picture: Picture, size: Size, *, margin: float = 0.0) -> None:
        self.size = size
        self.grid = Grid(size)
        large = fit_picture(picture, size, times=2)
        kernel = np.array([-_UNBOX, 1 + 2 * _UNBOX, -_UNBOX], np.float32)
        crisp = cv2.sepFilter2D(large, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
        large = np.asarray(crisp, np.uint8)
        self.margin = int(margin * size.height) * 2
        self._large = _outpaint(large, self.margin) if self.margin else large

    def look(self, field: Field) -> Picture:
        """The picture through `field`: (rows, columns, 2) places to read, in output pixels."""
        # Pixel centres: output x sits at 2x + 0.5 of the picture of twice the size.
        places = self.grid.spread(field * np.float32(2) + np.float32(0.5 + self.margin))
        view = cv2.remap(
            self._large, places, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(view, np.uint8)


def _outpaint(picture: Picture, margin: int) -> Picture:
    """Mirror the edges outwards, ever softer, so that a mirrored thing is not recognised."""
    wide = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    small = cv2.resize(wide, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), 2.5), (wide.shape[1], wide.shape[0]), interpolation=1
    )
    inside = np.zeros(wide.shape[:2], np.float32)
    inside[margin:-margin, margin:-margin] = 1.0
    inside = cv2.resize(inside, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    inside = cv2.GaussianBlur(inside, (0, 0), max(1.0, margin / 40))
    weight = np.clip(inside * 2.0, 0, 1) ** 1.5
    weight = cv2.resize(weight, (wide.shape[1], wide.shape[0]), interpolation=1)
    weight[margin:-margin, margin:-margin] = 1.0
    out = cv2.blendLinear(wide, soft, weight, 1 - weight)
    return np.asarray(out, np.uint8)
