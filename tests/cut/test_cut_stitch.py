"""Timeline to reel."""

from __future__ import annotations

import asyncio
import json
import stat
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scenegraph.cut import Progress, check_reel, make_segment, stitch
from scenegraph.errors import CutError, FfmpegFailed
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames
from scenegraph.media.clip import Clip
from scenegraph.settings import Settings
from scenegraph.units import Size, Span

FORMAT = ReelFormat(size=Size(160, 90), rate=Fraction(24))

pytestmark = [pytest.mark.anyio, pytest.mark.ffmpeg]


def draw(path: Path, frames: int, level: int, rate: int = 24) -> Clip:
    rng = np.random.default_rng(level)
    noise = rng.integers(-20, 20, (90, 160, 3))

    def frame(t: int) -> np.ndarray:
        base = np.full((90, 160, 3), level, np.int16) + noise
        base[:, t % 140 : t % 140 + 20, 0] += 60
        return np.clip(base, 0, 255).astype(np.uint8)

    return encode_frames((frame(t) for t in range(frames)), path, rate=Fraction(rate))


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    return [
        draw(folder / "it's one.mp4", 40, 60),
        draw(folder / "two.mp4", 30, 120, rate=16),
        draw(folder / "three.mp4", 1, 180),
    ]


def film(clips: list[Clip], *spans: tuple[int, int, int]) -> Timeline:
    events = tuple(
        Event(
            shot=f"shot-{at}",
            take=f"film/shot-{at}/t1",
            clip=clips[which],
            span=Span(start, stop),
            join="cut",
        )
        for at, (which, start, stop) in enumerate(spans)
    )
    return Timeline(title="film", events=events, format=FORMAT)


@pytest.fixture
def three(clips) -> Timeline:
    return film(clips, (0, 2, 40), (1, 0, 25), (2, 0, 1))


def segment_files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}


async def test_the_reel_has_the_promised_frames_and_rising_times(three, tmp_path):
    """A reel that is a frame off is out of step with its sound and its edit list."""
    reel = await stitch(three, tmp_path / "segments", tmp_path / "out" / "reel.mp4")
    clip = check_reel(reel, three)
    assert clip.frames == three.frames == 38 + 38 + 1
    with av.open(str(reel)) as container:
        stream = container.streams.video[0]
        times = [p.pts * stream.time_base for p in container.demux(stream) if p.pts is not None]
    assert times == [Fraction(k, 24) for k in range(77)]
    assert not clip.warnings


async def test_an_unchanged_film_encodes_nothing(three, tmp_path):
    """Cutting again is free; the reel is the same file, byte for byte."""
    first = (await stitch(three, tmp_path / "segments", tmp_path / "a.mp4")).read_bytes()
    before = segment_files(tmp_path / "segments")
    seen: list[Progress] = []
    again = await stitch(three, tmp_path / "segments", tmp_path / "b.mp4", on_progress=seen.append)
    assert segment_files(tmp_path / "segments") == before
    assert again.read_bytes() == first
    assert (seen[-1].made, seen[-1].reused) == (0, 3)
    assert seen[-1].frames == seen[-1].of == three.frames


@pytest.mark.parametrize(
    "spans, encodes",
    [
        ([(0, 2, 40), (1, 3, 25), (2, 0, 1)], 1),
        ([(2, 0, 1), (1, 0, 25), (0, 2, 40)], 0),
        ([(0, 2, 40), (0, 2, 40)], 0),
        ([(1, 0, 25)], 0),
    ],
    ids=["one cut point", "another order", "one twice", "one alone"],
)
async def test_a_change_encodes_only_what_it_touches(three, clips, spans, encodes, tmp_path):
    """And the result is what a full build makes, to the byte."""
    segments = tmp_path / "segments"
    await stitch(three, segments, tmp_path / "reel.mp4")
    before = segment_files(segments)
    changed = film(clips, *spans)
    grown = await stitch(changed, segments, tmp_path / "reel.mp4")
    assert len(segment_files(segments).keys() - before.keys()) == encodes
    full = await stitch(changed, tmp_path / "fresh", tmp_path / "full.mp4")
    assert grown.read_bytes() == full.read_bytes()
    check_reel(grown, changed)


@pytest.mark.parametrize("harm", ["removed", "cut short", "one bit", "note gone", "note nonsense"])
async def test_a_damaged_segment_is_made_again(harm, three, tmp_path):
    """A folder of derived files may be cleaned, truncated or flipped; the reel must not show it."""
    segments = tmp_path / "segments"
    good = (await stitch(three, segments, tmp_path / "a.mp4")).read_bytes()
    victim = sorted(segments.glob("*.mp4"))[0]
    data = victim.read_bytes()
    match harm:
        case "removed":
            victim.unlink()
        case "cut short":
            victim.write_bytes(data[: len(data) // 2])
        case "one bit":
            victim.write_bytes(data[:900] + bytes([data[900] ^ 1]) + data[901:])
        case "note gone":
            victim.with_suffix(".json").unlink()
        case "note nonsense":
            victim.with_suffix(".json").write_text("[1")
    seen: list[Progress] = []
    again = await stitch(three, segments, tmp_path / "b.mp4", on_progress=seen.append)
    assert again.read_bytes() == good
    assert seen[-1].made == 1
    assert victim.read_bytes() == data


async def test_a_segment_made_early_is_found_later(three, tmp_path):
    """Segments are encoded while later shots are still being generated."""
    event = three.events[0]
    early = await make_segment(event, three.format, 38, tmp_path / "segments")
    assert early.made and early.frames == 38
    seen: list[Progress] = []
    await stitch(three, tmp_path / "segments", tmp_path / "r.mp4", on_progress=seen.append)
    assert (seen[-1].made, seen[-1].reused) == (2, 1)


async def test_the_same_content_under_another_name_is_the_same_segment(three, tmp_path):
    """Clips move between stores and machines; what they show does not."""
    event = three.events[0]
    copy = tmp_path / "elsewhere.mp4"
    copy.write_bytes(event.clip.path.read_bytes())
    moved = replace(event, clip=replace(event.clip, path=copy))
    one = await make_segment(event, FORMAT, 38, tmp_path / "segments")
    two = await make_segment(moved, FORMAT, 38, tmp_path / "segments")
    assert one.key == two.key and not two.made
    other = await make_segment(
        event, FORMAT, 38, tmp_path / "segments", content=lambda clip: "another picture"
    )
    assert other.key != one.key


async def test_a_clip_with_fewer_frames_than_promised_holds_its_last_one(clips, tmp_path):
    """A decoder that stops early must not shift every later shot of the reel."""
    short = replace(clips[0], frames=60)
    one = Event(shot="a", take="a", clip=short, span=Span(10, 60), join="cut")
    timeline = Timeline(title="t", events=(one,), format=FORMAT)
    check_reel(await stitch(timeline, tmp_path / "s", tmp_path / "r.mp4"), timeline)


async def test_a_span_behind_the_clips_end_is_a_sentence_and_keeps_the_old_reel(clips, tmp_path):
    """There is no picture to hold: the reel is not made, and nothing half-made takes its place."""
    reel = tmp_path / "r.mp4"
    reel.write_bytes(b"yesterday's")
    gone = replace(clips[0], frames=200)
    one = Event(shot="gone", take="a", clip=gone, span=Span(150, 160), join="cut")
    timeline = Timeline(title="t", events=(one,), format=FORMAT)
    with pytest.raises(CutError, match="gone"):
        await stitch(timeline, tmp_path / "s", reel)
    assert reel.read_bytes() == b"yesterday's"
    assert [p.name for p in (tmp_path / "s").iterdir()] == []


async def test_no_events_is_a_sentence(tmp_path):
    """An empty timeline is not an empty reel."""
    empty = Timeline(title="t", events=(), format=FORMAT)
    with pytest.raises(CutError, match="nothing to cut") as caught:
        await stitch(empty, tmp_path / "s", tmp_path / "r.mp4")
    assert caught.value.next


async def test_a_missing_clip_is_a_sentence(three, tmp_path):
    """A store that lost a file is named, not traced."""
    event = replace(three.events[0], clip=replace(three.events[0].clip, path=tmp_path / "no.mp4"))
    with pytest.raises(CutError, match=r"no\.mp4"):
        await stitch(replace(three, events=(event,)), tmp_path / "s", tmp_path / "r.mp4")


def fake_ffmpeg(folder: Path, script: str) -> Settings:
    program = folder / "ffmpeg-that-fails"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Settings.model_validate({"SCENEGRAPH_FFMPEG": str(program)})


async def test_a_full_disk_is_said_and_leaves_no_litter(three, tmp_path):
    """The disk is broken at its seam: an FFmpeg that meets the error of a full disk."""
    settings = fake_ffmpeg(
        tmp_path,
        'for word; do case "$word" in *.mp4) out=$word;; esac; done; echo half > "$out"; '
        'echo "av_interleaved_write_frame(): No space left on device" >&2; exit 228',
    )
    with pytest.raises(CutError, match="is full") as caught:
        await stitch(three, tmp_path / "s", tmp_path / "r.mp4", settings=settings)
    assert "kept" in caught.value.next
    assert list((tmp_path / "s").iterdir()) == []
    assert not (tmp_path / "r.mp4").exists()


async def test_an_ffmpeg_that_fails_says_its_own_last_words(three, tmp_path):
    """The same seam, another error: not mistaken for a full disk."""
    settings = fake_ffmpeg(tmp_path, 'echo "Unknown encoder libx264" >&2; exit 1')
    with pytest.raises(FfmpegFailed, match="Unknown encoder") as caught:
        await stitch(three, tmp_path / "s", tmp_path / "r.mp4", settings=settings)
    assert "libx264" in caught.value.command


async def test_an_ffmpeg_that_writes_nonsense_is_found_out(three, tmp_path):
    """Exit code 0 is a promise, frames are facts."""
    settings = fake_ffmpeg(
        tmp_path,
        'for word; do case "$word" in *.mp4) out=$word;; esac; done; echo nonsense > "$out"',
    )
    with pytest.raises(CutError, match="cannot be played"):
        await stitch(three, tmp_path / "s", tmp_path / "r.mp4", settings=settings)
    assert list((tmp_path / "s").iterdir()) == []


async def test_a_cancelled_build_leaves_no_half_files(three, tmp_path):
    """Ctrl-C during an encode: what is whole is kept, what is half is gone."""
    half = 'for word; do case "$word" in *.mp4) out=$word;; esac; done; echo half > "$out"'
    settings = fake_ffmpeg(tmp_path, f"{half}; sleep 60")
    task = asyncio.create_task(stitch(three, tmp_path / "s", tmp_path / "r.mp4", settings=settings))
    while not list(tmp_path.glob("s/*.mp4")):
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list((tmp_path / "s").iterdir()) == []


async def test_a_note_says_what_the_segment_is(three, tmp_path):
    """Frames and hash: enough to trust a segment without decoding it."""
    made = await make_segment(three.events[1], FORMAT, 38, tmp_path)
    facts = json.loads(made.path.with_suffix(".json").read_text())
    assert facts["frames"] == 38 and len(facts["sha256"]) == 64
