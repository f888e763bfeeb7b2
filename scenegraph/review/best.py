"""The best frame of a take: the one to start another shot from. Pure; looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger.reviews import BestFrame, Measure, Review, Series
from scenegraph.review.measures import KEYFRAME_SUFFIX, MEASURES

#: The head of a shot from a still is that still: frames that are passed over, of a long clip.
HEAD = 8
#: Sharpness is asked of the picture itself, not of its likeness to the keyframe.
_SHARPNESS = frozenset({"blur", "oversharpening"})
#: ln of the fine detail that costs as much as one whole budget of likeness.
BLUR = next(row.keyframe_budget or row.budget for row in MEASURES if row.name == "blur")
#: How much of the likeness is the face's, where a face was measured.
FACE = 2 / 3

Numbers = NDArray[np.float64]


def best_frame(review: Review) -> BestFrame | None:
    """The frame that is at rest, sharp, and closest to whom the clip should show.

    Of the calmer half of the new frames (those that show a face, where a model looked for faces),
    the one with the least sum of two things: how far it is from the keyframe, as a share of the
    budgets (the face's limit counts two thirds when it was measured), and how much fine detail it
    lacks of the sharpest. Without a keyframe it is the sharpest of the calm half.

    Returns:
        The frame, counted from 0; None for a broken clip.

    Source:
        The project's own rule; each part is a series of the review. It is blind to eyes that are
        shut and to anything that no measure tells.
    """
    calm_of, fine = review.series.get("calmness"), review.series.get("fine")
    if review.verdict == "broken" or calm_of is None or fine is None or not len(fine):
        return None
    frames = _calm(calm_of, _new(review, len(fine)))
    frames = _with_faces(review.series, frames)
    far = _distance(review, len(fine))
    blur = (float(fine[frames].max()) - fine[frames]) / BLUR
    cost = blur if far is None else blur + far[frames]
    at = int(frames[int(np.argmin(cost))])
    return BestFrame(at, _why(review, at, frames, far))


def _new(review: Review, count: int) -> NDArray[np.intp]:
    """Frames of the clip's own, without its very head."""
    repeated = review.overlap.frames if review.overlap is not None else 0
    first = repeated or min(HEAD, count // 4)
    return np.arange(min(first, count - 1), count)


def _calm(calmness: Series, frames: NDArray[np.intp]) -> NDArray[np.intp]:
    return frames[calmness[frames] <= np.median(calmness[frames])]


def _with_faces(series: Mapping[str, Series], frames: NDArray[np.intp]) -> NDArray[np.intp]:
    found = series.get("face_found")
    if found is None or not (found[frames] > 0.5).any():
        return frames
    return frames[found[frames] > 0.5]


def _distance(review: Review, count: int) -> Numbers | None:
    """How far each frame is from its keyframe, in budgets; None when nothing told it."""
    look = [
        np.abs(review.series[f"{name}_drift"].astype(np.float64)) / measure.budget
        for name, measure in review.measures.items()
        if _tells(name, measure) and len(review.series.get(f"{name}_drift", ())) == count
        and measure.budget
    ]  # fmt: skip
    whole = np.mean(look, axis=0) if look else None
    face = review.series.get("identity_drift")
    identity = review.measures.get("identity")
    if face is None or len(face) != count or identity is None or identity.value is None:
        return whole
    own = face.astype(np.float64) / (identity.budget or 1.0)
    return own if whole is None else FACE * own + (1 - FACE) * whole


def _tells(name: str, measure: Measure) -> bool:
    plain = name.removesuffix(KEYFRAME_SUFFIX)
    return plain != name and plain not in _SHARPNESS and measure.value is not None


def _why(review: Review, at: int, frames: NDArray[np.intp], far: Numbers | None) -> str:
    """In words, with the figures that decided."""
    fine, calmness = review.series["fine"], review.series["calmness"]
    lacks = 1.0 - float(np.exp(fine[at] - fine[frames].max()))
    sharp = "the sharpest" if lacks < 0.005 else f"{lacks:.0%} less detail than the sharpest"
    rest = f"motion {float(calmness[at]):.2f} of the clip's median"
    if far is None:
        return f"{sharp} of the calm half, {rest}; no keyframe to be close to"
    of = "face and look" if "identity_drift" in review.series else "look, no face was measured"
    return f"{float(far[at]):.2f} of its budget from the keyframe ({of}), {sharp}, {rest}"
