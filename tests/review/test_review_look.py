"""The verdict as a whole: broken media, budgets, overlap taken out, identity, JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.errors import BrokenMedia, SceneError
from scenegraph.ledger.reviews import Review
from scenegraph.review import (
    DEFAULT_BUDGETS,
    MEASURES,
    Footage,
    likeness_of,
    look,
    look_at,
    measure_identity,
)
from scenegraph.scene.budgets import MEASURED

Picture = NDArray[np.uint8]
Frames = list[Picture]
Seen = Callable[[Sequence[Picture]], Footage]


@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.mp4", None), ("empty.mp4", b""), ("page.mp4", b"<html>expired</html>" * 40)],
)
def test_what_is_no_clip_is_broken_and_no_exception(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    """A run reviews what arrived; a web page saved as .mp4 must become a verdict."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    review = look(path)
    assert review.verdict == "broken"
    assert review.reasons
    assert review.score is None
    assert review.measures["identity"].value is None
    assert review.to_json()["clip"] is None


@pytest.mark.ffmpeg
def test_a_clip_from_disk_is_reviewed_with_series_and_prints(
    written: Callable[..., Path], parent_frames: Frames, child_frames: Frames, tmp_path: Path
) -> None:
    """Everything later rooms read comes from this one look."""
    clip, parent = written(child_frames), written(parent_frames, "parent.mp4")
    still = tmp_path / "still.png"
    cv2.imwrite(str(still), parent_frames[0][..., ::-1])
    review = look(clip, keyframe=still, parent=parent)
    assert review.verdict == "good", review.reasons
    n = len(child_frames)
    assert review.prints is not None
    assert review.prints.shape == (n, 1024)
    assert review.prints.dtype == np.float16
    assert {"calmness", "motion", "difference", "gain", "scale", "luma", "chroma"} <= set(
        review.series
    )
    assert all(s.shape == (n,) and s.dtype == np.float32 for s in review.series.values())
    assert review.series["motion"][0] == review.series["motion"][1]
    data = review.to_json()
    assert data["clip"]["frames"] == n
    assert data["overlap_frames"] == review.overlap.frames if review.overlap else None
    assert set(data["measures"]) >= {row.name for row in MEASURES}
    assert Review.from_json(data, review.series, review.prints).to_json() == data


@pytest.mark.ffmpeg
def test_an_unusable_parent_or_keyframe_is_an_error_not_a_verdict(
    written: Callable[..., Path], child_frames: Frames, tmp_path: Path
) -> None:
    """The clip is not to blame for a missing still, and must not be called broken for it."""
    clip = written(child_frames[:12])
    with pytest.raises(BrokenMedia):
        look(clip, keyframe=tmp_path / "no.png")
    with pytest.raises(BrokenMedia):
        look(clip, parent=tmp_path / "no.mp4")


@pytest.mark.parametrize("count", [1, 2, 8])
def test_fewer_than_nine_frames_are_no_shot(count: int, seen: Seen, child_frames: Frames) -> None:
    """One latent step of the models is eight frames: less is a failed answer."""
    review = look_at(seen(child_frames[:count]))
    assert review.verdict == "broken"
    assert look_at(seen(child_frames[:9])).verdict != "broken"


@pytest.mark.ffmpeg
def test_a_truncated_download_is_broken_although_it_plays(
    written: Callable[..., Path], child_frames: Frames
) -> None:
    """Half a take is not the take that was paid for: it must be fetched again, not cut in."""
    clip = written(child_frames)
    assert look(clip).verdict == "good"
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    review = look(clip)
    assert review.verdict == "broken"
    assert "truncated" in review.reasons[0]


def test_black_and_frozen_clips_are_broken(seen: Seen, child_frames: Frames) -> None:
    """They decode, and cannot be used; a dark, quiet shot can."""
    assert look_at(seen([np.zeros_like(f) for f in child_frames])).verdict == "broken"
    assert look_at(seen([child_frames[0]] * 30)).verdict == "broken"
    dim = [(f * 0.15).astype(np.uint8) for f in child_frames]
    assert look_at(seen(dim)).verdict == "good"


def test_an_answer_that_repeats_its_parent_is_judged_by_what_is_new(
    seen: Seen, parent: Footage, parent_frames: Frames, child_frames: Frames
) -> None:
    """The repeated head looks like the parent by definition and would hide the drift."""
    answer = parent_frames + [
        np.clip(f.astype(np.float32) * 1.3, 0, 255).astype(np.uint8) for f in child_frames[:24]
    ]
    review = look_at(seen(answer), parent=parent)
    assert review.overlap is not None
    assert review.overlap.frames == len(parent_frames)
    assert review.measures["brightness"].over
    assert (review.measures["brightness"].since_frame or 0) >= len(parent_frames)


def test_an_answer_that_adds_almost_nothing_is_broken(
    seen: Seen, parent: Footage, parent_frames: Frames, child_frames: Frames
) -> None:
    """num_frames counts the whole answer: ask too little and the source comes back, paid."""
    review = look_at(seen(parent_frames + child_frames[:5]), parent=parent)
    assert review.verdict == "broken"
    assert "adds only 5 new frames" in review.reasons[0]
    assert look_at(seen(parent_frames + child_frames[:12]), parent=parent).verdict == "good"


def test_a_shot_that_starts_anew_is_not_searched_for_overlap(
    seen: Seen, parent: Footage, child_frames: Frames
) -> None:
    """An I2V reset next to its parent may look alike without repeating it."""
    assert look_at(seen(child_frames), parent=parent, expects_overlap=False).overlap is None
    expected = look_at(seen(child_frames), parent=parent, expects_overlap=True)
    assert ("overlap-not-found" in expected.warnings) is (expected.overlap.frames == 0)  # type: ignore[union-attr]


def test_budgets_can_be_overridden_and_misspelt_ones_are_refused(
    seen: Seen, parent: Footage, child_frames: Frames
) -> None:
    """A budget for `saturaton` that silently does nothing would pass every clip."""
    footage = seen(child_frames)
    strict = look_at(footage, parent=parent, budgets={"contrast": 1e-9})
    assert strict.verdict == "drifted"
    assert strict.measures["contrast"].budget == 1e-9
    assert look_at(footage, parent=parent).verdict == "good"
    with pytest.raises(SceneError, match="saturation"):
        look_at(footage, parent=parent, budgets={"saturaton": 0.2})
    with pytest.raises(SceneError, match="above zero"):
        look_at(footage, parent=parent, budgets={"saturation": 0})
    assert {row.name for row in MEASURES} <= set(DEFAULT_BUDGETS)
    assert set(MEASURED) == {*DEFAULT_BUDGETS, "identity"}  # what a scene's file may name


def test_score_is_zero_for_the_anchor_itself(
    seen: Seen, parent: Footage, parent_frames: Frames
) -> None:
    """0 = as the anchor, 1 = at the budget: the scale that all clips share."""
    review = look_at(seen(parent_frames), parent=parent, expects_overlap=False)
    assert review.score is not None
    assert review.score < 0.35


class OnePixel:
    """A stand-in for a face model: the mean colour of the picture is the person."""

    name = "one-pixel"
    threshold = 0.9

    def detect(self, frame: Picture) -> list[list[float]]:
        return [[0, 0, 1, 1]] if frame.mean() > 20 else []

    def embed(self, frame: Picture, box: Any) -> NDArray[np.float64]:
        colour: NDArray[np.float64] = frame.reshape(-1, 3).mean(0) - 100.0
        return colour


def test_identity_is_the_plug_ins_word_or_not_measured() -> None:
    """Nothing that was not measured may pass as good (DESIGN: what must never happen, 3)."""
    red, blue = (np.full((8, 8, 3), c, np.uint8) for c in ((200, 90, 90), (90, 90, 200)))
    black = np.zeros((8, 8, 3), np.uint8)
    anchored = likeness_of(OnePixel(), [red])
    same, _ = measure_identity(anchored, [(0, red), (9, red)])
    other, _ = measure_identity(anchored, [(0, blue), (9, blue)])
    away, _ = measure_identity(anchored, [(0, black), (5, red), (9, red)])
    assert not same.over
    assert other.over
    assert other.since_frame == 0
    assert not away.over  # a face turned away is no other person
    assert away.value is not None
    for missing, _ in (
        measure_identity(likeness_of(None, [red]), [(0, red)]),
        measure_identity(likeness_of(OnePixel(), []), [(0, red)]),
        measure_identity(anchored, [(0, black)]),
    ):
        assert missing.value is None
        assert not missing.over
        assert "not measured" in missing.note


@pytest.mark.ffmpeg
def test_look_asks_the_identity_model_at_full_size(
    written: Callable[..., Path], child_frames: Frames, tmp_path: Path
) -> None:
    """A face needs its pixels: not the analysis picture, the clip's own."""
    still = tmp_path / "still.png"
    cv2.imwrite(str(still), child_frames[0][..., ::-1])
    sizes = set()

    class Sizes(OnePixel):
        def embed(self, frame: Picture, box: Any) -> NDArray[np.float64]:
            sizes.add(frame.shape)
            return super().embed(frame, box)

    review = look(written(child_frames[:16]), keyframe=still, identity=Sizes())
    assert sizes == {child_frames[0].shape}
    assert review.measures["identity"].value is not None
    assert "one-pixel" in review.measures["identity"].note
