"""The files a job is made from: which, where each goes in the request, and their hashes."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from scenegraph.errors import Problem, SceneInvalid
from scenegraph.media.files import file_hash

if TYPE_CHECKING:
    from scenegraph.scene import Scene, Shot, ShotGraph

Role = Literal["image", "motion", "video"]


class Input(NamedTuple):
    """One file that must have a URL before the job can be asked for.

    Attributes:
        role: `image` the keyframe, `motion` the reference, `video` the parent's tail.
        into: where its URL goes in the request, such as `("video", "video_url")`.
        file: the scene's own file; None when it comes from another shot's take.
        parent: the shot whose circled take it comes from.
        tail_frames: of a tail, how many of the parent's last frames are shown.
        tail_end: `rest` when the tail ends at a calm frame near the parent's end.
        frame: of a picture from a take, which frame: `best`, `first`, `last` or a number.
        sha256: of the file, or of the parent's take. None while that take is still to be shot.
    """

    role: Role
    into: tuple[str | int, ...]
    file: Path | None = None
    parent: str | None = None
    sha256: str | None = None
    # From here on: what of the file is shown. Each field is a part of the key.
    tail_frames: int | None = None
    tail_end: str | None = None
    frame: str | int | None = None

    @property
    def shown(self) -> tuple[Any, ...]:
        """Equal for inputs of which the same is shown, whatever their bytes are."""
        return (self.role, *self[_SOURCES:])

    @property
    def part(self) -> dict[str, Any]:
        """What of it is in the key besides its bytes: which frames of them are shown."""
        named = zip(self._fields[_SOURCES:], self[_SOURCES:], strict=True)
        return {name: value for name, value in named if value is not None}


#: Fields that say where an input's bytes come from and go to.
_SOURCES = Input._fields.index("sha256") + 1

_seen: dict[tuple[str, int, int, int], str] = {}


def hash_file(path: Path) -> str:
    """The sha256 of a file's bytes; read again only when its size, time or number has changed."""
    stat = path.stat()
    name = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    if name not in _seen:
        _seen[name] = file_hash(path)
    return _seen[name]


def hash_inputs(scene: Scene, graph: ShotGraph | None = None) -> Mapping[Path, str]:
    """The hash of every still and motion that the scene's shots use, each read once; and of the
    other stills of the same people, which a ladder may cut back to.

    Raises:
        SceneInvalid: files that are missing or cannot be read, all of them at once.
    """
    hashes: dict[Path, str] = {}
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for id_, shot in (graph or scene.graph()).shots.items():
        if shot.picture_of is None:  # so are most: words and hops name no file
            continue
        for field, name in _names_of(shot):
            if (field, name) in seen:
                continue
            seen.add((field, name))
            path = (scene.still_of if field == "keyframe" else scene.motion_of)(name)
            try:
                hashes[path] = hash_file(path)
            except OSError as error:
                reason = "is not there" if error.errno == errno.ENOENT else str(error.strerror)
                message = f"Shot {id_!r}: its {field} {path} {reason}."
                where = scene.where("shots", id_, field)
                problems.append(Problem(message, where, "Check the path.", "missing"))
    if problems:
        raise SceneInvalid(problems)
    for path in _other_stills(scene, {name for field, name in seen if field == "keyframe"}):
        with suppress(OSError):  # nobody asks for it: no shot is made from it as long as it is gone
            hashes.setdefault(path, hash_file(path))
    return hashes


def _other_stills(scene: Scene, used: Iterable[str]) -> Iterator[Path]:
    for character in {name.partition(".")[0] for name in used}:
        for still in scene.characters[character].keyframes:
            yield scene.still_of(f"{character}.{still}")


def _names_of(shot: Shot) -> Iterator[tuple[str, str]]:
    """The scene's own files that a shot names, by field."""
    keyframe = shot.picture_of
    if isinstance(keyframe, str):
        yield "keyframe", keyframe
    motion = getattr(shot, "motion", None) if shot.kind == "multicondition" else None
    if motion is not None:
        yield "motion", motion
