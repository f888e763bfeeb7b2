"""What is made of a finished reel: right to the frame, made once, and never at the reel's cost."""

from __future__ import annotations

import asyncio
import stat
import sys
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from scenegraph.cut import Cue, Delivery, Film, MasterSound, deliver, make_mix, stitch
from scenegraph.cut.copies import chapters_command, copy_command, excerpt, gif_command
from scenegraph.cut.pictures import Candidate, best_frame
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, ffmpeg_exe, probe, read_frames, read_rgb
from scenegraph.media.clip import Clip
from scenegraph.media.files import file_hash
from scenegraph.media.sound import probe_sound, read_levels
from scenegraph.scene import Deliverable
from scenegraph.settings import Settings
from scenegraph.units import Size, Span

pytestmark = [pytest.mark.anyio, pytest.mark.ffmpeg]

WIDTH, HEIGHT = 256, 144
FORMAT = ReelFormat(size=Size(WIDTH, HEIGHT), rate=Fraction(24))
#: Every sign that is a command to some filter, and letters of other alphabets.
TITLE = "A: 'film', 50% \\ [küche] 日本; #1 = ${x}"


def draw(path: Path, frames: int, colour: tuple[int, int, int], rate: int = 24) -> Clip:
    """Dark on its left side, `colour` on its right, with a grain that changes."""
    rng = np.random.default_rng(frames)

    def frame(_: int) -> np.ndarray:
        picture = np.zeros((HEIGHT, WIDTH, 3), np.int16)
        picture[:, WIDTH // 2 :] = colour
        return np.clip(picture + rng.integers(0, 40, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)

    return encode_frames((frame(t) for t in range(frames)), path, rate=Fraction(rate), crf=4)


def event(clip: Clip, shot: str, start: int, stop: int) -> Event:
    return Event(shot=shot, take=f"film/{shot}/t2", clip=clip, span=Span(start, stop), join="cut")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Film:
    """A reel of two shots with sound, 24 and 30 frames; never to be written to."""
    folder = tmp_path_factory.mktemp("film")
    street = draw(folder / "street.mp4", 40, (200, 60, 40))
    room = draw(folder / "room.mp4", 30, (40, 90, 200), rate=16)
    timeline = Timeline(
        title=TITLE,
        events=(event(street, "street", 4, 28), event(room, "room.1", 0, 20)),
        format=FORMAT,
    )
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(48_000)
        t = np.arange(48_000 * 4) / 48_000
        file.writeframes((np.sin(2 * np.pi * 440 * t) * 9000).astype("<i2").tobytes())

    async def cut() -> Path:
        mix = await make_mix(cues_of(folder), Fraction(54, 24), folder / "s", loudness=None)
        return await stitch(timeline, folder / "s", folder / "film.reel.mp4", sound=mix.path)

    reel = asyncio.run(cut())
    return Film(path=reel, sha256=file_hash(reel), timeline=timeline, has_sound=True)


def cues_of(folder: Path) -> list[Cue]:
    return [Cue(sound=probe_sound(folder / "tone.wav"))]


@pytest.fixture
def film(made: Film, tmp_path: Path) -> Film:
    """A copy of the reel, alone in a folder."""
    path = tmp_path / "film.reel.mp4"
    path.write_bytes(made.path.read_bytes())
    return replace(made, path=path)


async def delivered(film: Film, made: Film, *wanted: Deliverable, **how: object) -> list[Delivery]:
    sound = MasterSound(cues_of(made.path.parent), None) if film.has_sound else None
    notes = film.path.parent / "notes"
    return await deliver(film, wanted, notes, sound=sound, **how)  # type: ignore[arg-type]


async def one(film: Film, made: Film, format: str, **options: object) -> Path:
    (found,) = await delivered(film, made, Deliverable(format=format, **options))  # type: ignore[arg-type]
    assert found.state == "made", found.error
    return found.path


FILMS = {
    "hevc": ({}, "film.reel.hevc.mp4", "hevc", "256x144"),
    "webm": ({"crf": 40}, "film.reel.vp9.webm", "vp9", "256x144"),
    "av1": ({}, "film.reel.av1.mp4", "libdav1d", "256x144"),
    "h264": ({"width": 128}, "film.reel.h264.mp4", "h264", "128x72"),
    "prores": ({"profile": "lt"}, "film.reel.prores.mov", "prores", "256x144"),
    "dnxhr": ({}, "film.reel.dnxhr.mov", "dnxhd", "256x144"),
    "vertical": ({}, "film.reel.vertical.mp4", "h264", "80x144"),
    "chapters": ({}, "film.reel.chapters.mp4", "h264", "256x144"),
    "burn-in": ({"name": "talk"}, "film.reel.talk.mp4", "h264", "256x144"),
}


@pytest.mark.parametrize("format", FILMS)
@pytest.mark.parametrize("sounds", [True, False], ids=["sound", "silent"])
async def test_every_film_has_the_reels_frames_rate_and_sound(format, sounds, film, made):
    """Counted by decoding: a copy that is a frame off does not fit its sound or its edit list."""
    options, name, codec, size = FILMS[format]
    film = replace(film, has_sound=sounds)
    path = await one(film, made, format, **options)
    clip = probe(path)
    assert (path.name, clip.codec, str(clip.size)) == (name, codec, size)
    assert (clip.frames, clip.rate, clip.has_audio) == (54, 24, sounds)
    assert clip.pixel_aspect == 1 and not clip.warnings
    if sounds:
        levels = list(read_levels(path))[2:-3]
        assert len(levels) == pytest.approx(17, abs=2) and min(levels) > 0.2


@pytest.mark.parametrize("format", ["h264", "hevc", "chapters", "vertical", "webm"])
async def test_a_reel_in_milliseconds_gives_exact_times(format, film, made):
    """A person may have the reel as .mkv; its copies are no clips of a variable rate."""
    path = film.path.with_suffix(".mkv")
    mix = next(p for p in (made.path.parent / "s").glob("*.mp4") if not has_picture(p))
    await stitch(film.timeline, made.path.parent / "s", path, sound=mix)
    blurred = replace(film, path=path, sha256=file_hash(path))
    copy = await one(blurred, made, format, name="x")
    clip = probe(copy)
    assert (clip.frames, clip.rate, clip.variable_rate) == (54, 24, False)
    assert copy.suffix == {"webm": ".webm", "chapters": ".mkv"}.get(format, ".mp4")
    if copy.suffix == ".mp4":
        with av.open(str(copy)) as container:
            base = container.streams.video[0].time_base
            times = sorted(p.pts * base for p in container.demux(video=0) if p.size)
        assert [t - times[0] for t in times] == [Fraction(k, 24) for k in range(54)]
    await one(blurred, made, "poster")


def has_picture(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.video)


async def test_the_pictures_are_the_reels(film, made):
    """Not a frame early or late, and in the same colours."""
    reel = [picture.mean(axis=(0, 1)) for picture in read_rgb(film.path)]
    for format in ("hevc", "prores", "dnxhr", "webm"):
        path = await one(film, made, format)
        shown = [picture.mean(axis=(0, 1)) for picture in read_rgb(path)]
        assert np.abs(np.subtract(shown, reel)).max() < 3, format


async def test_a_master_is_made_from_the_takes_and_not_from_the_reel(film, made):
    """Grain that the reel's compression took is there again."""
    take = [p.y.astype(np.int16) for p in read_frames(made.timeline.events[0].clip.path)][4:28]

    def error(path: Path) -> float:
        pictures = [p.y.astype(np.int16) for p in read_frames(path, stop=24)]
        return float(np.abs(np.subtract(pictures, take)).mean())

    assert error(await one(film, made, "prores")) < 0.7 * error(film.path)


async def test_what_is_there_is_kept_and_costs_nothing(film, made):
    """Cutting again does not encode a master again."""
    wanted = [Deliverable(format=f) for f in ("hevc", "poster", "chapters", "gif", "h264")]
    first = await delivered(film, made, *wanted)
    before = {path: path.stat().st_mtime_ns for path in film.path.parent.glob("film.*")}
    told: list[object] = []
    again = await delivered(film, made, *wanted, on_progress=lambda *said: told.append(said))
    assert [one.state for one in first] == ["made"] * 4 + ["reel"]
    assert [one.state for one in again] == ["kept"] * 4 + ["reel"]
    assert [one.facts for one in again] == [one.facts for one in first]
    assert {path: path.stat().st_mtime_ns for path in before} == before and not told


async def test_two_of_a_kind_are_both_kept(film, made):
    """Encoders of many threads do not give the same bytes twice: each file has its own note."""
    wanted = [Deliverable(format="hevc", width=128, name=name) for name in ("one", "two")]
    await delivered(film, made, *wanted)
    film.path.with_name("film.reel.one.mp4").write_bytes(b"another encode")
    states = [one.state for one in await delivered(film, made, *wanted)]
    assert states == ["made", "kept"]


@pytest.mark.parametrize("harm", ["removed", "cut short", "one bit", "note gone", "older reel"])
async def test_a_stale_or_damaged_file_is_made_again(harm, film, made):
    """And to the byte as it was."""
    wanted = Deliverable(format="h264", width=64)
    path = await one(film, made, "h264", width=64)
    good = path.read_bytes()
    match harm:
        case "removed":
            path.unlink()
        case "cut short":
            path.write_bytes(good[:-100])
        case "one bit":
            path.write_bytes(good[:900] + bytes([good[900] ^ 1]) + good[901:])
        case "note gone":
            for note in (film.path.parent / "notes").glob("*.json"):
                note.unlink()
        case "older reel":
            film = replace(film, sha256="0" * 64)
    (again,) = await delivered(film, made, wanted)
    assert again.state == "made" and path.read_bytes() == good


@pytest.mark.parametrize(
    "was, now",
    [({"crf": 20}, {"crf": 30}), ({"width": 64}, {"width": 128}), ({"width": 64}, {})],
)
async def test_other_options_make_another_file(was, now, film, made):
    """The name is the same; the old one must not pass for it."""
    before = (await one(film, made, "hevc", **was)).read_bytes()
    assert (await one(film, made, "hevc", **now)).read_bytes() != before


async def test_a_vertical_crop_follows_the_focus_of_each_shot_to_the_frame(film, made):
    """A crop that jumps a frame late shows the wrong half of the picture for one frame."""
    path = await one(film, made, "vertical", focus={"street": "left", "room": "right"})
    light = [float(p.y.mean()) for p in read_frames(path)]
    assert max(light[:24]) < 45 < min(light[24:])
    path = await one(film, made, "vertical", name="other", focus={"street": 0.9})
    light = [float(p.y.mean()) for p in read_frames(path)]
    assert min(light[:24]) > 70, "0.9 is on the right side"
    assert light[24] == pytest.approx(light[53], abs=3), "a shot that is not named: the centre"


async def test_a_gif_begins_where_it_is_told_and_lasts_as_long(film, made):
    """Of a shot: from its first frame on."""
    path = await one(film, made, "gif", at="room", seconds=0.5, width=128, frame_rate=10)
    with Image.open(path) as picture:
        assert picture.size == (128, 72) and picture.info["loop"] == 0
        red, _, blue = np.asarray(picture.convert("RGB"))[:, 70:].mean(axis=(0, 1))
        assert blue > red + 60
        assert sum(picture.seek(n) or picture.info["duration"] for n in range(5)) == 500
    path = await one(film, made, "gif")
    with Image.open(path) as picture:
        red, _, blue = np.asarray(picture.convert("RGB"))[:, 140:].mean(axis=(0, 1))
        assert red > blue + 60 and picture.size == (256, 144), "from the start, and not enlarged"


@pytest.mark.parametrize("kind", ["jpg", "png"])
async def test_a_poster_of_a_shot_is_a_picture_of_it(kind, film, made):
    """By seconds, by shot, or the best."""
    path = await one(film, made, "poster", at="room", width=128, **{"as": kind})
    with Image.open(path) as picture:
        assert picture.format == {"jpg": "JPEG", "png": "PNG"}[kind]
        assert picture.size == (128, 72)
        red, _, blue = np.asarray(picture)[:, 70:].mean(axis=(0, 1))
        assert blue > red + 60
    path = await one(film, made, "poster", name="early", at=0.2)
    red, _, blue = pixels(path)[:, 140:].mean(axis=(0, 1))
    assert red > blue + 60


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_the_best_frame_is_no_black_one_and_ranks_first_in_all():
    """A frame of noise in the dark is sharp, and no poster."""
    dark = Candidate(frame=0, sharpness=9, contrast=90, colour=90, lit=0.01)
    flat = Candidate(frame=48, sharpness=1, contrast=20, colour=20, lit=0.9)
    fine = Candidate(frame=96, sharpness=3, contrast=60, colour=30, lit=0.6)
    soft = Candidate(frame=144, sharpness=1, contrast=50, colour=50, lit=0.6)
    every = [dark, flat, fine, soft]
    assert best_frame(every, range(200)) == 96
    assert best_frame(every, range(100, 200)) == 144
    assert best_frame(every, range(40)) == 0, "the only one there is"
    assert best_frame(every, range(49, 60)) is None


async def test_a_contact_sheet_has_a_picture_of_every_shot(film, made):
    """In rows, in the order of the reel."""
    path = await one(film, made, "thumbnails", width=128, columns=1, **{"as": "png"})
    sheet = pixels(path).astype(int)
    assert sheet.shape[1] == 128 + 2 * 4
    first, second = sheet[10:60, 80:120], sheet[100:150, 80:120]
    assert first[..., 0].mean() > first[..., 2].mean() + 60
    assert second[..., 2].mean() > second[..., 0].mean() + 60
    path = await one(film, made, "thumbnails", name="row", **{"as": "png"})
    assert pixels(path).shape[1] == 2 * (320 + 10) + 10, "no empty columns"


async def test_chapters_begin_with_the_shots(film, made):
    """In the file itself, to the frame; the pictures are the reel's to the byte."""
    path = await one(film, made, "chapters")

    def pictures(file: Path) -> list[tuple[int | None, bytes]]:
        with av.open(str(file)) as container:
            return [(p.pts, bytes(p)) for p in container.demux(video=0) if p.size]

    with av.open(str(path)) as container:
        found = [
            (c["metadata"]["title"], c["start"] * c["time_base"], c["end"] * c["time_base"])
            for c in container.chapters()
        ]
        assert container.metadata["title"] == TITLE
    assert [name for name, _, _ in found] == ["street", "room.1"]
    assert [float(t) for _, *t2 in found for t in t2] == pytest.approx([0, 1, 1, 2.25], abs=1e-3)
    assert pictures(path) == pictures(film.path)
    text = (await one(film, made, "chapters", **{"as": "vtt"})).read_text()
    assert "00:00:01.000 --> 00:00:02.250\nroom.1" in text


# ------------------------------------------------------------------ what goes wrong


def ffmpeg_without(encoder: str, folder: Path) -> Settings:
    """The real FFmpeg, but for one encoder that it does not name."""
    script = folder / "my-ffmpeg"
    script.write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys\n"
        f"real = {ffmpeg_exe()!r}\n"
        "if '-encoders' not in sys.argv:\n    os.execv(real, [real, *sys.argv[1:]])\n"
        "said = subprocess.run([real, *sys.argv[1:]], capture_output=True, text=True).stdout\n"
        f"print(said.replace(' {encoder} ', ' other '))\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return Settings(SCENEGRAPH_FFMPEG=script)


async def test_an_encoder_that_is_missing_costs_its_own_file_alone(film, made, tmp_path):
    """A sentence with the encoder's name and what to do; the reel and the others are there."""
    settings = ffmpeg_without("libx265", tmp_path)
    wanted = (Deliverable(format="hevc"), Deliverable(format="poster"))
    before = film.path.read_bytes()
    lost, poster = await delivered(film, made, *wanted, settings=settings)
    assert (lost.state, poster.state) == ("failed", "made")
    assert "no encoder libx265, which hevc needs" in (lost.notice or "")
    assert "SCENEGRAPH_FFMPEG" in (lost.notice or "")
    assert not lost.path.exists() and film.path.read_bytes() == before


@pytest.mark.parametrize(
    "wanted, says",
    [
        ({"format": "gif", "at": 9}, "The reel ends at 2.2 s, and `at` is 9 s"),
        ({"format": "poster", "at": "gone"}, "gone is not in the reel"),
    ],
)
async def test_a_moment_that_the_reel_does_not_have_is_a_sentence(wanted, says, film, made):
    """A shot may be lost, a reel shorter than it was."""
    (found,) = await delivered(film, made, Deliverable(**wanted))
    assert found.state == "failed" and says in (found.notice or "")


async def test_a_failure_leaves_the_older_file_and_says_so(film, made):
    """What was delivered yesterday is not lost, and does not pass for today's."""
    path = film.path.with_name("film.reel.loop.gif")
    path.write_bytes(b"yesterday's")
    (found,) = await delivered(film, made, Deliverable(format="gif", at=9))
    assert path.read_bytes() == b"yesterday's"
    assert "is of an older reel" in (found.notice or "")


@pytest.mark.parametrize("format", ["hevc", "prores", "burn-in"])
async def test_an_interrupted_delivery_leaves_nothing_behind(format, film, made):
    """Ctrl-C in the middle: no half file, no folder of segments, the reel as it was."""
    before = sorted(film.path.parent.rglob("*"))

    def stop(*_: object) -> None:
        working.cancel()

    wanted = Deliverable(format=format)
    working = asyncio.ensure_future(delivered(film, made, wanted, on_progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await working
    left = [path for path in film.path.parent.rglob("*") if path.name != "notes"]
    assert sorted(left) == before


# ------------------------------------------------------------------ the commands

REEL = Film(
    path=Path("film.reel.mp4"),
    sha256="0" * 64,
    timeline=Timeline(
        title="t",
        events=tuple(
            Event(
                shot=shot,
                take=shot,
                clip=Clip(path=Path("a.mp4"), frames=48, rate=Fraction(24), width=1280, height=720),
                span=Span(0, 48),
                join="cut",
            )
            for shot in ("a", "b", "c")
        ),
        format=ReelFormat(size=Size(1280, 720), rate=Fraction(24)),
    ),
    has_sound=True,
)


@pytest.mark.parametrize("format", ["hevc", "webm", "av1", "h264"])
async def test_copy_command(format, golden):
    """A codec's command is its review."""
    wanted = Deliverable(format=format, width=640)
    command = copy_command(REEL, wanted, Path("out.mp4"), exe="ffmpeg")
    golden(f"cut_copy_{format}.argv", "\n".join(command))


async def test_vertical_command(golden):
    """The crop jumps with the cuts, half a frame early, and only where the focus is another."""
    wanted = Deliverable(format="vertical", width=1080, focus={"a": "left", "c": 0.7})
    command = copy_command(REEL, wanted, Path("out.mp4"), exe="ffmpeg")
    golden("cut_copy_vertical.argv", "\n".join(command))


async def test_gif_and_chapter_commands(golden):
    """Two inputs each: the reel and a palette, the reel and its marks."""
    wanted = Deliverable(format="gif", at=2.0)
    gif = gif_command(
        REEL, wanted, excerpt(REEL, wanted, 48), Path("p.png"), Path("o.gif"), exe="ffmpeg"
    )
    golden("cut_gif.argv", "\n".join(gif))
    chapters = chapters_command(REEL, Path("marks.txt"), Path("out.mp4"), exe="ffmpeg")
    golden("cut_chapters.argv", "\n".join(chapters))
