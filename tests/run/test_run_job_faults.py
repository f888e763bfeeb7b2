"""After the request: jobs that fail, polls and files that falter. The table, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenegraph.animatic.answers import MODEL_ERRORS, REQUEST_ERRORS
from scenegraph.fal import Remedy
from scenegraph.fal.errors import MODEL_ERRORS as MODEL_ROWS
from scenegraph.fal.errors import REQUEST_ERRORS as REQUEST_ROWS
from scenegraph.ledger import State
from scenegraph.media import probe
from scenegraph.plan import Selection

ONE = {"platform": {"kind": "t2v", "prompt": "an empty platform at night"}}
WAITS = {"waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}}

#: Faults that pass: one request, one job, a circled take.
PASSING = [
    {"effect": "requeue", "count": 2},
    {"effect": "slow", "seconds": 0.2},
    {"effect": "no-seed"},
    {"effect": "status-error", "status": 500},
    {"effect": "status-error", "status": 429},
    {"effect": "status-nginx"},
    {"effect": "status-bare"},
    {"effect": "status-odd"},
    {"effect": "result-error", "status": 503},
    {"effect": "download-slow", "bytes_per_s": 60_000},
    {"effect": "download-truncated"},
    {"effect": "download-error", "status": 500},
    {"effect": "wrong-size"},
    {"effect": "wrong-frames"},
    {"effect": "wrong-rate"},
]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("fault", PASSING, ids=lambda f: f"{f['effect']}-{f.get('status', '')}")
def test_a_passing_fault_costs_no_second_job(
    fault: dict[str, Any], theatre: Callable[..., Any]
) -> None:
    """Polls and downloads are repeated, clips are probed; the job is asked for once."""
    house = theatre(ONE)
    house.goes_wrong(**fault)
    odd_clip = fault["effect"].startswith("wrong")
    result = house.run(cut=odd_clip)
    assert (result.exit_code, result.submits, house.submits) == (0, 1, 1)
    assert house.states("platform") == [State.CIRCLED]
    if odd_clip:
        assert probe(result.reel).frames == result.to_json()["reel_frames"]


LOST_AFTER_ACCEPTANCE = [
    ("download-truncated", State.ANSWERED, "download-failed"),
    ("download-expired", State.ANSWERED, "download-failed"),
    ("download-error", State.ANSWERED, "download-failed"),
    ("status-nginx", State.SUBMITTED, "queue-silent"),
    ("result-error", State.SUBMITTED, "queue-silent"),
]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("effect, left_as, kind", LOST_AFTER_ACCEPTANCE)
def test_paid_work_that_does_not_arrive_is_owed_and_fetched_later(
    effect: str, left_as: State, kind: str, theatre: Callable[..., Any]
) -> None:
    """The file or the queue fails for good in this run: the next one collects, and asks nothing."""
    house = theatre(ONE, patience={"patience_s": 0.3, "result_patience_s": 0.3})
    status = {"status": 503} if effect == "result-error" else {}
    house.goes_wrong(effect=effect, times=0, **status)
    result = house.run()
    assert (result.exit_code, house.submits, house.states("platform")) == (1, 1, [left_as])
    assert result.outcomes[0].error["kind"] == kind
    assert "scenegraph run SCENE` collects platform" in result.next_step
    house.queue.faults.clear()
    again = house.run()
    assert (again.exit_code, again.submits, house.submits) == (0, 0, 1)
    assert house.states("platform") == [State.CIRCLED]


ROWS = {**MODEL_ROWS, **REQUEST_ROWS}
TYPES = [*MODEL_ERRORS, *REQUEST_ERRORS]
PASS = [type for type in TYPES if ROWS[type].remedy is Remedy.ASK_AGAIN]
FINAL = [type for type in TYPES if ROWS[type].remedy is Remedy.LOSE]


def test_the_proving_ground_can_say_every_row_and_no_other() -> None:
    """A row that the queue cannot say is never tried; a word of the queue without one is a guess.

    Codes are compared, too: they are written down in both places.
    """
    said = {type: http for type, (http, _) in MODEL_ERRORS.items()}
    assert said == {type: row.http for type, row in MODEL_ROWS.items()}
    assert {type: row.http for type, row in REQUEST_ROWS.items()} == REQUEST_ERRORS


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, Any]]:
    """One run of a scene with a shot for each row of the table, each failing once with its error.

    The theatre, its result, and how many requests a second run sent.
    """
    import importlib.util

    where = Path(__file__).with_name("conftest.py")
    spec = importlib.util.spec_from_file_location("run_conftest", where)
    assert spec is not None and spec.loader is not None
    house_room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house_room)
    house = house_room.Theatre(tmp_path_factory.mktemp("table"))
    house.scene(
        {_id(type): {"kind": "t2v", "frames": 9, "prompt": f"row {type} ends"} for type in TYPES}
    )
    loc = ("body", "prompt")
    for type in TYPES:
        fault = {"type": type, "message": "because it is so", "loc": loc, "retryable": True}
        house.goes_wrong(effect="fail", prompt=f"row {type} ends", **fault)
    try:
        yield house, house.run(jobs=8), house.run().submits
    finally:
        house.queue.close()


def _id(type: str) -> str:
    return type.replace("_", "-").replace(".", "-")


@pytest.mark.ffmpeg
@pytest.mark.parametrize("type", PASS)
def test_a_passing_error_is_asked_once_more_as_a_new_job(type: str, table: Any) -> None:
    """COMPLETED is not success; the service's own failures are worth one more job, not two."""
    house, result, _ = table
    outcome = next(shot for shot in result.outcomes if shot.shot == _id(type))
    assert outcome.state == "circled" and outcome.error is None
    assert house.states(_id(type)) == [State.LOST, State.CIRCLED]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("type", FINAL)
def test_a_final_error_loses_the_shot_with_its_words_and_field(type: str, table: Any) -> None:
    """Asking the same again cannot help, so one request was sent, and none by the second run."""
    house, result, _ = table
    outcome = next(shot for shot in result.outcomes if shot.shot == _id(type))
    assert outcome.state == "refused" and house.states(_id(type)) == [State.REFUSED]
    assert "because it is so" in outcome.error["message"] and outcome.error["service"] == type
    assert outcome.error["field"] == ("body.prompt" if type in MODEL_ERRORS else None)


@pytest.mark.ffmpeg
def test_the_rows_of_the_table_cost_what_they_should(table: Any) -> None:
    """A row that passes is two requests, a final one is one; nothing is sent by the next run."""
    house, result, again = table
    once = [type for type in TYPES if type not in PASS and type not in FINAL]
    assert once == ["file_download_error"]
    assert house.submits == result.submits == 2 * len(PASS) + len(FINAL) + 2
    assert result.exit_code == 1 and again == 0


@pytest.mark.ffmpeg
def test_an_error_that_does_not_pass_ends_after_the_second_job(
    theatre: Callable[..., Any],
) -> None:
    """Two jobs failed: the shot is lost with the service's words; the next run may try again."""
    house = theatre(ONE)
    house.goes_wrong(effect="fail", type="runner_server_error", message="out of memory", times=0)
    result = house.run()
    assert (result.exit_code, house.submits) == (1, 2)
    assert house.states("platform") == [State.LOST, State.LOST]
    error = result.outcomes[0].error
    assert error["service"] == "runner_server_error" and "out of memory" in error["message"]
    with house.ledger() as ledger:
        money = ledger.money("night-train")
    assert (money.spent, money.reserved) == (0, 0)
    house.queue.faults.clear()
    assert house.run().exit_code == 0


@pytest.mark.ffmpeg
def test_an_upload_that_the_service_cannot_read_is_sent_anew_once(
    theatre: Callable[..., Any],
) -> None:
    """Our URL may have expired: uploaded anew, asked once more, and not a third time."""
    house = theatre(WAITS)
    house.goes_wrong(effect="fail", type="file_download_error")
    result = house.run()
    assert (result.exit_code, house.submits, len(house.queue.uploads)) == (0, 2, 2)
    first, second = house.queue.submits
    assert first["image_url"] != second["image_url"]


@pytest.mark.ffmpeg
def test_a_file_that_is_never_readable_is_refused(theatre: Callable[..., Any]) -> None:
    """The one excuse, a dead URL, is used up: "not retryable", so no run asks again by itself."""
    house = theatre(WAITS)
    loc = ("body", "image_url")
    words = "Failed to download the file"
    house.goes_wrong(effect="fail", type="file_download_error", times=0, loc=loc, message=words)
    result = house.run()
    assert (result.exit_code, house.submits) == (1, 2)
    assert house.states("waits") == [State.LOST, State.REFUSED]
    error = result.outcomes[0].error
    assert result.outcomes[0].state == "refused" and words in error["message"]
    assert (error["field"], error["service"]) == ("body.image_url", "file_download_error")
    assert "uploaded anew" in error["next"] and "rerun SCENE waits" in result.next_step
    again = house.run()
    assert (again.exit_code, again.submits, house.submits) == (1, 0, 2)
    house.queue.faults.clear()
    assert house.run(selection=Selection.of(force="waits")).exit_code == 0 and house.submits == 3


@pytest.mark.ffmpeg
def test_a_second_failure_is_known_as_one_in_the_run_that_collects_it(
    theatre: Callable[..., Any],
) -> None:
    """The job after the new upload was left out; it fails while a later run waits for it."""
    house = theatre(WAITS, patience={"job_s": 0.3})
    house.goes_wrong(effect="fail", type="file_download_error", submit=1)
    house.goes_wrong(effect="never", submit=2)
    assert house.run().exit_code == 1
    assert house.states("waits") == [State.LOST, State.SUBMITTED]
    house.queue.faults.clear()
    house.goes_wrong(effect="fail", type="file_download_error", times=0)
    house.queue._enqueue(list(house.queue.jobs.values())[1])
    assert house.run().submits == 0
    assert house.states("waits") == [State.LOST, State.REFUSED] and house.submits == 2


@pytest.mark.ffmpeg
def test_an_upload_that_expired_between_runs_is_sent_anew(theatre: Callable[..., Any]) -> None:
    """The map of uploads remembers a URL; when the service has dropped it, the shot is not lost."""
    house = theatre(WAITS)
    house.run()
    for upload in house.queue.uploads:
        upload.path.unlink()
    house.scene({**WAITS, "sits": {**WAITS["waits"], "prompt": "she sits"}})
    result = house.run()
    assert (result.exit_code, house.states("sits")) == (0, [State.LOST, State.CIRCLED])


@pytest.mark.ffmpeg
def test_a_billed_job_that_is_forgotten_is_a_question(theatre: Callable[..., Any]) -> None:
    """It was accepted, and the queue knows it no more: it may be billed, so it is not repeated."""
    house = theatre(ONE)
    house.goes_wrong(effect="forgotten", times=0)
    result = house.run()
    assert (result.exit_code, house.submits, house.states("platform")) == (4, 1, [State.UNKNOWN])
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_preview_that_is_forgotten_is_drawn_again(theatre: Callable[..., Any]) -> None:
    """The twin that costs nothing."""
    house = theatre(ONE)
    house.goes_wrong(effect="forgotten")
    result = house.run(backend="animatic")
    assert (result.exit_code, house.submits) == (0, 2)


@pytest.mark.ffmpeg
def test_a_page_in_the_place_of_a_clip_is_a_broken_take(theatre: Callable[..., Any]) -> None:
    """It is kept as what it is, rejected, and another take is shot."""
    house = theatre(ONE)
    house.goes_wrong(effect="garbage")
    result = house.run()
    assert (result.exit_code, house.submits) == (0, 2)
    assert house.states("platform") == [State.REJECTED, State.CIRCLED]
    assert house.takes("platform")[0].verdict == "broken"


@pytest.mark.ffmpeg
def test_a_file_elsewhere_is_not_fetched_from_inside_our_network(
    theatre: Callable[..., Any],
) -> None:
    """An answer may not send us to a private address; the paid take stays owed."""
    house = theatre(ONE)
    house.goes_wrong(effect="odd-url", url="https://10.0.0.1/secret.mp4")
    result = house.run()
    assert (result.exit_code, house.submits, house.states("platform")) == (1, 1, [State.ANSWERED])
    assert "no public https address" in result.outcomes[0].error["message"]


@pytest.mark.ffmpeg
def test_a_job_that_never_ends_is_left_out_and_collected_later(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is over in this run; it keeps its id, and no second one is asked for."""
    house = theatre(ONE, patience={"job_s": 0.3})
    house.goes_wrong(effect="never")
    result = house.run()
    assert (result.exit_code, house.states("platform")) == (1, [State.SUBMITTED])
    job = next(iter(house.queue.jobs.values()))
    house.queue._enqueue(job)  # the service comes back to it
    house.waits()
    again = house.run()
    assert (again.exit_code, again.submits, house.submits) == (0, 0, 1)
