"""Built-in presets: catalog fields by name. A scene's own presets of the same name win.

From the project's craft reference, made true to what the service accepts today: step counts end
at 12, and `first_pass_skip_final_steps` is gone. They are written for the distilled models; for one
that is not, the built-in ones are turned into what means the same there. What a family does not
have, or bounds more tightly, the catalog drops or clamps and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Preset = Mapping[str, Any]


def _steps(first: int, second: int, skip: int = 5) -> dict[str, Any]:
    return {
        "first_pass_num_inference_steps": first,
        "second_pass_num_inference_steps": second,
        "second_pass_skip_initial_steps": skip,
    }


BUILT_IN: Mapping[str, Preset] = {
    # Whole looks: size, rate, length, steps.
    "cinematic-5s": {"resolution": "720p", "frame_rate": 24, "num_frames": 121,
                     **_steps(9, 11), "expand_prompt": False},
    "smooth-4s": {"resolution": "720p", "frame_rate": 30, "num_frames": 121,
                  **_steps(9, 11), "expand_prompt": False},
    "long-10s": {"resolution": "480p", "frame_rate": 16, "num_frames": 161,
                 **_steps(9, 9), "expand_prompt": False},
    "fast-preview": {"resolution": "480p", "frame_rate": 24, "num_frames": 81,
                     **_steps(8, 8), "expand_prompt": True},
    # Step pairs alone, to lay over a look: `preset: more-motion` on one shot.
    "steps-fast": _steps(6, 6),
    "steps-balanced": _steps(9, 10),
    "steps-high": _steps(12, 12),
    "more-motion": _steps(12, 9),
    "more-stability": _steps(9, 12),
}  # fmt: skip

DEFAULT_PRESET = "cinematic-5s"
#: What every shot has when no preset says otherwise.
DEFAULT_PICTURE: Mapping[str, Any] = {
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "frame_rate": 24,
}
DEFAULT_FRAMES = 121


#: What `steps-balanced` is to a distilled model (8 and 8 by default) is this to one that is not:
#: families by their default steps of a pass, how many of them the second pass skips, and the most.
UNDISTILLED: Mapping[str, tuple[int, int, int]] = {"ltx-video-13b-dev": (30, 17, 50)}
_DISTILLED_STEPS = 8


def find_preset(name: str, own: Mapping[str, Preset], model: str = "") -> Preset | None:
    """A preset by name: the scene's own first, then the built-in ones; None when there is none.

    Args:
        model: a family of the catalog. A built-in preset's steps are as that family counts them;
            the scene's own presets mean what they say.

    >>> find_preset("steps-high", {}, "ltx-video-13b-dev")["first_pass_num_inference_steps"]
    45
    """
    found = own.get(name)
    if found is None:
        found = BUILT_IN.get(name)
        if found is not None and model in UNDISTILLED:
            return _undistilled(found, *UNDISTILLED[model])
    return found


@lru_cache(maxsize=64)
def _scaled(first: int, second: int, steps: int, skip: int, most: int) -> dict[str, Any]:
    more = steps / _DISTILLED_STEPS
    first, second = min(most, round(first * more)), min(most, round(second * more))
    return _steps(first, second, round(second * skip / steps))


def _undistilled(preset: Preset, steps: int, skip: int, most: int) -> Preset:
    first, second = (preset[f"{n}_pass_num_inference_steps"] for n in ("first", "second"))
    return {**preset, **_scaled(first, second, steps, skip, most)}
