"""The commands, gathered."""

from __future__ import annotations

from typing import Annotated

import typer

from scenegraph import __version__
from scenegraph.cli import (
    calibrate,
    clips,
    craft,
    cutting,
    dailies,
    history,
    house,
    housekeeping,
    planning,
    recipes,
    scenes,
    shooting,
    takes,
)
from scenegraph.cli.logs import set_up_logs
from scenegraph.cli.show import print_text

app = typer.Typer(
    name="scenegraph",
    help="Long AI video that holds together: a scene file becomes shots, checked takes, one reel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print_text(f"{__version__}\n")
        raise typer.Exit


@app.callback()
def start(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every event on stderr.")
    ] = False,
    version: Annotated[  # noqa: ARG001  its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Set up what all commands share."""
    set_up_logs(verbose)


for room in (
    planning,
    scenes,
    recipes,
    shooting,
    cutting,
    dailies,
    takes,
    history,
    clips,
    calibrate,
    craft,
    house,
    housekeeping,
):
    room.add_to(app)
