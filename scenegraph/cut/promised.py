"""A file that FFmpeg wrote, held against what was promised of it: its frames, times and rate."""

from __future__ import annotations

from pathlib import Path

import av

from scenegraph.errors import BrokenMedia, CutError
from scenegraph.ledger.timeline import Timeline
from scenegraph.media.clip import Clip
from scenegraph.media.container import open_video
from scenegraph.media.probe import probe


def check_picture_times(path: Path, frames: int, name: str) -> None:
    """Read a finished file's packets: the promised number, strictly rising times, an I-frame first.

    Nothing is decoded, so that an hour's reel is checked in a second.

    Raises:
        CutError: it is not so.
    """
    count, last, rising, opens_well = 0, -1, True, False
    try:
        with open_video(path) as (container, stream):
            for packet in container.demux(stream):
                if packet.pts is None or packet.dts is None:
                    continue  # the empty packet that ends a stream
                opens_well = opens_well or (count == 0 and packet.is_keyframe)
                rising = rising and packet.pts == packet.dts and packet.pts > last
                count, last = count + 1, packet.pts
    except (BrokenMedia, av.FFmpegError) as error:
        why = error.reason if isinstance(error, BrokenMedia) else error.strerror
        raise CutError(
            f"{name}: what FFmpeg wrote cannot be played ({why}).",
            next="Review the clip: it may have fewer good frames than it promises. Then cut again.",
        ) from error
    if count != frames or not rising or not opens_well:
        faults = [
            *([f"{count} frames instead of {frames}"] if count != frames else []),
            *(["times that do not rise"] if not rising else []),
            *(["no I-frame at its head"] if not opens_well else []),
        ]
        raise CutError(
            f"{name}: FFmpeg wrote {', '.join(faults)}.",
            next="Review the clip: it may have fewer good frames than it promises. Then cut again.",
        )


def check_reel(path: Path, timeline: Timeline) -> Clip:
    """Decode a finished reel once and compare it with its promise. Takes as long as decoding.

    Raises:
        CutError: another number of pictures or another rate came out.
    """
    clip = probe(path)
    if clip.frames != timeline.frames or clip.rate != timeline.format.rate:
        raise CutError(
            f"{path}: {clip.frames} frames at {clip.rate}, promised were {timeline.frames} at"
            f" {timeline.format.rate}.",
            next="Remove the segments folder and cut again.",
        )
    return clip
