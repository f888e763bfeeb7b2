"""What a shot asks for: its prompt in words, its negative prompt, its parameters, its length.

A prompt written as one text is sent as it is. A prompt in parts is rendered in one order, with
the continuity locks of its kind of shot; a lock that the writer already has is not said twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from scenegraph.scene.fixes import FIXES, Failure, unsaid, with_negatives
from scenegraph.scene.loras import Lora, Worn, everywhere, merged, worn_in
from scenegraph.scene.model import Scene
from scenegraph.scene.presets import DEFAULT_FRAMES, find_preset
from scenegraph.scene.shots import (
    ExtendShot,
    FrameOf,
    MotionShot,
    Prompt,
    Shot,
    TextShot,
)
from scenegraph.units import whole_frames

#: The model's own default, then continuity helpers (from the project's craft reference).
NEGATIVE_PROMPT = (
    "worst quality, inconsistent motion, blurry, jittery, distorted, flicker, face warp, "
    "deformed hands, extra fingers, duplicate limbs, sudden zoom, inconsistent lighting"
)

_SAME = r"\b(same|keep) (\w+,? (and )?){0,4}"
_ROOM = ("location", "room", "place", "environment", "setting")

#: Each lock, a word that must be there for it, and the wordings by which a writer already has it.
LOCKS: dict[str, tuple[tuple[str, ...], re.Pattern[str]]] = {
    lock: (words, re.compile(wording, re.IGNORECASE))
    for lock, words, wording in (
        ("same face", ("face", "identity", "person", "character"),
         _SAME + r"(face|identity|person|character)\b|\bno face"),
        ("same outfit", ("outfit", "cloth", "wardrobe"), _SAME + r"(outfit|cloth\w*|wardrobe)\b"),
        ("same location", _ROOM, _SAME + rf"({'|'.join(_ROOM)})\b"),
        ("no scene cut", ("cut",), r"\bno (\w+ ){0,2}cuts?\b"),
        ("no style change", ("style",), r"\bno style change|\bsame style\b"),
        ("no flicker", ("flicker",), r"\bno flicker"),
        ("no face change", ("face",), r"\bno face (change|drift|warp)|\bsame face\b"),
        ("no face drift", ("face",), r"\bno face (change|drift|warp)|\bsame face\b"),
    )
}  # fmt: skip
_STARTS = ("same face", "same outfit", "same location", "no scene cut", "no style change")
_HOPS = ("no flicker", "no face change", "no scene cut")
_HOPS_OF_PLACES = ("no flicker", "no scene cut", "no style change")
_DIRECTED = ("no scene cut", "no flicker", "no face drift")
_PLACES = ("no scene cut", "no flicker")

CONTINUE = "Continue the same shot seamlessly"
GOES_ON = "The moment goes on, calm and steady, with minimal movement"
_MOMENT = Prompt(action=GOES_ON, camera="stable, no zoom, no cut")

_PREPOSITION = re.compile(
    r"^(in|at|on|inside|under|by|near|outside|along|beside|behind|above|below|beneath|aboard|among"
    r"|across|within|through|over|between|against|around|next to|in front of|atop|amid)\b",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\b(platform|beach|bridge|roof|rooftop|stage|road|pier|balcony|deck|street|hill|shore)$"
)
_AT = re.compile(r"\b(station|table|window|door|desk|bar|crossing|counter|stop|gate|altar|piano)$")
_HEAD_ENDS = re.compile(r",| (?:at|in|of|with|on|by|near|under|during|before|after|full)\b")


def place_phrase(setting: str) -> str:
    """A setting with the preposition that it lacks.

    >>> place_phrase("an empty platform at night"), place_phrase("a train carriage")
    ('on an empty platform at night', 'in a train carriage')
    >>> place_phrase("under the bridge"), place_phrase("a bar")
    ('under the bridge', 'at a bar')
    """
    if _PREPOSITION.match(setting):
        return setting
    head = _HEAD_ENDS.split(setting, maxsplit=1)[0].rstrip(" .")
    word = "on" if _ON.search(head) else "at" if _AT.search(head) else "in"
    return f"{word} {setting}"


def render_prompt(scene: Scene, shot: Shot) -> str:
    """The prompt as it is sent.

    `[framing], [subject], in/at [setting], [action]. Camera: …. Lighting: …. Continuity: ….`
    A hop continues: it opens with the same shot going on, and does not tell again what the shot
    before it has told in the same words. A directed shot leaves to its keyframe and its motion
    what they show. The words of the shot's `fixes` come last.
    """
    prompt = shot.prompt
    if isinstance(prompt, str):
        fixes = fixes_of(scene, shot)
        return " ".join([prompt, *unsaid(fixes, prompt)]) if fixes else prompt
    parts = prompt or _MOMENT
    with_person, before = False, None
    if isinstance(shot, ExtendShot):
        with_person, before = has_person(scene, shot), _before(scene, shot)
    sentences = [*_opening(shot, parts, with_person, before)]
    parts = _untold(shot, parts, with_person, before)
    told = ", ".join(_told(scene, shot, parts))
    if told:
        sentences.append(told)
    if parts.camera:
        sentences.append(f"Camera: {parts.camera}")
    if parts.lighting:
        sentences.append(f"Lighting: {parts.lighting}")
    own = (parts.continuity or "").strip().rstrip(".")
    said = ". ".join([*sentences, own])
    fixes = fixes_of(scene, shot)
    against = unsaid(fixes, said) if fixes else ()
    continuity = _continuity(_locks(shot, with_person), own, " ".join([said, *against]))
    if continuity:
        sentences.append(f"Continuity: {continuity}")
    return " ".join([_closed(sentence) for sentence in (*sentences, *against)])


def fixes_of(scene: Scene, shot: Shot) -> tuple[Failure, ...]:
    """The fixes that are switched on for a shot: the scene's, then its own."""
    if not scene.fixes:
        return shot.fixes
    person = has_person(scene, shot)
    common = [name for name in scene.fixes if person or not FIXES[name].of_people]
    return tuple(dict.fromkeys((*common, *shot.fixes)))


def _untold(shot: Shot, parts: Prompt, with_person: bool, before: Prompt | None) -> Prompt:
    """The parts without what the model was told, or is shown, already."""
    blank: dict[str, str | None] = {}
    if before is not None:
        names = ("framing", "setting", "lighting", "subject")
        for name in names if with_person else names[:3]:
            own = getattr(parts, name)
            if own and _same(own, getattr(before, name)):
                blank[name] = None
    elif isinstance(shot, MotionShot):
        if parts.subject and shot.character and _same(parts.subject, shot.character):
            blank["subject"] = None  # the opening says that the keyframe shows who
        if parts.camera and shot.motion is not None and "reference" in parts.camera.lower():
            clauses = parts.camera.split(",")
            own = ",".join(one for one in clauses if not _REFERENCE.search(one))
            blank["camera"] = own.strip() or None
    return parts.model_copy(update=blank) if blank else parts


_REFERENCE = re.compile(r"\breference\b", re.IGNORECASE)


def _before(scene: Scene, shot: ExtendShot) -> Prompt | None:
    """The words that the shot before a hop was told in parts, if it was."""
    parent = scene.shot(shot.parent)
    for _ in scene.shots:  # a hop without words goes on with those before it
        if parent.prompt is not None or not isinstance(parent, ExtendShot):
            break
        parent = scene.shot(parent.parent)
    return parent.prompt if isinstance(parent.prompt, Prompt) else None


def _same(one: str, other: str | None) -> bool:
    if one is other or other is None:
        return other is not None
    return one.strip(" .").lower() == other.strip(" .").lower()


def _is_other(one: str | None, before: str | None) -> bool:
    return bool(one and before) and not _same(one or "", before)


def _continues(parts: Prompt) -> bool:
    """Whether the writer has said already that the shot goes on."""
    words = " ".join([word for word in parts.__dict__.values() if word])
    return "ontinu" in words and _CONTINUES.search(words) is not None


_CONTINUES = re.compile(r"\bcontinu\w+ (the (same )?(shot|scene)|seamlessly)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _closed(sentence: str) -> str:
    """Capital first letter, one full stop."""
    text = sentence.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…", '"')) else f"{text.rstrip(',;:')}."


def _opening(shot: Shot, parts: Prompt, with_person: bool, before: Prompt | None) -> Sequence[str]:
    if isinstance(shot, ExtendShot):
        same = ["same character", "same outfit", "same location"] if with_person else ["same place"]
        # What a hop tells anew on purpose is not said to be the same.
        if before is not None and _is_other(parts.setting, before.setting):
            same.pop()
        if before is None or not _is_other(parts.lighting, before.lighting):
            same.append("same lighting")
        opening = [] if _continues(parts) else [CONTINUE]
        return [*opening, ", ".join(same)] if same else opening
    if isinstance(shot, MotionShot):
        opening = []
        if shot.parent is not None and not _continues(parts):
            opening.append(CONTINUE)
        if shot.motion is not None:
            opening.append("Follow the motion and camera pacing of the reference video")
        opening.append("Keep identity and outfit from the reference image")
        return opening
    return ()


def _told(scene: Scene, shot: Shot, parts: Prompt) -> list[str]:
    subject = parts.subject and with_looks(scene, parts.subject)
    if subject is None and shot.kind == "i2v":
        subject = "same character as the reference image"
    setting = place_phrase(parts.setting) if parts.setting else None
    words = (parts.framing, subject, setting, parts.action)
    return [part.strip().rstrip(".,;") for part in words if part]


def with_looks(scene: Scene, subject: str) -> str:
    """A subject with every character's name replaced by that character's look."""
    names = scene.names_of_cast if scene.characters else None
    if names is None:
        return subject
    looks = {name.lower(): cast.look or name for name, cast in scene.characters.items()}
    return names.sub(lambda found: looks[found[1].lower()], subject)


def named_characters(scene: Scene, shot: Shot) -> tuple[str, ...]:
    """Characters that a shot shows: its keyframe's, and those its subject names."""
    own = shot.character
    found = [own] if own is not None and own in scene.characters else []
    names = scene.names_of_cast
    if names is not None and isinstance(shot.prompt, Prompt) and shot.prompt.subject:
        by_lower = {name.lower(): name for name in scene.characters}
        found += [by_lower[match[1].lower()] for match in names.finditer(shot.prompt.subject)]
    return tuple(dict.fromkeys(found))


def has_person(scene: Scene, shot: Shot) -> bool:
    """True when a keyframe or a named character stands at the start of the shot's chain."""
    start = scene.start_of(shot)
    if not isinstance(start, TextShot):
        return True
    return bool(scene.characters) and bool(named_characters(scene, start))


def _locks(shot: Shot, with_person: bool) -> Sequence[str]:
    if isinstance(shot, ExtendShot):
        return _HOPS if with_person else _HOPS_OF_PLACES
    if isinstance(shot, MotionShot):
        return _DIRECTED
    return _PLACES if isinstance(shot, TextShot) else _STARTS


def missing_locks(scene: Scene, shot: Shot, said: str) -> tuple[str, ...]:
    """The locks of this kind of shot that the text `said` does not have in any wording."""
    return _missing(_locks(shot, has_person(scene, shot)), said)


def _missing(locks: Sequence[str], said: str) -> tuple[str, ...]:
    plain, missing = said.lower(), []
    for lock in locks:
        words, wording = LOCKS[lock]
        for word in words:
            if word in plain:  # looking for words is cheap, and most texts have none of them
                if wording.search(said) is None:
                    missing.append(lock)
                break
        else:
            missing.append(lock)
    return tuple(missing)


def _continuity(locks: Sequence[str], own: str, said: str) -> str:
    if own.lower() == "none":
        return ""
    missing = _missing(locks, said)
    return ", ".join([own, *missing] if own else missing)


def negative_prompt(scene: Scene, shot: Shot) -> str:
    """What must not be seen: the shot's own words, a preset's, or the default with its helpers;
    and the words of the fixes that are switched on."""
    return with_negatives(_own_negative(scene, shot), fixes_of(scene, shot))


def _own_negative(scene: Scene, shot: Shot) -> str:
    if shot.negative_prompt is not None:
        return shot.negative_prompt
    for name in (shot.preset, scene.preset):
        found = (find_preset(name, scene.presets, scene.model) or {}) if name else {}
        if "negative_prompt" in found:
            return str(found["negative_prompt"])
    return NEGATIVE_PROMPT


def shot_parameters(scene: Scene, shot: Shot) -> dict[str, Any]:
    """Catalog fields by name for one shot, without prompt, seed, frame count and files.

    What is more particular wins: the scene's preset < its picture < the shot's preset < the
    shot's parameters. A preset's `expand_prompt` counts for t2v alone: anywhere else a prompt
    that grows by itself breaks continuity.
    """
    values: dict[str, Any] = dict(scene.common_parameters)
    if shot.preset is not None:
        values.update(find_preset(shot.preset, scene.presets, scene.model) or {})
    if shot.kind != "t2v" and values.get("expand_prompt"):
        values["expand_prompt"] = False
    values.pop("num_frames", None)
    values.pop("negative_prompt", None)
    values.update(shot.parameters)
    loras = shot_loras(scene, shot)
    if loras:
        values["loras"] = [lora.model_dump(exclude_none=True, exclude={"kind"}) for lora in loras]
    return values


def has_loras(scene: Scene, shot: Shot) -> bool:
    """False where there can be no adapters: neither the shot, the scene nor its people name one."""
    people = scene.characters
    return bool(shot.loras or scene.loras) or (
        bool(people) and any(cast.loras for cast in people.values())
    )


def worn_by(scene: Scene, shot: Shot) -> tuple[Worn, ...]:
    """The adapters of a shot: of the characters in its chain, of every shot, then its own."""
    cast = scene.characters
    if not has_loras(scene, shot):
        return ()
    people = dict.fromkeys((*_people_before(scene, shot), *named_characters(scene, shot)))
    found = [
        worn
        for name in people
        for worn in worn_in(scene, cast[name].loras, ("characters", name, "loras"), "character")
    ]
    own = worn_in(scene, shot.loras, ("shots", shot.id, "loras"))
    return merged((*found, *everywhere(scene), *own))


def _people_before(scene: Scene, shot: Shot) -> Iterator[str]:
    """Who stands at the start of a shot's chain, or in the shot that its keyframe is a frame of."""
    start = scene.start_of(shot)
    for _ in scene.shots:
        yield from named_characters(scene, start)
        source = frame_source(start)
        if source is None:
            return
        start = scene.start_of(scene.shot(source.shot))


def shot_loras(scene: Scene, shot: Shot) -> tuple[Lora, ...]:
    """The adapters that a shot is asked for with, in the order of the request; each file once."""
    return tuple(worn.lora for worn in worn_by(scene, shot))


def frame_rate(scene: Scene, shot: Shot) -> int:
    """Frames per second that the shot is asked at."""
    own = find_preset(shot.preset, scene.presets, scene.model) if shot.preset is not None else None
    for values in (shot.parameters, own or {}):
        value = values.get("frame_rate")
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return scene.picture.frame_rate


def new_frames(scene: Scene, shot: Shot) -> int:
    """Frames of NEW picture that are wanted, before any snapping to what a model can make."""
    if shot.frames is not None:
        return shot.frames
    if shot.seconds is not None:
        rate = Fraction(frame_rate(scene, shot))
        return max(1, whole_frames(shot.seconds, rate))
    for name in (shot.preset, scene.preset):
        found = (find_preset(name, scene.presets, scene.model) or {}) if name else {}
        if "num_frames" in found:
            return int(found["num_frames"])
    return DEFAULT_FRAMES


def frame_source(shot: Shot) -> FrameOf | None:
    """The frame of another shot that this one starts from, if it does."""
    keyframe = shot.picture_of
    return keyframe if isinstance(keyframe, FrameOf) else None
