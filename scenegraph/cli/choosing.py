"""Which shots a command is about: the options that name them, and the selection they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from scenegraph.errors import SceneError

if TYPE_CHECKING:
    from scenegraph.plan import Selection

Shots = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SHOT…]", help="Exactly these shots (globs), as --only."),
]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="SHOT", help="These shots and all that hangs on them."),
]
Until = Annotated[
    list[str] | None, typer.Option(metavar="SHOT", help="These shots and all they hang on.")
]
Only = Annotated[list[str] | None, typer.Option(metavar="SHOT", help="Exactly these (globs).")]
Omit = Annotated[list[str] | None, typer.Option(metavar="SHOT", help="Never these.")]
Force = Annotated[
    list[str] | None, typer.Option(metavar="SHOT", help="A new take; children stay as they are.")
]
ForceDown = Annotated[
    list[str] | None,
    typer.Option(metavar="SHOT", help="A new take of it and of all that hangs on it."),
]
Takes = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Shoot N takes of each SHOT, and circle the best."),
]


def selection(
    from_: Sequence[str] | None = None,
    until: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    omit: Sequence[str] | None = None,
    force: Sequence[str] | None = None,
    force_down: Sequence[str] | None = None,
    *,
    shots: Sequence[str] | None = None,
    takes: int | None = None,
) -> Selection:
    """What was named on the command line.

    Raises:
        SceneError: `--takes` without a shot.
    """
    only = [*(only or ()), *(shots or ())]
    side_by_side: dict[str, int] = {}
    if takes is not None:
        named = only or [*(force or ()), *(force_down or ())]
        if not named:
            raise SceneError(
                f"{takes} takes of which shots? Nothing was planned.",
                next=f"`scenegraph run SCENE --takes {takes} SHOT…`; '*' means every shot.",
            )
        side_by_side = dict.fromkeys(named, takes)
    from scenegraph.plan import Selection

    return Selection.of(
        from_=from_ or (),
        until=until or (),
        only=only,
        omit=omit or (),
        force=force or (),
        force_down=force_down or (),
        side_by_side=side_by_side,
    )
