"""An establishing shot: build the place that the words name, then roll the camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np

from scenegraph.animatic.draw.ask import Ask
from scenegraph.animatic.draw.canvas import Picture
from scenegraph.animatic.draw.path import camera_path, ease
from scenegraph.animatic.draw.places import indoors, nature, sea, stations, town
from scenegraph.animatic.draw.places.brief import Brief, read_brief
from scenegraph.animatic.draw.places.stage import Stage
from scenegraph.animatic.draw.places.weather import weather_of
from scenegraph.animatic.draw.wander import Grade, wander_of
from scenegraph.animatic.draw.words import camera_words
from scenegraph.units import Size

Build = Callable[[Stage, Brief, np.random.Generator], None]

BUILDS: dict[str, Build] = {
    "carriage": stations.carriage,
    "platform": stations.platform,
    "hallway": indoors.hallway,
    "room": indoors.room,
    "sea": sea.sea,
    "forest": nature.forest,
    "desert": nature.desert,
    "mountains": nature.mountains,
    "street": town.street,
    "city": town.skyline,
}


def film(ask: Ask, size: Size, *, drift: float) -> Iterator[Picture]:
    """The frames of a t2v request: the same place for the same prompt and seed, always."""
    brief = read_brief(ask.prompt)
    rng = np.random.default_rng([ask.seed & 0x7FFFFFFF, 4])
    stage = Stage(size)
    BUILDS[brief.place](stage, brief, rng)
    seconds = ask.frames / float(ask.rate)
    weather = weather_of(brief, size, rng, seconds, indoors=stage.indoors)
    path = camera_path(camera_words(ask.prompt), ask.frames - 1, float(ask.rate), rng, reach=1.25)
    widest = min(path(number).zoom for number in range(0, ask.frames, 4))
    closer = max(0.0, -widest)  # a pull-back starts close and ends at the whole set
    wander = wander_of(ask.seed, drift, "t2v", adain=ask.adain, tone_map=ask.tone_map)
    dusk = _vignette(size)
    grade: Grade | None = None
    for number in range(ask.frames):
        at = number / float(ask.rate)
        picture = stage.shoot(replace(path(number), zoom=path(number).zoom + closer), at)
        for part in weather:
            part.on(picture, at)
        cv2.multiply(picture, dusk, dst=picture, scale=1 / 255)
        grade = grade or Grade(wander, picture)
        yield grade.apply(picture, ease(number / max(1, ask.frames - 1)))


def _vignette(size: Size) -> Picture:
    """A lens darkens towards its corners."""
    x = np.linspace(-1, 1, size.width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, size.height, dtype=np.float32)[:, None]
    light = 255 * (1 - 0.30 * np.clip((x * x + y * y) / 2, 0, 1) ** 1.4)
    noise = np.random.default_rng(2).random((size.height, size.width), np.float32)
    return np.repeat((light + noise).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
