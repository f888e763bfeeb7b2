"""A scene file → a `Scene`, or every problem it has, each with file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from scenegraph.errors import Place, Problem, SceneInvalid, did_you_mean
from scenegraph.scene.build import build_scene
from scenegraph.scene.checks import check_references
from scenegraph.scene.model import Scene
from scenegraph.scene.places import Reading, read_yaml
from scenegraph.scene.problems import shown
from scenegraph.scene.stills import check_files
from scenegraph.settings import Settings

#: Ten thousand shots with long prompts need about ten.
LARGEST_FILE = 32 * 1024 * 1024

_SET_FORM = "Write it as --set shots.ID.FIELD=VALUE, or with another key of the scene file."
_PROSE = frozenset({"prompt"})


def load_scene(
    path: str | Path,
    *,
    settings: Settings | None = None,
    overrides: Mapping[str, str] | None = None,
    check_media: bool = True,
) -> Scene:
    """Read a scene file.

    Args:
        path: YAML, or JSON, in UTF-8.
        settings: says which folders outside the scene's own may be read; the environment's by
            default.
        overrides: what-if values by dotted name, `{"shots.mara-turns.prompt.action": "she turns"}`;
            the texts are read as YAML. The file is not changed.
        check_media: look at the stills, motions and tracks that it names.

    Raises:
        SceneInvalid: with all problems of the file, in its order.
    """
    path = Path(path)
    allow = (settings or Settings()).allow_paths
    reading = read_yaml(_text_of(path), str(path), prose=_PROSE)
    if not isinstance(reading.root, dict):
        raise SceneInvalid(reading.problems or [_not_a_scene(reading)])
    problems = list(reading.problems)
    for name, text in (overrides or {}).items():
        problems += _override(reading, name, text)

    def where(*loc: str | int) -> Place:
        return reading.place(*loc, key=len(loc) == 2 and loc[0] == "shots")

    def finish(scene: Scene) -> list[Problem]:
        """Tell a scene where it lives, then look at what it points at."""
        scene._file, scene._folder = path, path.absolute().parent
        scene._allow, scene._reading = allow, reading
        found = check_references(scene, where)
        return found + check_files(scene, allow) if check_media else found

    scene, found = build_scene(reading, finish)
    problems += found
    if problems or scene is None:
        raise SceneInvalid(sorted(problems, key=_in_file_order))
    return scene


def _in_file_order(problem: Problem) -> tuple[bool, int, int]:
    where = problem.where
    return where.line is None, where.line or 0, where.column or 0


def _not_a_scene(reading: Reading) -> Problem:
    place = Place(reading.file, 1, 1)
    if reading.root is None:
        message = "This file is empty; a scene needs at least a title and one shot."
        return Problem(message, place, "Start with `title:` and `shots:`.", "empty-file")
    message = f"A scene file is a mapping (lines of `key: value`), not {shown(reading.root)}."
    return Problem(message, place, "Start with `title:` and `shots:`.", "wrong-type")


def _text_of(path: Path) -> str:
    def refusal(
        message: str, expected: str, kind: str, line: int | None = None, column: int | None = None
    ) -> SceneInvalid:
        return SceneInvalid([Problem(message, Place(str(path), line, column), expected, kind)])

    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        message = f"There is no such file.{_similar(path)}"
        raise refusal(message, "Check the path.", "missing-file") from None
    except IsADirectoryError:
        inside = "scene.yaml in it" if (path / "scene.yaml").is_file() else "a scene file"
        raise refusal("This is a folder.", f"Name {inside}.", "not-a-file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"It cannot be read: {reason}."
        raise refusal(message, "Check its rights.", "unreadable-file") from None
    if len(data) > LARGEST_FILE:
        message = f"It is larger than {LARGEST_FILE // 1024 // 1024} MB."
        raise refusal(message, "Is this a scene file?", "too-large")
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        message = "The name of this file, or of a folder above it, is not UTF-8."
        expected = "Rename it, or set PYTHONUTF8=1 where the locale is another one."
        raise refusal(message, expected, "bad-path") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        expected = "Save it as UTF-8 text."
        raise refusal("This is not UTF-8 text.", expected, "not-utf8", line, column) from None


def _similar(path: Path) -> str:
    try:
        names = [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml", ".json")]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _override(reading: Reading, name: str, text: str) -> list[Problem]:
    """Lay one what-if value over the data; its place is the option itself."""
    place = Place(f"--set {name}={text if len(text) <= 60 else text[:57] + '…'}")

    def wrong(message: str, expected: str, kind: str) -> list[Problem]:
        return [Problem(message, place, expected, kind)]

    given = read_yaml(text, place.file)
    is_nested = isinstance(given.root, (dict, list)) and text.lstrip()[:1] not in ("{", "[")
    if given.problems or is_nested:  # a sentence with a colon is meant as a sentence
        given = Reading(place.file, text)
    here: Any = reading.root
    path: list[str | int] = []
    *owners, last = name.split(".")
    shots = here.get("shots")
    ids = list(shots) if isinstance(shots, dict) else []
    known = (*Scene.model_fields, *here)
    if owners and owners[0] in ids and owners[0] not in known:
        owners.insert(0, "shots")  # `mara-turns.seconds` is short for `shots.mara-turns.seconds`
    elif (first := [*owners, last][0]) not in known:
        near = did_you_mean(first, [*known, *ids] if owners else known)
        return wrong(f"There is no `{first}`.{near}", _SET_FORM, "unknown-key")
    if (
        owners[:1] == ["shots"]
        and owners[1:2]
        and owners[1] in ids
        and [*owners, last][2].isdigit()
    ):
        message = f"The hops of {owners[1]!r} are one shot in the file; they are set together."
        return wrong(message, f"Set `shots.{owners[1]}.…`.", "unknown-key")
    for part in owners:
        step = _step(here, part)
        path.append(step if step is not None else part)
        dotted = ".".join(map(str, path))
        if step is not None:
            here = here[step]
        elif isinstance(here, dict) and len(path) != 2:
            here = here.setdefault(part, {})
            reading.given[tuple(path)] = (place, {})
        else:  # a shot or a character that is not there is a slip, not a new one
            near = did_you_mean(part, list(here) if isinstance(here, dict) else [])
            return wrong(f"There is no `{dotted}`.{near}", "Check the name.", "unknown-key")
        if not isinstance(here, (dict, list)):
            message = f"`{dotted}` is {shown(here)}, so nothing can be set inside it."
            return wrong(message, f"Set `{dotted}` as a whole.", "wrong-type")
    step = _step(here, last)
    if step is None and isinstance(here, list):
        return wrong(f"There is no `{name}`.", "Check the number.", "unknown-key")
    final = last if step is None else step
    here[final] = given.root
    reading.given[*path, final] = (place, given.spots)
    return []


def _step(here: Any, part: str) -> str | int | None:
    """The key or index that `part` means here, if there is such a one."""
    if isinstance(here, dict):
        return part if part in here else None
    if isinstance(here, list) and part.isdigit() and int(part) < len(here):
        return int(part)
    return None
