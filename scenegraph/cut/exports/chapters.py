"""Chapters, one for each shot: for FFmpeg, for a web player, or for a description."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scenegraph.cut.exports.edit import EditList
from scenegraph.ledger.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Chapter:
    """Frames of the reel, `stop` not played."""

    title: str
    start: int
    stop: int


def chapters_of(film: EditList) -> tuple[Chapter, ...]:
    """Events of one shot that follow each other are one chapter."""
    found: list[Chapter] = []
    for edit in film.edits:
        if found and found[-1].title == edit.event.shot:
            found[-1] = Chapter(found[-1].title, found[-1].start, edit.start + edit.frames)
        else:
            found.append(Chapter(edit.event.shot, edit.start, edit.start + edit.frames))
    return tuple(found)


def chapters_in(timeline: Timeline) -> tuple[Chapter, ...]:
    """The same of an edit list without its takes."""
    found: list[Chapter] = []
    start = 0
    for event in timeline.events:
        stop = start + timeline.event_frames(event)
        if found and found[-1].title == event.shot:
            found[-1] = Chapter(event.shot, found[-1].start, stop)
        else:
            found.append(Chapter(event.shot, start, stop))
        start = stop
    return tuple(found)


def ffmetadata(title: str, rate: Fraction, chapters: Sequence[Chapter]) -> str:
    """FFmpeg's metadata file, exact to the frame: `ffmpeg -i reel.mp4 -i FILE -map_chapters 1`."""
    base = f"{rate.denominator}/{rate.numerator}"
    lines = [";FFMETADATA1", f"title={_escaped(title)}"]
    for chapter in chapters:
        lines += [
            "[CHAPTER]",
            f"TIMEBASE={base}",
            f"START={chapter.start}",
            f"END={chapter.stop}",
            f"title={_escaped(chapter.title)}",
        ]
    return "\n".join(lines) + "\n"


def webvtt(_title: str, rate: Fraction, chapters: Sequence[Chapter]) -> str:
    """A `<track kind="chapters">` of a web page."""
    cues = [
        f"{number}\n{_clock(chapter.start, rate)} --> {_clock(chapter.stop, rate)}\n"
        f"{chapter.title}\n"
        for number, chapter in enumerate(chapters, 1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def description(_title: str, rate: Fraction, chapters: Sequence[Chapter]) -> str:
    """Lines for the description of a film on YouTube and the like: whole seconds, then a title."""
    long = bool(chapters) and chapters[-1].start / rate >= 3600
    lines = []
    for chapter in chapters:
        minutes, seconds = divmod(int(chapter.start / rate), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if long else f"{minutes}:{seconds:02}"
        lines.append(f"{clock} {chapter.title}\n")
    return "".join(lines)


#: By the ending of the file: title, rate and chapters to its text.
CHAPTER_WRITERS: Mapping[str, Callable[[str, Fraction, Sequence[Chapter]], str]] = {
    "ffmeta": ffmetadata,
    "vtt": webvtt,
    "txt": description,
}


def ffmetadata_text(film: EditList) -> str:
    return ffmetadata(film.title, film.rate, chapters_of(film))


def webvtt_text(film: EditList) -> str:
    return webvtt(film.title, film.rate, chapters_of(film))


def description_text(film: EditList) -> str:
    return description(film.title, film.rate, chapters_of(film))


def _clock(frame: int, rate: Fraction) -> str:
    millis = int(frame / rate * 1000 + Fraction(1, 2))
    seconds, millis = divmod(millis, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{millis:03}"


def _escaped(text: str) -> str:
    for sign in ("\\", "=", ";", "#"):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\\n")
