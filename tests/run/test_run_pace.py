"""The pace of a run: which chain will take longest, by its lengths and by what has come so far."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from scenegraph.catalog import load_catalog
from scenegraph.ledger import Memory
from scenegraph.plan import PlanContext, Selection, plan_all
from scenegraph.run.pace import Pace
from scenegraph.run.slots import Slots
from scenegraph.scene import Scene


def chain(name: str, *seconds: float) -> dict[str, Mapping[str, Any]]:
    """A start and its hops, of these new seconds."""
    shots: dict[str, Mapping[str, Any]] = {}
    for hop, length in enumerate(seconds):
        start = {"kind": "extend", "parent": f"{name}-{hop - 1}"} if hop else {"kind": "t2v"}
        shots[f"{name}-{hop}"] = {**start, "prompt": f"{name} {hop}", "seconds": length}
    return shots


def planned(shots: Mapping[str, Mapping[str, Any]], **selection: Any) -> PlanContext:
    scene = Scene(title="Pace", shots=shots)
    context = PlanContext.of(
        scene,
        Memory("pace"),
        engine="animatic",
        catalog=load_catalog(),
        hashes={},
        selection=Selection.of(**selection),
    )
    plan_all(context)
    return context


def test_a_short_chain_of_long_shots_comes_before_a_long_chain_of_short_ones() -> None:
    """Hops are not seconds: two long ones hold the reel up longer than three short ones."""
    context, pace = planned(chain("long", 2, 2, 2) | chain("short", 10, 10)), Pace()
    assert pace.remaining(context, "short-0") > pace.remaining(context, "long-0")
    assert pace.remaining(context, "long-0") > pace.remaining(context, "long-1")


def test_what_has_come_counts_more_than_frames() -> None:
    """A service may take as long for two seconds as for ten; that is seen, not assumed."""
    context, pace = planned(chain("long", 2, 2, 2) | chain("short", 10, 10)), Pace()
    for _ in range(30):
        for shot in ("long-0", "long-1", "short-0", "short-1"):
            pace.took(context.planned[shot], 40.0)
    assert pace.remaining(context, "long-0") == pytest.approx(120, rel=0.2)
    assert pace.remaining(context, "short-0") == pytest.approx(80, rel=0.2)


def test_a_length_that_never_came_goes_by_the_rate_of_its_endpoint() -> None:
    """Half of the frames are expected in about half of the time until one of them is there."""
    context, pace = planned(chain("a", 8) | chain("b", 4)), Pace()
    for _ in range(4):
        pace.took(context.planned["a-0"], 60.0)
    assert 25 < pace.remaining(context, "b-0") < 35


def test_shots_that_are_left_out_hold_nobody_up() -> None:
    """A branch that will not be shot is no reason to hurry for its start."""
    shots = chain("cut-short", 4, 4, 4, 4) | chain("whole", 4, 4)
    context, pace = planned(shots, omit="cut-short-1"), Pace()
    assert pace.remaining(context, "cut-short-0") < pace.remaining(context, "whole-0")


@pytest.mark.anyio
async def test_those_who_wait_are_compared_anew_when_the_pace_has_changed() -> None:
    """A priority is asked for again: the first guess does not order the whole run."""
    slots, order = Slots(1), list[str]()
    priority = {"first": 9.0, "a": 2.0, "b": 1.0}

    async def hold(name: str) -> None:
        async with slots.take(lambda: priority[name]):
            order.append(name)
            await asyncio.sleep(0)
            if name == "first":
                priority["b"] = 3.0
                slots.compare_anew()

    async with asyncio.TaskGroup() as group:
        for name in priority:
            group.create_task(hold(name))
    assert order == ["first", "b", "a"]
