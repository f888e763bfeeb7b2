"""Where one clip may be cut."""

from __future__ import annotations

import numpy as np
import pytest

from scenegraph.cut import ReelClip, calmest, choose_cuts, cutpoints, model_cuts
from scenegraph.cut.footage import clip_of_review, steps
from scenegraph.cut.points import cheapest_points, limits_of, local_minima
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap, Review


def lively(frames: int, *rests: tuple[int, int]) -> np.ndarray:
    """Calmness around 1 with a few quiet stretches (first and last frame)."""
    calm = 1.0 + 0.2 * np.sin(np.arange(frames) * 1.7)
    for first, last in rests:
        calm[first : last + 1] = 0.05
    return calm.astype(np.float32)


def walk(frames: int, seed: int, step: float = 0.05, size: int = 64) -> np.ndarray:
    """Prints of a picture that changes a little with every frame."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal(size) + step * np.cumsum(rng.standard_normal((frames, size)), axis=0)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def test_both_ends_of_a_search_are_looked_at():
    """A person who names frames 2 to 4 means all three of them."""
    calm = np.array([0.0, 1.0, 0.5, 1.0, 0.4, 0.0], np.float32)
    assert calmest(calm, (2, 4)) == 4
    assert calmest(calm, (4, 99)) == 5


@pytest.mark.parametrize("search", [(10, 20), (-9, -1)])
def test_a_search_outside_the_clip_is_refused_in_a_sentence(search):
    """Clamping it to the last frame would pass off a wrong question as an answer."""
    with pytest.raises(CutError, match="holds no frame") as caught:
        calmest(np.ones(10, np.float32), search)
    assert caught.value.next


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 9, 121])
def test_the_shortest_clips_still_have_points(frames):
    """A clip of one frame is odd, not an error: it plays as it is."""
    clip = ReelClip(name="short", calmness=np.ones(frames, np.float32))
    limits = limits_of(clip)
    assert 0 <= limits.first_in <= limits.last_in <= limits.last_out == frames - 1
    assert limits.first_out <= limits.last_out
    cut = choose_cuts([clip, clip]).cuts[0]
    assert 0 <= cut.in_frame <= cut.out_frame < frames


def test_a_clip_without_frames_is_refused():
    """There is nothing to play; guessing would crash far from here."""
    with pytest.raises(CutError, match="no frames"):
        cutpoints([ReelClip(name="empty", calmness=np.ones(0, np.float32))])


def test_no_clips_at_all_are_refused():
    """An empty call is a mistake worth a sentence."""
    with pytest.raises(CutError, match="no clip"):
        cutpoints([])


def test_the_middle_of_a_flat_rest_is_its_minimum():
    """The edge of a rest is where motion begins."""
    assert local_minima(np.array([2.0, 1.0, 1.0, 1.0, 2.0, 3.0])).tolist() == [2]


def test_points_hold_both_ends_and_the_best_minima():
    """The ends keep every film playable whole; the minima are what is looked for."""
    calm = lively(97, (60, 64), (90, 93))
    points = cheapest_points(calm, 48, 96)
    assert {48, 96} <= set(points.tolist())
    assert set(range(60, 65)) & set(points.tolist())
    assert set(range(90, 94)) & set(points.tolist())
    assert cheapest_points(calm, 48, 96, None).tolist() == list(range(48, 97))


def test_a_cut_the_model_made_stays_outside_what_is_played():
    """A flash of another scene inside a shot is the worst cut of all."""
    prints = np.concatenate([walk(25, 1), walk(75, 2)])
    clip = ReelClip(name="jumps", calmness=lively(100, (3, 8)), prints=prints)
    assert model_cuts(clip.steps) == (25,)
    cut = choose_cuts([clip, clip]).cuts[1]
    assert cut.in_frame >= 25


def test_a_clip_without_a_model_cut_is_used_whole():
    """The same test with the fault taken out, so that it could have failed."""
    clip = ReelClip(name="whole", calmness=lively(100, (3, 8)), prints=walk(100, 1))
    assert model_cuts(clip.steps) == ()
    assert len(clip.usable) == 100


def test_a_fast_pan_is_no_model_cut():
    """Large steps among large steps are motion."""
    assert model_cuts(steps(walk(60, 3, step=1.0))) == ()


def test_of_an_answer_only_its_new_frames_count_as_its_own():
    """Limits taken from repeated frames would let a hop end before it begins."""
    clip = ReelClip(
        name="hop",
        calmness=lively(121),
        join="extend",
        overlap=Overlap(frames=65, parent_start=56, parent_left=0, confidence=1.0),
    )
    assert limits_of(clip).first_out == 65 + 28


def test_a_broken_review_is_refused_with_its_reason():
    """A broken clip has no calm frames; its own reason says more than ours."""
    review = Review(verdict="broken", reasons=("it is a text file",))
    with pytest.raises(CutError, match="it is a text file"):
        clip_of_review("a.mp4", review)


def test_a_series_of_another_length_is_fitted_to_the_counted_frames():
    """Probing counts, a decoder may stop early: the last value is held, never an index error."""
    review = Review(
        verdict="good",
        series={"calmness": np.array([1.0, np.nan, 0.5], np.float32)},
        prints=np.eye(3, 8, dtype=np.float16),
    )
    clip = clip_of_review("a.mp4", review, frames=5)
    assert clip.calmness.tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]
    assert clip.prints is not None and len(clip.prints) == 5
