"""Names that point at other parts of the scene must point at something. All of them at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scenegraph.errors import Place, Problem, did_you_mean
from scenegraph.scene.budgets import check_budgets
from scenegraph.scene.conditioning import FILE_FIELDS, mistakes_in
from scenegraph.scene.graph import find_cycle, hop_ids
from scenegraph.scene.presets import BUILT_IN
from scenegraph.scene.shots import ExtendShot, FrameOf, MotionShot, ShotBase, without_hop

if TYPE_CHECKING:
    from scenegraph.scene.model import Scene

#: `where(*loc)` → the place of a field.
Where = Callable[..., Place]
#: Shot → its ids with hops written out.
Hops = Mapping[str, tuple[str, ...]]

MOST_SHOTS = 20_000

#: Fields of a request that the engine fills in itself, and what to write instead.
OURS = {
    "prompt": "Write it as `prompt:` of the shot.",
    "negative_prompt": "Write it as `negative_prompt:` of the shot.",
    "num_frames": "Write `seconds:` or `frames:`; they count NEW picture on every endpoint.",
    "seed": "Write it as `seed:` of the shot.",
    "loras": "Write it as `loras:` of the shot or of its character.",
    "image_url": "Write `keyframe:`; the file is uploaded for you.",
    "video_url": "Write `parent:` or `motion:`; the file is uploaded for you.",
    "video": "Write `parent:`; the tail of its take is uploaded for you.",
    "images": "Write `keyframe:`; the file is uploaded for you.",
    "videos": "Write `motion:` or `parent:`; the file is uploaded for you.",
}
#: What a user's preset may say about length and picture, and in which words.
_BOUNDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "num_frames": (lambda v: _whole(v) and 1 <= v <= 1441, "a whole number from 1 to 1441"),
    "frame_rate": (lambda v: _whole(v) and 1 <= v <= 60, "a whole number from 1 to 60"),
    "resolution": (lambda v: v in ("480p", "720p"), "480p or 720p"),
    "aspect_ratio": (lambda v: v in ("16:9", "9:16", "1:1", "auto"), "16:9, 9:16, 1:1 or auto"),
}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_references(scene: Scene, where: Where) -> list[Problem]:
    """Every name that points nowhere, every id given twice, every loop."""
    hops = {shot.id: hop_ids(shot) for shot in scene.shots}
    known = {*hops, *(id for ids in hops.values() for id in ids)}
    return [
        *_presets(scene, where),
        *check_budgets(scene, where),
        *_loras(scene, where),
        *_shots(scene, known, hops, where),
        *_reel(scene, known, hops, where),
        *_loops(scene, known, where),
    ]


def _presets(scene: Scene, where: Where) -> Iterator[Problem]:
    known = {**BUILT_IN, **scene.presets}
    if scene.preset not in known:
        yield _unknown("preset", scene.preset, known, where("preset"))
    for name, values in scene.presets.items():
        for field, value in values.items():
            place = where("presets", name, field)
            if field in _BOUNDS and not _BOUNDS[field][0](value):
                must = _BOUNDS[field][1]
                message = f"`{field}` of preset {name!r} is {value!r}; it must be {must}."
                yield Problem(message, place, "", "out-of-range")
            elif field in OURS and field not in ("num_frames", "negative_prompt"):
                yield _ours(field, f"preset {name!r}", place)


def _loras(scene: Scene, where: Where) -> Iterator[Problem]:
    lists = [
        *((("characters", name, "loras"), cast.loras) for name, cast in scene.characters.items()),
        *((("shots", shot.id, "loras"), shot.loras) for shot in scene.shots),
    ]
    for at, used in lists:
        for n, one in enumerate(used):
            name = one if isinstance(one, str) else getattr(one, "name", None)
            if name is None or name in scene.loras:
                continue
            place = where(*at, n) if isinstance(one, str) else where(*at, n, "name")
            message = f"There is no LoRA {name!r}.{did_you_mean(name, scene.loras)}"
            known = f"There are: {', '.join(scene.loras)}." if scene.loras else ""
            expected = known or "Name it under `loras:` of the scene, with its `kind` and `path`."
            yield Problem(message, place, expected, "unknown-lora")


def _unknown(what: str, name: str, known: Collection[str], place: Place) -> Problem:
    message = f"There is no {what} {name!r}.{did_you_mean(name, known)}"
    there = f"There are: {', '.join(known)}." if known else ""
    return Problem(message, place, there, f"unknown-{what}")


def _ours(field: str, owner: str, place: Place) -> Problem:
    message = f"`{field}` cannot stand in {owner}: the engine fills it in."
    return Problem(message, place, OURS[field], "not-a-parameter")


def _shots(scene: Scene, known: Collection[str], hops: Hops, where: Where) -> Iterator[Problem]:
    presets = {**BUILT_IN, **scene.presets}
    seen: set[str] = set()
    if sum(map(len, hops.values())) > MOST_SHOTS:
        message = f"With hops written out this scene has more than {MOST_SHOTS:,} shots."
        yield Problem(message, where("shots"), "Split it into several scenes.", "too-large")
        return
    for shot in scene.shots:
        at = ("shots", shot.id)
        if shot.id in seen:
            message = f"Two shots have the id {shot.id!r}."
            yield Problem(message, where(*at), "Rename one of them.", "given-twice")
        seen.add(shot.id)
        if shot.preset is not None and shot.preset not in presets:
            yield _unknown("preset", shot.preset, presets, where(*at, "preset"))
        for field in (OURS.keys() - FILE_FIELDS) & shot.parameters.keys():
            yield _ours(field, f"`parameters` of shot {shot.id!r}", where(*at, "parameters", field))
        for spot, wrong, may in mistakes_in(shot):
            message = f"`{spot[0]}` in `parameters` of shot {shot.id!r}: {wrong}."
            yield Problem(message, where(*at, "parameters", *spot), may, "not-a-parameter")
        yield from _parent(shot, known, hops, where)
        yield from _keyframe(scene, shot, known, hops, where)
        if isinstance(shot, MotionShot) and shot.motion not in (None, *scene.motions):
            yield _unknown("motion", str(shot.motion), scene.motions, where(*at, "motion"))


def _no_shot(ref: str, known: Collection[str], hops: Hops) -> str:
    base = without_hop(ref)
    if base != ref and base in hops:
        count = len(hops[base])
        return f"shot {base!r} has {count} hop{'s' if count != 1 else ''}, and {ref!r} is not one."
    return f"{ref!r}, which is not in this scene.{did_you_mean(ref, known)}"


def _parent(shot: ShotBase, known: Collection[str], hops: Hops, where: Where) -> Iterator[Problem]:
    parent = shot.tail_of
    if parent is None or parent in known:
        return
    verb = "extends" if isinstance(shot, ExtendShot) else "goes on from"
    message = f"Shot {shot.id!r} {verb} {_no_shot(parent, known, hops)}"
    expected = "`parent:` names a shot of this scene."
    yield Problem(message, where("shots", shot.id, "parent"), expected, "unknown-parent")


def _keyframe(
    scene: Scene,
    shot: ShotBase,
    known: Collection[str],
    hops: Hops,
    where: Where,
) -> Iterator[Problem]:
    keyframe = shot.picture_of
    if isinstance(keyframe, FrameOf):
        if keyframe.shot not in known:
            message = f"Shot {shot.id!r} takes a frame of {_no_shot(keyframe.shot, known, hops)}"
            place = where("shots", shot.id, "keyframe", "from")
            yield Problem(message, place, "`from:` names a shot of this scene.", "unknown-parent")
        return
    if keyframe is None:
        return
    character, dot, name = keyframe.partition(".")
    who = scene.characters.get(character)
    if who is not None and name in who.keyframes:
        return
    place = where("shots", shot.id, "keyframe")
    names = [f"{who}.{frame}" for who, cast in scene.characters.items() for frame in cast.keyframes]
    expected = (
        f"Keyframes here: {', '.join(names)}." if names else "Give stills under `characters:`."
    )
    if who is None:
        hint = did_you_mean(keyframe, names) or did_you_mean(character, scene.characters)
        starts = f"Shot {shot.id!r} starts from {keyframe!r}"
        message = f"{starts}, but there is no character {character!r}.{hint}"
        yield Problem(message, place, expected, "unknown-character")
        return
    if not dot:
        message = (
            f"Shot {shot.id!r} starts from {keyframe!r}, which names no still of that character."
        )
        first = next(iter(who.keyframes), "front_closeup")
        yield Problem(message, place, f"Write `{character}.{first}`.", "unknown-keyframe")
        return
    hint = did_you_mean(keyframe, names)
    message = (
        f"Shot {shot.id!r} starts from {keyframe!r}, but {character} has no still {name!r}.{hint}"
    )
    yield Problem(message, place, expected, "unknown-keyframe")


def _reel(scene: Scene, known: Collection[str], hops: Hops, where: Where) -> Iterator[Problem]:
    played: set[str] = set()
    for n, ref in enumerate(scene.reel.order or ()):
        if not ref:  # it is no name at all, which is told already
            continue
        place = where("reel", "order", n)
        if ref not in known:
            message = f"`reel.order` plays {_no_shot(ref, known, hops)}"
            yield Problem(message, place, "It names shots of this scene.", "unknown-shot")
            continue
        ids = {ref} if ref not in hops else set(hops[ref])
        if ids & played:
            message = f"`reel.order` plays {ref!r} twice."
            yield Problem(message, place, "Name each shot once.", "given-twice")
        played |= ids
    for ref in scene.reel.transitions:
        if ref not in known:
            message = f"`reel.transitions` is about {_no_shot(ref, known, hops)}"
            place = where("reel", "transitions", ref)
            yield Problem(message, place, "It names the shot that is entered.", "unknown-shot")
    for ref in scene.reel.lengths:
        place = where("reel", "lengths", ref)
        if ref not in known:
            message = f"`reel.lengths` is about {_no_shot(ref, known, hops)}"
            yield Problem(message, place, "It names shots of this scene.", "unknown-shot")
        elif tuple(hops.get(ref, (ref,))) != (ref,):
            message = f"`reel.lengths` gives {ref!r} one length, and it has {len(hops[ref])} hops."
            expected = f"Name one of them, such as {hops[ref][-1]!r}, and its own length."
            yield Problem(message, place, expected, "not-one-shot")
    endings: dict[str, int] = {}
    for n, one in enumerate(scene.reel.deliver):
        before = n if one.is_the_reel else endings.setdefault(one.ending.casefold(), n)
        if before != n:
            message = f"`reel.deliver` makes two files that end in {one.ending!r}."
            expected = "Give one of them a `name:`, which is the middle word of its file."
            yield Problem(message, where("reel", "deliver", n), expected, "given-twice")
        for path, ref in one.shots:
            if ref not in known:
                message = f"The {one.format} of `reel.deliver` names {_no_shot(ref, known, hops)}"
                place = where("reel", "deliver", n, *path)
                yield Problem(message, place, "It names shots of this scene.", "unknown-shot")
    for at, track in scene.reel.tracks:
        if isinstance(track.at, str) and track.at not in known:
            message = f"The track {track.file!r} begins with {_no_shot(track.at, known, hops)}"
            expected = "`at:` is seconds of the reel, or a shot of this scene."
            yield Problem(message, where("reel", *at[:-1], "at"), expected, "unknown-shot")
        if not isinstance(track.at, str):
            for field, given in (("lead", track.lead), ("trail", track.trail is not None)):
                if given:
                    message = f"The track {track.file!r} has a `{field}`, and begins with no shot."
                    expected = "`at:` names the shot whose picture it leads or outlasts."
                    place = where("reel", *at[:-1], field)
                    yield Problem(message, place, expected, "wrong-value")


def _loops(scene: Scene, known: Collection[str], where: Where) -> Iterator[Problem]:
    shots = {shot.id: shot for shot in scene.shots}

    def base(ref: str) -> str:
        return ref if ref in shots else without_hop(ref)

    parents = {
        id: tuple(dict.fromkeys(base(parent) for parent in shot.parents if parent in known))
        for id, shot in shots.items()
    }
    for loop in find_cycle(parents):
        tail = shots[loop[0]].tail_of
        field = "parent" if tail is not None and base(tail) == loop[-1] else "keyframe"
        if len(loop) == 1:
            message = f"Shot {loop[0]!r} hangs on itself."
        else:
            *others, last = [repr(id) for id in loop]
            round_trip = " → ".join([*loop, loop[0]])
            message = f"Shots {', '.join(others)} and {last} hang on each other: {round_trip}."
        expected = "A chain needs a first shot that hangs on none of the others."
        yield Problem(message, where("shots", loop[0], field), expected, "cycle")
