"""Scenes → one scene: ids kept apart, the same cast once, settings that disagree told.

`a >> b` is `join(a, b)`. The scene on the left stays as it is, so its takes stay too; what comes
from the right is renamed where a name is taken by something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.scene.agreement import Agreement
from scenegraph.scene.apart import kept_apart
from scenegraph.scene.folders import placed
from scenegraph.scene.model import Character, DriftPolicy, Picture, Scene
from scenegraph.scene.naming import Names, free_name, is_spoken_of, loras_as, renamed
from scenegraph.scene.presets import DEFAULT_PICTURE, find_preset
from scenegraph.scene.reel import Reel
from scenegraph.scene.shots import DriftOverride, ExtendShot, Shot, without_hop
from scenegraph.scene.tracks import Track


def join(*scenes: Scene, **settings: Any) -> Scene:
    """One film of several scenes, in this order.

    Shots with an id that is taken get another one (`opening-2`), and so do characters, motions,
    presets and LoRAs that are called alike and are not the same. LoRAs for every shot, and fixes of
    the scene, stay with the shots of their own scene. A character is the same when a still or
    the look agrees and nothing contradicts; stills and adapters are then put together. Of the
    drift policy each scene's shots keep what their scene said; budgets in dollars are added up;
    the first seed and the first title stay.

    Args:
        scenes: one or more.
        settings: fields of the scene that settle what the scenes say differently, such as
            `preset="cinematic-5s"` or `picture={"frame_rate": 24}`, or that are new, as `title`.

    Returns:
        A scene in the first one's folder, or in the nearest one that holds the files of all.

    Raises:
        SceneError: they do not agree on a setting of the whole film; all of them are named.

    >>> from scenegraph.scene import TextShot
    >>> rain = Scene(title="Rain", shots=[TextShot(id="street", prompt="Rain.")])
    >>> snow = Scene(title="Snow", shots=[TextShot(id="street", prompt="Snow.")])
    >>> [(rain >> snow).title, *(shot.id for shot in (rain >> snow).shots)]
    ['Rain', 'street', 'street-2']
    """
    if not scenes:
        raise SceneError("There is no scene to join.", next="Give `join` one scene or more.")
    film, *others = scenes
    for scene in others:
        film, scene = kept_apart(*_in_one_folder(film, scene))
        film = _added(film, _Part(scene.title, _said(scene)), None, settings)
    return film if others else _added(film, _Part("", {}), None, settings)


def add_shots(
    scene: Scene,
    shots: Iterable[Shot],
    *,
    after: str | None = None,
    folder: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Scene:
    """A scene with more shots in it. They may name shots, characters and motions of the scene.

    Args:
        after: a shot; the new ones follow it and the hops behind it. At the end without it.
        folder: where the scene will lie; its own paths are written anew from there.
        settings: fields of the scene to change as well, as for `join`.
        parts: what comes with the shots: `characters`, `motions`, `presets`, `drift` … A
            character of a name that the scene has is that one, with more stills.

    Raises:
        UnknownShot: there is no shot `after`.
        SceneError: the parts say something else about the whole film than the scene does.
    """
    if folder is not None:
        scene = _kept(placed(scene, folder), scene)
    part = _Part("what is added", {**parts, "shots": tuple(shots)}, is_scene=False)
    return _added(scene, part, after, settings or {})


@dataclass(frozen=True, slots=True)
class _Part:
    """What comes to a film: the fields that it says something about."""

    title: str
    said: Mapping[str, Any]
    is_scene: bool = True


def _said(scene: Scene) -> dict[str, Any]:
    """The fields that somebody wrote; of a scene from a file all, for defaults count there too."""
    whole = scene.file is not None
    said = {
        name: getattr(scene, name)
        for name, info in type(scene).model_fields.items()
        if whole
        or name in scene.model_fields_set
        or getattr(scene, name) != info.get_default(call_default_factory=True)
    }
    preset = {**DEFAULT_PICTURE, **(find_preset(scene.preset, scene.presets, scene.model) or {})}
    picture = {
        name: value for name, value in dict(scene.picture).items() if whole or value != preset[name]
    }
    said.pop("picture", None)
    return {**said, "picture": picture} if picture else said


def _in_one_folder(film: Scene, scene: Scene) -> tuple[Scene, Scene]:
    if film._folder is None and scene._folder is None:
        return film, scene
    has_files = (
        scene.motions
        or scene.reel.tracks
        or any(cast.keyframes for cast in scene.characters.values())
    )
    if not has_files:
        return film, scene
    if scene.folder.is_relative_to(film.folder):
        return film, _kept(placed(scene, film.folder), scene)
    shared = Path(commonpath([film.folder, scene.folder]))
    return _kept(placed(film, shared), film), _kept(placed(scene, shared), scene)


def _kept(moved: Scene, before: Scene) -> Scene:
    """It counts as read from a file still: what it says by default stays said."""
    moved._file = before._file
    return moved


def _added(film: Scene, part: _Part, after: str | None, settings: Mapping[str, Any]) -> Scene:
    """The one place where something is put into a film."""
    own, said = _said(film), part.said
    names = Names()
    new_shots: Sequence[Shot] = said.get("shots", ())
    taken = {shot.id for shot in film.shots}
    for shot in new_shots:
        names.shots[shot.id] = free_name(shot.id, taken)
        taken.add(names.shots[shot.id])
    same_person = _one_person if part.is_scene else _more_of
    loras = _merged(film.loras, said.get("loras", {}), names.loras, _the_same)
    people = {
        who: cast.model_copy(update={"loras": loras_as(cast.loras, names.loras)})
        for who, cast in said.get("characters", {}).items()
    }
    characters = _merged(film.characters, people, names.characters, same_person)
    motions = _merged(film.motions, said.get("motions", {}), names.motions, _the_same)
    presets = _merged(film.presets, said.get("presets", {}), names.presets, _the_same)
    for old, new in names.characters.items():
        if old != new and characters[new].look is None and is_spoken_of(old, new_shots):
            # Prompts said its name, which now is another one's.
            characters[new] = characters[new].model_copy(update={"look": old})
    coming = {**said}
    if coming.get("preset") in names.presets:
        coming["preset"] = names.presets[coming["preset"]]

    agree = Agreement(film.title, part.title, settings)
    parts: dict[str, Any] = {
        name: agree.on(name, own, coming)
        for name in type(film).model_fields
        if name not in _OWN_WAY and (name in own or name in coming)
    }
    parts["title"] = film.title
    named = {"characters": characters, "motions": motions, "presets": presets, "loras": loras}
    parts |= {name: merged for name, merged in named.items() if merged}
    parts["picture"] = Picture(**agree.inside("picture", own, coming))
    if "seed" in own or "seed" in said:
        parts["seed"] = own.get("seed", said.get("seed"))
    if (budget := _budget(own, said)) is not None:
        parts["budget_usd"] = budget
    shots = [renamed(shot, names) for shot in new_shots]
    policy = film.drift
    if (theirs := said.get("drift")) is not None:
        policy = policy.model_copy(update={"plan_ahead": policy.plan_ahead or theirs.plan_ahead})
        shots = [_with_policy(shot, theirs, policy) for shot in shots]
    if "drift" in own or policy != film.drift:
        parts["drift"] = policy
    parts["shots"] = _after(film, after, film.shots, shots)
    parts["reel"] = _reel(film, part, after, names, shots, agree)
    agree.or_tell()
    picture = settings.get("picture")
    if picture is not None:
        parts["picture"] = Picture(**{**agree.inside("picture", own, coming), **dict(picture)})
    made = Scene(**{**parts, **{k: v for k, v in settings.items() if k != "picture"}})
    return made if film._folder is None else made.in_folder(film.folder)


#: Fields that are put together in a way of their own.
_OWN_WAY = frozenset(
    {"title", "picture", "seed", "budget_usd", "characters", "motions", "presets", "loras"}
    | {"shots", "drift", "reel"}
)


def _the_same(one: Any, other: Any) -> Any:
    return one if one == other else None


def _one_person(one: Character, other: Character) -> Character | None:
    """Both in one when they are surely the same person, else None."""
    shared = one.keyframes.items() & other.keyframes.items()
    alike = one.look is not None and one.look == other.look
    return _both(one, other) if shared or alike or one == other else None


def _more_of(one: Character, other: Character) -> Character:
    both = _both(one, other)
    if both is None:
        raise SceneError(
            "What is added says something else about a character than the scene does.",
            next="Leave its look out, or call it by another name.",
        )
    return both


def _both(one: Character, other: Character) -> Character | None:
    """What both say about a character; None when they contradict each other."""
    update: dict[str, Any] = {}
    for name in type(one).model_fields:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            if any(mine.get(key, value) != value for key, value in theirs.items()):
                return None
            update[name] = {**mine, **theirs}
        elif mine and theirs and mine != theirs:
            return None
        else:
            update[name] = mine or theirs
    return one.model_copy(update=update)


def _merged(
    own: Mapping[str, Any], coming: Mapping[str, Any], called: dict[str, str], both: Any
) -> dict[str, Any]:
    """Things by name; `called` learns what each that came is called now."""
    merged = dict(own)
    for name, thing in coming.items():
        one = both(merged[name], thing) if name in own else thing
        called[name] = name if one is not None else free_name(name, {*merged, *coming})
        merged[called[name]] = thing if one is None else one
    return merged


def _budget(own: Mapping[str, Any], said: Mapping[str, Any]) -> Any:
    budgets = [found["budget_usd"] for found in (own, said) if found.get("budget_usd") is not None]
    return sum(budgets) if budgets else None


def _with_policy(shot: Shot, said: DriftPolicy, now: DriftPolicy) -> Shot:
    """The shot with what its own scene said about drift, where the film says otherwise."""
    update: dict[str, Any] = {
        name: getattr(said, name)
        for name in ("on_drift", "rerolls", "budgets")
        if getattr(said, name) != getattr(now, name)
    }
    if not update:
        return shot
    own = shot.drift
    if own is not None:
        update |= {name: getattr(own, name) for name in own.model_fields_set}
        update["budgets"] = {**said.budgets, **own.budgets}
    return shot.model_copy(update={"drift": DriftOverride(**update)})


def _after(film: Scene, after: str | None, order: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """`order` (shots, or names of them) with the new ones behind `after` and its hops."""
    if after is None:
        return [*order, *new]
    chain = {film.shot(after).id}
    for shot in film.shots:
        if isinstance(shot, ExtendShot) and without_hop(shot.parent) in chain:
            chain.add(shot.id)
    ids = [without_hop(one if isinstance(one, str) else one.id) for one in order]
    at = max((n + 1 for n, id in enumerate(ids) if id in chain), default=len(ids))
    return [*order[:at], *new, *order[at:]]


def _reel(
    film: Scene,
    part: _Part,
    after: str | None,
    names: Names,
    shots: Sequence[Shot],
    agree: Agreement,
) -> Reel:
    own, coming = film.reel, part.said.get("reel", Reel())
    default = Reel()
    # What is left as it is by default says nothing here, also in a file: a reel's own fields
    # are about delivery, and the film has one delivery.
    mine, theirs = (
        {
            name: getattr(reel, name)
            for name in type(default).model_fields
            if name not in ("order", "transitions", "audio")
            and getattr(reel, name) != getattr(default, name)
        }
        for reel in (own, coming)
    )
    fields: dict[str, Any] = agree.inside("reel", {"reel": mine}, {"reel": theirs})
    if own.order is not None or coming.order is not None:
        new = [shot.id for shot in shots]
        if coming.order is not None:
            new = [names.ref(ref) for ref in coming.order]
        fields["order"] = _after(film, after, own.order or [shot.id for shot in film.shots], new)
    entered = {names.ref(ref): how for ref, how in coming.transitions.items()}
    fields["transitions"] = {**own.transitions, **entered}
    fields["audio"] = _audio(own, coming, shots, names)
    return Reel(**fields)


def _audio(own: Reel, coming: Reel, shots: Sequence[Shot], names: Names) -> Any:
    """The tracks of both; one that began with its scene's reel begins with its first shot."""
    if coming.audio is None:
        return own.audio
    first = names.ref(coming.order[0]) if coming.order else shots[0].id
    tracks = []
    for _, track in coming.tracks:
        if not isinstance(track.at, str) and track.at > 0:
            raise SceneError(
                f"The track {track.file!r} begins {track.at:g} s into its reel, and where that is "
                "in the joined one is not known before it is shot.",
                next="Let it begin with a shot: `at: SHOT`.",
            )
        at = names.ref(track.at) if isinstance(track.at, str) else first
        tracks.append(track.model_copy(update={"at": at}))
    if isinstance(coming.audio, dict) and isinstance(own.audio, dict | None):
        audio: dict[str, Track] = dict(own.audio or {})
        for name, track in zip(coming.audio, tracks, strict=True):
            audio[free_name(name, audio)] = track
        return audio
    return (*(track for _, track in own.tracks), *tracks)
