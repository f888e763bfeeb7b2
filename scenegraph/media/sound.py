"""Opening a sound file of a scene: a known container from a local file, as clips are opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from scenegraph.errors import BrokenMedia
from scenegraph.media.container import DECODERS, DEMUXERS, SAFE_INPUT, Deadline, check_is_file

#: Containers of sound beside those of clips. None of them can name another file or host.
SOUND_DEMUXERS = (*DEMUXERS, "wav", "mp3", "flac", "ogg", "aac")
SOUND_DECODERS = (*DECODERS, "alac", "pcm_u8", "pcm_s32le", "pcm_f64le", "pcm_s24be")

#: The doors of `SAFE_INPUT` for a sound file, as options of an input.
SAFE_SOUND = {
    **SAFE_INPUT,
    "format_whitelist": ",".join(SOUND_DEMUXERS),
    "codec_whitelist": ",".join(SOUND_DECODERS),
}
KINDS = "WAV, MP3, FLAC, M4A and OGG are"


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file. `seconds` is counted from its packets, not believed from its header."""

    path: Path
    seconds: Fraction
    rate: int
    channels: int


def probe_sound(path: Path | str, *, limit_s: float = 60.0) -> Sound:
    """Open a sound file, decode its beginning and count its length.

    Raises:
        BrokenMedia: missing, not a sound, damaged at its beginning, or without any sound.
    """
    path = Path(path)
    check_is_file(path)
    deadline = Deadline.of(path, limit_s)
    decoded, ends, begins = False, Fraction(0), None
    try:
        with av.open(
            str(path.resolve()), options=dict(SAFE_SOUND), timeout=(limit_s, limit_s)
        ) as container:
            if not container.streams.audio:
                raise BrokenMedia(path, "there is no sound in it")
            stream = container.streams.audio[0]
            codec = stream.codec_context
            if codec.name not in SOUND_DECODERS:
                raise BrokenMedia(path, f"its sound is coded as {codec.name}, which is not read")
            for packet in container.demux(stream):
                deadline.check()
                if packet.pts is None or packet.time_base is None:
                    continue
                if not decoded:
                    decoded = any(frame.samples for frame in packet.decode())
                begins = packet.pts * packet.time_base if begins is None else begins
                ends = max(ends, (packet.pts + (packet.duration or 0)) * packet.time_base)
            rate, channels = codec.sample_rate or 0, codec.channels
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, BrokenMedia):
            raise
        deadline.check()
        raise BrokenMedia(
            path, f"it is not a sound that can be read ({KINDS}), or it is damaged"
        ) from error
    if not decoded or begins is None or ends <= begins:
        raise BrokenMedia(path, "it holds no sound that can be decoded")
    return Sound(path, ends - begins, rate, channels)


def read_levels(path: Path | str, *, window_s: float = 0.1) -> Iterator[float]:
    """Loudest sample (0 to 1) of every `window_s` of a file's sound, in constant memory.

    Raises:
        BrokenMedia: it cannot be opened or decoded.
    """
    path = Path(path)
    check_is_file(path)
    try:
        with av.open(str(path.resolve()), options=dict(SAFE_SOUND)) as container:
            stream = container.streams.audio[0]
            window = max(1, round(window_s * (stream.codec_context.sample_rate or 48_000)))
            resample = av.AudioResampler(format="flt", layout="mono")
            held = np.zeros(0, np.float32)
            for frame in container.decode(stream):
                parts: list[Any] = resample.resample(frame)
                held = np.concatenate([held, *(np.abs(p.to_ndarray()[0]) for p in parts)])
                whole = len(held) // window * window
                for level in held[:whole].reshape(-1, window).max(axis=1):
                    yield float(level)
                held = held[whole:]
            if len(held):
                yield float(held.max())
    except (av.FFmpegError, IndexError) as error:
        raise BrokenMedia(path, "its sound does not decode") from error
