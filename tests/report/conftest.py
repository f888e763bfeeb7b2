"""A small film that was shot for the reports: two good chains, one lost shot, what waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scenegraph.catalog import load_catalog
from scenegraph.ledger import Intent, Ledger, Measure, Overlap, QueueUrls, Review, Take
from scenegraph.media import Clip, encode_frames
from scenegraph.plan import Expected, Job, Plan, ShotPlan
from scenegraph.plan.asking import Ask, Shape
from scenegraph.plan.keys import Made, Recipe
from scenegraph.scene import ExtendShot, ImageShot, MotionShot, Scene, TextShot

NASTY = '</script><img src=x onerror="alert(1)">'
FRAMES, RATE = 24, Fraction(24)


@dataclass
class Film:
    """A scene with its plan and ledger, as `write_dailies` takes them."""

    scene: Scene
    plan: Plan
    ledger: Ledger

    def planned(self, shot: str, **changes: Any) -> None:
        """Plan one shot otherwise."""
        shots = tuple(
            replace(planned, **changes) if planned.shot == shot else planned
            for planned in self.plan.shots
        )
        self.plan = replace(self.plan, shots=shots)


Colour = tuple[int, int, int]
Draw = Callable[[Colour], Clip]


@pytest.fixture(scope="session")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """A clip of each colour, drawn once for all tests."""
    folder = tmp_path_factory.mktemp("clips")

    @cache
    def once(colour: Colour) -> Clip:
        return draw_light(folder / "-".join(map(str, (*colour, "clip.mp4"))), colour)

    return once


def draw_light(path: Path, colour: Colour, frames: int = FRAMES) -> Clip:
    """A light that travels over a coloured ground: 24 frames of 160x90, unless more are wanted."""
    rows, columns = np.mgrid[0:90, 0:160]

    def frame(at: int) -> Any:
        light = np.exp(-((columns - 20 - 5 * at) ** 2 + (rows - 45) ** 2) / 300.0)
        ground = np.array(colour, dtype=np.float64)
        return np.clip(ground + 150 * light[..., None], 0, 255).astype(np.uint8)

    return encode_frames((frame(at % FRAMES) for at in range(frames)), path, rate=RATE)


def look_at(verdict: str = "good", saturation: float = 0.05, repeated: int | None = None) -> Review:
    """A review as the review room makes them."""
    calmness = (1.2 - np.linspace(0, 1, FRAMES)).astype(np.float32)
    return Review(
        verdict=verdict,  # type: ignore[arg-type]
        reasons=("Saturation left its budget at frame 9.",) if verdict == "drifted" else (),
        score=saturation / 0.22,
        overlap=None if repeated is None else Overlap(repeated, 15, 0, 0.97),
        measures={
            "saturation": Measure(saturation, 0.22, "ln"),
            "identity": Measure(None, None, note="no face model is installed"),
        },
        series={"calmness": calmness, "motion": calmness / 50},
    )


class Unit:
    """Shoots takes into a ledger, as the executor does."""

    def __init__(self, ledger: Ledger, scene: Scene, draw: Draw) -> None:
        self.ledger, self.scene, self.draw = ledger, scene, draw

    def ask(self, shot: str, **changes: Any) -> Take:
        prompt = f"The prompt of {shot}, as it was sent."
        values: dict[str, Any] = {
            "scene": self.scene.name,
            "shot": shot,
            "key": f"key-{shot}",
            "setup": f"setup-{shot}",
            "parts": {},
            "engine": "animatic",
            "endpoint": "fal-ai/ltxv-13b-098-distilled",
            "seed": 4711,
            "params": {"prompt": prompt, "num_frames": 121, "image_url": "sha256:ab12"},
            "usd_estimate": Decimal(0),
            "billed": False,
        }
        take = self.ledger.intend(Intent(**(values | changes)))
        url = "http://127.0.0.1/requests/1"
        self.ledger.submitted(take.id, f"request-{take.id}", QueueUrls(url, url, url))
        return take

    def shoot(self, shot: str, review: Review, colour: Colour, **changes: Any) -> Take:
        take = self.ask(shot, **changes)
        clip = self.draw(colour)
        kept = self.ledger.store.put_file(clip.path)
        self.ledger.answered(take.id, {"video": {"url": "x"}}, Decimal(0))
        self.ledger.fetched(take.id, kept.sha256, kept.media, clip)
        self.ledger.reviewed(take.id, review)
        return take

    def keep(self, shot: str, review: Review, colour: Colour) -> Take:
        take = self.shoot(shot, review, colour)
        self.ledger.circle(take.id)
        kept = self.ledger.memory(self.scene.name).circled(shot)
        assert kept is not None
        return kept


def planned(scene: Scene, shot: str, action: str) -> ShotPlan:
    kind = scene.graph().shots[shot].kind
    ask = Ask(
        endpoint=load_catalog().family(scene.model).endpoint(kind),
        shape=Shape(
            params={"num_frames": 121},
            text="",
            new_frames=121,
            usd=Decimal("0.1008"),
            notes=("num_frames: 120 became 121",),
            problems=(),
        ),
        prompt=f"The prompt of {shot}, as it would be sent.",
        inputs=(),
        tail=0,
    )
    job = Job(
        shot=shot,
        kind=kind,
        scene=scene.name,
        asks=ask,
        recipe=Recipe(Made.of({}, {}), {}, ask.text, ("fixed", 12)),
        take_number=1,
        draw=lambda: (12, ()),
        engine="animatic",
    )
    return ShotPlan(
        shot=shot,
        action=action,  # type: ignore[arg-type]
        reason="no take yet",
        usd=job.usd,
        job=job,
    )


def make_scene(folder: Path) -> Scene:
    (folder / "stills").mkdir(parents=True)
    Image.new("RGB", (320, 180), (120, 60, 60)).save(folder / "stills" / "mara.png")
    scene = Scene(
        title="Night train",
        budget_usd=Decimal(6),
        characters={"mara": {"keyframes": {"front_closeup": "stills/mara.png"}}},
        shots=[
            TextShot(id="platform", prompt="Rain drifts through the lamplight."),
            ImageShot(
                id="mara-waits", keyframe="mara.front_closeup", prompt="She breathes slowly."
            ),
            ExtendShot(id="mara-listens", parent="mara-waits", hops=2, prompt="She listens."),
            MotionShot(
                id="mara-turns",
                keyframe="mara.front_closeup",
                parent="mara-listens",
                prompt="She turns.",
            ),
            ImageShot(id="stranger", keyframe="mara.front_closeup", prompt=f"A stranger. {NASTY}"),
            ExtendShot(id="stranger-nods", parent="stranger", prompt="He nods."),
        ],
    )
    scene.save(folder / "night-train.yaml")
    return Scene.load(folder / "night-train.yaml")


def bare_film(folder: Path) -> Film:
    """A scene of which nothing was shot yet, in a folder of its own."""
    scene = make_scene(folder)
    ledger = Ledger.open(folder / ".scenegraph")
    shots = tuple(planned(scene, id, "shoot") for id in scene.graph().shots)
    plan = Plan(
        scene=scene.name,
        plan_id="p1",
        backend="animatic",
        shots=shots,
        usd=sum((shot.usd for shot in shots), Decimal(0)),
        to_shoot=len(shots),
        expected=Expected(Decimal(0), Decimal(0), 0.0, ""),
        reel_frames=840,
        reel_rate=RATE,
    )
    return Film(scene, plan, ledger)


@pytest.fixture
def new_film(tmp_path: Path) -> Iterator[Callable[[], Film]]:
    """A scene of which nothing was shot yet."""
    opened: list[Ledger] = []

    def make() -> Film:
        film = bare_film(tmp_path / "films")
        opened.append(film.ledger)
        return film

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def film(new_film: Callable[[], Film], draw: Draw) -> Film:
    """Five shots are in the can (one drifted), one is lost, one waits for it; a reel is cut."""
    return shoot_all(new_film(), draw)


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Iterator[Film]:
    """The same film for all tests of a module, with two takes more of the platform, 4 s long."""
    film = shoot_all(bare_film(tmp_path_factory.mktemp("screened") / "films"), draw)

    def long_take(colour: Colour) -> Clip:
        return draw_light(film.scene.folder / f"{colour[0]}.mp4", colour, 4 * FRAMES)

    unit = Unit(film.ledger, film.scene, long_take)
    for seed, colour in ((81, (60, 20, 20)), (82, (20, 60, 20))):
        unit.shoot("platform", look_at(saturation=seed / 400), colour, seed=seed)
    yield film
    film.ledger.close()


@pytest.fixture(scope="module")
def unshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Film]:
    """A scene of which nothing was shot yet, for all tests of a module."""
    film = bare_film(tmp_path_factory.mktemp("unshot") / "films")
    yield film
    film.ledger.close()


def shoot_all(film: Film, draw: Draw) -> Film:
    scene, ledger = film.scene, film.ledger
    unit = Unit(ledger, scene, draw)
    unit.shoot("platform", look_at(), (20, 20, 60))
    kept = {
        "platform": unit.keep("platform", look_at(), (20, 30, 70)),
        "mara-waits": unit.keep("mara-waits", look_at(saturation=0.02), (90, 30, 30)),
        "mara-listens.1": unit.keep(
            "mara-listens.1", look_at(saturation=0.11, repeated=9), (95, 30, 30)
        ),
        "mara-listens.2": unit.keep("mara-listens.2", look_at("drifted", 0.31, 9), (120, 20, 20)),
        "mara-turns": unit.keep("mara-turns", look_at(saturation=0.03), (90, 30, 40)),
    }
    lost = unit.ask("stranger")
    place = scene.folder / "takes" / "stranger.mp4"
    ledger.lost(
        lost.id,
        {
            "kind": "job-failed",
            "message": f"The model stopped while reading {place}.",
            "next": "Run again; nothing was charged.",
        },
    )
    for shot, take in kept.items():
        film.planned(
            shot, action="keep", reason="nothing changed", usd=Decimal(0), take=take, gives=take
        )
    film.planned("stranger-nods", action="wait", root_cause="stranger")
    film.plan = replace(film.plan, usd=Decimal("0.2016"), to_shoot=2)
    reel = film.ledger.store.root / "night-train.mp4"
    reel.write_bytes(draw((20, 30, 70)).path.read_bytes())
    cut_reel(film, kept, reel)
    return film


def cut_reel(film: Film, kept: dict[str, Take], reel: Path) -> None:
    """An edit list of all that is in the can, and a file that stands for the reel."""
    joins = ["start", "cut", "extend", "extend", "rejoin"]
    events = [
        {
            "shot": shot,
            "take": take.slate,
            "join": join,
            "in_frame": 9 if join == "extend" else 2,
            "out_frame": 20,
            "calmest": 20,
            "motion_at_in": 1.0,
            "motion_at_out": 0.4,
            "alternatives": [[2, 18], [3, 22]],
            "reel_start": 19 * number,
            "reel_frames": 19,
        }
        for number, ((shot, take), join) in enumerate(zip(kept.items(), joins, strict=True))
    ]
    timeline = {
        "title": film.scene.title,
        "format": "160x90@24",
        "frames": 95,
        "duration_s": 3.958,
        "cost": 1.0,
        "left_out": ["stranger", "stranger-nods"],
        "events": events,
    }
    film.ledger.save_reel(film.scene.name, timeline, reel)
