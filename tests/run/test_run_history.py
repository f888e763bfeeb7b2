"""What was done can be told: scenes keep their names, runs their reasons, reels their origin."""

from __future__ import annotations

import getpass
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenegraph.errors import LedgerError, SceneError
from scenegraph.ledger import Event, Ledger, ReelFormat, Timeline
from scenegraph.media import Clip, probe
from scenegraph.plan import Selection
from scenegraph.run import plan
from scenegraph.run.comparing import compare
from scenegraph.run.history import history
from scenegraph.run.provenance import provenance, spans_of
from scenegraph.run.replay import replay
from scenegraph.run.sheet import pick, takes_json
from scenegraph.units import Size, Span

pytestmark = pytest.mark.ffmpeg
CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
ONE = {"platform": CHAIN["platform"]}


def _retitle(file: Path, title: str) -> None:
    text = file.read_text()
    assert "title: Night train" in text
    file.write_text(text.replace("title: Night train", f"title: {title}"))


def _rows(folder: Path) -> list[str]:
    """Everything that the ledger holds."""
    with sqlite3.connect(folder / ".scenegraph" / "ledger.db") as database:
        return list(database.iterdump())


def test_a_new_title_keeps_takes_picks_pins_and_money(theatre: Callable[..., Any]) -> None:
    """A title is for people: changing it must cost nothing and undo no decision."""
    house = theatre(CHAIN)
    house.run()
    house.run(selection=Selection.of(force="platform"))
    pick(house.file, "platform", 1)
    pick(house.file, "waits", and_pin=True)
    with house.ledger() as ledger:
        spent = ledger.money("night-train")
    _retitle(house.file, "Day train")
    planned = plan(house.file, backend="fal")
    assert planned.scene == "night-train" and not planned.has_work
    rows = {one["shot"]: one["takes"] for one in takes_json(house.file)["shots"]}
    assert [take["circled"] for take in rows["platform"]] == [True, False]
    assert rows["waits"][0]["pinned"]
    result = house.run(cut=True)
    assert (result.submits, result.scene, result.reel.name) == (
        0,
        "night-train",
        "day-train.reel.mp4",
    )
    with house.ledger() as ledger:
        assert ledger.money("night-train") == spent
        assert [one.title for one in ledger.scenes()] == ["Day train"]


def test_two_scenes_of_one_title_share_a_store_and_no_takes(
    theatre: Callable[..., Any], write_scene: Callable[..., Path]
) -> None:
    """The same picture is adopted for nothing, under the second scene's own name."""
    house = theatre(ONE)
    house.run()
    (house.folder / "b").mkdir()
    other = write_scene(house.folder / "b", ONE)
    store = house.folder / ".scenegraph"
    assert plan(other, backend="fal", store=store).scene == "night-train-2"
    first = house.file
    house.file = other
    result = house.run(store=store)
    assert (result.scene, result.submits) == ("night-train-2", 0)
    house.file = first
    assert len(house.takes("platform")) == 1


def test_history_says_what_each_run_shot_and_why(theatre: Callable[..., Any]) -> None:
    """The reasons are the plan's, kept when the run began; decisions stand before their run."""
    house = theatre(CHAIN)
    length = probe(house.run(cut=True).reel).frames
    house.scene({**CHAIN, "waits": {**CHAIN["waits"], "prompt": "she waits in the rain"}})
    house.run(cut=True)
    pick(house.file, "waits", 1)
    house.run()
    first, second, third = history(house.file).runs
    assert {shot.shot: shot.takes for shot in first.shots} == {
        name: (f"night-train/{name}/t1",) for name in CHAIN
    }
    assert (first.submits, first.ended, first.reel["frames"]) == (
        3,
        "done",
        length,
    )
    assert str(first.usd) == str(sum(take.usd for take in house.takes() if take.number == 1))
    waits, listens = second.shots
    assert waits.shot == "waits" and waits.takes == ("night-train/waits/t2",)
    assert [one["field"] for one in waits.changed] == ["prompt"]
    assert listens.takes == ("night-train/listens/t2",) and "parent" in listens.reason
    assert third.decisions == ("waits: t1 was picked",)


def test_a_run_writes_down_only_what_it_did_something_about(theatre: Callable[..., Any]) -> None:
    """A thousand shots that stay are told by their takes; each run would repeat them."""
    house = theatre(CHAIN)
    house.run()
    house.run()
    house.run(selection=Selection.of(force="listens"))
    with house.ledger() as ledger:
        ended = [
            [(one["shot"], one["state"]) for one in run["outcome"]["shots"]]
            for run in ledger.runs("night-train")
        ]
    everything = [(shot, "circled") for shot in ("waits", "listens", "platform")]
    assert ended == [everything, [], [("listens", "circled")]]
    assert [[one.state for one in run.shots] for run in history(house.file).runs] == [
        ["circled"] * 3,
        [],
        ["circled"],
    ]


def test_history_tells_pins_and_unpins_like_picks(theatre: Callable[..., Any]) -> None:
    """A pin holds a shot against every change: who wonders why must find who set it, and when."""
    house = theatre(ONE)
    house.run()
    pick(house.file, "platform", and_pin=True)
    before = history(house.file)
    assert [str(one) for one in before.since] == ["platform: t1 was pinned"]
    (pinned,) = before.since
    assert (pinned.take, pinned.kind) == ("night-train/platform/t1", "pin")
    assert pinned.at > before.runs[-1].started_at
    assert pinned.by == getpass.getuser()
    pick(house.file, "platform", and_pin=False)
    house.run(selection=Selection.of(force="platform"))
    pick(house.file, "platform", 1, and_pin=True)
    first, second = history(house.file).runs
    assert first.decisions == ()
    assert second.decisions == ("platform: t1 was pinned", "platform: t1 was unpinned")
    assert second.to_json()["decided"][1]["kind"] == "unpin"
    since = history(house.file).to_json()["decided_since"]
    assert [one["what"] for one in since] == ["t1 was picked", "t1 was pinned"]
    assert all(one["by"] == getpass.getuser() for one in since)


def test_a_pin_that_a_run_carries_over_is_nobodys_decision(theatre: Callable[..., Any]) -> None:
    """A renamed shot stays pinned by itself; no person did it again."""
    house = theatre(ONE)
    house.run()
    pick(house.file, "platform", and_pin=True)
    house.scene({"station": ONE["platform"]})
    house.run()
    assert house.takes("station")[0].pinned
    found = history(house.file)
    told = [one for run in found.runs for one in run.decisions]
    assert told == ["platform: t1 was pinned"] and found.since == ()


def test_a_killed_run_is_shown_as_not_ended(theatre: Callable[..., Any]) -> None:
    """SIGKILL leaves no word: what had been planned is there all the same."""
    house = theatre(ONE)
    player = Path(__file__).with_name("player.py")
    unreachable = {
        f"SCENEGRAPH_FAL_{n}_URL": "http://127.0.0.1:9" for n in ("QUEUE", "REST", "CDN")
    }
    # The first write of the journal is the take's intent: the run has begun by then.
    killed = subprocess.run(
        [sys.executable, str(player), str(house.file), "write", "1"],
        env={**os.environ, **unreachable},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (run,) = history(house.file).runs
    assert (run.ended, run.ended_at, run.submits) == ("did not end", None, 0)
    assert [(shot.shot, shot.reason, shot.state) for shot in run.shots] == [
        ("platform", "never shot", None)
    ]
    house.run()
    assert [run.ended for run in history(house.file).runs] == ["did not end", "done"]


def test_why_calls_parents_by_their_slates(theatre: Callable[..., Any]) -> None:
    """A hash says nothing to a person; the take that it stands for does."""
    house = theatre(CHAIN)
    house.run()
    house.run(selection=Selection.of(force_down="waits"))
    found = compare(house.file, "listens", 1, 2)
    fields = {change.field: (change.was, change.now) for change in found.changed}
    was, now = fields["parent take"]
    assert was.startswith("night-train/waits/t1 (") and now.startswith("night-train/waits/t2 (")
    assert fields["seed"] == (found.was.seed, found.now.seed)
    assert found.same_media is False
    assert {change.field for change in found.measured} <= {
        "verdict", "score", "overlap_frames", *_measures(house, found.now.id)
    }  # fmt: skip
    assert compare(house.file, "listens").to_json() == found.to_json()
    same = compare(house.file, "platform", 1, 1)
    assert (same.changed, same.measured, same.same_media) == ((), (), True)
    with pytest.raises(SceneError, match="two are compared"):
        compare(house.file, "platform")


def _measures(house: Any, take: int) -> set[str]:
    with house.ledger() as ledger:
        return set(ledger.review_of(take).measures)


def test_why_shows_a_long_prompt_whole(theatre: Callable[..., Any]) -> None:
    """A plan cuts it around the first change; whoever asks why wants all of it."""
    long = "rain falls " * 30
    house = theatre({"platform": {"kind": "t2v", "prompt": f"{long}at night"}})
    house.run()
    house.scene({"platform": {"kind": "t2v", "prompt": f"{long}at dawn"}})
    house.run()
    (change, *_) = compare(house.file, "platform").changed
    assert change.field == "prompt"
    assert change.was.startswith("rain falls rain") and "at night" in change.was
    assert len(change.now) > 300 and "at dawn" in change.now


def test_every_frame_of_a_reel_has_its_origin(theatre: Callable[..., Any]) -> None:
    """Spans cover the film that can be decoded; each leads to a request, and to the stills."""
    house = theatre({**CHAIN, "rises": {"kind": "extend", "parent": "listens", "prompt": "rises"}})
    house.run(cut=True)
    found = provenance(house.file, backend="fal").to_json()
    film = house.folder / found["reel"]["path"]
    assert found["spans"][0]["start"] == 0
    assert found["spans"][-1]["stop"] == probe(film).frames == found["reel"]["frames"]
    assert found["reel"]["same"] is True
    takes = found["takes"]
    for span in found["spans"]:
        take = takes[span["slate"]]
        assert span["stop"] - span["start"] == span["out_frame"] - span["in_frame"] + 1
        assert take["request_id"] and take["params"]["seed"] == take["seed"] == span["seed"]
        assert take["sha256"] in take["media"] and take["asked_at"] <= take["fetched_at"]
    (video,) = takes["night-train/rises/t1"]["inputs"]
    assert (video["take"], video["sha256"]) == (
        "night-train/listens/t1", takes["night-train/listens/t1"]["sha256"]
    )  # fmt: skip
    (still,) = takes["night-train/waits/t1"]["inputs"]
    assert (still["role"], still["file"], still["take"]) == ("image", "mara.png", None)
    film.write_bytes(film.read_bytes() + b"x")
    assert provenance(house.file, backend="fal").reel["same"] is False


@given(data=st.data())
def test_spans_cover_a_reel_of_any_rates(data: st.DataObject) -> None:
    """Clips of other rates fill other numbers of frames; none is left without a take."""
    events = []
    for number in range(data.draw(st.integers(1, 8))):
        frames = data.draw(st.integers(1, 200))
        start = data.draw(st.integers(0, frames - 1))
        rate = data.draw(st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(12)]))
        clip = Clip(path=Path("a.mp4"), frames=frames, rate=rate, width=64, height=64)
        span = Span(start, data.draw(st.integers(start + 1, frames)))
        name = f"s{number}"
        events.append(Event(shot=name, take=f"x/{name}/t1", clip=clip, span=span, join="cut"))
    rate = data.draw(st.sampled_from([Fraction(24), Fraction(25), Fraction(60)]))
    format = ReelFormat(size=Size(64, 64), rate=rate)
    timeline = Timeline(title="x", events=tuple(events), format=format).to_json()
    spans = spans_of(timeline)
    covered = [frame for span in spans for frame in range(span.start, span.stop)]
    assert covered == list(range(timeline["frames"]))
    timeline["events"][-1]["reel_frames"] += 1
    with pytest.raises(LedgerError, match="edit list"):
        spans_of(timeline)


def test_a_replay_makes_the_same_reel_and_writes_nothing(
    theatre: Callable[..., Any], tmp_path: Path
) -> None:
    """Re-rolls, a hop and a pick lie in the ledger: nothing else is needed."""
    house = theatre(CHAIN)
    house.run(cut=True)
    house.run(selection=Selection.of(force="platform"), cut=True)
    before, files = _rows(house.folder), sorted((house.folder / ".scenegraph").rglob("*.mp4"))
    posts = house.submits
    found = replay(house.file, backend="fal", out=tmp_path / "again" / "film.mp4")
    assert found.differences == () and found.exit_code == 0
    assert len(found.reviews) == 4  # also the take that is not in the reel
    recorded = house.folder / found.reel["path"]
    assert found.out is not None and found.out.read_bytes() == recorded.read_bytes()
    assert (_rows(house.folder), house.submits) == (before, posts)
    assert sorted((house.folder / ".scenegraph").rglob("*.mp4")) == files


def test_a_replay_tells_what_differs_with_its_figures(theatre: Callable[..., Any]) -> None:
    """A review, an edit list and a file that were changed by hand; and a decision since."""
    house = theatre(CHAIN)
    house.run(cut=True)
    house.run(selection=Selection.of(force="platform"))
    with house.ledger() as ledger:
        (reel,) = ledger.reels("night-train")
        film = house.folder / reel["path"]
        waits = ledger.memory("night-train").circled("waits")
    film.write_bytes(b"another film")
    _change(house.folder, "takes", "review", waits.id, '"verdict":"good"', '"verdict":"drifted"')
    _change(house.folder, "reels", "timeline", reel["id"], '"cost":', '"cost":7,"was":')
    found = replay(house.file, backend="fal")
    told = {(one.part, one.field): (one.recorded, one.rebuilt) for one in found.differences}
    assert told["review", "verdict"] == ("drifted", "good")
    assert told["timeline", "cost"][0] == 7
    assert told["reel", "on_disk"][0] == found.reel["rebuilt"] == found.reel["sha256"]
    assert told["plan", "take"] == ("night-train/platform/t1", "night-train/platform/t2")
    assert found.exit_code == 1


def _change(folder: Path, table: str, column: str, id: int, was: str, now: str) -> None:
    with sqlite3.connect(folder / ".scenegraph" / "ledger.db") as database:
        query = f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE id = ?"
        assert database.execute(query, (was, now, id)).rowcount == 1


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_replay_misses_media_and_stills(theatre: Callable[..., Any], how: str) -> None:
    """What a review was held against must be there, or the replay says that it was not."""
    house = theatre(CHAIN)
    house.run(cut=True)
    media = house.takes("platform")[0].clip.path
    if how == "gone":
        media.unlink()
    else:
        media.write_bytes(house.takes("waits")[0].clip.path.read_bytes())
    stills = (house.folder / "mara.png").read_bytes()
    (house.folder / "mara.png").write_bytes(stills + b"\\0")
    found = replay(house.file, backend="fal")
    media_told = [one for one in found.differences if one.part == "media"]
    assert [(one.where, one.rebuilt is None) for one in media_told] == [
        ("night-train/platform/t1", how == "gone")
    ]
    keyframes = {one.where for one in found.differences if one.field == "keyframe"}
    assert keyframes == {"night-train/waits/t1", "night-train/listens/t1"}


def test_a_scene_without_a_reel_has_nothing_to_replay(theatre: Callable[..., Any]) -> None:
    house = theatre(ONE)
    with pytest.raises(LedgerError, match="no ledger"):
        history(house.file)
    house.run()
    for ask in (replay, provenance):
        with pytest.raises(SceneError, match="No reel"):
            ask(house.file)
    with Ledger.open(house.folder / ".scenegraph") as ledger:
        assert ledger.reels("night-train") == ()
