"""The edit list as a table: one row an event, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from typing import Any

from scenegraph.cut.exports.edit import EditList
from scenegraph.cut.exports.timecode import first_hour, timecode

COLUMNS = (
    "event", "shot", "take", "slate", "join", "reel_in", "reel_out", "reel_start", "reel_frames",
    "in_frame", "out_frame", "rate", "head_handle", "tail_handle", "seed", "endpoint", "engine",
    "usd", "verdict", "score", "media", "sha256", "drift", "next_best", "prompt",
)  # fmt: skip

#: How a formula begins in a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(film: EditList) -> str:
    """Comma-separated, UTF-8, a heading and a row an event.

    `in_frame` and `out_frame` are the clip's own, both played; `reel_in` and `reel_out` are time
    code, and the frame at `reel_out` is the next event's.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for edit in film.edits:
        begin = first_hour(film.rate) + edit.start
        row = {
            **edit.facts(),
            "event": edit.number,
            "reel_in": timecode(begin, film.rate),
            "reel_out": timecode(begin + edit.frames, film.rate),
            "rate": str(edit.event.clip.rate),
            "media": edit.media,
            "drift": "; ".join(
                f"{mark.name.removeprefix('drift: ')} from {mark.frame}"
                for mark in edit.marks
                if mark.kind == "drift"
            ),
            "next_best": "; ".join(f"{a}-{b}" for a, b in edit.event.alternatives),
        }
        writer.writerow({name: _cell(row[name]) for name in COLUMNS})
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Words that a spreadsheet would take for a formula get an apostrophe before them."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
