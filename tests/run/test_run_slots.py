"""Places in the queue: a cap, the longest chain first, and no place lost to a cancel."""

from __future__ import annotations

import asyncio

import pytest

from scenegraph.run.slots import Slots


async def _hold(slots: Slots, priority: int, name: str, order: list[str], peak: list[int]) -> None:
    async with slots.take(priority):
        order.append(name)
        peak.append(len(order))
        await asyncio.sleep(0)


@pytest.mark.anyio
async def test_the_highest_priority_is_first_also_among_those_who_come_together() -> None:
    """A plain semaphore would serve the first to come, and a long chain would start last."""
    slots, order, peak = Slots(1), list[str](), list[int]()
    async with asyncio.TaskGroup() as group:
        for name, priority in (("short", 1), ("also-short", 1), ("long", 3), ("middle", 2)):
            group.create_task(_hold(slots, priority, name, order, peak))
    assert order == ["long", "middle", "short", "also-short"]


@pytest.mark.anyio
async def test_no_more_than_the_limit_at_a_time() -> None:
    slots, inside, peak = Slots(3), 0, 0

    async def hold() -> None:
        nonlocal inside, peak
        async with slots.take(1):
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(20)))
    assert (peak, inside) == (3, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("steps", range(5))
async def test_a_cancelled_waiter_loses_no_place(steps: int) -> None:
    """Cancelled while waiting, in the moment of being served, or while holding: it is passed on."""
    slots = Slots(1)
    holder, waiter = asyncio.Event(), asyncio.Event()

    async def hold(until: asyncio.Event) -> None:
        async with slots.take(1):
            await until.wait()

    first = asyncio.create_task(hold(holder))
    await asyncio.sleep(0.001)
    second = asyncio.create_task(hold(waiter))
    await asyncio.sleep(0.001)
    holder.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    waiter.set()
    async with asyncio.timeout(1):
        async with slots.take(1):
            pass
    await asyncio.gather(hold(waiter), hold(waiter))


@pytest.mark.anyio
async def test_a_failed_holder_gives_its_place_back() -> None:
    slots = Slots(1)
    with pytest.raises(RuntimeError):
        async with slots.take(1):
            raise RuntimeError("a bug")
    async with asyncio.timeout(1), slots.take(1):
        pass
