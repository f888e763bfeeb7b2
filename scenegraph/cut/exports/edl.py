"""CMX 3600 edit decision lists: eight-letter reels, time code, and comments for all the rest.

Written here and not through OpenTimelineIO's adapter: that one (1.0.0) writes no `FCM` line, so a
reader cannot tell drop frame, and needs the library for a page of text. It is what the tests read
these lists back with.
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction

from scenegraph.cut.exports.edit import Edit, EditList
from scenegraph.cut.exports.timecode import drops, first_hour, timecode
from scenegraph.errors import CutError

MOST_EVENTS = 999
_COLOURS = {"drift": "RED", "next in": "GREEN", "next out": "BLUE"}


def edl_text(film: EditList) -> str:
    """The EDL of a film. Its reel begins at 01:00:00:00; a clip's first frame is 00:00:00:00.

    A source's code counts its frames at the reel's rate; a clip of another rate has an `M2` line
    with the frames of it that play in a second.

    Raises:
        CutError: more events than the format can number.
    """
    if len(film.edits) > MOST_EVENTS:
        raise CutError(
            f"An EDL has {MOST_EVENTS} events at most, and this film has {len(film.edits)}.",
            next="Use --export otio or fcp7.",
        )
    lines = [
        f"TITLE: {_plain(film.title)[:70]}",
        f"FCM: {'DROP FRAME' if drops(film.rate) else 'NON-DROP FRAME'}",
        "",
    ]
    for edit in film.edits:
        lines += _event(edit, film.rate)
    return "\n".join(lines) + "\n"


def _event(edit: Edit, rate: Fraction) -> list[str]:
    span, begin = edit.event.span, first_hour(rate) + edit.start
    codes = (
        timecode(span.start, rate),
        timecode(span.stop, rate),
        timecode(begin, rate),
        timecode(begin + edit.frames, rate),
    )
    lines = [f"{edit.number:03}  {edit.reel_name:<8} V     C        {' '.join(codes)}"]
    if edit.event.clip.rate != rate:
        speed = f"{float(edit.event.clip.rate):05.1f}"
        lines.append(f"M2   {edit.reel_name:<8}       {speed}                {codes[0]}")
    lines += [f"* FROM CLIP NAME: {edit.file_name}", f"* SOURCE FILE: {edit.media}"]
    for name, value in (
        ("SLATE", edit.take.slate),
        ("SEED", str(edit.take.seed)),
        ("ENDPOINT", edit.take.endpoint),
        ("USD", edit.price),
        ("PROMPT", _line(edit.prompt)),
        ("HANDLES", f"{edit.event.head_handle} BEFORE, {edit.event.tail_handle} AFTER"),
    ):
        lines.append(f"* {name}: {value}")
    for mark in edit.marks:
        if mark.frame in span:
            # A frame of the clip as a frame of the reel.
            at = int((mark.frame - span.start) / edit.event.clip.rate * rate)
            code = timecode(begin + min(at, edit.frames - 1), rate)
            lines.append(f"* LOC: {code} {_COLOURS[mark.kind]:<7} {_line(mark.name.upper())}")
    for number, (first, last) in enumerate(edit.event.alternatives, 1):
        lines.append(f"* NEXT BEST {number}: {timecode(first, rate)} {timecode(last + 1, rate)}")
    lines += [f"* REVIEW: {_line(reason)}" for reason in edit.reasons]
    return [*lines, ""]


def _plain(text: str) -> str:
    """Letters that every reader of EDLs knows."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return _line(flat) or "UNTITLED"


def _line(text: str) -> str:
    return " ".join(text.split())
