"""`cut --export` and `cut --timeline`, as typed, on a small scene that was really shot."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import av
import pytest

otio = pytest.importorskip("opentimelineio", reason="the extra [otio]")
pytestmark = pytest.mark.ffmpeg

ENDINGS = {"otio": "otio", "fcp7": "xml", "edl": "edl", "chapters": "ffmeta", "csv": "csv"}


def frames_of(path: Path) -> int:
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0))


@pytest.fixture
def exported(call, shot) -> Path:
    """The scene's cuts as .otio, for a person to change."""
    assert call("cut", shot, "--export", "otio", "--out", "edit.otio").code == 0
    return Path("edit.otio")


def edit(path: Path, change) -> Path:
    """Change the one track as an editor's program would."""
    timeline = otio.adapters.read_from_file(str(path))
    change(timeline.video_tracks()[0])
    to = path.with_name("edited.otio")
    otio.adapters.write_to_file(timeline, str(to))
    return to


@pytest.mark.parametrize("format", ENDINGS)
def test_each_format_is_written_beside_the_reel(call, shot, format):
    """Under the reel's name, and the reel itself is left alone."""
    reel = Path("tiny.preview.mp4")
    before = reel.stat().st_mtime_ns
    said = call("cut", shot, "--export", format, "--json")
    assert said.code == 0, said.out
    file = Path(said.json["file"])
    assert file.name == f"tiny.preview.{ENDINGS[format]}"
    assert file.is_file()
    assert said.json["events"] == 3
    assert said.json["frames"] == frames_of(reel)
    assert reel.stat().st_mtime_ns == before


def test_exported_media_are_there(call, shot, exported):
    track = otio.adapters.read_from_file(str(exported)).video_tracks()[0]
    for clip in track:
        assert (Path() / clip.media_reference.target_url).is_file()
        assert clip.media_reference.target_url.startswith(".scenegraph/media/")


def test_an_unchanged_export_gives_the_same_reel(call, shot, exported):
    """To the byte: the same spans, joins and segments."""
    assert call("cut", shot, "--out", "a.mp4").code == 0
    assert call("cut", shot, "--timeline", exported, "--out", "b.mp4").code == 0
    assert Path("a.mp4").read_bytes() == Path("b.mp4").read_bytes()


def test_a_changed_export_becomes_the_reel(call, shot, exported):
    """Reordered, trimmed and with a clip removed; the file's cuts are taken as they are."""
    lengths = []

    def change(track) -> None:
        first = track.pop(0)
        del track[1]
        played = first.source_range
        step = otio.opentime.RationalTime(3, 24)
        first.source_range = otio.opentime.TimeRange(
            played.start_time + step, played.duration - step - step
        )
        track.append(first)
        lengths.extend(int(clip.source_range.duration.value) for clip in track)

    said = call("cut", shot, "--timeline", edit(exported, change), "--out", "c.mp4", "--json")
    assert said.code == 0, said.out
    events = said.json["timeline"]["events"]
    assert [one["shot"] for one in events] == ["mara-waits", "street"]
    assert [one["reel_frames"] for one in events] == lengths
    assert said.json["timeline"]["left_out"] == ["mara-listens"]
    assert frames_of(Path("c.mp4")) == sum(lengths)


def test_a_clip_is_known_by_its_file_when_its_metadata_is_lost(call, shot, exported):
    """Some programs drop what they do not know, write file URLs, and count from a time code."""

    def change(track) -> None:
        for clip in track:
            clip.metadata.clear()
            reference = clip.media_reference
            reference.target_url = (Path.cwd() / reference.target_url).as_uri()
            shift = otio.opentime.RationalTime(86400, 24)
            for owner, name in ((clip, "source_range"), (reference, "available_range")):
                old = getattr(owner, name)
                new = otio.opentime.TimeRange(old.start_time + shift, old.duration)
                setattr(owner, name, new)

    before = otio.adapters.read_from_file(str(exported)).video_tracks()[0]
    said = call("cut", shot, "--timeline", edit(exported, change), "--out", "d.mp4", "--json")
    assert said.code == 0, said.out
    assert [one["in_frame"] for one in said.json["timeline"]["events"]] == [
        int(clip.source_range.start_time.value) for clip in before
    ]


def test_an_edited_film_is_exported_as_it_was_edited(call, shot, exported):
    edited = edit(exported, lambda track: track.pop(2))
    said = call("cut", shot, "--timeline", edited, "--export", "edl", "--json")
    assert (said.code, said.json["events"]) == (0, 2)


def gap(track) -> None:
    track.insert(1, otio.schema.Gap(duration=otio.opentime.RationalTime(5, 24)))


def transition(track) -> None:
    half = otio.opentime.RationalTime(3, 24)
    track.insert(1, otio.schema.Transition(in_offset=half, out_offset=half))


def speed(track) -> None:
    track[0].effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))


def frozen(track) -> None:
    track[0].effects.append(otio.schema.FreezeFrame())


def foreign(track) -> None:
    track[1].metadata.clear()
    track[1].media_reference.target_url = "file:///etc/passwd"


def relinked(track) -> None:
    track[1].media_reference.target_url = "../graded.mov"


def too_long(track) -> None:
    start = otio.opentime.RationalTime(0, 24)
    track[0].source_range = otio.opentime.TimeRange(start, otio.opentime.RationalTime(999, 24))


def nested(track) -> None:
    track.append(otio.schema.Stack(name="more"))


def disabled(track) -> None:
    track[0].enabled = False


def empty(track) -> None:
    del track[:]


@pytest.mark.parametrize(
    "change",
    [gap, transition, speed, frozen, foreign, relinked, too_long, nested, disabled, empty],
    ids=lambda change: change.__name__,
)
def test_what_a_reel_cannot_show_is_said(call, shot, exported, change):
    """A sentence and what to do; the reel there was stays."""
    reel = Path("tiny.preview.mp4")
    before = reel.read_bytes()
    said = call("cut", shot, "--timeline", edit(exported, change), "--json")
    assert said.code == 2
    assert said.error["kind"] == "cut"
    assert said.error["next"]
    assert reel.read_bytes() == before


def test_nothing_outside_of_the_store_is_read(call, shot, exported, tmp_path):
    """A path in the file is a name alone: the store's own take is played, not the file it names."""

    def elsewhere(track) -> None:
        for clip in track:
            name = Path(clip.media_reference.target_url).name
            clip.media_reference.target_url = (tmp_path / "not-there" / name).as_uri()

    assert call("cut", shot, "--out", "a.mp4").code == 0
    said = call("cut", shot, "--timeline", edit(exported, elsewhere), "--out", "e.mp4")
    assert said.code == 0, said.err
    assert Path("e.mp4").read_bytes() == Path("a.mp4").read_bytes()


@pytest.mark.parametrize(
    "text",
    ["", "not json", "{}", "[1]", '{"OTIO_SCHEMA": "Clip.2"}', '{"OTIO_SCHEMA": "Timeline.99"}'],
)
def test_a_file_that_is_no_timeline_is_said(call, shot, text):
    Path("bad.otio").write_text(text)
    said = call("cut", shot, "--timeline", "bad.otio", "--json")
    assert (said.code, said.error["kind"]) == (2, "cut")


@pytest.mark.parametrize(
    "line",
    [
        ("--timeline", "missing.otio"),
        ("--timeline", "scene.yaml"),
        ("--export", "edl", "--out", "film.mp4"),
        ("--export", "otio", "--timeline", "edit.otio", "--out", "edit.otio"),
    ],
)
def test_a_wrong_file_name_is_said_before_anything_is_written(call, shot, exported, line):
    before = exported.read_bytes()
    said = call("cut", shot, *line, "--json")
    assert (said.code, said.error["kind"]) == (2, "scene")
    assert not Path("film.mp4").exists()
    assert exported.read_bytes() == before


def test_a_film_that_somebody_edited_is_not_written_over(call, shot, exported):
    """An hour of an editor's work lies under the name that the next export would take."""
    assert call("cut", shot, "--export", "otio", "--out", exported).code == 0  # untouched: renewed
    edited = edit(exported, lambda track: track.pop(2))
    shutil.move(edited, exported)
    before = exported.read_bytes()
    said = call("cut", shot, "--export", "otio", "--out", exported, "--json")
    assert (said.code, said.error["kind"]) == (2, "scene")
    assert exported.read_bytes() == before


def test_without_the_extra_a_sentence_says_what_to_install(call, shot, exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    for line in (("--export", "otio"), ("--timeline", exported)):
        said = call("cut", shot, *line, "--json")
        assert said.code == 2
        assert "pip install 'scenegraph[otio]'" in said.error["next"]
    assert call("cut", shot, "--export", "edl").code == 0


def test_clips_without_a_scene_have_no_export(call, clip_folder):
    said = call("cut", clip_folder / "a.mp4", clip_folder / "b.mp4", "--export", "edl", "--json")
    assert said.code == 2
    json.dumps(said.error)
