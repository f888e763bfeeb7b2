"""Who and what the rows of a storyboard may name, and where their files are."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from scenegraph.errors import Problem, SceneInvalid
from scenegraph.scene import Character, Scene
from workflows.craft import MAIN_KEYFRAME, id_of, is_name
from workflows.registry import Unfit, home
from workflows.tables import Table


class People:
    """Who and what a table's rows may name.

    Attributes:
        characters, motions: by name; those of `into` count as well.
        seen: names that a row uses.
    """

    def __init__(self, folder: Path, into: Scene | None) -> None:
        self._folder = folder
        self._given: dict[str, Character] = {}
        self._clips: dict[str, str] = {}
        self._into = into
        self.seen: set[str] = set()

    @property
    def characters(self) -> Mapping[str, Character]:
        found = dict(self._into.characters) if self._into is not None else {}
        for name, one in self._given.items():
            before = found[name].keyframes if name in found else {}
            keyframes = {**before, **one.keyframes}
            found[name] = one.model_copy(update={"keyframes": keyframes})
        return found

    @property
    def motions(self) -> Collection[str]:
        return [*(self._into.motions if self._into is not None else ()), *self._clips]

    def parts(self) -> dict[str, Any]:
        """Characters and motions that come with the rows; files are seen from the scene to be."""
        return {
            "characters": {name: one for name, one in self._given.items() if name in self.seen},
            "motions": {name: file for name, file in self._clips.items() if name in self.seen},
        }

    def take(self, table: Table) -> Iterator[Problem]:
        """`characters:` and `motions:` of a YAML file."""
        reading = table.reading
        if reading is None or not isinstance(reading.root, dict):
            return
        beside = Path(reading.file).absolute().parent

        def seen(file: str) -> str:
            return Path(os.path.relpath(beside / file, self._folder)).as_posix()

        for name, body in _mapping(reading.root.get("characters")).items():
            try:
                one = Character(**_mapping(body))
            except SceneInvalid as error:
                where = reading.place("characters", name, key=True)
                yield Problem(f"Character {name!r}: {error.message}", where, error.next, "invalid")
                continue
            keyframes = {key: seen(file) for key, file in one.keyframes.items()}
            self._given[name] = one.model_copy(update={"keyframes": keyframes})
        for name, file in _mapping(reading.root.get("motions")).items():
            self._clips[name] = seen(str(file))

    def take_words(self, stills: Sequence[str], motions: Sequence[str]) -> None:
        """`mara=stills/mara.jpg`, `mara.three_quarter=stills/mara-tq.jpg`, `sway=sway.mp4`."""
        for words in stills:
            name, equals, file = (part.strip() for part in words.partition("="))
            who, _, key = name.partition(".")
            if not equals or not file or not is_name(who) or (key and not is_name(key)):
                raise Unfit(f"stills: {words!r} is not NAME=FILE, such as mara=stills/mara.jpg")
            self._is_there("stills", file)
            one = self._given.get(who, Character())
            keyframes = {**one.keyframes, key or MAIN_KEYFRAME: file}
            self._given[who] = one.model_copy(update={"keyframes": keyframes})
        for words in motions:
            name, equals, file = (part.strip() for part in words.partition("="))
            if not equals or not file or not is_name(name):
                raise Unfit(f"motions: {words!r} is not NAME=FILE, such as sway=motions/sway.mp4")
            self._is_there("motions", file)
            self._clips[name] = file

    def _is_there(self, argument: str, file: str) -> None:
        if home() is not None and not (self._folder / file).is_file():
            raise Unfit(f"{argument}: there is no file {file!r} in {self._folder}")

    def motion(self, name: str) -> str | None:
        """The motion of that name, or a clip's file under the name it gets."""
        if not is_name(name):
            key = id_of(PurePath(name).stem)
            self._clips.setdefault(key, name)
            name = key
        if name not in self.motions:
            return None
        self.seen.add(name)
        return name


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): part for key, part in value.items()} if isinstance(value, dict) else {}
