"""A scene: shots, who is in them, how they should look, and what to do with the takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from operator import is_
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, JsonValue, PrivateAttr, field_validator, model_validator

from scenegraph.errors import Place, SceneInvalid, UnknownShot
from scenegraph.scene.checks import check_references
from scenegraph.scene.fixes import Failure
from scenegraph.scene.graph import ShotGraph
from scenegraph.scene.loras import LoraField, SceneLora
from scenegraph.scene.part import FilePath, Name, Number, Part, Plain, Whole, Words
from scenegraph.scene.places import Reading
from scenegraph.scene.presets import DEFAULT_PICTURE, DEFAULT_PRESET, find_preset
from scenegraph.scene.problems import IN_PYTHON
from scenegraph.scene.reel import Reel
from scenegraph.scene.shots import (
    ExtendShot,
    Rate,
    Rung,
    Seed,
    Shot,
    Usd,
    without_hop,
)
from scenegraph.scene.stills import check_files, resolve_inside
from scenegraph.settings import Settings
from scenegraph.units import snap_8k1

Made = TypeVar("Made")

#: The canonical keyframes of a character; other names are allowed.
CANONICAL_KEYFRAMES = ("front_closeup", "three_quarter", "medium_shot")


class Picture(Part):
    """Size, shape and rate of every shot. What is not given is as the scene's preset says."""

    resolution: Literal["480p", "720p"] = "720p"
    aspect_ratio: Literal["16:9", "9:16", "1:1", "auto"] = "16:9"
    frame_rate: Rate = 24


class Character(Part):
    """One of the cast: words for prompts, stills for identity, adapter weights.

    `keyframes` are named still files; `front_closeup`, `three_quarter` and `medium_shot` are the
    canonical ones.
    """

    look: Words | None = None
    keyframes: dict[Name, FilePath] = Field(default_factory=dict)
    loras: tuple[LoraField, ...] = ()


class DriftPolicy(Part):
    """What is done about drift: rungs of the ladder in order, and how far each measure may go.

    Attributes:
        rerolls: how many more takes of one setup may be asked for.
        plan_ahead: a re-anchor before the hop at which a chain's drift budget is used up.
        speculate_usd: hops are asked for while their parents are being reviewed, for as long as
            no more than this is lost on hops whose parents are rejected; 0: never.
    """

    on_drift: tuple[Rung, ...] = ("reroll", "reanchor", "cut")
    rerolls: Annotated[Whole, Field(ge=0, le=20)] = 2
    budgets: dict[Name, Annotated[Number, Field(gt=0)]] = Field(default_factory=dict)
    plan_ahead: bool = False
    speculate_usd: Annotated[Usd, Field(le=10_000)] = Decimal(0)


class AnimaticSettings(Part):
    """For the free preview alone: how much its hops drift, and how long a job takes."""

    drift: Annotated[Number, Field(ge=0, le=1)] = 0.0
    latency_s: Annotated[Number, Field(ge=0, le=60)] = 0.0


class Scene(Part):
    """One scene. Equal scenes want the same, wherever their files lie.

    Built in Python, paths are relative to the working folder until the scene has a file.

    Raises:
        SceneInvalid: with all problems at once.

    >>> scene = Scene(title="Night train", shots=[{"id": "a", "kind": "t2v", "prompt": "Rain."}])
    >>> scene.name, scene.shot("a").kind, scene.picture.frame_rate
    ('night-train', 't2v', 24)
    """

    scenegraph: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=200), Plain]
    model: Name = "ltxv-13b-098-distilled"
    preset: Name = DEFAULT_PRESET
    seed: Seed = 0
    picture: Picture = Field(default_factory=Picture)
    budget_usd: Annotated[Usd, Field(le=1_000_000)] | None = None
    characters: dict[Name, Character] = Field(default_factory=dict)
    motions: dict[Name, FilePath] = Field(default_factory=dict)
    loras: dict[Name, SceneLora] = Field(default_factory=dict)
    presets: dict[Name, dict[str, JsonValue]] = Field(default_factory=dict)
    fixes: tuple[Failure, ...] = ()
    shots: Annotated[tuple[Shot, ...], Field(min_length=1)]
    drift: DriftPolicy = Field(default_factory=DriftPolicy)
    reel: Reel = Field(default_factory=Reel)
    animatic: AnimaticSettings = Field(default_factory=AnimaticSettings)
    tail_frames: Annotated[Whole, Field(ge=9, le=1025)] = 65

    _file: Path | None = PrivateAttr(default=None)
    _folder: Path | None = PrivateAttr(default=None)
    _reading: Reading | None = PrivateAttr(default=None)
    _allow: tuple[Path, ...] | None = PrivateAttr(default=None)
    #: What `_once` keeps.
    _by_id: Any = PrivateAttr(default=None)
    _starts: Any = PrivateAttr(default=None)
    _names: Any = PrivateAttr(default=None)
    _graph: Any = PrivateAttr(default=None)
    _common: Any = PrivateAttr(default=None)

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)
        problems = check_references(self, lambda *_loc: Place(IN_PYTHON))
        if problems:
            raise SceneInvalid(problems)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @field_validator("shots", mode="before")
    @classmethod
    def _from_mapping(cls, value: Any) -> Any:
        """A file's mapping of id to shot → a list of shots; order is story order."""
        if not isinstance(value, Mapping):
            return value
        return [
            {"id": id, **body} if isinstance(body, Mapping) else body for id, body in value.items()
        ]

    @field_validator("tail_frames")
    @classmethod
    def _is_8k1(cls, value: int) -> int:
        if value % 8 != 1:
            raise ValueError(
                f"is {value}; it must be one more than a multiple of 8, such as {snap_8k1(value)}"
            )
        return value

    @model_validator(mode="after")
    def _picture_of_preset(self) -> Self:
        """What the picture leaves open is as the preset says, so `picture` is always whole."""
        given = self.picture.model_fields_set
        preset = find_preset(self.preset, self.presets, self.model) or {}
        fill = {
            name: preset[name] for name in DEFAULT_PICTURE if name in preset and name not in given
        }
        if fill and any(getattr(self.picture, name) != value for name, value in fill.items()):
            try:
                whole = Picture(**{**self.picture.model_dump(), **fill})
            except SceneInvalid:  # `check_references` tells it, with its place in the preset
                return self
            object.__setattr__(self, "picture", whole)
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scene):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)

    __hash__ = None  # type: ignore[assignment]

    # Where it lives

    @property
    def file(self) -> Path | None:
        """The scene file as it was named; None for a scene built in Python."""
        return self._file

    @property
    def folder(self) -> Path:
        """What relative paths start from; absolute."""
        return self._folder if self._folder is not None else Path.cwd()

    @property
    def name(self) -> str:
        """The scene's name in slates and in the ledger, made from its title."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")
        return slug or f"scene-{sha256(self.title.encode()).hexdigest()[:8]}"

    def in_folder(self, folder: str | Path) -> Scene:
        """The same scene with its paths starting from another folder."""
        placed = self.model_copy()
        placed._folder, placed._file, placed._reading = Path(folder).absolute(), None, None
        return placed

    def path(self, relative: str) -> Path:
        """A file of the scene, absolute.

        Raises:
            SceneInvalid: it leaves the scene's folder and settings do not allow it.
        """
        if self._allow is None:
            self._allow = Settings().allow_paths
        return resolve_inside(self.folder, relative, self._allow, self.where())

    def where(self, *loc: str | int) -> Place:
        """The place of a field in the file, such as `where("shots", "mara-turns", "keyframe")`."""
        if self._reading is None:
            return Place(str(self._file) if self._file else IN_PYTHON)
        if len(loc) > 1 and loc[0] == "shots":
            loc = ("shots", without_hop(str(loc[1])), *loc[2:])
        return self._reading.place(*loc, key=len(loc) == 2 and loc[0] == "shots")

    # What is in it

    def shot(self, id: str) -> Shot:
        """A shot of the file; a hop (`id.2`) gives the shot that it belongs to.

        Raises:
            UnknownShot: with the nearest right name.
        """
        found = self._found()
        if id not in found and without_hop(id) not in found:
            raise UnknownShot(id, list(found))
        return found.get(id) or found[without_hop(id)]

    def _found(self) -> dict[str, Shot]:
        return self._once("_by_id", lambda: {shot.id: shot for shot in self.shots}, self.shots)

    def _once(self, name: str, make: Callable[[], Made], *sources: object) -> Made:
        """What was made from these `sources` before; made anew when one of them has changed.

        Planning asks many times for each shot, and pydantic's own way to a private attribute is
        too long for that.
        """
        private = self.__pydantic_private__ or {}
        kept = private.get(name)
        if kept is None or not all(map(is_, kept[0], sources)):
            kept = private[name] = (sources, make())
        made: Made = kept[1]
        return made

    def start_of(self, shot: Shot) -> Shot:
        """The shot that a hop's chain starts with; a shot that is no hop is its own start."""
        if not isinstance(shot, ExtendShot):
            return shot
        starts = self._once("_starts", self._known_starts, self.shots)
        name = without_hop(shot.id)  # the hops of one shot have one start
        if name in starts:
            return starts[name]
        written, passed = self._found(), dict[str, None]()
        while isinstance(shot, ExtendShot):
            name = without_hop(shot.id)
            if name in starts:
                shot = starts[name]
                break
            if name in passed:
                break  # a loop; a scene that was checked has none
            passed[name] = None
            told = written.get(name, shot)
            parent = told.parent if isinstance(told, ExtendShot) else shot.parent
            shot = written.get(parent) or self.shot(parent)
        starts.update(dict.fromkeys(passed, shot))
        return shot

    def _known_starts(self) -> dict[str, Shot]:
        """The starts of the chains that are told in their order, as nearly all are."""
        starts: dict[str, Shot] = {}
        for shot in self.shots:
            if not isinstance(shot, ExtendShot):
                starts[shot.id] = shot
            elif (above := without_hop(shot.parent)) in starts:
                starts[shot.id] = starts[above]
        return starts

    @property
    def names_of_cast(self) -> re.Pattern[str] | None:
        """Finds the characters' names as whole words, in group 1; None without characters."""

        def make() -> re.Pattern[str] | None:
            names = "|".join(re.escape(name) for name in sorted(self.characters, key=len)[::-1])
            return re.compile(rf"(?<![\w-])({names})(?![\w-])", re.IGNORECASE) if names else None

        return self._once("_names", make, self.characters)

    @property
    def common_parameters(self) -> Mapping[str, Any]:
        """What every shot has from the scene's preset and its picture, by catalog name."""
        return self._once(
            "_common",
            lambda: {
                **(find_preset(self.preset, self.presets, self.model) or {}),
                **dict(self.picture),
            },
            self.preset,
            self.presets,
            self.picture,
            self.model,
        )

    def graph(self) -> ShotGraph:
        """The shots with their hops written out, and which hangs on which."""
        return self._once(
            "_graph", lambda: ShotGraph.of(self.shots, self.reel.order), self.shots, self.reel
        )

    def still_of(self, keyframe: str) -> Path:
        """The file of a keyframe such as `mara.front_closeup`."""
        character, _, name = keyframe.partition(".")
        return self.path(self.characters[character].keyframes[name])

    def motion_of(self, name: str) -> Path:
        """The file of a motion reference."""
        return self.path(self.motions[name])

    def drift_of(self, shot: Shot) -> DriftPolicy:
        """The drift policy with the shot's own words laid over it."""
        own = shot.drift
        if own is None:
            return self.drift
        return self.drift.model_copy(
            update={
                "on_drift": self.drift.on_drift if own.on_drift is None else own.on_drift,
                "rerolls": self.drift.rerolls if own.rerolls is None else own.rerolls,
                "budgets": {**self.drift.budgets, **own.budgets},
            }
        )

    # In and out

    def __rshift__(self, after: Scene) -> Scene:
        """`opening >> story`: one film of two scenes. See `join`."""
        if not isinstance(after, Scene):
            return NotImplemented
        from scenegraph.scene.join import join  # it builds scenes, so it lies above this file

        return join(self, after)

    @classmethod
    def load(cls, path: str | Path, *, settings: Settings | None = None) -> Scene:
        """Read a scene file; `SceneInvalid` carries all of its problems."""
        from scenegraph.scene.load import load_scene  # it builds scenes, so it lies above this file

        return load_scene(path, settings=settings)

    def save(self, path: str | Path, *, schema: str | None = None) -> Path:
        """Write a clean scene file that loads back equal. See `save_scene`."""
        from scenegraph.scene.save import save_scene

        return save_scene(self, path, schema=schema)

    def check_files(self) -> None:
        """Look at every still, motion and track that the scene names.

        Raises:
            SceneInvalid: one is missing, leaves the folder, or is not a picture.
        """
        allow = Settings().allow_paths if self._allow is None else self._allow
        problems = check_files(self, allow)
        if problems:
            raise SceneInvalid(problems)
