"""Three kinds of join, three rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenegraph.cut import ReelClip, choose_cuts, cutpoints, extend_seams
from scenegraph.cut.joins import diagonal_distance, framing_cost, goes_on, turn_cost
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap


def course(start: float, stop: float, step: float = 1.0, seed: int = 5) -> np.ndarray:
    """Prints along one smooth curve: frame t of any call is the same picture."""
    t = np.arange(start, stop, step)[:, None]
    rng = np.random.default_rng(seed)
    speed, phase = rng.uniform(0.01, 0.09, 64), rng.uniform(0, 6.3, 64)
    rows = np.sin(t * speed + phase)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def noisy(prints: np.ndarray, amount: float = 0.002, seed: int = 0) -> np.ndarray:
    """As after another encode: unit rows, a little off."""
    rng = np.random.default_rng(seed)
    rows = prints + np.sqrt(amount / 64) * rng.standard_normal(prints.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def clip(prints: np.ndarray, name: str = "clip", **more: object) -> ReelClip:
    return ReelClip(
        name=name,
        calmness=np.ones(len(prints), np.float32),
        prints=prints.astype(np.float16),
        **more,  # type: ignore[arg-type]
    )


def hop(parent: int, start: int, answer: np.ndarray, left: int = 0, **more: object) -> ReelClip:
    overlap = Overlap(
        frames=parent - left - start, parent_start=start, parent_left=left, confidence=1.0
    )
    return clip(answer, "hop", join="extend", overlap=overlap, **more)


@pytest.mark.parametrize("left", [0, 4], ids=["to the parent's end", "left the parent early"])
def test_an_extend_seam_repeats_nothing_and_skips_nothing(left):
    """Viewers notice a held or a missing frame in motion; each moment plays exactly once."""
    parent = clip(course(0, 121), "parent")
    answer = hop(121, 56, noisy(course(56, 160)), left)
    seams = extend_seams(parent, answer)
    moments = {(seam.parent_out + 1, 56 + seam.answer_in) for seam in seams}
    assert moments == {(121 - left, 121 - left), (56, 56)}
    choice = choose_cuts([parent, answer])
    first, second = choice.cuts
    assert second.join == "extend"
    assert first.out_frame + 1 == 56 + second.in_frame


def test_the_seam_in_frame_is_the_overlap_when_the_parents_copy_is_kept():
    """The promise of the review: `overlap_frames` frames are skipped at the answer's head."""
    parent = clip(course(0, 97), "parent")
    bare = replace(parent, prints=None)
    answer = hop(97, 32, course(32, 150))
    assert extend_seams(bare, answer)[0].answer_in == 65
    assert extend_seams(bare, answer)[0].parent_out == 96


def test_the_copy_with_the_smaller_step_at_the_seam_is_kept():
    """The parent's last frames may be the encoder's worst; the answer's then join more smoothly."""
    smooth, other = course(0, 97), course(0, 97, seed=9)
    answer = course(32, 150)
    mixed = answer.copy()
    mixed[:65] = mixed[:65] * 0.9 + other[32:97] * 0.1  # the answer's copy is a little off …
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    kept = extend_seams(clip(smooth, "p"), hop(97, 32, mixed))[0]
    assert kept.keeps == "parent" and kept.answer_in == 65
    spoilt = smooth.copy()
    spoilt[90:] = spoilt[90:] * 0.9 + other[90:] * 0.1  # … or the parent's end is
    spoilt /= np.linalg.norm(spoilt, axis=1, keepdims=True)
    kept = extend_seams(clip(spoilt, "p"), hop(97, 32, answer))[0]
    assert kept.keeps == "answer" and (kept.parent_out, kept.answer_in) == (31, 0)


def test_new_frames_only_join_end_to_head():
    """Overlap 0 was looked for and not found: the answer begins right behind its parent."""
    overlap = Overlap(frames=0, parent_start=None, parent_left=0, confidence=0.9)
    answer = clip(course(97, 160), "hop", join="extend", overlap=overlap)
    (seam,) = extend_seams(clip(course(0, 97), "p"), answer)
    assert (seam.parent_out, seam.answer_in) == (96, 0)


def test_an_answer_that_adds_nothing_is_refused():
    """It was paid for and only repeats: a failed take, never a silent repeat in the reel."""
    answer = hop(97, 0, course(0, 97))
    with pytest.raises(CutError, match="adds no frame"):
        choose_cuts([clip(course(0, 97), "p"), answer])


def test_a_chain_of_hops_plays_one_unbroken_course():
    """Three hops from tail windows: the moments of the whole chain rise by one."""
    parts = [clip(course(0, 121), "start")]
    starts = [0]
    for at in (1, 2, 3):
        start = starts[-1] + 56
        starts.append(start)
        parts.append(hop(121, 56, noisy(course(start, start + 121), seed=at)))
    cuts = choose_cuts(parts).cuts
    played = [
        start + frame
        for start, cut in zip(starts, cuts, strict=True)
        for frame in range(cut.in_frame, cut.out_frame + 1)
    ]
    assert played == list(range(played[0], played[0] + len(played)))


def test_an_extend_nobody_looked_at_is_found_by_matching():
    """Without a measured overlap, playing the answer from its head would repeat the parent."""
    parent = clip(course(0, 60), "p")
    answer = clip(noisy(course(20, 120)), "hop", join="extend")
    first, second = choose_cuts([parent, answer]).cuts
    assert abs((first.out_frame + 1) - (20 + second.in_frame)) <= 1


@pytest.fixture
def there_and_back() -> tuple[ReelClip, ReelClip]:
    """B passes A's end backwards, untouched (the trap), then forwards, as another encode."""
    back = course(40, 83)[::-1]
    forth = noisy(course(41, 100), amount=0.004)
    return clip(course(0, 60), "a"), clip(np.concatenate([back, forth]), "b")


def test_a_rejoin_goes_on_in_the_same_direction(there_and_back):
    """The nearest single frame lies on the way back: cutting there throws the motion round."""
    a, b = there_and_back
    first, second = cutpoints([a, b], join="rejoin").cuts
    # B's frame 43 + k shows moment 41 + k.
    assert abs((second.in_frame - 43 + 41) - (first.out_frame + 1)) <= 1
    assert first.out_frame >= 60 - 11
    # The trap is real: one frame alone would fall into it.
    assert a.prints is not None and b.prints is not None
    nearest = (a.prints[49:].astype(float) @ b.prints.astype(float).T).max(axis=0)
    assert int(nearest.argmax()) < 43


def test_motion_that_turns_is_told_from_motion_that_goes_on(there_and_back):
    """In an almost still picture what is shown drowns what it does; the course tells."""
    a, b = there_and_back
    turn = turn_cost(a, b)
    assert turn[50, 43 + 51 - 41] < 0.2
    assert turn[50, 82 - 50] > 1.5


def test_the_diagonal_is_zero_only_where_frames_follow():
    """In j follows out i when B's frame j - 1 is A's frame i."""
    a = course(0, 40)
    apart = diagonal_distance(a, a)
    assert apart.shape == (40, 40)
    assert np.argmin(apart[20]) == 21
    assert apart[20, 21] < 1e-6 < apart[20, 20]
    assert np.isinf(apart[:, 0]).all()


def test_unrelated_clips_do_not_go_on():
    """A re-join of two framings would be a jump: the timeline falls back on a hard cut."""
    a = clip(course(0, 60), "a")
    assert goes_on(a, clip(noisy(course(55, 120)), "b"))
    assert not goes_on(a, clip(course(0, 60, seed=77), "c"))
    assert not goes_on(a, clip(course(0, 60)[::-1], "d"))


def test_a_rejoin_without_prints_is_refused_in_a_sentence():
    """A match cannot be found blind; the sentence says what would help."""
    bare = ReelClip(name="bare", calmness=np.ones(50, np.float32))
    with pytest.raises(CutError, match="not looked at"):
        cutpoints([bare, bare], join="rejoin")


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_clips_of_a_frame_or_two_can_be_rejoined(frames):
    """Too short to match along: they are cut as they are."""
    short = clip(course(0, frames), "short")
    choice = cutpoints([short, short], join="rejoin")
    assert choice.frames >= 2


def quiet(frames: int, *rests: tuple[int, int]) -> np.ndarray:
    calm = np.full(frames, 1.2, np.float32)
    for first, last in rests:
        calm[first : last + 1] = 0.05
    return calm


def test_a_hard_cut_leaves_at_rest_near_the_end_and_comes_in_before_a_motion():
    """Cutting on a rest is quiet; cutting just before an onset hides the cut (section 2.2)."""
    a = ReelClip(name="a", calmness=quiet(97, (50, 56), (86, 92)))
    b = ReelClip(name="b", calmness=quiet(97, (0, 12)))
    first, second = cutpoints([a, b]).cuts
    assert 86 <= first.out_frame <= 92, "the later of two rests keeps what was paid for"
    assert 6 <= second.in_frame <= 12, "the end of the still head, just before it moves"


def test_the_last_frames_of_a_file_are_avoided_when_all_else_is_equal():
    """Encoder and model borders show in the first and last two frames."""
    a = ReelClip(name="a", calmness=quiet(97, (80, 96)))
    assert cutpoints([a, a]).cuts[0].out_frame == 94


def test_a_hard_cut_to_nearly_the_same_framing_costs():
    """The 30-degree rule: clearly different or the same, but nothing between."""
    base = course(0, 1)[0]
    rng = np.random.default_rng(1)
    side = rng.standard_normal(64)
    side -= side @ base * base
    side /= np.linalg.norm(side)

    def at(cosine: float) -> np.ndarray:
        return np.tile(cosine * base + np.sqrt(1 - cosine**2) * side, (40, 1))

    a, at_all = clip(at(1.0)), np.array([20])
    cost = {c: framing_cost(a, clip(at(c)), at_all, at_all)[0, 0] for c in (0.0, 0.8, 1.0)}
    assert cost[0.8] > 0.4 and cost[0.0] == cost[1.0] == 0.0
