"""A timeline and its takes come in; the text of a file that an editor's program opens goes out.

Pure: it builds texts and reads one back, opens no media, and writes no file. `edit.py` is the one
edit list that every format is written from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from scenegraph.cut.exports.chapters import description_text, ffmetadata_text, webvtt_text
from scenegraph.cut.exports.edit import EditList, Source, edit_list, media_address
from scenegraph.cut.exports.edl import edl_text
from scenegraph.cut.exports.fcp7 import fcp7_text
from scenegraph.cut.exports.otio import otio_text
from scenegraph.cut.exports.otio_read import EditedClip, EditedFilm, read_otio
from scenegraph.cut.exports.sheet import csv_text

Format = Literal["otio", "fcp7", "edl", "chapters", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

#: How each format is written, by the ending of its file; the first ending is the usual one.
WRITERS: Mapping[Format, Mapping[str, Callable[[EditList], str]]] = {
    "otio": {".otio": otio_text},
    "fcp7": {".xml": fcp7_text},
    "edl": {".edl": edl_text},
    "chapters": {".ffmeta": ffmetadata_text, ".vtt": webvtt_text, ".txt": description_text},
    "csv": {".csv": csv_text},
}

__all__ = [
    "FORMATS",
    "WRITERS",
    "EditList",
    "EditedClip",
    "EditedFilm",
    "Format",
    "Source",
    "edit_list",
    "media_address",
    "read_otio",
]
