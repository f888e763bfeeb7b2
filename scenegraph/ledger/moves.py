"""Which state may follow which. One table; the only place that knows."""

from __future__ import annotations

from collections.abc import Mapping

from scenegraph.ledger.takes import State

S = State

#: `lost → submitted` is a person's `resolve --attach`: the request id turned up after all.
#: `circled → reviewed` is a take unseated by `pick`; it stays on the sheet.
NEXT: Mapping[State, frozenset[State]] = {
    S.INTENDED: frozenset({S.SUBMITTED, S.REFUSED, S.UNKNOWN, S.LOST}),
    S.SUBMITTED: frozenset({S.ANSWERED, S.REFUSED, S.UNKNOWN, S.LOST}),
    S.ANSWERED: frozenset({S.FETCHED, S.LOST}),
    S.FETCHED: frozenset({S.REVIEWED}),
    S.REVIEWED: frozenset({S.CIRCLED, S.REJECTED, S.COLLECTED}),
    S.CIRCLED: frozenset({S.REVIEWED, S.REJECTED}),
    S.REJECTED: frozenset({S.CIRCLED, S.REVIEWED, S.COLLECTED}),
    S.UNKNOWN: frozenset({S.SUBMITTED, S.REFUSED, S.LOST}),
    S.LOST: frozenset({S.SUBMITTED}),
    S.REFUSED: frozenset(),
    S.COLLECTED: frozenset(),
}

#: States from which a take may come into this one.
BEFORE: Mapping[State, tuple[State, ...]] = {
    to: tuple(state for state in State if to in NEXT[state]) for to in State
}


def is_legal(was: State, now: State) -> bool:
    """True when a take may go from `was` to `now` in one step.

    >>> is_legal(State.INTENDED, State.SUBMITTED), is_legal(State.REFUSED, State.SUBMITTED)
    (True, False)
    """
    return now in NEXT[was]
