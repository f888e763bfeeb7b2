"""What a face model is: four names, and two that it may have besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Vector = NDArray[Any]
#: x, y, width, height in pixels of the picture it was found in; more entries are the plug-in's.
Box = Sequence[float]


@runtime_checkable
class Identity(Protocol):
    """A face (or person) model behind four names.

    Attributes:
        name: what reports call it, with its version: limits measured with it are kept under it.
        threshold: cosine similarity from which on two vectors are one person. None when that
            means nothing before it was calibrated on the character.
    """

    @property
    def name(self) -> str: ...
    @property
    def threshold(self) -> float | None: ...

    def detect(self, frame: Picture) -> Sequence[Box]:
        """Faces in an RGB picture (h, w, 3), best first; none is an answer."""
        ...

    def embed(self, frame: Picture, box: Box | None) -> Vector:
        """A vector for the face in `box`; for the whole picture when it is None."""
        ...


@runtime_checkable
class Follows(Protocol):
    """A model that finds a face again where it was, for less than a search of the picture."""

    def follow(self, frame: Picture, box: Box) -> Box | None: ...


@runtime_checkable
class Compares(Protocol):
    """A model whose vectors are not compared by their cosine."""

    def distance(self, one: Vector, other: Vector) -> float:
        """0 = the same; on the scale of 1 - similarity."""
        ...


def distance(model: Identity, one: Vector, other: Vector) -> float:
    """How far two of the model's vectors are apart: its own distance, or 1 - cosine."""
    if isinstance(model, Compares):
        return model.distance(one, other)
    a, b = (np.asarray(v, dtype=np.float64).ravel() for v in (one, other))
    return max(0.0, 1.0 - float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-12))


def nearest(model: Identity, anchors: Sequence[Vector], vector: Vector) -> float:
    """The distance to the nearest of the anchors: a still from the same side is enough."""
    return min(distance(model, anchor, vector) for anchor in anchors)
