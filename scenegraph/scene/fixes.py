"""What to say when a shot fails in a known way: words for the prompt, by failure.

Said once, after the shot's own words; what the writer already says is not said twice. The failures
and their cures are the project's craft reference; which measure shows which failure is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Failure: TypeAlias = Literal["face-drift", "jitter", "hands", "clothes", "grade", "new-cut"]


@dataclass(frozen=True, slots=True)
class Fix:
    """The cure of one failure.

    Attributes:
        phrases: sentences that join the prompt.
        measures: the measures that show this failure; `…_vs_keyframe` counts as its measure.
    """

    phrases: tuple[str, ...]
    measures: frozenset[str] = frozenset()


FIXES: Mapping[Failure, Fix] = {
    "face-drift": Fix(("Same face, no face change.", "No flicker."), frozenset({"identity"})),
    "jitter": Fix(
        ("Camera stable, no sudden zoom, no cut.", "Minimal movement."),
        frozenset({"zoom_jump", "flicker", "freeze"}),
    ),
    "hands": Fix(("Hands out of frame.",)),
    "clothes": Fix(("Same outfit.",), frozenset({"wardrobe"})),
    "grade": Fix(
        ("Same lighting and colours.",),
        frozenset({"saturation", "hue", "cast", "contrast", "brightness"}),
    ),
    "new-cut": Fix(("No scene cut.", "Same location."), frozenset({"cut", "scene"})),
}

#: A measure against the canonical keyframe is called so; its sum along a chain ends otherwise.
KEYFRAME_SUFFIX = "_vs_keyframe"
_ENDINGS = (KEYFRAME_SUFFIX, "_along_chain")


def plain_name(measure: str) -> str:
    """A measure's name without what it was held against.

    >>> plain_name("hue_along_chain"), plain_name("hue")
    ('hue', 'hue')
    """
    for ending in _ENDINGS:
        measure = measure.removesuffix(ending)
    return measure


def phrases_for(measures: Iterable[str]) -> tuple[str, ...]:
    """The sentences against what these measures show, each once.

    >>> phrases_for(["wardrobe_vs_keyframe", "wardrobe", "cut"])
    ('Same outfit.', 'No scene cut.', 'Same location.')
    """
    shown = {plain_name(name) for name in measures}
    found = [fix.phrases for fix in FIXES.values() if shown & fix.measures]
    return tuple(dict.fromkeys(phrase for phrases in found for phrase in phrases))
