"""The queue: jobs wait in line, a few are drawn at a time, answers are files.

Its workers are threads of its own, so that one queue serves any event loop: drawing is NumPy,
OpenCV and an FFmpeg process, all of which let other threads run.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from scenegraph.animatic.answers import (
    MODEL_ERRORS,
    Failure,
    detail,
    model_failure,
    request_failure,
)
from scenegraph.animatic.faults import FaultPlan, Faults, Rule
from scenegraph.animatic.jobs import Job
from scenegraph.animatic.model import Asked, Render, answer_of, billable_units, read_request
from scenegraph.animatic.storage import Storage, Upload
from scenegraph.animatic.webhooks import RETRY_S, Courier
from scenegraph.catalog import Catalog, load_catalog
from scenegraph.errors import SceneGraphError
from scenegraph.media import Leash

log = structlog.get_logger(__name__)

#: How long a fault that flickers holds each state, so that a poll can see it.
FLICKER_S = 0.05
#: A drawing that was told to end does so at its next frame.
LET_GO_S = 5.0


class Queue:
    """Accepts jobs, draws them, remembers what became of them.

    Attributes:
        jobs: every job that was accepted, by id, in order.
        submits: the body of every submit that reached the queue, in order, also of those whose
            answer a fault then dropped: what a service would have billed.
        calls: how often each kind of call came (`submit`, `status`, `result`, `cancel`, …).
        faults: the plan at work; rules may be added and cleared while it runs.
        courier: tells of ended jobs by webhook, and has the keys for it.
    """

    def __init__(
        self,
        *,
        render: Render,
        catalog: Catalog | None = None,
        drift: float = 0.0,
        latency_s: float = 0.0,
        faults: FaultPlan | None = None,
        workers: int | None = None,
        folder: Path | None = None,
        webhook_retry_s: float = RETRY_S,
    ) -> None:
        self.catalog = catalog or load_catalog()
        self.drift, self.latency_s = drift, latency_s
        self.workers = max(1, workers or os.cpu_count() or 1)
        self.faults = Faults(faults)
        self.jobs: dict[str, Job] = {}
        self.submits: list[Any] = []
        self.calls: dict[str, int] = {}
        self._render = render
        self._line: deque[Job] = deque()
        self._lock = threading.RLock()
        self._busy = 0
        self._stop = threading.Event()
        self.courier = Courier(self._stop, webhook_retry_s)
        self._leash = Leash()
        self._keep = folder is not None
        place = folder or Path(tempfile.mkdtemp(prefix="scenegraph-animatic-"))
        place.mkdir(parents=True, exist_ok=True)
        self.storage = Storage(place / "files" if self._keep else place)
        self._records = place / "jobs"
        # When the program ends, and not before, a queue that nobody closed lets go of all it holds.
        self._end = weakref.finalize(
            self, _let_go, self._stop, self._leash, None if self._keep else place
        )
        if self._keep:
            self._records.mkdir(exist_ok=True)
            self._remember()

    def _remember(self) -> None:
        """Take up what an earlier run in the same folder left."""
        kept = [Job.load(file) for file in sorted(self._records.glob("[!.]*.json"))]
        for job in sorted(kept, key=lambda job: job.number):
            self.jobs[job.id] = job
            self.storage.hosts.add(job.base.partition("://")[2])
            if job.state != "COMPLETED":
                self._enqueue(job)

    @property
    def uploads(self) -> list[Upload]:
        """Every file that clients sent, in order."""
        return list(self.storage.uploads)

    def count(self, call: str) -> None:
        with self._lock:
            self.calls[call] = self.calls.get(call, 0) + 1

    def coming(self) -> int:
        """The number that the next submit will have."""
        return self.calls.get("submit", 0) + 1

    def next_number(self) -> int:
        """The number of the submit that is about to be looked at."""
        with self._lock:
            self.calls["submit"] = self.calls.get("submit", 0) + 1
            return self.calls["submit"]

    def accept(self, job: Job) -> int:
        """Put a job in line; returns its position."""
        with self._lock:
            self.jobs[job.id] = job
            self.submits.append(job.body)
            if self._keep:
                job.save(self._records)
            self._enqueue(job)
            return self.position(job)

    def waiting(self) -> int:
        return len(self._line)

    def position(self, job: Job) -> int:
        """How many jobs are in line before this one."""
        with self._lock, contextlib.suppress(ValueError):
            return self._line.index(job)
        return 0

    def cancel(self, job: Job) -> bool:
        """Take a job out of the line; False when it has ended already.

        One that is being drawn goes on: nothing says that the real endpoints stop.
        """
        with self._lock:
            if job.state == "COMPLETED":
                return False
            if job in self._line:
                self._line.remove(job)
                self._finish(job, request_failure("client_cancelled", "Request was cancelled"))
            return True

    def close(self) -> None:
        """Stop drawing, end every FFmpeg, and remove the folder if it was only ours.

        Returns when nothing draws any more: a thread that still drew when the interpreter ends
        would abort the process.
        """
        self._end()
        until = time.monotonic() + LET_GO_S
        while self._busy and time.monotonic() < until:
            time.sleep(0.005)

    def _enqueue(self, job: Job) -> None:
        with self._lock:
            job.state = "IN_QUEUE"
            self._line.append(job)
            if self._busy < self.workers and not self._stop.is_set():
                self._busy += 1
                name = f"animatic-{self._busy}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def _next(self) -> Job | None:
        with self._lock:
            if self._stop.is_set() or not self._line:
                self._busy -= 1
                if self._stop.is_set() and not self._busy and not self._keep:
                    self.storage.clear()  # a drawing may have made its folder anew meanwhile
                return None
            job = self._line.popleft()
            job.began_at = time.monotonic()
            job.state = "IN_PROGRESS"
            return job

    def _work(self) -> None:
        """One worker: draws until the line is empty, then ends."""
        while (job := self._next()) is not None:
            try:
                self._do(job)
            except _HungUp:
                continue
            except Exception as error:
                if self._stop.is_set():
                    continue
                # A bug of ours must show as a failed job with its words, not as a stuck one.
                log.exception("animatic.failed", request_id=job.id)
                words = f"{type(error).__name__}: {error}"
                self._finish(job, model_failure([detail("internal_server_error", words)]))

    def _do(self, job: Job) -> None:
        waited = time.monotonic() - job.asked_at
        if job.start_within_s is not None and waited > job.start_within_s:
            timeout = {"X-Fal-Request-Timeout-Type": "user"}
            self._finish(job, request_failure("startup_timeout", **timeout))
            return
        self._misbehave(job)
        if self._stop.wait(self.latency_s):
            raise _HungUp
        if rule := self._strikes(job, "fail"):
            self._finish(job, failure_of(rule))
            return
        asked, failure = read_request(self.catalog, self.storage, job)
        if asked is None:
            self._finish(job, failure)
            return
        job.say(f"Drawing {asked.params.get(asked.endpoint.length)} frames for {asked.kind}")
        place, url_path = self.storage.new(f"{job.id}.mp4")
        try:
            with self._leash.held():
                self._render(
                    asked.kind, self._bent(job, asked), asked.inputs, place, drift=self.drift
                )
        except SceneGraphError as error:
            if self._stop.is_set():
                raise _HungUp from error  # it did not fail; it was ended
            self._finish(job, asked.blame(error))
            return
        if self._strikes(job, "garbage"):
            place.write_bytes(b"<!DOCTYPE html><html><body>Not found</body></html>")
        answer = answer_of(asked, f"{job.base}{url_path}", place)
        if self._strikes(job, "no-seed"):
            answer.pop("seed", None)
        if rule := self._strikes(job, "odd-url"):
            answer["video"]["url"] = rule.url
        job.billable_units = billable_units(asked)
        job.say("Done")
        self._finish(job, None, answer)

    def _misbehave(self, job: Job) -> None:
        """The faults that a job meets before it is drawn."""
        if rule := self._strikes(job, "requeue"):
            for _ in range(rule.count):
                self._stop.wait(FLICKER_S)
                job.state = "IN_QUEUE"
                self._stop.wait(FLICKER_S)
                job.state = "IN_PROGRESS"
        if self._strikes(job, "never"):
            raise _HungUp
        if (rule := self._strikes(job, "slow")) and self._stop.wait(rule.seconds):
            raise _HungUp

    def _bent(self, job: Job, asked: Asked) -> Mapping[str, Any]:
        """The parameters, or the wrong ones that a fault wants."""
        params, length = dict(asked.params), asked.endpoint.length
        if self._strikes(job, "wrong-size"):
            params["resolution"] = "480p" if params.get("resolution") == "720p" else "720p"
            params["aspect_ratio"] = "9:16" if params.get("aspect_ratio") == "1:1" else "1:1"
        if rule := self._strikes(job, "wrong-frames"):
            params[length] = max(1, int(params[length]) + rule.frames)
        if self._strikes(job, "wrong-rate"):
            params["frame_rate"] = 30 if params.get("frame_rate") != 30 else 25
        return params

    def _strikes(self, job: Job, *effects: str) -> Rule | None:
        return self.faults.strike(
            *effects, submit=job.number, endpoint=job.endpoint, prompt=job.prompt
        )

    def _finish(
        self, job: Job, failure: Failure | None, answer: dict[str, Any] | None = None
    ) -> None:
        with self._lock:
            job.answer, job.failure = answer, failure
            job.ended_at = time.monotonic()
            if failure is not None:
                job.say(failure.error, "ERROR")
            job.state = "COMPLETED"
            if self._keep:
                job.save(self._records)
        log.debug(
            "animatic.finished", request_id=job.id, error=failure.error_type if failure else None
        )
        if job.webhook is not None:
            self.courier.send(job, lambda effect: self._strikes(job, effect))


def failure_of(rule: Rule) -> Failure:
    """The failure that a `fail` rule names."""
    if rule.type in MODEL_ERRORS:
        words = rule.message or f"The model answered with {rule.type.replace('_', ' ')}"
        context = rule.context if rule.context is not None else MODEL_ERRORS[rule.type][1]
        entry = detail(rule.type, words, rule.loc, context=context)
        return model_failure([entry], retryable=rule.retryable)
    return request_failure(str(rule.type), rule.message)


def _let_go(stop: threading.Event, leash: Leash, folder: Path | None) -> None:
    stop.set()
    leash.end()
    if folder is not None:
        Storage(folder).clear()


class _HungUp(Exception):
    """This job is left as it stands."""
