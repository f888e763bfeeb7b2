"""One request that would be sent: what every shot of a plan comes down to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from scenegraph.catalog import Endpoint, FieldProblem
from scenegraph.ledger import Engine, Intent
from scenegraph.plan.asking import Ask
from scenegraph.plan.inputs import Input
from scenegraph.plan.keys import Recipe


@dataclass(frozen=True, kw_only=True)
class Job:
    """One request that would be sent, whole but for the URLs of its files.

    Most jobs of a plan are of shots that are kept, and only their setup is looked at: the seed is
    drawn, and what would be sent is written out, when somebody asks.

    Attributes:
        asks: the request without its seed; what is common to many shots is kept once.
        draw: the seed, and notes about it.
        provisional: a parent's take is still to come, so the key will change.
        seen: the newest take of the store that this was planned with.
    """

    shot: str
    kind: str
    scene: str
    asks: Ask
    recipe: Recipe = field(repr=False)
    take_number: int
    draw: Callable[[], tuple[int, tuple[str, ...]]] = field(repr=False, compare=False)
    engine: Engine
    provisional: bool = False
    seen: int | None = field(default=None, repr=False, compare=False)

    @cached_property
    def _drawn(self) -> tuple[int, tuple[str, ...]]:
        return self.draw()

    @property
    def seed(self) -> int:
        """Of the take; endpoints that take none are not sent it."""
        return self._drawn[0]

    @cached_property
    def key(self) -> str:
        return self.recipe.key(self.seed if self.endpoint.has_seed else None)

    @property
    def slate(self) -> str:
        """`night-train/mara-turns/t2`."""
        return f"{self.scene}/{self.shot}/t{self.take_number}"

    @property
    def endpoint(self) -> Endpoint:
        return self.asks.endpoint

    @property
    def params(self) -> dict[str, Any]:
        """The request's values, seed included; each URL is put where its input says."""
        return self.asks.params(self.seed if self.endpoint.has_seed else None)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.asks.inputs

    @property
    def setup(self) -> str:
        return self.recipe.setup

    @property
    def parts(self) -> dict[str, Any]:
        """What key and setup were hashed from."""
        return self.recipe.parts(self.params)

    @property
    def num_frames(self) -> int:
        """Frames of the answer."""
        return self.asks.num_frames

    @property
    def new_frames(self) -> int:
        """Frames of the answer that the parent does not have."""
        return self.asks.shape.new_frames

    @property
    def usd(self) -> Decimal:
        """Its price on the service, whichever engine it is for."""
        return self.asks.shape.usd

    @property
    def told(self) -> str:
        """All that is asked but its seed and its files, written out; equal for equal wishes."""
        return self.recipe.told

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.asks.shape.notes, *self._drawn[1])

    @property
    def problems(self) -> tuple[FieldProblem, ...]:
        """Why the endpoint would not take it; a plan with such a job is refused."""
        return self.asks.shape.problems

    def intent(self, run: int | None = None) -> Intent:
        """What the ledger writes down before it is asked for."""
        return Intent(
            scene=self.scene,
            shot=self.shot,
            key=self.key,
            setup=self.setup,
            parts=self.parts,
            engine=self.engine,
            endpoint=self.endpoint.id,
            seed=self.seed,
            params=with_hashes(self.params, self.inputs),
            usd_estimate=self.usd if self.engine == "fal" else Decimal(0),
            billed=self.engine == "fal",
            run=run,
            seen=self.seen,
        )


def with_hashes(params: Mapping[str, Any], inputs: tuple[Input, ...]) -> dict[str, Any]:
    """The request's values with `sha256:…` where the URL of each file will be."""
    filled: dict[str, Any] = dict(params)
    for one in inputs:
        spot: Any = filled
        for place, step in enumerate(one.into[:-1]):
            inner = spot[step] if isinstance(step, int) else spot.get(step, {})
            spot[step] = list(inner) if isinstance(one.into[place + 1], int) else dict(inner)
            spot = spot[step]
        spot[one.into[-1]] = f"sha256:{one.sha256}"
    return filled
