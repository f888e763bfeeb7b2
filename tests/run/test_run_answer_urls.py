"""A parent's answer is at the service already: its own URL is named to the next hop."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from scenegraph.ledger import Ledger, State
from scenegraph.run import plan
from scenegraph.run.material import ANSWER_LIVES_S

WAITS = {"waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}}
HOP: dict[str, dict[str, Any]] = {
    **WAITS,
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
}
#: The parent has 17 frames, and as many are shown: its whole clip.
WHOLE = {"tail_frames": 17}


def _answer_of(house: Any, shot: str) -> str:
    return str(house.takes(shot)[-1].answer["video"]["url"])


def _shown_to(house: Any, number: int) -> str:
    return str(house.queue.submits[number]["video"]["video_url"])


def _sql(house: Any, text: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(house.folder / ".scenegraph" / "ledger.db")) as db, db:
        return db.execute(text, values).fetchall()


@pytest.mark.ffmpeg
def test_a_hop_that_is_shown_the_whole_clip_uploads_nothing(theatre: Callable[..., Any]) -> None:
    """The service has made these bytes itself; only the keyframe is sent."""
    house = theatre(HOP, scene=WHOLE)
    result = house.run()
    assert (result.exit_code, house.submits, len(house.queue.uploads)) == (0, 2, 1)
    assert _shown_to(house, 1) == _answer_of(house, "waits")


@pytest.mark.ffmpeg
def test_a_hop_that_is_shown_a_part_uploads_its_tail(theatre: Callable[..., Any]) -> None:
    """The twin: 9 of 17 frames are shown, so they are cut and sent."""
    house = theatre(HOP)
    house.run()
    assert len(house.queue.uploads) == 2 and _shown_to(house, 1) != _answer_of(house, "waits")


@pytest.mark.ffmpeg
def test_a_parent_of_another_rate_is_resampled_and_uploaded(theatre: Callable[..., Any]) -> None:
    """At 24 frames a second its frames would play at another pace."""
    house = theatre(HOP, scene=WHOLE)
    house.goes_wrong(effect="wrong-rate", submit=1)
    house.run()
    assert len(house.queue.uploads) == 2 and _shown_to(house, 1) != _answer_of(house, "waits")


@pytest.mark.ffmpeg
def test_the_answer_is_named_in_a_later_run_too(theatre: Callable[..., Any]) -> None:
    """It lives for days: the ledger keeps its URL, and until when."""
    house = theatre(WAITS, scene=WHOLE)
    house.run()
    house.scene(HOP, **WHOLE)
    assert house.run().exit_code == 0
    assert len(house.queue.uploads) == 1 and _shown_to(house, 1) == _answer_of(house, "waits")
    take = house.takes("waits")[0]
    ((until,),) = _sql(house, "SELECT expires_at FROM uploads WHERE sha256 = ?", take.sha256)
    assert until == pytest.approx(take.submitted_at + ANSWER_LIVES_S)


@pytest.mark.ffmpeg
def test_an_answer_past_its_time_is_uploaded_as_it_was(theatre: Callable[..., Any]) -> None:
    """What the model is shown is the same to the byte, and so is the take's key."""
    house = theatre(WAITS, scene=WHOLE)
    house.run()
    house.scene(HOP, **WHOLE)
    promised = plan(house.file, backend="fal")["listens"].job.key
    _sql(house, "UPDATE uploads SET expires_at = 1")
    assert house.run().exit_code == 0
    sent = house.queue.uploads[-1]
    assert len(house.queue.uploads) == 2 and _shown_to(house, 1).endswith(sent.url_path)
    assert sent.sha256 == house.takes("waits")[0].sha256
    assert house.takes("listens")[0].key == promised


@pytest.mark.ffmpeg
def test_neither_way_changes_the_key_or_the_picture(
    theatre: Callable[..., Any], tmp_path: Any
) -> None:
    """A key hashes contents: how they reached the service is not in it."""
    house = theatre(HOP, scene=WHOLE)
    house.run()
    by_url = house.takes("listens")[0]
    assert house.run().submits == 0, "the kept take still fits"
    _sql(house, "UPDATE uploads SET expires_at = 1")
    assert house.run(store=tmp_path / "other").exit_code == 0  # the same scene, shot from scratch
    with Ledger.open(tmp_path / "other", create=False) as ledger:
        again = ledger.memory("night-train").of_shot("listens")[0]
    assert (again.key, again.sha256) == (by_url.key, by_url.sha256)


@pytest.mark.ffmpeg
def test_an_answer_that_the_service_has_dropped_is_uploaded_the_next_time(
    theatre: Callable[..., Any],
) -> None:
    """An account may keep files for less than a week: the remedy sends the bytes, once."""
    house = theatre(WAITS, scene=WHOLE)
    house.run()
    dropped = _answer_of(house, "waits")
    house.queue.storage.find(dropped).unlink()
    house.scene(HOP, **WHOLE)
    result = house.run()
    assert (result.exit_code, house.states("listens")) == (0, [State.LOST, State.CIRCLED])
    assert [_shown_to(house, 1), len(house.queue.uploads)] == [dropped, 2]
    assert _shown_to(house, 2) != dropped
    # The dead URL is not tried again: neither in this run nor for another hop of a later one.
    house.scene({**HOP, "rises": {**HOP["listens"], "prompt": "she rises"}}, **WHOLE)
    assert house.run().exit_code == 0
    assert _shown_to(house, 3) == _shown_to(house, 2) and len(house.queue.uploads) == 2


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    "url", ["https://v3b.fal.media/files/b/x.mp4", "http://127.0.0.1:9/files/b/x.mp4"]
)
def test_a_url_of_another_queue_is_not_named_to_this_one(
    url: str, theatre: Callable[..., Any]
) -> None:
    """A queue on this machine cannot read fal's files, nor fal those of this machine."""
    house = theatre(WAITS, scene=WHOLE)
    house.run()
    _sql(house, "UPDATE uploads SET url = ?", url)
    house.scene(HOP, **WHOLE)
    assert house.run().exit_code == 0
    assert url not in str(house.queue.submits) and house.submits == 2


@pytest.mark.ffmpeg
@pytest.mark.usefixtures("quick_previews")
def test_a_preview_names_its_answer_within_its_run_and_never_in_another(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queue lives in the process: with it end its URLs."""
    queues: list[Any] = []
    backend = sys.modules["scenegraph.run.backend"]
    make = backend.create_app  # type: ignore[attr-defined]

    def watched(**options: Any) -> Any:
        made = make(**options)
        queues.append(made.state.queue)
        return made

    monkeypatch.setattr(backend, "create_app", watched)
    house = theatre(HOP, scene=WHOLE)
    preview = {"backend": "animatic", "queue": None}
    house.run(**preview)
    assert [len(queue.uploads) for queue in queues] == [1]
    assert queues[0].submits[1]["video"]["video_url"] == _answer_of(house, "waits")
    assert _sql(house, "SELECT count(*) FROM uploads") == [(0,)]
    house.scene({**HOP, "rises": {**HOP["listens"], "prompt": "she rises"}}, **WHOLE)
    assert house.run(**preview).exit_code == 0
    (upload,) = queues[1].uploads
    parent = house.takes("waits")[0]
    assert upload.sha256 == parent.sha256
    assert sha256(parent.clip.path.read_bytes()).hexdigest() == parent.sha256
