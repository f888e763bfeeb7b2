"""Looking at a clip: one decode in, one Review out. A broken clip is a verdict, not an error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from scenegraph.errors import BrokenMedia
from scenegraph.ledger.reviews import (
    Chain,
    Measure,
    Overlap,
    Review,
    Series,
)
from scenegraph.media import open_still
from scenegraph.review.best import best_frame
from scenegraph.review.chain import chain_measures, chain_on, steps_of
from scenegraph.review.footage import Footage, watch
from scenegraph.review.identity import (
    Expects,
    Identity,
    Likeness,
    Picture,
    likeness_of,
    measure_identity,
    unmeasured,
)
from scenegraph.review.identity.likeness import NO_MODEL
from scenegraph.review.matched import Match, Matcher
from scenegraph.review.measures import KEYFRAME_SUFFIX, MEASURES, Reading, Row, Sight
from scenegraph.review.repeats import overlap_with, repeat_warnings
from scenegraph.review.threads import one_thread
from scenegraph.review.verdict import (
    FEWEST_NEW,
    as_measure,
    budgets_with,
    drift_reasons,
    score_of,
)
from scenegraph.review.views import View, still_views
from scenegraph.units import Span

#: Luma of black in limited range, with room for coding noise; and differences of a still picture.
BLACK, UNMOVING = 18.0, 0.0005
#: The word for the anchor of a clip that comes with neither keyframe nor parent.
OWN_START = "clip's own start"


def look(
    path: str | Path,
    *,
    keyframe: str | Path | None = None,
    parent: str | Path | Footage | None = None,
    budgets: Mapping[str, float] | None = None,
    identity: Identity | None = None,
    expects_face: Expects = "sometimes",
    expects_overlap: bool | None = None,
    chain: Chain | None = None,
) -> Review:
    """Watch one clip and judge it.

    Args:
        keyframe: the character's canonical still: absolute, wide budgets (`…_vs_keyframe`).
        parent: the clip before, or the tail of it that was uploaded: relative, tight budgets.
            Give Footage when it was watched before.
        budgets: own budgets by measure name, laid over `DEFAULT_BUDGETS`.
        identity: a face model; without one `identity` says "not measured".
        expects_face: `always` makes it drift when no face is found for long; `never` looks for
            none.
        expects_overlap: True for an answer of Extend (it is a warning if nothing repeats), False
            for a shot that starts anew (no overlap is looked for), None when unknown.
        chain: that of the parent's own review: this hop's steps are added to its sums.

    Returns:
        A Review. Verdict `broken` with its reason when the clip cannot be used as a shot.

    Raises:
        BrokenMedia: the keyframe or the parent cannot be opened (the clip is not to blame).
        SceneError: a budget for a measure that does not exist.
    """
    wanted = budgets_with(budgets)
    still = None if keyframe is None else open_still(keyframe)
    before = parent if parent is None or isinstance(parent, Footage) else watch(parent)
    likeness = likeness_of(identity, [] if still is None else [still], expects=expects_face)
    try:
        footage = watch(path, in_full=likeness.looks)
    except BrokenMedia as error:
        return Review(
            verdict="broken",
            reasons=(f"cannot be used as a clip: {error.reason}",),
            measures={"identity": unmeasured("the clip cannot be opened")},
        )
    return look_at(
        footage,
        keyframe=still,
        parent=before,
        budgets=wanted,
        likeness=likeness,
        expects_overlap=expects_overlap,
        chain=chain,
    )


def look_at(
    footage: Footage,
    *,
    keyframe: Picture | None = None,
    parent: Footage | None = None,
    budgets: Mapping[str, float] | None = None,
    likeness: Likeness | None = None,
    expects_overlap: bool | None = None,
    chain: Chain | None = None,
    goes_back: bool = False,
    usual: Overlap | None = None,
    shown: Span | None = None,
) -> Review:
    """Judge footage that was watched before. Pure: opens nothing.

    Args:
        keyframe: RGB uint8 (h, w, 3).
        likeness: whom the clip should show; its faces are looked for in `footage.pictures`. None
            says "not measured".
        goes_back: the clip is there to leave its parent's look for its keyframe's. It is held
            against the keyframe alone, if there is one; the parent still tells the overlap.
        usual: what such answers are known to repeat, on this parent's time axis.
        shown: the parent's frames that the clip was made from, when that is known.
    """
    wanted = budgets_with(budgets)
    overlap = None
    if parent is not None and expects_overlap is not False:
        overlap = overlap_with(parent.prints, footage.prints, shown, usual)
    behind = parent.frames - shown.stop if parent is not None and shown is not None else 0
    broken = _broken(footage, overlap)
    # what a broken clip still shows is measured over all of it
    first = overlap.frames if overlap and not broken else 0
    readings: dict[str, tuple[Row, Reading, str]] = {}
    before = None if goes_back and keyframe is not None else parent
    if footage.frames:
        with one_thread():
            readings = _readings(footage, first, keyframe, before)
    measures = {
        name: as_measure(row, reading, _budget(wanted, row, name, anchor), anchor)
        for name, (row, reading, anchor) in readings.items()
    }
    longer = None  # what goes back to its keyframe starts the sums anew
    if before is not None and not broken:
        longer = chain_on(chain, steps_of({name: found[1] for name, found in readings.items()}))
        measures |= chain_measures(longer, wanted)
    measures["identity"], faces = _identity(footage, first, likeness, wanted)
    drifted = drift_reasons(measures)
    review = Review(
        verdict="broken" if broken else "drifted" if drifted else "good",
        reasons=broken + drifted,
        score=score_of(measures),
        overlap=overlap,
        chain=longer,
        measures=measures,
        clip=None if footage.clip is None else footage.clip.to_json(),
        warnings=_warnings(footage, overlap, bool(expects_overlap), behind),
        series={**footage.series, **_tracks(readings, footage.frames), **faces},
        prints=footage.prints,
    )
    return replace(review, best=best_frame(review))


def _readings(
    footage: Footage, first: int, keyframe: Picture | None, parent: Footage | None
) -> dict[str, tuple[Row, Reading, str]]:
    """Every measure that can be made: by name, its row, what it read, and the anchor's word."""
    still = None if keyframe is None else _still_view(keyframe, footage.views[0])
    if parent is not None:
        relative, anchor = Sight(footage, first, parent.views, parent), "parent"
    elif still is None:
        # nothing to hold it against but its own beginning: drift within the clip
        relative, anchor = Sight(footage, first, footage.sampled(first)[:2]), OWN_START
    else:
        relative, anchor = Sight(footage, first), "clip"
    found = {}
    for row in MEASURES:
        if relative.anchor or row.keyframe_budget is None:
            found[row.name] = (row, row.measure(relative), anchor)
    if still is not None:
        absolute = Sight(footage, first, (still,))
        for row in MEASURES:
            if row.keyframe_budget is not None:
                reading = row.measure(absolute)
                found[row.name + KEYFRAME_SUFFIX] = (row, reading, "keyframe")
    return found


def _budget(budgets: Mapping[str, float], row: Row, name: str, anchor: str) -> float:
    """Against its own beginning a clip is given the wide budget, as against a keyframe."""
    if anchor == OWN_START and row.keyframe_budget is not None:
        return max(budgets[name], budgets[row.name + KEYFRAME_SUFFIX])
    return budgets[name]


def _identity(
    footage: Footage, first: int, likeness: Likeness | None, budgets: Mapping[str, float]
) -> tuple[Measure, dict[str, Series]]:
    if likeness is None:
        return unmeasured(NO_MODEL), {}

    def pictures() -> Iterator[tuple[int, Picture]]:
        for kept in footage.pictures:
            if kept.index >= first:
                yield kept.index, kept.rgb()

    with one_thread():
        measure, series = measure_identity(likeness, pictures(), footage.frames)
    if measure.value is not None:
        measure = replace(measure, budget=budgets.get("identity", measure.budget))
    return measure, series


def _still_view(keyframe: Picture, view: View) -> View:
    """The keyframe as this clip's matrix would have it (files seldom say which they used)."""
    first, second = (v.fitted(view.shape) for v in still_views(keyframe, min(view.shape)))
    matcher = Matcher(far=True)
    matches = [matcher.match(view, still) for still in (first, second)]
    return second if _colour_step(matches[1]) < _colour_step(matches[0]) else first


def _colour_step(match: Match) -> float:
    if match.hue is None or match.saturation is None or match.cast is None:
        return math.inf
    return abs(match.hue) / 8 + abs(match.saturation) / 0.2 + math.hypot(*match.cast) / 4


def _tracks(readings: Mapping[str, tuple[Row, Reading, str]], frames: int) -> dict[str, Series]:
    """How anchored measures run along the clip, signed, as series: `saturation_drift` …"""
    tracks = {}
    for name, (row, reading, _) in readings.items():
        if row.keyframe_budget is None or reading.value is None:
            continue
        sign = -1.0 if reading.more is False else 1.0
        at = [frame for frame, _ in reading.track]
        amounts = [sign * amount for _, amount in reading.track]
        tracks[f"{name}_drift"] = np.interp(np.arange(frames), at, amounts).astype(np.float32)
    return tracks


def _broken(footage: Footage, overlap: Overlap | None) -> tuple[str, ...]:
    """Why this clip cannot be used as a shot; empty when it can."""
    frames = footage.frames
    if frames == 0:
        return ("has no pictures that can be decoded",)
    if footage.clip is not None and "truncated" in footage.clip.warnings:
        return (f"is truncated: its file ends after {frames} pictures; fetch it again",)
    if frames < FEWEST_NEW:
        return (f"has only {frames} frame{'s' if frames > 1 else ''}; a shot needs {FEWEST_NEW}",)
    if float((footage.series["luma"] + footage.series["spread"]).max()) < BLACK:
        return ("every frame is black",)
    if float(footage.series["difference"][1:].max()) < UNMOVING:
        return ("nothing ever moves: every frame is the same",)
    new = frames - (overlap.frames if overlap else 0)
    if new < FEWEST_NEW:
        return (f"adds only {new} new frames: the other {frames - new} repeat its parent",)
    return ()


def _warnings(
    footage: Footage, overlap: Overlap | None, expects_overlap: bool, behind: int
) -> tuple[str, ...]:
    found = footage.clip.warnings if footage.clip is not None else ()
    if overlap is None:
        return tuple(found)
    return (*found, *repeat_warnings(overlap, expected=expects_overlap, after_tail=behind))
