"""The one door to FFmpeg: a file comes in; a counted clip, pictures, or another file goes out.

Known containers, local files, bounded sizes and times only. It never judges a picture, never
decides what to cut, and never reaches another host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.media.clip import Clip
    from scenegraph.media.decode import borrow_frames, read_frames, read_rgb
    from scenegraph.media.encode import encode_command, encode_frames
    from scenegraph.media.ffmpeg import Leash, ffmpeg_exe, run_ffmpeg, run_ffmpeg_sync
    from scenegraph.media.files import replacing, sync_file, sync_folder
    from scenegraph.media.grab import grab_jpeg
    from scenegraph.media.planes import Planes
    from scenegraph.media.probe import probe
    from scenegraph.media.still import open_still
    from scenegraph.media.tail import cut_lead, cut_tail, is_own_tail, tail_command, tail_length
else:
    from scenegraph.late import come_late

    come_late(
        __name__,
        {
            "clip": ("Clip",),
            "decode": ("borrow_frames", "read_frames", "read_rgb"),
            "encode": ("encode_command", "encode_frames"),
            "ffmpeg": ("Leash", "ffmpeg_exe", "run_ffmpeg", "run_ffmpeg_sync"),
            "files": ("replacing", "sync_file", "sync_folder"),
            "grab": ("grab_jpeg",),
            "planes": ("Planes",),
            "probe": ("probe",),
            "still": ("open_still",),
            "tail": ("cut_lead", "cut_tail", "is_own_tail", "tail_command", "tail_length"),
        },
    )

__all__ = [
    "Clip",
    "Leash",
    "Planes",
    "borrow_frames",
    "cut_lead",
    "cut_tail",
    "encode_command",
    "encode_frames",
    "ffmpeg_exe",
    "grab_jpeg",
    "is_own_tail",
    "open_still",
    "probe",
    "read_frames",
    "read_rgb",
    "replacing",
    "run_ffmpeg",
    "run_ffmpeg_sync",
    "sync_file",
    "sync_folder",
    "tail_command",
    "tail_length",
]
