"""A chain of small passes must not add up: signed changes from hop to hop, and their sum. Pure.

Each hop is held against its parent with tight budgets; half a budget the same way, six times over,
passes each of them and is still another film. So every review carries the signed steps of its
chain so far, and the sum is held against the wide budget, the one against a keyframe.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scenegraph.ledger.reviews import Chain, Measure
from scenegraph.review.amounts import told
from scenegraph.review.measures import MEASURES, Reading, Row

#: What the name of a measure that is added up along the chain ends with.
CHAIN_SUFFIX = "_along_chain"

#: The rows that have a side: by axis the one for more than the parent, and the one for less.
SIDES: Mapping[str, tuple[str, str]] = {
    "saturation": ("saturation", "saturation"),
    "hue": ("hue", "hue"),
    "cast": ("cast", "cast"),
    "contrast": ("contrast", "contrast"),
    "brightness": ("brightness", "brightness"),
    "sharpness": ("oversharpening", "blur"),
}
ROWS: Mapping[str, Row] = {row.name: row for row in MEASURES}

#: Budgets by name, as for the keyframe.
CHAIN_BUDGETS: Mapping[str, float] = {
    name + CHAIN_SUFFIX: budget
    for sides in SIDES.values()
    for name in sides
    if (budget := ROWS[name].keyframe_budget) is not None
}


def steps_of(readings: Mapping[str, Reading]) -> dict[str, tuple[float, ...]]:
    """The signed change of each axis, from what was read against the parent.

    >>> steps_of({"hue": Reading(4.0, more=False), "blur": Reading(0.2, more=False)})
    {'hue': (-4.0,), 'sharpness': (-0.2,)}
    """
    steps = {}
    for axis, names in SIDES.items():
        seen = [readings[name].signed for name in dict.fromkeys(names) if name in readings]
        known = [step for step in seen if step]
        if known:
            steps[axis] = max(known, key=lambda step: float(np.hypot.reduce(step)))
    return steps


def chain_on(before: Chain | None, steps: Mapping[str, tuple[float, ...]]) -> Chain:
    """The chain with one more hop.

    >>> first = chain_on(None, {"hue": (3.0,)})
    >>> chain_on(first, {"hue": (4.0,), "cast": (1.0, -1.0)}).sums
    {'hue': (7.0,), 'cast': (1.0, -1.0)}
    """
    sums = dict(before.sums) if before is not None else {}
    for axis, step in steps.items():
        sums[axis] = tuple(
            a + b for a, b in zip(sums.get(axis, (0.0,) * len(step)), step, strict=True)
        )
    return Chain(1 if before is None else before.hops + 1, dict(steps), sums)


def chain_measures(chain: Chain, budgets: Mapping[str, float]) -> dict[str, Measure]:
    """Each sum against its budget, by name: `saturation_along_chain` …

    A first hop has none: its sum is the step that was measured against the parent.

    Source: own; the reference's rule that small passes must not add up.
    Blind to: what comes and goes within a hop; errors of measuring add up, too, as their root.
    """
    if chain.hops < 2:
        return {}
    found = {}
    for axis, total in chain.sums.items():
        more, less = SIDES[axis]
        name = more if total[0] >= 0 else less
        value, budget = float(np.hypot.reduce(total)), budgets[name + CHAIN_SUFFIX]
        anchor = f"the start of its chain, {chain.hops} hops back"
        over = value > budget
        found[name + CHAIN_SUFFIX] = Measure(
            value=value,
            budget=budget,
            unit=ROWS[name].unit,
            note=told(ROWS[name], value, budget, total, anchor) if over else f"against {anchor}",
        )
    return found
