"""The whole film at once."""

from __future__ import annotations

import itertools
import time
from fractions import Fraction

import pytest

from scenegraph.cut import choose_cuts, cutpoints
from scenegraph.cut.choice import best_picks
from scenegraph.cut.film import Film, make_film
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap


def brute_force(film: Film) -> float:
    ways = [
        list(itertools.product(range(len(part.ins)), range(len(part.outs)))) for part in film.parts
    ]
    return min(film.total(picks)[0] for picks in itertools.product(*ways))


FILMS = {
    "cuts": ["cut", "cut", "cut"],
    "rejoins": ["cut", "rejoin", "rejoin"],
    "mixed": ["cut", "rejoin", "cut"],
    "seams": ["cut", "extend", "cut"],
}


@pytest.mark.parametrize("target", [None, 60, 95], ids=["any length", "short", "long"])
@pytest.mark.parametrize("joins", FILMS.values(), ids=FILMS.keys())
@pytest.mark.parametrize("seed", range(4))
def test_dynamic_programming_equals_brute_force(seed, joins, target, random_clip):
    """The recursion is only worth its speed if it never misses the cheapest film."""
    overlap = Overlap(frames=9, parent_start=31, parent_left=0, confidence=1.0)
    clips = [
        random_clip(
            10 * seed + at, 40, join=join, overlap=overlap if join == "extend" else None, least=12
        )
        for at, join in enumerate(joins)
    ]
    film = make_film(clips, target=target, count=3)
    picks = best_picks(film)
    mine = film.total(picks)[0] if picks else float("inf")
    assert mine == pytest.approx(brute_force(film), abs=1e-9)
    assert picks or target, "without a target there is always a film"


@pytest.mark.parametrize("seed", range(4))
def test_films_with_given_lengths_are_the_cheapest_too(seed, random_clip):
    """The recursion may not lose its way where a clip tries every frame."""
    clips = [
        random_clip(9 * seed, 40, least=12),
        random_clip(9 * seed + 1, 12, wanted=7),
        random_clip(9 * seed + 2, 40),
    ]
    film = make_film(clips, count=3)
    picks = best_picks(film)
    assert picks is not None
    assert film.total(picks)[0] == pytest.approx(brute_force(film), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_candidates_lose_little_against_every_frame(seed, random_clip):
    """Trying a dozen points for each end instead of all of them is a bet on where rests are."""
    clips = [random_clip(seed * 7 + at, 97) for at in range(4)]
    few, all_of_them = make_film(clips), make_film(clips, count=None)
    picked, best = best_picks(few), best_picks(all_of_them)
    assert picked is not None and best is not None
    assert few.total(picked)[0] <= all_of_them.total(best)[0] + 0.05


@pytest.mark.parametrize("target", [200, 263, 301, 350])
def test_a_target_length_is_met(target, random_clip):
    """A film of a given length is what a person asks for; three frames are not seen."""
    choice = cutpoints([random_clip(at, 97) for at in range(5)], target=target)
    assert abs(choice.frames - target) <= 3
    assert sum(cut.frames for cut in choice.cuts) == choice.frames


@pytest.mark.parametrize("target", [20, 2000])
def test_a_length_that_cannot_be_met_is_refused_with_what_can(target, random_clip):
    """The sentence names the reach, so that the next call can be right."""
    clips = [random_clip(at, 97) for at in range(3)]
    with pytest.raises(CutError, match=f"cannot make {target} frames") as caught:
        cutpoints(clips, target=target)
    low, high = (int(word) for word in caught.value.message.rstrip(".").split()[-3::2])
    assert abs(cutpoints(clips, target=low).frames - low) <= 3
    assert abs(cutpoints(clips, target=high).frames - high) <= 3


@pytest.mark.parametrize("target", [0, -5])
def test_a_length_of_nothing_is_refused(target, random_clip):
    """It is a slip of the hand, not a length out of reach."""
    with pytest.raises(CutError):
        cutpoints([random_clip(1)], target=target)


def test_a_search_that_runs_backwards_is_refused(random_clip):
    """A:B with B before A holds no frame."""
    with pytest.raises(CutError, match="backwards"):
        cutpoints([random_clip(1)], search=(30, 10))


def test_the_answer_has_the_promised_shape(random_clip):
    """`cutpoints --json` is a contract: frames from 0, both ends played."""
    answer = cutpoints([random_clip(1, 97), random_clip(2, 97)], search=(50, 96)).to_json()
    assert {"cuts", "cost", "frames"} <= answer.keys()
    first = answer["cuts"][0]
    assert {"clip", "in_frame", "out_frame", "calmest", "motion_at_in", "motion_at_out"} <= set(
        first
    )
    assert 50 <= first["calmest"] <= 96
    assert answer["frames"] == sum(c["out_frame"] - c["in_frame"] + 1 for c in answer["cuts"])


def test_no_clip_flashes_by(random_clip):
    """Below a second and a half a shot reads as a flash, whatever it would save."""
    for cut in cutpoints([random_clip(at, 97) for at in range(6)], target=240).cuts:
        assert cut.frames >= 36


def test_a_clip_of_another_rate_is_counted_in_reel_frames(random_clip):
    """A target is a length of the reel, not of its sources."""
    clips = [random_clip(at, 97, stretch=Fraction(24, 16)) for at in range(3)]
    choice = choose_cuts(clips, target=330)
    assert abs(choice.frames - 330) <= 3
    assert abs(sum(cut.frames for cut in choice.cuts) * 1.5 - choice.frames) <= 2


def test_the_next_best_choices_are_kept_and_differ(random_clip):
    """An editor who dislikes a cut wants the next one, not the same one a frame on."""
    cuts = cutpoints([random_clip(at, 121) for at in range(3)]).cuts
    for cut in cuts:
        pairs = [(cut.in_frame, cut.out_frame), *cut.alternatives]
        assert len(pairs) > 1
        for (a, b), (c, d) in itertools.combinations(pairs, 2):
            assert max(abs(a - c), abs(b - d)) >= 3


def test_joins_that_leave_nothing_between_them_are_refused(random_clip):
    """Two exact seams may ask for more of a clip than it has."""
    middle = random_clip(
        2,
        40,
        join="extend",
        overlap=Overlap(frames=35, parent_start=0, parent_left=5, confidence=1.0),
    )
    last = random_clip(
        3,
        40,
        join="extend",
        overlap=Overlap(frames=5, parent_start=0, parent_left=35, confidence=1.0),
    )
    with pytest.raises(CutError, match="leave no frame"):
        choose_cuts([random_clip(1, 40), middle, last])


@pytest.mark.parametrize("join", ["cut", "rejoin"])
def test_sixty_clips_are_chosen_in_about_a_second(join, random_clip):
    """Re-cutting a five-minute film must feel like nothing. CPU time, with room."""
    clips = [random_clip(at, 121, join=join) for at in range(60)]
    started = time.process_time()
    choice = choose_cuts(clips, target=4800)
    assert time.process_time() - started < 4.0
    assert abs(choice.frames - 4800) <= 3


def test_a_long_film_stays_within_its_band(monkeypatch, random_clip):
    """Memory is bounded by a band of lengths around the course; the target is still met."""
    monkeypatch.setattr("scenegraph.cut.choice.BAND", 128)
    clips = [random_clip(at, 97) for at in range(30)]
    assert abs(choose_cuts(clips, target=2100).frames - 2100) <= 3
