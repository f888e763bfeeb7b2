"""Opening a clip as a known container from a local file, and decoding it frame by frame.

A file's name says nothing: a playlist or a concat script named `.mp4` is a list of other files and
hosts. So FFmpeg may use only the demuxers, decoders and the one protocol named here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from scenegraph.errors import BrokenMedia
from scenegraph.media.boxes import read_moov

#: Containers that hold their own pictures. None of them can name another file or host.
DEMUXERS = ("mov", "matroska", "avi", "mpegts")
#: Decoders of those containers that real clips use; the hundreds of old ones stay shut.
DECODERS = (
    *("h264", "hevc", "libdav1d", "av1", "libvpx-vp9", "vp9", "libvpx", "vp8", "mpeg4"),
    *("mpeg2video", "mjpeg", "prores", "dnxhd", "ffv1", "rawvideo", "qtrle"),
    *("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis", "flac", "ac3"),
    *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_f32le"),
)
#: One 8K picture. A larger one is refused before its memory is asked for.
MAX_PIXELS = 8192 * 4352
MAX_SIDE = 16384

#: The same doors for the FFmpeg binary, as options of an input.
SAFE_INPUT = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(DEMUXERS),
    "codec_whitelist": ",".join(DECODERS),
    "max_pixels": str(MAX_PIXELS),
}

FULL_RANGE = 2  # AVCOL_RANGE_JPEG
LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG


@dataclass
class Deadline:
    """Wall-clock time left for one file."""

    path: Path
    limit_s: float
    started: float

    @classmethod
    def of(cls, path: Path, limit_s: float) -> Deadline:
        return cls(path, limit_s, time.monotonic())

    def check(self) -> None:
        if time.monotonic() - self.started > self.limit_s:
            raise BrokenMedia(self.path, f"reading it took longer than {self.limit_s:g} s")


@contextmanager
def open_video(
    path: Path, *, limit_s: float = 60.0
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its first moving picture, one decoding thread.

    Raises:
        BrokenMedia: missing, a folder, empty, another format, no video stream, an absurd size.
    """
    check_is_file(path)
    deadline = Deadline.of(path, limit_s)
    try:
        container = av.open(
            str(path.resolve()), options=dict(SAFE_INPUT), timeout=(limit_s, limit_s)
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        deadline.check()
        raise BrokenMedia(path, why_it_would_not_open(path)) from error
    with container:
        streams = [
            s for s in container.streams.video if not s.disposition & s.disposition.attached_pic
        ]
        if not streams:
            raise BrokenMedia(path, "it has no video stream")
        stream = streams[0]
        codec = stream.codec_context
        if codec.name not in DECODERS:
            raise BrokenMedia(
                path, f"its pictures are coded as {codec.name}, which is not read here"
            )
        check_size(path, codec.width, codec.height)
        codec.thread_count = 1
        codec.options = {"max_pixels": str(MAX_PIXELS)}
        yield container, stream


def check_is_file(path: Path) -> None:
    """Refuse what is not a readable file with something in it, in words."""
    if not path.exists():
        raise BrokenMedia(path, "there is no such file")
    if not path.is_file():
        raise BrokenMedia(path, "it is not a file" if not path.is_dir() else "it is a folder")
    if path.stat().st_size == 0:
        raise BrokenMedia(path, "it is empty (zero bytes)")


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse a picture that no scene needs and that memory may not hold."""
    if width < 1 or height < 1:
        raise BrokenMedia(path, "the size of its pictures is missing, or too large to read")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise BrokenMedia(path, f"its pictures would be {width}x{height}, which is too large")


def why_it_would_not_open(path: Path) -> str:
    """A short clause for a person, from the first bytes: FFmpeg's own words differ by version."""
    with path.open("rb") as file:
        head = file.read(512).lstrip()
    if head[:1] in (b"{", b"["):
        return "it is JSON, not a clip (perhaps a saved error answer)"
    if head[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page, not a clip (perhaps an expired link's answer)"
    if head.startswith((b"#EXTM3U", b"ffconcat")):
        return "it is a list of other files, not a clip"
    if head[4:8] == b"ftyp" and not read_moov(path):
        return "it is cut off: the index of the clip is missing"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")) or head[8:12] == b"WEBP":
        return "it is a still, not a clip"
    if head.startswith(b"YUV4MPEG2"):
        return "it is not one of the containers opened here (MP4, MOV, WebM, MKV, AVI, TS)"
    if head.isascii():
        return "it is text, not a clip"
    return "it is not a readable clip (MP4, MOV, WebM, MKV, AVI and TS are)"


@dataclass
class Tally:
    """What went by while decoding."""

    packets: int = 0
    discarded: int = 0
    errors: int = 0
    corrupt: int = 0
    cut_off: bool = False


def decode_frames(
    container: InputContainer, stream: VideoStream, deadline: Deadline, tally: Tally | None = None
) -> Iterator[VideoFrame]:
    """Every picture that decodes, in the order of showing. Damaged packets are stepped over.

    All readers of this room count frames by this one walk, so that frame 17 is the same for all.
    """
    tally = tally if tally is not None else Tally()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError):
            tally.cut_off = True
            packet = None
        if packet is None:
            return
        deadline.check()
        if packet.size:
            tally.packets += 1
            tally.discarded += packet.is_discard
        try:
            frames = packet.decode()
        except (av.FFmpegError, OSError):
            tally.errors += 1
            continue
        for frame in frames:
            tally.corrupt += frame.is_corrupt
            yield frame


def is_full_range(frame: VideoFrame) -> bool:
    """True when luma runs 0..255 rather than 16..235."""
    return int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
