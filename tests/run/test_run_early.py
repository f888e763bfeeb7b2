"""Segments of the reel are encoded while later shots are still being made."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from scenegraph.errors import LedgerError
from scenegraph.ledger import Ledger
from scenegraph.media import Clip
from scenegraph.plan import Selection
from scenegraph.run import ShotEvent, cut_again
from scenegraph.run.early import EarlySegments
from scenegraph.scene import Scene
from scenegraph.settings import Settings

pytestmark = pytest.mark.ffmpeg

CHAIN: Mapping[str, Mapping[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}


def segments_in(folder: Path) -> set[str]:
    return {path.stem for path in (folder / ".scenegraph" / "segments").glob("[0-9a-f]*.mp4")}


def comes_last(stages: Any, folder: Path, count: int) -> Callable[..., Clip]:
    """A service that makes the platform only when so many segments are there, or in a minute."""

    def render(
        kind: str, params: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, **more: Any
    ) -> Clip:
        if "platform" in params["prompt"]:
            until = time.monotonic() + 60
            while len(segments_in(folder)) < count and time.monotonic() < until:
                time.sleep(0.01)
        clip: Clip = stages.small_render(kind, params, inputs, out, **more)
        return clip

    return render


def test_segments_are_there_before_the_last_take_is(
    theatre: Any, stages: Any, tmp_path: Path
) -> None:
    """What is left when the last take arrives is that take's own segment."""
    stage = theatre(CHAIN, render=comes_last(stages, tmp_path, count=3))
    early: list[set[str]] = []

    def listen(event: Any) -> None:
        if isinstance(event, ShotEvent) and (event.shot, event.stage) == ("platform", "fetching"):
            early.append(segments_in(tmp_path))

    result = stage.run(cut=True, listener=listen)

    with stage.ledger() as ledger:
        used = set(ledger.reels("night-train")[-1]["facts"]["segments"])
    assert len(early[0]) == 3, "all that is here is encoded, whatever is still to come"
    assert len(used & early[0]) == 3, "and it is what the reel shows"
    assert result.reel is not None


def test_a_reel_made_ahead_is_the_reel_of_a_full_build(
    theatre: Any, stages: Any, tmp_path: Path
) -> None:
    """Encoding early may cost CPU; it may not change a byte."""
    scene = {"reel": {"transitions": {"rises": {"kind": "dip", "frames": 4}}}}
    stage = theatre(CHAIN, render=comes_last(stages, tmp_path, count=3), scene=scene)
    first = stage.run(cut=True).reel.read_bytes()

    shutil.rmtree(tmp_path / ".scenegraph" / "segments")

    assert cut_again(stage.file, backend="fal").reel.read_bytes() == first


def test_only_segments_of_the_reel_are_left(theatre: Any, stages: Any, tmp_path: Path) -> None:
    """A wrong guess is removed when the reel is there."""
    stage = theatre(CHAIN, render=comes_last(stages, tmp_path, count=3))
    stage.run(cut=True)
    with stage.ledger() as ledger:
        used = set(ledger.reels("night-train")[-1]["facts"]["segments"])

    assert segments_in(tmp_path) == used


async def ahead(stage: Any, then: Callable[[EarlySegments], Any]) -> None:
    """A listener beside a finished run is told of its takes once more."""
    scene = Scene.load(stage.file)
    with Ledger.open(stage.folder / ".scenegraph", create=False) as ledger:
        async with EarlySegments(
            scene, scene.graph(), ledger, "night-train", "fal", Settings()
        ) as early:
            hear = early.listening(stage.events.append)
            for shot in scene.graph().reel_order:
                hear(ShotEvent(shot=shot, stage="circled", take=1))
            await then(early)


@pytest.mark.anyio
async def test_what_no_reel_uses_is_swept(theatre: Any) -> None:
    """Guesses that came to nothing leave no file."""
    stage = theatre(CHAIN)
    await stage.run_async()

    async def then(early: EarlySegments) -> None:
        with anyio.fail_after(60):
            while len(segments_in(stage.folder)) < 4:  # noqa: ASYNC110  files tell nobody
                await anyio.sleep(0.01)
        early.stop()
        early.sweep(set())

    await ahead(stage, then)

    assert not segments_in(stage.folder)


@pytest.mark.anyio
async def test_an_interrupted_run_leaves_no_half_segment(theatre: Any) -> None:
    """Ctrl-C ends the encode that is going on, and its temporary file with it."""
    stage = theatre(CHAIN)
    await stage.run_async()
    folder = stage.folder / ".scenegraph" / "segments"

    async def then(early: EarlySegments) -> None:
        with anyio.fail_after(60):
            while not any(folder.glob(".*.mp4")) and not segments_in(stage.folder):
                await anyio.lowlevel.checkpoint()

    await ahead(stage, then)

    assert not list(folder.glob(".*"))


@pytest.mark.anyio
async def test_kept_shots_alone_start_no_encode(theatre: Any) -> None:
    """A run in which nothing is shot has its segments already."""
    stage = theatre(CHAIN)
    await stage.run_async()
    scene = Scene.load(stage.file)
    with Ledger.open(stage.folder / ".scenegraph", create=False) as ledger:
        async with EarlySegments(
            scene, scene.graph(), ledger, "night-train", "fal", Settings()
        ) as early:
            hear = early.listening(stage.events.append)
            for shot in scene.graph().reel_order:
                hear(ShotEvent(shot=shot, stage="kept", take=1))
            await anyio.sleep(0.2)

    assert not segments_in(stage.folder)


def test_segments_that_cannot_be_written_do_not_harm_the_run(theatre: Any, tmp_path: Path) -> None:
    """Encoding ahead is a help: every shot is shot all the same, and the cut says what is wrong."""
    stage = theatre(CHAIN)
    stage.run(selection=Selection(only=("waits",)))
    folder = tmp_path / ".scenegraph" / "segments"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("in the way")

    with pytest.raises(LedgerError, match="a file is where its folder should be"):
        stage.run(cut=True)

    assert {take.shot for take in stage.takes() if take.circled} == set(CHAIN)


@pytest.mark.parametrize("way", ["dissolve", "dip"])
def test_a_side_of_a_transition_is_encoded_before_the_other_is_here(
    theatre: Any, stages: Any, tmp_path: Path, way: str
) -> None:
    """Its frames are left for the transition, whose own piece waits for both."""
    shots = {
        "waits": {**CHAIN["waits"], "frames": 33},
        "rises": {**CHAIN["waits"], "prompt": "she rises", "frames": 33, "seed": 5},
        "platform": {**CHAIN["platform"], "frames": 33},
    }
    reel = {"transitions": {"platform": {"kind": way, "frames": 4}}}
    stage = theatre(shots, render=comes_last(stages, tmp_path, count=2), scene={"reel": reel})
    early: list[set[str]] = []

    def listen(event: Any) -> None:
        if isinstance(event, ShotEvent) and (event.shot, event.stage) == ("platform", "fetching"):
            early.append(segments_in(tmp_path))

    stage.run(cut=True, listener=listen)

    with stage.ledger() as ledger:
        used = set(ledger.reels("night-train")[-1]["facts"]["segments"])
    assert len(early[0]) == 2 and early[0] <= used
    assert len(used) == 4
