"""The journal: many tasks, few commits, each task on only when its write is on the disk."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.errors import LedgerError
from scenegraph.ledger import Intent, Journal, Ledger, QueueUrls, Review, State

URLS = QueueUrls("s", "r", "c")


def intent(shot: str) -> Intent:
    return Intent(
        scene="s",
        shot=shot,
        key=f"k-{shot}",
        setup=f"u-{shot}",
        parts={"params": {"prompt": "x" * 300}},
        engine="animatic",
        endpoint="e",
        seed=1,
        params={},
        usd_estimate=Decimal("0.1"),
        billed=False,
    )


async def walk(journal: Journal, shot: str) -> None:
    ledger = journal.ledger
    take = await journal.write(ledger.intend, intent(shot))
    await journal.write(ledger.submitted, take.id, f"r-{shot}", URLS)
    await journal.write(ledger.answered, take.id, {"ok": True}, Decimal(0))
    await journal.write(ledger.fetched, take.id, "0" * 64, f"media/00/{'0' * 64}.mp4", None)
    await journal.write(ledger.reviewed, take.id, Review(verdict="good"))
    await journal.write(ledger.circle, take.id)


@pytest.mark.anyio
async def test_six_thousand_writes_take_few_commits(tmp_path: Path) -> None:
    """Durable state must not be what a long scene waits for: neither for the disk nor for us."""
    with Ledger.open(tmp_path) as ledger:
        start = time.process_time()
        async with Journal(ledger) as journal, asyncio.TaskGroup() as group:
            for number in range(1000):
                group.create_task(walk(journal, f"shot-{number}"))
        worked_s = time.process_time() - start
        assert journal.commits < 200  # each waits for the disk; a row per fsync would be 6000
        assert worked_s < 5  # ten times the figure; what else runs on the machine does not count
        memory = ledger.memory("s")
        assert all(memory.circled(f"shot-{n}") for n in range(1000))


@pytest.mark.anyio
async def test_a_write_is_on_the_disk_when_its_task_goes_on(tmp_path: Path) -> None:
    """Another connection sees it at that moment, without the journal's help."""
    with Ledger.open(tmp_path) as ledger, Ledger.open(tmp_path) as other:
        async with Journal(ledger) as journal:
            take = await journal.write(ledger.intend, intent("a"))
            assert other.take(take.id).state is State.INTENDED


@pytest.mark.anyio
async def test_a_refused_write_fails_alone(tmp_path: Path) -> None:
    """One task's mistake must not undo what others of its group wrote."""
    with Ledger.open(tmp_path) as ledger:
        async with Journal(ledger) as journal:
            good = [journal.write(ledger.intend, intent(f"s{n}")) for n in range(20)]
            bad = [journal.write(ledger.circle, 999), journal.write(ledger.pin, 999)]
            results: list[Any] = await asyncio.gather(
                *good[:10], *bad, *good[10:], return_exceptions=True
            )
        failed = [result for result in results if isinstance(result, BaseException)]
        assert len(failed) == 2
        assert all(isinstance(error, LedgerError) for error in failed)
        assert len(ledger.memory("s").takes) == 20
        names = [event["name"] for event in ledger.events()]
        assert names == ["take.intended"] * 20


@pytest.mark.anyio
async def test_a_group_that_is_done_again_leaves_nothing_twice(tmp_path: Path) -> None:
    """Groups are written in one go, and once more with care when one of their writes is refused.

    What a refused write has done before is undone alone; the others have one row and one event.
    """
    with Ledger.open(tmp_path) as ledger:
        first = came_back(ledger, "mara")
        ledger.pin(first)
        second = came_back(ledger, "mara", circled=False)
        async with Journal(ledger) as journal:
            results: list[Any] = await asyncio.gather(
                *(journal.write(ledger.intend, intent(f"s{n}")) for n in range(5)),
                journal.kept(second, Review(verdict="good")),
                *(journal.write(ledger.intend, intent(f"s{n}")) for n in range(5, 9)),
                return_exceptions=True,
            )
            assert journal.commits == 1
        assert [type(one) for one in results].count(LedgerError) == 1
        takes = [one for one in results if not isinstance(one, BaseException)]
        assert [take.number for take in takes] == [1] * 9
        assert [len(ledger.events(take=take.id)) for take in takes] == [1] * 9
        assert ledger.take(second).state is State.REVIEWED  # it was looked at, and is not circled


def came_back(ledger: Ledger, shot: str, *, circled: bool = True) -> int:
    """A take of a shot that has come back."""
    take = ledger.intend(intent(shot))
    ledger.submitted(take.id, f"r-{take.id}", URLS)
    ledger.answered(take.id, {}, None)
    ledger.fetched(take.id, "0" * 64, f"media/00/{'0' * 64}.mp4", None)
    if circled:
        ledger.kept(take.id, Review(verdict="good"))
    return take.id


@pytest.mark.anyio
async def test_a_take_is_kept_only_if_what_is_asked_just_before_holds(tmp_path: Path) -> None:
    """A file that changes while it is looked at is not circled; and others are not held up."""

    def has_changed() -> None:
        raise LedgerError("its file has changed", next="put it back")

    with Ledger.open(tmp_path) as ledger:
        good, bad = (came_back(ledger, shot, circled=False) for shot in ("good", "bad"))
        review = Review(verdict="good")
        async with Journal(ledger) as journal:
            kept, error = await asyncio.gather(
                journal.kept(good, review),
                journal.kept(bad, review, provided=has_changed),
                return_exceptions=True,
            )
        assert not isinstance(kept, BaseException) and kept.circled
        assert isinstance(error, LedgerError)
        assert ledger.take(bad).state is State.FETCHED


@pytest.mark.anyio
async def test_a_bug_in_one_write_is_raised_to_its_own_caller(tmp_path: Path) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    with Ledger.open(tmp_path) as ledger:
        async with Journal(ledger) as journal:
            with pytest.raises(ZeroDivisionError):
                await journal.write(bug)
            assert (await journal.write(ledger.intend, intent("a"))).number == 1


@pytest.mark.anyio
async def test_what_was_asked_is_written_before_the_journal_closes(tmp_path: Path) -> None:
    """Ctrl-C keeps all state: a cancelled task's write is done all the same."""
    with Ledger.open(tmp_path) as ledger:
        async with Journal(ledger) as journal:
            tasks = [
                asyncio.create_task(journal.write(ledger.intend, intent(f"s{n}")))
                for n in range(50)
            ]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
        assert len(ledger.memory("s").takes) == 50
        with pytest.raises(RuntimeError):
            await journal.write(ledger.intend, intent("late"))


@pytest.mark.anyio
async def test_a_full_disk_fails_every_write_of_its_group(tmp_path: Path) -> None:
    """Nobody may go on believing in a write that is not there; what was written before stays."""
    with Ledger.open(tmp_path) as ledger:
        async with Journal(ledger) as journal:
            await journal.write(ledger.intend, intent("before"))
            _limit_pages(ledger)
            large = [journal.write(ledger.begin_run, "s", "fal", "x" * 100_000) for _ in range(9)]
            results = await asyncio.gather(*large, return_exceptions=True)
            assert all(isinstance(result, LedgerError) for result in results)
            assert all("full" in str(result) for result in results)
        assert list(ledger.memory("s").takes) == ["before"]
        assert ledger.runs("s") == ()


def _limit_pages(ledger: Ledger) -> None:
    """SQLite's own limit stands for the disk's: the same error from the same place."""
    from sqlalchemy import event

    @event.listens_for(ledger._engine, "begin")
    def limit(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=40")


@pytest.mark.anyio
async def test_a_review_is_kept_with_its_series(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        async with Journal(ledger) as journal:
            take = await journal.write(ledger.intend, intent("a"))
            await journal.write(ledger.submitted, take.id, "r", URLS)
            await journal.write(ledger.answered, take.id, {}, None)
            await journal.write(ledger.fetched, take.id, "0" * 64, f"media/00/{'0' * 64}.mp4", None)
            series = {"motion": np.arange(5, dtype=np.float32)}
            await journal.reviewed(take.id, Review(verdict="good", series=series))
        review = ledger.review_of(take.id)
        assert review is not None
        assert list(review.series["motion"]) == [0, 1, 2, 3, 4]


@pytest.mark.anyio
async def test_a_review_and_its_circle_are_one_commit(tmp_path: Path) -> None:
    """Nothing is done between the two, so they need not wait for the disk one after the other.

    A circle that is refused takes nothing away from the review: the take was looked at.
    """
    good = Review(verdict="good")
    with Ledger.open(tmp_path) as ledger:
        first, second = ledger.intend(intent("mara")).id, ledger.intend(intent("mara")).id
        for id in (first, second):
            ledger.submitted(id, f"r-{id}", URLS)
            ledger.answered(id, {}, None)
            ledger.fetched(id, "0" * 64, f"media/00/{'0' * 64}.mp4", None)
        async with Journal(ledger) as journal:
            assert (await journal.kept(first, good)).circled
            assert journal.commits == 1
            ledger.pin(first)
            with pytest.raises(LedgerError, match="pinned"):
                await journal.kept(second, good)
        assert ledger.take(second).state is State.REVIEWED
        told = [event["name"] for event in ledger.events(take=first)]
        assert told[-3:] == ["take.reviewed", "take.circled", "take.pinned"]
