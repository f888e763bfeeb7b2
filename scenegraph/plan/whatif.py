"""What if: the plan of a scene with a few other values, beside the plan of the scene as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scenegraph.plan.values import Plan, ShotPlan
from scenegraph.units import usd_text


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two plans of one state; nothing of the first is written anywhere.

    Attributes:
        touched: the shots about which something else would be done, or of something else.
        gone: shots that the scene would have no more.
    """

    plan: Plan
    without: Plan
    touched: tuple[ShotPlan, ...]
    gone: tuple[str, ...]

    @property
    def usd(self) -> Decimal:
        """What the change alone costs; less than nothing when it saves."""
        return self.plan.usd - self.without.usd

    def to_json(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The plan with the values, and beside it what there is without them."""
        return {
            **self.plan.to_json(),
            "what_if": {
                "set": dict(values),
                "touched": [shot.shot for shot in self.touched],
                "gone": list(self.gone),
                "usd_more": usd_text(self.usd),
                "without": {
                    "plan_id": self.without.plan_id,
                    "usd": usd_text(self.without.usd),
                    "to_shoot": self.without.to_shoot,
                    "submits": self.without.submits,
                },
            },
        }


def what_if(plan: Plan, without: Plan) -> WhatIf:
    """Which shots a change would touch: those that differ in action, key or price."""
    before = {shot.shot: shot for shot in without.shots}
    touched = tuple(
        shot for shot in plan.shots if _done(shot) != _done(before.pop(shot.shot, None))
    )
    return WhatIf(plan, without, touched, tuple(before))


def _done(shot: ShotPlan | None) -> object:
    return shot and (shot.action, shot.act, shot.key, shot.usd)
