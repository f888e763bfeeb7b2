"""Data of a scene file → a `Scene`. Validated in one pass; what is wrong never hides the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from scenegraph.errors import Place, Problem, SceneInvalid, did_you_mean
from scenegraph.scene.model import Scene
from scenegraph.scene.places import Reading
from scenegraph.scene.problems import Found, Loc, ids_for, located, problems_of, shown
from scenegraph.scene.shots import KINDS

FORMAT = 1

#: What is looked at once the scene itself is sound: the names and files that it points at.
Finish = Callable[[Scene], list[Problem]]


def build_scene(reading: Reading, finish: Finish) -> tuple[Scene | None, list[Problem]]:
    """A scene and no problems, or every problem: of single values, of names, of files."""
    data, problems = _prepared(reading)
    try:
        scene = _validated(reading, data)
    except ValidationError as error:
        return None, [*problems, *_told(reading, data, error), *_also_wrong(data, finish)]
    return scene, [*problems, *finish(scene)]


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


#: Where names are given, and the problems that mean nothing once that whole part was unusable.
_NAMED_IN = {
    "motions": ("unknown-motion",),
    "characters": ("unknown-character", "unknown-keyframe"),
    "presets": ("unknown-preset",),
}


def _also_wrong(data: dict[str, Any], finish: Finish) -> list[Problem]:
    """Names that point nowhere and missing files, looked for in what is sound of the scene."""
    data = deepcopy(data)
    shots = data.get("shots")
    ids = [shot["id"] for shot in shots] if isinstance(shots, list) else []
    gone: set[str] = set()
    for _ in range(6):
        try:
            scene = Scene.model_validate(data)
        except ValidationError as error:
            # From the end, so that taking an entry out of a list moves none that is still named.
            for details in reversed(error.errors(include_url=False)):
                path = located(details, data).path
                _leave_out(data, path, details["type"])
                gone |= {str(path[0])} if len(path) == 1 else set()
        else:
            kept = {shot.id for shot in scene.shots}
            renamed = [repr(id) for id in ids if id not in kept]
            silent = {kind for part, kinds in _NAMED_IN.items() if part in gone for kind in kinds}
            return [
                problem
                for problem in finish(scene)
                if problem.kind not in silent and not any(id in problem.message for id in renamed)
            ]
    return []


def _leave_out(data: dict[str, Any], path: Loc, why: str) -> None:
    """Replace what is wrong by the least that keeps the rest of the scene standing."""
    shots: Any = data.get("shots")
    if path == ("title",):
        data["title"] = "untitled"
        return
    if path == ("shots",) or (path[:1] == ("shots",) and not isinstance(shots, list)):
        data["shots"] = [_PLACEHOLDER]
        return
    if len(path) > 1 and path[0] == "shots":
        body, field = shots[path[1]], path[2] if len(path) > 2 else None
        if field == "prompt":
            body["prompt"] = "-"
            return
        if field == "id":
            body["id"] = f"unnamed-{path[1]}"
            return
        if field is None or why == "missing":
            shots[path[1]] = {**_PLACEHOLDER, "id": body["id"]}
            return
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    if isinstance(here, dict):
        here.pop(path[-1], None)
    elif isinstance(here, list) and isinstance(path[-1], int) and path[-1] < len(here):
        del here[path[-1]]
