"""Nothing goes wrong: every shot is asked for once, kept, and cut into the reel."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import State
from scenegraph.media import probe
from scenegraph.plan import Selection
from scenegraph.run import ShotEvent, cut_again, plan
from scenegraph.run.slots import Slots

WALK = ["intended", "submitted", "ran", "answered", "fetched", "reviewed", "circled"]


@pytest.mark.ffmpeg
def test_all_four_kinds_are_shot_once_and_cut(theatre: Callable[..., Any]) -> None:
    """The main job: as many requests as shots, every file on the disk, one reel."""
    house = theatre()
    promised = plan(house.file, backend="fal")
    result = house.run(cut=True)
    assert (result.exit_code, result.next_step) == (0, "")
    assert result.submits == house.submits == promised.to_shoot == 5
    assert {shot.kind for shot in result.outcomes} == {"t2v", "i2v", "extend", "multicondition"}
    assert all(shot.state == "circled" and shot.kept for shot in result.outcomes)
    for take in house.takes():
        file = house.folder / ".scenegraph" / take.media
        assert sha256(file.read_bytes()).hexdigest() == take.sha256
        assert abs(take.usd - take.usd_estimate) <= Decimal("0.0002") < take.usd
    for shot in ("platform", "waits", "listens.1", "listens.2", "turns"):
        assert house.walk(shot) == [WALK]
    assert result.usd == sum(take.usd for take in house.takes())
    assert probe(result.reel).frames == result.to_json()["reel_frames"] <= promised.reel_frames
    assert not list((house.folder / ".scenegraph").rglob("*.part"))


@pytest.mark.ffmpeg
def test_a_second_run_asks_for_nothing(theatre: Callable[..., Any]) -> None:
    """What is kept is kept: no request, no money, the same reel."""
    house = theatre()
    first = house.run(cut=True)
    before = first.reel.read_bytes()
    assert plan(house.file, backend="fal").to_shoot == 0
    second = house.run(cut=True)
    assert (second.submits, house.submits, second.usd, second.exit_code) == (0, 5, 0, 0)
    assert second.reel.read_bytes() == before
    again = cut_again(house.file)
    assert again.timeline is not None
    assert again.timeline.frames == first.timeline.frames and again.exit_code == 0


@pytest.mark.ffmpeg
def test_a_changed_shot_is_shot_again_with_what_hangs_on_it(theatre: Callable[..., Any]) -> None:
    """The harmless twin of running twice: a change is seen, and only its branch is paid for."""
    house = theatre()
    house.run()
    shots = {
        "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
        "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she sits down"},
        "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens", "hops": 2},
    }
    house.scene(shots)
    assert house.run().submits == 3
    assert len(house.takes("platform")) == 1 and len(house.takes("listens.2")) == 2


@pytest.mark.ffmpeg
def test_the_result_has_the_promised_shape(theatre: Callable[..., Any]) -> None:
    """Scripts read it: these keys are a contract, and paths are relative to the scene."""
    house = theatre()
    shape = json.loads(json.dumps(house.run(cut=True).to_json()))
    promised = {"scene", "backend", "reel", "usd", "submits", "shots", "reel_frames", "reel_rate"}
    assert promised | {"elapsed_s"} <= shape.keys()
    assert shape["reel"] == "night-train.reel.mp4" and shape["reel_rate"] == 24
    for shot in shape["shots"]:
        assert {
            *("shot", "kind", "state", "take", "slate", "seed", "request_id"),
            *("usd", "verdict", "error", "media"),
        } <= shot.keys()
        assert shot["media"].startswith(".scenegraph/media/") and shot["error"] is None
        assert shot["slate"] == f"night-train/{shot['shot']}/t1"
        assert shot["request_id"] in house.queue.jobs
    total = sum(float(shot["usd"]) for shot in shape["shots"])
    assert float(shape["usd"]) == pytest.approx(total)


@pytest.mark.ffmpeg
@pytest.mark.usefixtures("quick_previews")
def test_a_free_preview_costs_nothing_and_is_no_take(theatre: Callable[..., Any]) -> None:
    """The preview's engine is part of every key: the paid run that follows shoots everything."""
    house = theatre(ONE_AND_HOP)
    preview = house.run(backend="animatic", queue=None)
    assert (preview.submits, preview.usd, preview.exit_code, house.submits) == (2, 0, 0, 0)
    assert house.run().submits == 2


@pytest.mark.ffmpeg
@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_requests_are_in_flight_than_allowed(
    jobs: int, theatre: Callable[..., Any]
) -> None:
    """New accounts may have two; the third would be turned away, or wait where it costs time."""
    house = theatre(FAN, workers=8)
    in_flight: set[str] = set()
    peak = 0

    def watch(event: Any) -> None:
        nonlocal peak
        if isinstance(event, ShotEvent) and event.stage == "preparing":
            in_flight.add(event.shot)
        elif isinstance(event, ShotEvent) and event.stage == "reviewing":
            in_flight.discard(event.shot)
        peak = max(peak, sum(job.state != "COMPLETED" for job in house.queue.jobs.values()))

    assert house.run(jobs=jobs, listener=watch).submits == 4
    assert peak == jobs


@pytest.mark.ffmpeg
def test_the_longest_chain_is_asked_for_first(theatre: Callable[..., Any]) -> None:
    """With one place, the chain of three begins before the two short shots above it."""
    house = theatre(
        {
            "street": {"kind": "t2v", "prompt": "a street"},
            "forest": {"kind": "t2v", "prompt": "a forest"},
            **{id: HOPS[id] for id in ("waits", "listens", "rises")},
        }
    )
    house.run(jobs=1)
    order = [body["prompt"].split(".")[0] for body in house.queue.submits]
    assert order[0].startswith("she waits") and len(order) == 5


@pytest.mark.ffmpeg
def test_an_unchosen_shot_is_neither_asked_for_nor_lost(theatre: Callable[..., Any]) -> None:
    """A selection leaves things out on purpose: no reel, and no error either."""
    house = theatre()
    result = house.run(selection=Selection.of(only="platform"))
    states = Counter(shot.state for shot in result.outcomes)
    assert states == {"circled": 1, "skipped": 4}
    assert (result.exit_code, result.reel, house.submits) == (0, None, 1)


@pytest.mark.ffmpeg
def test_a_renamed_shot_is_adopted_for_nothing(theatre: Callable[..., Any]) -> None:
    """An id is not in the key: renaming a shot in the file costs no second job."""
    house = theatre({"platform": {"kind": "t2v", "prompt": "an empty platform", "seed": 3}})
    house.run()
    house.scene({"station": {"kind": "t2v", "prompt": "an empty platform", "seed": 3}})
    result = house.run()
    assert (result.submits, result.exit_code, house.submits) == (0, 0, 1)
    assert house.takes("station")[0].adopted_from == house.takes("platform")[0].id
    assert house.states("station") == [State.CIRCLED]


@pytest.mark.ffmpeg
def test_a_store_may_lie_elsewhere(theatre: Callable[..., Any], tmp_path: Path) -> None:
    """Paths outside the scene's folder are shown whole."""
    house = theatre({"platform": {"kind": "t2v", "prompt": "an empty platform"}})
    result = house.run(
        cut=True, store=tmp_path / "elsewhere" / "store", out=tmp_path / "elsewhere" / "r.mp4"
    )
    assert (tmp_path / "elsewhere" / "store" / "ledger.db").is_file()
    assert result.reel == tmp_path / "elsewhere" / "r.mp4" and result.reel.is_file()
    assert not (house.folder / ".scenegraph" / "ledger.db").exists()


def test_slots_need_a_place() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Slots(0)


HOPS: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
}
ONE_AND_HOP = {id: HOPS[id] for id in ("waits", "listens")}
FAN = {f"place-{n}": {"kind": "t2v", "prompt": f"place {n}"} for n in range(4)}
