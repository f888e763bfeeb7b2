"""What a plan will really cost: some takes are shot again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scenegraph.ledger import Memory, State
from scenegraph.units import as_usd, usd_text

#: Share of takes that are shot again, before the scene has a history of its own. An assumption.
ASSUMED_SHARE = 0.15
#: So many takes of history weigh as much as the assumption.
WEIGHT = 10
#: Up to so many shots the distribution is worked out exactly; beyond, it is as good as normal.
EXACT = 60
#: A shot that fails more often than this fails for another reason.
MOST = 4


@dataclass(frozen=True, slots=True)
class Expected:
    """Price with re-rolls: half of such runs cost at most `p50`, nineteen in twenty `p95`.

    Attributes:
        share: of takes that are expected to be shot again.
        basis: where that share comes from, in words.
    """

    p50: Decimal
    p95: Decimal
    share: float
    basis: str

    def to_json(self) -> dict[str, Any]:
        return {
            "p50": usd_text(self.p50),
            "p95": usd_text(self.p95),
            "reroll_share": round(self.share, 4),
            "basis": self.basis,
        }


def reroll_share(memory: Memory) -> tuple[float, str]:
    """The share of looked-at takes that were not good, drawn towards the assumption while few."""
    judged = bad = 0
    for takes in memory.takes.values():
        for take in takes:
            if take.verdict is not None and take.adopted_from is None:
                judged += 1
                bad += take.state is State.REJECTED
    share = (bad + ASSUMED_SHARE * WEIGHT) / (judged + WEIGHT)
    if judged == 0:
        return ASSUMED_SHARE, f"assumed: {ASSUMED_SHARE:.0%} of takes are shot again"
    return share, f"{bad} of {judged} takes of this scene were shot again, and the assumption"


def expect(prices: Sequence[tuple[Decimal, int]], memory: Memory) -> Expected:
    """The price of these shots with their re-rolls.

    Args:
        prices: for each shot that would be shot, its price and how many re-rolls it may have.

    >>> expect([], Memory("s")).p95
    Decimal('0.0000')
    """
    share, basis = reroll_share(memory)
    total = sum((usd for usd, _ in prices), Decimal(0))
    if not prices or total == 0:
        return Expected(as_usd(total), as_usd(total), share, basis)
    if len(prices) <= EXACT:
        extra = _extra_takes([min(limit, MOST) for _, limit in prices], share)
        each = total / len(prices)
        p50, p95 = (total + each * _quantile(extra, part) for part in (0.5, 0.95))
    else:
        moments = {limit: _moments(min(limit, MOST), share) for limit in {n for _, n in prices}}
        mean, variance = 0.0, 0.0
        for usd, limit in prices:
            price, (extra_takes, spread) = float(usd), moments[limit]
            mean += price * extra_takes
            variance += price**2 * spread
        p50 = total + Decimal(mean)
        p95 = total + Decimal(mean + 1.645 * math.sqrt(variance))
    return Expected(as_usd(p50), as_usd(p95), share, basis)


def _chances(limit: int, share: float) -> list[float]:
    """The chance of 0, 1, … `limit` re-rolls of one shot."""
    chances = [(1 - share) * share**n for n in range(limit)]
    return [*chances, share**limit]


def _moments(limit: int, share: float) -> tuple[float, float]:
    """Mean and variance of the re-rolls of one shot."""
    chances = _chances(limit, share)
    mean = sum(n * p for n, p in enumerate(chances))
    return mean, sum(n * n * p for n, p in enumerate(chances)) - mean * mean


def _extra_takes(limits: Sequence[int], share: float) -> list[float]:
    whole = [1.0]
    for limit in limits:
        one = _chances(limit, share)
        grown = [0.0] * (len(whole) + len(one) - 1)
        for n, p in enumerate(whole):
            for m, q in enumerate(one):
                grown[n + m] += p * q
        whole = grown
    return whole


def _quantile(chances: Sequence[float], part: float) -> int:
    reached = 0.0
    for n, chance in enumerate(chances):
        reached += chance
        if reached >= part - 1e-12:
            return n
    return len(chances) - 1
