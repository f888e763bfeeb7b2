"""What a recipe is, and how recipes are found.

A recipe is a function that returns a scene, with keyword arguments named as a film-maker would.
`@recipe` makes it one: its arguments are read from its signature, their help from its docstring,
and bad ones are refused by name before anything is planned.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import update_wrapper
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Generic,
    ParamSpec,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pydantic import TypeAdapter, ValidationError

from scenegraph.errors import BadArguments, did_you_mean
from scenegraph.scene import Scene, without_hop

GROUP = "scenegraph.workflows"

P = ParamSpec("P")

_HOME: ContextVar[Path | None] = ContextVar("home", default=None)


def home() -> Path | None:
    """The folder that the scene's file will lie in, when that is known already."""
    return _HOME.get()


class Unfit(Exception):
    """Raised inside a recipe: arguments do not fit together. The recipe tells it in its name."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


class SceneFile:
    """Marks an argument that names a file of the scene; its path starts at the scene file."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a recipe.

    Attributes:
        required: True when the recipe cannot do without it.
        default: what is taken when it is left out; None often means "as the scene format says".
        help: a sentence from the recipe's docstring.
        many: True when it takes a list of words (repeat the option, or separate them by `;`).
        file: True when it names a file of the scene.
        common: True when every recipe takes it.
    """

    name: str
    required: bool
    default: Any
    help: str
    many: bool = False
    file: bool = False
    common: bool = False


class Recipe(Generic[P]):
    """A function that returns a scene; call it as you would the function.

    Attributes:
        name: what `--workflow` calls it.
        summary: one line.
        about: what else there is to know before using it.
        parameters: its arguments, in order.
    """

    def __init__(self, function: Callable[P, Scene]) -> None:
        update_wrapper(self, function)
        self._function: Callable[..., Scene] = function
        self.name = function.__name__
        text = inspect.getdoc(function) or ""
        self.summary = text.splitlines()[0] if text else ""
        about = text.partition("Args:\n")[0].partition(">>> ")[0]
        self.about = about.removeprefix(self.summary).strip()
        hints = get_type_hints(function, include_extras=True)
        told = dict(_told_arguments(text))
        common: set[str] = set()
        for fields in filter(None, map(_unpacked, hints.values())):
            told |= dict(_told_arguments(inspect.getdoc(fields) or ""))
            common |= set(get_type_hints(fields))
        options = list(_options(function, hints))
        self._types = {option.name: TypeAdapter[Any](option.annotation) for option in options}
        self.parameters = tuple(
            Parameter(
                name=option.name,
                required=option.default is inspect.Parameter.empty,
                default=None if option.default is inspect.Parameter.empty else option.default,
                help=told.get(option.name, ""),
                many=_takes_many(option.annotation),
                file=_names_a_file(option.annotation),
                common=option.name in common,
            )
            for option in options
        )
        # What help texts and other readers of signatures see: the options one by one.
        self.__signature__ = inspect.Signature(options, return_annotation=Scene)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Scene:
        """The scene.

        Raises:
            BadArguments: some are missing, unknown or nonsense, named as they were given.
        """
        if args:
            raise self.refusal("takes its arguments by name")
        return self._made(self._checked(kwargs))

    def beside(self, folder: Path, **arguments: Any) -> Scene:
        """The scene as a file in `folder` will have it; the files that it names must be there.

        Raises:
            BadArguments: as when it is called, or a file is not there.
        """
        before = _HOME.set(folder.absolute())
        try:
            values = self._checked(arguments)
            problems = [
                f"{parameter.name}: there is no file {name!r} in "
                f"{folder.absolute().name or folder}/{_near(folder / name)}"
                for parameter in self.parameters
                if parameter.file
                for name in _file_names(values.get(parameter.name))
                if not (folder / name).exists()
            ]
            if problems:
                raise self.refusal(*problems)
            return self._made(values)
        finally:
            _HOME.reset(before)

    def __repr__(self) -> str:
        return f"<recipe {self.name}>"

    def refusal(self, *problems: str) -> BadArguments:
        """The error to raise when arguments do not fit together; each problem names its own."""
        arguments = f"`scenegraph new --list --workflow {self.name}` shows its arguments"
        return BadArguments(self.name, problems, next=f"{arguments}; nothing was made.")

    def _made(self, values: Mapping[str, Any]) -> Scene:
        try:
            return self._function(**values)
        except Unfit as error:
            raise self.refusal(*error.problems) from None

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        problems = [
            f"there is no argument {name!r}{hint(name, self._types)}"
            for name in given
            if name not in self._types
        ]
        problems += [
            f"{parameter.name} is missing"
            for parameter in self.parameters
            if parameter.required and parameter.name not in given
        ]
        values: dict[str, Any] = {}
        given = {name: value for name, value in given.items() if value is not None}
        for name, value in given.items():
            if name not in self._types:
                continue
            try:
                values[name] = self._types[name].validate_python(value)
            except ValidationError as error:
                problems.append(_sentence(name, value, error))
        if "after" in values and "into" in self._types:
            problems += _follows(values.get("into"), values["after"])
        if problems:
            raise self.refusal(*problems)
        return values


def recipe(function: Callable[P, Scene]) -> Recipe[P]:
    """Make a recipe of a function that returns a scene."""
    return Recipe(function)


def recipes() -> Mapping[str, Recipe[Any]]:
    """All recipes that are installed, by name: ours, and those of other packages.

    They are found by the entry-point group `scenegraph.workflows`. A package that cannot be
    imported, or that offers something else than a recipe, is left out: one broken package must
    not take the others away.
    """
    found: dict[str, Recipe[Any]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
        except Exception:  # noqa: S112  another package's import may fail in any way it likes
            continue
        if isinstance(loaded, Recipe):
            found[entry.name] = loaded
    return MappingProxyType(found)


def _unpacked(hint: Any) -> Any:
    """The TypedDict of `**options: Unpack[...]`, or None."""
    inside = get_args(hint)
    return inside[0] if len(inside) == 1 and is_typeddict(inside[0]) else None


def _options(function: Callable[..., Any], hints: Mapping[str, Any]) -> Iterator[inspect.Parameter]:
    """The arguments one by one; `**options: Unpack[SomeTypedDict]` counts as its fields."""
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            yield parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
            continue
        fields = _unpacked(hint)
        if fields is None:
            raise TypeError(f"{function.__name__}: **{parameter.name} needs Unpack[a TypedDict]")
        for name, kind in get_type_hints(fields, include_extras=True).items():
            yield inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind | None
            )


def _told_arguments(doc: str) -> Iterator[tuple[str, str]]:
    """(name, sentence) of each entry under `Args:` of a docstring."""
    _, _, rest = doc.partition("Args:\n")
    block = rest.partition("\n\n")[0]
    for entry in textwrap.dedent(block).replace("\n    ", " ").splitlines():
        name, colon, told = entry.partition(": ")
        if colon:
            yield name.strip(), " ".join(told.split())


def _takes_many(annotation: Any) -> bool:
    """Whether it is a list of something, however it is annotated."""
    origin: Any = get_origin(annotation)
    if origin is Annotated:
        return _takes_many(get_args(annotation)[0])
    return origin in (Sequence, list, tuple)


def _names_a_file(annotation: Any) -> bool:
    return isinstance(annotation, SceneFile) or any(map(_names_a_file, get_args(annotation)))


def _file_names(value: Any) -> list[str]:
    """What surely names a file; a word alone may be the name of a still or a motion."""
    names = [value] if isinstance(value, str) else list(value or ())
    return [name for name in names if "." in name or "/" in name]


def _follows(into: Scene | None, after: str) -> Iterator[str]:
    """What is wrong with `after`, a shot of the scene `into`."""
    if into is None:
        yield "after names a shot of `into`, and there is no into"
    elif without_hop(after) not in (known := [shot.id for shot in into.shots]):
        yield f"after: {into.title!r} has no shot {after!r}{hint(after, known)}"


def hint(name: str, known: Collection[str]) -> str:
    """The nearest right name, to end a clause with; or nothing."""
    return did_you_mean(name, known).replace(" Did", "; did", 1)


def _near(path: Path) -> str:
    try:
        return hint(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:
        return ""


def _sentence(name: str, value: object, error: ValidationError) -> str:
    """`seconds should be greater than 0, not 0`: pydantic's words about our argument."""
    wrong = error.errors()[0]
    if wrong["type"] == "too_short":
        context = wrong["ctx"]
        return f"{name}: at least {context['min_length']} needed, not {context['actual_length']}"
    first = wrong["msg"]
    told = first.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    shown = str(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return f"{name} {told}, not {shown!r}" if told != first else f"{name}: {told}"
