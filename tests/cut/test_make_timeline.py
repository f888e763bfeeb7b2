"""Kept takes to a timeline."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import Kept, make_timeline
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Overlap, Review
from scenegraph.ledger.timeline import ReelFormat
from scenegraph.media.clip import Clip
from scenegraph.units import Size

FORMAT = ReelFormat(size=Size(1280, 720), rate=Fraction(24))


def course(start: int, stop: int, seed: int) -> np.ndarray:
    t = np.arange(start, stop)[:, None]
    rng = np.random.default_rng(seed)
    rows = np.sin(t * rng.uniform(0.01, 0.09, 64) + rng.uniform(0, 6.3, 64))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def kept(
    shot: str,
    kind: str = "i2v",
    *,
    parent: str | None = None,
    parent_take: str | None = None,
    overlap: Overlap | None = None,
    prints: np.ndarray | None = None,
    frames: int = 121,
    rate: int = 24,
    verdict: str = "good",
) -> Kept:
    prints = course(0, frames, sum(map(ord, shot))) if prints is None else prints
    review = Review(
        verdict=verdict,  # type: ignore[arg-type]
        overlap=overlap,
        series={"calmness": np.ones(frames, np.float32)},
        prints=prints,
    )
    clip = Clip(
        path=Path(f"{shot}.mp4"), frames=frames, rate=Fraction(rate), width=1280, height=720
    )
    return Kept(
        shot=shot,
        take=f"film/{shot}/t1",
        clip=clip,
        review=review,
        kind=kind,
        parent=parent,
        parent_take=parent_take,
    )


TAIL = Overlap(frames=65, parent_start=56, parent_left=0, confidence=0.9)


def joins(*takes: Kept, **more: object) -> list[str]:
    timeline = make_timeline(takes, FORMAT, **more)  # type: ignore[arg-type]
    return [event.join for event in timeline.events]


def test_a_hop_behind_its_parent_is_an_exact_seam():
    """The camera keeps rolling: there is nothing to choose."""
    timeline = make_timeline(
        [kept("a"), kept("a-goes-on", "extend", parent="a", overlap=TAIL)], FORMAT
    )
    first, second = timeline.events
    assert (first.join, second.join) == ("start", "extend")
    assert first.span.stop == 56 + second.span.start
    assert timeline.frames == len(first.span) + len(second.span)


def test_a_hop_elsewhere_in_the_reel_is_a_hard_cut():
    """Another shot stands between: nothing goes on across it."""
    assert joins(kept("a"), kept("b"), kept("c", "extend", parent="a", overlap=TAIL)) == [
        "start",
        "cut",
        "cut",
    ]


def test_a_hop_shot_from_another_take_has_no_exact_seam():
    """A person picked another take of the parent and pinned the child: its overlap is of a picture
    that the reel does not show."""
    same = kept("c", "extend", parent="a", parent_take="film/a/t1", overlap=TAIL)
    other = kept("c", "extend", parent="a", parent_take="film/a/t2", overlap=TAIL)
    assert joins(kept("a"), same) == ["start", "extend"]
    assert joins(kept("a"), other) == ["start", "cut"]


def test_a_re_anchored_shot_that_goes_on_is_rejoined_unseen():
    """Multicondition with its parent's tail: matched where it matches, a hard cut where not."""
    a = kept("a", prints=course(0, 121, 3))
    goes_on = kept("b", "multicondition", parent="a", prints=course(110, 231, 3))
    new_framing = kept("b", "multicondition", parent="a")
    assert joins(a, goes_on) == ["start", "rejoin"]
    assert joins(a, new_framing) == ["start", "cut"]


def test_a_person_may_decide_a_join():
    """`reel.transitions` and exports speak last."""
    pair = kept("a"), kept("c", "extend", parent="a", overlap=TAIL)
    assert joins(*pair, joins={"c": "cut"}) == ["start", "cut"]


def test_a_hop_that_only_repeats_is_left_out_by_name():
    """It is a failed take: the reel goes on without it, and says so."""
    all_of_it = Overlap(frames=121, parent_start=0, parent_left=0, confidence=1.0)
    timeline = make_timeline(
        [kept("a"), kept("b", "extend", parent="a", overlap=all_of_it), kept("c")],
        FORMAT,
        left_out=["lost-shot"],
    )
    assert [event.shot for event in timeline.events] == ["a", "c"]
    assert timeline.left_out == ("lost-shot", "b")


def test_broken_takes_are_left_out_by_name():
    """One bad take costs its own place, not the film."""
    timeline = make_timeline([kept("a"), kept("b", verdict="broken")], FORMAT)
    assert timeline.left_out == ("b",)


def test_nothing_to_cut_is_a_sentence():
    """No take at all, or none that plays."""
    for takes in ([], [kept("b", verdict="broken")]):
        with pytest.raises(CutError, match="nothing to cut"):
            make_timeline(takes, FORMAT)


def test_a_target_counts_frames_of_the_reel():
    """Clips at 16 frames a second fill half as many again at 24."""
    timeline = make_timeline([kept("a", rate=16), kept("b")], FORMAT, target=250)
    assert abs(timeline.frames - 250) <= 3


def test_events_carry_what_an_editor_needs():
    """Handles, the calmest frame and the next-best cuts travel with the edit list."""
    timeline = make_timeline([kept("a"), kept("b"), kept("c")], FORMAT)
    event = timeline.events[1]
    assert event.calmest is not None and event.motion_at_in == 1.0
    assert event.alternatives
    assert event.head_handle + len(event.span) + event.tail_handle == event.clip.frames
    assert timeline.to_json()["frames"] == timeline.frames
