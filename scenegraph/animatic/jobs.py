"""One job of the queue: what was asked, where it stands, what came of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from scenegraph.animatic.answers import Failure

State = Literal["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


@dataclass(slots=True)
class Job:
    """A request that was accepted.

    Attributes:
        number: the n-th submit that reached the queue, from 1.
        app: owner and alias, the endpoint without its sub-path: what the three URLs carry.
        base: scheme and host that the client used; the answers' URLs begin with it.
        webhook: the address that is told when the job has ended.
        failure: how it ended badly, once COMPLETED.
        answer: the model's answer, once COMPLETED and good.
    """

    number: int
    endpoint: str
    body: Any
    base: str
    webhook: str | None = None
    start_within_s: float | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: State = "IN_QUEUE"
    logs: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    failure: Failure | None = None
    billable_units: str | None = None
    forgotten: bool = False
    asked_at: float = field(default_factory=time.monotonic)
    began_at: float | None = None
    ended_at: float | None = None

    @property
    def app(self) -> str:
        return app_of(self.endpoint)

    @property
    def prompt(self) -> str:
        return str(self.body.get("prompt", "")) if isinstance(self.body, Mapping) else ""

    @property
    def url(self) -> str:
        return f"{self.base}/{self.app}/requests/{self.id}"

    def urls(self) -> dict[str, str]:
        return {
            "response_url": self.url,
            "status_url": f"{self.url}/status",
            "cancel_url": f"{self.url}/cancel",
        }

    def say(self, message: str, level: str = "INFO") -> None:
        """One more line of the job's log."""
        now = datetime.now(UTC).isoformat()
        self.logs.append({"message": message, "level": level, "source": "USER", "timestamp": now})

    def status(self, position: int, *, logs: bool) -> dict[str, Any]:
        """The status object that a poll answers with."""
        shown = list(self.logs) if logs else None
        status: dict[str, Any] = {"status": self.state, "request_id": self.id, **self.urls()}
        match self.state:
            case "IN_QUEUE":
                status["queue_position"] = position
            case "IN_PROGRESS":
                status["logs"] = shown
            case "COMPLETED":
                spent = (self.ended_at or 0.0) - (self.began_at or self.ended_at or 0.0)
                status["logs"] = shown
                status["metrics"] = {"inference_time": round(spent, 3)}
                if self.failure is not None:
                    status["error"] = self.failure.error
                    status["error_type"] = self.failure.error_type
        return status

    def save(self, folder: Path) -> None:
        """Write what a restart needs, so that a finished job is found and an open one redone."""
        failure = self.failure
        record = {
            "number": self.number,
            "endpoint": self.endpoint,
            "body": self.body,
            "base": self.base,
            "webhook": self.webhook,
            "id": self.id,
            "state": "COMPLETED" if self.state == "COMPLETED" else "IN_QUEUE",
            "answer": self.answer,
            "billable_units": self.billable_units,
            "failure": failure
            and [
                failure.code,
                dict(failure.body),
                failure.error,
                failure.error_type,
                dict(failure.headers),
            ],
        }
        temp = folder / f".{self.id}.json"
        temp.write_text(json.dumps(record), encoding="utf-8")
        temp.replace(folder / f"{self.id}.json")

    @classmethod
    def load(cls, file: Path) -> Job:
        record = json.loads(file.read_text(encoding="utf-8"))
        failure = record.pop("failure")
        return cls(**record, failure=Failure(*failure) if failure else None)


def app_of(endpoint: str) -> str:
    """Owner and alias: the part of an endpoint's id that queue URLs carry.

    >>> app_of("fal-ai/ltx-video-13b-distilled/extend"), app_of("workflows/me/rain/x")
    ('fal-ai/ltx-video-13b-distilled', 'workflows/me/rain')
    """
    parts = endpoint.split("/")
    return "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])
