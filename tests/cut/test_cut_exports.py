"""The edit list in the formats of editors' programs, and read back by OpenTimelineIO."""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from scenegraph.cut.exports import EditList, Source, edit_list, media_address
from scenegraph.cut.exports.chapters import description_text, ffmetadata_text, webvtt_text
from scenegraph.cut.exports.edl import MOST_EVENTS, edl_text
from scenegraph.cut.exports.fcp7 import fcp7_text
from scenegraph.cut.exports.otio import as_written, otio_text
from scenegraph.cut.exports.sheet import csv_text
from scenegraph.cut.exports.timecode import first_hour, timecode
from scenegraph.errors import CutError
from scenegraph.ledger.reviews import Measure, Review
from scenegraph.ledger.takes import State, Take
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, ffmpeg_exe
from scenegraph.media.clip import Clip
from scenegraph.units import Size, Span

NTSC = Fraction(30000, 1001)
RATES = (Fraction(24), Fraction(25), NTSC, Fraction(30))
DRIFTED = Review(
    verdict="drifted",
    reasons=("saturation: paler than its anchor (0.3 ln, 1.5 times its budget), from frame 60 on",),
    measures={
        "saturation": Measure(0.3, 0.2, "ln", since_frame=60),
        "contrast": Measure(0.1, 0.2, "ln"),
    },
)


def take(shot: str, number: int = 1) -> Take:
    return Take(
        id=number, scene="night-train", shot=shot, number=number, key="k", setup="s", parts={},
        engine="fal", endpoint="fal-ai/ltx/extend", seed=7,
        params={"prompt": f"{shot}: rain & <fog>"},
        state=State.CIRCLED, usd_estimate=Decimal("0.2"), billed=True, usd=Decimal("0.1000"),
        sha256=f"{shot}-bytes", media=f"media/ab/{shot}.mp4",
    )  # fmt: skip


def film(rate: Fraction = Fraction(24), *, odd: Fraction | None = None) -> EditList:
    """Four events: a cut, an exact seam, and the first shot again; `odd` is one clip's own rate."""

    def event(shot: str, first: int, stop: int, join: str, own: Fraction, **more) -> Event:
        path = Path(f"/film/.scenegraph/media/ab/{shot}.mp4")
        clip = Clip(path=path, frames=121, rate=own, width=1280, height=720)
        span = Span(first, stop)
        slate = f"night-train/{shot}/t1"
        return Event(shot=shot, take=slate, clip=clip, span=span, join=join, **more)

    events = (
        event("mara-waits", 2, 90, "start", rate, alternatives=((2, 80), (12, 89))),
        event("mara-listens", 17, 121, "extend", rate),
        event("wide-platform", 8, 72, "cut", odd or rate),
        event("mara-waits", 100, 121, "cut", rate),
    )
    format = ReelFormat(size=Size(1280, 720), rate=rate)
    timeline = Timeline(title="Night train – Ö", events=events, format=format)
    sources = {
        one.take: Source(
            take=take(one.shot),
            media=f".scenegraph/media/ab/{one.shot}.mp4",
            review=DRIFTED if one.shot == "mara-listens" else None,
        )
        for one in events
    }
    return edit_list(timeline, sources)


def played(edits: EditList) -> list[tuple[int, int]]:
    return [(one.event.span.start, one.event.span.stop) for one in edits.edits]


def read(text: str, adapter: str, **more: object):
    otio = pytest.importorskip("opentimelineio", reason="the extra [otio]")
    if adapter not in otio.adapters.available_adapter_names():
        pytest.skip(f"the adapter {adapter} is not installed")
    found = otio.adapters.read_from_string(text, adapter, **more)
    return found.video_tracks()[0] if hasattr(found, "video_tracks") else found


def spans(track: list) -> list[tuple[int, int]]:
    ranges = [clip.source_range for clip in track]
    return [(int(r.start_time.value), int(r.end_time_exclusive().value)) for r in ranges]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("export.xml", fcp7_text),
        ("export.edl", edl_text),
        ("export.ffmeta", ffmetadata_text),
        ("export.vtt", webvtt_text),
        ("export.txt", description_text),
        ("export.csv", csv_text),
    ],
)
def test_each_text_format_is_as_it_was_looked_at(golden, name, write):
    golden(name, write(film()))


def test_the_drop_frame_list_is_as_it_was_looked_at(golden):
    golden("export_dropframe.edl", edl_text(film(NTSC, odd=Fraction(16))))


def test_the_otio_file_is_as_it_was_looked_at(golden, request):
    """Equal in OTIO's own sense: a newer library may write newer schemas."""
    otio = pytest.importorskip("opentimelineio", reason="the extra [otio]")
    text = otio_text(film())
    if request.config.getoption("--update-golden"):
        golden("export.otio", text)
    kept = (Path(__file__).parents[1] / "golden" / "export.otio").read_text(encoding="utf-8")
    mine, theirs = (otio.adapters.read_from_string(one, "otio_json") for one in (text, kept))
    for one in (mine, theirs):
        one.metadata["scenegraph"]["digest"] = ""
    assert mine.is_equivalent_to(theirs)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_otio_plays_the_same_frames_and_has_the_rest_as_handles(rate):
    track = read(otio_text(film(rate, odd=Fraction(16))), "otio_json")
    assert spans(track) == played(film())
    assert [clip.media_reference.available_range.duration.value for clip in track] == [121] * 4
    assert [float(clip.source_range.start_time.rate) for clip in track][1:3] == [float(rate), 16]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_fcp7_xml_plays_the_same_frames(rate):
    track = read(fcp7_text(film(rate)), "fcp_xml")
    assert spans(track) == played(film())
    assert [clip.media_reference.available_range.duration.value for clip in track] == [121] * 4
    assert track[0].media_reference.target_url == ".scenegraph/media/ab/mara-waits.mp4"
    assert track[3].media_reference.target_url == track[0].media_reference.target_url


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_an_edl_plays_the_same_frames_at_the_same_places(rate):
    edits = film(rate)
    track = read(edl_text(edits), "cmx_3600", rate=float(rate))
    assert spans(track) == played(edits)
    starts = [int(track.range_of_child_at_index(at).start_time.value) for at in range(4)]
    assert starts == [edit.start for edit in edits.edits]


def test_an_edl_of_a_slower_clip_says_its_speed():
    """Sixteen frames of it are played in a second of the film: 64 fill 96 of 24."""
    track = read(edl_text(film(odd=Fraction(16))), "cmx_3600", rate=24)
    slow = track[2]
    assert slow.source_range.start_time.value == 8
    assert slow.source_range.duration.value == 96
    assert slow.effects[0].time_scalar == pytest.approx(16 / 24)


@pytest.mark.parametrize("rate", [*RATES, Fraction(60000, 1001)], ids=str)
def test_time_code_counts_as_opentimelineio_does(rate):
    """Another's arithmetic, over the minutes and tens of minutes where frames are dropped."""
    otio = pytest.importorskip("opentimelineio", reason="the extra [otio]")
    base = round(float(rate))
    hour = first_hour(rate)
    for near in (0, base * 60, base * 120, base * 600, base * 1200, hour, hour * 23):
        for frame in range(max(0, near - 40), near + 40):
            theirs = otio.opentime.to_timecode(otio.opentime.RationalTime(frame, float(rate)))
            assert timecode(frame, rate) == theirs


def test_drift_and_the_next_best_cuts_are_marked():
    """In the clip's own frames; what lies outside of the cut is marked in its handle."""
    track = read(otio_text(film()), "otio_json")
    marks = [
        [(mark.name, int(mark.marked_range.start_time.value)) for mark in clip.markers]
        for clip in track
    ]
    assert marks[0] == [("next in 2", 12), ("next out 1", 80)]
    assert marks[1] == [("drift: saturation", 60)]
    assert track[1].markers[0].comment == DRIFTED.reasons[0]
    edl = read(edl_text(film()), "cmx_3600", rate=24)
    begin = first_hour(Fraction(24)) + 88
    assert [int(mark.marked_range.start_time.value) for mark in edl[1].markers] == [begin + 43]


def test_what_a_take_was_made_with_is_its_metadata():
    track = read(otio_text(film()), "otio_json")
    facts = track[1].metadata["scenegraph"]
    assert (facts["slate"], facts["take"], facts["seed"]) == ("night-train/mara-listens/t1", 1, 7)
    assert (facts["endpoint"], facts["usd"]) == ("fal-ai/ltx/extend", "0.1")
    assert facts["prompt"] == "mara-listens: rain & <fog>"
    assert (facts["head_handle"], facts["tail_handle"]) == (17, 0)
    row = list(csv.DictReader(io.StringIO(csv_text(film()))))[1]
    assert (row["seed"], row["usd"], row["prompt"]) == ("7", "0.1", "mara-listens: rain & <fog>")
    assert (row["in_frame"], row["out_frame"]) == ("17", "120")


@pytest.mark.parametrize("start", ["=cmd|'/c calc'!A0", "-2+3", "+1", "@SUM(A1)", "\t=1"])
def test_a_prompt_is_never_a_formula_of_a_spreadsheet(start):
    """A table is opened where a cell that begins with = is run."""
    edits = film()
    event = edits.edits[0].event
    told = take("mara-waits")
    named = replace(told, params={"prompt": f"{start} rain"})
    source = Source(take=named, media="a.mp4")
    format = ReelFormat(size=Size(64, 64), rate=Fraction(24))
    timeline = Timeline(title="", events=(event,), format=format)
    row = next(csv.DictReader(io.StringIO(csv_text(edit_list(timeline, {event.take: source})))))
    assert row["prompt"] == f"'{start} rain"
    assert row["seed"] == "7"


def test_reel_names_are_short_and_one_for_each_file():
    """Eight letters are all an EDL has; two shots whose names begin alike are told apart."""
    names = [edit.reel_name for edit in film().edits]
    assert names[0] == names[3]
    assert len(set(names)) == 3
    events = tuple(
        Event(shot=shot, take=shot, clip=film().edits[0].event.clip, span=Span(0, 9), join="cut")
        for shot in ("mara-waits-long", "mara-waits-short", "b-l", "—", "mara-wa", "mara-wb")
    )  # fmt: skip
    format = ReelFormat(size=Size(64, 64), rate=Fraction(24))
    sources = {one.take: Source(take=take(one.shot, 12), media="a.mp4") for one in events}
    many = edit_list(Timeline(title="", events=events, format=format), sources)
    found = [edit.reel_name for edit in many.edits]
    assert len(set(found)) == len(found)
    assert all(name.isalnum() and name.isascii() and len(name) <= 8 for name in found)


def test_media_are_relative_where_they_move_together_and_file_urls_elsewhere(tmp_path):
    media, scene = tmp_path / "film/.scenegraph/media/a b#.mp4", tmp_path / "film"
    assert media_address(media, scene, scene) == ".scenegraph/media/a%20b%23.mp4"
    assert media_address(media, scene / "edit", scene) == "../.scenegraph/media/a%20b%23.mp4"
    assert media_address(media, tmp_path / "else", scene) == media.as_uri()


def test_an_edl_has_999_events_at_most():
    """A thousandth number would be read as another line's."""
    one = film().edits[0]
    long = EditList(title="x", rate=Fraction(24), size=Size(4, 4), edits=(one,) * (MOST_EVENTS + 1))
    with pytest.raises(CutError):
        edl_text(long)


def test_a_touched_otio_is_known():
    pytest.importorskip("opentimelineio", reason="the extra [otio]")
    text = otio_text(film())
    assert as_written(text)
    assert not as_written(text.replace('"value": 17.0', '"value": 18.0'))
    assert not as_written("{}")


@pytest.mark.ffmpeg
def test_ffmpeg_reads_the_chapters_to_the_frame(tmp_path):
    import av
    import numpy as np

    edits = film()
    reel, meta, out = tmp_path / "reel.mp4", tmp_path / "c.ffmeta", tmp_path / "out.mkv"
    picture = np.zeros((64, 64, 3), np.uint8)
    encode_frames((picture for _ in range(edits.frames)), reel, rate=Fraction(24))
    meta.write_text(ffmetadata_text(edits), encoding="utf-8")
    subprocess.run(
        [ffmpeg_exe(), "-v", "error", "-i", reel, "-i", meta, "-map", "0", "-map_chapters", "1",
         "-c", "copy", out],
        check=True,
    )  # fmt: skip
    with av.open(str(out)) as file:
        found = [
            (one["metadata"]["title"], round(float(one["start"] * one["time_base"]) * 24))
            for one in file.chapters()
        ]
    assert found == [(edit.event.shot, edit.start) for edit in edits.edits]
