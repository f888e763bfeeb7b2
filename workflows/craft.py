"""What the recipes share: how a scene is put together, how time is split into hops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from math import ceil, floor
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BeforeValidator, Field, StringConstraints

from scenegraph.scene import Character, Scene, Shot, TextShot
from scenegraph.scene.part import NAME_PATTERN

#: A hop is worth 4 to 5 seconds: shorter ones pay more for the tail, longer ones drift more.
SHORTEST_HOP_S, LONGEST_HOP_S = 4.0, 5.0
#: How a still that was not named otherwise is called: the best for general use.
MAIN_KEYFRAME = "front_closeup"


def _split(value: object) -> object:
    """One string is a list whose parts stand between `;` or line ends (for terminals)."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;\n]", value) if part.strip()]
    return value


def _path(value: object) -> object:
    return value.as_posix() if isinstance(value, Path) else value


#: A sentence or a few words; several of them; a file's path; seconds.
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ManyWords = Annotated[Sequence[Words], BeforeValidator(_split)]
File = Annotated[
    str | Path, BeforeValidator(_path), StringConstraints(strip_whitespace=True, min_length=1)
]
Files = Annotated[Sequence[File], BeforeValidator(_split)]
Seconds = Annotated[float, Field(gt=0, le=60)]
MoreSeconds = Annotated[float, Field(ge=0, le=600)]
CastName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=40)]


class SceneOptions(TypedDict, total=False):
    """What every recipe takes besides its own arguments.

    Args:
        title: the scene's title; slates are made from it.
        model: a family of the catalog (`scenegraph models` lists them).
        preset: a look, such as cinematic-5s or fast-preview.
        seed: every shot's seed derives from it.
        resolution: 480p or 720p.
        aspect_ratio: 16:9, 9:16, 1:1 or auto.
        frame_rate: frames per second, 1 to 60.
        budget_usd: never spend more than this on the scene.
    """

    title: str
    model: str
    preset: str
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    resolution: Literal["480p", "720p"]
    aspect_ratio: Literal["16:9", "9:16", "1:1", "auto"]
    frame_rate: Annotated[int, Field(ge=1, le=60)]
    budget_usd: Annotated[Decimal, Field(ge=0)]


PICTURE = ("resolution", "aspect_ratio", "frame_rate")


def make_scene(title: str, shots: Sequence[Shot], options: SceneOptions, **parts: Any) -> Scene:
    """A scene of these shots; `options` that were given win over the recipe's own `title`."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    picture = {name: given.pop(name) for name in PICTURE if name in given}
    return Scene(**{"title": title, **parts, "picture": picture, "shots": list(shots), **given})


def rate_of(options: SceneOptions) -> int:
    """Frames per second that a scene of these options will have."""
    any_shot = TextShot(id="any", prompt="Any picture.")
    return make_scene("Any", [any_shot], options).picture.frame_rate


def cast(name: str, look: str | None, **keyframes: str | Path) -> dict[str, Character]:
    """One character and its stills."""
    stills = {key: str(path) for key, path in keyframes.items()}
    return {name: Character(look=look, keyframes=stills)}


def id_of(words: str) -> str:
    """A shot id made of a name.

    >>> id_of("Mara_K"), id_of("...")
    ('mara-k', 'shot')
    """
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48].strip("-") or "shot"


def even_hops(seconds: float, rate: int) -> tuple[int, float]:
    """How many hops of what length fill `seconds`, as near as the grid allows.

    Hops are all of one length: at most 5 seconds, at least 4 where the time can be split so, and
    a multiple of 8 frames, because LTX-Video makes pictures 8 at a time.

    >>> even_hops(55.0, 24), even_hops(9.0, 16), even_hops(7.0, 16), even_hops(2.0, 24)
    ((11, 5.0), (2, 4.5), (2, 3.5), (1, 2.0))
    """
    wanted = round(seconds * rate, 6)
    shortest = SHORTEST_HOP_S * rate
    longest = max(8, int(LONGEST_HOP_S * rate) // 8 * 8)
    fewest = max(1, ceil(wanted / longest))
    choices = []
    for hops in (fewest, fewest + 1):
        frames = min(longest, max(8, floor(wanted / hops / 8 + 0.5) * 8))
        choices.append((frames < shortest, abs(hops * frames - wanted), hops, frames))
    _, _, hops, frames = min(choices)
    return hops, round(frames / rate, 4)
