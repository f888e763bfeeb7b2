"""Data of a scene file → a `Scene`. Validated in one pass; what is wrong never hides the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from scenegraph.errors import Place, Problem, SceneInvalid, did_you_mean
from scenegraph.scene.model import Scene
from scenegraph.scene.places import Reading
from scenegraph.scene.presets import DEFAULT_PRESET
from scenegraph.scene.problems import Found, Loc, ids_for, located, problems_of, shown
from scenegraph.scene.shots import KINDS, FrameOf, without_hop

FORMAT = 1

#: What is looked at once the scene itself is sound: the names and files that it points at.
Finish = Callable[[Scene], list[Problem]]


def build_scene(reading: Reading, finish: Finish) -> tuple[Scene | None, list[Problem]]:
    """A scene and no problems, or every problem: of single values, of names, of files."""
    data, problems = _prepared(reading)
    try:
        scene = _validated(reading, data)
    except ValidationError as error:
        raws = error.errors(include_url=False, include_context=False)
        wrong = frozenset(located(details, data).path for details in raws)
        told = _told(reading, data, error)
        return None, [*problems, *told, *_also_wrong(reading, data, finish, wrong)]
    if problems:
        return None, [*problems, *_also_wrong(reading, data, finish)]
    return scene, finish(scene)


def _validated(reading: Reading, data: dict[str, Any]) -> Scene:
    try:
        return Scene.model_validate(data)
    except ValidationError as error:
        if not _as_text(reading, data, error):
            raise
    return Scene.model_validate(data)


def _as_text(reading: Reading, data: dict[str, Any], error: ValidationError) -> bool:
    """`title: 1984` means the text as it was written. True when some was put in."""
    in_file = ids_for(data)
    mended = False
    for details in error.errors(include_url=False, include_context=False):
        path = located(details, data).path
        text = reading.raw_text(*in_file(path)) if details["type"] == "string_type" else None
        if text is not None:
            here: Any = data
            for part in path[:-1]:
                here = here[part]
            here[path[-1]] = text
            mended = True
    return mended


def _prepared(reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """The file's data in the shape that the model takes, and what pydantic could not say well."""
    data = dict(reading.root)
    problems: list[Problem] = []
    version = data.get("scenegraph", FORMAT)
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        message = f"This scene is written for format {version}; this scenegraph reads {FORMAT}."
        place = reading.place("scenegraph")
        raise SceneInvalid([Problem(message, place, "Update scenegraph.", "too-new")])
    shots = data.get("shots")
    if isinstance(shots, dict):
        data["shots"] = [_body(reading, id, body, problems) for id, body in shots.items()]
    elif isinstance(shots, list):
        message = "`shots` is a list; it must be a mapping of id to shot."
        expected = "Write `shots:` and under it `my-shot:` with its `kind:`; the order stays."
        problems.append(Problem(message, reading.place("shots"), expected, "wrong-type"))
        data["shots"] = [_PLACEHOLDER]
    elif "shots" in data and shots is None:
        data["shots"] = []
    return data, problems


_PLACEHOLDER: Mapping[str, Any] = {"id": "placeholder", "kind": "t2v", "prompt": "-"}


def _body(reading: Reading, id: str, body: Any, problems: list[Problem]) -> dict[str, Any]:
    """One shot of the mapping, with its id and a kind that can be validated."""
    if not isinstance(body, dict):
        what = "is empty" if body is None else f"is {shown(body)}"
        message = f"Shot {id!r} {what}; it must be a mapping that starts with its `kind`."
        place = reading.place("shots", id, key=body is None)
        problems.append(Problem(message, place, "Write `kind: …` under it.", "wrong-type"))
        return {**_PLACEHOLDER, "id": id}
    if "id" in body:
        message = f"Shot {id!r} has an unknown key 'id'; the key above it is its id."
        place = reading.place("shots", id, "id", key=True)
        problems.append(Problem(message, place, "Leave it out.", "unknown-key"))
    kind = body.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return {**body, "id": id}
    problems.append(_bad_kind(reading, id, body))
    return {**body, "id": id, "kind": _likely_kind(body)}


def _likely_kind(body: Mapping[str, Any]) -> str:
    if "motion" in body or ("keyframe" in body and "parent" in body):
        return "multicondition"
    if "parent" in body or "hops" in body:
        return "extend"
    return "i2v" if "keyframe" in body else "t2v"


def _bad_kind(reading: Reading, id: str, body: Mapping[str, Any]) -> Problem:
    expected = f"`kind:` is one of {', '.join(KINDS)}."
    likely = f" By its keys it looks like {_likely_kind(body)!r}."
    if "kind" not in body:
        message = f"Shot {id!r} does not say its kind.{likely}"
        return Problem(message, reading.place("shots", id, key=True), expected, "missing-key")
    hint = did_you_mean(str(body["kind"]), list(KINDS)) or likely
    message = f"Shot {id!r} is of kind {shown(body['kind'])}, which there is not.{hint}"
    return Problem(message, reading.place("shots", id, "kind"), expected, "not-a-choice")


def _told(reading: Reading, data: Any, error: ValidationError) -> list[Problem]:
    kinds_with: dict[str, list[str]] = {}
    for kind, model in KINDS.items():
        for field in model.model_fields:
            kinds_with.setdefault(field, []).append(kind)

    def place(found: Found) -> Place:
        missing = found.error["type"] == "missing"
        path: Loc = found.path[:-1] if missing else found.path
        is_shot = len(path) == 2 and path[0] == "shots"
        return reading.place(*path, key=found.key_only or missing or is_shot)

    return problems_of(
        Scene,
        error,
        data,
        place,
        elsewhere={k: " and ".join(v) for k, v in kinds_with.items() if len(v) < len(KINDS)},
        renamed=ids_for(data),
    )


def _also_wrong(
    reading: Reading, data: Mapping[str, Any], finish: Finish, wrong: frozenset[Loc] = frozenset()
) -> list[Problem]:
    """Names that point nowhere, loops and missing files, looked for in what can be read.

    What is broken itself still counts as there: a slip in a shot is no second problem in each
    place that names the shot.

    Args:
        wrong: where a value was told as wrong already.
    """
    scene, lost = _rest_of(data)
    if scene is None:
        return []
    raw = data["shots"] if isinstance(reading.root.get("shots"), dict) else []
    # Of a shot whose `hops` cannot be read nobody knows whether `id.2` is one.
    unsure = {body["id"] for n, body in enumerate(raw) if ("shots", n, "hops") in wrong}

    def ref(value: Any, *path: str | int) -> str | None:
        """A name as it stands there, or None when there is nothing to look up."""
        if not isinstance(value, str) or not value.strip() or path in wrong:
            return None
        return (
            None if without_hop(value) != value and without_hop(value) in unsure else value.strip()
        )

    def usable(*part: str) -> bool:
        """False where the part of the scene that a name points at was told as wrong."""
        return not any(part[:end] in lost for end in range(1, len(part) + 1))

    def keyframe(value: Any, *path: str | int) -> str | FrameOf | None:
        if isinstance(value, Mapping):
            source = ref(value.get("from", value.get("shot")), *path, "from")
            if source is None or (*path, "frame") in wrong:
                return None
            return FrameOf.model_construct(shot=source)
        name = ref(value, *path)
        character, _, still = (name or "").partition(".")
        return name if usable("characters", character, "keyframes", still) else None

    def named_loras(value: Any, *path: str | int) -> tuple[str | None, ...]:
        found = enumerate(value) if isinstance(value, list) else ()
        return tuple(
            ref(name, *path, n) if usable("loras", str(name)) else None for n, name in found
        )

    def shot(n: int, body: Mapping[str, Any]) -> Any:
        def name(field: str) -> str | None:
            return ref(body.get(field), "shots", n, field)

        motion, preset = name("motion"), name("preset")
        parameters = body.get("parameters")
        fields: dict[str, Any] = {
            "id": body["id"],
            "parent": name("parent"),
            "keyframe": keyframe(body.get("keyframe"), "shots", n, "keyframe"),
            "motion": motion if motion and usable("motions", motion) else None,
            "preset": preset if preset and usable("presets", preset) else None,
            "hops": 1 if body["id"] in unsure else body.get("hops", 1),
            "parameters": parameters if isinstance(parameters, dict) else {},
            "loras": named_loras(body.get("loras"), "shots", n, "loras"),
        }
        return KINDS[body["kind"]].model_construct(**fields)

    reel = data.get("reel")
    reel = reel if raw and isinstance(reel, dict) else {}
    order, joins = reel.get("order"), reel.get("transitions")
    refs = order if isinstance(order, list) else []
    changes = {
        "order": tuple(ref(name, "reel", "order", n) or "" for n, name in enumerate(refs)),
        "transitions": {name: None for name in joins if ref(name)}
        if isinstance(joins, dict)
        else {},
    }
    return finish(
        scene.model_copy(
            update={
                "preset": scene.preset if usable("presets", scene.preset) else DEFAULT_PRESET,
                "shots": tuple(shot(n, body) for n, body in enumerate(raw)),
                "reel": scene.reel.model_copy(update=changes),
            }
        )
    )


def _rest_of(data: Mapping[str, Any]) -> tuple[Scene | None, set[Loc]]:
    """The scene without its shots and its reel's order, and the paths that had to be left out."""
    rest: dict[str, Any] = deepcopy({key: part for key, part in data.items() if key != "shots"})
    rest["shots"] = [_PLACEHOLDER]
    if isinstance(rest.get("reel"), dict):
        rest["reel"].pop("order", None)
        rest["reel"].pop("transitions", None)
        rest["reel"].pop("deliver", None)
        audio = rest["reel"].get("audio")
        named = [audio, *audio.values()] if isinstance(audio, dict) else audio
        for track in named if isinstance(named, list) else ():
            if isinstance(track, dict):
                for about_a_shot in ("at", "lead", "trail"):
                    track.pop(about_a_shot, None)
    lost: set[Loc] = set()
    for _ in range(6):
        try:
            return Scene.model_validate(rest), lost
        except ValidationError as error:
            found = [located(details, rest) for details in error.errors(include_url=False)]
            # From the end, so that taking an entry out of a list moves none that is still named.
            for path in dict.fromkeys(map(_unusable, reversed(found))):
                _leave_out(rest, path)
                lost.add(path)
                for meant in get_close_matches(str(path[-1]), _HOLD_NAMES, n=1):
                    lost.add((*path[:-1], meant))  # `motoins:` is the slip; its names are there
    return None, lost


_HOLD_NAMES = ("characters", "keyframes", "loras", "motions", "presets")


def _unusable(found: Found) -> Loc:
    """What to leave out: of a part that lacks something, the part."""
    is_part = found.error["type"] == "missing" and len(found.path) > 1
    return found.path[:-1] if is_part else found.path or ("picture",)


def _leave_out(data: dict[str, Any], path: Loc) -> None:
    """Take out what is wrong, so that the rest of the scene stands."""
    if path == ("title",):
        data["title"] = "untitled"
        return
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    if isinstance(here, dict):
        here.pop(path[-1], None)
    elif isinstance(here, list) and isinstance(path[-1], int) and path[-1] < len(here):
        del here[path[-1]]
