"""What answers repeat is remembered, and a hop may start from a picture at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.ledger import Overlap
from scenegraph.media import Clip, encode_frames, read_rgb
from scenegraph.review.repeats import overlap_with, repeat_warnings, settled
from scenegraph.run import NoticeEvent, plan
from scenegraph.units import Span, exact_rate

TWO_HOPS = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits", "frames": 33},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
}


def _forgetful(stages: Any) -> Callable[..., Clip]:
    """A service that gives back four frames less of its source when she rises."""

    def render(
        kind: str, params: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, **more: Any
    ) -> Clip:
        if "rises" not in params["prompt"]:
            clip: Clip = stages.small_render(kind, params, inputs, out, **more)
            return clip
        shown = list(read_rgb(inputs["video"]))

        def pictures() -> Iterator[Any]:
            yield from shown[4:]
            for number in range(int(params["num_frames"]) - len(shown) + 4):
                yield np.roll(shown[-1], number + 1, axis=1)

        return encode_frames(pictures(), out, rate=exact_rate(24), preset="ultrafast")

    return render


@pytest.mark.ffmpeg
def test_the_first_sure_overlap_is_expected_of_later_answers(theatre: Any, stages: Any) -> None:
    """One endpoint and one length repeat alike: an answer that does not is looked at by a person,
    and what it really repeats still counts.
    """
    stage = theatre(TWO_HOPS, render=_forgetful(stages))
    stage.run()

    with stage.ledger() as ledger:
        kept = [event["facts"] for event in ledger.events(name="overlap.remembered")]
        review = ledger.review_of(stage.takes("rises")[0].id)
    assert [(one["source_frames"], one["num_frames"], one["frames"]) for one in kept] == [
        (9, 25.0, 9)
    ]
    assert (review.overlap.frames, review.overlap.remembered) == (5, 9)
    assert "overlap-not-9-as-before" in review.warnings
    said = [event.message for event in stage.events if isinstance(event, NoticeEvent)]
    assert [text for text in said if "night-train/rises/t1 repeats 5 frames" in text]


@pytest.mark.ffmpeg
def test_another_run_remembers_what_answers_repeat(theatre: Any, stages: Any) -> None:
    """The memory is in the ledger, not in the process."""
    stage = theatre(TWO_HOPS, render=_forgetful(stages))
    stage.run()
    first = len(stage.events)
    stage.scene({**TWO_HOPS, "rises": {**TWO_HOPS["rises"], "prompt": "she rises slowly"}})
    stage.run()

    said = [one.message for one in stage.events[first:] if isinstance(one, NoticeEvent)]
    assert [text for text in said if "rises/t2 repeats 5 frames" in text]
    with stage.ledger() as ledger:
        assert len(ledger.events(name="overlap.remembered")) == 1


def test_a_guess_gives_way_to_what_is_remembered() -> None:
    """Near-still pictures do not tell their place; the endpoint's habit does."""
    guess, usual = Overlap(31, 90, 0, 0.3), Overlap(25, 96, 0, 0.9)

    used = settled(guess, usual, answer=65)

    assert (used.frames, used.parent_start, used.remembered) == (25, 96, 25)
    assert "overlap-as-remembered" in repeat_warnings(used, expected=True)
    assert settled(guess, usual, answer=25) == guess, "an answer that short cannot repeat as much"


def test_an_answer_repeats_no_frame_that_it_was_not_shown() -> None:
    """What follows a resting frame looks like it: the tail's end, not the likeness, is the seam."""
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.standard_normal((60, 1024)), axis=0)
    prints = walk / np.linalg.norm(walk, axis=1, keepdims=True)
    answer = np.concatenate([prints[20:53], prints[53:56], prints[56:40:-1]])

    found = overlap_with(prints, answer, Span(20, 53), None)

    assert (found.frames, found.parent_start, found.parent_left) == (33, 20, 7)


@pytest.mark.ffmpeg
def test_a_hop_from_rest_is_shown_the_tail_up_to_a_resting_frame(theatre: Any) -> None:
    """The camera goes on from a calm picture, and the parent is cut exactly there."""
    rests = {**TWO_HOPS, "listens": {**TWO_HOPS["listens"], "tail": "rest"}}
    stage = theatre({key: rests[key] for key in ("waits", "listens")})
    result = stage.run(cut=True)

    take = stage.takes("listens")[0]
    assert take.parts["inputs"]["video"]["tail_end"] == "rest"
    with stage.ledger() as ledger:
        overlap = ledger.review_of(take.id).overlap
    waits, listens = result.timeline.events
    assert overlap.frames == 9
    assert overlap.parent_left >= 2, "the last frames carry the encoder's edge"
    assert waits.span.stop == 33 - overlap.parent_left, "nothing repeats, nothing is skipped"
    assert listens.span.start == 9


@pytest.mark.ffmpeg
def test_where_a_tail_ends_is_part_of_the_key(theatre: Any) -> None:
    """Another tail is another picture; the plan says which field changed."""
    stage = theatre({key: TWO_HOPS[key] for key in ("waits", "listens")})
    stage.run()
    stage.scene({"waits": TWO_HOPS["waits"], "listens": {**TWO_HOPS["listens"], "tail": "rest"}})

    planned = plan(stage.file, backend="fal")

    assert planned["listens"].action == "shoot"
    changed = [(one.field, one.was, one.now) for one in planned["listens"].changed]
    assert ("tail_end", "last", "rest") in changed
