"""Speculation: hops asked for while their parents are looked at, at a cost that is capped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from scenegraph.ledger import State
from scenegraph.plan import lost_usd
from scenegraph.run import plan

CHAIN: Mapping[str, Mapping[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
}
SOFT = {"blur": 9.0, "blur_vs_keyframe": 9.0, "contrast": 9.0, "contrast_vs_keyframe": 9.0}


def policy(usd: str, *rungs: str, rerolls: int = 2) -> dict[str, Any]:
    on_drift = rungs or ("reroll",)
    return {
        "drift": {
            "on_drift": on_drift, "rerolls": rerolls, "speculate_usd": Decimal(usd),
            "budgets": dict(SOFT),
        }
    }  # fmt: skip


def fading(verb: str, times: int) -> Callable[..., Any]:
    """A renderer whose first takes of one shot fade to grey."""
    stages, drawn = sys.modules["run_stages"], []

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        bad = verb in params["prompt"]
        drawn.extend([verb] if bad else [])
        fades = bad and len(drawn) <= times
        return stages.small_render(kind, params, inputs, out, drift=1.0 if fades else 0.0)

    return render


def early(house: Any) -> list[str]:
    """The shots that were asked for early, in order."""
    with house.ledger() as ledger:
        rows = ledger.memory("night-train").amendments
    return [one.shot for one in rows if one.kind == "speculate"]


def lost(house: Any) -> Decimal:
    with house.ledger() as ledger:
        return lost_usd(ledger.memory("night-train"))


@pytest.mark.ffmpeg
def test_without_a_cap_nothing_is_asked_for_early(theatre: Callable[..., Any]) -> None:
    house = theatre(CHAIN)
    assert house.run().submits == 3
    assert early(house) == []
    assert plan(house.file, backend="fal").speculation is None


@pytest.mark.ffmpeg
def test_hops_of_good_takes_are_asked_for_early_and_cost_the_same(
    theatre: Callable[..., Any],
) -> None:
    """Each hop goes on from the take that was kept, and no request is made twice."""
    house = theatre(CHAIN, scene=policy("1"))
    usd = plan(house.file, backend="fal").usd
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, 3, 3)
    assert early(house) == ["listens", "rises"]
    assert lost(house) == 0 and result.usd == usd
    for child, parent in (("listens", "waits"), ("rises", "listens")):
        ((take,), (above,)) = house.takes(child), house.takes(parent)
        assert take.circled and take.parts["inputs"]["video"]["sha256"] == above.sha256
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_the_hop_of_a_rejected_take_is_lost_once_and_never_past_the_cap(
    theatre: Callable[..., Any],
) -> None:
    """Two takes of the parent are rejected, and the cap has room for one lost hop."""
    hop = plan(theatre(CHAIN).file, backend="fal")["rises"].job.usd
    house = theatre(CHAIN, render=fading("she listens", 2), scene=policy(str(hop * Decimal("1.5"))))
    told = plan(house.file, backend="fal").speculation
    assert told is not None and told.at_worst == hop * Decimal("1.5") and told.hops == 2
    result = house.run()
    assert result.exit_code == 0, [(o.shot, o.state, o.error) for o in result.outcomes]
    assert house.states("listens") == [State.REJECTED, State.REJECTED, State.CIRCLED]
    # Five takes that are needed, and one hop of the first rejected take.
    assert early(house) == ["listens", "rises"]
    assert house.submits == 6 and lost(house) == hop
    kept = next(take for take in house.takes("rises") if take.circled)
    above = next(take for take in house.takes("listens") if take.circled)
    assert kept.parts["inputs"]["video"]["sha256"] == above.sha256
    left = plan(house.file, backend="fal").speculation
    assert left is not None and (left.lost, left.at_worst) == (hop, 0)
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_hop_that_is_still_in_line_is_called_off_for_nothing(theatre: Callable[..., Any]) -> None:
    """The service takes it out of its line; the money for it comes back."""
    calm, held = fading("she waits", 1), []
    still = {"kind": "i2v", "keyframe": {"from": "platform"}}
    shots = {
        **CHAIN,
        "platform": {"kind": "t2v", "prompt": "an empty platform"},
        "lamp": {**still, "prompt": "a lamp goes out"},
        "rail": {**still, "prompt": "a rail gleams"},
    }
    shots["waits"] = {**CHAIN["waits"], "frames": 57}  # a look at it takes longer than asking

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        prompt, queue = params["prompt"], house.queue
        posted = [job.body["prompt"] for job in queue.jobs.values()]
        if "she waits" in prompt and sum("she waits" in one for one in posted) == 1:
            while not (held and queue.waiting()):
                time.sleep(0.01)  # until lamp or rail is being drawn and the other one is in line
        elif "lamp" in prompt or "rail" in prompt:
            held.append(prompt)
            for _ in range(400):  # no worker is free for the hop until it was called off
                if queue.calls.get("cancel"):
                    break
                time.sleep(0.01)
        return calm(kind, params, inputs, out, drift=drift)

    house = theatre(shots, render=render, workers=2, scene=policy("1"))
    result = house.run(jobs=6)
    assert result.exit_code == 0, [(o.shot, o.state, o.error) for o in result.outcomes]
    # On a machine that is slow to ask, the take is rejected before its hop has left at all.
    was_out = bool(house.queue.calls.get("cancel"))
    assert house.states("listens") == [*([State.LOST] if was_out else []), State.CIRCLED]
    assert lost(house) == 0


@pytest.mark.ffmpeg
def test_a_hop_that_a_person_is_asked_about_waits_with_its_parent(
    theatre: Callable[..., Any],
) -> None:
    """The ladder hands the parent over; picked, it gives its hop back for nothing."""
    from scenegraph.run.sheet import pick

    shots = {**CHAIN, "waits": {**CHAIN["waits"], "drift": {"on_drift": ["ask"]}}}
    house = theatre(shots, render=fading("she waits", 9), scene=policy("1", "accept"))
    result = house.run()
    assert result.exit_code == 4
    asked = house.submits
    assert early(house) == ["listens"]
    pick(house.file, "waits", 1)
    states = house.states("listens")
    again = house.run()
    assert again.exit_code == 0, [(o.shot, o.state, o.error) for o in again.outcomes]
    # What had come home is used; what was called off in time is asked for now.
    needed = 1 if states == [State.CIRCLED] else 2
    assert house.submits - asked == needed
