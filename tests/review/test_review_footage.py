"""Watching: one pass, bounded memory, series that mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.review import Footage
from scenegraph.review.footage import CANDIDATES, TAIL
from scenegraph.review.measures.sight import Reading
from scenegraph.review.series import _Field, calmness

Picture = NDArray[np.uint8]
Frames = list[Picture]
Seen = Callable[[Sequence[Picture]], Footage]


def test_views_kept_do_not_grow_with_the_clip(seen: Seen, shot: Callable[..., Frames]) -> None:
    """A ten-minute chain must not hold ten minutes of pictures."""
    long = shot(0, 88) * 3
    footage = seen(long)
    assert footage.frames == len(long)
    assert len(footage.views) <= CANDIDATES + TAIL + 1
    indices = [view.index for view in footage.views]
    assert indices == sorted(set(indices))
    assert indices[0] == 0
    assert indices[-1] == len(long) - 1


def test_samples_are_spread_over_the_asked_span(seen: Seen, shot: Callable[..., Frames]) -> None:
    footage = seen(shot(0, 88))
    sampled = [view.index for view in footage.sampled(40)]
    assert len(sampled) == 8
    assert sampled[0] >= 40
    assert sampled[-1] == 87
    gaps = np.diff(sampled)
    assert gaps.max() <= 2.5 * gaps.min() + 3


def test_the_calmest_frame_is_in_the_rest(seen: Seen, shot: Callable[..., Frames]) -> None:
    """Cuts hurt least at rest; light that wavers while nothing moves is still rest."""
    moving = shot(0, 60)
    rest = [
        np.clip(moving[30].astype(np.float32) * (1 + 0.01 * (i % 3)), 0, 255).astype(np.uint8)
        for i in range(14)
    ]
    footage = seen(moving[:30] + rest + moving[31:])
    assert 30 <= int(footage.series["calmness"].argmin()) <= 44
    assert float(np.median(footage.series["calmness"])) == pytest.approx(1.0, abs=0.05)


def test_duplicate_frames_are_no_rest(seen: Seen, shot: Callable[..., Frames]) -> None:
    """Every second frame doubled is a slow camera, not twenty cut points."""
    doubled = [f for f in shot(0, 30) for _ in (0, 1)]
    calm = seen(doubled).series["calmness"]
    assert float(calm[4:-4].min()) > 0.2


def test_zoom_is_read_out_of_the_flow(seen: Seen, shot: Callable[..., Frames]) -> None:
    """One per cent per step reads as about 0.01."""
    still = shot(0, 1)[0]
    h, w = still.shape[:2]

    def at(zoom: float) -> Picture:
        m = cv2.getRotationMatrix2D((w / 2, h / 2), 0, zoom)
        return cv2.warpAffine(still, m, (w, h), borderMode=cv2.BORDER_REFLECT_101)

    scale = seen([at(1.01**i) for i in range(12)]).series["scale"]
    assert np.median(scale) == pytest.approx(0.01, abs=0.004)
    assert abs(np.median(seen(shot(0, 12)).series["scale"])) < 0.002


@pytest.mark.parametrize("zoom", [0.0, 0.01, 0.05])
def test_an_arm_that_reaches_out_is_no_zoom(zoom: float) -> None:
    """A camera moves all of the picture; what moves a part of it says nothing of the camera."""
    field = _Field((17, 30))
    flow = np.float32(zoom) * field.place + np.asarray([[0.4], [-0.2]], np.float32)
    flow += np.random.default_rng(1).normal(0, 0.02, flow.shape).astype(np.float32)
    arm = (field.place[0] > 5) & (field.place[1] > 0)
    flow[:, arm] += np.asarray([[1.5], [0.7]], np.float32)
    assert field.growth(flow) == pytest.approx(zoom, abs=0.003)


def test_a_clip_whose_size_changes_on_the_way_is_watched(
    seen: Seen, shot: Callable[..., Frames]
) -> None:
    """A joined transport stream may do that; it ended in a traceback of OpenCV's."""
    wide = shot(0, 12)
    footage = seen([*wide, *(cv2.resize(f, (240, 240)) for f in shot(12, 24))])
    assert footage.frames == 24
    assert len({view.y.shape for view in footage.views}) == 1
    assert all(np.isfinite(series).all() for series in footage.series.values())


def test_views_are_the_same_whether_scaled_late_or_shelved(
    seen: Seen, shot: Callable[..., Frames]
) -> None:
    """What is held for children is small, and what they see is what was seen."""
    frames = [cv2.resize(f, (960, 544)) for f in shot(0, 12)]
    late, shelved = seen(frames), seen(frames).shelved()
    for one, other in zip(late.views, shelved.views, strict=True):
        assert other._planes[0].shape == other.shape == one.y.shape
        assert np.array_equal(one.y, other.y) and np.array_equal(one.u, other.u)


def test_exposure_is_not_motion(seen: Seen, shot: Callable[..., Frames]) -> None:
    still = shot(0, 1)[0]
    dimmed = [(still * (1 - 0.02 * i)).astype(np.uint8) for i in range(12)]
    moving = seen(shot(0, 12)).series["motion"]
    assert float(seen(dimmed).series["motion"].max()) < 0.2 * float(moving.mean())


@pytest.mark.parametrize("shape", [(64, 64), (48, 300), (720, 128), (36, 36)])
def test_odd_and_tiny_pictures_are_watched(seen: Seen, shape: tuple[int, int]) -> None:
    """Whatever decodes gets a review; sizes are the service's business."""
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (*shape, 3), dtype=np.uint8) for _ in range(3)]
    footage = seen(frames)
    assert footage.frames == 3
    assert all(np.isfinite(series).all() for series in footage.series.values())


def test_a_lasting_excess_counts_from_where_it_stays() -> None:
    track = ((0, 0.5), (8, 2.0), (16, 0.5), (24, 2.0), (32, 3.0))
    assert Reading(2.0, track=track).since(1.0) == 24
    assert Reading(2.0, track=track[:3]).since(1.0) == 8  # it passed; still, here it was
    assert Reading(0.5, track=track[:1]).since(1.0) is None


def test_calmness_of_nothing_is_nothing() -> None:
    assert len(calmness(np.zeros(0, np.float32), np.zeros(0, np.float32))) == 0


def test_watching_leaves_opencvs_threads_as_they_were(
    seen: Seen, shot: Callable[..., Frames]
) -> None:
    before = cv2.getNumThreads()
    seen(shot(0, 4))
    assert cv2.getNumThreads() == before
