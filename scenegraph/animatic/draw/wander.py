"""Drift on request: what long generated video does to a picture, hop by hop.

The signatures are those of the field (reference "drift and cuts", 1.2): saturation and
contrast climb, colours lean, edges are over-sharpened, the face becomes someone else's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenegraph.animatic.draw.canvas import Field, Grid, Picture
from scenegraph.animatic.draw.subject import Subject

#: How far one bad hop goes, by kind of shot: a keyframe holds an i2v, and resets a multicondition.
KIND_SHARE = {"extend": 1.0, "i2v": 0.3, "t2v": 0.2, "multicondition": 0.08}


@dataclass(frozen=True, slots=True)
class Wander:
    """Where a hop ends, relative to where it began. All zero is truly nothing.

    saturation, contrast: natural logs; hue: radians; cast: levels added to R, G, B;
    sharpen: weight of the unsharp mask; morph: share of the face's width.
    """

    saturation: float = 0.0
    contrast: float = 0.0
    hue: float = 0.0
    cast: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sharpen: float = 0.0
    morph: float = 0.0
    morph_seed: int = 0

    @property
    def is_nothing(self) -> bool:
        return self == Wander()


def wander_of(seed: int, drift: float, kind: str, *, adain: float, tone_map: float) -> Wander:
    """How this seed's take goes wrong: some seeds mildly, some badly, each in its own way.

    A higher `temporal_adain_factor` and `tone_map_compression_ratio` hold colour and contrast.

    >>> wander_of(7, 0.0, "extend", adain=0.5, tone_map=0.0).is_nothing
    True
    """
    if drift <= 0:
        return Wander()
    rng = np.random.default_rng([seed & 0x7FFFFFFF, 0xD21F7])
    badness = 0.22 + 1.25 * float(rng.random()) ** 1.6
    amount = min(1.0, drift) * badness * KIND_SHARE.get(kind, 1.0)
    mix = rng.dirichlet([1.6, 1.3, 0.7, 0.8, 1.0, 1.1]) * 6 * amount
    held = float(np.clip(1.6 - 1.2 * adain, 0.4, 1.6)) * (1.0 - 0.6 * min(1.0, tone_map))
    up = 1.0 if rng.random() < 0.85 else -0.7  # saturation nearly always climbs
    lean = rng.normal(size=3)
    lean -= lean.mean()
    lean *= 7.0 * mix[3] * held / max(1e-6, float(np.abs(lean).max()))
    red, green, blue = (float(v) for v in lean)
    return Wander(
        saturation=up * 0.14 * float(mix[0]) * held,
        contrast=(1.0 if rng.random() < 0.8 else -0.6) * 0.10 * float(mix[1]) * held,
        hue=float(rng.choice([-1, 1])) * np.deg2rad(5.0) * float(mix[2]) * held,
        cast=(red, green, blue),
        sharpen=0.30 * float(mix[4]),
        morph=0.030 * float(mix[5]),
        morph_seed=int(rng.integers(2**31)),
    )


class Grade:
    """Apply a `Wander` to pictures, ramped from 0 to 1."""

    def __init__(self, wander: Wander, first: Picture) -> None:
        self._wander = wander
        self._middle = float(first[::4, ::4].mean())

    def apply(self, picture: Picture, ramp: float) -> Picture:
        """`picture` with `ramp` of the drift; the same object when there is none."""
        w = self._wander
        if w.is_nothing or ramp <= 0:
            return picture
        sat, con = np.exp(w.saturation * ramp), np.exp(w.contrast * ramp)
        grey = np.tile([0.2126, 0.7152, 0.0722], (3, 1))
        turn = w.hue * ramp
        axis = np.full((3, 3), 1 / 3)
        cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
        hue = np.cos(turn) * (np.eye(3) - axis) + np.sin(turn) * cross + axis
        mix = (grey + sat * (np.eye(3) - grey)) @ hue * con
        lift = self._middle * (1 - con) + np.array(w.cast) * ramp
        graded = cv2.transform(picture, np.column_stack([mix, lift]).astype(np.float32))
        if w.sharpen:
            soft = cv2.GaussianBlur(graded, (5, 5), 1.3)
            more = w.sharpen * ramp
            graded = cv2.addWeighted(graded, 1 + more, soft, -more, 0)
        return np.asarray(graded, np.uint8)


class Morph:
    """A face that slowly becomes another: a smooth random bend, strongest in its middle."""

    def __init__(self, grid: Grid, subject: Subject, wander: Wander, head: Field) -> None:
        rng = np.random.default_rng(wander.morph_seed)
        coarse = rng.normal(size=(6, 6, 2)).astype(np.float32)
        x = (grid.x - subject.x) / subject.width * 1.6 + 2.5
        y = (grid.y - subject.y) / subject.height * 1.6 + 2.5
        bend = cv2.remap(
            cv2.resize(coarse, (48, 48), interpolation=cv2.INTER_CUBIC),
            (x * 8 + 3.5).astype(np.float32),
            (y * 8 + 3.5).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        self._bend = bend * head[..., None] * np.float32(wander.morph * subject.width)

    def at(self, ramp: float) -> Field:
        return np.asarray(self._bend * np.float32(ramp), np.float32)
