"""Face shape: what can be said of a face without any trained weights.

A frontal face is found by the cascade that comes with OpenCV, brought to one size, and held
against another in two ways: how its edges lie (histograms of oriented gradients), and by how much
one must be bent to lie on the other (dense flow, of which shifting, turning and scaling are taken
out). It tells a morphed or another face from the same one in the same pose; it does not know a
person from another side. So it has no threshold of its own: it is calibrated on the character,
and says "not measured" where that cannot separate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import local

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.review.identity.model import Box, Picture, Vector

CASCADE = "haarcascade_frontalface_alt2.xml"
#: How a whole picture is searched: its short side, the step between sizes, and the smallest face
#: as a share of the side. Quickly for large faces; thoroughly when that finds none.
SEARCHES = ((180, 1.25, 0.14), (240, 1.15, 0.1))
#: Where a face was, it is looked for again with its box brought to this size.
FOLLOWED = 40
#: Side of the crop that is compared; the box with 30% more on each side.
SIDE, MARGIN = 96, 0.3
#: Local contrast is taken out over this many pixels of the crop (a Gaussian's sigma).
LOCALITY = 8.0
#: About what the worst of 50 benign clips of six people reached against one still.
EDGES, BEND = 0.10, 0.03
#: How much a difference of proportions counts beside a local bend.
PROPORTION = 0.3

Floats = NDArray[np.float32]


class FaceShape:
    """The weight-free face measure: `detect`, `embed`, `follow` and a distance of its own.

    Source:
        Viola and Jones 2001 (the cascade, after CLAHE); Dalal and Triggs 2005 (HOG); Kroeger et
        al. 2016 (DIS flow). Blind to: profiles, faces below some 40 pixels, skin and eye colour,
        age; another pose or expression reads as another shape.
    """

    name = "face-shape-1"
    threshold: float | None = None

    def __init__(self) -> None:
        self._own = local()

    def detect(self, frame: Picture) -> Sequence[Box]:
        """Frontal faces, surest and largest first."""
        grey = _grey(frame)
        rough: list[tuple[float, ...]] = []
        for side, step, smallest in SEARCHES:
            scale = min(1.0, side / min(grey.shape))
            rough = rough or self._search(grey, scale, step=step, smallest=int(smallest * side))
        refined = [self._near(grey, box) or box for box in rough[:3]]
        return [*refined, *rough[3:]]

    def follow(self, frame: Picture, box: Box) -> Box | None:
        """The same face in a later frame, near where it was and about as large."""
        return self._near(_grey(frame), box)

    def embed(self, frame: Picture, box: Box | None) -> Vector:
        """(9216,) uint8: the face at 96 x 96, local mean and contrast taken out."""
        h, w = frame.shape[:2]
        x, y, width, height = (float(v) for v in (box[:4] if box is not None else (0, 0, w, h)))
        margin = MARGIN * width if box is not None else 0.0
        scale = SIDE / (max(width, height) + 2 * margin)
        shift = (-(x - margin) * scale, -(y - margin) * scale)
        move = np.asarray([[scale, 0, shift[0]], [0, scale, shift[1]]], dtype=np.float32)
        grey = _grey(frame)
        if scale < 0.5:  # a warp does not average what it leaves out
            grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.35 / scale), dtype=np.uint8)
        crop = cv2.warpAffine(
            grey, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        crop -= cv2.GaussianBlur(crop, (0, 0), LOCALITY)
        deviation = np.sqrt(cv2.GaussianBlur(crop * crop, (0, 0), LOCALITY))
        return np.clip(128.0 + 40.0 * crop / (deviation + 6.0), 0, 255).astype(np.uint8).ravel()

    def distance(self, one: Vector, other: Vector) -> float:
        """0 = the same; about 1 = as far as a benign clip ever was from its own still."""
        a, b = (np.asarray(v, dtype=np.uint8).reshape(SIDE, SIDE) for v in (one, other))
        edges = 1.0 - float(_edges(a) @ _edges(b))
        bend = (self._bend(a, b) + self._bend(b, a)) / 2
        return 0.3 * edges / EDGES + 0.7 * bend / BEND

    def _bend(self, a: Picture, b: Picture) -> float:
        """How far `a` must be bent to lie on `b`, in half sides of the crop.

        Flow inside the face's oval is weighed by how well it matches; its best affine fit is
        taken out; what is left is the bend, and the fit's unequal stretching is counted beside.
        """
        if not hasattr(self._own, "flow"):
            self._own.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        flow: Floats = self._own.flow.calc(a, b, None)
        columns, rows, inside, design = _geometry()
        warped = cv2.remap(
            b, columns + flow[..., 0], rows + flow[..., 1], interpolation=cv2.INTER_LINEAR
        )
        weight = (
            np.clip(_match(a, np.asarray(warped, dtype=np.uint8))[inside], 0.0, 1.0) ** 2 + 1e-3
        )
        moved = flow[inside] / (SIDE / 2)
        weighed = design * weight[:, None]
        fit = np.linalg.solve(weighed.T @ weighed, weighed.T @ (moved * weight[:, None]))
        left = moved - design @ fit
        stretch = np.linalg.svd(np.eye(2) + fit[1:].T, compute_uv=False)
        proportion = math.log(max(float(stretch[0]), 1e-3) / max(float(stretch[1]), 1e-3))
        bend = math.sqrt(float((weight * (left**2).sum(1)).sum() / weight.sum()))
        return bend + PROPORTION * proportion

    def _near(self, grey: Picture, box: Box) -> Box | None:
        x, y, width = (float(v) for v in box[:3])
        h, w = grey.shape
        x0, y0 = max(0, int(x - 0.5 * width)), max(0, int(y - 0.5 * width))
        x1, y1 = min(w, int(x + 1.5 * width)), min(h, int(y + 1.5 * width))
        if min(x1 - x0, y1 - y0) < 16:
            return None
        found = self._search(
            grey[y0:y1, x0:x1],
            FOLLOWED / width,
            step=1.05,
            smallest=int(0.7 * FOLLOWED),
            largest=int(1.4 * FOLLOWED),
        )
        if not found:
            return None
        left, top, *size = found[0]
        return (left + x0, top + y0, *size)

    def _search(
        self, grey: Picture, scale: float, *, step: float, smallest: int, largest: int = 0
    ) -> list[tuple[float, ...]]:
        h, w = grey.shape
        size = (max(8, round(w * scale)), max(8, round(h * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = self._equaliser().apply(cv2.resize(grey, size, interpolation=way))
        boxes, _, sureness = self._cascade().detectMultiScale3(
            small,
            scaleFactor=step,
            minNeighbors=3,
            minSize=(smallest, smallest),
            maxSize=(largest, largest),
            outputRejectLevels=True,
        )
        ranked = sorted(
            zip(boxes, np.ravel(sureness), strict=True),
            key=lambda pair: -max(0.1, float(pair[1])) * float(pair[0][2]),
        )
        return [tuple(float(side) / scale for side in box) for box, _ in ranked]

    def _cascade(self) -> cv2.CascadeClassifier:
        if not hasattr(self._own, "cascade"):  # one a thread: it keeps its last picture
            self._own.cascade = cv2.CascadeClassifier(str(cascade_file()))
        own: cv2.CascadeClassifier = self._own.cascade
        return own

    def _equaliser(self) -> cv2.CLAHE:
        if not hasattr(self._own, "equaliser"):
            self._own.equaliser = cv2.createCLAHE(2.0, (8, 8))
        own: cv2.CLAHE = self._own.equaliser
        return own


def cascade_file() -> Path | None:
    """The cascade in OpenCV's wheel; None where it has none (from OpenCV 5 on)."""
    data = getattr(cv2, "data", None)
    path = Path(getattr(data, "haarcascades", "")) / CASCADE
    return path if path.is_file() else None


def _grey(frame: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


@cache
def _geometry() -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    u, v = ((axis - SIDE / 2 + 0.5) / (SIDE / 2) for axis in (columns, rows))
    inside = (u / 0.55) ** 2 + (v / 0.68) ** 2 < 1
    design = np.stack([np.ones(int(inside.sum()), np.float32), u[inside], v[inside]], axis=1)
    return columns, rows, inside, design


@cache
def _hog() -> cv2.HOGDescriptor:
    return cv2.HOGDescriptor((SIDE, SIDE), (24, 24), (12, 12), (12, 12), 9)


def _edges(crop: Picture) -> Floats:
    lain = np.asarray(_hog().compute(crop), dtype=np.float32).ravel()
    return np.asarray(lain / (np.linalg.norm(lain) + 1e-9), dtype=np.float32)


def _match(a: Picture, b: Picture) -> Floats:
    """Local correlation (9 x 9) of two crops, -1 to 1."""
    x, y = a.astype(np.float32), b.astype(np.float32)

    def mean(of: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(of, -1, (9, 9)), dtype=np.float32)

    mx, my = mean(x), mean(y)
    spread = (mean(x * x) - mx * mx + 4) * (mean(y * y) - my * my + 4)
    return np.asarray((mean(x * y) - mx * my) / np.sqrt(spread), dtype=np.float32)
