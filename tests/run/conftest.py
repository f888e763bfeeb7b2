"""A theatre: a small scene in a folder, a queue that can misbehave, and runs against it."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import numpy as np
import pytest
from PIL import Image

from scenegraph.animatic import ANIMATIC_URL, FaultPlan, animatic_transport, create_app
from scenegraph.animatic.faults import Rule
from scenegraph.fal import Backoff, DownloadLimits, FalClient, Limits, UploadLimits
from scenegraph.ledger import Ledger, State, Take
from scenegraph.media import encode_frames
from scenegraph.run import Event, RunResult, run_async
from scenegraph.scene import Scene
from scenegraph.units import exact_rate


def _load_stages() -> ModuleType:
    """The file beside this one, which is a program as well."""
    spec = importlib.util.spec_from_file_location(
        "run_stages", Path(__file__).with_name("stages.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


stages = _load_stages()
_AT_ONCE = Backoff(0.002, 0.02, 2)
QUICK: Mapping[str, Any] = {
    "limits": Limits(
        poll=Backoff(0.01, 0.05, 1.5),
        polls_per_s=4000,
        repeat=_AT_ONCE,
        resend=_AT_ONCE,
        patience_s=30,  # met by a broken promise alone: a loaded machine is not a silent queue
        result_patience_s=30,
        job_s=60,
        submit_s=5,
    ),
    "download_limits": DownloadLimits(repeat=_AT_ONCE, tries=3),
    "upload_limits": UploadLimits(repeat=_AT_ONCE, tries=2),
}

#: Budgets that waves of light keep to.
SOFT = {"blur": 9.0, "blur_vs_keyframe": 9.0, "contrast": 9.0, "contrast_vs_keyframe": 9.0}
#: All four kinds: a chain of three behind a keyframe, and three shots by themselves.
ALL_KINDS: Mapping[str, Mapping[str, Any]] = {
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens", "hops": 2},
    "turns": {
        "kind": "multicondition",
        "keyframe": "mara.front",
        "motion": "sway",
        "prompt": "she turns",
    },
}
#: A chain of three and a shot by itself.
CHAIN: Mapping[str, Mapping[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
ONE: Mapping[str, Mapping[str, Any]] = {
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"}
}


def write_scene(folder: Path, shots: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
    """A scene file with its stills and motions; every shot is a fraction of a second."""
    Image.fromarray(stages.place(99)).save(folder / "mara.png")
    motions = {"sway": "sway.mp4"} if any("motion" in body for body in shots.values()) else {}
    if motions and not (folder / "sway.mp4").exists():
        moving = (np.roll(stages.place(5), n, axis=1) for n in range(17))
        encode_frames(moving, folder / "sway.mp4", rate=exact_rate(24), preset="ultrafast")
    values: dict[str, Any] = {
        "title": "Night train",
        "characters": {"mara": {"look": "a woman", "keyframes": {"front": "mara.png"}}},
        "motions": motions,
        "tail_frames": 9,
        # Waves of light have no fine detail to lose; colours are what the tests drift by.
        "drift": {"budgets": dict(SOFT)},
        "shots": {
            id: {"frames": 16 if _is_hop(body) else 17, **body} for id, body in shots.items()
        },
    }
    scene = Scene(**{**values, **more})
    return scene.save(folder / "scene.yaml")


def _is_hop(body: Mapping[str, Any]) -> bool:
    return bool(body["kind"] == "extend")


class Theatre:
    """A scene, its store, and one queue that lives as long as the test.

    The queue stands for the paid service: runs have `backend="fal"` unless they say otherwise,
    and no reel is cut.
    """

    def __init__(self, folder: Path, **app: Any) -> None:
        self.folder = folder
        self.waits(**app.pop("patience", {}))
        self.app = create_app(**{"render": stages.small_render, "workers": 2, **app})
        self.queue = self.app.state.queue
        self.events: list[Event] = []
        self.file = folder / "scene.yaml"

    def scene(self, shots: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
        self.file = write_scene(self.folder, shots, **more)
        return self.file

    def waits(self, **patience: float) -> None:
        """The next runs give the queue so many seconds, and not as long as it takes."""
        self.quick = {**QUICK, "limits": replace(QUICK["limits"], **patience)}

    def goes_wrong(self, *rules: Rule, **one: Any) -> None:
        for rule in FaultPlan.of(*rules, **one).faults:
            self.queue.faults.add(rule)

    @property
    def submits(self) -> int:
        """Requests that the queue took, and that a service would bill."""
        return len(self.queue.submits)

    async def run_async(self, **options: Any) -> RunResult:
        async with (
            httpx.AsyncClient(transport=animatic_transport(self.app)) as http,
            FalClient(
                http,
                queue_url=ANIMATIC_URL,
                rest_url=ANIMATIC_URL,
                cdn_url=ANIMATIC_URL,
                **self.quick,
            ) as client,
        ):
            settings = {
                "backend": "fal",
                "jobs": 3,
                "queue": client,
                "listener": self.events.append,
                "cut": False,
            }
            return await run_async(self.file, **{**settings, **options})

    def run(self, **options: Any) -> RunResult:
        return anyio.run(lambda: self.run_async(**options))

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with Ledger.open(self.folder / ".scenegraph", create=False) as ledger:
            yield ledger

    def takes(self, shot: str | None = None) -> list[Take]:
        with self.ledger() as ledger:
            rows = ledger.memory("night-train").takes
            return [take for id, takes in rows.items() if shot in (None, id) for take in takes]

    def states(self, shot: str) -> list[State]:
        return [take.state for take in self.takes(shot)]

    def walk(self, shot: str) -> list[list[str]]:
        """The steps of each take of a shot, as the ledger's events tell them."""
        with self.ledger() as ledger:
            return [
                [event["name"].removeprefix("take.") for event in ledger.events(take=take.id)]
                for take in ledger.memory("night-train").of_shot(shot)
            ]


@pytest.fixture(name="write_scene")
def _write_scene() -> Callable[..., Path]:
    """Writes a scene file with its stills."""
    return write_scene


@pytest.fixture
def quick_previews(monkeypatch: pytest.MonkeyPatch) -> None:
    """An in-process preview queue, the run's own, that draws the small pictures of these tests."""
    monkeypatch.setattr("scenegraph.animatic.draw.render", stages.small_render)


@pytest.fixture(name="stages")
def _stages() -> ModuleType:
    """The renderers of these tests."""
    return stages


@pytest.fixture
def new_theatre(tmp_path: Path) -> Iterator[Callable[..., Theatre]]:
    """Builds any number of theatres, each in a folder of its own."""
    with contextlib.ExitStack() as stack:
        built: list[Theatre] = []

        def build(**app: Any) -> Theatre:
            folder = tmp_path / f"theatre-{len(built)}"
            folder.mkdir()
            built.append(Theatre(folder, **app))
            stack.callback(built[-1].queue.close)
            return built[-1]

        yield build


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Callable[..., Theatre]]:
    """Builds theatres; each queue is closed at the end."""
    with contextlib.ExitStack() as stack:

        def build(shots: Mapping[str, Mapping[str, Any]] = ALL_KINDS, **app: Any) -> Theatre:
            scene = app.pop("scene", {})
            built = Theatre(tmp_path, **app)
            built.scene(shots, **scene)
            stack.callback(built.queue.close)
            return built

        yield build
