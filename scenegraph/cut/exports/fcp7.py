"""Final Cut Pro 7 XML (`xmeml` 5), which Premiere Pro and DaVinci Resolve open.

Written here and not through OpenTimelineIO's adapter: that one (1.0.0) gives every file sound that
it may not have, and knows the picture's size and drop frame from files that it read itself alone.
It is what the tests read these files back with. Elements are those of Apple's "Final Cut Pro XML
Interchange Format", version 5.
"""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree as ET  # builds only; nothing is parsed here

from scenegraph.cut.exports.edit import Edit, EditList
from scenegraph.cut.exports.timecode import drops, first_hour, timebase, timecode
from scenegraph.units import Size

#: What XML 1.0 has no place for.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fcp7_text(film: EditList) -> str:
    """One sequence with one video track. `in` and `out` are frames of the clip, at its own rate."""
    root = ET.Element("xmeml", version="5")
    sequence = _child(root, "sequence", id="sequence-1")
    _child(sequence, "name", film.title)
    _child(sequence, "duration", film.frames)
    _rate(sequence, film.rate)
    _code(sequence, film.rate, first_hour(film.rate))
    video = _child(_child(sequence, "media"), "video")
    _picture(_child(video, "format"), film.rate, film.size)
    track = _child(video, "track")
    written: set[str] = set()
    for edit in film.edits:
        _clip(track, edit, new=edit.take.slate not in written)
        written.add(edit.take.slate)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'


def _clip(track: ET.Element, edit: Edit, *, new: bool) -> None:
    event, take = edit.event, edit.take
    clip, rate = event.clip, event.clip.rate
    item = _child(track, "clipitem", id=f"clipitem-{edit.number}")
    _child(item, "masterclipid", f"masterclip-{edit.reel_name}")
    _child(item, "name", edit.name)
    _child(item, "enabled", "TRUE")
    _child(item, "duration", clip.frames)
    _rate(item, rate)
    _child(item, "start", edit.start)
    _child(item, "end", edit.start + edit.frames)
    _child(item, "in", event.span.start)
    _child(item, "out", event.span.stop)
    file = _child(item, "file", id=f"file-{edit.reel_name}")
    if new:  # the same file again is named by its id alone
        _child(file, "name", edit.file_name)
        _child(file, "pathurl", edit.media)
        _rate(file, rate)
        _child(file, "duration", clip.frames)
        _code(file, rate, 0, edit.reel_name)
        _picture(_child(_child(file, "media"), "video"), rate, clip.size)
    for mark in edit.marks:
        marker = _child(item, "marker")
        _child(marker, "name", mark.name)
        _child(marker, "comment", mark.note)
        _child(marker, "in", mark.frame)
        _child(marker, "out", -1)
    log = _child(item, "logginginfo")
    _child(log, "description", edit.prompt)
    _child(log, "scene", take.scene)
    _child(log, "shottake", f"{event.shot} {take.number}")
    _child(log, "lognote", " ".join(edit.reasons))
    comments = _child(item, "comments")
    _child(comments, "mastercomment1", f"slate {take.slate}")
    _child(comments, "mastercomment2", f"seed {take.seed}")
    _child(comments, "mastercomment3", f"endpoint {take.endpoint}")
    _child(comments, "mastercomment4", f"USD {edit.price}")


def _rate(parent: ET.Element, rate: Fraction) -> None:
    element = _child(parent, "rate")
    _child(element, "timebase", timebase(rate))
    _child(element, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")


def _code(parent: ET.Element, rate: Fraction, frame: int, reel: str = "") -> None:
    element = _child(parent, "timecode")
    _rate(element, rate)
    _child(element, "string", timecode(frame, rate))
    _child(element, "frame", frame)
    _child(element, "displayformat", "DF" if drops(rate) else "NDF")
    if reel:
        _child(_child(element, "reel"), "name", reel)


def _picture(parent: ET.Element, rate: Fraction, size: Size) -> None:
    element = _child(parent, "samplecharacteristics")
    _rate(element, rate)
    _child(element, "width", size.width)
    _child(element, "height", size.height)
    _child(element, "pixelaspectratio", "square")
    _child(element, "fielddominance", "none")


def _child(parent: ET.Element, tag: str, text: object = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = _UNFIT.sub("", str(text))
    return element
