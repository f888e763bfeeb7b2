"""Reading sizes from the boxes of an MP4, without decoding.

Decoders trust the stream and quietly forget what the container said; a difference is worth a word.
Source: ISO/IEC 14496-12 (ISO base media file format), boxes moov, trak, tkhd, mdia, hdlr, stsd.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from scenegraph.units import Size

#: A moov of a ten-minute clip is under 1 MB; a larger one is not read.
MAX_MOOV = 16 * 2**20


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes lying side by side in `data`: their type and body."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        elif length == 0:
            length = len(data) - at
        if length < head:
            return
        yield kind, data[at + head : at + length]
        at += length


def inside(data: bytes, *kinds: bytes) -> bytes:
    """The body of the first box found by walking down `kinds`, or nothing."""
    for kind in kinds:
        data = next((body for found, body in boxes(data) if found == kind), b"")
    return data


def read_moov(path: Path) -> bytes:
    """The body of the file's moov box, or nothing when there is none (WebM) or it is absurd."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            length, kind = struct.unpack_from(">I4s", head)
            body = 8
            if length == 1 and len(head) == 16:
                length, body = struct.unpack_from(">Q", head, 8)[0], 16
            elif length == 0:
                length = end - at
            if length < body or not kind.isascii():
                return b""
            if kind == b"moov":
                file.seek(at + body)
                return file.read(length - body) if length <= MAX_MOOV else b""
            at += length
    return b""


def declared_size(path: Path) -> Size | None:
    """The coded size that an MP4's first video track declares in its sample entry."""
    for kind, trak in boxes(read_moov(path)):
        if kind != b"trak" or inside(trak, b"mdia", b"hdlr")[8:12] != b"vide":
            continue
        for _, entry in boxes(inside(trak, b"mdia", b"minf", b"stbl", b"stsd")[8:]):
            if len(entry) >= 28:
                return Size(*struct.unpack_from(">HH", entry, 24))
    return None
