"""A likeness: whom a clip should show, by which model, and how far from that is another person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scenegraph.ledger.reviews import Measure, Series
from scenegraph.review.identity.faces import Sighting, see_faces, see_still
from scenegraph.review.identity.model import Identity, Picture, Vector, nearest

Expects = Literal["always", "sometimes", "never"]

UNIT = "of the limit"
#: `expects_face: always`: without a face for more than this share of the clip is drift.
LONGEST_MISSING = 0.5
#: One face among many frames without is no evidence.
FEWEST_FACES = 2
HOW_TO = "set SCENEGRAPH_FACE_DETECTOR and SCENEGRAPH_FACE_EMBEDDER to a model's files"
#: What a measure without a threshold of its own, calibrated on one character, does not tell.
SLIGHT = "a slight change of the face is not measured"
NO_MODEL = f"no face model is given ({HOW_TO}, or calibrate the scene)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """What a clip's faces are held against.

    Attributes:
        model: the face model; None when there is none, or none is wanted.
        who: the character, or `the keyframe`.
        anchors: vectors of the character's stills in which a face was found.
        limit: the distance at which it is another person; None when nothing says so.
        why_not: why identity cannot be measured; empty when it can.
        expects: what the shot says of faces. `never` is not looked for, `always` must not be
            without one for long.
    """

    model: Identity | None
    who: str = "the keyframe"
    anchors: tuple[Vector, ...] = ()
    limit: float | None = None
    why_not: str = ""
    expects: Expects = "sometimes"

    @property
    def looks(self) -> bool:
        """Is there any use in looking at pictures in full?"""
        if self.model is None or self.expects == "never" or not self.anchors:
            return False
        return not self.why_not or self.expects == "always"


def likeness_of(
    model: Identity | None,
    stills: Sequence[Picture],
    *,
    who: str = "the keyframe",
    expects: Expects = "sometimes",
    limit: float | None = None,
    why_not: str = "",
) -> Likeness:
    """The likeness of these stills.

    Args:
        stills: RGB pictures of one character.
        limit: a calibrated distance; None takes the model's own threshold.
        why_not: what calibration said against gating on these stills.
    """
    blank = Likeness(model=model, who=who, expects=expects)
    if expects == "never":
        return replace(blank, why_not="the shot expects no face")
    if model is None:
        return replace(blank, why_not=NO_MODEL)
    if not stills:
        return replace(blank, why_not="needs a keyframe")
    anchors = tuple(v for still in stills for v in see_still(model, still).vectors)
    if limit is None and model.threshold is not None:
        limit = 1.0 - model.threshold
    if not anchors:
        why_not = f"{model.name} finds no face in the keyframe"
    elif not why_not and limit is None:
        why_not = (
            f"{model.name} means nothing before it is calibrated on the character "
            f"(scenegraph calibrate SCENE), or {HOW_TO}"
        )
    return replace(blank, anchors=anchors, limit=limit, why_not=why_not)


def measure_identity(
    likeness: Likeness, pictures: Iterable[tuple[int, Picture]], frames: int = 0
) -> tuple[Measure, dict[str, Series]]:
    """How far the clip's faces are from the character's stills, on the scale of the limit.

    The distance of a frame is that of its nearest face to its nearest still, over the limit: 0 is
    the same picture, 1 another person. A clip's is the median over the frames that show a face,
    of the whole clip or of its last half, whichever is larger.

    Args:
        pictures: (frame number, RGB), in order; looked at only when there is something to find.
        frames: length of the clip, for the series.

    Returns:
        The measure, and the series `identity_drift` and `face_found` (between the frames looked
        at, drawn through and held).

    Source:
        The model's own metric; the limit is its threshold, or was calibrated on the character.
        Blind to: frames between those looked at; faces that are not found. A face turned away is
        left out, and is no other person.
    """
    if not likeness.looks or likeness.model is None:
        return unmeasured(likeness.why_not), {}
    seen = list(see_faces(likeness.model, pictures))
    if not seen:
        return unmeasured("no frame is left to look at"), {}
    track = _track(likeness, seen)
    series = _series(seen, track, frames)
    gone = _missing(seen) if likeness.expects == "always" else None
    if gone is not None and gone[0] > LONGEST_MISSING:
        share, first = gone
        return Measure(
            value=share / LONGEST_MISSING,
            budget=1.0,
            unit=UNIT,
            since_frame=first,
            note=f"no face for {share:.0%} of the clip, and the shot says `expects_face: always`",
        ), series
    if likeness.why_not:
        return unmeasured(likeness.why_not), series
    if len(track) < min(FEWEST_FACES, len(seen)):
        return unmeasured(_found(likeness.model, len(track), len(seen))), series
    values = [amount for _, amount in track]
    value = max(float(np.median(values)), float(np.median(values[len(values) // 2 :])))
    note = f"against {likeness.who}; {_found(likeness.model, len(track), len(seen))}"
    if likeness.model.threshold is None:  # shape alone: of 4 slight morphs 2 passed for the same
        note += f"; {SLIGHT}"
    if value > 1.0:
        note = f"looks like another person than {likeness.who} to {likeness.model.name}"
    since = _since(track) if value > 1.0 else None
    return Measure(value, 1.0, UNIT, since_frame=since, note=note), series


def unmeasured(why: str) -> Measure:
    return Measure(None, None, UNIT, note=f"not measured: {why}")


def _track(likeness: Likeness, seen: Sequence[Sighting]) -> list[tuple[int, float]]:
    if likeness.model is None or likeness.limit is None:
        return []
    model, limit = likeness.model, max(likeness.limit, 1e-9)
    return [
        (
            sighting.frame,
            min(nearest(model, likeness.anchors, vector) for vector in sighting.vectors) / limit,
        )
        for sighting in seen
        if sighting.vectors
    ]


def _found(model: Identity, faces: int, frames: int) -> str:
    if not faces:
        return f"{model.name} finds no face in the clip"
    return f"{model.name} finds a face in {faces} of {frames} frames"


def _since(track: Sequence[tuple[int, float]]) -> int:
    """The first frame from which on it stays over; else the first that is."""
    staying: int | None = None
    for frame, amount in reversed(track):
        if amount <= 1.0:
            break
        staying = frame
    return next(frame for frame, amount in track if amount > 1.0) if staying is None else staying


def _missing(seen: Sequence[Sighting]) -> tuple[float, int]:
    """The longest run of frames without a face, as a share of the clip, and its first frame."""
    longest, since, run = 0, seen[0].frame, 0
    for number, sighting in enumerate(seen):
        run = 0 if sighting.vectors else run + 1
        if run > longest:
            longest, since = run, seen[number - run + 1].frame
    return longest / len(seen), since


def _series(
    seen: Sequence[Sighting], track: Sequence[tuple[int, float]], frames: int
) -> dict[str, Series]:
    if not frames:
        return {}
    at = np.arange(frames)
    held = np.searchsorted([s.frame for s in seen], at, side="right").clip(1) - 1
    found = np.asarray([float(bool(s.vectors)) for s in seen], dtype=np.float32)
    series = {"face_found": found[held]}
    if track:
        amounts = np.interp(at, [f for f, _ in track], [amount for _, amount in track])
        series["identity_drift"] = amounts.astype(np.float32)
    return series
