"""Commands about what was done: history, provenance, replay. None of them asks or writes."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.options import AsJson, Backend, ScenePath, Store
from scenegraph.cli.show import plain_table, say, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenegraph.run.history import Decided, History, PastRun
    from scenegraph.run.provenance import Provenance
    from scenegraph.run.relook import Difference

WhichEngine = Annotated[
    Backend | None, typer.Option(help="Whose reel; the paid one, if anything paid is circled.")
]
WhichReel = Annotated[
    int | None, typer.Option(metavar="N", help="A reel's number, as `history` tells it.")
]


#: What a run decided after it had looked at a take, in words.
_REMEDIES = {
    "reroll": "another take",
    "tune": "other settings",
    "reanchor": "back to the keyframe",
    "cut": "a new framing",
    "grade": "kept, its colours matched at the cut",
    "accept": "kept all the same",
    "ask": "left to a person",
    "speculate": "asked for early",
}


def add_to(app: typer.Typer) -> None:
    app.command()(history)
    app.command()(provenance)
    app.command()(replay)


def history(scene: ScenePath, store: Store = None, as_json: AsJson = False) -> None:
    """List the runs of a scene: when, what was shot and why, what it cost, how it ended.

    Example: `scenegraph history scene.yaml`
    """
    from scenegraph.run.history import history as look_back

    found = look_back(scene, store=store)
    if as_json:
        show_json(found.to_json())
        return
    _show_history(found)


def _show_history(found: History) -> None:
    if not found.runs:
        say("No run yet: `scenegraph run SCENE` begins one.")
    for run in found.runs:
        _show_run(run)
    for cut in found.cuts:
        say(f"reel {cut['reel']}  {_local(cut['made_at'])}  cut again: {_reel_line(cut)}")
    if found.since:
        say("after it" if found.runs else "decided", "bold")
    for decision in found.since:
        say(f"  {_decided_line(decision)}")


def _show_run(run: PastRun) -> None:
    took = "" if run.ended_at is None else f", {run.ended_at - run.started_at:.1f} s"
    when = datetime.fromtimestamp(run.started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    usd = run.to_json()["usd"]
    say(
        f"run {run.run}  {when}  {run.backend}: {run.ended}; {run.submits} asked for, "
        f"${usd} spent{took}",
        "bold",
    )
    for name, names in run.selection.items():
        say(f"  --{name.rstrip('_').replace('_', '-')} {' '.join(names)}", "dim")
    for decision in run.decided:
        say(f"  before it  {_decided_line(decision)}")
    table = plain_table("", "shot", "takes", "ended", "why")
    for shot in run.shots:
        takes = " ".join(slate.rpartition("/")[2] for slate in shot.takes)
        table.add_row("", shot.shot, takes, shot.state or "–", _plain(shot.reason))
        for change in shot.changed:
            line = f"  {change['field']}: {_short(change['was'])} → {_short(change['now'])}"
            table.add_row("", "", "", "", _plain(line))
        for kind, reason in shot.remedies:
            table.add_row("", "", "", "", _plain(f"  {_REMEDIES[kind]}: {reason}"))
    if run.shots:
        show_table(table)
    else:
        say("  Nothing was to be shot.")
    if run.reel:
        say(f"  reel {run.reel['reel']}: {_reel_line(run.reel)}")
    if run.next:
        say(f"  next: {run.next}", "dim")
    say()


def _decided_line(decision: Decided) -> str:
    by = f", by {decision.by}" if decision.by else ""
    return f"{decision}  ({_local(decision.to_json()['at'])}{by})"


def _reel_line(reel: Any) -> str:
    return f"{reel['path']} ({reel['frames']} frames)"


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _short(value: Any, most: int = 160) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(text: str) -> str:
    """Text for a table, whose cells would read brackets as markup."""
    return text.replace("[", "\\[")


def provenance(
    scene: ScenePath,
    backend: WhichEngine = None,
    reel: WhichReel = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Tell where every frame of a reel came from: take, request, seed, inputs, price.

    --json has the parameters as they were sent, every input's hash, and each parent's take.

    Example: `scenegraph provenance scene.yaml --json`
    """
    from scenegraph.run.provenance import provenance as trace

    found = trace(scene, backend=backend.value if backend else None, reel=reel, store=store)
    if as_json:
        show_json(found.to_json())
        return
    _show_provenance(found)


def _show_provenance(found: Provenance) -> None:
    from scenegraph.run.provenance import seconds

    reel = found.reel
    rate = Fraction(reel["rate"])
    say(f"reel {reel['reel']}  {reel['path']}  {reel['frames']} frames at {rate} fps", "bold")
    said = {True: "as it was made", False: "NOT the file that was made", None: "not to be compared"}
    gone = "is gone" if reel["on_disk"] is None else said[reel["same"]]
    say(f"sha256 {reel['sha256'] or 'not recorded'}; the file {gone}")
    say()
    table = plain_table("reel frames", "from", "to", "slate", "frames played", "request", "seed")
    for span in found.spans:
        first, last = seconds(span, rate)
        take = found.takes[span.slate]
        table.add_row(
            f"{span.start}–{span.stop - 1}",
            f"{first:.2f} s",
            f"{last:.2f} s",
            span.slate,
            f"{span.in_frame}–{span.out_frame}",
            take["request_id"] or "",
            str(take["seed"]),
        )
    show_table(table)
    say()
    table = plain_table("take", "asked", "endpoint", "USD", "made from")
    for slate, take in found.takes.items():
        inputs = [
            f"{one['role']} {one['take'] or one['file'] or ''} ({one['sha256'][:8]})"
            for one in take["inputs"]
        ]
        table.add_row(
            slate, take["asked_at"] or "", take["endpoint"], take["usd"], _plain(", ".join(inputs))
        )
    show_table(table)
    say()
    say(f"${found.to_json()['usd']} in all. --json has the parameters as sent.", "dim")


def replay(
    scene: ScenePath,
    backend: WhichEngine = None,
    reel: WhichReel = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Keep the rebuilt reel.")
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Make reviews, cuts and reel again from the ledger and its media, offline, and compare.

    Nothing is asked for and the ledger is not written to. Exit code 1: something differs.

    Example: `scenegraph replay scene.yaml`
    """
    from scenegraph.cli.live import watching
    from scenegraph.run.replay import replay as play_again

    with watching([]) as listener:
        found = play_again(
            scene,
            backend=backend.value if backend else None,
            reel=reel,
            store=store,
            out=out,
            listener=listener,
        )
    if as_json:
        show_json(found.to_json())
        return found.exit_code
    same = "the same"
    reviews = found.same("review", "media")
    say(f"reviews   {len(found.reviews)} takes looked at again: {same if reviews else 'other'}")
    say(f"timeline  {found.events} events: {same if found.same('timeline') else 'other'}")
    rebuilt = found.reel["rebuilt"]
    digest = f" ({rebuilt[:12]}…)" if rebuilt else ""
    say(f"reel      {found.reel['path']}{digest}: {same if found.same('reel') else 'other'}")
    say(f"plan      keeps every take of the reel: {'yes' if found.same('plan') else 'no'}")
    if found.out:
        say(f"kept      {found.out}")
    if found.differences:
        say()
        _show_differences(found.differences)
    return found.exit_code


def _show_differences(differences: Iterable[Difference]) -> None:
    table = plain_table("part", "where", "field", "recorded", "rebuilt", "what")
    for one in differences:
        cells = (_short(one.recorded), _short(one.rebuilt), one.note)
        table.add_row(one.part, one.where, _plain(one.field), *(_plain(cell) for cell in cells))
    show_table(table)
