"""Commands about a scene file: check, graph, schema, new. None of them spends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scenegraph.cli.options import (
    AsJson,
    ScenePath,
    Store,
)
from scenegraph.cli.show import (
    json_text,
    plain_table,
    print_text,
    say,
    show_json,
    show_table,
    write_text,
)
from scenegraph.errors import SceneError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


GROUP = "scenegraph.workflows"


def add_to(app: typer.Typer) -> None:
    app.command()(check)
    app.command()(graph)
    app.command()(schema)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(new)


def check(
    scene: Annotated[Path | None, typer.Argument(metavar="SCENE", help="The scene file.")] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="RULE", help="Say what a rule means, such as SG001.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell every error and every doubtful wish of a scene file, with its place. Nothing else.

    Example: `scenegraph check samples/night-train/scene.yaml`
    """
    if explain is not None:
        _explain(explain, as_json)
        return
    if rules:
        _list_rules(as_json)
        return
    if scene is None:
        raise SceneError("Which scene?", next="`scenegraph check SCENE`")
    from scenegraph.plan import advise
    from scenegraph.run import plan as make_plan
    from scenegraph.scene import load_scene

    loaded = load_scene(scene)
    make_plan(loaded)  # a request that the service would not take is an error of the scene too
    findings = advise(loaded)
    if as_json:
        show_json(
            {
                "scene": loaded.name,
                "shots": len(loaded.graph().shots),
                "errors": [],
                "lint": [finding.to_json() for finding in findings],
            }
        )
        return
    for finding in findings:
        say(f"{finding.where}: {finding.severity} {finding.rule} {finding.message}")
        say(f"    {finding.fix}", "dim")
    shots = len(loaded.graph().shots)
    doubts = f"{len(findings)} to think about" if findings else "nothing to mend"
    say(f"{loaded.title}: {shots} shots, {doubts}.")


def _explain(rule: str, as_json: bool) -> None:
    from scenegraph.scene import RULES

    known = {name: one for one in RULES for name in (one.number, one.name)}
    found = known.get(rule.upper()) or known.get(rule.lower())
    if found is None:
        near = did_you_mean(rule.upper(), known) or did_you_mean(rule.lower(), known)
        raise SceneError(
            f"There is no rule {rule!r}.{near}",
            next="`scenegraph check --rules` lists them.",
        )
    if as_json:
        show_json(found.to_json())
        return
    say(f"{found.number} {found.name} ({found.severity})", "bold")
    say(found.reason)
    say(found.fix, "dim")
    say(f"Meant so? `allow: [{found.number}]` on the shot.", "dim")


def _list_rules(as_json: bool) -> None:
    from scenegraph.scene import RULES

    if as_json:
        show_json({"rules": [rule.to_json() for rule in RULES]})
        return
    table = plain_table("rule", "name", "severity", "what")
    for rule in RULES:
        table.add_row(rule.number, rule.name, rule.severity, rule.reason.replace("[", "\\["))
    show_table(table)


def graph(
    scene: ScenePath,
    format: Annotated[
        Literal["mermaid", "dot", "svg"] | None,
        typer.Option(help="How it is written; by --out's ending, else mermaid."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it here.")
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Draw the scene's graph: lanes by chain, story order left to right, colour by state.

    Example: `scenegraph graph scene.yaml --out graph.svg`
    """
    from scenegraph.run import graph_now, remember
    from scenegraph.scene import draw_dot, draw_mermaid, draw_svg, load_scene

    loaded = load_scene(scene)
    endings = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid"}
    kind = format or endings.get(out.suffix if out else "", "mermaid")
    memory = remember(loaded, store=store)
    shots = graph_now(loaded, memory, store=store)
    state = {id: "circled" for id in shots.shots if memory.circled(id) is not None}
    draw = {"mermaid": draw_mermaid, "dot": draw_dot, "svg": draw_svg}[kind]
    text = draw(shots, state=state)
    if out is not None:
        write_text(out, text)
        if as_json:
            show_json({"path": str(out), "format": kind})
        else:
            say(f"{out}: {len(shots.shots)} shots.")
    elif as_json:
        edges = [[one, child] for one in shots.order for child in shots.children(one)]
        show_json({"scene": loaded.name, "shots": list(shots.order), "edges": edges, kind: text})
    else:
        print_text(text.rstrip("\n") + "\n")


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of the scene file, for editors and programs.

    Example: `scenegraph schema --out scene.schema.json`
    """
    from scenegraph.scene import json_schema

    if out is None:
        show_json(json_schema())
        return
    write_text(out, json_text(json_schema()))
    if as_json:
        show_json({"path": str(out)})
    else:
        say(f"{out} is written.")


def new(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The scene file to write.")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option(metavar="NAME", help="The recipe; see --list.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the recipes.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a scene file from a recipe; the recipe's own arguments follow as --name value.

    Example: `scenegraph new scene.yaml --workflow establishing --setting "a harbour at dawn"`
    """
    from importlib.metadata import entry_points

    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if list_ or file is None or workflow is None:
        if not list_:
            raise SceneError(
                "`new` needs a file and a recipe.", next="`scenegraph new --list` lists recipes."
            )
        _list_recipes(entries, as_json)
        return
    if workflow not in entries:
        raise SceneError(
            f"There is no recipe {workflow!r}.{did_you_mean(workflow, entries)}",
            next="`scenegraph new --list` lists the recipes.",
        )
    if file.exists() and not overwrite:
        raise SceneError(f"{file} is there already.", next="Give --overwrite to replace it.")
    from scenegraph.scene import save_scene

    recipe = entries[workflow].load()
    made = recipe(**_arguments(context.args))
    file.parent.mkdir(parents=True, exist_ok=True)
    save_scene(made, file)
    if as_json:
        show_json({"path": str(file), "scene": made.name, "shots": len(made.graph().shots)})
    else:
        say(f"{file}: {len(made.graph().shots)} shots. `scenegraph plan {file}` is next.")


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


def _list_recipes(entries: dict[str, EntryPoint], as_json: bool) -> None:
    rows = []
    for name, entry in sorted(entries.items()):
        recipe = entry.load()
        parameters = [
            {"name": p.name, "required": p.required, "default": _plain(p.default), "help": p.help}
            for p in recipe.parameters
        ]
        rows.append({"name": name, "summary": recipe.summary, "parameters": parameters})
    if as_json:
        show_json({"workflows": rows})
        return
    for row in rows:
        say(row["name"], "bold")
        say(f"  {row['summary']}")
        for one in row["parameters"]:
            star = " (needed)" if one["required"] else f" [{one['default']}]"
            say(f"    --{one['name'].replace('_', '-')}{star}  {one['help']}", "dim")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
