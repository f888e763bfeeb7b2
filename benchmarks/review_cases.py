"""The labelled cases of review: what each axis should be seen by, and how one case is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Case = dict[str, Any]

#: The measure that should see each axis; the best of several counts when there are two.
SEEN_BY: dict[str, tuple[str, ...]] = {
    "saturation_up": ("saturation",),
    "saturation_down": ("saturation",),
    "contrast": ("contrast",),
    "brightness": ("brightness",),
    "darkening": ("brightness",),
    "hue": ("hue",),
    "warmth": ("cast",),
    "blur": ("blur",),
    "oversharpen": ("oversharpening",),
    "wardrobe": ("wardrobe",),
    "zoom_jump": ("zoom_jump",),
    "flicker": ("flicker",),
    "freeze": ("freeze",),
    "identity_cut": ("cut", "scene"),
}
FACES = ("face_morph", "face_swap")
ANCHORED = (*list(SEEN_BY)[:10],)


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a drifted case is above a benign one; ties count half."""
    p, n = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    if not len(p) or not len(n):
        return math.nan
    return float((p[:, None] > n).mean() + 0.5 * (p[:, None] == n).mean())


def base_of(case: Case) -> str:
    return str(case["base"]).replace("real_", "").replace("_ok", "")


def value(case: Case, against: str, names: Iterable[str]) -> float:
    suffix = "_vs_keyframe" if against == "keyframe" else ""
    measures = case[f"{against}_measures"]
    found = [measures.get(name + suffix) for name in names]
    return float(max([0.0, *(v for v in found if v is not None)]))
