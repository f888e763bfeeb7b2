"""Exactly the same job, wanted twice at once: by two shots, or by two processes and one store."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import Ledger, State, Take
from scenegraph.ledger.rescue import mend
from scenegraph.run import plan

HERE = Path(__file__).parent
#: Seeds are drawn from shot ids; only a fixed one makes two shots the same job.
SAME = {"kind": "t2v", "prompt": "rain on the platform", "seed": 5}
TWINS: Mapping[str, Mapping[str, Any]] = {
    "rain": SAME,
    "rain-again": SAME,
    "rain-last": SAME,
    "street": {"kind": "t2v", "prompt": "an empty street"},
}


@pytest.mark.ffmpeg
def test_twins_of_one_scene_are_one_request(theatre: Callable[..., Any]) -> None:
    """The plan says so, prices it once, and the run does exactly that."""
    house = theatre(TWINS)
    planned = plan(house.file, backend="fal")
    actions = {shot.shot: (shot.action, shot.twin) for shot in planned.shots}
    assert actions == {
        "rain": ("shoot", None),
        "rain-again": ("reattach", "rain"),
        "rain-last": ("reattach", "rain"),
        "street": ("shoot", None),
    }
    assert planned.usd == planned["rain"].usd + planned["street"].usd
    result = house.run()
    assert (result.exit_code, result.submits, house.submits) == (0, planned.to_shoot, 2)
    shas = {house.takes(shot)[0].sha256 for shot in ("rain", "rain-again", "rain-last")}
    assert len(shas) == 1
    again = house.run()
    assert (again.exit_code, again.submits) == (0, 0)


@pytest.mark.ffmpeg
def test_twin_chains_are_one_chain_of_requests(theatre: Callable[..., Any]) -> None:
    """Also hops behind twins: their keys are only known when the parents are here."""
    hop = {"kind": "extend", "prompt": "it rains on", "seed": 6}
    house = theatre(
        {
            "rain": SAME,
            "copy": SAME,
            "rain-on": {**hop, "parent": "rain"},
            "copy-on": {**hop, "parent": "copy"},
        }
    )
    assert plan(house.file, backend="fal").to_shoot == 2
    result = house.run()
    assert (result.exit_code, house.submits) == (0, 2)


@pytest.mark.ffmpeg
def test_a_twin_of_a_lost_shot_asks_for_itself(theatre: Callable[..., Any]) -> None:
    """A shot that failed does not take its twin with it: the other one is tried."""
    house = theatre({"rain": SAME, "copy": SAME})
    house.goes_wrong(effect="fail", type="runner_server_error", prompt="rain", times=2)
    result = house.run()
    states = {shot.shot: shot.state for shot in result.outcomes}
    assert states == {"rain": "lost", "copy": "circled"}


@pytest.mark.ffmpeg
def test_what_a_paid_run_bought_is_in_the_copy_of_its_ledger(theatre: Callable[..., Any]) -> None:
    """A ledger that breaks the night after is mended from it: nothing is asked for again."""
    house = theatre(TWINS)
    house.run()
    file = house.folder / ".scenegraph" / "ledger.db"
    file.write_bytes(b"not a ledger any more" * 400)
    found = mend(file.parent)
    assert found.mended and not found.lost_takes and not found.missing_media
    again = house.run()
    assert (again.exit_code, again.submits, house.submits) == (0, 0, 2)


class Service:
    """A served queue that keeps its jobs in a folder, so that a test can count what was billed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "stages.py"), str(folder / "queue"), str(port)],
            stdout=self.log,
            stderr=self.log,
        )
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < until and self.process.poll() is None
                time.sleep(0.05)

    @property
    def environment(self) -> dict[str, str]:
        names = ("QUEUE", "REST", "CDN")
        return {f"SCENEGRAPH_FAL_{name}_URL": self.url for name in names}

    @property
    def billed(self) -> list[Mapping[str, Any]]:
        folder = self.folder / "queue" / "jobs"
        return [json.loads(file.read_text()) for file in folder.glob("[!.]*.json")]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    folder = tmp_path / "service"
    folder.mkdir()
    served = Service(folder)
    monkeypatch.setenv("SCENEGRAPH_STORE", str(tmp_path / "store"))
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    yield served
    served.close()


SHOTS = {
    f"rain-{n}": {"kind": "t2v", "prompt": f"rain on platform {n}", "seed": n} for n in range(4)
}


def _scene(folder: Path, write_scene: Any, title: str, shots: Mapping[str, Any] = SHOTS) -> Path:
    folder.mkdir()
    file: Path = write_scene(folder, shots, title=title)
    return file


def _play(file: Path, *how: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "player.py"), str(file), *how],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _ended(process: subprocess.Popen[bytes]) -> int:
    _, said = process.communicate(timeout=90)
    assert b"Traceback" not in said, said.decode()
    return process.returncode


def _takes(store: Path, scene: str) -> list[Take]:
    with Ledger.open(store) as ledger:
        return [take for takes in ledger.memory(scene).takes.values() for take in takes]


@pytest.mark.ffmpeg
def test_two_processes_that_want_the_same_jobs_pay_once(
    service: Service, tmp_path: Path, write_scene: Any
) -> None:
    """Two scenes, one store, started together: each job is asked for by one of them."""
    files = [_scene(tmp_path / name, write_scene, name.title()) for name in ("one", "two")]
    processes = [_play(file) for file in files]
    assert [_ended(process) for process in processes] == [0, 0]
    assert len(service.billed) == len(SHOTS)
    takes = [_takes(tmp_path / "store", name) for name in ("one", "two")]
    assert all(take.state is State.CIRCLED for rows in takes for take in rows)
    shas = [{take.shot: take.sha256 for take in rows} for rows in takes]
    assert shas[0] == shas[1] and len(shas[0]) == len(SHOTS)
    asked = [take for rows in takes for take in rows if take.adopted_from is None]
    assert sorted(take.request_id or "" for take in asked) == sorted(
        job["id"] for job in service.billed
    )


@pytest.mark.ffmpeg
def test_a_job_of_a_killed_process_is_collected_by_the_one_that_waits(
    service: Service, tmp_path: Path, write_scene: Any
) -> None:
    """The first dies with its job submitted: the second fetches that, and asks for nothing."""
    one = {"rain": SHOTS["rain-1"]}
    files = [_scene(tmp_path / name, write_scene, name.title(), one) for name in ("one", "two")]
    assert _ended(_play(files[0], "write", "-2")) == -signal.SIGKILL
    (first,) = _takes(tmp_path / "store", "one")
    assert first.state is State.SUBMITTED
    planned = plan(files[1], backend="fal")
    assert (planned.to_shoot, planned["rain"].action) == (0, "reattach")
    assert _ended(_play(files[1])) == 0
    assert len(service.billed) == 1
    (second,) = _takes(tmp_path / "store", "two")
    assert second.state is State.CIRCLED
    assert _ended(_play(files[0])) == 0
    assert len(service.billed) == 1


@pytest.mark.ffmpeg
def test_a_request_of_unknown_end_is_not_sent_by_another_scene(
    service: Service, tmp_path: Path, write_scene: Any
) -> None:
    """The first died between its intent and the id: it may be billed, and a person is asked."""
    one = {"rain": SHOTS["rain-1"]}
    files = [_scene(tmp_path / name, write_scene, name.title(), one) for name in ("one", "two")]
    assert _ended(_play(files[0], "write", "2")) == -signal.SIGKILL
    for _ in range(2):
        assert _ended(_play(files[1])) == 4
        assert len(service.billed) <= 1 and not _takes(tmp_path / "store", "two")
    planned = plan(files[1], backend="fal")["rain"]
    assert planned.action == "ask" and "one" in planned.next
    with Ledger.open(tmp_path / "store") as ledger:
        (first,) = _takes(tmp_path / "store", "one")
        assert first.state is State.UNKNOWN
        ledger.lost(first.id, {"kind": "resubmit", "message": "it never arrived"})
    assert _ended(_play(files[1])) == 0
