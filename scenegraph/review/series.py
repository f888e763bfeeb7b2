"""Per-frame series: what every frame, and every step into a frame, looks like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from scenegraph.ledger.reviews import Series
from scenegraph.review.views import Floats, Glance, Plane, shrink

#: Bins of luma, Cb and Cr; chroma is binned over its middle half, where pictures live.
BINS = (6, 16, 16)
RANGES = (0, 256, 64, 192, 64, 192)

#: Frames to a colour-histogram window.
WINDOW = 12

#: Light multiplies what lies above black (16 in limited range); a little lower, so that a black
#: picture has no wild gains.
BLACK = 12.0

#: Times that zoom is read out of a step's flow anew, with what it did not explain weighed less.
REWEIGHED = 2

OF_A_FRAME = ("luma", "spread", "chroma", "cb", "cr", "fine", "coarse")
OF_A_STEP = (
    "gain", "scale", "motion", "mean_motion", "difference", "shift", "across", "down", "step",
)  # fmt: skip


class SeriesMaker:
    """Feed it the frames of one clip in order; it keeps one row for each.

    A frame: `luma`, `spread` (mean and deviation, levels of 255), `chroma` (mean distance from
    grey, levels), `cb`, `cr` (means, 0 = grey), `fine`, `coarse` (ln of the mean detail energy at
    half and quarter size).

    A step into a frame: `gain` (ln of the ratio of mean lumas), `scale` (zoom per step, from the
    flow's growth with the radius), `motion` and `mean_motion` (flow of the fastest 5 % and of all
    pixels, share of the diagonal), `difference` (gain-compensated mean absolute difference over
    contrast), `shift` (median flow, share of the diagonal), `across`, `down` (the same with its
    direction: to the right, downwards), `step` (Hellinger distance of colour
    histograms, 0 to 1).

    Source:
        DIS optical flow, Kroeger et al., ECCV 2016 (ultrafast preset), on a picture as small
        as the one that this preset works on inside, whatever it is given (see `coarse`).
        It is blind to motion in flat regions and to steps of more than a sixth of the picture.
    """

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(0)
        self._frames: list[tuple[float, ...]] = []
        self._steps: list[tuple[float, ...]] = []
        self._before: _Before | None = None
        self._field: _Field | None = None
        self._windows: list[tuple[Floats, int]] = []

    def add(self, frame: Glance) -> None:
        y, u, v = frame.luma, frame.cb, frame.cr
        told = cv2.meanStdDev(y)
        mean, spread = max(float(told[0][0, 0]), BLACK + 1.0), float(told[1][0, 0])
        cb, cr = u.astype(np.float32), v.astype(np.float32)
        cb -= 128.0
        cr -= 128.0
        self._frames.append(
            (
                mean,
                spread,
                cv2.mean(cv2.magnitude(cb, cr))[0],
                cv2.mean(cb)[0],
                cv2.mean(cr)[0],
                _detail(frame.half),
                _detail(y),
            )
        )
        counts = cv2.calcHist([y, u, v], [0, 1, 2], None, BINS, RANGES)
        histogram = np.asarray(counts, dtype=np.float32).ravel()
        histogram *= 1.0 / max(1.0, float(histogram.sum()))
        np.sqrt(histogram, out=histogram)
        if len(self._frames) % WINDOW == 1:
            self._windows.append((histogram.copy(), 1))
        else:
            total, count = self._windows[-1]
            total += histogram
            self._windows[-1] = (total, count + 1)
        now = _Before(y, coarse(y), mean, histogram)
        if self._before is not None:
            self._steps.append(self._step(self._before, now, spread))
        self._before = now

    def _step(self, before: _Before, now: _Before, spread: float) -> tuple[float, ...]:
        gain = (now.mean - BLACK) / (before.mean - BLACK)
        # a change of exposure must not read as motion
        told = cv2.convertScaleAbs(before.coarse, alpha=gain, beta=BLACK * (1.0 - gain))
        flow = self._flow.calc(told, now.coarse, None)  # type: ignore[call-overload]
        flow = np.ascontiguousarray(flow.reshape(-1, 2).T)
        field = self._field
        if field is None or field.shape != now.coarse.shape:
            field = self._field = _Field(now.coarse.shape)
        size = cv2.magnitude(flow[0], flow[1]).ravel()
        mean_motion = cv2.mean(size)[0]
        across, down = _middle(flow[0]), _middle(flow[1])
        size.partition(size.size - field.fastest)
        return (
            math.log(gain),
            field.growth(flow),
            float(size[-field.fastest :].sum()) / field.fastest / field.diagonal,
            mean_motion / field.diagonal,
            _unlikeness(now.luma, before.luma, gain) / (spread + 4.0),
            math.hypot(across, down) / field.diagonal,
            across / field.diagonal,
            down / field.diagonal,
            max(0.0, 1.0 - float(np.dot(now.histogram, before.histogram))),
        )

    def windows(self) -> Floats:
        """(windows, 1536): mean root histogram of every 12 frames, unit rows; a short rest is left
        out unless it is all there is."""
        whole = [total for total, count in self._windows if 2 * count >= WINDOW]
        rows = np.asarray(whole or [total for total, _ in self._windows], dtype=np.float32)
        rows = rows.reshape(-1, BINS[0] * BINS[1] * BINS[2])
        return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9), np.float32)

    def series(self) -> Mapping[str, Series]:
        """All series by name, float32, one value per frame; entry 0 of a step repeats entry 1."""
        frames = np.asarray(self._frames, dtype=np.float32).reshape(-1, len(OF_A_FRAME))
        steps = np.zeros((len(frames), len(OF_A_STEP)), dtype=np.float32)
        if self._steps:
            steps[1:] = self._steps
            steps[0] = steps[1]
        found = {name: frames[:, i].copy() for i, name in enumerate(OF_A_FRAME)}
        found |= {name: steps[:, i].copy() for i, name in enumerate(OF_A_STEP)}
        found["calmness"] = calmness(found["difference"], found["motion"])
        return found


def calmness(difference: Series, motion: Series, over: int = 5) -> Series:
    """How restless each frame is: lower is calmer, 1 is the clip's median.

    Gain-compensated difference times the flow of the fastest 5 % of pixels, each smoothed over
    `over` frames (clips hold duplicate frames, which are no rest), over the clip's median.

    Source:
        Measured on planted rest windows: 123 of 123 found, raw frame difference 85 %. It is
        blind to a small thing that moves alone in a still picture (under 1 % of the pixels).
    """
    product = smooth(difference, over) * smooth(motion, over)
    if not len(product):
        return product
    median = float(np.median(product))
    return np.asarray(product / (median if median > 1e-9 else 1.0), dtype=np.float32)


def smooth(values: Series, over: int) -> Series:
    """Centred mean over an odd number of entries, ends repeated."""
    if not len(values):
        return values
    padded = np.pad(values.astype(np.float64), over // 2, mode="edge")
    return np.convolve(padded, np.ones(over) / over, "valid").astype(np.float32)


class _Before(NamedTuple):
    """What is needed of a frame when the next one comes."""

    luma: Plane
    coarse: Plane
    mean: float
    histogram: Floats


def coarse(luma: Plane) -> Plane:
    """The picture in which motion is looked for: a quarter of the luma's sides, a half if squarer
    than 4:3, so that a patch (8 pixels) fits into it more than three times."""
    h, w = luma.shape
    part = 4 if max(h, w) > 90 else 2
    return shrink(luma, w // part, h // part)


def _detail(picture: Plane) -> float:
    edges = cv2.Laplacian(picture, cv2.CV_16S, ksize=1)
    return math.log(cv2.norm(edges, cv2.NORM_L2SQR) / edges.size + 1.0)


def _unlikeness(y: Plane, before: Plane, gain: float) -> float:
    """Mean difference in levels after the gain. Rounding it, a waver would read as motion."""
    told = before.astype(np.float32)
    told *= gain
    told += BLACK * (1.0 - gain)
    return float(cv2.norm(y.astype(np.float32), told, cv2.NORM_L1) / y.size)


def _middle(values: Floats) -> float:
    """The upper median, several times as quick as numpy's."""
    half = values.size // 2
    return float(np.partition(values.ravel(), half)[half])


class _Field:
    """Places of the flow's pixels about the centre, by which zoom is read out of it."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        h, w = shape
        self.shape = shape
        self.diagonal = math.hypot(h, w)
        self.fastest = max(1, h * w // 20)
        x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        x, y = x.ravel() - (w - 1) / 2, y.ravel() - (h - 1) / 2
        self.place = np.stack([x, y])
        self.basis = np.stack([np.ones_like(x), x, y, x**2 + y**2], axis=1)

    def growth(self, flow: Floats) -> float:
        """Zoom per step: what of the flow grows with the distance from the centre.

        Least squares of shift and zoom with Cauchy weights, so that the camera is read and not
        an arm that is stretched out.

        Args:
            flow: (2, pixels): across and down.
        """
        middle = np.asarray([_middle(flow[0]), _middle(flow[1])], dtype=np.float32)[:, None]
        off = np.abs(flow - middle)
        weight = ((off[0] + off[1]) < self.diagonal / 12).astype(np.float32)
        told = np.empty((3, flow.shape[1]), dtype=np.float32)
        zoom = 0.0
        for again in range(REWEIGHED, -1, -1):
            told[0] = weight
            np.multiply(flow, weight, out=told[1:])
            (n, x, y, r), (u, ux, _, _), (v, _, vy, _) = np.dot(told, self.basis).tolist()
            n += 1e-6
            zoom = (ux + vy - (u * x + v * y) / n) / (r - (x * x + y * y) / n + 1.0)
            if again:
                shift = np.asarray([[(u - zoom * x) / n], [(v - zoom * y) / n]], dtype=np.float32)
                off = flow - shift
                off -= np.float32(zoom) * self.place
                np.square(off, out=off)
                odd = off[0] + off[1]
                usual = np.float32(_middle(odd) + 1e-6 * self.diagonal**2)
                weight = usual / (usual + odd)
        return float(zoom)
