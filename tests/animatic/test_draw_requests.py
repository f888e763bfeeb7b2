"""Every answer has the size, length and rate that its request asks for, and is its own only."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scenegraph.animatic.draw import render
from scenegraph.animatic.draw.words import camera_words
from scenegraph.errors import BrokenMedia, MediaError
from scenegraph.media import encode_frames, probe, read_rgb

SMALL = {"resolution": "480p", "aspect_ratio": "16:9", "num_frames": 9, "seed": 3}


def texture(width: int = 640, height: int = 360, seed: int = 4) -> np.ndarray:
    """Blots of colour: something to measure motion on, nobody to see."""
    rng = np.random.default_rng(seed)
    small = rng.integers(20, 235, (height // 12 + 1, width // 12 + 1, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def still(tmp_path: Path) -> Path:
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), texture())
    return path


@pytest.fixture
def clip_of(tmp_path: Path) -> Callable[..., Path]:
    def make(frames: int, width: int = 160, height: int = 90, rate: int = 24) -> Path:
        path = tmp_path / f"clip-{frames}-{width}x{height}.mp4"
        big = texture(width * 2, height * 2)
        pictures = (big[n % 40 : n % 40 + height, n : n + width] for n in range(frames))
        encode_frames(pictures, path, rate=Fraction(rate))
        return path

    return make


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("aspect", "resolution", "width", "height"),
    [("16:9", "480p", 854, 480), ("9:16", "480p", 480, 854), ("1:1", "480p", 480, 480),
     ("auto", "480p", 640, 480), ("16:9", "720p", 1280, 720)],
)  # fmt: skip
def test_an_answer_has_the_asked_size_length_and_rate(
    tmp_path: Path, aspect: str, resolution: str, width: int, height: int
) -> None:
    """Conform and the plan's promise rest on whole frames at an exact rate."""
    path = tmp_path / "four-by-three.png"
    cv2.imwrite(str(path), texture(400, 300))
    params = {**SMALL, "aspect_ratio": aspect, "resolution": resolution, "frame_rate": 30}
    answer = render("i2v", params, {"image": path}, tmp_path / "out.mp4")
    seen = probe(tmp_path / "out.mp4")
    assert (seen.width, seen.height, seen.frames, seen.rate) == (width, height, 9, 30)
    assert (answer.width, answer.height, answer.frames, answer.rate) == (width, height, 9, 30)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("kind", ["t2v", "i2v", "extend", "multicondition"])
def test_the_same_request_gives_the_same_bytes_and_another_seed_does_not(
    kind: str, still: Path, clip_of: Callable[..., Path], tmp_path: Path
) -> None:
    """A preview that changes by itself cannot be kept by its key; a re-roll must help."""
    inputs = {"image": still, "video": clip_of(5), "motion": clip_of(12)}
    params = {**SMALL, "prompt": "a desert at dusk, handheld"}
    files = [tmp_path / f"{n}.mp4" for n in range(3)]
    for file, seed in zip(files, (7, 7, 8), strict=True):
        render(kind, {**params, "seed": seed}, inputs, file, drift=0.5)
    same, again, other = (file.read_bytes() for file in files)
    assert same == again
    assert same != other


@pytest.mark.ffmpeg
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 900)])
def test_a_strange_still_is_drawn_without_growing_huge(
    tmp_path: Path, width: int, height: int
) -> None:
    """A one-pixel still with `auto` must not ask for a picture a million pixels wide."""
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    params = {**SMALL, "aspect_ratio": "auto", "prompt": "orbit"}
    answer = render("i2v", params, {"image": path}, tmp_path / "out.mp4")
    assert min(answer.width, answer.height) == 480
    assert max(answer.width, answer.height) <= 1440
    assert answer.width % 2 == answer.height % 2 == 0


@pytest.mark.ffmpeg
@pytest.mark.parametrize(("source", "total"), [(1, 9), (3, 17), (20, 17)])
def test_an_extend_answer_has_its_total_length_for_any_source(
    clip_of: Callable[..., Path], tmp_path: Path, source: int, total: int
) -> None:
    """`num_frames` counts the whole answer; a source may be one frame, or too long."""
    params = {**SMALL, "num_frames": total, "prompt": "pan left"}
    render("extend", params, {"video": clip_of(source)}, tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4").frames == total


@pytest.mark.ffmpeg
def test_the_source_may_stand_later_in_the_answer_and_be_limited(
    clip_of: Callable[..., Path], tmp_path: Path
) -> None:
    """`start_frame_num` is a place in the answer; `max_num_frames` cuts the source."""
    source = clip_of(9)
    video = {"start_frame_num": 8, "limit_num_frames": True, "max_num_frames": 5}
    params = {**SMALL, "num_frames": 25, "video": video}
    render("extend", params, {"video": source}, tmp_path / "out.mp4")
    answer = [frame.astype(int) for frame in read_rgb(tmp_path / "out.mp4")]
    first = cv2.resize(next(read_rgb(source)), (854, 480), interpolation=cv2.INTER_LANCZOS4)
    off = [np.abs(frame - first).mean() for frame in answer]
    assert len(answer) == 25
    assert int(np.argmin(off)) == 8


@pytest.mark.ffmpeg
def test_a_reversed_answer_is_the_answer_backwards(still: Path, tmp_path: Path) -> None:
    """`reverse_video` turns time, nothing else."""
    params = {**SMALL, "prompt": "push-in", "num_frames": 26}
    render("i2v", params, {"image": still}, tmp_path / "on.mp4")
    render("i2v", {**params, "reverse_video": True}, {"image": still}, tmp_path / "back.mp4")
    on, back = list(read_rgb(tmp_path / "on.mp4")), list(read_rgb(tmp_path / "back.mp4"))
    assert np.abs(on[0].astype(int) - back[-1]).mean() < 4
    assert np.abs(on[0].astype(int) - back[0]).mean() > 8
    assert sorted(p.name for p in tmp_path.glob("*.mp4")) == ["back.mp4", "on.mp4"]


@pytest.mark.ffmpeg
def test_multiconditioning_needs_words_alone(tmp_path: Path) -> None:
    """The service's schema requires nothing else: who sends flat file fields, which it ignores,
    gets (and pays) a film from words. A queue that failed there would hide that mistake."""
    films = [tmp_path / f"{kind}.mp4" for kind in ("t2v", "multicondition")]
    for film in films:
        render(film.stem, {**SMALL, "prompt": "rain in an empty street"}, {}, film)
    pictures = [np.stack(list(read_rgb(film))) for film in films]
    assert np.array_equal(*pictures)


@pytest.mark.ffmpeg
def test_wrong_requests_are_told_in_a_sentence(tmp_path: Path) -> None:
    """A queue must be able to name the input that is at fault."""
    text = tmp_path / "still.png"
    text.write_text("not a picture")
    with pytest.raises(BrokenMedia) as broken:
        render("i2v", SMALL, {"image": text}, tmp_path / "out.mp4")
    assert broken.value.path == str(text)
    with pytest.raises(MediaError):
        render("extend", SMALL, {}, tmp_path / "out.mp4")
    with pytest.raises(MediaError):
        render("inpaint", SMALL, {}, tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("prompt", "move"),
    [
        ("Camera: slow push-in, stable.", {"push": 1}),
        ("Camera: steady handheld, slight natural sway.", {"sway": 0.6}),
        ("Camera: stable, no zoom, no cut.", {"locked": True}),
        ("a slow head tilt. Camera: static tripod.", {"locked": True}),
        ("Camera: dolly.", {"push": 1}),
        ("the camera pulls back to reveal the hall", {"push": -1}),
        ("camera pans slowly to the left", {"pan": -1}),
        ("Camera: crane down.", {"tilt": -1}),
        ("tilt up to the sky", {"tilt": 1}),
        ("Camera: gentle orbit around her.", {"orbit": 1}),
        ("She walks in from the rain.", {}),
        ("in Spanish light, a company of panthers", {}),
    ],
)
def test_camera_words_are_read(prompt: str, move: dict[str, Any]) -> None:
    """Prompts are written by people: labels, negations and heads that tilt."""
    words = camera_words(prompt)
    found = {n: getattr(words, n) for n in ("push", "pan", "tilt", "orbit", "sway", "locked")}
    assert {name: value for name, value in found.items() if value} == move
