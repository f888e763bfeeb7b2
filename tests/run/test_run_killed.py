"""`kill -9`, Ctrl-C and two processes, against a queue that is served by a process of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scenegraph.errors import StoreBusy
from scenegraph.ledger import Ledger, QueueUrls, State, Take
from scenegraph.media import probe
from scenegraph.run import run

HERE = Path(__file__).parent
CHAIN: dict[str, dict[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "platform": {"kind": "t2v", "prompt": "an empty platform at night"},
}
ONE = {"platform": CHAIN["platform"]}


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

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Jobs are taken and billed, and none is answered, however slow this test is meanwhile."""
        hold = self.folder / "hold"
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()

    @property
    def environment(self) -> dict[str, str]:
        names = ("QUEUE", "REST", "CDN")
        return {f"SCENEGRAPH_FAL_{name}_URL": self.url for name in names}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


class Scene:
    """A scene of its own title, so that its jobs can be told from those of other tests."""

    def __init__(self, service: Service, folder: Path, file: Path, mark: str) -> None:
        self.service, self.folder, self.file, self.mark = service, folder, file, mark

    def play(self, *how: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.service.environment}
        return subprocess.Popen(
            [sys.executable, str(HERE / "player.py"), str(self.file), *how],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def killed(self, *how: str) -> int:
        """Play until the process ends; its exit code, negative for a signal."""
        process = self.play(*how)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (-signal.SIGKILL, 0, 1, 4), said.decode()
        return process.returncode

    @property
    def billed(self) -> list[Mapping[str, Any]]:
        """Every job of this scene that the queue took."""
        folder = self.service.folder / "queue" / "jobs"
        jobs = [json.loads(file.read_text()) for file in folder.glob("[!.]*.json")]
        return [job for job in jobs if self.mark in job["body"]["prompt"]]

    def wait_until_billed(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 60
        while not self.billed:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.01)

    def takes(self) -> list[Take]:
        with Ledger.open(self.folder / ".scenegraph") as ledger:
            rows = ledger.memory("night-train").takes
        return [take for takes in rows.values() for take in takes]

    def resolve(self) -> None:
        """What a person does: looks whether the service shows the job, and says so."""
        with Ledger.open(self.folder / ".scenegraph") as ledger:
            for take in self.takes():
                if take.state is not State.UNKNOWN:
                    continue
                found = [job for job in self.billed if job["body"]["seed"] == take.seed]
                if found:
                    app = "/".join(take.endpoint.split("/")[:2])
                    url = f"{self.service.url}/{app}/requests/{found[0]['id']}"
                    urls = QueueUrls(f"{url}/status", url, f"{url}/cancel")
                    ledger.submitted(take.id, found[0]["id"], urls)
                else:
                    ledger.lost(take.id, {"kind": "resubmit", "message": "it never arrived"})

    def finish(self, shots: int) -> None:
        """Run to the end; nothing was billed twice, nothing that was billed is missing."""
        result = run(self.file, backend="fal", jobs=3)
        if result.exit_code == 4:
            self.resolve()
            result = run(self.file, backend="fal", jobs=3)
        assert result.exit_code == 0, result.to_json()
        takes = self.takes()
        assert State.INTENDED not in {take.state for take in takes}
        assert len(self.billed) == shots
        assert {job["id"] for job in self.billed} == {t.request_id for t in takes} - {None}
        for take in takes:
            if take.request_id is not None:
                assert take.state is State.CIRCLED and take.sha256
                assert (self.folder / ".scenegraph" / str(take.media)).is_file()
        assert result.reel is not None
        assert probe(result.reel).frames == result.to_json()["reel_frames"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    served = Service(tmp_path_factory.mktemp("service"))
    yield served
    served.close()


@pytest.fixture
def scene(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_scene: Any
) -> Any:
    """Builds scenes that are played against the served queue."""
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)

    def build(shots: Mapping[str, Mapping[str, Any]], name: str = "") -> Scene:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        mark = f"mark {random.randrange(10**9)}"
        marked = {id: {**body, "prompt": f"{body['prompt']}, {mark}"} for id, body in shots.items()}
        return Scene(service, folder, write_scene(folder, marked), mark)

    return build


#: A t2v shot writes: intended, submitted, answered, fetched, its URL, reviewed with circled.
ARROWS = [-1, 2, -3, *(pytest.param(n, marks=pytest.mark.long) for n in (-2, 3, 4, -4, 5, -5, -6))]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("write", ARROWS)
def test_a_kill_at_a_state_arrow_loses_nothing_and_pays_once(write: int, scene: Any) -> None:
    """Killed right after a write is durable, or (2) with the request sent and its id unwritten."""
    film = scene(ONE)
    assert film.killed("write", str(write)) == -signal.SIGKILL
    film.finish(shots=1)


@pytest.mark.ffmpeg
def test_kills_at_several_moments_of_one_scene(scene: Any) -> None:
    """Killed again and again, each time a little later; resumed each time where it stood."""
    film = scene(CHAIN)
    for after in (0.2, 0.4):
        film.killed("after", str(after))
        if any(take.state is State.UNKNOWN for take in film.takes()):
            film.resolve()
    film.finish(shots=4)


@pytest.mark.ffmpeg
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_keeps_all_state(scene: Any) -> None:
    """Ctrl-C while requests are out: every one of them is written down, and collected next time."""
    film = scene(CHAIN)
    with film.service.holding():
        process = film.play()
        film.wait_until_billed(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode != 0
    states = {take.state for take in film.takes()}
    assert not states & {State.INTENDED, State.UNKNOWN}
    film.finish(shots=4)


@pytest.mark.ffmpeg
def test_two_processes_on_one_scene_send_nothing_twice(scene: Any) -> None:
    """The second is told that the scene is held, and by whom."""
    film = scene(CHAIN)
    with film.service.holding():
        process = film.play()
        film.wait_until_billed(process)
        with pytest.raises(StoreBusy, match=f"process {process.pid}") as caught:
            run(film.file, backend="fal")
    assert caught.value.exit_code == 4
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    film.finish(shots=4)


@pytest.mark.long
@pytest.mark.ffmpeg
def test_two_hundred_kills(scene: Any) -> None:
    """At every write and at random moments: POSTs equal jobs, and every answered take is here."""
    chance = random.Random(20260101)
    kills = number = 0
    while kills < 200:
        film = scene(CHAIN, f"round-{number}")
        number += 1
        for _ in range(8):
            how = ("write", str(chance.choice((-1, 1)) * chance.randrange(1, 28)))
            if chance.random() < 0.5:
                how = ("after", f"{chance.uniform(0.02, 1.6):.3f}")
            ended = film.killed(*how)
            kills += ended == -signal.SIGKILL
            film.resolve()
            if ended == 0:
                break
        film.finish(shots=4)
