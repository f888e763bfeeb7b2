"""What may still be asked for: the cap, held before every request."""

from __future__ import annotations

from decimal import Decimal

from scenegraph.errors import OverBudget, SceneGraphError
from scenegraph.units import usd_text


class Purse:
    """List prices of what this run has asked for, held against a cap.

    On the animatic engine nothing is spent; an explicit `--max-usd` still holds the price on
    fal.ai, so that a budget can be rehearsed.

    >>> purse = Purse(Decimal("0.25"))
    >>> purse.take(Decimal("0.2"))
    >>> purse.left
    Decimal('0.05')
    """

    def __init__(self, cap: Decimal | None) -> None:
        self.cap, self.taken = cap, Decimal(0)
        self._shut: SceneGraphError | None = None

    @property
    def left(self) -> Decimal | None:
        return None if self.cap is None else self.cap - self.taken

    def take(self, usd: Decimal) -> None:
        """Promise `usd` to a request. Once one was too dear, a cheaper one is not asked either.

        Raises:
            OverBudget: it would pass the cap; nothing was promised.
            SceneGraphError: the purse was shut, for this reason.
        """
        if self._shut is None and self.left is not None and usd > self.left:
            self._shut = OverBudget(
                f"The next request costs ${usd_text(usd)}, and ${usd_text(self.left)} is left.",
                next="Raise `budget_usd` in the scene, or `--max-usd`, and run again.",
                usd=usd,
                cap=self.cap,
            )
        if self._shut is not None:
            raise self._shut
        self.taken += usd

    def give_back(self, usd: Decimal) -> None:
        """A request that was not accepted, or that the service failed, costs nothing."""
        self.taken -= usd

    def settle(self, promised: Decimal, usd: Decimal) -> None:
        """A request turned out to cost `usd`."""
        self.taken += usd - promised

    def shut(self, reason: SceneGraphError) -> None:
        """Nothing more may be asked for in this run."""
        self._shut = self._shut or reason
