"""Two people, one line between them: angles that take turns and keep their sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Unpack

from pydantic import Field

from scenegraph.scene import Character, ExtendShot, ImageShot, Prompt, Scene, Shot, TextShot
from scenegraph.scene import free_name as free
from workflows.craft import (
    CANONICAL,
    CastName,
    File,
    Files,
    ManyWords,
    SceneOptions,
    Words,
    cast,
    id_of,
    make_scene,
    next_number,
    says_who,
)
from workflows.establishing import cutaway
from workflows.registry import Unfit, hint, recipe

#: Matching sizes for one, two or three stills a person, from wide to close.
SIZES = (
    ("medium close-up",),
    ("medium shot", "close-up"),
    ("medium shot", "three-quarter close shot", "close-up"),
)
#: Who sits left looks right, and the other way round, in every angle: that is the line.
SIDES = {
    "left": "on the left of the frame, looking right past the camera",
    "right": "on the right of the frame, looking left past the camera",
}


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    side: str
    stills: tuple[str, ...]
    look: str | None


@recipe
def conversation(
    *,
    left: CastName,
    right: CastName,
    left_keyframes: Annotated[Files, Field(min_length=1, max_length=3)],
    right_keyframes: Annotated[Files, Field(min_length=1, max_length=3)],
    beats: Annotated[ManyWords, Field(min_length=2, max_length=200)],
    left_look: Words | None = None,
    right_look: Words | None = None,
    framings: ManyWords = (),
    setting: Words | None = None,
    camera: Words = "locked-off tripod",
    lighting: Words | None = None,
    seconds: Annotated[float, Field(gt=0, le=6)] = 4.0,
    establishing: Words | None = None,
    master: File | None = None,
    cutaways: ManyWords = (),
    **options: Unpack[SceneOptions],
) -> Scene:
    """Two people talk: angles that take turns, eyelines that meet, cutaways between.

    Each turn starts from a still of its speaker, so no face has time to drift; when one goes on,
    the camera keeps rolling. Whoever is left of the line stays left and looks right in every
    angle, and both are framed alike, so that the cuts read as one room. Stills go from wide to
    close, and so does the talk.

    Args:
        left: a short name for who is on the left and looks right.
        right: a short name for who is on the right and looks left.
        left_keyframes: one to three stills of the left one, from wide to close, looking right.
        right_keyframes: stills of the right one, looking left.
        beats: what each does or how it is said, in turn, the left one first. A name in front
            chooses: "theo: he looks away". Two in a row of one person roll on without a cut.
        left_look: who that is in words; prompts say it.
        right_look: who that is in words; prompts say it.
        framings: sizes from wide to close, as many as the longer list of stills.
        setting: where.
        camera: how it moves.
        lighting: light and mood.
        seconds: length of each beat.
        establishing: what is seen of the empty place first, such as "dust in the lamplight".
        master: a still of both in one frame, to open on.
        cutaways: pictures of things or of the place; each goes between two turns.

    >>> scene = conversation(
    ...     left="theo", left_keyframes=["theo.png"], right="ines", right_keyframes=["ines.png"],
    ...     beats=["he asks", "she smiles", "ines: she nods", "he waits"],
    ... )
    >>> [(shot.id, shot.kind) for shot in scene.shots]  # doctest: +NORMALIZE_WHITESPACE
    [('theo-1', 'i2v'), ('ines-1', 'i2v'), ('ines-1-goes-on', 'extend'), ('theo-2', 'i2v')]
    >>> scene.shots[0].prompt.framing
    'medium close-up, on the left of the frame, looking right past the camera'
    """
    if left == right:
        raise Unfit(f"right: {right!r} is the left one's name already")
    left_cast, left_stills = _stills(left, left_look, left_keyframes, "left", options)
    right_cast, right_stills = _stills(right, right_look, right_keyframes, "right", options)
    sizes = framings or SIZES[max(len(left_stills), len(right_stills)) - 1]
    if len(sizes) != max(len(left_stills), len(right_stills)):
        raise Unfit(
            f"framings: {len(sizes)} for {max(len(left_stills), len(right_stills))} stills; "
            "give one for each of the longer list, or none"
        )
    people = {
        left: _Person(left, "left", left_stills, says_who(left, left_look, options)),
        right: _Person(right, "right", right_stills, says_who(right, right_look, options)),
    }
    turns = _turns(beats, left, right)
    starts = [n for n, (who, _) in enumerate(turns) if not n or turns[n - 1][0] != who]
    if len(cutaways) > len(starts) - 1:
        raise Unfit(
            f"cutaways: {len(cutaways)} were given, and there are {len(starts) - 1} cuts to put "
            "them at"
        )
    between = {
        starts[(n + 1) * len(starts) // (len(cutaways) + 1)]: cutaway(
            next_number("cutaway", options) + n, words, setting, lighting, min(seconds, 3.0)
        )
        for n, words in enumerate(cutaways)
    }
    said = Prompt(setting=setting, camera=camera, lighting=lighting, action="-")
    shots: list[Shot] = []
    characters = {**left_cast, **right_cast}
    if establishing is not None:
        shots.append(_place(establishing, said))
    if master is not None:
        both, still = cast(f"{left}-and-{right}", None, options, {"two_shot": master}, "master")
        characters |= both
        shots.append(_two_shot(still["two_shot"], people[left], people[right], said, seconds))
    taken: set[str] = set()
    for n, (who, action) in enumerate(turns):
        if n in between:
            shots.append(between[n])
        level = n * len(sizes) // len(turns)
        shot: Shot
        if n in starts:
            shot = _angle(people[who], sizes, level, action, said, seconds, taken)
        else:
            shot = _rolls(shots[-1], action, seconds, taken)
        taken.add(shot.id)
        shots.append(shot)
    return make_scene("Conversation", shots, options, characters=characters)


def _stills(
    name: str, look: str | None, files: Sequence[str | Path], side: str, options: SceneOptions
) -> tuple[Mapping[str, Character], tuple[str, ...]]:
    """The character, and its stills from wide to close as shots name them."""
    keys = CANONICAL[len(files)]
    named = dict(zip(keys, files, strict=True))
    characters, refs = cast(name, look, options, named, f"{side}_keyframes")
    return characters, tuple(refs.values())


def _turns(beats: Sequence[str], left: str, right: str) -> list[tuple[str, str]]:
    """Who does what, beat after beat.

    >>> _turns(["he asks", "theo: he waits", "she nods"], "theo", "ines")
    [('theo', 'he asks'), ('theo', 'he waits'), ('ines', 'she nods')]
    """
    turns: list[tuple[str, str]] = []
    for beat in beats:
        named = re.match(r"([\w-]+):\s*(.*)", beat, re.DOTALL)
        if named is None:
            turns.append((right if turns and turns[-1][0] == left else left, beat))
            continue
        who = next((name for name in (left, right) if name.lower() == named[1].lower()), None)
        if who is None:
            near = hint(named[1], (left, right))
            raise Unfit(f"beats: {named[1]!r} is neither {left!r} nor {right!r}{near}")
        if not named[2]:
            raise Unfit(f"beats: {beat!r} says nothing that {who!r} does")
        turns.append((who, named[2]))
    return turns


def _place(action: str, said: Prompt) -> TextShot:
    parts = {"framing": "wide establishing shot", "action": action, "camera": "slow push-in"}
    return TextShot(id="establishing", prompt=said.model_copy(update=parts), seconds=3.0)


def _two_shot(still: str, left: _Person, right: _Person, said: Prompt, seconds: float) -> ImageShot:
    parts = {
        "framing": "wide two-shot, both in profile, facing each other",
        "subject": f"{left.name} on the left and {right.name} on the right",
        "action": "they sit still and look at each other",
    }
    return ImageShot(
        id="master", keyframe=still, prompt=said.model_copy(update=parts), seconds=seconds
    )


def _angle(
    who: _Person,
    sizes: Sequence[str],
    level: int,
    action: str,
    said: Prompt,
    seconds: float,
    taken: set[str],
) -> ImageShot:
    """A turn: the speaker's own side of the line, in the size that the talk has come to."""
    parts = {
        "framing": f"{sizes[level]}, {SIDES[who.side]}",
        "subject": who.look,
        "action": action,
    }
    number = 1 + sum(re.fullmatch(rf"{id_of(who.name)}-\d+", id) is not None for id in taken)
    return ImageShot(
        id=free(f"{id_of(who.name)}-{number}", taken),
        keyframe=who.stills[level * len(who.stills) // len(sizes)],
        prompt=said.model_copy(update=parts),
        seconds=seconds,
    )


def _rolls(before: Shot, action: str, seconds: float, taken: set[str]) -> ExtendShot:
    """The same person goes on: a new angle here would be a jump cut."""
    base = before.id.partition("-goes-on")[0]
    return ExtendShot(
        id=free(f"{base}-goes-on", taken),
        parent=before.id,
        prompt=Prompt(action=action, camera="steady, no zoom"),
        seconds=seconds,
    )
