"""A colour match from a review: what would bring a drifted take back to its anchor.

Only what a plain correction can undo without harm: light, contrast and saturation, each within its
limit. Hue, casts and whatever changed in a part of the picture are left to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scenegraph.ledger.grade import Grade, Tint
from scenegraph.ledger.reviews import Review

#: The furthest that a colour match goes (ln): beyond it noise, banding and clipping show.
GRADE_LIMITS: Mapping[str, float] = MappingProxyType(
    {"brightness": 0.25, "contrast": 0.35, "saturation": 0.45}
)


def grade_for(review: Review) -> Grade | None:
    """The correction of a drifted take; None when it would pass the limits, or nothing is known.

    A take is corrected towards its parent, whose end it goes on from; one without a parent towards
    its keyframe.
    """
    keyframe_only = review.overlap is None
    first = review.overlap.frames if review.overlap is not None else 0
    ends: dict[str, tuple[float, float]] = {}
    for name, limit in GRADE_LIMITS.items():
        row = (
            name + "_vs_keyframe"
            if keyframe_only and f"{name}_vs_keyframe" in review.measures
            else name
        )
        track = review.series.get(f"{row}_drift")
        measure = review.measures.get(row)
        if track is None or measure is None or measure.value is None or not len(track):
            ends[name] = (0.0, 0.0)
            continue
        start, end = -float(track[min(first, len(track) - 1)]), -float(track[-1])
        if max(abs(start), abs(end)) > limit:
            return None
        ends[name] = (round(start, 4), round(end, 4))
    luma = review.series.get("luma")
    mean = (
        round(float(luma[first:].mean()) / 255, 3)
        if luma is not None and len(luma) > first
        else 0.45
    )
    begin, last = (Tint(**{name: pair[at] for name, pair in ends.items()}) for at in (0, 1))
    grade = Grade(begin, last, mean)
    return None if grade.is_nothing else grade
