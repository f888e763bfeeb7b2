"""What cutting knows of one clip: how calm each frame is, what it shows, how it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap, Review
from scenegraph.ledger.timeline import JoinKind
from scenegraph.units import Span

#: A shot on screen for less than this reads as a flash: 1.5 s at 24 frames a second.
LEAST_FRAMES = 36
#: A step between neighbouring frames this large (2 = nothing in common) …
CUT_STEP = 0.7
#: … and this many times the steps around it was cut by the model, not by us.
CUT_RATIO = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ReelClip:
    """One clip on its way into the reel.

    Attributes:
        name: for people and for JSON: the path as it was given, or the take's slate.
        calmness: one value per frame, lower is calmer, 1 = the clip's median (`Review.series`).
        prints: unit rows per frame, or None: squared distance 2 - 2 p.q (`Review.prints`).
        join: how this clip begins; the first clip of a film ignores it.
        overlap: of an `extend` join: what of the parent this clip's head repeats.
        least: the fewest frames it may play where there is a choice.
        stretch: reel frames for each frame of the clip (reel rate / clip rate).
        wanted: frames of the reel that it should fill, when a person said so.
        handles: spare frames of the clip that a hard cut should leave beyond its point.
        known_steps: `steps`, of a clip whose prints have been let go.
    """

    name: str
    calmness: NDArray[np.float32]
    prints: NDArray[np.floating[Any]] | None = None
    join: JoinKind = "cut"
    overlap: Overlap | None = None
    least: int = LEAST_FRAMES
    stretch: Fraction = Fraction(1)
    wanted: int | None = None
    handles: int = 0
    known_steps: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.calmness.ndim != 1:
            raise ValueError(f"{self.name}: calmness is one value per frame")
        if self.prints is not None and len(self.prints) != len(self.calmness):
            raise ValueError(
                f"{self.name}: {len(self.prints)} prints for {len(self.calmness)} frames"
            )

    @property
    def frames(self) -> int:
        return len(self.calmness)

    @cached_property
    def steps(self) -> NDArray[np.float32]:
        """Squared distance of each frame to the one before it; zeros without prints."""
        if self.known_steps is not None:
            return self.known_steps
        return steps(self.prints) if self.prints is not None else np.zeros(self.frames, np.float32)

    def without_prints(self) -> ReelClip:
        """The same for all but joins: what is kept of it then is a few bytes a frame."""
        return replace(self, prints=None, known_steps=self.steps)

    @cached_property
    def usable(self) -> Span:
        """The longest part that no model-made cut runs through (the first of equals).

        Of an answer that extends its parent: the new frames behind the seam, up to the first cut.
        """
        cuts = model_cuts(self.steps)
        if self.join == "extend" and self.overlap is not None:
            seam = min(self.overlap.frames, self.frames)
            return Span(seam, min([cut for cut in cuts if cut > seam], default=self.frames))
        edges = [0, *cuts, self.frames]
        parts = [Span(a, b) for a, b in pairwise(edges)]
        return max(parts, key=lambda part: (len(part), -part.start))

    def reel_frames(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Frames of the reel that so many frames of the clip fill; as `Timeline` counts them.

        >>> clip = ReelClip(name="a", calmness=np.ones(9, np.float32), stretch=Fraction(3, 2))
        >>> clip.reel_frames(np.array([9, 3, 0])).tolist()
        [14, 5, 1]
        """
        top, bottom = self.stretch.numerator, self.stretch.denominator
        return np.maximum(1, (2 * frames * top + bottom) // (2 * bottom))


def clip_of_review(
    name: str,
    review: Review,
    *,
    join: JoinKind = "cut",
    frames: int | None = None,
    stretch: Fraction = Fraction(1),
) -> ReelClip:
    """The clip that a review looked at.

    Args:
        frames: as probing counted; a series of another length is cut or its last value held.

    Raises:
        CutError: the clip is broken, or no frame of it was looked at.
    """
    calmness = review.series.get("calmness")
    if review.verdict == "broken" or calmness is None or not len(calmness):
        why = review.reasons[0] if review.reasons else "no frame of it could be looked at"
        raise CutError(
            f"{name} cannot be cut: {why}", next="Leave this clip out, or shoot it again."
        )
    count = len(calmness) if frames is None else frames
    rows = np.minimum(np.arange(count), len(calmness) - 1)
    steady = np.nan_to_num(np.asarray(calmness, np.float32)[rows], nan=1.0, posinf=1e3, neginf=0.0)
    prints = review.prints
    if prints is not None and not len(prints):
        prints = None
    if prints is not None and len(prints) != count:  # else no copy: they are large
        prints = prints[np.minimum(np.arange(count), len(prints) - 1)]
    return ReelClip(
        name=name,
        calmness=steady,
        prints=prints,
        join=join,
        overlap=review.overlap,
        stretch=stretch,
    )


def steps(prints: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Squared distance of each frame to the one before it; entry 0 repeats entry 1.

    Args:
        prints: (frames, anything) unit rows.

    Returns:
        float32 (frames,), from 0 (same picture) to 4 (its negative); 2 = nothing in common.
    """
    rows = prints.astype(np.float32)
    if len(rows) < 2:
        return np.zeros(len(rows), np.float32)
    between = np.maximum(0.0, 2.0 - 2.0 * np.einsum("ij,ij->i", rows[1:], rows[:-1]))
    return np.concatenate([between[:1], between]).astype(np.float32)


def model_cuts(between: NDArray[np.floating[Any]]) -> tuple[int, ...]:
    """Frames at which the model cut by itself: the first frame of each new picture.

    A step counts when it is large by itself and against the four steps around it, as in
    PySceneDetect's adaptive detector. Blind to dissolves.

    Args:
        between: the step into each frame, as `steps` gives it.
    """
    found = []
    for frame in np.flatnonzero(between[1:] > CUT_STEP) + 1:
        near = [*between[max(1, frame - 2) : frame], *between[frame + 1 : frame + 3]]
        if between[frame] > CUT_RATIO * (float(np.median(near)) if near else 0.0):
            found.append(int(frame))
    return tuple(found)
