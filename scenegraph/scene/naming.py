"""What things are called in the film that they come to: free names, and all that names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenegraph.scene.loras import Lora, LoraUse
from scenegraph.scene.shots import (
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Prompt,
    Shot,
    without_hop,
)

#: The longest id that a shot may have.
LONGEST = 64


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or the first of `name-2`, `name-3` … that is not taken.

    A prompt finds its people by name in any case, so `Mara-2` takes `mara-2` too.

    >>> free_name("opening", {"opening", "Opening-2"})
    'opening-3'
    """
    number, free = 1, name
    taken = {one.casefold() for one in taken}
    while free.casefold() in taken:
        number += 1
        tail = f"-{number}"
        free = name[: LONGEST - len(tail)] + tail
    return free


@dataclass(slots=True)
class Names:
    """What the things that come are called in the film."""

    shots: dict[str, str] = field(default_factory=dict)
    characters: dict[str, str] = field(default_factory=dict)
    motions: dict[str, str] = field(default_factory=dict)
    presets: dict[str, str] = field(default_factory=dict)
    loras: dict[str, str] = field(default_factory=dict)

    def ref(self, ref: str) -> str:
        """A shot, or one of its hops, as the film calls it."""
        base = without_hop(ref)
        return self.shots.get(base, base) + ref[len(base) :]

    def subject(self, words: str) -> str:
        """The subject of a prompt with each character as the film calls it."""
        changed = {old.lower(): new for old, new in self.characters.items() if old != new}
        if not changed:
            return words
        names = "|".join(re.escape(name) for name in sorted(changed, key=len)[::-1])
        pattern = re.compile(rf"(?<![\w-])({names})(?![\w-])", re.IGNORECASE)
        return pattern.sub(lambda found: changed[found[1].lower()], words)


def is_spoken_of(name: str, shots: Iterable[Shot]) -> bool:
    """True when the subject of a prompt says a character's name as a whole word."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    prompts = [shot.prompt for shot in shots]
    return any(isinstance(one, Prompt) and word.search(one.subject or "") for one in prompts)


def renamed(shot: Shot, names: Names) -> Shot:
    """The shot with its own name, and all that it names, as the film calls them."""
    update: dict[str, Any] = {"id": names.shots[shot.id]}
    if shot.preset is not None:
        update["preset"] = names.presets.get(shot.preset, shot.preset)
    if isinstance(shot.prompt, Prompt) and shot.prompt.subject:
        subject = names.subject(shot.prompt.subject)
        update["prompt"] = shot.prompt.model_copy(update={"subject": subject})
    if isinstance(shot, (ExtendShot, MotionShot)) and shot.parent is not None:
        update["parent"] = names.ref(shot.parent)
    if isinstance(shot, MotionShot) and shot.motion is not None:
        update["motion"] = names.motions.get(shot.motion, shot.motion)
    if isinstance(shot, (ImageShot, MotionShot)):
        update["keyframe"] = _keyframe(shot.keyframe, names)
    if shot.loras:
        update["loras"] = loras_as(shot.loras, names.loras)
    return shot.model_copy(update=update)


def loras_as(used: Sequence[str | LoraUse | Lora], names: Mapping[str, str]) -> tuple[Any, ...]:
    """LoRAs of a character or a shot, named as the film calls them now."""
    found: list[Any] = []
    for one in used:
        if isinstance(one, str):
            found.append(names.get(one, one))
        elif isinstance(one, LoraUse):
            found.append(one.model_copy(update={"name": names.get(one.name, one.name)}))
        else:
            found.append(one)
    return tuple(found)


def _keyframe(keyframe: str | FrameOf, names: Names) -> str | FrameOf:
    if isinstance(keyframe, FrameOf):
        return keyframe.model_copy(update={"shot": names.ref(keyframe.shot)})
    character, dot, still = keyframe.partition(".")
    return names.characters.get(character, character) + dot + still
