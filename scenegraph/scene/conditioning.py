"""What a shot may say about the files that it is shown: the objects among its `parameters`.

    parameters: {video: {strength: 0.9}}                                    # of an extend
    parameters: {images: [{strength: 0.8}], videos: [{conditioning_type: pose}]}   # multicondition

The entries stand in the order in which the files are sent: of `videos` the parent's tail first,
where there is one, then the motion. What places a file is the engine's, because seams are measured
by it: its URL, where in the answer it sits, how much of it is read and at which rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenegraph.scene.shots import ExtendShot, MotionShot, ShotBase

_STRICT = ("strength",)
_MOTION = ("strength", "conditioning_type", "preprocess", "reverse_video")

#: Fields of a request that hold files, and so are partly the engine's.
FILE_FIELDS = frozenset({"video", "images", "videos"})


def sayable(shot: ShotBase) -> Mapping[str, tuple[str, ...] | tuple[tuple[str, ...], ...]]:
    """What may be said of each file of a shot: names, or for a list of files the names of each.

    >>> sayable(ExtendShot(id="b", parent="a"))
    {'video': ('strength',)}
    """
    if isinstance(shot, ExtendShot):
        return {"video": _STRICT}
    if not isinstance(shot, MotionShot):
        return {}
    videos = ((_STRICT,) if shot.parent else ()) + ((_MOTION,) if shot.motion else ())
    return {"images": (_STRICT,), **({"videos": videos} if videos else {})}


def mistakes_in(shot: ShotBase) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Where below `parameters` it is wrong, what is, and what may stand there."""
    may = sayable(shot)
    for field in sorted(FILE_FIELDS & shot.parameters.keys()):
        wrong = _shape_of(field, shot.parameters[field], may, shot.kind)
        if wrong is not None:
            yield (field,), *wrong
            continue
        said: Any = shot.parameters[field]
        names: Any = may[field]
        if isinstance(said, dict):
            yield from _names_in(said, names, (field,))
        else:
            for n, (one, own) in enumerate(zip(said, names, strict=False)):
                yield from _names_in(one, own, (field, n))


def _shape_of(field: str, said: Any, may: Mapping[str, Any], kind: str) -> tuple[str, str] | None:
    """What is wrong with a whole field, and what to do; None when its names can be looked at."""
    if field not in may:
        has = f" It is shown {' and '.join(map(repr, may))}." if may else ""
        return f"this {kind} is shown no {field!r}", f"Leave it out.{has}"
    names = may[field]
    if not isinstance(names[0], tuple):
        hint = f"It may hold {', '.join(names)}."
        return None if isinstance(said, dict) else ("it must be a mapping", hint)
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        return "it must be a list of mappings", f"Each may hold {', '.join(names[-1])}."
    if len(said) > len(names):
        files = f"{len(names)} file{'s' if len(names) > 1 else ''} here"
        return f"it has {len(said)} entries for {files}", "The tail comes first, then the motion."
    return None


def _names_in(
    said: Mapping[str, Any], names: Any, at: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for name in said.keys() - set(names):
        yield (*at, name), f"{name!r} is not for you to say", f"Here may stand: {', '.join(names)}."


def without_files(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for a shot of another kind, which is shown other files.

    >>> without_files({"video": {"strength": 0.9}, "frame_rate": 24})
    {'frame_rate': 24}
    """
    return {name: value for name, value in parameters.items() if name not in FILE_FIELDS}


def said_of(given: Mapping[str, Any], field: str, number: int | None = None) -> Mapping[str, Any]:
    """What the shot's own parameters say of one file; nothing where they say nothing.

    >>> said_of({"videos": [{}, {"strength": 0.5}]}, "videos", 1), said_of({}, "images", 0)
    ({'strength': 0.5}, {})
    """
    found = given.get(field, {} if number is None else [])
    if number is None:
        return found if isinstance(found, Mapping) else {}
    return found[number] if number < len(found) else {}
