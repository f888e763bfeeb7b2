"""A hop may bring in nothing: no person, object, wardrobe or place that its chain has not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scenegraph.scene.model import Scene
from scenegraph.scene.prompt import render_prompt
from scenegraph.scene.rules.seen import At, Seen, parts_of, said
from scenegraph.scene.shots import ExtendShot

_NEW = re.compile(
    r"\b(enters|appears|arrives|walks in|comes in|changes into|puts on|takes off|now wearing"
    r"|now in|new (outfit|dress|coat|location|room|person|character)|cut to"
    r"|another (man|woman|person|room))\b",
    re.I,
)
#: Things that a hand takes up and clothes that a body wears: such a word must have been there.
_THINGS = re.compile(
    r"\b(umbrellas?|suitcases?|bags?|phones?|guns?|pistols?|kni(?:fe|ves)|swords?|letters?|books?"
    r"|newspapers?|cigarettes?|candles?|lanterns?|torch(?:es)?|bottles?|glass of \w+|cups?|mugs?"
    r"|flowers?|bouquets?|dogs?|cats?|horses?|keys|coats?|jackets?|dress(?:es)?|hats?|scar(?:f|ves)"
    r"|gloves?|hood|sweaters?|cardigans?|shirts?|suits?|uniforms?|capes?|veils?|masks?"
    r"|sunglasses)\b",
    re.I,
)
_NOT_THERE = re.compile(r"\b(no|without|never|not)\b[^.,;]*$", re.I)
_WORD = re.compile(r"[^\W\d_]{4,}")
#: Words of a setting that say nothing about which place it is.
_ANYWHERE = frozenset(
    {"same", "with", "this", "that", "behind", "before", "front", "near", "from", "into", "onto"}
    | {"under", "above", "beside", "outside", "inside", "through", "night", "morning", "evening"}
    | {"dusk", "dawn", "noon", "light", "dark", "still", "empty", "small", "large", "quiet"}
)


def new_in_a_hop(scene: Scene) -> Iterator[Seen]:
    """A hop keeps rolling; what was not in the picture before comes out of nowhere, or melts in."""
    for shot in scene.shots:
        if not isinstance(shot, ExtendShot):
            continue
        whole: At = ("shots", shot.id, "prompt")
        found = _NEW.search(said(shot))
        if found:
            yield Seen(shot.id, f"Hop {shot.id!r} brings in something new ({found[0]!r}).", whole)
            continue
        shown = _shown_before(scene, shot)
        thing = _new_thing(_acted(shot), shown)
        if thing:
            message = f"Hop {shot.id!r} brings in {thing!r}, which nothing before it shows."
            yield Seen(shot.id, message, whole)
        parts = parts_of(shot)
        if parts is not None and parts.setting and _is_elsewhere(parts.setting, shown):
            message = f"Hop {shot.id!r} is set somewhere else ({parts.setting!r})."
            yield Seen(shot.id, message, (*whole, "setting"))


def _acted(shot: ExtendShot) -> str:
    """What the hop tells about things; its light and its camera bring in none."""
    parts = parts_of(shot)
    if parts is None:
        return said(shot)
    return ". ".join(word for word in (parts.subject, parts.action) if word)


def _shown_before(scene: Scene, shot: ExtendShot) -> str:
    """All that the chain above a hop was told, and how its people look."""
    texts, above = [], scene.shot(shot.parent)
    for _ in scene.shots:
        texts += [render_prompt(scene, above), said(above)]
        if above.tail_of is None:
            break
        above = scene.shot(above.tail_of)
    texts += [cast.look for cast in scene.characters.values() if cast.look]
    return " ".join(texts).lower()


def _new_thing(told: str, shown: str) -> str | None:
    for found in _THINGS.finditer(told):
        if _NOT_THERE.search(told[: found.start()]):
            continue
        word = found[0].lower()
        if _stem(word) not in shown:
            return word
    return None


def _stem(word: str) -> str:
    """Singular and plural are one thing: `knives` and `knife` share `kni`."""
    if word.endswith("ves"):
        return word[:-3]
    return word.rstrip("s") if len(word) > 4 else word


@lru_cache(maxsize=256)
def _places(setting: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(setting)) - _ANYWHERE


def _is_elsewhere(setting: str, shown: str) -> bool:
    """None of the words that name the place was said before, and a place was told at all."""
    words = _places(setting)
    has_place = re.search(r"\b(in|on|at|inside|outside|by|near|under|aboard) (a|an|the)\b", shown)
    return bool(words) and has_place is not None and not any(word in shown for word in words)
