"""The sound of a reel: tracks laid out, ducked, mixed, brought to one loudness, as long as it.

The mix is one AAC file (48 kHz, stereo) kept beside the segments under the hash of all that it is
made from, and copied into the reel: the picture's bytes do not change with the sound.

Loudness is EBU R128 in two passes of FFmpeg's `loudnorm`: the mix is measured, then brought to its
target by one gain where its peaks allow that, else with a limiter.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import ffmpeg
import structlog

from scenegraph.cut.conform import ffmpeg_name
from scenegraph.cut.disk import disk_errors
from scenegraph.cut.stitch import is_sound, write_note
from scenegraph.errors import CutError
from scenegraph.media.ffmpeg import ffmpeg_exe, run_ffmpeg
from scenegraph.media.files import file_hash
from scenegraph.media.sound import SAFE_SOUND, Sound, probe_sound
from scenegraph.settings import Settings

log = structlog.get_logger(__name__)

MIX_VERSION = "mix/2"
RATE = 48_000
BITRATE = "192k"
Codec = Literal["aac", "pcm_s24le"]
#: Highest true peak of a normalised mix (EBU R128 s1 for lossy delivery is -1; AAC adds a little).
TRUE_PEAK_DB = -1.5
#: Music goes down by about 12 dB as soon as a voice is heard, and comes back in half a second.
DUCKING = {"threshold": 0.015, "ratio": 8, "attack": 20, "release": 500, "knee": 4}
#: A block of AAC more or less is as long as the reel.
LENGTH_OFF_S = Fraction(2048, RATE)
PATIENCE_S, PATIENCE_PER_S = 60.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One sound in the reel. Times in seconds: `at` and `until` of the reel, `offset` of the file.

    `until` None: it plays to its own end.
    """

    sound: Sound
    role: Literal["music", "voice", "effects"] = "music"
    at: Fraction = Fraction(0)
    offset: Fraction = Fraction(0)
    until: Fraction | None = None
    gain_db: float = 0.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    duck: bool = False

    def plays(self, length: Fraction) -> Fraction:
        """Seconds of it that are heard in a reel of `length` seconds; 0 or less: none."""
        stop = length if self.until is None else min(self.until, length)
        return min(self.sound.seconds - self.offset, stop - self.at)


@dataclass(frozen=True, slots=True)
class Mix:
    """The finished sound of a reel: an audio-only MP4, its key, and whether it was made now."""

    path: Path
    key: str
    made: bool
    #: Integrated loudness before normalising, LUFS; None: nothing is heard, or not measured.
    measured: float | None = None


def mix_filters(cues: Sequence[Cue], length: Fraction) -> Any:
    """The tracks mixed into one stereo stream of exactly `length` seconds."""
    samples = round(length * RATE)
    by_role: dict[str, list[Any]] = {"voice": [], "ducked": [], "open": []}
    for cue in cues:
        place = "voice" if cue.role == "voice" else "ducked" if cue.duck else "open"
        by_role[place].append(_track(cue, length, samples))
    voice = _sum(by_role["voice"])
    ducked = _sum(by_role["ducked"])
    heard = list(by_role["open"])
    if voice is not None and ducked is not None:
        both = voice.filter_multi_output("asplit", 2)
        voice = both.stream(0)
        key = both.stream(1)
        ducked = ffmpeg.filter([ducked, key], "sidechaincompress", **DUCKING)
    heard += [stream for stream in (ducked, voice) if stream is not None]
    if not heard:
        heard = [ffmpeg.input(f"anullsrc=r={RATE}:cl=stereo", f="lavfi").audio]
    mixed = _sum(heard).filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
    # Held here: loudnorm may work at 192 kHz, and FFmpeg would let all before it, which counts in
    # samples, run at that rate too.
    return mixed.filter("aformat", sample_rates=RATE)


def _track(cue: Cue, length: Fraction, samples: int) -> Any:
    plays = float(cue.plays(length))
    stream = ffmpeg.input(str(cue.sound.path), **SAFE_SOUND).audio
    stream = (
        stream.filter("aresample", RATE)
        .filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
        .filter("atrim", start=float(cue.offset), duration=plays)
        .filter("asetpts", "PTS-STARTPTS")
    )
    if cue.gain_db:
        stream = stream.filter("volume", f"{cue.gain_db:g}dB")
    if cue.fade_in:
        stream = stream.filter("afade", t="in", d=min(cue.fade_in, plays))
    if cue.fade_out:
        fade = min(cue.fade_out, plays)
        stream = stream.filter("afade", t="out", st=round(plays - fade, 6), d=fade)
    if cue.at:
        stream = stream.filter("adelay", f"{round(cue.at * RATE)}S", all=1)
    return stream.filter("apad", whole_len=samples)


def _sum(streams: Sequence[Any]) -> Any:
    if len(streams) <= 1:
        return streams[0] if streams else None
    return ffmpeg.filter(streams, "amix", inputs=len(streams), normalize=0, duration="longest")


def measure_command(
    cues: Sequence[Cue], length: Fraction, target: float, *, exe: str | None = None
) -> list[str]:
    """The FFmpeg command that measures the mix; its last words are loudnorm's JSON."""
    heard = mix_filters(cues, length).filter("loudnorm", **_wanted(target), print_format="json")
    made = heard.output("-", f="null", loglevel="info")
    return [*ffmpeg.compile(made, cmd=exe or ffmpeg_exe()), "-nostats"]


def mix_command(
    cues: Sequence[Cue],
    length: Fraction,
    out: Path,
    *,
    target: float | None,
    measured: dict[str, float] | None,
    codec: Codec = "aac",
    exe: str | None = None,
) -> list[str]:
    """The FFmpeg command that writes the mix. Builds it, starts nothing."""
    heard = mix_filters(cues, length)
    if target is not None and measured is not None:
        wanted = _wanted(target, measured["input_lra"])
        heard = heard.filter(
            "loudnorm",
            **wanted,
            measured_I=measured["input_i"],
            measured_TP=measured["input_tp"],
            measured_LRA=measured["input_lra"],
            measured_thresh=measured["input_thresh"],
            offset=measured["target_offset"],
            linear="true",
        )
        heard = heard.filter("aresample", RATE).filter("atrim", end=float(length))
    else:
        heard = heard.filter("alimiter", limit=0.97, level="false")
    rate = {"b:a": BITRATE} if codec == "aac" else {}
    made = heard.output(
        str(out),
        acodec=codec,
        ar=RATE,
        ac=2,
        map_metadata=-1,
        fflags="+bitexact",
        **{**rate, "flags:a": "+bitexact"},
    )
    return list(ffmpeg.compile(made, cmd=exe or ffmpeg_exe(), overwrite_output=True))


def _wanted(target: float, range: float = 0.0) -> dict[str, float]:
    # A range as wide as the mix's own keeps loudnorm from squeezing it.
    return {"I": target, "TP": TRUE_PEAK_DB, "LRA": min(50.0, max(11.0, math.ceil(range)))}


async def make_mix(
    cues: Sequence[Cue],
    length: Fraction,
    folder: Path,
    *,
    loudness: float | None,
    codec: Codec = "aac",
    settings: Settings | None = None,
) -> Mix:
    """The mix of these tracks, made if it is not in `folder` in good order.

    Args:
        length: seconds of the reel; tracks are cut to it, and silence fills what they leave.
        loudness: LUFS; None leaves the mix as it is, kept from clipping.
        codec: AAC for reels, or samples as they are for masters.

    Raises:
        CutError: the disk is full, or another length came out.
        FfmpegFailed: FFmpeg could not read a track or mix them.
    """
    exe = ffmpeg_exe(settings)
    heard = [cue for cue in cues if cue.plays(length) > 0]
    patience = PATIENCE_S + PATIENCE_PER_S * float(length)
    with disk_errors(folder):
        key = await asyncio.to_thread(_key, heard, length, loudness, codec, exe)
        ending = ".mp4" if codec == "aac" else ".mov"
        path, note = folder / f"{key}{ending}", folder / f"{key}.json"
        if await asyncio.to_thread(is_sound, path, note, 0):
            return Mix(path, key, made=False)
        folder.mkdir(parents=True, exist_ok=True)
        measured = None
        if loudness is not None and heard:
            command = measure_command(heard, length, loudness, exe=exe)
            measured = read_loudness(await run_ffmpeg(command, timeout_s=patience))
        temp = folder / f".{key[:16]}.{secrets.token_hex(6)}{ending}"
        try:
            command = mix_command(
                heard, length, temp, target=loudness, measured=measured, codec=codec, exe=exe
            )
            await run_ffmpeg(command, timeout_s=patience)
            facts = {"frames": 0, "sha256": await asyncio.to_thread(file_hash, temp)}
            made = await asyncio.to_thread(probe_sound, temp)
            if abs(made.seconds - length) > LENGTH_OFF_S:
                raise CutError(
                    f"FFmpeg mixed {float(made.seconds):.2f} s of sound for a reel of "
                    f"{float(length):.2f} s.",
                    next="Listen to the tracks: one may be damaged. `audio: null` cuts without.",
                )
            temp.replace(path)
            write_note(note, json.dumps(facts))
        finally:
            temp.unlink(missing_ok=True)
    loud = measured["input_i"] if measured else None
    log.info("mix.made", tracks=len(heard), seconds=round(float(length), 2), lufs=loud)
    return Mix(path, key, made=True, measured=loud)


def read_loudness(words: str) -> dict[str, float] | None:
    """loudnorm's own measurement out of what FFmpeg said; None when nothing is heard.

    Raises:
        CutError: there is none in it.
    """
    start, stop = words.rfind("{"), words.rfind("}")
    try:
        facts = json.loads(words[start : stop + 1])
        names = ("input_i", "input_tp", "input_lra", "input_thresh", "target_offset")
        found = {name: float(facts[name]) for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise CutError(
            "FFmpeg did not say how loud the sound is.",
            next="Set `reel.loudness: null` to leave the sound as it is mixed.",
        ) from error
    # Below its absolute gate R128 hears nothing, and loudnorm takes nothing for measured.
    return found if all(map(math.isfinite, found.values())) and found["input_i"] > -70 else None


def _key(
    cues: Sequence[Cue], length: Fraction, loudness: float | None, codec: Codec, exe: str
) -> str:
    command = mix_command(
        cues, length, Path("out.mp4"), target=None, measured=None, codec=codec, exe="ffmpeg"
    )
    content = {str(cue.sound.path): file_hash(cue.sound.path) for cue in cues}
    parts = [content.get(part, part) for part in command]
    made_from = [MIX_VERSION, ffmpeg_name(exe), str(length), loudness, parts]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
