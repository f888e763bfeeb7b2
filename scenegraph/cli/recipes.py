"""The command that makes a scene file of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.options import AsJson
from scenegraph.cli.show import counted, say, show_json
from scenegraph.errors import SceneError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "scenegraph.workflows"
#: What imports as `workflows` and is ours.
OURS = "scenegraph"


def add_to(app: typer.Typer) -> None:
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(new)


def new(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The scene file to write.")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option(metavar="NAME", help="The recipe; see --list.")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the recipes; with --workflow, what it takes.")
    ] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a scene file from a recipe; the recipe's own arguments follow as --name value.

    Paths of stills and motions start at FILE; those of scenes and tables that are only read, where
    you are. `--into SCENE` adds to a scene that is there.

    Example: `scenegraph new scene.yaml --workflow establishing --setting "a harbour at dawn"`
    """
    from importlib.metadata import entry_points

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if workflow is not None and workflow not in entries:
        raise SceneError(
            f"There is no recipe {workflow!r}.{did_you_mean(workflow, entries)}",
            next="`scenegraph new --list` lists the recipes.",
        )
    if list_:
        chosen = entries if workflow is None else {workflow: entries[workflow]}
        _list_recipes(chosen, as_json, whole=workflow is not None)
        return
    if file is None or workflow is None:
        raise SceneError(
            "`new` needs a file and a recipe.", next="`scenegraph new --list` lists recipes."
        )
    if file.is_dir():
        raise SceneError(f"{file} is a folder.", next=f"Name a file in it: {file / 'scene.yaml'}")
    if file.exists() and not overwrite:
        raise SceneError(f"{file} is there already.", next="Give --overwrite to replace it.")
    from scenegraph.catalog import load_catalog
    from scenegraph.scene import save_scene

    recipe, arguments = _load(entries[workflow]), _arguments(context.args)
    _entitle(file, recipe, arguments)
    make = getattr(recipe, "beside", None)
    made = make(file.parent, **arguments) if make is not None else recipe(**arguments)
    load_catalog().family(made.model)
    made.in_folder(file.parent).check_files()
    file.parent.mkdir(parents=True, exist_ok=True)
    save_scene(made, file)
    shots = len(made.graph().shots)
    if as_json:
        show_json({"path": str(file), "scene": made.name, "shots": shots})
    else:
        say(f"{file}: {counted(shots, 'shot')}. `scenegraph plan {file}` is next.")


def why_not_ours() -> str | None:
    """Who else's package is imported as `workflows`, and what that means; None when it is ours."""
    from importlib.metadata import packages_distributions

    owners = sorted(set(packages_distributions().get("workflows", [])) - {OURS})
    if not owners:
        return None
    return (
        f"also the import name of {', '.join(owners)}: `from workflows import …` may give its "
        "names instead of the recipes; everything else works. Keep the two in separate "
        "environments, or import a recipe by its file: `from workflows.long_form import long_form`"
    )


def _load(entry: EntryPoint) -> Any:
    """The recipe behind an entry point.

    Raises:
        SceneError: its package is broken, or hidden by another one of that name.
    """
    try:
        return entry.load()
    except Exception as error:  # another package's import may fail in any way it likes
        shadow = why_not_ours() if entry.value.startswith("workflows.") else None
        told = f"`workflows` is {shadow}." if shadow else ""
        raise SceneError(
            f"The recipe {entry.name!r} cannot be loaded: {error}.",
            next=told or f"It comes from {entry.value}; is that package whole?",
        ) from error


def _arguments(words: list[str]) -> dict[str, str]:
    """`--continue-seconds 4` and `--continue-seconds=4` as keyword arguments."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            raise SceneError(
                f"{word!r} is not an argument of a recipe.", next="Write them as --name value."
            )
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = next(rest, "")
        key = name.replace("-", "_")
        found[key] = f"{found[key]}; {value}" if key in found else value
    return found


def _entitle(file: Path, recipe: Any, arguments: dict[str, str]) -> None:
    """Let the file's name be the title, when none was given: reels are named by titles, and two
    scenes of one recipe in a folder are two films. `scene.yaml` is no name."""
    takes_one = any(one.name == "title" for one in getattr(recipe, "parameters", ()))
    into = arguments.get("into")
    in_place = into is not None and Path(into).absolute() == file.absolute()
    words = file.stem.replace("-", " ").replace("_", " ").strip()
    if takes_one and not in_place and words and words.lower() != "scene":
        arguments.setdefault("title", words[0].upper() + words[1:])


def _list_recipes(entries: Mapping[str, EntryPoint], as_json: bool, *, whole: bool) -> None:
    """What each recipe is for and needs; `whole`: with all that it takes."""
    found, lost = {}, {}
    for name, entry in sorted(entries.items()):
        try:
            found[name] = _load(entry)
        except SceneError as error:
            lost[name] = error
    if as_json:
        rows = [
            {"name": name, "summary": one.summary, "parameters": [_row(p) for p in one.parameters]}
            for name, one in found.items()
        ]
        show_json(
            {
                "workflows": rows,
                "not_loaded": [{"name": name, **lost[name].to_json()} for name in lost],
            }
        )
        return
    for name, one in found.items():
        say(name, "bold")
        say(f"  {one.summary}")
        if whole:
            _explain(one)
            continue
        needed = [_option(p.name) for p in one.parameters if p.required]
        say(f"    needs {', '.join(needed)}" if needed else "    needs nothing", "dim")
    for name, why in lost.items():
        say(f"{name}: {why.message} {why.next}", "red")
    if not whole:
        say("`scenegraph new --list --workflow NAME` says all that one takes.", "dim")


def _explain(recipe: Any) -> None:
    if recipe.about:
        say()
        say(recipe.about)
    shared = False
    for one in recipe.parameters:
        if one.common != shared:
            shared = one.common
            say("\nas for every recipe:")
        star = (
            " (needed)"
            if one.required
            else ""
            if one.default in (None, ())
            else f" [{one.default}]"
        )
        say(f"  {_option(one.name)}{star}  {one.help}", "dim")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _row(parameter: Any) -> dict[str, Any]:
    default = parameter.default
    plain = default if isinstance(default, str | int | float | bool | None) else str(default)
    return {
        "name": parameter.name,
        "required": parameter.required,
        "default": plain,
        "many": parameter.many,
        "help": parameter.help,
    }
