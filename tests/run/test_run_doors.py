"""What `run`, `plan` and `cut_again` refuse at once, and what they survive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scenegraph.errors import SceneError
from scenegraph.run import cut_again, plan, run

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}


@pytest.mark.parametrize("door", [run, plan, cut_again])
def test_what_is_no_backend_is_refused_before_anything_is_kept_under_its_name(
    door: Callable[..., Any], theatre: Callable[..., Any]
) -> None:
    """`Fal` is not `fal`: it would draw a preview and call it something else."""
    house = theatre(ONE)
    with pytest.raises(SceneError, match="There is no backend 'Fal'"):
        door(house.file, backend="Fal")
    assert not (house.folder / ".scenegraph" / "ledger.db").exists()


def test_run_within_an_event_loop_names_the_one_to_await(theatre: Callable[..., Any]) -> None:
    """Notebooks and web servers have a loop that runs already."""
    house = theatre(ONE)

    async def within() -> None:
        with pytest.raises(SceneError, match="event loop") as caught:
            run(house.file)
        assert "await run_async" in caught.value.next

    asyncio.run(within())


@pytest.mark.ffmpeg
@pytest.mark.usefixtures("quick_previews")
def test_a_reel_that_ffmpeg_cannot_write_costs_no_take(theatre: Callable[..., Any]) -> None:
    """The takes are paid and kept; what could not be made of them is said."""
    house = theatre(ONE)
    result = run(house.file, out=house.folder / "reel.txt")
    assert result.exit_code == 1 and result.reel is None and result.reel_failed
    assert house.takes("platform")[0].circled
    assert run(house.file).reel is not None
