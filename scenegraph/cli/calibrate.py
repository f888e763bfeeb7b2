"""The command `calibrate`: can this scene's characters be told apart by their stills?"""

from __future__ import annotations

import typer

from scenegraph.cli.options import AsJson, ScenePath, Store
from scenegraph.cli.show import plain_table, say, show_json, show_table


def add_to(app: typer.Typer) -> None:
    app.command()(calibrate)


def calibrate(scene: ScenePath, store: Store = None, as_json: AsJson = False) -> None:
    """Say for each character how far its own faces are from its stills, and other people's.

    Where the two can be told apart the limit is kept, and runs measure identity by it. Where they
    cannot, it says why, and identity stays "not measured". Spends nothing.

    Example: `scenegraph calibrate samples/two-hander/scene.yaml`
    """
    from scenegraph.run.calibrate import calibrate_scene

    found = calibrate_scene(scene, store=store)
    if as_json:
        show_json(found.to_json())
        return
    say(f"{found.scene}: {found.model}, takes of {found.engine}")
    table = plain_table("character", "faces", "own, at most", "limit", "others, at least", "margin")
    for one in found.characters:
        table.add_row(
            one.who,
            f"{one.faces} of {one.stills} stills, {one.takes} in takes",
            _number(max(one.genuine, default=None)),
            _number(one.limit),
            _number(min(one.impostor, default=None)),
            "" if one.margin is None else f"{one.margin:+.0%}",
        )
    show_table(table)
    for one in found.characters:
        for reason in one.weak:
            say(f"{one.who}: too weak to gate on: {reason}", "yellow")
        for note in one.notes:
            say(f"{one.who}: {note}", "dim")
        if one.gates:
            say(f"{one.who}: identity is measured in the next run", "green")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
