"""Commands that shoot and cut: run, rerun, cut, dailies."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.options import (
    AsJson,
    Backend,
    Engine,
    Export,
    FailFast,
    Force,
    ForceDown,
    From,
    Jobs,
    MaxUsd,
    Omit,
    Only,
    ScenePath,
    Store,
    Takes,
    Until,
)
from scenegraph.cli.planning import Shots, selection
from scenegraph.cli.show import cannot_write, plain_table, say, show_json, show_table
from scenegraph.errors import SceneError, SceneGraphError
from scenegraph.units import exact_rate, usd_text

if TYPE_CHECKING:
    from scenegraph.ledger import Engine as EngineName
    from scenegraph.plan import Selection
    from scenegraph.report import Dailies
    from scenegraph.run import RunResult
    from scenegraph.scene import Scene

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking.")]
Partial = Annotated[bool, typer.Option(help="Cut the reel although shots were lost.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="The reel's file.")]
HeldPlan = Annotated[
    str | None,
    typer.Option(
        "--plan", metavar="ID|FILE", help="Do exactly this plan, or nothing if it has changed."
    ),
]
WithDailies = Annotated[
    bool, typer.Option("--dailies/--no-dailies", help="Write the HTML report at the end.")
]


#: Containers that a reel of H.264 is joined into.
REELS = (".mp4", ".mov", ".m4v", ".mkv")


def add_to(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(rerun)
    app.command()(cut)
    app.command()(dailies)


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
    _must_take_a_reel(out or reel_path(scene, backend.value))
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
    page = _page(scene, backend, store, result) if with_dailies else None
    if as_json:
        shown = result.to_json()
        shown["dailies"] = result.shown(page.path) if page else None
        show_json(shown)
    else:
        _show_result(result, page)
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


def _page(
    scene: Scene, backend: Backend, store: str | None, result: RunResult | None
) -> Dailies | None:
    """The report; one that cannot be written does not undo a run."""
    from scenegraph.cli.live import doing
    from scenegraph.ledger import Ledger
    from scenegraph.report import write_dailies
    from scenegraph.run import plan as make_plan
    from scenegraph.run import store_of
    from scenegraph.settings import Settings

    made = make_plan(scene, backend=backend.value, store=store)
    try:
        place = store_of(scene, Settings(), store)
        with doing("writing the dailies"), Ledger.open(place, create=False) as ledger:
            return write_dailies(
                scene,
                made,
                ledger,
                dailies_path(scene, made.backend),
                run=result.to_json() if result else None,
            )
    except (SceneGraphError, OSError) as error:
        if result is None:
            raise
        sys.stderr.write(f"The dailies could not be written: {error}\n")
        return None


def dailies_path(scene: Scene, engine: EngineName) -> Path:
    """Beside the scene file; a preview's page never takes the place of a paid one."""
    return scene.folder / f"{scene.name}.{'dailies' if engine == 'fal' else 'preview'}.html"


def _show_result(result: RunResult, page: Dailies | None) -> None:
    table = plain_table("shot", "take", "state", "verdict", "score", "what")
    for outcome in result.outcomes:
        take = outcome.take
        error = (outcome.error or {}).get("message", "")
        if outcome.root_cause and not error:
            error = f"waits for {outcome.root_cause}"
        table.add_row(
            outcome.shot,
            f"t{take.number}" if take else "",
            f"[{'green' if outcome.kept else 'red'}]{outcome.state}[/]",
            take.verdict or "" if take else "",
            f"{take.score:.2f}" if take and take.score is not None else "",
            error.replace("[", "\\["),
        )
    show_table(table)
    say()
    for notice in result.notices:
        say(notice, "yellow")
    if result.reel and result.timeline:
        length = f"{result.timeline.frames} frames, {result.timeline.duration_s:.1f} s"
        say(f"reel     {_near(result.reel)} ({length})", "bold")
        _show_deliveries(result)
    elif result.lost:
        say("No reel: shots are missing. --partial cuts it from what there is.", "red")
    if page:
        say(f"dailies  {_near(page.path)}")
    say(
        f"{result.submits} asked for, ${usd_text(result.usd)} spent, {result.elapsed_s:.1f} s",
        "dim",
    )
    if result.next_step:
        say(f"next     {result.next_step}")


def _show_deliveries(result: RunResult) -> None:
    for one in result.deliveries:
        if one.state in ("made", "kept") and one.facts is not None:
            size = f"{one.facts.bytes / 1e6:.1f} MB"
            say(f"         {_near(one.path)} ({one.format}, {size}, {one.state})")


def _near(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def cut(
    what: Annotated[
        list[Path], typer.Argument(metavar="SCENE|CLIP…", help="A scene file, or clips in order.")
    ],
    out: Out = None,
    store: Store = None,
    target: Annotated[
        int | None, typer.Option(min=1, metavar="FRAMES", help="Length of the film (clips only).")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="FPS", help="Rate of the film (clips only).")
    ] = None,
    export: Export = None,
    timeline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Cut as in this .otio file that you edited."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="A quick look in a low size; the reel stays.")
    ] = False,
    burn_in: Annotated[
        bool,
        typer.Option("--burn-in", help="A copy with slate, time code and source frame as well."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Cut the circled takes of a scene again, or any clips, at low-motion points.

    What the scene's `reel.deliver` lists is made anew where the reel is another one.

    Example: `scenegraph cut scene.yaml`, or `scenegraph cut a.mp4 b.mp4 --out film.mp4`, or
    `scenegraph cut scene.yaml --export otio`, or `scenegraph cut scene.yaml --preview --burn-in`
    """
    import tempfile

    from scenegraph.cli.live import watching
    from scenegraph.run import cut_again
    from scenegraph.run.looking import cut_clips

    if what[0].suffix.lower() in (".yaml", ".yml", ".json"):
        if len(what) > 1:
            raise SceneError("One scene is cut at a time.", next="`scenegraph cut SCENE`")
        if target is not None or rate is not None:
            raise SceneError(
                "--target and --rate are for clips; a scene says its own rate.",
                next="Set `reel.frame_rate` in the scene file.",
            )
        if export is not None:
            if preview or burn_in:
                raise SceneError(
                    "--export writes no picture, so --preview and --burn-in have no place in it.",
                    next="Export and cut in two calls.",
                )
            from scenegraph.cli import exporting

            return exporting.export(
                what[0], export.value, out=out, store=store, edited=timeline, as_json=as_json
            )
        if out is not None:
            _must_take_a_reel(out)
        with watching([]) as listener:
            result = cut_again(
                what[0],
                store=store,
                out=out,
                edited=timeline,
                small=preview,
                burn_in=burn_in,
                listener=listener,
            )
        if as_json:
            assert result.timeline is not None
            show_json({**result.to_json(), "timeline": result.timeline.to_json()})
        else:
            _show_result(result, None)
        return result.exit_code
    if export is not None or timeline is not None or preview or burn_in:
        raise SceneError(
            "--export, --timeline, --preview and --burn-in are for scenes.",
            next="`scenegraph cut SCENE --export otio`",
        )
    film = out or Path("film.mp4")
    _must_take_a_reel(film)
    wanted = _rate(rate)
    with (
        tempfile.TemporaryDirectory(prefix="scenegraph-") as folder,
        watching([]) as listener,
    ):
        reel = cut_clips(
            what,
            film,
            target=target,
            rate=wanted,
            segments=Path(folder),
            listener=listener,
        )
    if as_json:
        shown = {"reel": str(reel.path), "reel_frames": reel.timeline.frames}
        looked = reel.check.to_json() if reel.check else None
        notices = list(reel.notices)
        show_json(
            {
                **shown,
                "reel_check": looked,
                "notices": notices,
                "timeline": reel.timeline.to_json(),
            }
        )
    else:
        for notice in reel.notices:
            say(notice, "yellow")
        say(f"{reel.path}: {reel.timeline.frames} frames, {reel.timeline.duration_s:.1f} s")
        if reel.timeline.left_out:
            say(
                f"Left out, for they show too little: {', '.join(reel.timeline.left_out)}", "yellow"
            )
    return 0


def _must_take_a_reel(out: Path) -> None:
    """Told before anything is shot, not after.

    Raises:
        SceneError: no reel can be written to this file.
    """
    if out.suffix.lower() not in REELS:
        raise SceneError(
            f"{out} does not end like a film.", next=f"A reel ends in {' or '.join(REELS)}."
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise SceneError(f"{out} cannot be written.", next="Name another file with --out.")


def _rate(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        rate = exact_rate(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 240:
        raise SceneError(
            f"{text!r} is not a rate from 1 to 240.", next="Write 24, 29.97 or 30000/1001."
        )
    return rate


def dailies(
    scene: ScenePath,
    backend: Annotated[
        Backend | None, typer.Option(help="Whose takes; the paid ones, if there are any.")
    ] = None,
    store: Store = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page's file.")
    ] = None,
    link_media: Annotated[
        bool,
        typer.Option("--link-media", help="Link reel and takes instead of carrying small copies."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the report of a scene: one HTML file that needs no network.

    Before anything is shot it plays the stills, each for as long as its shot is planned.

    Example: `scenegraph dailies scene.yaml`, or `scenegraph dailies scene.yaml --link-media`
    """
    from contextlib import nullcontext

    from scenegraph.cli.live import doing
    from scenegraph.ledger import Ledger, is_there
    from scenegraph.report import write_dailies
    from scenegraph.run import plan as make_plan
    from scenegraph.run import remember, store_of
    from scenegraph.scene import load_scene
    from scenegraph.settings import Settings

    loaded = load_scene(scene)
    leading = remember(loaded, store=store).leading_engine
    made = make_plan(loaded, backend=backend.value if backend else leading, store=store)
    place = store_of(loaded, Settings(), store)
    # Before the first run the page is an animatic: stills and slates, each for as long as planned.
    opened = Ledger.open(place, create=False) if is_there(place) else nullcontext()
    with doing("writing the dailies"), opened as ledger:
        file = out or dailies_path(loaded, made.backend)
        try:
            page = write_dailies(loaded, made, ledger, file, link_media=link_media)
        except OSError as error:
            raise cannot_write(file, error) from error
    if as_json:
        show_json(page.to_json())
    else:
        say(f"{_near(page.path)}: {page.bytes / 1e6:.1f} MB")
