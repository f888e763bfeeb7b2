"""A view: one frame of a clip, small, and prepared for being compared pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Local contrast is measured over this many pixels (a Gaussian's sigma) of the quarter picture.
LOCALITY = 9.0
THUMB = 24


class Planes(Protocol):
    """One decoded frame: limited-range 8-bit planes, chroma at half the size of luma."""

    @property
    def index(self) -> int: ...
    @property
    def y(self) -> Plane: ...
    @property
    def u(self) -> Plane: ...
    @property
    def v(self) -> Plane: ...


class View:
    """One frame at the analysis size (short side about 270), and what is derived from it.

    It may be given larger: few frames that are kept are ever compared, and only these are scaled.

    Attributes:
        index: its frame number in the clip.
        y, u, v: luma (h, w) and chroma (h/2, w/2), limited-range uint8.
    """

    def __init__(
        self,
        index: int,
        y: Plane,
        u: Plane,
        v: Plane,
        *,
        size: tuple[int, int] | None = None,
        layout: Plane | None = None,
    ) -> None:
        """`size` is (width, height) of the analysis picture; `layout` a luma of any small size."""
        self.index = index
        self._planes = y, u, v
        self._size = size or (y.shape[1], y.shape[0])
        self._layout = layout
        self._fitted: dict[tuple[int, int], View] = {}

    def scaled(self) -> View:
        """Itself, with larger planes let go."""
        width, height = self._size
        y, u, v = self._planes
        if y.shape != (height, width):
            half = width // 2, height // 2
            self._planes = _scale(y, width, height), _scale(u, *half), _scale(v, *half)
        return self

    @property
    def shape(self) -> tuple[int, int]:
        width, height = self._size
        return height, width

    @property
    def y(self) -> Plane:
        return self.scaled()._planes[0]

    @property
    def u(self) -> Plane:
        return self.scaled()._planes[1]

    @property
    def v(self) -> Plane:
        return self.scaled()._planes[2]

    @cached_property
    def half(self) -> Plane:
        h, w = self.y.shape
        return shrink(self.y, w // 2, h // 2)

    @cached_property
    def luma(self) -> Plane:
        """The quarter picture (h/4, w/4) in which pixels are matched."""
        h, w = self.y.shape
        return shrink(self.half, w // 4, h // 4)

    @cached_property
    def chroma(self) -> Floats:
        """(h/4, w/4, 2): Cb and Cr, 0 where grey."""
        h, w = self.luma.shape
        pair = np.dstack([shrink(plane, w, h) for plane in (self.u, self.v)])
        return pair.astype(np.float32) - 128.0

    @cached_property
    def texture(self) -> Plane:
        """Luma with local mean and contrast taken out: grade and exposure drop out of it."""
        y = self.luma.astype(np.float32)
        y -= _wide_mean(y)
        deviation = cv2.sqrt(_wide_mean(y * y))
        return np.clip(128.0 + 40.0 * y / (deviation + 6.0), 0, 255).astype(np.uint8)

    @cached_property
    def thumb(self) -> Floats:
        """(576,): the picture's layout as a unit vector of zero mean."""
        layout = self.luma if self._layout is None else self._layout
        small = shrink(layout, THUMB, THUMB).astype(np.float32).ravel()
        small -= small.mean()
        return np.asarray(small / (np.linalg.norm(small) + 1e-6), dtype=np.float32)

    @cached_property
    def bands(self) -> tuple[Floats, Floats]:
        """Detail energy at full and half size, each brought to (h/4, w/4).

        Squared Laplacian (4 neighbours): how sharp edges are, how much there is to be sharp.
        """
        (h, w), (half_h, half_w) = self.luma.shape, self.half.shape
        fine, middle = (
            cv2.Laplacian(picture, cv2.CV_16S, ksize=1).astype(np.float32)
            for picture in (self.y, self.half)
        )
        fine *= fine
        middle *= middle
        halved = shrink_floats(fine, half_w, half_h)  # in two steps it takes half of the time
        return shrink_floats(halved, w, h), shrink_floats(middle, w, h)

    def fitted(self, shape: tuple[int, int]) -> View:
        """This view at another luma shape (h, w): cut from its centre, then scaled."""
        if self.shape == shape:
            return self
        if shape not in self._fitted:
            self._fitted = {shape: self._cut(shape)}
        return self._fitted[shape]

    def _cut(self, shape: tuple[int, int]) -> View:
        h, w = shape
        have_h, have_w = self.y.shape
        cut_w = min(have_w, round(have_h * w / h / 2) * 2)
        cut_h = min(have_h, round(have_w * h / w / 2) * 2)
        x, y = (have_w - cut_w) // 4 * 2, (have_h - cut_h) // 4 * 2
        return View(
            self.index,
            shrink(self.y[y : y + cut_h, x : x + cut_w], w, h),
            *(
                shrink(p[y // 2 : (y + cut_h) // 2, x // 2 : (x + cut_w) // 2], w // 2, h // 2)
                for p in (self.u, self.v)
            ),
        )


def analysis_size(width: int, height: int, short: int) -> tuple[int, int]:
    """(width, height) of the analysis picture: short side about `short`, multiples of 4.

    Smaller clips are enlarged, so that every measure sees the same scale; a strip that would be
    more than 8 times as long as it is high is squeezed.

    >>> analysis_size(1280, 720, 270), analysis_size(90, 160, 270), analysis_size(4000, 16, 270)
    ((480, 272), (272, 480), (2160, 272))
    """
    scale = short / min(width, height)
    w, h = (min(8 * short, max(short, side * scale)) for side in (width, height))
    return round(w / 4) * 4, round(h / 4) * 4


@dataclass(frozen=True, eq=False, slots=True)
class Glance:
    """One frame as small as every frame is needed for the series; its view only if it is kept.

    Attributes:
        index: its frame number in the clip.
        y, u, v: the frame halved until it is less than twice the analysis size; its own memory.
        size: (width, height) of the analysis picture.
        half, luma: luma at (h/2, w/2) and (h/4, w/4) of the analysis picture.
        cb, cr: chroma at (h/4, w/4), 128 where grey.
    """

    index: int
    y: Plane
    u: Plane
    v: Plane
    size: tuple[int, int]
    half: Plane
    luma: Plane
    cb: Plane
    cr: Plane

    def view(self) -> View:
        """The frame at the analysis size, once it is asked for."""
        return View(self.index, self.y, self.u, self.v, size=self.size, layout=self.luma)


def glance_at(planes: Planes, size: tuple[int, int]) -> Glance:
    """A decoded frame of any size, brought near the analysis size (width, height).

    Whole halvings come first: they are ten times as quick as any other area mean.
    """
    width, height = size
    y = _halved(planes.y, width, height)
    u, v = (_halved(plane, width // 2, height // 2) for plane in (planes.u, planes.v))
    half = _scale(y, width // 2, height // 2)
    return Glance(
        planes.index,
        *_owned(planes, (y, u, v)),
        size,
        half,
        shrink(half, width // 4, height // 4),
        *(_scale(plane, width // 4, height // 4) for plane in (u, v)),
    )


def _owned(planes: Planes, near: tuple[Plane, Plane, Plane]) -> tuple[Plane, Plane, Plane]:
    """What was not scaled still lies in the decoder's memory, which it will use again."""
    y, u, v = (
        plane.copy() if plane is lent else plane
        for plane, lent in zip(near, (planes.y, planes.u, planes.v), strict=True)
    )
    return y, u, v


def _halved(plane: Plane, width: int, height: int) -> Plane:
    """By area, while it stays at least this large; the plane itself when it is not."""
    while plane.shape[0] >= 2 * height and plane.shape[1] >= 2 * width:
        plane = shrink(plane, plane.shape[1] // 2, plane.shape[0] // 2)
    return plane


def _scale(plane: Plane, width: int, height: int) -> Plane:
    plane = _halved(plane, width, height)
    if plane.shape == (height, width):
        return plane
    size = (width, height)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def shrink(plane: Plane, width: int, height: int) -> Plane:
    """Scale an 8-bit plane by area."""
    if plane.shape == (height, width):
        return plane
    return np.asarray(
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def shrink_floats(plane: Floats, width: int, height: int) -> Floats:
    """Scale a float plane by area."""
    if plane.shape == (height, width):
        return plane
    return np.asarray(
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def _wide_mean(picture: Floats) -> Floats:
    """Gaussian mean over `LOCALITY`; it is smooth, and half the size tells it for a third."""
    h, w = picture.shape
    small = cv2.GaussianBlur(shrink_floats(picture, w // 2, h // 2), (0, 0), LOCALITY / 2)
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def still_views(rgb: NDArray[np.uint8], short: int) -> tuple[View, View]:
    """A still (h, w, 3) as a view, once by BT.601 and once by BT.709.

    Video files often do not say by which matrix they were made; `nearer` picks the one that fits.
    """
    h, w = rgb.shape[:2]
    scale = short / min(h, w)
    size = (max(8, round(w * scale / 4) * 4), max(8, round(h * scale / 4) * 4))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return _to_view(small, 0.299, 0.114), _to_view(small, 0.2126, 0.0722)


def _to_view(rgb: Floats, red: float, blue: float) -> View:
    y = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
    cb = (rgb[..., 2] - y) * (112.0 / 255.0 / (1 - blue)) + 128.0
    cr = (rgb[..., 0] - y) * (112.0 / 255.0 / (1 - red)) + 128.0
    h, w = y.shape
    luma = np.clip(np.rint(y * (219.0 / 255.0) + 16.0), 0, 255).astype(np.uint8)
    chroma = (
        np.clip(np.rint(shrink_floats(c, w // 2, h // 2)), 0, 255).astype(np.uint8)
        for c in (cb, cr)
    )
    return View(0, luma, *chroma)
