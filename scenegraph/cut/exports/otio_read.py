"""An `.otio` that a person may have changed, read back: clips in order, and what they play.

Only what a reel can be made of is taken: one video track of whole clips at their own speed. All
else is refused in a sentence, or ignored and told, and no media is opened here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from scenegraph.cut.exports.otio import OURS, opentimelineio
from scenegraph.errors import CutError
from scenegraph.media.clip import Clip
from scenegraph.units import Span

AGAIN = "Mend it in the editor and export it as .otio again."


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedClip:
    """A clip of the file.

    Attributes:
        facts: our own metadata, as it came back; nothing in it is trusted.
        file_name: the last part of its media's address; None when the file names no media.
        start, length: in its own `rate`, from the media's first frame; None for all of it.
    """

    number: int
    name: str
    facts: Mapping[str, Any]
    file_name: str | None
    start: float | None = None
    length: float | None = None
    rate: float = 1.0

    def __str__(self) -> str:
        return f"clip {self.number} ({self.name})" if self.name else f"clip {self.number}"

    def span(self, clip: Clip) -> Span:
        """The frames of `clip` that it plays; times between two frames go to the nearer one.

        Raises:
            CutError: it plays nothing, or what the clip does not have.
        """
        if self.start is None or self.length is None:
            return Span(0, clip.frames)
        first = _frame(self.start, self.rate, clip.rate)
        stop = _frame(self.start + self.length, self.rate, clip.rate)
        if not 0 <= first < stop <= clip.frames:
            raise CutError(
                f"{self} plays frames {first} to {stop - 1}, and its take has 0 to "
                f"{clip.frames - 1}.",
                next=f"Trim it to what the take has. {AGAIN}",
            )
        return Span(first, stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedFilm:
    """The clips in playing order, and what was ignored, in sentences."""

    clips: tuple[EditedClip, ...]
    notices: tuple[str, ...] = ()


def read_otio(text: str, name: str) -> EditedFilm:
    """The film of an `.otio` file's text.

    Args:
        name: the file's, for sentences.

    Raises:
        CutError: no OTIO timeline, or one that holds what a reel cannot show.
        SceneError: the extra `[otio]` is missing.
    """
    otio = opentimelineio()
    try:
        timeline = otio.adapters.read_from_string(text, "otio_json")
    except (ValueError, TypeError, KeyError, otio.exceptions.OTIOError) as error:
        words = str(error).strip().splitlines() or ["no reason given"]
        raise CutError(
            f"{name} cannot be read as OTIO: {words[0]}.", next="Export it as .otio again."
        ) from error
    if not isinstance(timeline, otio.schema.Timeline):
        raise CutError(
            f"{name} holds no timeline.", next="Export the timeline itself, not a bin or a clip."
        )
    notices: list[str] = []
    clips = tuple(
        _clip(otio, item, number, notices)
        for number, item in enumerate(_items(otio, timeline, name, notices), 1)
    )
    if not clips:
        raise CutError(f"{name} holds no clips.", next=AGAIN)
    return EditedFilm(clips=clips, notices=tuple(notices))


def _items(otio: Any, timeline: Any, name: str, notices: list[str]) -> list[Any]:
    """What is on the one video track."""
    video = []
    for track in timeline.tracks:
        if not isinstance(track, otio.schema.Track):
            raise CutError(f"{name} nests timelines, which is not supported.", next=AGAIN)
        if not len(track):
            continue
        if track.kind == otio.schema.TrackKind.Video:
            video.append(track)
        else:
            notices.append(f"The {str(track.kind).lower()} track {track.name!r} was ignored.")
    if len(video) > 1:
        raise CutError(
            f"{name} has {len(video)} video tracks, and a reel is cut from one.",
            next=f"Put every clip on one track. {AGAIN}",
        )
    if not video:
        return []
    if video[0].source_range is not None or timeline.tracks.source_range is not None:
        raise CutError(
            f"{name} trims a whole track, which is not supported.",
            next=f"Trim the clips on it. {AGAIN}",
        )
    _must_keep_speed(otio, video[0], f"The video track of {name}")
    _must_keep_speed(otio, timeline.tracks, name)
    return list(video[0])


def _clip(otio: Any, item: Any, number: int, notices: list[str]) -> EditedClip:
    """One clip, or the sentence that says why it is none that a reel can show."""
    schema = otio.schema
    where = f"item {number} ({item.name})" if getattr(item, "name", "") else f"item {number}"
    if isinstance(item, schema.Gap):
        raise _unsupported(f"There is a gap at {where}", "Close it")
    if isinstance(item, schema.Transition):
        raise _unsupported(f"There is a transition at {where}", "Take it out")
    if not isinstance(item, schema.Clip):
        raise _unsupported(f"A nested timeline is at {where}", "Put its clips on the track itself")
    if not item.enabled:
        raise _unsupported(f"The clip at {where} is disabled", "Delete it")
    _must_keep_speed(otio, item, f"The clip at {where}")
    if len(item.effects):
        notices.append(f"The effects on {where} were ignored.")
    ours = item.metadata.get(OURS)
    reference = item.media_reference
    if not isinstance(reference, schema.ExternalReference | schema.MissingReference):
        raise _unsupported(f"The clip at {where} is not a media file", "Delete it")
    start = length = None
    rate = 1.0
    played = item.source_range
    if played is not None:
        rate = float(played.start_time.rate)
        start = float(played.start_time.value)
        length = float(played.duration.rescaled_to(rate).value) if rate > 0 else math.nan
        if reference.available_range is not None:
            # Some editors count a file from its own time code on.
            start -= float(reference.available_range.start_time.rescaled_to(rate).value)
        if not (math.isfinite(start) and math.isfinite(length) and 0 < rate < math.inf):
            raise CutError(f"The times of the clip at {where} are no numbers.", next=AGAIN)
    return EditedClip(
        number=number,
        name=str(item.name or ""),
        facts=dict(ours) if isinstance(ours, Mapping) else {},  # it dies with the timeline
        file_name=_file_name(getattr(reference, "target_url", None)),
        start=start,
        length=length,
        rate=rate,
    )


def _must_keep_speed(otio: Any, item: Any, what: str) -> None:
    for effect in item.effects:
        if not isinstance(effect, otio.schema.TimeEffect):
            continue
        if getattr(effect, "time_scalar", None) == 1.0:  # some editors write it on every clip
            continue
        raise _unsupported(f"{what} changes its speed", "Play it at its own speed")


def _unsupported(what: str, mend: str) -> CutError:
    return CutError(f"{what}, which is not supported.", next=f"{mend}. {AGAIN}")


def _file_name(address: str | None) -> str | None:
    if not address:
        return None
    try:
        path = unquote(urlsplit(address).path)
    except ValueError:
        path = address
    return PurePosixPath(path.replace("\\", "/")).name


def _frame(value: float, rate: float, wanted: Fraction) -> int:
    """The frame at `wanted` nearest to a time; a tie goes up."""
    if math.isclose(rate, float(wanted), rel_tol=1e-6):
        return math.floor(value + 0.5)
    return math.floor(value / rate * float(wanted) + 0.5)
