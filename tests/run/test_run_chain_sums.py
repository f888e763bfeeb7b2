"""Signed changes of the hops of a real run, added up through the ledger."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from scenegraph.plan import Selection

HOPS: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens", "hops": 3},
}


@pytest.mark.ffmpeg
def test_each_hop_adds_its_steps_to_its_parent_s_sums(theatre: Callable[..., Any]) -> None:
    """A hop that is shot in a later run must go on from what the ledger kept, not from zero."""
    house = theatre(HOPS)
    house.run(selection=Selection(until=("listens.1",)))
    house.run()
    with house.ledger() as ledger:
        takes = ledger.memory("night-train").takes
        chains = {
            id: [ledger.review_of(take.id).chain for take in kept if take.circled]
            for id, kept in takes.items()
        }
    assert chains["waits"] == [None]
    hops = [chains[f"listens.{n}"][0] for n in (1, 2, 3)]
    assert [chain.hops for chain in hops] == [1, 2, 3]
    for before, after in pairwise(hops):
        for axis, total in after.sums.items():
            expected = [
                sum(pair)
                for pair in zip(
                    before.sums.get(axis, (0.0,) * len(total)),
                    after.steps.get(axis, (0.0,) * len(total)),
                    strict=True,
                )
            ]
            assert total == pytest.approx(expected, abs=1e-4)
