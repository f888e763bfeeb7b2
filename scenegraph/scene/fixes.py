"""What to say when a shot fails in a known way: words for the prompt, by failure.

Said once, after the shot's own words; what the writer already says is not said twice. Remedies
take them by what a review measured (`phrases_for`), people by name (`fixes: [hands]`). The failures
and their cures are the project's craft reference; which measure shows which failure is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Failure: TypeAlias = Literal[
    "face-drift", "jitter", "hands", "clothes", "grade", "new-cut", "artefacts"
]


@dataclass(frozen=True, slots=True)
class Fix:
    """The cure of one failure.

    Attributes:
        phrases: sentences that join the prompt.
        measures: the measures that show this failure; `…_vs_keyframe` counts as its measure.
        negatives: words that join the negative prompt when a person switches the fix on.
        of_people: it is about a person: on a scene, it leaves shots of places alone.
        shows: the failure, in words.
        besides: what else helps.
    """

    phrases: tuple[str, ...]
    measures: frozenset[str] = frozenset()
    negatives: tuple[str, ...] = ()
    of_people: bool = False
    shows: str = ""
    besides: str = ""


FIXES: Mapping[Failure, Fix] = {
    "face-drift": Fix(
        ("Same face, no face change.", "No flicker."),
        frozenset({"identity"}),
        ("face warp", "changing face"),
        of_people=True,
        shows="the face slowly becomes another one",
        besides="preset: more-stability; hops rather than new starts; a character LoRA",
    ),
    "jitter": Fix(
        ("Camera stable, no sudden zoom, no cut.", "Minimal movement."),
        frozenset({"zoom_jump", "shake", "flicker", "freeze"}),
        ("jittery", "sudden zoom"),
        shows="the camera zooms or shakes by itself",
        besides="fewer verbs of motion; one beat to a shot",
    ),
    "hands": Fix(
        ("Hands out of frame.",),
        negatives=("deformed hands", "extra fingers"),
        of_people=True,
        shows="hands melt, fingers multiply",
        besides="a close-up of the face; actions that need no hands",
    ),
    "clothes": Fix(
        ("Same outfit.",),
        frozenset({"wardrobe"}),
        ("changing clothes",),
        of_people=True,
        shows="clothes change their colour or cut",
        besides="a new start from the keyframe; a wardrobe LoRA",
    ),
    "grade": Fix(
        ("Same lighting and colours.",),
        frozenset({"saturation", "hue", "cast", "contrast", "brightness"}),
        ("inconsistent lighting",),
        shows="light and colours climb or turn from hop to hop",
        besides="parameters: {temporal_adain_factor: 0.8}; the rungs `tune` and `grade`",
    ),
    "new-cut": Fix(
        ("No scene cut.", "Same location."),
        frozenset({"cut", "scene"}),
        ("scene cut",),
        shows="the picture jumps to another place in the middle of a shot",
        besides="one beat to a shot; shorter hops",
    ),
    "artefacts": Fix(
        ("Minimal movement.",),
        frozenset({"blur", "oversharpening"}),
        ("artefacts",),
        shows="detail melts, or edges and patterns come up that were not there",
        besides="a shorter prompt; preset: more-stability; a lower LoRA scale",
    ),
}

#: A measure against the canonical keyframe is called so; its sum along a chain ends otherwise.
KEYFRAME_SUFFIX = "_vs_keyframe"
_ENDINGS = (KEYFRAME_SUFFIX, "_along_chain")

#: Claims that a writer words in many ways.
_WORDINGS = {
    claim: re.compile(wording, re.IGNORECASE)
    for claim, wording in (
        ("same face", r"\bsame (\w+,? (and )?){0,3}face\b|\bno face (change|drift|warp)"),
        ("no face change", r"\bno face (change|drift|warp)"),
        ("no flicker", r"\bno flicker"),
        (
            "camera stable",
            r"\bcamera:? (\w+ )?(stable|steady|static|locked)|\blocked[- ]off|tripod",
        ),
        ("no sudden zoom", r"\bno (\w+ )?zoom"),
        ("no cut", r"\bno (\w+ ){0,2}cuts?\b"),
        ("no scene cut", r"\bno (\w+ ){0,2}cuts?\b"),
        ("minimal movement", r"\bminimal (\w+ )?movement"),
        ("same outfit", r"\bsame (\w+,? (and )?){0,3}outfit\b"),
        ("same location", r"\bsame (\w+,? (and )?){0,3}(location|place|room)\b"),
        ("same lighting and colours", r"\bsame (\w+ )?lighting\b"),
    )
}


def plain_name(measure: str) -> str:
    """A measure's name without what it was held against.

    >>> plain_name("hue_along_chain"), plain_name("hue")
    ('hue', 'hue')
    """
    for ending in _ENDINGS:
        measure = measure.removesuffix(ending)
    return measure


def fixes_for(measures: Iterable[str]) -> tuple[Failure, ...]:
    """The failures that these measures show.

    >>> fixes_for(["wardrobe_vs_keyframe", "cut"])
    ('clothes', 'new-cut')
    """
    shown = {plain_name(name) for name in measures}
    return tuple(name for name, fix in FIXES.items() if shown & fix.measures)


def phrases_for(measures: Iterable[str]) -> tuple[str, ...]:
    """The sentences against what these measures show, each once.

    >>> phrases_for(["wardrobe_vs_keyframe", "wardrobe", "cut"])
    ('Same outfit.', 'No scene cut.', 'Same location.')
    """
    found = [FIXES[name].phrases for name in fixes_for(measures)]
    return tuple(dict.fromkeys(phrase for phrases in found for phrase in phrases))


def advice_against(failure: Failure) -> str:
    """What helps against a failure, in one line.

    >>> advice_against("clothes")
    '`fixes: [clothes]`; also a new start from the keyframe; a wardrobe LoRA'
    """
    return f"`fixes: [{failure}]`; also {FIXES[failure].besides}"


def unsaid(failures: Iterable[Failure], said: str) -> tuple[str, ...]:
    """The sentences against these failures that the text `said` does not have in any wording.

    >>> unsaid(["clothes", "hands"], "She waits, same face and outfit.")
    ('Hands out of frame.',)
    """
    phrases = dict.fromkeys(phrase for name in failures for phrase in FIXES[name].phrases)
    return tuple(phrase for phrase in phrases if not _is_said(phrase, said))


def _is_said(phrase: str, said: str) -> bool:
    claims = [claim.strip().lower() for claim in phrase.rstrip(".").split(",")]
    return all(
        _WORDINGS[claim].search(said) if claim in _WORDINGS else claim in said.lower()
        for claim in claims
    )


def with_negatives(negative: str, failures: Iterable[Failure]) -> str:
    """A negative prompt with the words of these fixes that it lacks.

    >>> with_negatives("blurry, deformed hands", ["hands"])
    'blurry, deformed hands, extra fingers'
    """
    words = dict.fromkeys(word for name in failures for word in FIXES[name].negatives)
    new = [word for word in words if word not in negative.lower()]
    return ", ".join([negative, *new] if negative.strip() else new)
