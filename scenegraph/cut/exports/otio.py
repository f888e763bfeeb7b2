"""OpenTimelineIO's own file, `.otio`: the format that carries all that is known.

Needs the extra `[otio]`; the library is loaded when it is asked for.
"""

from __future__ import annotations

import re
from fractions import Fraction
from hashlib import sha256
from types import ModuleType
from typing import Any

from scenegraph.cut.exports.edit import Edit, EditList, Mark
from scenegraph.cut.exports.timecode import first_hour
from scenegraph.errors import SceneError
from scenegraph.units import Span

#: Where our metadata lies in every object.
OURS = "scenegraph"
#: Stands where the hash of the text itself goes.
_NO_DIGEST = "0" * 64
_DIGEST = re.compile(r'"digest": "([0-9a-f]{64})"')
_COLOURS = {"drift": "RED", "next in": "GREEN", "next out": "BLUE"}


def opentimelineio() -> ModuleType:
    """The library.

    Raises:
        SceneError: it is not installed; says what to type.
    """
    try:
        import opentimelineio as library
    except ImportError:
        raise SceneError(
            "Files that end in .otio need the package OpenTimelineIO, which is not installed.",
            next="pip install 'scenegraph[otio]', or use --export fcp7, edl, chapters or csv.",
        ) from None
    return library  # type: ignore[no-any-return, unused-ignore]


def otio_text(film: EditList) -> str:
    """The film as OTIO: one video track, each clip at its own rate with its whole file behind it.

    `available_range` is the whole file, so what lies outside of `source_range` are the handles.
    """
    otio = opentimelineio()
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    for edit in film.edits:
        track.append(_clip(otio, edit))
    timeline = otio.schema.Timeline(
        name=film.title,
        global_start_time=_time(otio, first_hour(film.rate), film.rate),
        metadata={
            OURS: {
                "rate": str(film.rate),
                "size": str(film.size),
                "frames": film.frames,
                "handles": film.handles,
                "digest": _NO_DIGEST,
            }
        },
    )
    timeline.tracks.append(track)
    text = f"{otio.adapters.write_to_string(timeline, 'otio_json')}\n"
    return text.replace(_NO_DIGEST, sha256(text.encode()).hexdigest(), 1)


def as_written(text: str) -> bool:
    """Whether an `.otio` is just as `otio_text` wrote it: nobody has worked on it since."""
    found = _DIGEST.search(text)
    if found is None:
        return False
    bare = text[: found.start(1)] + _NO_DIGEST + text[found.end(1) :]
    return sha256(bare.encode()).hexdigest() == found[1]


def _clip(otio: Any, edit: Edit) -> Any:
    rate = edit.event.clip.rate
    return otio.schema.Clip(
        name=edit.name,
        media_reference=otio.schema.ExternalReference(
            target_url=edit.media,
            available_range=_range(otio, Span(0, edit.event.clip.frames), rate),
        ),
        source_range=_range(otio, edit.event.span, rate),
        markers=[_marker(otio, mark, rate) for mark in edit.marks],
        metadata={OURS: edit.facts()},
    )


def _marker(otio: Any, mark: Mark, rate: Fraction) -> Any:
    return otio.schema.Marker(
        name=mark.name,
        color=_COLOURS[mark.kind],
        marked_range=_range(otio, Span(mark.frame, mark.frame + 1), rate),
        comment=mark.note,
        metadata={OURS: {"kind": mark.kind}},
    )


def _range(otio: Any, span: Span, rate: Fraction) -> Any:
    return otio.opentime.TimeRange(_time(otio, span.start, rate), _time(otio, len(span), rate))


def _time(otio: Any, frame: int, rate: Fraction) -> Any:
    return otio.opentime.RationalTime(frame, float(rate))
