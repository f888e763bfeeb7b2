"""What pydantic found → sentences for film-makers, with the place and the nearest right name."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scenegraph.errors import Place, Problem, did_you_mean

IN_PYTHON = "scene (in Python)"

Loc = tuple[str | int, ...]
#: Names that pydantic puts into a location for a branch of a union.
_BRANCHES = frozenset(
    {"t2v", "i2v", "extend", "multicondition", "as-text", "in-parts", "frame-of"}
    | {"as-list", "by-name", "lora", "lorause"}
)


def shown(value: Any) -> str:
    """A value in a sentence.

    >>> shown("x" * 99), shown(None), shown([1]), shown(True)
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'", 'empty', 'a list', 'true')
    """
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= 40 else value[:37] + "…")
        case int() | float():
            return str(value)
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class Found:
    """One error of pydantic, located in the data as the writer gave it."""

    path: Loc
    key_only: bool
    error: ErrorDetails


def located(error: ErrorDetails, data: Any) -> Found:
    """Follow pydantic's location through the data, leaving out the names of union branches."""
    path: list[str | int] = []
    here = data
    key_only = False
    loc = error["loc"]
    for depth, part in enumerate(loc):
        last = depth == len(loc) - 1
        if part == "[key]":
            key_only = True
        elif isinstance(here, Mapping) and part in here:
            path.append(part)
            here = here[part]
        elif (entry := _entry(here, part)) is not None:
            path.append(part)
            here = entry
        elif part in _BRANCHES and not (last and error["type"] == "missing"):
            continue
        elif isinstance(here, BaseModel) and isinstance(part, str) and hasattr(here, part):
            path.append(part)
            here = getattr(here, part)
        elif last and error["type"] == "missing":
            path.append(part)
    return Found(tuple(path), key_only or error["type"] == "extra_forbidden", error)


def _entry(here: Any, part: str | int) -> Any:
    """An entry of a list, or None."""
    if isinstance(here, (list, tuple)) and isinstance(part, int) and part < len(here):
        return here[part]
    return None


def phrase(path: Loc) -> str:
    """A field as a person would name it.

    >>> phrase(("shots", "b", "prompt", "action")), phrase(("picture", "frame_rate"))
    ("`prompt.action` of shot 'b'", '`picture.frame_rate`')
    """
    singular = {"shots": "shot", "characters": "character", "presets": "preset"}
    if len(path) >= 2 and path[0] in singular:
        owner = f"{singular[str(path[0])]} {path[1]!r}"
        return f"`{_dotted(path[2:])}` of {owner}" if len(path) > 2 else owner.capitalize()
    return f"`{_dotted(path)}`" if path else "The scene"


def _dotted(path: Loc) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field's type may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = get_origin(annotation)
    if origin is Annotated or origin in (Union, types.UnionType, tuple):
        for part in get_args(annotation):
            yield from models_in(part)
    elif origin is dict:
        yield from models_in(get_args(annotation)[1])


def model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    """The model whose fields are known at pydantic's location `loc`, or None."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        if len(here) > 1 and part in _BRANCHES:
            here = [m for m in here if part in _names_of(m)] or here
            continue
        if len(here) == 1 and isinstance(part, str):
            for name, field in here[0].model_fields.items():
                if part in (name, field.alias):
                    here = list(dict.fromkeys(models_in(field.annotation)))
                    break
    return here[0] if len(here) == 1 else None


def _names_of(model: type[BaseModel]) -> set[str]:
    kind = model.model_fields.get("kind")
    has_kind = kind is not None and isinstance(kind.default, str)
    return {str(kind.default)} if kind is not None and has_kind else {model.__name__.lower()}


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a file may give, without those that Python alone has."""
    return [field.alias or name for name, field in model.model_fields.items() if name != "id"]


def sentence(found: Found, model: type[BaseModel], elsewhere: Mapping[str, str]) -> Problem | None:
    """One error as a problem without a place.

    Args:
        elsewhere: keys that belong to another kind of shot, and the kinds that have them.
    """
    error, path = found.error, found.path
    kind, context = error["type"], error.get("ctx", {})
    value = error["input"]
    what = phrase(path)
    owner, last = phrase(path[:-1]), str(path[-1]) if path else ""
    owner = owner[:1].upper() + owner[1:] if path[:-1] else "The scene"
    where = Place("")

    def is_bad(must: str, expected: str = "", problem: str = "wrong-value") -> Problem:
        start = what[:1].upper() + what[1:] if what[:1] != "`" else what
        return Problem(f"{start} is {shown(value)}; it must be {must}.", where, expected, problem)

    if kind == "missing":
        return Problem(f"{owner} has no `{last}`.", where, f"Give `{last}: …`.", "missing-key")
    if kind == "extra_forbidden":
        at = model_at(model, error["loc"][:-1])
        known = keys_of(at) if at is not None else []
        if last in elsewhere and at is not None and "kind" in at.model_fields:
            kind_here = at.model_fields["kind"].default
            that = f"that is for {elsewhere[last]}"
            message = f"{owner} is of kind {kind_here} and takes no `{last}`; {that}."
        else:
            message = f"{owner} has an unknown key {last!r}.{did_you_mean(last, known)}"
        return Problem(
            message, where, f"Known keys: {', '.join(known)}." if known else "", "unknown-key"
        )
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        word = {"g": "more than", "l": "less than"}[kind[0]]
        if kind.endswith("equal"):
            word = {"g": "at least", "l": "at most"}[kind[0]]
        bound = next(v for k, v in context.items() if k in ("gt", "ge", "lt", "le"))
        return is_bad(f"{word} {bound}", problem="out-of-range")
    if kind == "literal_error":
        choices = _choices(found, model) or str(context.get("expected", "")).replace(
            " or ", ", "
        ).replace("'", "").split(", ")
        hint = did_you_mean(str(value), choices)
        told = is_bad(f"one of {', '.join(choices)}", problem="not-a-choice")
        return Problem(told.message + hint, where, told.expected, told.kind)
    if kind == "string_pattern_mismatch":
        return _bad_name(path, value, found.key_only)
    if kind == "string_too_long":
        most = context["max_length"]
        length = len(value) if isinstance(value, str) else 0
        message = f"{what} is {length:,} characters long; at most {most:,} are allowed."
        return Problem(message, where, "Shorten it to the essentials.", "too-long")
    if kind == "string_too_short":
        return Problem(f"{what} is empty.", where, "Say something, or leave the key out.", "empty")
    if kind == "too_short":
        if value:  # it has entries; what is wrong with each of them is told by itself
            return None
        if path == ("shots",):
            return Problem("This scene has no shots.", where, "Add one under `shots:`.", "no-shots")
        return Problem(f"{what} is empty.", where, "Add an entry, or leave the key out.", "empty")
    if kind == "value_error":
        message = f"{what} {context.get('error', error['msg'])}."
        return Problem(message, where, "", "wrong-value")
    for start, must in _MUST_BE.items():
        if kind.startswith(start) or path == (start,):
            return is_bad(must, problem="wrong-type")
    return Problem(f"{what}: {error['msg']}.", where, "", "wrong-value")


_MUST_BE = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "decimal": "an amount such as 6.00",
    "is_instance": "an amount such as 6.00",
    "string": "text",
    "bool": "true or false",
    "shots": "a mapping of id to shot",
    "dict": "a mapping (lines of `key: value`)",
    "model": "a mapping (lines of `key: value`)",
    "tuple": "a list (`[a, b]`)",
    "list": "a list (`[a, b]`)",
    "union_tag": "one of t2v, i2v, extend, multicondition",
    "invalid-json": "text, a number, true or false, a list or a mapping",
}


def _choices(found: Found, model: type[BaseModel]) -> list[str]:
    """The words of a Literal field, as they were declared."""
    loc = found.error["loc"]
    for end in range(len(loc), 0, -1):
        at = model_at(model, loc[: end - 1])
        part = loc[end - 1]
        for name, field in at.model_fields.items() if at is not None else ():
            if part in (name, field.alias):
                words = [str(word) for word in _literals(field.annotation)]
                if words and re.search(r"\bint\b", repr(field.annotation)):
                    words.append("a frame number")
                return words
    return []


def _literals(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _literals(part)


def _bad_name(path: Loc, value: Any, is_key: bool) -> Problem:
    name = str(path[-1]) if is_key and path else str(value)
    if path and path[0] == "shots" and (len(path) <= 2 or path[-1] == "id"):
        better = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
        message = f"The shot id {shown(name)} may hold lower-case letters, digits and hyphens only."
        return Problem(message, Place(""), f"For example {better or 'shot-1'!r}.", "bad-id")
    message = f"The name {shown(name)} may hold letters, digits, `_` and `-` only."
    return Problem(message, Place(""), "", "bad-name")


def problems_of(
    model: type[BaseModel],
    error: ValidationError,
    data: Any,
    place: Callable[[Found], Place],
    *,
    elsewhere: Mapping[str, str] | None = None,
    renamed: Callable[[Loc], Loc] = lambda path: path,
) -> list[Problem]:
    """All errors of one validation, one for each place.

    Args:
        place: where an error lies.
        renamed: turns a path in `data` into one in the file (shots are a list inside).
    """
    told: list[Problem] = []
    seen: set[Loc] = set()
    raws = [located(details, data) for details in error.errors(include_url=False)]
    slips = [raw.path for raw in raws if raw.error["type"] == "extra_forbidden"]
    for raw in raws:
        found = Found(renamed(raw.path), raw.key_only, raw.error)
        if found.path in seen:  # a union's other branches complain about the same value
            continue
        seen.add(found.path)
        if raw.error["type"] == "missing" and any(_is_slip(path, raw.path) for path in slips):
            continue  # `keyfrme` is told as a slip, with the right name; it is not also missing
        problem = sentence(found, model, elsewhere or {})
        if problem is not None:
            told.append(Problem(problem.message, place(found), problem.expected, problem.kind))
    return told


def _is_slip(given: Loc, meant: Loc) -> bool:
    """True when a key was given beside the one that is missing, and nearly has its name."""
    near = given[:-1] == meant[:-1]
    return near and bool(get_close_matches(str(given[-1]), [str(meant[-1])], n=1))


def problems_in_python(
    model: type[BaseModel], error: ValidationError, data: Mapping[str, Any]
) -> list[Problem]:
    """The same sentences for a part that was built in Python."""
    renamed = ids_for(data)
    if {"kind", "id"} <= model.model_fields.keys():  # a shot by itself

        def renamed(path: Loc) -> Loc:
            return ("shots", str(data.get("id", "?")), *path)

    return problems_of(model, error, data, lambda _: Place(IN_PYTHON), renamed=renamed)


def ids_for(data: Any) -> Callable[[Loc], Loc]:
    """`("shots", 3, …)` → `("shots", "mara-turns", …)`, as people name shots."""

    def renamed(path: Loc) -> Loc:
        shots = data.get("shots") if isinstance(data, Mapping) else None
        is_shot = len(path) > 1 and path[0] == "shots"
        shot = _entry(shots, path[1]) if is_shot else None
        if shot is not None:
            id = shot.get("id") if isinstance(shot, Mapping) else getattr(shot, "id", None)
            return ("shots", id if isinstance(id, str) else path[1], *path[2:])
        return path

    return renamed
