"""The goals of review, and which of them this run met."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure of the table and what it should be at least."""

    name: str
    seen: float
    least: float
    form: str = ".3f"

    @property
    def met(self) -> bool:
        return self.seen >= self.least - 1e-9


class Goals:
    """Figures as they are printed; the list of goals at the end is made of them."""

    def __init__(self) -> None:
        self._seen: list[Goal] = []

    def add(self, name: str, seen: float, least: float, form: str = ".3f") -> None:
        if not math.isnan(seen):
            self._seen.append(Goal(name, seen, least, form))

    def say(self) -> None:
        print("\nGoals")
        for goal in self._seen:
            word = "met   " if goal.met else "MISSED"
            print(f"  {word} {goal.name}: {goal.seen:{goal.form}} (goal {goal.least:{goal.form}})")
        print(f"  {sum(goal.met for goal in self._seen)} of {len(self._seen)} met")
