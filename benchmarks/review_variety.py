"""What films do that is no drift: more benign clips than the cases hold, made of the same ones.

Each base's untouched clip is changed as cameras, codecs and editors change clips, encoded again,
and held against its parent and keyframe with the shipped budgets. Crops stand for other framings
of other things: parent, keyframe and clip are cut alike. Everything is seeded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.media import encode_frames, open_still, read_rgb
from scenegraph.review import look_at, watch

Case = dict[str, Any]
Picture = NDArray[np.uint8]
Frames = list[Picture]
Make = Callable[[Frames, np.random.Generator], Frames]

RATE = Fraction(24)


def _u8(picture: NDArray[Any]) -> Picture:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _moved(picture: Picture, zoom: float, x: float = 0, y: float = 0, turn: float = 0) -> Picture:
    h, w = picture.shape[:2]
    move = cv2.getRotationMatrix2D((w / 2, h / 2), turn, zoom)
    move[:, 2] += (x, y)
    border = cv2.BORDER_REFLECT_101
    return _u8(cv2.warpAffine(picture, move, (w, h), flags=cv2.INTER_CUBIC, borderMode=border))


def _at(frames: Frames, place: float) -> Picture:
    """The picture at a place between two frames, as a shutter would blend them."""
    first = min(int(place), len(frames) - 1)
    second, share = min(first + 1, len(frames) - 1), place - int(place)
    if share == 0:
        return frames[first]
    return _u8((1 - share) * frames[first].astype(np.float32) + share * frames[second])


def faster(frames: Frames, _: np.random.Generator) -> Frames:
    return [_at(frames, i * 1.5) for i in range(int(len(frames) / 1.5))]


def slower(frames: Frames, _: np.random.Generator) -> Frames:
    return [_at(frames, i * 0.6) for i in range(len(frames))]


def backwards(frames: Frames, _: np.random.Generator) -> Frames:
    return frames[::-1]


def handheld(frames: Frames, dice: np.random.Generator) -> Frames:
    """Nervous hands: ten pixels, half a degree."""
    a, b, c = dice.uniform(0, 6.3, 3)
    return [
        _moved(f, 1.05, 7 * np.sin(i / 8 + a) + 3 * np.sin(i / 3), 6 * np.sin(i / 10 + b),
               0.5 * np.sin(i / 14 + c))
        for i, f in enumerate(frames)
    ]  # fmt: skip


def pan(frames: Frames, _: np.random.Generator) -> Frames:
    """The camera turns by a tenth of the picture."""
    far = 0.10 * frames[0].shape[1]
    return [_moved(f, 1.2, far * (0.5 - i / (len(frames) - 1))) for i, f in enumerate(frames)]


def pull_out(frames: Frames, _: np.random.Generator) -> Frames:
    return [_moved(f, 1.15 - 0.15 * i / (len(frames) - 1)) for i, f in enumerate(frames)]


def focus_breathing(frames: Frames, dice: np.random.Generator) -> Frames:
    """The lens hunts: a little larger and a little softer, and back."""
    phase = dice.uniform(0, 6.3)
    wave = [0.5 + 0.5 * np.sin(i / 12 + phase) for i in range(len(frames))]
    return [
        _u8(cv2.GaussianBlur(_moved(f, 1 + 0.015 * w), (0, 0), 0.2 + 0.6 * w))
        for f, w in zip(frames, wave, strict=True)
    ]


def slow_light(frames: Frames, dice: np.random.Generator) -> Frames:
    """A cloud: 4 % of light and a breath of warmth over the whole clip."""
    way = dice.choice([-1, 1])
    tint = np.asarray((0.045, 0.04, 0.035), np.float32) * way
    return [_u8(f * (1 + tint * i / (len(frames) - 1))) for i, f in enumerate(frames)]


def exposure_waver(frames: Frames, dice: np.random.Generator) -> Frames:
    walk = cv2.GaussianBlur(dice.normal(0, 0.03, (1, len(frames))), (0, 0), 3)[0]
    return [_u8(f * (1 + 0.6 * g)) for f, g in zip(frames, walk, strict=True)]


def heavy_grain(frames: Frames, dice: np.random.Generator) -> Frames:
    def grain(shape: tuple[int, ...]) -> NDArray[Any]:
        return cv2.GaussianBlur(dice.normal(0, 9, shape[:2]).astype(np.float32), (0, 0), 0.7)

    return [_u8(f + grain(f.shape)[..., None]) for f in frames]


def softened(frames: Frames, _: np.random.Generator) -> Frames:
    """Through a smaller picture and back, as an autoencoder or a conform does."""
    h, w = frames[0].shape[:2]
    small = (round(w * 0.8), round(h * 0.8))
    return [
        _u8(cv2.resize(cv2.resize(f, small, interpolation=cv2.INTER_AREA), (w, h),
                       interpolation=cv2.INTER_CUBIC))
        for f in frames
    ]  # fmt: skip


def small_grade(frames: Frames, _: np.random.Generator) -> Frames:
    """5 % of contrast and colour, as two encodes of one film differ."""
    return [_u8((f.astype(np.float32) - f.mean()) * 1.05 + f.mean()) for f in frames]


def untouched(frames: Frames, _: np.random.Generator) -> Frames:
    return frames


#: What is done, and the CRF it is encoded with.
KINDS: dict[str, tuple[Make, int]] = {
    "faster": (faster, 20),
    "slower": (slower, 20),
    "backwards": (backwards, 20),
    "handheld_nervous": (handheld, 20),
    "pan": (pan, 20),
    "pull_out": (pull_out, 20),
    "focus_breathing": (focus_breathing, 20),
    "slow_light": (slow_light, 20),
    "exposure_waver": (exposure_waver, 20),
    "heavy_grain": (heavy_grain, 23),
    "softened": (softened, 20),
    "small_grade": (small_grade, 20),
    "crf31": (untouched, 31),
    "grain_crf33": (heavy_grain, 33),
}
#: Other framings: (left, top, width, height) in shares of the picture, and what is done there.
CROPS = {
    "left": (0.0, 0.15, 0.62, 0.7),
    "right": (0.38, 0.15, 0.62, 0.7),
    "below": (0.15, 0.38, 0.7, 0.62),
}
CROP_KINDS = ("crf31", "heavy_grain", "slow_light", "handheld_nervous")


def jobs_of(folder: Path, drift: Sequence[Case]) -> list[tuple[Path, Case, str]]:
    """One job for each base clip and each framing of it."""
    plain = [case for case in drift if case["drifted"] is False and case["mode"] == "plain"]
    return [(folder, case, crop) for case in plain for crop in ("", *CROPS)]


def judge(job: tuple[Path, Case, str]) -> list[Case]:
    """Every benign change of one clip in one framing, as cases with measures and verdicts."""
    folder, case, crop = job

    def frames_of(name: str) -> Frames:
        return [_cropped(frame, crop) for frame in read_rgb(folder / case[name])]

    frames, before = frames_of("clip"), frames_of("parent")
    still = _cropped(open_still(folder / case["keyframe"]), crop)
    found = []
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "clip.mp4"
        encode_frames(before, path, rate=RATE, crf=18)
        parent = watch(path)
        for kind in CROP_KINDS if crop else KINDS:
            make, crf = KINDS[kind]
            name = f"{case['base']}{'-' + crop if crop else ''}-{kind}"
            made = make(frames, np.random.default_rng(crc32(name.encode())))
            encode_frames(made, path, rate=RATE, crf=crf)
            found.append(_judged(name, path, case, kind, parent, still))
    return found


def _judged(name: str, path: Path, case: Case, kind: str, parent: Any, still: Picture) -> Case:
    footage = watch(path)
    by_parent = look_at(footage, parent=parent)
    by_still = look_at(footage, keyframe=still)
    both = look_at(footage, parent=parent, keyframe=still)
    return {
        "id": f"variety-{name}",
        "base": case["base"],
        "axis": "none",
        "mode": kind,
        "source": "variety",
        "drifted": False,
        "strength": "none",
        "parent_measures": {k: m.value for k, m in by_parent.measures.items()},
        "keyframe_measures": {k: m.value for k, m in by_still.measures.items()},
        "parent_score": by_parent.score,
        "keyframe_score": by_still.score,
        "both_score": both.score,
        "both_verdict": both.verdict,
        "reasons": list(both.reasons),
    }


def _cropped(picture: Picture, crop: str) -> Picture:
    """Cut, and as high as before: even sides."""
    h, w = picture.shape[:2]
    if not crop:
        return np.ascontiguousarray(picture[: h // 2 * 2, : w // 2 * 2])
    x, y, width, height = CROPS[crop]
    part = picture[int(y * h) : int((y + height) * h), int(x * w) : int((x + width) * w)]
    size = (part.shape[1] * h // part.shape[0] // 2 * 2, h // 2 * 2)
    return _u8(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC))
