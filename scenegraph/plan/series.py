"""Several takes of one shot side by side: how many are wanted, and what there is of them.

That they are wanted is an amendment, written before the first of them is asked for. So a run that
was killed is gone on with: the next one shoots the missing ones alone. A take that is circled,
picked or asked about after it ends the wish.
"""

from __future__ import annotations

from dataclasses import replace

from scenegraph.ledger import Amendment, State, Take
from scenegraph.plan.context import PlanContext
from scenegraph.plan.values import Act, Series, ShotPlan

TAKES, BEST = "takes", "best"
_ENDS = frozenset({BEST, "accept", "pick", "ask"})


def wanted_series(
    context: PlanContext, shot: str, setup: str, own: tuple[Take, ...], provisional: bool
) -> Series | None:
    """The takes that are wanted side by side, without the jobs of those that are missing."""
    chosen = context.chosen.takes.get(shot)
    amended = context.memory.amended(shot)
    if chosen is None and not amended:
        return None
    open_wish = None if provisional else _open_wish(amended, setup)
    if open_wish is not None:
        number = open_wish.values["takes"] if chosen is None else chosen
        after = int(open_wish.values["after"])
        takes = tuple(
            take
            for take in own
            if take.number > after and take.setup == setup and take.state is not State.LOST
        )
        undecided = any(
            take.state.is_pending or take.state in (State.FETCHED, State.REVIEWED) for take in takes
        )
        if undecided or len(takes) < number:
            number = max(number, len(takes))
            return Series(number=number, after=after, takes=takes, is_new=False)
    if chosen is None or _is_done(context, amended):
        return None
    return Series(number=chosen, after=context.memory.next_number(shot) - 1)


def series_amendment(shot: str, series: Series, setup: str, run: int | None) -> Amendment:
    """What is written before the first take of a series is asked for."""
    return Amendment(
        shot=shot,
        kind=TAKES,
        reason=f"{series.number} takes side by side were asked for",
        values={"takes": series.number, "after": series.after, "setup": setup},
        run=run,
    )


def one_by_one(planned: ShotPlan, series: Series) -> tuple[ShotPlan, ...]:
    """A series as plans of single takes: ask for each that is missing, collect the others."""
    new = [replace(planned, act="submit", job=job, take=None, series=None) for job in series.jobs]
    here = [
        replace(planned, act=act, take=take, series=None)
        for take in series.takes
        if (act := _act_on(take)) is not None
    ]
    return (*here, *new)


def _act_on(take: Take) -> Act | None:
    if take.state.is_pending:
        return "poll"
    looks = take.state in (State.FETCHED, State.REVIEWED, State.CIRCLED)
    return "review" if looks else None


def _open_wish(amended: tuple[Amendment, ...], setup: str) -> Amendment | None:
    wish = None
    for one in amended:
        if one.kind == TAKES:
            wish = one
        elif one.kind in _ENDS:
            wish = None
    return wish if wish is not None and wish.values.get("setup") == setup else None


def _is_done(context: PlanContext, amended: tuple[Amendment, ...]) -> bool:
    """Whether the run that is under way has shot its series already."""
    return context.run is not None and any(
        one.kind == TAKES and one.run == context.run for one in amended
    )
