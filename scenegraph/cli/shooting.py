"""Commands that shoot: run, rerun."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.choosing import (
    Force,
    ForceDown,
    From,
    Omit,
    Only,
    Shots,
    Takes,
    Until,
    selection,
)
from scenegraph.cli.cutting import must_take_a_reel
from scenegraph.cli.dailies import page_of_run
from scenegraph.cli.options import (
    AsJson,
    Backend,
    Engine,
    FailFast,
    Jobs,
    MaxUsd,
    Out,
    ScenePath,
    Store,
)
from scenegraph.cli.results import show_result
from scenegraph.cli.show import show_json
from scenegraph.errors import SceneError
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.plan import Selection

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking.")]
Partial = Annotated[bool, typer.Option(help="Cut the reel although shots were lost.")]
HeldPlan = Annotated[
    str | None,
    typer.Option(
        "--plan", metavar="ID|FILE", help="Do exactly this plan, or nothing if it has changed."
    ),
]
WithDailies = Annotated[
    bool, typer.Option("--dailies/--no-dailies", help="Write the HTML report at the end.")
]


def add_to(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(rerun)


def run(
    scene: ScenePath,
    shots: Shots = None,
    backend: Engine = Backend.animatic,
    store: Store = None,
    from_: From = None,
    until: Until = None,
    only: Only = None,
    omit: Omit = None,
    force: Force = None,
    force_down: ForceDown = None,
    takes: Takes = None,
    plan: HeldPlan = None,
    max_usd: MaxUsd = None,
    jobs: Jobs = None,
    fail_fast: FailFast = False,
    yes: Yes = False,
    partial: Partial = False,
    out: Out = None,
    with_dailies: WithDailies = True,
    as_json: AsJson = False,
) -> int:
    """Shoot what is still to shoot, look at every take, and cut the reel.

    Interrupt it whenever you like: run it again and it goes on where it was.

    Example: `scenegraph run scene.yaml` (free preview),
    `scenegraph run scene.yaml --backend fal --max-usd 3`, or
    `scenegraph run scene.yaml --takes 4 mara-turns`
    """
    chosen = selection(from_, until, only, omit, force, force_down, shots=shots, takes=takes)
    return _shoot(
        scene,
        backend,
        store,
        chosen,
        max_usd,
        jobs,
        yes,
        partial,
        out,
        with_dailies,
        as_json,
        fail_fast=fail_fast,
        held=plan,
    )


def rerun(
    scene: ScenePath,
    shots: Annotated[list[str], typer.Argument(metavar="SHOT…", help="Failed or disliked shots.")],
    backend: Engine = Backend.animatic,
    store: Store = None,
    takes: Takes = None,
    max_usd: MaxUsd = None,
    jobs: Jobs = None,
    fail_fast: FailFast = False,
    yes: Yes = False,
    partial: Partial = False,
    out: Out = None,
    with_dailies: WithDailies = True,
    as_json: AsJson = False,
) -> int:
    """Shoot a new take of SHOT, then all that hangs on it, and cut the reel again.

    Example: `scenegraph rerun scene.yaml mara-turns`
    """
    from scenegraph.plan import Selection

    side_by_side = dict.fromkeys(shots, takes) if takes is not None else {}
    chosen = Selection(force=tuple(shots), from_=tuple(shots), side_by_side=side_by_side)
    return _shoot(
        scene,
        backend,
        store,
        chosen,
        max_usd,
        jobs,
        yes,
        partial,
        out,
        with_dailies,
        as_json,
        fail_fast=fail_fast,
    )


def _shoot(
    path: Path,
    backend: Backend,
    store: str | None,
    chosen: Selection,
    max_usd: Decimal | None,
    jobs: int | None,
    yes: bool,
    partial: bool,
    out: Path | None,
    with_dailies: bool,
    as_json: bool,
    *,
    fail_fast: bool,
    held: str | None = None,
) -> int:
    from scenegraph.cli.live import watching
    from scenegraph.media import ffmpeg_exe
    from scenegraph.plan import must_hold
    from scenegraph.run import plan as make_plan
    from scenegraph.run import run as run_scene
    from scenegraph.run.reel import reel_path
    from scenegraph.scene import load_scene

    scene = load_scene(path)
    must_take_a_reel(out or reel_path(scene, backend.value))
    ffmpeg_exe()  # missed now, and not when takes are paid for
    planned = make_plan(scene, backend=backend.value, store=store, selection=chosen)
    as_planned = _held_plan(held)
    if as_planned is not None:
        must_hold(as_planned, planned)
    if backend is Backend.fal and planned.usd and not yes and sys.stdin.isatty():
        as_planned = planned.plan_id  # what was agreed to, and nothing else
        typer.confirm(
            f"{planned.submits} takes would cost about ${usd_text(planned.usd)} on fal.ai. Go on?",
            abort=True,
            err=True,
        )
    with watching([shot.shot for shot in planned.shots]) as listener:
        result = run_scene(
            scene,
            backend=backend.value,
            store=store,
            selection=chosen,
            max_usd=max_usd,
            jobs=jobs,
            fail_fast=fail_fast,
            as_planned=as_planned,
            partial=partial,
            out=out,
            listener=listener,
        )
    page = page_of_run(scene, backend, store, result) if with_dailies else None
    if as_json:
        shown = result.to_json()
        shown["dailies"] = result.shown(page.path) if page else None
        show_json(shown)
    else:
        show_result(result, page)
    return result.exit_code


def _held_plan(text: str | None) -> str | Mapping[str, Any] | None:
    """The plan that a run is bound to: its id, or the file that `plan --json` was written to.

    Raises:
        SceneError: the file holds no plan.
    """
    if text is None or not Path(text).is_file():
        return text
    try:
        document = json.loads(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    if not isinstance(document, dict) or "plan_id" not in document:
        raise SceneError(
            f"{text} holds no plan.", next="Write one: `scenegraph plan SCENE --json > FILE`."
        )
    return document
