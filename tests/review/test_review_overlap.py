"""Overlap: how many head frames of an answer repeat its parent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.review import Footage, find_overlap, look_at, watch

Picture = NDArray[np.uint8]
Frames = list[Picture]
Seen = Callable[[Sequence[Picture]], Footage]
SIZE = (480, 272)


def softened(f: Picture) -> Picture:
    """Roughly what an autoencoder and a tone map do on the way."""
    h, w = f.shape[:2]
    small = cv2.resize(f, (int(w * 0.62), int(h * 0.62)), interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(small, (w, h)).astype(np.float32) * 1.03, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("repeated", [0, 1, 9, 17, 25, 40])
@pytest.mark.parametrize("way", ["clean", "softened", "larger"])
def test_the_repeat_is_found_exactly(
    repeated: int, way: str, seen: Seen, shot: Callable[..., Frames], parent: Footage
) -> None:
    """At an extend seam nothing repeats and nothing is skipped: off by one shows."""
    frames = shot(40 - repeated, 64)
    if way == "softened":
        frames = [softened(f) for f in frames]
    if way == "larger":
        frames = [cv2.resize(f, (720, 408)) for f in frames]
    found = find_overlap(parent.prints, seen(frames).prints)
    assert found.frames == repeated
    assert found.parent_start == (40 - repeated if repeated else None)
    assert found.parent_left == 0


def test_an_answer_that_leaves_early_says_how_much_of_the_parent_is_left(
    seen: Seen, shot: Callable[..., Frames], parent: Footage
) -> None:
    """Conditioning is cut to 8q+1 frames; what was cut off is not repeated."""
    answer = shot(0, 33) + shot(0, 30, seed=5)
    found = find_overlap(parent.prints, seen(answer).prints)
    assert abs(found.frames - 33) <= 1
    assert found.parent_start == 0
    assert found.parent_left == 40 - found.frames


def test_another_scene_and_a_hole_repeat_nothing(
    seen: Seen, shot: Callable[..., Frames], parent: Footage
) -> None:
    """A wrong overlap cuts away frames that were paid for."""
    assert find_overlap(parent.prints, seen(shot(0, 30, seed=5)).prints).frames == 0
    assert find_overlap(parent.prints, seen(shot(46, 76)).prints).frames == 0


@pytest.mark.parametrize("repeated", [0, 1])
def test_a_short_course_of_an_even_motion_is_no_repeat(
    repeated: int, seen: Seen, shot: Callable[..., Frames]
) -> None:
    """Any six frames of an even motion are like any other six once their means are taken out."""
    wall, figure = shot(0, 1, seed=3)[0], shot(0, 1, seed=7)[0][40:160, 40:130]
    mask = np.ones(figure.shape[:2], np.float32)

    def walk(start: int, end: int) -> Frames:
        grain = np.random.default_rng(start)
        frames = []
        for at in range(start, end):
            place = np.asarray([[1, 0, 190 + 0.4 * at], [0, 1, 70]], np.float32)
            there = cv2.GaussianBlur(cv2.warpAffine(mask, place, SIZE), (0, 0), 2)[..., None]
            frame = wall * (1 - there) + cv2.warpAffine(figure, place, SIZE) * there
            frames.append((frame + grain.normal(0, 3, frame.shape)).clip(0, 255).astype(np.uint8))
        return frames

    found = find_overlap(seen(walk(0, 65)).prints, seen(walk(65 - repeated, 114)).prints)
    assert found.frames == repeated


def test_the_uploaded_tail_serves_as_well_as_the_whole_parent(
    seen: Seen, shot: Callable[..., Frames], parent: Footage
) -> None:
    """Extend is asked from a tail; either may be at hand."""
    answer = seen(shot(15, 64))
    assert find_overlap(parent.prints, answer.prints).frames == 25
    tail = find_overlap(parent.prints[-25:], answer.prints)
    assert tail.frames == 25
    assert tail.parent_start == 0


def test_too_little_to_place_is_no_overlap_with_no_confidence(
    seen: Seen, shot: Callable[..., Frames], parent: Footage
) -> None:
    found = find_overlap(parent.prints, seen(shot(38, 41)).prints)
    assert (found.frames, found.confidence) == (0, 0.0)
    assert look_at(seen(shot(38, 60)), parent=parent).overlap is not None


def _hot(f: Picture) -> Picture:
    """As the end of a chain looks: contrast far up, lights and shadows clipped, colours loud."""
    grey = f.mean(2, keepdims=True)
    loud = (grey + (f - grey) * 1.8 - 118) * 1.6 + 124
    return np.clip(loud, 0, 255).astype(np.uint8)


def _washed(f: Picture) -> Picture:
    """Contrast and detail mostly gone, a warm cast."""
    pale = (f.astype(np.float32) - 118) * 0.4 + np.asarray((146, 130, 112), np.float32)
    return np.clip(cv2.GaussianBlur(pale, (0, 0), 2.2), 0, 255).astype(np.uint8)


def _dark(f: Picture) -> Picture:
    return (255 * (f / 255.0) ** 2.2).astype(np.uint8)


def _crushed(f: Picture) -> Picture:
    return np.clip((f.astype(np.float32) - 145) * 2.2 + 110, 0, 255).astype(np.uint8)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("repeated", [17, 25, 40])
@pytest.mark.parametrize("ruin", [_hot, _washed, _dark, _crushed])
def test_a_repeat_that_drifted_strongly_is_found(
    repeated: int,
    ruin: Callable[[Picture], Picture],
    shot: Callable[..., Frames],
    parent: Footage,
    written: Callable[..., Path],
) -> None:
    """The twelfth hop of a chain without remedies once played its parent's end a second time."""
    answer = watch(written([ruin(f) for f in shot(40 - repeated, 80)], crf=29))
    found = find_overlap(parent.prints, answer.prints)
    assert (found.frames, found.parent_start) == (repeated, 40 - repeated)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("ruin", [_hot, _washed, _dark, _crushed])
def test_what_goes_on_and_drifts_strongly_repeats_nothing(
    ruin: Callable[[Picture], Picture],
    shot: Callable[..., Frames],
    parent: Footage,
    written: Callable[..., Path],
) -> None:
    """The twin: looser about grades must not be looser about moments."""
    answer = watch(written([ruin(f) for f in shot(40, 90)], crf=29))
    assert find_overlap(parent.prints, answer.prints).frames <= 1
