"""How a clip's camera moved: one shift, zoom and roll for each pair of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.animatic.draw.canvas import Picture
from scenegraph.animatic.draw.path import Pose

WIDTH = 320  # pixels at which flow is computed
Grey = NDArray[np.uint8]


def shrink(picture: Picture) -> Grey:
    """A grey miniature for flow: `WIDTH` wide, local contrast evened out."""
    height, width = picture.shape[:2]
    tall = max(24, min(2 * WIDTH, round(height * WIDTH / width)))
    small = cv2.resize(picture, (WIDTH, tall), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), 12)
    spread = np.sqrt(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), 12))
    even = np.clip(128 + 42 * (grey - mean) / (spread + 6), 0, 255)
    return np.asarray(even, np.uint8)


def step_between(before: Grey, after: Grey) -> Pose:
    """The camera's move from one miniature to the next, in `Pose` units (heights, logs).

    A robust affine fit (Tukey weights) to dense inverse search flow (Kroeger et al. 2016).
    Blind to depth: a subject that fills the frame is taken for the world.
    """
    height, width = before.shape
    if before.shape != after.shape or np.array_equal(before, after):
        return Pose()
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = dis.calc(before, after, np.zeros((height, width, 2), np.float32))
    x, y = np.meshgrid(np.arange(4, width - 4, 4), np.arange(4, height - 4, 4))
    texture = cv2.Laplacian(cv2.GaussianBlur(before, (0, 0), 1), cv2.CV_32F)
    worth = np.sqrt(cv2.blur(texture * texture, (9, 9)))[y, x].ravel() + 1e-3
    away = flow[y, x].reshape(-1, 2).astype(np.float64)
    px, py = (x.ravel() - (width - 1) / 2), (y.ravel() - (height - 1) / 2)
    design = np.column_stack([np.ones_like(px), px, py])
    weight = np.minimum(worth, np.percentile(worth, 80))
    fit = np.zeros((3, 2))
    for _ in range(6):
        root = np.sqrt(weight)[:, None]
        fit = np.linalg.lstsq(design * root, away * root, rcond=None)[0]
        off = np.hypot(*(away - design @ fit).T)
        limit = max(0.12, 4.0 * float(np.median(off)))
        weight = worth * np.clip(1 - (off / limit) ** 2, 0, None) ** 2 + 1e-9
    # The picture moves against the camera.
    return Pose(
        x=float(-fit[0, 0] / height),
        y=float(-fit[0, 1] / height),
        zoom=float(np.log1p(np.clip((fit[1, 0] + fit[2, 1]) / 2, -0.5, 0.5))),
        roll=float(-(fit[1, 1] - fit[2, 0]) / 2),
    )


def steps(greys: Iterable[Grey]) -> list[Pose]:
    """One pose per pair of neighbours."""
    found: list[Pose] = []
    before: Grey | None = None
    for grey in greys:
        if before is not None:
            found.append(step_between(before, grey))
        before = grey
    return found


def last_speed(moves: Sequence[Pose]) -> Pose:
    """The camera's speed at the end of `moves`, per frame: the median of the last four,
    so that one doubled frame does not stop it.
    """
    if not moves:
        return Pose()
    last = np.array([[m.x, m.y, m.zoom, m.roll] for m in moves[-4:]])
    x, y, zoom, roll = np.median(last, axis=0)
    return Pose(*(_kept(float(v)) for v in (x, y, zoom, roll)))


def _kept(speed: float) -> float:
    """A breath or a codec's shimmer is no camera; for a whip pan no picture would be left."""
    noise, most = 0.0005, 0.03
    calm = speed * max(0.0, 1 - (noise / max(abs(speed), 1e-9)) ** 2)
    return min(most, max(-most, calm))


class Recorded:
    """A measured camera way that can be played at another rate, back and forth when short."""

    def __init__(self, moves: Sequence[Pose], rate: float) -> None:
        way = np.zeros((len(moves) + 1, 4))
        if moves:
            way[1:] = np.cumsum([[m.x, m.y, m.zoom, m.roll] for m in moves], axis=0)
        self._way, self._rate = _smooth(way, 0.8), rate
        self.frames = len(moves)

    def at(self, seconds: float) -> Pose:
        """The pose `seconds` after the start, relative to it."""
        if self.frames < 1:
            return Pose()
        at = seconds * self._rate
        turn, rest = divmod(at, self.frames)
        at = self.frames - rest if int(turn) % 2 else rest
        edge = min(3.0, self.frames / 4)  # the turning point is rounded, not a bounce
        at = _rounded(at, self.frames, edge) if self.frames > 4 else at
        low = min(int(at), self.frames - 1)
        share = at - low
        x, y, zoom, roll = (1 - share) * self._way[low] + share * self._way[low + 1]
        return Pose(float(x), float(y), float(zoom), float(roll))


def _rounded(at: float, length: float, edge: float) -> float:
    """Ease the last `edge` frames before the far end, where the way turns back."""
    left = length - at
    return at if left >= edge else length - (left * left / (2 * edge) + edge / 2)


def _smooth(way: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    reach = 3
    if len(way) <= reach:
        return way
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    bell /= bell.sum()
    ends = np.pad(way, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = np.stack([np.convolve(ends[:, i], bell, "valid") for i in range(way.shape[1])], 1)
    return np.asarray(smooth - smooth[0])
