"""The verdict: measures against budgets, in words. Pure; looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scenegraph.errors import SceneError, did_you_mean
from scenegraph.ledger.reviews import Measure
from scenegraph.review.amounts import told
from scenegraph.review.chain import CHAIN_BUDGETS, CHAIN_SUFFIX
from scenegraph.review.measures import KEYFRAME_SUFFIX, MEASURES, Reading, Row

#: Fewer new frames than one latent step of the models (8) and the frame it starts from are no shot.
FEWEST_NEW = 9

#: What happens at one frame and is over.
AT_ONCE = frozenset({"cut", "zoom_jump"})

DEFAULT_BUDGETS: Mapping[str, float] = MappingProxyType(
    {row.name: row.budget for row in MEASURES}
    | {
        row.name + KEYFRAME_SUFFIX: row.keyframe_budget
        for row in MEASURES
        if row.keyframe_budget is not None
    }
    | dict(CHAIN_BUDGETS)
)


def budgets_with(overrides: Mapping[str, float] | None) -> dict[str, float]:
    """The defaults with a scene's or a shot's own budgets laid over them.

    A sum along a chain has the budget against the keyframe, unless it is given its own.

    Raises:
        SceneError: a name that no measure has, or a budget that is not above zero.
    """
    budgets = dict(DEFAULT_BUDGETS)
    for name, value in (overrides or {}).items():
        if name not in budgets and name != "identity":
            raise SceneError(
                f"There is no measure {name!r} to give a budget.{did_you_mean(name, budgets)}",
                next=f"Measures with a budget: {', '.join(budgets)}.",
            )
        if not value > 0:
            raise SceneError(
                f"The budget of {name!r} is {value}; a budget is above zero.",
                next="Leave the line out to use the default.",
            )
        budgets[name] = float(value)
    for name in CHAIN_BUDGETS:
        if name not in (overrides or {}):
            budgets[name] = budgets[name.removesuffix(CHAIN_SUFFIX) + KEYFRAME_SUFFIX]
    return budgets


def as_measure(row: Row, reading: Reading, budget: float, anchor: str) -> Measure:
    """One reading held against its budget. `anchor` is the word for what it was held against."""
    over = reading.value is not None and reading.value > budget
    note = reading.note
    if over and reading.value is not None:
        note = told(row, reading.value, budget, reading.signed, f"the {anchor}")
    elif not note:
        note = f"against the {anchor}"
    return Measure(
        value=reading.value,
        budget=budget,
        unit=row.unit,
        since_frame=reading.since(budget) if over else None,
        note=note,
    )


def score_of(measures: Mapping[str, Measure]) -> float | None:
    """The largest value over its budget: 0 as the anchor, 1 at the budget; None: nothing known."""
    scores = [m.score for m in measures.values() if m.value is not None and m.budget]
    return max(scores) if scores else None


def drift_reasons(measures: Mapping[str, Measure]) -> tuple[str, ...]:
    """A sentence for each measure over its budget, worst first."""
    over = sorted(
        ((name, measure) for name, measure in measures.items() if measure.over),
        key=lambda pair: -pair[1].score,
    )
    return tuple(_sentence(name, measure) for name, measure in over)


def _sentence(name: str, measure: Measure) -> str:
    """Which measure, how far over its budget, from which frame on."""
    since = "" if measure.since_frame is None else f", from frame {measure.since_frame} on"
    if name in AT_ONCE and measure.since_frame is not None:
        since = f", at frame {measure.since_frame}"
    elif measure.since_frame == 0:
        since = ", from the first frame on"
    return f"{name}: {measure.note}{since}: {measure.score:.1f} times its budget"
