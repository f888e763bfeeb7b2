"""What the recipes share: how a scene is put together, how time is split into hops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, floor
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BeforeValidator, Field, StringConstraints

from scenegraph.scene import Character, Scene, Shot, TextShot, add_shots, free_name
from scenegraph.scene.part import NAME_PATTERN
from workflows.registry import SceneFile, Unfit, hint, home

#: A hop is worth 4 to 5 seconds: shorter ones pay more for the tail, longer ones drift more.
SHORTEST_HOP_S, LONGEST_HOP_S = 4.0, 5.0
#: How a still that was not named otherwise is called.
MAIN_KEYFRAME = "front_closeup"
#: Canonical names for so many stills of one person, from wide to close.
CANONICAL = {
    1: (MAIN_KEYFRAME,),
    2: ("medium_shot", MAIN_KEYFRAME),
    3: ("medium_shot", "three_quarter", MAIN_KEYFRAME),
}


def _split(value: object) -> object:
    """One string is a list whose parts stand between `;` or line ends (for terminals)."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;\n]", value) if part.strip()]
    return value


def _path(value: object) -> object:
    return value.as_posix() if isinstance(value, Path) else value


def _loaded(value: object) -> object:
    return Scene.load(value) if isinstance(value, str | Path) else value


#: A sentence or a few words; several of them; a file's path; seconds.
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ManyWords = Annotated[Sequence[Words], BeforeValidator(_split)]
File = Annotated[
    str | Path,
    BeforeValidator(_path),
    StringConstraints(strip_whitespace=True, min_length=1),
    SceneFile(),
]
#: A file that is only read now; its path starts where one is.
ReadFile = Annotated[
    str | Path, BeforeValidator(_path), StringConstraints(strip_whitespace=True, min_length=1)
]
Files = Annotated[Sequence[File], BeforeValidator(_split)]
Seconds = Annotated[float, Field(gt=0, le=60)]
MoreSeconds = Annotated[float, Field(ge=0, le=600)]
CastName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=40)]


class SceneOptions(TypedDict, total=False):
    """What every recipe takes besides its own arguments.

    Args:
        into: a scene, or its file, to add the shots to. What this recipe is told about the whole
            scene, such as a preset, then holds for all of it.
        after: a shot of `into`; the new ones follow it and the hops behind it. Else they come last.
        title: the scene's title; slates are made from it.
        model: a family of the catalog (`scenegraph models` lists them).
        preset: a look, such as cinematic-5s or fast-preview.
        seed: every shot's seed derives from it.
        resolution: 480p or 720p.
        aspect_ratio: 16:9, 9:16, 1:1 or auto.
        frame_rate: frames per second, 1 to 60.
        budget_usd: never spend more than this on the scene.
    """

    into: Annotated[Scene, BeforeValidator(_loaded)]
    after: Words
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
    """A scene of these shots; `options` that were given win over the recipe's own `title`.

    With `into` among the options: that scene, with these shots in it.
    """
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    into, after = given.pop("into", None), given.pop("after", None)
    picture = {name: given.pop(name) for name in PICTURE if name in given}
    if into is None:
        return Scene(**{"title": title, **parts, "picture": picture, "shots": list(shots), **given})
    given |= {"picture": picture} if picture else {}
    return add_shots(into, shots, after=after, folder=home(), settings=given, **parts)


def rate_of(options: SceneOptions) -> int:
    """Frames per second that a scene of these options will have."""
    any_shot = TextShot(id="any", prompt="Any picture.")
    return make_scene("Any", [any_shot], options).picture.frame_rate


def cast(
    name: str,
    look: str | None,
    options: SceneOptions,
    keyframes: Mapping[str, str | Path],
    argument: str = "keyframe",
) -> tuple[dict[str, Character], dict[str, str]]:
    """One character with its stills, and how shots name each of them.

    Of a character that `into` has, a still may be named by its name there (`three_quarter`); a
    file that is one of that character's stills already is that still.

    Args:
        argument: what the recipe calls the stills, for what is told about them.

    >>> cast("mara", None, {}, {"front_closeup": "mara.png"})[1]
    {'front_closeup': 'mara.front_closeup'}
    """
    into = options.get("into")
    known = into.characters.get(name) if into is not None else None
    own = known.keyframes if known is not None else {}
    files = (
        {} if into is None else {(into.folder / file).resolve(): key for key, file in own.items()}
    )
    here = folder_of(options)
    if look and known is not None and known.look not in (None, look):
        raise Unfit(f"look: {name!r} looks otherwise in `into` already; leave it out")
    stills: dict[str, str] = {}
    refs = {}
    for key, path in keyframes.items():
        named = str(path) if str(path) in own else files.get((here / path).resolve())
        if named is None and into is not None and is_name(path):
            near = hint(str(path), own) if own else hint(name, into.characters)
            whose = f"a still of {name!r}" if own else f"a still of {name!r}, who is not in `into`"
            raise Unfit(f"{argument}: {str(path)!r} is neither a file nor {whose}{near}")
        if named is None:
            named = free_name(key, {**own, **stills})
            stills[named] = str(path)
        refs[key] = f"{name}.{named}"
    return {name: Character(look=look, keyframes=stills)}, refs


def still_name(framing: str | None) -> str:
    """What a still of this framing is called: remedies that cut to it go by that name.

    >>> [still_name(words) for words in ("medium shot", "Three-quarter view", "medium close-up")]
    ['medium_shot', 'three_quarter', 'front_closeup']
    """
    words = (framing or "").lower()
    if "three-quarter" in words or "three quarter" in words:
        return "three_quarter"
    wide = re.search(r"\b(medium|wide|full|long|waist|knee)\b", words) and "close" not in words
    return "medium_shot" if wide else MAIN_KEYFRAME


def folder_of(options: SceneOptions) -> Path:
    """Where the scene's file will lie, as far as that is known."""
    into = options.get("into")
    return home() or (into.folder if into is not None else Path.cwd())


def is_name(path: str | Path) -> bool:
    """Whether it is a name (of a still, of a motion) and no file's path."""
    return re.fullmatch(NAME_PATTERN, str(path)) is not None


def says_who(character: str, look: str | None, options: SceneOptions) -> str | None:
    """What prompts call a character: its name, where that stands for a look in words."""
    into = options.get("into")
    known = into.characters.get(character) if into is not None else None
    return character if look or (known is not None and known.look) else None


def id_of(words: str) -> str:
    """A shot id made of a name.

    >>> id_of("Mara_K"), id_of("...")
    ('mara-k', 'shot')
    """
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48].strip("-") or "shot"


def next_number(name: str, options: SceneOptions) -> int:
    """The first number for `name-1`, `name-2` … behind those that `into` has."""
    into = options.get("into")
    ids = [] if into is None else [shot.id for shot in into.shots]
    found = [re.fullmatch(rf"{re.escape(name)}-(\d+)", id) for id in ids]
    return 1 + max((int(one[1]) for one in found if one), default=0)


def even_hops(seconds: float, rate: int) -> tuple[int, float]:
    """How many hops of what length fill `seconds`, as near as the grid allows.

    Hops are all of one length: at most 5 seconds, at least 4 where the time can be split so, and
    a multiple of 8 frames, because LTX-Video makes pictures 8 at a time.

    >>> even_hops(55.0, 24), even_hops(9.0, 16), even_hops(7.0, 24), even_hops(2.0, 24)
    ((11, 5.0), (2, 4.5), (2, 3.6667), (1, 2.0))
    """
    wanted = round(seconds * rate, 6)
    shortest = SHORTEST_HOP_S * rate
    longest = max(8, int(LONGEST_HOP_S * rate) // 8 * 8)
    fewest = max(1, ceil(wanted / longest))
    choices = []
    for hops in (fewest, fewest + 1):
        frames = min(longest, max(8, floor(wanted / hops / 8 + 0.5) * 8))
        short = frames < shortest
        choices.append((short, hops if short else 0, abs(hops * frames - wanted), hops, frames))
    *_, hops, frames = min(choices)
    return hops, round(frames / rate, 4)
