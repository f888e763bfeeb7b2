"""The measures: a clip and its anchor come in, named amounts with unit and time go out.

A measure is one function (its docstring names its source and what it is blind to) and one row of
`MEASURES`. None of them decodes anything, and none decides: budgets are applied by the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from scenegraph.review.measures.colour import (
    brightness,
    cast,
    contrast,
    hue,
    saturation,
    wardrobe,
)
from scenegraph.review.measures.scene import scene
from scenegraph.review.measures.sharpness import blur, oversharpening
from scenegraph.review.measures.sight import Measurer, Reading, Sight
from scenegraph.review.measures.steps import cut, flicker, freeze, shake, zoom_jump

__all__ = ["KEYFRAME_SUFFIX", "MEASURES", "Measurer", "Reading", "Row", "Sight"]

#: What the name of a measure against the keyframe ends with.
KEYFRAME_SUFFIX = "_vs_keyframe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure of the table.

    Attributes:
        name: in JSON, budgets and reports; `…_vs_keyframe` when held against the keyframe.
        unit: of its value and budget.
        measure: the function.
        budget: against the parent (or alone): tight, relative.
        keyframe_budget: against the keyframe: wide, because pose and framing differ; None when
            the measure does not need an anchor.
        more, less: what it is called when it is over budget, for people; `{amount}` in it is the
            value in words, `{towards}` the colour that a cast leads to.
        compares: the words go on with "than the parent".
    """

    name: str
    unit: str
    measure: Measurer
    budget: float
    keyframe_budget: float | None
    more: str
    less: str = ""
    compares: bool = False


#: Budgets: above all benign clips of `benchmarks/review.py` but the hardest camera moves, and below
#: what drifted clearly there; see "Budgets" in benchmarks/README.md.
MEASURES: tuple[Row, ...] = (
    Row(
        name="saturation",
        unit="ln",
        measure=saturation,
        budget=0.15,
        keyframe_budget=0.27,
        more="{amount} more saturated",
        less="{amount} less saturated",
        compares=True,
    ),
    Row(
        name="hue",
        unit="degrees",
        measure=hue,
        budget=7.0,
        keyframe_budget=9.0,
        more="colours have turned by {amount}",
    ),
    Row(
        name="cast",
        unit="levels",
        measure=cast,
        budget=3.0,
        keyframe_budget=5.5,
        more="a colour cast towards {towards}, {amount}",
    ),
    Row(
        name="contrast",
        unit="ln",
        measure=contrast,
        budget=0.14,
        keyframe_budget=0.18,
        more="{amount} more contrast",
        less="{amount} less contrast",
        compares=True,
    ),
    Row(
        name="brightness",
        unit="ln",
        measure=brightness,
        budget=0.12,
        keyframe_budget=0.16,
        more="{amount} brighter",
        less="{amount} darker",
        compares=True,
    ),
    Row(
        name="blur",
        unit="ln",
        measure=blur,
        budget=0.38,
        keyframe_budget=0.45,
        more="{amount} of the fine detail is gone",
    ),
    Row(
        name="oversharpening",
        unit="ln",
        measure=oversharpening,
        budget=0.25,
        keyframe_budget=0.45,
        more="{amount} more fine detail",
        compares=True,
    ),
    Row(
        name="wardrobe",
        unit="levels",
        measure=wardrobe,
        budget=5.0,
        keyframe_budget=6.0,
        more="an area (clothes?) has another colour, by {amount}",
    ),
    Row(
        name="flicker",
        unit="ln",
        measure=flicker,
        budget=0.017,
        keyframe_budget=None,
        more="the light flickers by {amount}",
    ),
    Row(
        name="zoom_jump",
        unit="ratio",
        measure=zoom_jump,
        budget=1.25,
        keyframe_budget=None,
        more="the zoom jumps",
    ),
    Row(
        name="shake",
        unit="share",
        measure=shake,
        budget=0.0024,
        keyframe_budget=None,
        more="the camera shakes by {amount} of the diagonal from frame to frame",
    ),
    Row(
        name="freeze",
        unit="share",
        measure=freeze,
        budget=0.29,
        keyframe_budget=None,
        more="the picture stands still for {amount} of the new frames",
    ),
    Row(
        name="cut",
        unit="distance",
        measure=cut,
        budget=0.35,
        keyframe_budget=None,
        more="an unwanted cut",
    ),
    Row(
        name="scene",
        unit="distance",
        measure=scene,
        budget=0.15,
        keyframe_budget=None,
        more="colours and light are those of another scene",
    ),
)
