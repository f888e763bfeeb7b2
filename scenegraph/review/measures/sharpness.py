"""Sharpness on matched pixels: blur and over-sharpening are one axis with two budgets."""

from __future__ import annotations

from scenegraph.review.measures.sight import Reading, Sight, arrived


def blur(sight: Sight) -> Reading:
    """How much fine detail was lost, ln of amplitudes at two scales, contrast taken out (ln).

    Source: Laplacian energy on matched pixels at short sides 270 and 135.
    Blind to: a change of focus that the story wants; a strong codec reads as up to 0.3.
    """
    return _one_side(sight, more=False)


def oversharpening(sight: Sight) -> Reading:
    """How much fine detail was made up, ln of amplitudes at two scales, contrast taken out (ln).

    Source: Laplacian energy on matched pixels at short sides 270 and 135.
    Blind to: new detail that is right (a push-in shows more of a coat's weave).
    """
    return _one_side(sight, more=True)


def _one_side(sight: Sight, *, more: bool) -> Reading:
    found = arrived(sight.matches, [m.detail for m in sight.matches])
    if found.value is None or found.more is more:
        return found
    return Reading(0.0, more, tuple((frame, -amount) for frame, amount in found.track))
