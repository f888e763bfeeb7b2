"""The frame that another shot starts from: at rest, sharp, closest to whom the clip shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scenegraph.ledger import Measure, Overlap, Review
from scenegraph.review.best import HEAD, best_frame

COUNT = 60


def a_review(**series: Any) -> Review:
    """A clip that is calm from frame 20 on, equally sharp throughout, and held against nothing."""
    calm = np.where(np.arange(COUNT) < 20, 3.0, 0.5)
    given = {"calmness": calm, "fine": np.zeros(COUNT), **series}
    return Review(
        verdict="good", series={name: np.asarray(row, np.float32) for name, row in given.items()}
    )


def at(review: Review) -> int:
    best = best_frame(review)
    assert best is not None
    return best.frame


def only(*frames: int, value: float = 1.0, rest: float = 0.0) -> np.ndarray:
    row = np.full(COUNT, rest)
    row[list(frames)] = value
    return row


def test_it_is_the_sharpest_of_what_is_at_rest() -> None:
    """A frame in the middle of a move is blurred when a shot is started from it."""
    assert at(a_review(fine=only(45, value=1.0))) == 45
    assert at(a_review(fine=only(10, 45, value=1.0))) == 45  # frame 10 is sharp, and moves


def test_what_repeats_the_parent_is_not_this_shots() -> None:
    """A hop's answer begins with its parent's end; that would be the best frame of another shot."""
    review = a_review(fine=only(30, 45, value=1.0))
    assert at(review) == 30
    assert at(replace(review, overlap=Overlap(40, 20, 0, 1.0))) == 45


def test_the_very_head_of_a_shot_is_its_own_still() -> None:
    """Who wants the keyframe names the keyframe."""
    review = a_review(calmness=np.ones(COUNT), fine=only(0, HEAD - 1, 50, value=1.0))
    assert at(review) == 50


def keyframe_drift(track: np.ndarray, measure: str = "hue") -> dict[str, Any]:
    name = f"{measure}_vs_keyframe"
    return {
        "series": {f"{name}_drift": track.astype(np.float32)},
        "measures": {name: Measure(1.0, 9.0, "degrees")},
    }


def with_more(review: Review, series: dict[str, Any], measures: dict[str, Measure]) -> Review:
    return replace(
        review,
        series={**review.series, **series},
        measures={**review.measures, **measures},
    )


def test_of_two_sharp_ones_the_closer_to_the_keyframe_is_taken() -> None:
    """A drift is signed; either way is away."""
    drift = np.linspace(-18.0, 6.0, COUNT)  # no drift at frame 44, and sharp only at 30 and 45
    review = with_more(a_review(fine=only(30, 45)), **keyframe_drift(drift))
    assert at(review) == 45
    assert at(with_more(a_review(fine=only(30, 45)), **keyframe_drift(drift[::-1]))) == 30
    why = best_frame(review)
    assert why is not None and "no face was measured" in why.why


def test_likeness_does_not_buy_a_blurred_frame() -> None:
    """A whole budget closer is worth as much as the budget of blur, and no more."""
    drift = only(50, value=0.0, rest=4.5)  # half a budget away but at 50
    fine = only(50, value=-2.0)  # where seven eighths of the detail are gone
    assert at(with_more(a_review(fine=fine), **keyframe_drift(drift))) != 50


def test_a_face_counts_more_than_the_look_when_it_was_measured() -> None:
    """Identity is what the frame is chosen for; without a measure its series says nothing."""
    look = keyframe_drift(only(50, value=0.0, rest=9.0))
    face = {"identity_drift": only(30, value=0.0, rest=0.9).astype(np.float32)}
    review = with_more(a_review(), **look)
    known = with_more(review, face, {"identity": Measure(0.5, 1.0, "of the limit")})
    unknown = with_more(review, face, {"identity": Measure(None, None, note="not measured: x")})
    assert (at(review), at(unknown), at(known)) == (50, 50, 30)


def test_a_frame_without_the_face_is_passed_over() -> None:
    """Somebody walks through, she turns away: sharp, calm, and of no use."""
    faces = {"face_found": only(*range(30, 40)).astype(np.float32)}
    review = with_more(a_review(fine=only(35, value=0.2) + only(50)), faces, {})
    assert at(review) == 35
    nobody = with_more(review, {"face_found": np.zeros(COUNT, np.float32)}, {})
    assert at(nobody) == 50  # a clip without any face is judged by the rest


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_short_clip_has_a_best_frame_too(count: int) -> None:
    series = {"calmness": np.ones(count, np.float32), "fine": np.zeros(count, np.float32)}
    assert 0 <= at(Review(verdict="good", series=series)) < count


def test_a_broken_clip_has_none() -> None:
    """Nothing is to be made of it."""
    assert best_frame(replace(a_review(), verdict="broken")) is None
    assert best_frame(Review(verdict="good")) is None


def test_it_survives_the_ledger() -> None:
    """Frame and reason are in the review's JSON; an older review has none."""
    review = replace(a_review(), best=best_frame(a_review(fine=only(45))))
    assert review.best is not None and review.to_json()["best_frame"]["frame"] == 45
    assert Review.from_json(review.to_json(), {}).best == review.best
    older = {key: value for key, value in review.to_json().items() if key != "best_frame"}
    assert Review.from_json(older, {}).best is None
