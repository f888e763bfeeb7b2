"""The purse: once something was too dear, or a person must act, nothing more leaves it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scenegraph.errors import AccountLocked, OverBudget
from scenegraph.run.purse import Purse


def test_after_the_cap_was_met_a_cheap_request_is_not_sent_either() -> None:
    """Which shots are missing must not depend on their prices."""
    purse = Purse(Decimal(1))
    purse.take(Decimal("0.9"))
    for usd in ("0.2", "0.05"):
        with pytest.raises(OverBudget):
            purse.take(Decimal(usd))
    assert purse.left == Decimal("0.1")


def test_below_the_cap_money_that_comes_back_can_be_promised_again() -> None:
    """The harmless twin: given back or settled for less, it is there for the next request."""
    purse = Purse(Decimal(1))
    purse.take(Decimal("0.9"))
    purse.give_back(Decimal("0.9"))
    purse.take(Decimal(1))
    purse.settle(Decimal(1), Decimal("0.6"))
    purse.take(Decimal("0.4"))
    assert purse.left == 0


def test_a_shut_purse_gives_nothing_and_says_why() -> None:
    """Also without a cap: a request in preparation must not follow one that met the lock."""
    purse = Purse(None)
    purse.take(Decimal(5))
    locked = AccountLocked("locked")
    purse.shut(locked)
    with pytest.raises(AccountLocked) as caught:
        purse.take(Decimal("0.01"))
    assert caught.value is locked
