"""The camera does what the words say, comes to rest, and carries on without a jump."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from scenegraph.animatic.draw import render
from scenegraph.animatic.draw.canvas import Grid
from scenegraph.animatic.draw.measure import Recorded, shrink, steps
from scenegraph.animatic.draw.path import Clock, Pose
from scenegraph.animatic.draw.subject import Life, Subject
from scenegraph.animatic.draw.wander import wander_of
from scenegraph.media import encode_frames, read_rgb
from scenegraph.units import Size

SMALL = {"resolution": "480p", "aspect_ratio": "16:9", "frame_rate": 24, "seed": 3}
Frames = list[np.ndarray]


def texture(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    small = rng.integers(20, 235, (height // 14 + 1, width // 14 + 1, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def shot(tmp_path: Path, words: str, frames: int = 25) -> Frames:
    cv2.imwrite(str(tmp_path / "s.png"), texture(854, 480))
    params = {**SMALL, "num_frames": frames, "prompt": f"Camera: {words}."}
    render("i2v", params, {"image": tmp_path / "s.png"}, tmp_path / "m.mp4")
    return list(read_rgb(tmp_path / "m.mp4"))


def moved(frames: Frames) -> Pose:
    total = Pose()
    for step in steps(shrink(frame) for frame in frames):
        total = total.plus(step)
    return total


def panning(frames: int, per_frame: float, path: Path) -> Path:
    """A clip whose camera pans right by `per_frame` pixels, never stopping."""
    wall = cv2.GaussianBlur(texture(1300, 480), (0, 0), 6)

    def picture(n: int) -> np.ndarray:
        move = np.array([[1, 0, 20 + n * per_frame], [0, 1, 0]], np.float32)
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(wall, move, (854, 480), flags=how)

    encode_frames((picture(n) for n in range(frames)), path, rate=Fraction(24), crf=12)
    return path


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("words", "field", "sign"),
    [
        ("push-in", "zoom", 1),
        ("pull-back", "zoom", -1),
        ("pan left", "x", -1),
        ("tilt down", "y", 1),
    ],
)
def test_the_camera_moves_as_the_words_say(
    tmp_path: Path, words: str, field: str, sign: int
) -> None:
    """A film-maker judges a preview by whether the move is the one that was asked for."""
    assert sign * getattr(moved(shot(tmp_path, words)), field) > 0.015


@pytest.mark.ffmpeg
def test_a_move_is_smooth_and_rests_near_its_end(tmp_path: Path) -> None:
    """A cut point needs a calm place near the tail; a jerky zoom is no camera."""
    zooms = np.array([step.zoom for step in steps(map(shrink, shot(tmp_path, "push-in", 49)))])
    assert zooms[-5:].mean() < 0.12 * zooms.max()
    assert zooms[:2].mean() < 0.25 * zooms.max()
    assert np.abs(np.diff(zooms)).max() < 0.25 * zooms.max()


@pytest.mark.ffmpeg
@pytest.mark.parametrize("words", ["pan left", "handheld", "orbit right"])
def test_no_border_is_ever_seen(tmp_path: Path, words: str) -> None:
    """A still that slides and shows its edge is a slide show."""
    still = np.full((480, 854, 3), 128, np.uint8)
    cv2.rectangle(still, (0, 0), (853, 479), (255, 0, 255), 4)
    cv2.imwrite(str(tmp_path / "s.png"), still)
    params = {**SMALL, "num_frames": 17, "prompt": f"Camera: {words}."}
    render("i2v", params, {"image": tmp_path / "s.png"}, tmp_path / "m.mp4")
    for frame in read_rgb(tmp_path / "m.mp4"):
        assert np.abs(frame[8:-8, 8:-8].astype(int) - 128).max() < 24


@pytest.mark.ffmpeg
def test_a_hop_repeats_its_source_and_goes_on_at_its_speed(tmp_path: Path) -> None:
    """The seam is where a chain is judged: no jump, no stop."""
    source = panning(25, 3.0, tmp_path / "pan.mp4")
    params = {**SMALL, "num_frames": 49, "prompt": "Camera: locked off."}
    render("extend", params, {"video": source}, tmp_path / "hop.mp4")
    answer, first = list(read_rgb(tmp_path / "hop.mp4")), list(read_rgb(source))
    for mine, theirs in zip(answer, first, strict=False):
        assert np.abs(mine.astype(int) - theirs).mean() < 2.5
    drawn = [step.x * 480 for step in steps(map(shrink, answer[20:32]))]
    assert drawn[4] == pytest.approx(3.0, abs=0.8)  # the step over the seam
    change = [np.abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(answer)]
    seam = np.abs(answer[24].astype(int) - answer[25]).mean()
    assert seam < 1.5 * np.median(change)
    assert abs(moved(answer[-6:]).x) < 0.3 * 5 * 3.0 / 480  # and it has come to rest


@pytest.mark.ffmpeg
def test_twelve_hops_without_drift_stay_the_same_picture(tmp_path: Path) -> None:
    """A chain of re-encoded, re-drawn frames must not go soft, pale or over-sharp by itself."""
    still = Path(__file__).parents[2] / "samples/storm/stills/tomas-front.jpg"
    params = {**SMALL, "prompt": "Camera: locked off.", "num_frames": 9}
    last = render("i2v", params, {"image": still}, tmp_path / "0.mp4")
    first = next(read_rgb(last.path))
    for hop in range(1, 13):
        tail = list(read_rgb(last.path))[-3:]
        encode_frames(tail, tmp_path / "tail.mp4", rate=Fraction(24), crf=10)
        ask = {**params, "seed": hop}
        last = render("extend", ask, {"video": tmp_path / "tail.mp4"}, tmp_path / f"{hop}.mp4")
    end = list(read_rgb(last.path))[-1]

    def detail(picture: np.ndarray) -> float:
        return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std())

    def saturation(picture: np.ndarray) -> float:
        return float(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1].mean())

    assert 0.75 < detail(end) / detail(first) < 1.3
    assert saturation(end) == pytest.approx(saturation(first), rel=0.06)
    assert end.mean() == pytest.approx(first.mean(), abs=4.0)
    assert end.std() == pytest.approx(first.std(), rel=0.08)


@pytest.mark.ffmpeg
def test_a_multicondition_follows_the_measured_motion(tmp_path: Path) -> None:
    """The reference's camera is the direction; it must be recognised in the answer."""
    wall = texture(400, 240)

    def way(n: int) -> tuple[float, float]:
        return 9 * np.sin(n / 5.0), 5 * np.sin(n / 3.5)

    def picture(n: int) -> np.ndarray:
        x, y = way(n)
        move = np.array([[1, 0, 40 + x], [0, 1, 30 + y]], np.float32)
        return cv2.warpAffine(wall, move, (320, 180), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)

    encode_frames((picture(n) for n in range(41)), tmp_path / "ref.mp4", rate=Fraction(24))
    cv2.imwrite(str(tmp_path / "s.png"), texture(854, 480)[::-1])
    inputs = {"image": tmp_path / "s.png", "motion": tmp_path / "ref.mp4"}
    render(
        "multicondition",
        {**SMALL, "num_frames": 33, "prompt": "she turns"},
        inputs,
        tmp_path / "m.mp4",
    )
    drawn = steps(map(shrink, list(read_rgb(tmp_path / "m.mp4"))[:25]))
    wanted = np.diff([way(n) for n in range(25)], axis=0)
    for axis, got in ((0, [s.x for s in drawn]), (1, [s.y for s in drawn])):
        assert np.corrcoef(wanted[:, axis], got)[0, 1] > 0.9


def test_a_blink_shows_nothing_of_the_face_twice() -> None:
    """A lid that folded the picture drew a second brow, and glasses as a figure of eight."""
    size = Size(640, 360)
    grid = Grid(size)
    subject = Subject(320, 180, 150, 170, ((285, 165, 20), (355, 165, 20)), found=True)
    life = Life(grid, subject, Clock(96), 24.0, np.random.default_rng(3))
    whole = np.dstack([grid.x, grid.y])
    near = whole / 1.25 + np.float32([60, 40])  # through a camera that has come nearer
    for seen in (whole, near):
        read = [life.blink(seen, frame)[..., 1] for frame in range(96)]
        assert min(float(np.diff(rows, axis=0).min()) for rows in read) > 0
        eye = np.hypot(seen[..., 0] - 285, seen[..., 1] - 170).argmin()
        moved = [float(rows.flat[eye] - seen[..., 1].flat[eye]) for rows in read]
        assert min(moved) < -6  # it does shut, and there where it is seen
        assert moved[0] == moved[-1] == 0


def test_a_short_reference_is_played_back_and_forth_without_a_bounce() -> None:
    """Eight frames must direct five seconds."""
    ahead = Recorded([Pose(x=0.01)] * 8, 24.0)
    xs = np.array([ahead.at(n / 24).x for n in range(40)])
    assert xs.max() <= 0.081
    assert xs.min() >= -0.001
    assert np.abs(np.diff(xs)).max() < 0.0102
    assert Recorded([], 24.0).at(3.0) == Pose()


def test_a_clock_slows_down_at_its_end_and_ends_at_one() -> None:
    """Life on the screen calms down where a cut will be sought, also in the shortest clip."""
    for frames in (1, 8, 120, 1440):
        ticks = [Clock(frames).at(n) for n in range(frames + 1)]
        assert ticks[0] == 0.0
        assert ticks[-1] == pytest.approx(1.0)
        assert np.all(np.diff(ticks) > 0)


@pytest.mark.ffmpeg
def test_a_tail_that_drifted_dissolves_into_the_keyframe(tmp_path: Path) -> None:
    """Re-anchoring comes from where the chain was, and ends clean."""
    cv2.imwrite(str(tmp_path / "s.png"), texture(854, 480))
    red = np.full((480, 854, 3), (220, 30, 30), np.uint8)
    encode_frames([red] * 9, tmp_path / "tail.mp4", rate=Fraction(24))
    inputs = {
        "image": tmp_path / "s.png",
        "video": tmp_path / "tail.mp4",
        "motion": panning(9, 1.0, tmp_path / "ref.mp4"),
    }
    render("multicondition", {**SMALL, "num_frames": 25}, inputs, tmp_path / "m.mp4")
    frames = list(read_rgb(tmp_path / "m.mp4"))
    assert np.abs(frames[0].astype(int) - red).mean() < 6
    assert np.abs(frames[-1].astype(int) - red).mean() > 40


@pytest.mark.ffmpeg
def test_a_re_anchor_shows_its_tail_again_and_arrives_at_the_keyframe(tmp_path: Path) -> None:
    """A clip that is shown as it is stands at the head, and the still is the last frame."""
    cv2.imwrite(str(tmp_path / "s.png"), texture(854, 480))
    panning(17, 1.0, tmp_path / "tail.mp4")
    still = cv2.cvtColor(cv2.imread(str(tmp_path / "s.png")), cv2.COLOR_BGR2RGB)
    asked = {
        **SMALL,
        "num_frames": 49,
        "videos": [{"start_frame_num": 0, "conditioning_type": "rgb"}],
    }
    inputs = {"image": tmp_path / "s.png", "video": tmp_path / "tail.mp4"}
    render("multicondition", asked, inputs, tmp_path / "m.mp4")
    frames = list(read_rgb(tmp_path / "m.mp4"))
    tail = [cv2.resize(one, (854, 480)) for one in read_rgb(tmp_path / "tail.mp4")]
    assert len(frames) == 49
    for was, now in zip(tail, frames[:17], strict=True):
        assert np.abs(was.astype(int) - now).mean() < 12
    assert np.abs(frames[-1].astype(int) - still).mean() < 12
    assert np.abs(frames[18].astype(int) - still).mean() > 20


def test_drift_is_nothing_at_zero_and_differs_by_seed() -> None:
    """A re-roll must be able to help, and a clean preview must be clean."""
    ask = {"adain": 0.5, "tone_map": 0.0}
    assert all(wander_of(seed, 0.0, "extend", **ask).is_nothing for seed in range(20))
    drifts = [wander_of(seed, 1.0, "extend", **ask) for seed in range(60)]
    pace = sorted(abs(w.saturation) for w in drifts)
    assert pace[50] > 5 * pace[10]
    assert sum(w.saturation > 0 for w in drifts) > 40
    for seed in range(10):
        plain = wander_of(seed, 1.0, "extend", **ask)
        held = wander_of(seed, 1.0, "extend", adain=0.9, tone_map=0.4)
        anchored = wander_of(seed, 1.0, "multicondition", **ask)
        assert abs(held.saturation) < 0.6 * abs(plain.saturation)
        assert held.morph == plain.morph  # statistics do not hold a face
        assert abs(anchored.morph) < 0.15 * plain.morph


@pytest.mark.ffmpeg
def test_drift_adds_up_along_a_chain(tmp_path: Path) -> None:
    """Each hop goes on from its source's own look: that is what long video suffers from."""
    seed = max(
        range(50), key=lambda n: wander_of(n, 1.0, "extend", adain=0.5, tone_map=0).saturation
    )
    source = panning(5, 0.5, tmp_path / "0.mp4")
    saturations = []
    for hop in range(4):
        saturations.append(
            cv2.cvtColor(list(read_rgb(source))[-1], cv2.COLOR_RGB2HSV)[..., 1].mean()
        )
        ask = {**SMALL, "num_frames": 11, "prompt": "locked off", "seed": seed}
        last = render("extend", ask, {"video": source}, tmp_path / f"{hop + 1}.mp4", drift=1.0)
        source = tmp_path / "tail.mp4"
        encode_frames(list(read_rgb(last.path))[-3:], source, rate=Fraction(24), crf=10)
    assert saturations == sorted(saturations)
    assert saturations[-1] > 1.25 * saturations[0]
