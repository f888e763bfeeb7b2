"""A preview and a paid take of one shot: neither stands in for the other, neither removes it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from scenegraph.ledger import Intent, Ledger, Memory, Review, State
from scenegraph.ledger.takes import QueueUrls

URLS = QueueUrls("https://q/s", "https://q/r", "https://q/c")


def intent(engine: str, shot: str = "a") -> Intent:
    return Intent(
        scene="s", shot=shot, key=f"{engine}-key", setup=f"{engine}-setup", parts={},
        engine=engine, endpoint="e", seed=1, params={}, usd_estimate=Decimal("0.1"),
        billed=engine == "fal",
    )  # fmt: skip


def shoot(ledger: Ledger, engine: str) -> int:
    take = ledger.intend(intent(engine))
    ledger.submitted(take.id, f"r-{take.id}", URLS)
    ledger.answered(take.id, {}, Decimal(0))
    ledger.fetched(take.id, "0" * 64, "media/00/" + "0" * 64 + ".mp4", None)
    ledger.reviewed(take.id, Review(verdict="good"))
    ledger.circle(take.id)
    return take.id


def test_a_preview_leaves_the_paid_circle_alone(tmp_path) -> None:
    """A free run after a paid one must not take an approved take out of the film."""
    with Ledger.open(tmp_path / "store") as ledger:
        paid, preview = shoot(ledger, "fal"), shoot(ledger, "animatic")
        assert ledger.take(paid).state is State.CIRCLED
        assert ledger.take(preview).state is State.CIRCLED
        again = shoot(ledger, "fal")  # the harmless twin: within one engine there is one circle
        assert ledger.take(paid).state is State.REVIEWED
        assert ledger.take(again).state is State.CIRCLED
        memory = ledger.memory("s")
        assert memory.for_engine("animatic").circled("a").id == preview
        assert memory.for_engine("fal").circled("a").id == again


def test_the_paid_take_is_the_one_that_a_person_means(tmp_path) -> None:
    with Ledger.open(tmp_path / "store") as ledger:
        preview = shoot(ledger, "animatic")
        assert ledger.memory("s").leading_engine == "animatic"
        paid = shoot(ledger, "fal")
        preview = shoot(ledger, "animatic")
        memory = ledger.memory("s")
        assert memory.leading_engine == "fal"
        assert memory.circled("a").id == paid != preview


def test_take_numbers_are_one_row_for_both_engines() -> None:
    """t2 is one take, whoever shot it: a slate must name one thing."""
    with_numbers = Memory("s", numbers={"a": 3})
    assert with_numbers.next_number("a") == 4
    assert replace(with_numbers, takes={}).for_engine("fal").next_number("a") == 4
