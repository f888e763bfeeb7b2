"""Commands about a scene file: check, graph, schema. None of them spends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from scenegraph.cli.options import (
    AsJson,
    ScenePath,
    Store,
)
from scenegraph.cli.show import (
    counted,
    json_text,
    plain_table,
    print_text,
    say,
    show_json,
    show_table,
    write_text,
)
from scenegraph.errors import SceneError, did_you_mean


def add_to(app: typer.Typer) -> None:
    app.command()(check)
    app.command()(graph)
    app.command()(schema)


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
    from scenegraph.run import read_scene

    loaded = read_scene(scene)
    make_plan(loaded)  # a request that the service would not take is an error of the scene too
    findings = advise(loaded)
    from scenegraph.run.delivering import cannot_deliver

    notices = cannot_deliver(loaded.reel.deliver) if loaded.reel.deliver else []
    if as_json:
        show_json(
            {
                "scene": loaded.name,
                "shots": len(loaded.graph().shots),
                "errors": [],
                "lint": [finding.to_json() for finding in findings],
                "notices": notices,
            }
        )
        return
    for finding in findings:
        say(f"{finding.where}: {finding.severity} {finding.rule} {finding.message}")
        say(f"    {finding.fix}", "dim")
    for notice in notices:
        say(notice, "yellow")
    shots = len(loaded.graph().shots)
    doubts = f"{len(findings)} to think about" if findings else "nothing to mend"
    say(f"{loaded.title}: {counted(shots, 'shot')}, {doubts}.")


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
