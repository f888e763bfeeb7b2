"""Matched pixels: what changed between two pictures where they show the same thing.

Whole-frame statistics change when the picture moves; the same pixel of the same coat does not.
Each view of a clip is laid over the anchor view that is most like it, flow brings the two
together, and only pixels whose surroundings agree are asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.review.exchanged import exchanged
from scenegraph.review.views import Floats, Plane, View, shrink_floats

#: Local correlation (9 × 9) from which on a pixel shows the same thing …
SAME = 0.6
#: … and from which on a change of its colour cannot be a slip of the flow.
SURE = 0.85
#: Pixels (of the quarter picture) by which the way there and back may miss.
ASTRAY = 1.5
#: Fewer matched pixels than this say nothing.
FEWEST = 80
BLOCKS = (16, 9)
#: The wardrobe is judged by this many of the 144 blocks: the ones that changed most.
WORST = 8
#: Levels by which people and things that move exchange colours of places, at the most.
BY_MOVING = 9.0
#: Chroma (levels) under which a pixel has no hue and no saturation worth the name.
GREY = 5.0

#: Levels² of luma by which a pixel may leave the common gain and shift before it counts by half.
ODD = np.float32(64.0)

Mask = NDArray[np.bool_]
Complexes = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One view against one anchor view. Signed: above 0 is more than the anchor.

    Attributes:
        frame: frame number of the view.
        share: pixels that show the same thing, 0 to 1.
        saturation: ln of the ratio of colourfulness.
        hue: degrees that colours have turned.
        cast: (Cb, Cr) levels of 255 that everything has moved by.
        contrast: ln of the ratio of luma deviations.
        brightness: ln of the ratio of lumas, median pixel.
        detail: ln of the ratio of detail amplitudes at the two finest scales, contrast taken out.
        wardrobe: levels of colour change in the worst places that no global change explains.
        None where too few pixels tell.
    """

    frame: int
    share: float
    saturation: float | None = None
    hue: float | None = None
    cast: tuple[float, float] | None = None
    contrast: float | None = None
    brightness: float | None = None
    detail: float | None = None
    wardrobe: float | None = None


class Matcher:
    """Compares views. Not for two threads at once: OpenCV's flow keeps its own memory.

    Source:
        DIS optical flow, Kroeger et al., ECCV 2016 (medium preset), between
        local-contrast pictures, so that a grade does not read as motion; kept where the way there
        and back ends near where it began (Sundaram, Brox and Keutzer, ECCV 2010): what has no
        counterpart is matched with something, but not back again. It is blind to what has no
        texture and to what has no counterpart: a new scene is told by `share`, not by the colours.
    """

    def __init__(self, *, far: bool = False) -> None:
        """`far`: an anchor of another framing, such as a still. Flow to it is refined, which takes
        half as long again; between a clip and what it goes on from that matches no more pixels."""
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._back = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._back.setVariationalRefinementIterations(0)
        if not far:
            self._flow.setVariationalRefinementIterations(0)

    def nearest(self, view: View, anchors: Sequence[View]) -> View:
        """The anchor view laid out most alike; of those within 0.02 of it the latest."""
        alike = np.asarray([float(view.thumb @ anchor.thumb) for anchor in anchors])
        good = np.where(alike >= alike.max() - 0.02)[0]
        return anchors[int(good[-1])]

    def match(self, view: View, anchor: View) -> Match:
        anchor = anchor.fitted(view.shape)
        flow = self._flow.calc(view.texture, anchor.texture, None)  # type: ignore[call-overload]
        laid = _Laid(view, anchor, flow)
        back = self._back.calc(anchor.texture, view.texture, None)  # type: ignore[call-overload]
        laid.keep_returning(flow, back)
        same = laid.agreement > SAME
        share = float(same.mean())
        if int(same.sum()) < FEWEST:
            return Match(frame=view.index, share=share)
        chroma = _complex(view.chroma)
        chroma_then = _complex(laid.warp(anchor.chroma))
        some = np.flatnonzero(same)[::2]  # medians need no more
        here, then = chroma.ravel()[some], chroma_then.ravel()[some]
        luma = view.luma.ravel()[some].astype(np.float32)
        luma_then = laid.warp(anchor.luma).ravel()[some]
        contrast = _contrast(luma, luma_then)
        return Match(
            frame=view.index,
            share=share,
            saturation=_saturation(here, then),
            hue=_hue(here, then),
            cast=(_median(here.real - then.real), _median(here.imag - then.imag)),
            contrast=contrast,
            brightness=math.log(_median(_light(luma) / _light(luma_then))),
            detail=_detail(view, anchor, laid, same) - contrast,
            wardrobe=_wardrobe(view, anchor, laid),
        )


class _Laid:
    """The anchor brought to where the view has the same thing.

    Attributes:
        agreement: of each pixel with its counterpart, up to 1; 0 where it has none.
    """

    def __init__(self, view: View, anchor: View, flow: Floats) -> None:
        self._flow = flow
        h, w = view.luma.shape
        x, y = _grid(h, w)
        self._x, self._y = x + flow[..., 0], y + flow[..., 1]
        inside = (self._x > 1) & (self._y > 1) & (self._x < w - 2) & (self._y < h - 2)
        self.agreement = _agreement(view.texture, self.warp(anchor.texture))
        self.agreement[~inside] = 0.0

    def keep_returning(self, there: Floats, back: Floats) -> None:
        """What the way back from there does not bring home is no match, however alike it looks."""
        off = there + cv2.remap(back, self._x, self._y, cv2.INTER_LINEAR)
        self.agreement[cv2.magnitude(*cv2.split(off)) > ASTRAY] = 0.0

    def moved(self, where: Mask) -> tuple[float, float]:
        """Pixels (x, y) from the view to the anchor, the median of those of the mask."""
        some = self._flow[where][::2]
        return _median(some[:, 0]), _median(some[:, 1])

    def warp(self, picture: Plane | Floats) -> Floats:
        warped = cv2.remap(picture, self._x, self._y, cv2.INTER_LINEAR)
        return np.asarray(warped, dtype=np.float32)


@lru_cache(maxsize=8)
def _grid(h: int, w: int) -> tuple[Floats, Floats]:
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    return x, y


def _agreement(a: Plane, b: Floats) -> Floats:
    """Local correlation of two pictures over 9 × 9 pixels; 0 where either has no texture."""
    x, y, k = a.astype(np.float32), b, (9, 9)
    mx, my = cv2.blur(x, k), cv2.blur(y, k)
    vx, vy = cv2.blur(x * x, k) - mx * mx, cv2.blur(y * y, k) - my * my
    ncc = (cv2.blur(x * y, k) - mx * my) / np.sqrt(np.maximum(vx * vy, 1.0))
    ncc[(vx < 60) | (vy < 60)] = 0.0
    return np.asarray(ncc, dtype=np.float32)


def _contrast(here: Floats, then: Floats) -> float:
    """Ln ratio of luma deviations over the pixels that one gain and shift of luma explains.

    Cauchy weights: a car's body that mirrors the street is matched, but tells nothing.
    """
    weight = np.ones(len(here), dtype=np.float32)
    gain = 1.0
    for _ in range(4):
        total = float(weight.sum())
        around = here - np.float32(np.dot(weight, here) / total)
        around_then = then - np.float32(np.dot(weight, then) / total)
        spread, spread_then = (
            math.sqrt(float(np.dot(weight, one * one)) / total) + 2.0
            for one in (around, around_then)
        )
        gain = spread / spread_then
        off = around - np.float32(gain) * around_then
        weight = ODD / (ODD + off * off)
    return math.log(gain)


def _light(luma: Floats) -> Floats:
    """Luma above black (16), with a floor that keeps shadows' noise out of the ratio."""
    return np.asarray(np.maximum(luma - 8.0, 4.0), dtype=np.float32)


def _complex(chroma: Floats) -> Complexes:
    """(h, w): Cb and Cr as one number; the same memory."""
    return np.ascontiguousarray(chroma).view(np.complex64)[..., 0]


def _median(values: Floats) -> float:
    """Half way between the middle two, several times as quick as numpy's."""
    half, odd = divmod(values.size, 2)
    found = np.partition(values, half)
    return float(found[half] if odd else (found[half] + found[:half].max()) / 2)


def _saturation(here: Complexes, then: Complexes) -> float:
    strong, strong_then = np.abs(here), np.abs(then)
    coloured = np.maximum(strong, strong_then) > GREY
    if int(coloured.sum()) < FEWEST // 2:
        return 0.0
    ratio = (strong[coloured] + 2.0) / (strong_then[coloured] + 2.0)
    return math.log(_median(ratio.astype(np.float32)))


def _hue(here: Complexes, then: Complexes) -> float:
    coloured = np.minimum(np.abs(here), np.abs(then)) > GREY + 1
    if int(coloured.sum()) < FEWEST // 2:
        return 0.0
    turn = here[coloured] * np.conj(then[coloured])
    return math.degrees(math.atan2(_median(turn.imag), _median(turn.real)))


def _detail(view: View, anchor: View, laid: _Laid, same: Mask) -> float:
    where = same.astype(np.uint8)
    ratios = [
        math.log((cv2.mean(now, where)[0] + 2.0) / (cv2.mean(laid.warp(then), where)[0] + 2.0)) / 2
        for now, then in zip(view.bands, anchor.bands, strict=True)
    ]
    return sum(ratios) / len(ratios)


def _wardrobe(view: View, anchor: View, laid: _Laid) -> float | None:
    """Colour change of places after the one turn, gain and shift that fit most pixels.

    The worst matched pixels tell, or the worst colours that were exchanged for others: of those so
    many levels are left out as people and things that move make.
    """
    sure = cv2.erode((laid.agreement > SURE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if int(sure.sum()) < FEWEST:
        return None
    chroma, brought = _complex(view.chroma), _complex(laid.warp(anchor.chroma))
    some = np.flatnonzero(sure)[::2]
    fit = _similarity(chroma.ravel()[some], brought.ravel()[some])
    matched = _recoloured(chroma, _like(brought, fit), sure)
    there = _parts(_like(_complex(anchor.chroma), fit))
    other = exchanged(_parts(chroma), there, laid.moved(sure))
    return max(matched, other - BY_MOVING)


def _like(then: Complexes, fit: tuple[complex, complex]) -> Complexes:
    """Chroma with a gain and a shift."""
    return np.asarray(np.complex64(fit[0]) * then + np.complex64(fit[1]), dtype=np.complex64)


def _recoloured(chroma: Complexes, then: Complexes, sure: Mask) -> float:
    """Chroma change of the worst blocks of matched pixels.

    A pixel's change is how far it leaves the range of the 5 × 5 pixels around its counterpart, so
    that a slip of the flow by a pixel or two at a coat's edge is no new coat.
    """
    told, now = _parts(then), _parts(chroma)
    around = np.ones((5, 5), np.uint8)
    left = now - np.clip(now, cv2.erode(told, around), cv2.dilate(told, around))
    weight = sure.astype(np.float32)
    blocks = shrink_floats(left * weight[..., None], *BLOCKS)
    changed = cv2.magnitude(*cv2.split(blocks)) / (shrink_floats(weight, *BLOCKS) + 0.15)
    return float(np.partition(changed.ravel(), -WORST)[-WORST:].mean())


def _similarity(here: Complexes, then: Complexes) -> tuple[complex, complex]:
    """The one gain (turn and stretch) and shift of chroma that fits most pixels.

    Least squares with Cauchy weights; 9 levels² of prior keep a colourless picture at gain 1.
    """
    weight = np.ones(len(here), dtype=np.float32)
    gain, shift = 1.0 + 0j, 0j
    for _ in range(4):
        total = float(weight.sum())
        middle, middle_then = (complex(np.dot(weight, one)) / total for one in (here, then))
        around = then - np.complex64(middle_then)
        fit = complex(np.vdot(around, weight * (here - np.complex64(middle)))) + 9.0 * total
        gain = fit / (float(np.dot(weight, _power(around))) + 9.0 * total)
        shift = middle - gain * middle_then
        off = here - (np.complex64(gain) * then + np.complex64(shift))
        weight = 9.0 / (9.0 + _power(off))
    return gain, shift


def _power(values: Complexes) -> Floats:
    return np.asarray(values.real**2 + values.imag**2, dtype=np.float32)


def _parts(values: Complexes) -> Floats:
    """(h, w, 2): Cb and Cr; the same memory."""
    return np.ascontiguousarray(values)[..., None].view(np.float32)
