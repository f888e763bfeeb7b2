"""A take's file has rotted on the disk: a sentence and a next step, and never a second payment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import MediaStore, State, Take
from scenegraph.plan import Selection
from scenegraph.run import NoticeEvent, ShotEvent, cut_again

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}
OTHER = {"platform": {"kind": "t2v", "prompt": "a full platform at noon"}}
WAITS = {"waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}}
HOP = {**WAITS, "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"}}


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


ROTS = {"gone": Path.unlink, "truncated": _cut_short, "changed": _flip_a_bit}
Rot = Callable[[Path], Any]
each_rot = pytest.mark.parametrize("rot", ROTS.values(), ids=ROTS)


def _file(house: Any, take: Take) -> Path:
    return Path(house.folder / ".scenegraph" / take.media)


def _fetched(house: Any) -> Path:
    """A take that is on the disk and was not looked at yet: the run ended in between."""

    def end(event: Any) -> None:
        if isinstance(event, ShotEvent) and event.stage == "reviewing":
            raise RuntimeError("the run ends here")

    with pytest.raises(RuntimeError, match="the run ends here"):
        house.run(listener=end)
    (take,) = house.takes("platform")
    assert take.state is State.FETCHED
    return _file(house, take)


@pytest.mark.ffmpeg
@each_rot
def test_a_fetched_take_that_rotted_is_not_shot_again_by_itself(
    rot: Rot, theatre: Callable[..., Any]
) -> None:
    """It is paid for. A broken picture is re-rolled; a broken disk is not."""
    house = theatre(ONE)
    file = _fetched(house)
    whole = file.read_bytes()
    rot(file)
    for _ in range(2):
        result = house.run(cut=True)
        assert (result.exit_code, result.submits, house.submits) == (1, 0, 1)
        error = result.outcomes[0].error
        assert (result.outcomes[0].state, error["kind"]) == ("lost", "take-damaged")
        assert "night-train/platform/t1: its file media/" in error["message"]
        assert "rerun SCENE platform" in error["next"]
    file.write_bytes(whole)  # a copy was put back
    assert house.run().exit_code == 0
    assert (house.states("platform"), house.submits) == ([State.CIRCLED], 1)


@pytest.mark.ffmpeg
def test_a_damaged_take_is_shot_again_when_a_person_asks(theatre: Callable[..., Any]) -> None:
    """The other way out that the sentence names."""
    house = theatre(ONE)
    _fetched(house).unlink()
    assert house.run().submits == 0
    result = house.run(selection=Selection.of(force="platform"))
    assert (result.exit_code, result.submits, house.submits) == (0, 1, 2)
    assert house.states("platform")[-1] is State.CIRCLED


@pytest.mark.ffmpeg
@each_rot
def test_an_older_take_that_rotted_is_named_and_not_shot(
    rot: Rot, theatre: Callable[..., Any]
) -> None:
    """Nobody wants it any more; it does not pass for collected, and stops nothing."""
    house = theatre(ONE)
    rot(_fetched(house))
    house.scene(OTHER)
    result = house.run()
    assert (result.exit_code, result.submits) == (0, 1)
    told = [event.message for event in house.events if isinstance(event, NoticeEvent)]
    assert any("platform/t1" in one and "its file media/" in one for one in told)
    assert not any("was collected" in one for one in told)


@pytest.mark.ffmpeg
def test_an_answered_take_is_fetched_over_what_has_rotted_in_its_place(
    theatre: Callable[..., Any], tmp_path: Path
) -> None:
    """Nothing is on the disk yet, or an old ruin of the same bytes: the whole file takes over."""
    house = theatre(ONE)
    house.goes_wrong(effect="download-error", times=0)
    house.run()
    assert house.states("platform") == [State.ANSWERED]
    answer = house.queue.storage.find(house.takes("platform")[0].answer["video"]["url"])
    store = MediaStore(house.folder / ".scenegraph")
    ruin = store.path(store.put_file(answer).media)
    _cut_short(ruin)
    house.queue.faults.clear()
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, 0, 1)
    assert ruin.read_bytes() == answer.read_bytes()


@pytest.mark.ffmpeg
@each_rot
def test_a_circled_take_that_rotted_is_neither_cut_nor_shot_again(
    rot: Rot, theatre: Callable[..., Any]
) -> None:
    """It stays circled; the reel says which file is wrong and what to do."""
    house = theatre(ONE)
    first = house.run(cut=True)
    before = first.reel.read_bytes()
    file = _file(house, house.takes("platform")[0])
    whole = file.read_bytes()
    rot(file)
    result = house.run(cut=True)
    assert (result.exit_code, result.submits, house.submits) == (1, 0, 1)
    assert house.states("platform") == [State.CIRCLED] and result.reel is None
    assert "platform/t1, its file media/" in result.reel_failed
    assert "rerun SCENE platform" in result.next_step
    assert first.reel.read_bytes() == before, "the older reel is still there"
    file.write_bytes(whole)
    assert cut_again(house.file).exit_code == 0


@pytest.mark.ffmpeg
@each_rot
def test_nothing_is_shot_from_a_parent_that_rotted(rot: Rot, theatre: Callable[..., Any]) -> None:
    """Its key says other bytes: the child would be paid for and be of nobody's clip."""
    house = theatre(WAITS)
    house.run()
    file = _file(house, house.takes("waits")[0])
    whole = file.read_bytes()
    rot(file)
    house.scene(HOP)
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (1, 0, 1)
    error = result.outcomes[1].error
    assert error["kind"] == "take-damaged" and "rerun SCENE waits" in error["next"]
    file.write_bytes(whole)
    assert house.run().exit_code == 0 and house.submits == 2
