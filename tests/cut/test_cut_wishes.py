"""What a person asks of the cuts: lengths, and spare frames beyond them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import Ends, Kept, ReelClip, choose_cuts, make_timeline
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap, Review
from scenegraph.ledger.timeline import CutWishes, ReelFormat
from scenegraph.media.clip import Clip
from scenegraph.units import Size

Clips = Callable[..., ReelClip]
Takes = Callable[..., Kept]

FORMAT = ReelFormat(size=Size(64, 36), rate=Fraction(24))


@pytest.fixture
def kept(random_clip: Clips) -> Takes:
    """Makes `kept(shot, seed, kind="i2v", rate=24, …)`: a circled take of five seconds."""

    def make(shot: str, seed: int, kind: str = "i2v", rate: int = 24, **more: object) -> Kept:
        seen = random_clip(seed, 121)
        media = Clip(path=Path(f"{shot}.mp4"), frames=121, rate=Fraction(rate), width=64, height=36)
        review = Review(
            verdict="good",
            series={"calmness": seen.calmness},
            prints=seen.prints,
            overlap=more.pop("overlap", None),  # type: ignore[arg-type]
        )
        return Kept(shot=shot, take=f"film/{shot}/t1", clip=media, review=review, kind=kind, **more)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("seconds", [0.5, 1.25, 3.5, 5.0])
def test_a_shot_plays_as_long_as_it_is_told_to(seconds: float, kept: Takes) -> None:
    """To the frame, however short; its neighbours stay as they like."""
    shots = [kept(name, at) for at, name in enumerate("abc")]

    film = make_timeline(shots, FORMAT, lengths={"b": round(seconds * 24)})

    assert film.event_frames(film.events[1]) == round(seconds * 24)


@pytest.mark.parametrize("frames", [30, 31, 60])
def test_a_clip_of_another_rate_plays_as_near_as_its_frames_allow(frames: int, kept: Takes) -> None:
    """16 frames a second fill 24 in steps of one and a half."""
    film = make_timeline(
        [kept("a", 1), kept("b", 2, rate=16), kept("c", 3)], FORMAT, lengths={"b": frames}
    )

    assert abs(film.event_frames(film.events[1]) - frames) <= 1


def test_single_lengths_and_a_whole_length_are_met_together(kept: Takes) -> None:
    """The rest of the film makes up for the shot that is held."""
    shots = [kept(name, at) for at, name in enumerate("abcde")]

    film = make_timeline(shots, FORMAT, target=360, lengths={"b": 24, "d": 115})

    assert [film.event_frames(film.events[at]) for at in (1, 3)] == [24, 115]
    assert abs(film.frames - 360) <= 3


def test_a_length_beyond_the_clip_is_refused_with_what_it_has(kept: Takes) -> None:
    """The sentence names the shot and what is possible, in seconds as it was asked."""
    with pytest.raises(CutError, match=r"film/b/t1 cannot play 7 s \(168 frames\)") as caught:
        make_timeline([kept("a", 0), kept("b", 1)], FORMAT, lengths={"b": 168})
    assert "0.04 to 5.04 s (1 to 121 frames)" in caught.value.message


def test_a_hop_between_exact_seams_has_the_length_that_it_has(kept: Takes) -> None:
    """Nothing is skipped inside a chain, so the middle of it cannot be shortened."""
    whole = Overlap(frames=25, parent_start=96, parent_left=0, confidence=1.0)
    chain = [
        kept("a", 0),
        kept("b", 1, "extend", parent="a", overlap=whole),
        kept("c", 2, "extend", parent="b", overlap=whole),
    ]

    with pytest.raises(CutError, match=r"cannot play 2 s \(48 frames\)"):
        make_timeline(chain, FORMAT, lengths={"b": 48})


def test_cuts_leave_spare_frames_where_they_can(random_clip: Clips) -> None:
    """An editor needs handles to dissolve or to slip a cut."""
    still = [replace(random_clip(at), calmness=np.ones(97, np.float32)) for at in range(3)]
    plain = choose_cuts(still)
    spared = choose_cuts([replace(one, handles=8) for one in still])

    assert min(plain.cuts[1].in_frame, 96 - plain.cuts[1].out_frame) < 8
    for cut in spared.cuts[1:]:
        assert cut.in_frame >= 8
    for cut in spared.cuts[:-1]:
        assert 96 - cut.out_frame >= 8
    assert spared.cuts[0].in_frame == 0, "the film's own ends are no cuts"


def test_a_rest_counts_more_than_a_handle(random_clip: Clips) -> None:
    """Spare frames are a wish; a cut in motion is seen by everybody."""
    calm = np.ones(97, np.float32)
    calm[91:95] = 0.05
    first = replace(random_clip(1), calmness=calm, handles=8)

    assert 91 <= choose_cuts([first, random_clip(2, handles=8)]).cuts[0].out_frame <= 94


def test_the_timeline_says_where_handles_are_short(kept: Takes) -> None:
    """Whoever opens the edit list knows which cuts cannot be slipped."""
    shots = [kept("a", 0), kept("b", 1)]
    film = make_timeline(shots, FORMAT, lengths={"b": 121}, handles=8)

    assert ("b", "head", 0) in film.short_handles
    told = film.to_json()
    assert {"shot": "b", "side": "head", "frames": 0} in told["short_handles"]
    assert CutWishes.from_json(told["wishes"]) == film.wishes
    assert told["events"][1]["handles"] == [0, 0]


def test_every_cut_has_next_best_points(kept: Takes) -> None:
    """A person who does not like a cut is shown where else it might be."""
    film = make_timeline([kept(name, at) for at, name in enumerate("abc")], FORMAT, handles=8)

    assert all(event.alternatives for event in film.events)
    for event in film.events:
        here = (event.span.start, event.span.stop - 1)
        assert all(max(abs(a - here[0]), abs(b - here[1])) >= 3 for a, b in event.alternatives)


def test_a_part_of_a_film_is_cut_as_the_whole_film_cuts_it(random_clip: Clips) -> None:
    """Where both neighbours of a shot are known, the rest of the film changes nothing."""
    clips = [random_clip(at) for at in range(7)]
    whole = choose_cuts(clips).cuts
    part = choose_cuts(clips[1:6], ends=Ends("cut", "cut")).cuts

    for at in (1, 2, 3):
        assert (part[at].in_frame, part[at].out_frame) == (
            whole[at + 1].in_frame,
            whole[at + 1].out_frame,
        )


def test_a_length_out_of_reach_is_refused_with_what_the_joins_allow(kept: Takes) -> None:
    """At a seam one copy of the repeated frames is played, never both."""
    whole = Overlap(frames=65, parent_start=56, parent_left=0, confidence=1.0)
    chain = [kept("a", 0), kept("b", 1, "extend", parent="a", overlap=whole)]

    with pytest.raises(CutError, match=r"cannot make 10 s") as caught:
        make_timeline(chain, FORMAT, target=240)

    longest = int(caught.value.message.split(" frames)")[-2].split()[-1])
    assert longest == 121 + 121 - 65
    assert make_timeline(chain, FORMAT, target=longest).frames >= longest - 3
