"""The sound of a reel: at its place, as loud as asked, exactly as long; the picture untouched."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scenegraph.cut import Cue, check_reel, make_mix, stitch
from scenegraph.cut.sound import measure_command, read_loudness
from scenegraph.errors import BrokenMedia
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, ffmpeg_exe, run_ffmpeg
from scenegraph.media.sound import probe_sound, read_levels
from scenegraph.units import Size, Span

pytestmark = [pytest.mark.anyio, pytest.mark.ffmpeg]

RATE = 48_000


def tone(path: Path, seconds: float, *, level: float = 0.3, hz: int = 440) -> Path:
    t = np.arange(round(seconds * RATE)) / RATE
    data = (np.sin(2 * np.pi * hz * t) * level * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
        file.writeframes(data.tobytes())
    return path


def cue(path: Path, **how: object) -> Cue:
    return Cue(sound=probe_sound(path), **how)  # type: ignore[arg-type]


def levels(path: Path) -> list[float]:
    return list(read_levels(path, window_s=0.1))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


async def test_a_track_plays_at_its_place_and_silence_fills_the_rest(tmp_path):
    """A sound that is off by a shot is worse than none."""
    track = tone(tmp_path / "t.wav", 5, level=0.4)
    mix = await make_mix(
        [cue(track, at=Fraction(1), offset=Fraction(4))], Fraction(3), tmp_path, loudness=None
    )
    found = levels(mix.path)
    assert len(found) in (30, 31)  # the last block of AAC is padded
    assert max(found[:9]) < 0.01 and max(found[21:]) < 0.01
    assert mean(found[11:19]) == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize("seconds, length", [(2.0, 5), (9.0, 5)], ids=["short", "long"])
async def test_the_mix_is_as_long_as_the_reel_to_the_sample(seconds, length, tmp_path):
    """Players stop at the longer stream; an editor sees every sample too many."""
    track = tone(tmp_path / "t.wav", seconds)
    mix = await make_mix([cue(track)], Fraction(length), tmp_path, loudness=-16.0)
    with av.open(str(mix.path)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert abs(samples - length * RATE) < 1024  # AAC's last frame may be padded


async def test_a_mix_whose_peaks_forbid_one_gain_is_limited_and_as_long(tmp_path):
    """loudnorm then works at four times the rate; the reel's sound must not end at a quarter."""
    voice, hum = tone(tmp_path / "t.wav", 3, level=0.4), tone(tmp_path / "h.wav", 24, level=0.2)
    cues = [cue(hum, duck=True), cue(voice, role="voice", at=Fraction(8))]
    mix = await make_mix(cues, Fraction(22), tmp_path, loudness=-16.0)
    found = levels(mix.path)
    assert len(found) in (220, 221)
    assert mean(found[200:219]) > 0.02


@pytest.mark.parametrize("target", [-16.0, -23.0])
async def test_the_mix_has_the_loudness_that_was_asked_for(target, tmp_path):
    """Measured again, by EBU R128, in what was written."""
    cues = [cue(tone(tmp_path / "t.wav", 12, level=0.02)), cue(tone(tmp_path / "b.wav", 4, hz=90))]
    mix = await make_mix(cues, Fraction(12), tmp_path, loudness=target)
    again = measure_command([cue(mix.path)], Fraction(12), target, exe=ffmpeg_exe())
    measured = read_loudness(await run_ffmpeg(again, timeout_s=60))
    assert measured is not None
    assert measured["input_i"] == pytest.approx(target, abs=0.7)
    assert measured["input_tp"] < -0.9


async def test_music_ducks_under_a_voice_and_comes_back(tmp_path):
    """Without `duck` it stays: the level of the same music is compared where the voice is."""
    music, voice = tone(tmp_path / "m.wav", 6, level=0.3), tone(tmp_path / "v.wav", 2, hz=1000)

    async def music_under_voice(duck: bool) -> tuple[float, float, float]:
        spoken = cue(voice, role="voice", at=Fraction(2))
        mix = await make_mix([cue(music, duck=duck), spoken], Fraction(6), tmp_path, loudness=None)
        with av.open(str(mix.path)) as file:
            data = np.concatenate([f.to_ndarray()[0] for f in file.decode(audio=0)])

        def power(start: float) -> float:
            part = data[round(start * RATE) :][: RATE // 2]
            spectrum = np.abs(np.fft.rfft(part)) / len(part) * 2
            return float(spectrum[round(440 * len(part) / RATE)])

        return power(1.0), power(3.0), power(5.4)

    before, under, after = await music_under_voice(duck=True)
    assert under < before * 0.4 and after > before * 0.8
    before, under, after = await music_under_voice(duck=False)
    assert under == pytest.approx(before, rel=0.1)


async def test_gain_and_fades_do_what_they_say(tmp_path):
    """-6 dB is half; a fade begins and ends in silence."""
    track = tone(tmp_path / "t.wav", 4, level=0.4)
    how = {"gain_db": -6.0, "fade_in": 1.0, "fade_out": 1.0}
    found = levels((await make_mix([cue(track, **how)], Fraction(4), tmp_path, loudness=None)).path)
    assert mean(found[15:25]) == pytest.approx(0.2, rel=0.1)
    assert found[0] < 0.05 and found[39] < 0.05
    assert found[5] == pytest.approx(0.11, abs=0.04)


async def test_an_unchanged_mix_is_found_and_silence_can_be_mixed(tmp_path):
    """Cutting again costs no sound; a reel whose tracks all fall out is silent, not broken."""
    track = cue(tone(tmp_path / "t.wav", 1))
    first = await make_mix([track], Fraction(2), tmp_path, loudness=-16.0)
    again = await make_mix([track], Fraction(2), tmp_path, loudness=-16.0)
    assert (first.made, again.made) == (True, False) and first.path == again.path
    silent = await make_mix([], Fraction(2), tmp_path, loudness=-16.0)
    assert max(levels(silent.path)) == 0


async def test_the_picture_is_the_same_to_the_byte_with_sound_and_without(tmp_path):
    """The sound is copied beside it: no frame is touched, no time moves."""
    frames = (np.full((64, 96, 3), 40 + 3 * t, np.uint8) for t in range(30))
    clip = encode_frames(frames, tmp_path / "c.mp4", rate=Fraction(24))
    event = Event(shot="a", take="a", clip=clip, span=Span(0, 30), join="start")
    format = ReelFormat(size=Size(96, 64), rate=Fraction(24))
    timeline = Timeline(title="t", events=(event, event), format=format)
    mix = await make_mix(
        [cue(tone(tmp_path / "t.wav", 9))], Fraction(60, 24), tmp_path / "s", loudness=None
    )
    for name, sound in (("silent.mp4", None), ("loud.mp4", mix.path), ("loud.mkv", mix.path)):
        await stitch(timeline, tmp_path / "s", tmp_path / name, sound=sound)

    def packets(name: str) -> list[tuple[float, bytes]]:
        with av.open(str(tmp_path / name)) as file:
            stream = file.streams.video[0]
            return [
                (round(float(p.pts * p.time_base), 3), bytes(p))
                for p in file.demux(stream)
                if p.pts is not None
            ]

    assert packets("loud.mp4") == packets("silent.mp4")
    assert [t for t, _ in packets("loud.mkv")] == [t for t, _ in packets("silent.mp4")]
    check_reel(tmp_path / "loud.mp4", timeline)
    with av.open(str(tmp_path / "loud.mp4")) as file:
        (stream,) = file.streams.audio
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", RATE, 2)
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert abs(samples - 2.5 * RATE) < 1024
    with av.open(str(tmp_path / "silent.mp4")) as file:
        assert not file.streams.audio


@pytest.mark.parametrize(
    "text", [b"", b"#EXTM3U\nfile:///etc/passwd\n", b"RIFF0000WAVEfmt ", b"{}"]
)
async def test_what_is_no_sound_is_a_sentence(text, tmp_path):
    """A list of other files named `.mp3` is not opened."""
    path = tmp_path / "t.mp3"
    path.write_bytes(text)
    with pytest.raises(BrokenMedia):
        probe_sound(path)


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a", "ogg"])
async def test_the_usual_kinds_are_read(kind, tmp_path):
    """What musicians deliver."""
    wav, path = tone(tmp_path / "t.wav", 2), tmp_path / f"t.{kind}"
    await run_ffmpeg([ffmpeg_exe(), "-i", str(wav), str(path)], timeout_s=60)
    sound = probe_sound(path)
    assert float(sound.seconds) == pytest.approx(2, abs=0.1)
    mix = await make_mix([cue(path)], Fraction(2), tmp_path, loudness=None)
    assert mean(levels(mix.path)[3:17]) == pytest.approx(0.3, rel=0.15)
