"""Finding faces in the few frames of a clip that are looked at in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scenegraph.review.identity.model import Box, Follows, Identity, Picture, Vector
from scenegraph.review.views import Planes

#: Of each picture at most so many faces are held against the stills: a two-hander has two.
MOST_FACES = 3
#: Searching a whole picture for a face is dear. After so many searches in vain a clip is said to
#: show none; looking where the last face was is cheap and not counted.
MOST_SEARCHES = 2
#: Frames of a clip that are kept in full and looked at: between half as many and these.
MOST_FRAMES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One frame that was looked at, and the vectors of the faces in it; none is an answer."""

    frame: int
    vectors: tuple[Vector, ...]
    width: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A frame kept in full: a copy of its planes."""

    index: int
    y: Picture
    u: Picture
    v: Picture

    def rgb(self) -> Picture:
        """RGB by BT.601, which most exporters use and few files name; a face model hardly cares."""
        h, w = (side // 2 * 2 for side in self.y.shape)
        chroma = [plane[: h // 2, : w // 2].reshape(-1, w) for plane in (self.u, self.v)]
        if h % 4 == 0:
            packed = np.concatenate([self.y[:h, :w], *chroma])
        else:  # half a row of chroma cannot be stacked: one row of the picture is left out
            return Kept(self.index, self.y[: h - 2], self.u, self.v).rgb()
        return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_I420), dtype=np.uint8)


class FrameKeeper:
    """Keeps evenly spaced frames of a stream of unknown length, in full, in bounded memory."""

    def __init__(self, most: int = MOST_FRAMES) -> None:
        self._most, self._stride = most, 1
        self._kept: list[Kept] = []

    def offer(self, planes: Planes) -> None:
        if planes.index % self._stride:
            return
        if len(self._kept) == self._most:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept.index % self._stride == 0]
            if planes.index % self._stride:
                return
        self._kept.append(Kept(planes.index, planes.y.copy(), planes.u.copy(), planes.v.copy()))

    def frames(self) -> tuple[Kept, ...]:
        return tuple(self._kept)


def see_faces(model: Identity, pictures: Iterable[tuple[int, Picture]]) -> Iterator[Sighting]:
    """The faces in each of these pictures of one clip, in order, as the model's vectors."""
    last: Box | None = None
    searches = 0
    for frame, picture in pictures:
        boxes: Sequence[Box] = ()
        if last is not None and isinstance(model, Follows):
            again = model.follow(picture, last)
            boxes = () if again is None else (again,)
        if not len(boxes) and searches < MOST_SEARCHES:
            boxes = model.detect(picture)[:MOST_FACES]
            # a model that cannot follow must search each picture; one that can need not
            searches += isinstance(model, Follows)
        if len(boxes):
            last = boxes[0]
            searches = 0
        vectors = tuple(np.asarray(model.embed(picture, box)) for box in boxes)
        yield Sighting(frame, vectors, float(boxes[0][2]) if len(boxes) else 0.0)


def see_still(model: Identity, picture: Picture) -> Sighting:
    """The best face of a still; a second person in it is not the character."""
    boxes = model.detect(picture)[:1]
    vectors = tuple(np.asarray(model.embed(picture, box)) for box in boxes)
    return Sighting(0, vectors, float(boxes[0][2]) if len(boxes) else 0.0)
