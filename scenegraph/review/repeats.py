"""What an answer repeats of its parent, held against what such answers repeated before."""

from __future__ import annotations

from dataclasses import replace

from scenegraph.ledger.reviews import OVERLAP_NOT_FOUND, Overlap
from scenegraph.review.overlap import find_overlap
from scenegraph.review.prints import Prints
from scenegraph.units import Span

#: Below this a found overlap is a guess, and what is remembered counts more.
GUESS = 0.5
#: From this on an overlap is sure enough to be expected of later answers.
SURE = 0.75


def overlap_with(
    parent: Prints, answer: Prints, shown: Span | None, usual: Overlap | None
) -> Overlap:
    """What of its parent an answer repeats, as far as it was shown it.

    Args:
        shown: the parent's frames that the answer was made from, when that is known: it can repeat
            no other, and near-still pictures are placed far better among these alone.
        usual: what such answers repeated before, on this parent's time axis.
    """
    span = shown or Span(0, len(parent))
    found = find_overlap(parent[span.start : span.stop], answer)
    behind = len(parent) - span.stop
    if found.frames and found.parent_start is not None:
        start = found.parent_start + span.start
        found = replace(found, parent_start=start, parent_left=found.parent_left + behind)
    return settled(found, usual, len(answer), behind)


def settled(found: Overlap, usual: Overlap | None, answer: int, after_tail: int = 0) -> Overlap:
    """The overlap that counts, with `remembered` where the memory was used or disagrees.

    Args:
        found: by looking at both clips.
        usual: what the first sure answer to such a request repeated, on this parent's time axis.
        answer: frames of the answer.
        after_tail: frames of the parent behind the tail that was shown.

    >>> sure, guess = Overlap(24, 97, 0, 0.9), Overlap(31, 90, 0, 0.3)
    >>> usual = Overlap(25, 96, 0, 0.9)
    >>> settled(guess, usual, 65)
    Overlap(frames=25, parent_start=96, parent_left=0, confidence=0.9, remembered=25)
    >>> settled(sure, usual, 65)
    Overlap(frames=24, parent_start=97, parent_left=0, confidence=0.9, remembered=25)
    """
    if not found.frames:
        # new frames alone go on from the end of what was shown
        found = replace(found, parent_left=after_tail)
    if usual is None or usual.frames >= answer or (usual.parent_start or 0) < 0:
        return found
    if found.confidence < GUESS:
        return replace(usual, remembered=usual.frames)
    return found if found.frames == usual.frames else replace(found, remembered=usual.frames)


def repeat_warnings(overlap: Overlap, *, expected: bool, after_tail: int = 0) -> tuple[str, ...]:
    """What is odd about an overlap, in the short words of a review's warnings."""
    found = []
    if overlap.remembered is not None:
        same = overlap.remembered == overlap.frames
        found.append(
            "overlap-as-remembered" if same else f"overlap-not-{overlap.remembered}-as-before"
        )
    if overlap.frames and overlap.confidence < GUESS:
        found.append("overlap-is-a-guess")
    if expected and not overlap.frames:
        found.append(OVERLAP_NOT_FOUND)
    if overlap.frames and overlap.parent_left > after_tail:
        found.append("leaves-parent-early")
    return tuple(found)
