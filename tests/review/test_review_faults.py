"""Every fault is seen by its own measure; its harmless twin is seen by none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.review import MEASURES, Footage, look_at
from scenegraph.scene import advice_against, fixes_for

Picture = NDArray[np.uint8]
Frames = list[Picture]
Seen = Callable[[Sequence[Picture]], Footage]


def u8(picture: NDArray[np.generic]) -> Picture:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def chroma(f: Picture, gain: float = 1.0, turn: float = 0.0) -> Picture:
    ycc = cv2.cvtColor(f, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    z = (ycc[..., 2] - 128) + 1j * (ycc[..., 1] - 128)
    z = z * gain * np.exp(1j * np.radians(turn))
    ycc[..., 2], ycc[..., 1] = 128 + z.real, 128 + z.imag
    return cv2.cvtColor(u8(ycc), cv2.COLOR_YCrCb2RGB)


def light(f: Picture, gain: float) -> Picture:
    return u8(f.astype(np.float32) * gain)


def contrast(f: Picture, gain: float) -> Picture:
    mean = f.astype(np.float32).mean()
    return u8(mean + (f.astype(np.float32) - mean) * gain)


def blurred(f: Picture, sigma: float) -> Picture:
    return cv2.GaussianBlur(f, (0, 0), sigma)


def sharpened(f: Picture, amount: float) -> Picture:
    soft = blurred(f, 1.2).astype(np.float32)
    return u8(f.astype(np.float32) * (1 + amount) - amount * soft)


def warm(f: Picture, amount: float) -> Picture:
    return u8(f.astype(np.float32) * np.asarray([1 + amount, 1, 1 - amount], np.float32))


def recoloured(f: Picture, turn: float) -> Picture:
    hsv = cv2.cvtColor(f, cv2.COLOR_RGB2HSV)
    coat = ((hsv[..., 0] < 8) | (hsv[..., 0] > 172)) & (hsv[..., 1] > 120)
    return np.where(coat[..., None], chroma(f, turn=turn), f)


def zoomed(f: Picture, factor: float) -> Picture:
    h, w = f.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2, h / 2), 0, factor)
    return cv2.warpAffine(f, m, (w, h), borderMode=cv2.BORDER_REFLECT_101)


def every(change: Callable[[Picture], Picture]) -> Callable[[Frames], Frames]:
    return lambda frames: [change(f) for f in frames]


def jump(factor: float, within: int) -> Callable[[Frames], Frames]:
    def change(frames: Frames) -> Frames:
        grown = [
            1 + (factor - 1) * float(np.clip((i - 20) / within, 0, 1)) for i in range(len(frames))
        ]
        return [zoomed(f, z) for f, z in zip(frames, grown, strict=True)]

    return change


def flickering(amount: float) -> Callable[[Frames], Frames]:
    signs = np.random.default_rng(3).choice([-1, 1], 200)
    return lambda frames: [light(f, 1 + amount * signs[i]) for i, f in enumerate(frames)]


def shaking(amount: float) -> Callable[[Frames], Frames]:
    """Each frame somewhere else, up to so many pixels off."""
    off = np.random.default_rng(6).uniform(-amount, amount, (200, 2))
    return lambda frames: [moved(f, *off[i]) for i, f in enumerate(frames)]


def swaying(amount: float) -> Callable[[Frames], Frames]:
    """A hand that holds a camera: slow, and never there and back from one frame to the next."""
    return lambda frames: [
        moved(f, amount * np.sin(i / 9), amount * np.sin(i / 13)) for i, f in enumerate(frames)
    ]


def stuttering(amount: float) -> Callable[[Frames], Frames]:
    """A pan in which every other frame is there twice."""
    return lambda frames: [moved(f, amount * (i // 2), 0) for i, f in enumerate(frames)]


def moved(f: Picture, right: float, down: float) -> Picture:
    h, w = f.shape[:2]
    m = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return cv2.warpAffine(f, m, (w, h), borderMode=cv2.BORDER_REFLECT_101)


def frozen(share: float) -> Callable[[Frames], Frames]:
    def change(frames: Frames) -> Frames:
        last = int(len(frames) * (1 - share))
        return [frames[min(i, last)] for i in range(len(frames))]

    return change


FAULTS = [
    ("saturation", every(lambda f: chroma(f, 1.45)), every(lambda f: chroma(f, 1.04))),
    ("saturation", every(lambda f: chroma(f, 0.6)), every(lambda f: chroma(f, 0.97))),
    ("hue", every(lambda f: chroma(f, turn=18)), every(lambda f: chroma(f, turn=1))),
    ("cast", every(lambda f: warm(f, 0.12)), every(lambda f: warm(f, 0.01))),
    ("contrast", every(lambda f: contrast(f, 1.3)), every(lambda f: contrast(f, 1.03))),
    ("contrast", every(lambda f: contrast(f, 0.7)), every(lambda f: contrast(f, 0.97))),
    ("brightness", every(lambda f: light(f, 1.25)), every(lambda f: light(f, 1.02))),
    ("brightness", every(lambda f: light(f, 0.75)), every(lambda f: light(f, 0.98))),
    ("blur", every(lambda f: blurred(f, 1.5)), every(lambda f: blurred(f, 0.4))),
    ("oversharpening", every(lambda f: sharpened(f, 2)), every(lambda f: sharpened(f, 0.1))),
    ("wardrobe", every(lambda f: recoloured(f, 110)), every(lambda f: recoloured(f, 0))),
    ("flicker", flickering(0.06), flickering(0.004)),
    ("zoom_jump", jump(1.3, 4), jump(1.1, 40)),
    ("shake", shaking(3), swaying(4)),
    ("shake", shaking(3), stuttering(0.8)),
    ("freeze", frozen(0.6), frozen(0.1)),
]
NAMES = [f"{name}-{i}" for i, (name, _, _) in enumerate(FAULTS)]


@pytest.mark.parametrize(("measure", "fault", "twin"), FAULTS, ids=NAMES)
def test_a_fault_is_over_budget_and_its_harmless_twin_is_not(
    measure: str,
    fault: Callable[[Frames], Frames],
    twin: Callable[[Frames], Frames],
    seen: Seen,
    parent: Footage,
    child_frames: Frames,
) -> None:
    """A measure that also alarms on a small grade or a slow push-in would be switched off."""
    bad = look_at(seen(fault(child_frames)), parent=parent)
    assert bad.measures[measure].over
    assert bad.verdict == "drifted"
    assert any(reason.startswith(f"{measure}:") for reason in bad.reasons)
    good = look_at(seen(twin(child_frames)), parent=parent)
    assert not good.measures[measure].over
    assert good.verdict == "good", good.reasons
    assert good.score is not None
    assert bad.score is not None
    assert good.score < 1 < bad.score


@pytest.mark.parametrize("name", ["saturation", "contrast", "blur", "hue"])
def test_more_of_a_fault_scores_higher(
    name: str, seen: Seen, parent: Footage, child_frames: Frames
) -> None:
    """Rungs of a ladder compare takes by score: it must rise with the fault."""
    change = {
        "saturation": lambda f, k: chroma(f, 1 + 0.3 * k),
        "contrast": lambda f, k: contrast(f, 1 + 0.2 * k),
        "blur": lambda f, k: blurred(f, 0.8 * k),
        "hue": lambda f, k: chroma(f, turn=8 * k),
    }[name]
    scores = [
        look_at(seen([change(f, k) for f in child_frames]), parent=parent).measures[name].score
        for k in (1, 2, 3)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[2]


def test_an_unwanted_cut_is_found_at_its_frame_and_a_flash_is_none(
    seen: Seen, parent: Footage, child_frames: Frames, shot: Callable[..., Frames]
) -> None:
    """Models cut by themselves; a lightning flash changes light, not the picture."""
    cut = child_frames[:20] + [light(f[:, ::-1], 0.8) for f in shot(0, 28, seed=7)]
    found = look_at(seen(cut), parent=parent).measures["cut"]
    assert found.over
    assert found.since_frame == 20
    flash = list(child_frames)
    flash[20] = light(flash[20], 1.5)
    assert not look_at(seen(flash), parent=parent).measures["cut"].over


def test_another_scene_is_told_although_nothing_matches(
    seen: Seen, parent: Footage, child_frames: Frames, shot: Callable[..., Frames]
) -> None:
    """Matched pixels are silent where nothing matches; the guard is not."""
    other = [chroma(light(f, 0.45), turn=120) for f in shot(0, 48, seed=7)]
    assert look_at(seen(other), parent=parent).measures["scene"].over
    assert not look_at(seen(child_frames), parent=parent).measures["scene"].over


def test_since_frame_is_where_the_fault_begins(
    seen: Seen, parent: Footage, child_frames: Frames
) -> None:
    """The cut room may keep what comes before."""
    half = child_frames[:24] + [chroma(f, 1.6) for f in child_frames[24:]]
    found = look_at(seen(half), parent=parent).measures["saturation"]
    assert found.over
    assert found.since_frame is not None
    assert 18 <= found.since_frame <= 32
    whole = look_at(seen([chroma(f, 1.6) for f in child_frames]), parent=parent)
    assert (whole.measures["saturation"].since_frame or 0) <= 2


@pytest.mark.parametrize("name", ["saturation", "contrast", "blur", "wardrobe"])
def test_the_keyframe_alone_sees_it_too(
    name: str, seen: Seen, parent_frames: Frames, child_frames: Frames
) -> None:
    """Small passes add up along a chain; the still does not move with it."""
    change = {
        "saturation": lambda f: chroma(f, 1.6),
        "contrast": lambda f: contrast(f, 1.5),
        "blur": lambda f: blurred(f, 2.5),
        "wardrobe": lambda f: recoloured(f, 110),
    }[name]
    still = parent_frames[-1]
    bad = look_at(seen([change(f) for f in child_frames]), keyframe=still)
    assert bad.measures[f"{name}_vs_keyframe"].over
    assert name not in bad.measures  # there is no parent to be relative to
    good = look_at(seen(child_frames), keyframe=still)
    assert good.verdict == "good", good.reasons


def test_without_any_anchor_a_clip_is_held_against_its_own_start(
    seen: Seen, child_frames: Frames
) -> None:
    """`review CLIP` alone still says whether the clip wanders within itself."""
    ramp = [chroma(f, 1 + 0.8 * min(1, i / 24)) for i, f in enumerate(child_frames)]
    bad = look_at(seen(ramp))
    assert bad.measures["saturation"].over
    assert "own start" in bad.measures["saturation"].note
    assert look_at(seen(child_frames)).verdict == "good"


def test_every_measure_has_a_fix_to_offer() -> None:
    """Who is told what is wrong with a take wants to know what helps against it."""
    assert {row.name for row in MEASURES if not fixes_for([row.name])} == set()
    assert fixes_for(["shake", "zoom_jump"]) == ("jitter",)
    assert fixes_for(["identity_vs_keyframe"]) == ("face-drift",)
    assert "wardrobe LoRA" in advice_against("clothes")
