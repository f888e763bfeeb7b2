"""Takes side by side: all shot at once, all kept, the best circled; also after an interrupt."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scenegraph.errors import OverBudget, SceneError
from scenegraph.ledger import State
from scenegraph.plan import Selection
from scenegraph.run import plan
from scenegraph.run.sheet import pick

CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
ONE = {"platform": CHAIN["platform"]}


def takes_of(shot: str, number: int, **more: Any) -> Selection:
    """As `run SCENE --takes NUMBER SHOT`."""
    return Selection.of(only=shot, side_by_side={shot: number}, **more)


@pytest.mark.ffmpeg
def test_side_by_side_takes_are_shot_at_once_and_the_best_is_circled(
    theatre: Callable[..., Any],
) -> None:
    """All are kept; the lowest score wins; the plan says the price of all."""
    house = theatre(ONE)
    one = plan(house.file, backend="fal").usd
    planned = plan(house.file, backend="fal", selection=takes_of("platform", 3))
    assert (planned.usd, planned.to_shoot, planned.submits) == (3 * one, 1, 3)
    result = house.run(selection=takes_of("platform", 3), as_planned=planned)
    takes = house.takes("platform")
    assert (result.exit_code, result.submits, len(takes)) == (0, 3, 3)
    best = min(takes, key=lambda take: take.score)
    assert [take.state for take in takes if take.id != best.id] == [State.REVIEWED] * 2
    assert house.run().submits == 0 and next(t for t in house.takes() if t.circled).id == best.id
    assert len({take.seed for take in takes}) == len({take.sha256 for take in takes}) == 3


@pytest.mark.ffmpeg
def test_as_many_requests_are_out_as_there_are_slots(theatre: Callable[..., Any]) -> None:
    """Side by side means at the same time, and never more than was allowed."""
    house = theatre(ONE)
    house.goes_wrong(effect="slow", seconds=0.2, times=0)
    out: list[int] = []

    def count(event: Any) -> None:
        jobs = house.queue.jobs.values()
        out.append(sum(job.state != "COMPLETED" for job in jobs))

    assert house.run(selection=takes_of("platform", 4), jobs=2, listener=count).submits == 4
    assert max(out) == 2


@pytest.mark.ffmpeg
def test_a_named_seed_is_used_once_and_the_others_are_drawn_from_it(
    theatre: Callable[..., Any],
) -> None:
    """The same request again would give, and cost, the same picture."""
    house = theatre({"platform": {**ONE["platform"], "seed": 11}})
    assert house.run(selection=takes_of("platform", 3)).submits == 3
    seeds = sorted(take.seed for take in house.takes())
    assert len(set(seeds)) == 3 and 11 in seeds


@pytest.mark.ffmpeg
def test_a_broken_take_is_never_the_best(theatre: Callable[..., Any]) -> None:
    house = theatre(ONE)
    house.goes_wrong(effect="garbage", submit=1)
    result = house.run(selection=takes_of("platform", 2))
    kept = result.outcomes[0].take
    assert (result.exit_code, result.submits, kept.verdict) == (0, 2, "good")


@pytest.mark.ffmpeg
def test_when_all_side_by_side_takes_are_broken_the_shot_is_lost(
    theatre: Callable[..., Any],
) -> None:
    """The ladder shoots no more on top of them."""
    house = theatre(ONE)
    house.goes_wrong(effect="garbage", times=0)
    result = house.run(selection=takes_of("platform", 2))
    assert (result.exit_code, result.submits, result.outcomes[0].state) == (1, 2, "lost")
    assert house.states("platform") == [State.REJECTED] * 2


@pytest.mark.ffmpeg
def test_a_lost_take_of_several_leaves_the_best_of_the_others(theatre: Callable[..., Any]) -> None:
    house = theatre(ONE)
    house.goes_wrong(effect="fail", type="content_policy_violation", submit=2)
    result = house.run(selection=takes_of("platform", 3))
    assert (result.exit_code, result.outcomes[0].state) == (0, "circled")
    assert house.states("platform").count(State.REFUSED) == 1
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_series_that_was_interrupted_is_gone_on_with(theatre: Callable[..., Any]) -> None:
    """That three were wanted is in the ledger: the next run collects, and shoots none twice."""
    house = theatre(ONE, patience={"job_s": 0.3})
    house.goes_wrong(effect="never", submit=2)
    first = house.run(selection=takes_of("platform", 3), max_usd=Decimal(9))
    assert house.submits == 3 and State.SUBMITTED in house.states("platform")
    job = next(job for job in house.queue.jobs.values() if job.number == 2)
    house.queue._enqueue(job)
    again = house.run()
    assert (again.exit_code, again.submits, house.submits) == (0, 0, 3), first
    takes = house.takes("platform")
    assert all(take.state.has_media for take in takes)
    assert sum(take.circled for take in takes) == 1
    assert house.run(selection=takes_of("platform", 2)).submits == 2, "asked for anew: two more"


@pytest.mark.ffmpeg
def test_a_series_over_the_cap_asks_for_nothing(theatre: Callable[..., Any]) -> None:
    """Its price is that of all its takes, and is held against the cap before the first."""
    house = theatre(ONE)
    usd = plan(house.file, backend="fal", selection=takes_of("platform", 3)).usd
    with pytest.raises(OverBudget):
        house.run(selection=takes_of("platform", 3), max_usd=usd - Decimal("0.0001"))
    assert house.submits == 0
    assert house.run(selection=takes_of("platform", 3), max_usd=usd).submits == 3


@pytest.mark.ffmpeg
def test_children_of_a_series_follow_when_they_are_asked_for(theatre: Callable[..., Any]) -> None:
    """As `rerun SCENE waits --takes 2`: two of it, then what hangs on the best one."""
    house = theatre(CHAIN)
    house.run()
    stays = house.run(selection=takes_of("waits", 2))
    assert stays.submits == 2 and len(house.takes("listens")) == 1
    chosen = Selection.of(force="waits", from_="waits", side_by_side={"waits": 2})
    planned = plan(house.file, backend="fal", selection=chosen)
    assert (planned.to_shoot, planned.submits) == (2, 3)
    assert house.run(selection=chosen).submits == 3


@pytest.mark.ffmpeg
def test_a_pinned_shot_gets_no_takes_side_by_side(theatre: Callable[..., Any]) -> None:
    """A pin is a person's word; it is lifted by a person."""
    house = theatre(ONE)
    house.run()
    pick(house.file, "platform", and_pin=True)
    result = house.run(selection=takes_of("platform", 3))
    assert (result.exit_code, result.submits) == (4, 0)


def test_less_than_one_take_is_none(theatre: Callable[..., Any]) -> None:
    house = theatre(ONE)
    with pytest.raises(SceneError):
        plan(house.file, selection=takes_of("platform", 0))
