"""The files that a scene names: inside its folder, there, and what they say they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from scenegraph.errors import Place, Problem, SceneInvalid

if TYPE_CHECKING:
    from scenegraph.scene.model import Scene

#: 8K UHD has 33 million; a larger still is a mistake or a trap.
MOST_PIXELS = 64_000_000
STILL_FORMATS = ("PNG", "JPEG", "WEBP")


def resolve_inside(folder: Path, relative: str, allow: Sequence[Path], where: Place) -> Path:
    """The absolute path of `relative`, links followed, if it stays in its place.

    Raises:
        SceneInvalid: it leaves `folder` and every folder of `allow`.
    """
    allowed = (
        "Move the file into the scene's folder, or allow its folder by SCENEGRAPH_ALLOW_PATHS."
    )
    if "\0" in relative or "://" in relative:
        message = f"{relative!r} is not the path of a file."
        raise SceneInvalid(
            [Problem(message, where, "Write a path relative to the scene file.", "bad-path")]
        )
    base = folder.resolve()
    is_absolute = Path(relative).is_absolute() or bool(PureWindowsPath(relative).drive)
    try:
        real = (base / relative).resolve()
    except (OSError, RuntimeError):  # a loop of links, a name too long for the disk
        message = f"{relative!r} cannot be followed on this disk."
        raise SceneInvalid([Problem(message, where, "", "bad-path")]) from None
    inside = real.is_relative_to(base) and not is_absolute
    if inside or any(real.is_relative_to(place.resolve()) for place in allow):
        return real
    if is_absolute:
        message = f"{relative!r} is an absolute path; paths are relative to the scene file."
        kind = "absolute-path"
    else:
        message = f"{relative!r} leads out of the scene's folder."
        kind = "outside-folder"
    raise SceneInvalid([Problem(message, where, allowed, kind)])


def check_files(scene: Scene, allow: Sequence[Path]) -> list[Problem]:
    """Every still, motion and track of a scene, each file looked at once. Never raises."""
    problems: list[Problem] = []
    for name, character in scene.characters.items():
        for frame, relative in character.keyframes.items():
            where = scene.where("characters", name, "keyframes", frame)
            what = f"The still {relative!r} ({frame} of {name})"
            problems += _check(scene.folder, relative, allow, where, what, is_still=True)
    for name, relative in scene.motions.items():
        where, what = scene.where("motions", name), f"The motion reference {relative!r} ({name})"
        problems += _check(scene.folder, relative, allow, where, what)
    for at, track in scene.reel.tracks:
        where, what = scene.where("reel", *at), f"The track {track.file!r}"
        problems += _check(scene.folder, track.file, allow, where, what)
    return problems


def _check(
    folder: Path,
    relative: str,
    allow: Sequence[Path],
    where: Place,
    what: str,
    *,
    is_still: bool = False,
) -> Iterator[Problem]:
    try:
        path = resolve_inside(folder, relative, allow, where)
    except SceneInvalid as error:
        yield from error.problems
        return
    try:
        if path.is_dir():
            yield Problem(f"{what} is a folder.", where, "Name a file in it.", "not-a-file")
        elif not path.exists():
            yield Problem(
                f"{what} does not exist.{_near(path)}", where, _backslash(relative), "missing-file"
            )
        elif not path.is_file():
            yield Problem(f"{what} is not a file.", where, "", "not-a-file")
        elif path.stat().st_size == 0:
            yield Problem(f"{what} is empty.", where, "Copy it again.", "empty-file")
        elif is_still and (reason := _not_a_still(path)):
            expected = f"A still is a picture: {', '.join(STILL_FORMATS)}."
            yield Problem(f"{what} {reason}.", where, expected, "not-a-picture")
    except OSError as error:
        yield Problem(f"{what} cannot be read: {error.strerror}.", where, "", "unreadable-file")


def _backslash(relative: str) -> str:
    return (
        "Write paths with `/`." if "\\" in relative else "Paths start at the scene file's folder."
    )


def _near(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError:
        names = []
    near = get_close_matches(path.name, names, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _not_a_still(path: Path) -> str:
    """Why this file is not a usable picture; nothing when it is. Read to its end: a still that was
    cut off in copying would be refused only after it was sent."""
    from PIL import Image, UnidentifiedImageError  # loading it costs more than reading a scene

    width = height = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # own limit below
            with Image.open(path, formats=STILL_FORMATS) as picture:
                width, height = picture.size
                if width * height <= MOST_PIXELS:
                    picture.draft("RGB", (64, 64))  # a JPEG is read whole, but not drawn whole
                    picture.load()
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
    ) as error:
        if isinstance(error, Image.DecompressionBombError):
            return "has too many pixels"
        return f"is damaged ({error})" if width else "is not a picture that can be opened"
    except SyntaxError:  # Pillow's word for a broken PNG
        return "is damaged" if width else "is not a picture that can be opened"
    if width * height > MOST_PIXELS:
        return f"has {width}×{height} pixels; at most {MOST_PIXELS // 1_000_000} million are read"
    return ""
