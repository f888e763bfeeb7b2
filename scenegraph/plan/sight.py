"""One shot as it stands, for whoever has to decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from scenegraph.ledger import Take
from scenegraph.plan.job import Job
from scenegraph.plan.values import Series
from scenegraph.scene import Shot


@dataclass
class Sight:
    """One shot as it stands: what is wanted, what there is, what it hangs on."""

    shot: Shot
    job: Job
    own: tuple[Take, ...]
    parents: Mapping[str, Take | None]
    forced: bool
    series: Series | None = None

    @cached_property
    def missing(self) -> list[str]:
        """Parents whose take is still to come."""
        return [id for id, take in self.parents.items() if take is None]

    @cached_property
    def same(self) -> list[Take]:
        """Own takes of the setup that is wanted, newest first."""
        if self.job.provisional:
            return []
        return [take for take in reversed(self.own) if take.setup == self.job.setup]
