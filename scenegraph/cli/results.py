"""What a run or a cut came to, as a table and a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenegraph.cli.show import near, plain_table, say, show_table
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.report import Dailies
    from scenegraph.run import RunResult


def show_result(result: RunResult, page: Dailies | None = None) -> None:
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
        say(f"reel     {near(result.reel)} ({length})", "bold")
        _show_deliveries(result)
    elif result.lost:
        say("No reel: shots are missing. --partial cuts it from what there is.", "red")
    if page:
        say(f"dailies  {near(page.path)}")
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
            say(f"         {near(one.path)} ({one.format}, {size}, {one.state})")
