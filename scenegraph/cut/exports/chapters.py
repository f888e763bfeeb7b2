"""Chapters, one for each shot: for FFmpeg, for a web player, or for a description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from scenegraph.cut.exports.edit import EditList


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


def ffmetadata_text(film: EditList) -> str:
    """FFmpeg's metadata file, exact to the frame: `ffmpeg -i reel.mp4 -i FILE -map_chapters 1`."""
    base = f"{film.rate.denominator}/{film.rate.numerator}"
    lines = [";FFMETADATA1", f"title={_escaped(film.title)}"]
    for chapter in chapters_of(film):
        lines += [
            "[CHAPTER]",
            f"TIMEBASE={base}",
            f"START={chapter.start}",
            f"END={chapter.stop}",
            f"title={_escaped(chapter.title)}",
        ]
    return "\n".join(lines) + "\n"


def webvtt_text(film: EditList) -> str:
    """A `<track kind="chapters">` of a web page."""
    cues = [
        f"{number}\n{_clock(chapter.start, film.rate)} --> {_clock(chapter.stop, film.rate)}\n"
        f"{chapter.title}\n"
        for number, chapter in enumerate(chapters_of(film), 1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def description_text(film: EditList) -> str:
    """Lines for the description of a film on YouTube and the like: whole seconds, then a title."""
    chapters: Sequence[Chapter] = chapters_of(film)
    long = bool(chapters) and chapters[-1].start / film.rate >= 3600
    lines = []
    for chapter in chapters:
        minutes, seconds = divmod(int(chapter.start / film.rate), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if long else f"{minutes}:{seconds:02}"
        lines.append(f"{clock} {chapter.title}\n")
    return "".join(lines)


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
