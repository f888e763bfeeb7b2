"""Where the tail ends that a hop is shown of its parent's take."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from scenegraph.cut import resting_end
from scenegraph.ledger import Review, Take
from scenegraph.media import Clip, tail_length
from scenegraph.run.lineage import inputs_of
from scenegraph.units import Span, exact_rate


def tail_stop(clip: Clip, review: Review | None, tail: int, rate: Fraction) -> int:
    """The frame of a parent's clip before which a tail that ends at rest stops.

    The same for the same clip and review, so that it is found again when the answer is looked at.

    Args:
        review: of the parent's take; without its series the tail ends where the clip does.
        tail: frames that are shown, at `rate`.
    """
    calmness = review.series.get("calmness") if review is not None else None
    if review is None or calmness is None or len(calmness) != clip.frames:
        return clip.frames
    repeated = review.overlap.frames if review.overlap is not None else 0
    least = math.ceil(tail * clip.rate / rate)
    return resting_end(calmness, tail=least, repeated=repeated)


def shown_of(take: Take, parent: Take | None, review: Review | None) -> Span | None:
    """The frames of its parent that a take was made from; None where that cannot be told.

    Args:
        review: of the parent's take.
    """
    part = inputs_of(take).get("video", {})
    if parent is None or parent.clip is None or "tail_frames" not in part:
        return None
    clip = parent.clip
    rate = exact_rate(take.params.get("frame_rate") or clip.rate)
    if clip.variable_rate or clip.rate != rate:
        return None  # it was resampled: its frames are not the parent's
    wanted, stop = int(part["tail_frames"]), clip.frames
    if part.get("tail_end") == "rest":
        stop = tail_stop(clip, review, wanted, rate)
    if min(stop, wanted) < 9:
        return None
    return Span(stop - tail_length(replace(clip, frames=stop), wanted, rate), stop)
