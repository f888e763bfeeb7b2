"""Commands about takes: takes, pick, pin, unpin, why, resolve. None of them spends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.changes import show_changes
from scenegraph.cli.options import AsJson, ScenePath, Store
from scenegraph.cli.show import console, plain_table, say, show_json, show_table
from scenegraph.errors import SceneError

if TYPE_CHECKING:
    from scenegraph.ledger import Take
    from scenegraph.run.sheet import WayOut

#: Columns of a terminal in which a media file's name finds room.
ROOMY = 170
#: Narrower, best frame and seed are left out too, so that names stay whole.
TIGHT = 76
TAKE_COLUMNS = (
    "shot", "take", "", "state", "verdict", "score", "best", "USD", "seed", "media",
)  # fmt: skip

OneShot = Annotated[str, typer.Argument(metavar="SHOT", help="The shot's id.")]


def add_to(app: typer.Typer) -> None:
    for command in (takes, pick, pin, unpin, undo, why, resolve):
        app.command()(command)


def takes(
    scene: ScenePath,
    shots: Annotated[
        list[str] | None, typer.Argument(metavar="[SHOT…]", help="Shots or globs; all by default.")
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """List every take; the circled one is the one that is kept.

    Example: `scenegraph takes scene.yaml mara-turns`
    """
    from scenegraph.run import sheet

    found = sheet.takes_json(scene, tuple(shots or ()), store=store)
    if as_json:
        show_json(found)
        return
    width = console().width if console().is_terminal else ROOMY
    roomy = width >= ROOMY
    left_out = {*([] if roomy else ["media"]), *(["best", "seed"] if width < TIGHT else [])}
    headings = [heading for heading in TAKE_COLUMNS if heading not in left_out]
    table = plain_table(*headings)
    for shot in found["shots"]:
        if not shot["takes"]:
            table.add_row(shot["shot"], "", "", "not shot yet")
        for take in shot["takes"]:
            mark = "◉" if take["circled"] else "○"
            cells = {
                "shot": shot["shot"],
                "take": f"t{take['take']}",
                "": mark + (" pinned" if take["pinned"] else ""),
                "state": take["state"],
                "verdict": take["verdict"] or "",
                "score": "" if take["score"] is None else f"{take['score']:.2f}",
                "best": "" if take["best_frame"] is None else str(take["best_frame"]),
                "USD": take["usd"],
                "seed": str(take["seed"]),
                "media": take["media"] or "",
            }
            table.add_row(*(cells[heading] for heading in headings))
    show_table(table)
    if not roomy:
        say("--json names each take's file.", "dim")


def pick(
    scene: ScenePath,
    shot: OneShot,
    take: Annotated[int, typer.Argument(metavar="TAKE", help="Its number, such as 1.")],
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Circle another take. Children that were shot from it come back for free.

    Example: `scenegraph pick scene.yaml mara-turns 1`
    """
    from scenegraph.run import sheet

    _tell(sheet.pick(scene, shot, take, store=store), "is circled", as_json)


def pin(scene: ScenePath, shot: OneShot, store: Store = None, as_json: AsJson = False) -> None:
    """Pin the circled take: no change upstream makes it be shot again.

    Example: `scenegraph pin scene.yaml mara-turns`
    """
    from scenegraph.run import sheet

    _tell(sheet.pick(scene, shot, store=store, and_pin=True), "is pinned", as_json)


def unpin(scene: ScenePath, shot: OneShot, store: Store = None, as_json: AsJson = False) -> None:
    """Unpin the circled take.

    Example: `scenegraph unpin scene.yaml mara-turns`
    """
    from scenegraph.run import sheet

    _tell(sheet.pick(scene, shot, store=store, and_pin=False), "is not pinned", as_json)


def undo(scene: ScenePath, shot: OneShot, store: Store = None, as_json: AsJson = False) -> None:
    """Take back all that was decided about SHOT: its drift ladder, anchors and picks.

    Takes are kept. The next plan shows what follows, with its price.

    Example: `scenegraph undo scene.yaml the-night.3`
    """
    from scenegraph.run import sheet

    count = sheet.undo(scene, shot, store=store)
    if as_json:
        show_json({"shot": shot, "undone": count})
    else:
        say(f"{count} decision{'s' * (count != 1)} about {shot} taken back.")
        say("`scenegraph plan` shows what follows.", "dim")


def why(
    scene: ScenePath,
    shot: OneShot,
    was: Annotated[int | None, typer.Argument(metavar="TAKE", help="The older take.")] = None,
    now: Annotated[int | None, typer.Argument(metavar="TAKE", help="The newer take.")] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Compare two takes of a shot: only what differs, in what was asked and in what came back.

    Example: `scenegraph why scene.yaml mara-turns 1 2`
    """
    from scenegraph.run.comparing import compare

    found = compare(scene, shot, was, now, store=store)
    if as_json:
        show_json(found.to_json())
        return
    say(f"{shot}: t{found.was.number} → t{found.now.number}", "bold")
    show_changes(found.changed)
    if not found.changed:
        say("  The same request, made of the same files, was shot twice.")
    if found.same_media is None:
        say("  media: not both takes have a file")
    else:
        say(f"  media: {'the same bytes' if found.same_media else 'other bytes'}")
    if found.measured:
        say("reviews", "bold")
        show_changes(found.measured)


def resolve(
    scene: ScenePath,
    shot: OneShot,
    attach: Annotated[
        str | None, typer.Option(metavar="REQUEST_ID", help="It is this request: collect it.")
    ] = None,
    resubmit: Annotated[bool, typer.Option("--resubmit", help="It never arrived.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="Leave it.")] = False,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of a request that left and was never answered.

    Example: `scenegraph resolve scene.yaml mara-turns --attach 764cabcf-b745-4b3e`
    """
    from scenegraph.run import sheet

    if (attach is not None) + resubmit + give_up != 1:
        raise SceneError(
            "Say one of --attach REQUEST_ID, --resubmit and --give-up.",
            next="The service's dashboard lists the requests that it has.",
        )
    way: WayOut = "attach" if attach else "resubmit" if resubmit else "give-up"
    take = sheet.resolve(scene, shot, way, attach, store=store)
    _tell(take, f"is {take.state.value}; `scenegraph run SCENE` goes on", as_json)


def _tell(take: Take, said: str, as_json: bool) -> None:
    if as_json:
        facts: dict[str, Any] = {
            "shot": take.shot,
            "take": take.number,
            "slate": take.slate,
            "state": take.state.value,
            "circled": take.circled,
            "pinned": take.pinned,
        }
        show_json(facts)
        return
    say(f"{take.slate} {said}.")
