"""What falls, drifts and flashes between the camera and the place."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from scenegraph.animatic.draw.canvas import Picture
from scenegraph.animatic.draw.places.brief import Brief
from scenegraph.animatic.draw.places.paint import Colour, fractal
from scenegraph.units import Size


class Weather(Protocol):
    """Puts itself on a picture, in place. A pure function of the time in seconds."""

    def on(self, picture: Picture, seconds: float) -> None: ...


class Rain:
    """Three curtains of streaks. Each is an endless tile that is only moved, never redrawn."""

    def __init__(self, size: Size, rng: np.random.Generator, light: Colour, wild: float) -> None:
        self._size, self._curtains = size, []
        for near in (0.3, 0.6, 1.0):
            tile = np.zeros((size.height, size.width), np.uint8)
            length = size.height * 0.05 * (0.6 + near) * (1 + 0.5 * wild)
            slant = 0.10 + 0.22 * wild
            for _ in range(int(360 * (1.25 - near) * (1 + wild))):
                x, y = rng.uniform(0, size.width), rng.uniform(0, size.height)
                bright = int(rng.uniform(20, 58) * (0.6 + 0.5 * near))
                for ox in (0, -size.width, size.width):
                    for oy in (0, -size.height, size.height):
                        start = (round((x + ox) * 16), round((y + oy) * 16))
                        end = (round((x + ox - slant * length) * 16), round((y + oy + length) * 16))
                        cv2.line(tile, start, end, bright, 1 if near < 0.9 else 2, cv2.LINE_AA, 4)
            soft = cv2.GaussianBlur(tile, (0, 0), 0.5 + 0.7 * near)
            colour = np.asarray(light, np.float32) * 0.75 + 0.25
            wet = np.clip(soft[..., None] * colour, 0, 255).astype(np.uint8)
            speed = size.height * (1.1 + 1.5 * near)
            self._curtains.append((np.tile(wet, (2, 2, 1)), speed, slant * speed))

    def on(self, picture: Picture, seconds: float) -> None:
        height, width = self._size.height, self._size.width
        for tile, fall, side in self._curtains:
            top = height - 1 - int(seconds * fall) % height
            left = int(seconds * side) % width
            cv2.add(picture, tile[top : top + height, left : left + width], dst=picture)


class Flakes:
    """Snow, or dust in a beam: soft points that fall, swing and are never the same twice."""

    def __init__(
        self, size: Size, rng: np.random.Generator, count: int, light: Colour, *, fall: float
    ) -> None:
        self._size, self._light, self._fall = size, light, fall
        near = np.sort(rng.random(count)) ** 1.6
        self._near, self._x, self._y = near, rng.random(count) * 1.2, rng.random(count) * 1.2
        self._phase, self._swing = rng.random(count) * 6.28, rng.uniform(0.4, 1.0, count)
        dust = fall < 0.05
        self._radius = size.height * (0.0010 + (0.0016 if dust else 0.0045) * near)
        self._bright = (70 if dust else 175) * rng.uniform(0.5, 1, count) * (1 - 0.35 * near)

    def on(self, picture: Picture, seconds: float) -> None:
        height, width = self._size.height, self._size.width
        speed = 0.45 + 0.9 * self._near
        y = ((self._y + self._fall * speed * seconds) % 1.2 - 0.1) * height
        swing = 0.012 * np.sin(self._phase + 1.4 * self._swing * seconds)
        x = ((self._x + 0.35 * self._fall * speed * seconds) % 1.2 - 0.1) * width + swing * height
        sheet = np.zeros((height, width), np.uint8)
        for px, py, radius, bright in zip(x, y, self._radius, self._bright, strict=True):
            centre = (round(float(px) * 16), round(float(py) * 16))
            cv2.circle(sheet, centre, round(float(radius) * 16), int(bright), -1, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(sheet, (5, 5), 1.1)
        tinted = [cv2.convertScaleAbs(soft, alpha=channel) for channel in self._light]
        cv2.add(picture, cv2.merge(tinted), dst=picture)


class Fog:
    """A bank that drifts across, thicker towards the ground."""

    def __init__(self, size: Size, rng: np.random.Generator, colour: Colour, most: float) -> None:
        self._size, self._scale = size, 4
        self._high, self._wide = size.height // 4 + 1, size.width // 4 + 1
        bank = fractal(rng, (self._high, self._wide * 3), 3.0 / self._high, 2.6, 4)
        ends = self._wide  # the bank meets itself: faded over where the tile repeats
        fade = np.linspace(0, 1, ends, dtype=np.float32)
        bank[:, :ends] = bank[:, :ends] * fade + bank[:, -ends:] * (1 - fade)
        self._bank = bank[:, : 2 * self._wide]
        self._bank = np.concatenate([self._bank, self._bank[:, : self._wide + 2]], axis=1)
        down = np.linspace(0, 1, self._high, dtype=np.float32)[:, None]
        self._thick = most * (0.25 + 0.75 * np.sin(np.pi * np.clip(down * 0.9 + 0.12, 0, 1)))
        self._colour = np.asarray(colour, np.float32) * 255

    def on(self, picture: Picture, seconds: float) -> None:
        shift = (seconds * 0.045 * self._high) % (2 * self._wide)
        low = int(shift)
        share = np.float32(shift - low)
        part = self._bank[:, low : low + self._wide + 1]
        part = part[:, :-1] * (1 - share) + part[:, 1:] * share
        veil = cv2.resize(part * self._thick, (self._size.width, self._size.height))
        veil = np.clip(veil, 0, 0.95)
        haze = np.empty_like(picture)
        haze[:] = np.clip(self._colour, 0, 255).astype(np.uint8)
        cv2.blendLinear(picture, haze, 1 - veil, veil, dst=picture)


class Lightning:
    """Two or three far flashes: the sky lights up and dies away, no frame is white."""

    def __init__(self, rng: np.random.Generator, seconds: float) -> None:
        self._at = np.sort(rng.uniform(0.4, max(0.5, 0.8 * seconds), max(1, int(seconds / 2.2))))

    def on(self, picture: Picture, seconds: float) -> None:
        since = seconds - self._at
        since = since[(since >= 0) & (since < 0.7)]
        if len(since):
            power = float(np.exp(-since * 6).sum() * (0.75 + 0.25 * np.cos(since[-1] * 46)))
            cv2.addWeighted(picture, 1 + 0.38 * power, picture, 0, 7 * power, dst=picture)


def weather_of(
    brief: Brief, size: Size, rng: np.random.Generator, seconds: float, *, indoors: bool
) -> list[Weather]:
    """What is between the camera and the place, back to front."""
    found: list[Weather] = []
    light = brief.palette.key
    if brief.storm:
        found.append(Lightning(rng, seconds))
    if brief.fog or (brief.storm and not indoors):
        haze = tuple(0.55 * a + 0.25 * b for a, b in zip(brief.palette.horizon, light, strict=True))
        bank = (haze[0], haze[1], haze[2])
        found.append(Fog(size, rng, bank, 0.62 if brief.fog and not indoors else 0.3))
    if indoors:
        found.append(Flakes(size, rng, 70, brief.palette.lamp, fall=0.012))
        return found
    if brief.snow:
        found.append(Flakes(size, rng, 420, (1.0, 1.0, 1.0), fall=0.17 + 0.2 * brief.storm))
    elif brief.rain:
        found.append(Rain(size, rng, light, 1.0 if brief.storm else 0.0))
    return found
