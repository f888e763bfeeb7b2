"""Identity: is it still the same person? Only a model that the user brings can say so.

Without one the answer is "not measured", never "good": weight-free measures of a face stay near
chance (0.6 of 1 on morphed faces in this project's cases).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger.reviews import Measure

Picture = NDArray[np.uint8]
#: x, y, width, height in pixels of the picture it was found in; more entries are the plug-in's.
Box = Sequence[float]


@runtime_checkable
class Identity(Protocol):
    """A face (or person) model behind four names.

    Attributes:
        name: what reports call it.
        threshold: cosine similarity from which on two vectors are one person, 0 to 1.
    """

    name: str
    threshold: float

    def detect(self, frame: Picture) -> Sequence[Box]:
        """Faces in an RGB picture (h, w, 3), best first; none is an answer."""
        ...

    def embed(self, frame: Picture, box: Box | None) -> NDArray[Any]:
        """A vector for the face in `box`; for the whole picture when it is None."""
        ...


def measure_identity(
    identity: Identity | None, still: Picture | None, frames: Sequence[tuple[int, Picture]]
) -> Measure:
    """How far the faces are from the keyframe's: 1 - cosine, median over frames with a face.

    Args:
        still: the keyframe, RGB. Without one there is nobody to compare with.
        frames: (frame number, RGB picture), in order.

    Source:
        The plug-in's own metric and threshold. Blind to: faces it does not find; a face turned
        away is left out, not counted as another person.
    """
    if identity is None:
        return unmeasured("no identity model is given")
    if still is None:
        return unmeasured("needs a keyframe")
    anchor = _vector(identity, still)
    if anchor is None:
        return unmeasured(f"{identity.name} finds no face in the keyframe")
    seen = [(frame, _vector(identity, picture)) for frame, picture in frames]
    track = [(frame, 1.0 - float(anchor @ vector)) for frame, vector in seen if vector is not None]
    if not track:
        return unmeasured(f"{identity.name} finds no face in the clip")
    budget = 1.0 - identity.threshold
    over = [frame for frame, distance in track if distance > budget]
    return Measure(
        value=max(0.0, float(np.median([distance for _, distance in track]))),
        budget=budget,
        unit="1-cosine",
        since_frame=over[0] if over else None,
        note=f"{identity.name}: a face in {len(track)} of {len(frames)} frames",
    )


def unmeasured(why: str) -> Measure:
    return Measure(None, None, "1-cosine", note=f"not measured: {why}")


def _vector(identity: Identity, picture: Picture) -> NDArray[np.float64] | None:
    boxes = identity.detect(picture)
    if not len(boxes):
        return None
    vector = np.asarray(identity.embed(picture, boxes[0]), dtype=np.float64).ravel()
    return vector / (np.linalg.norm(vector) + 1e-12)
