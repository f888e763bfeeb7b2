"""The queue's doors: an ASGI app with the paths, codes, bodies and headers of the real service.

One app stands for all of its hosts (queue, storage, CDN): whatever host a client calls it by is the
host that its answers' URLs carry.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scenegraph.animatic import files
from scenegraph.animatic.answers import LOCKED, NGINX_502
from scenegraph.animatic.faults import FaultPlan, Rule
from scenegraph.animatic.jobs import Job, app_of
from scenegraph.animatic.lost import Lost
from scenegraph.animatic.model import Render
from scenegraph.animatic.queue import Queue
from scenegraph.animatic.webhooks import RETRY_S
from scenegraph.catalog import Catalog

#: A request's body names files by URL; only data: URIs make it large.
MOST_BODY = 64 * 2**20
#: How often a status stream looks for news.
STREAM_S = 0.05
NOT_FOUND = {"status": "NOT_FOUND"}


def create_app(
    *,
    drift: float = 0.0,
    latency_s: float = 0.0,
    faults: FaultPlan | None = None,
    workers: int | None = None,
    folder: Path | None = None,
    render: Render | None = None,
    catalog: Catalog | None = None,
    key: str | None = None,
    webhook_retry_s: float = RETRY_S,
) -> Starlette:
    """An app that speaks the service's queue protocol and draws its answers.

    Args:
        drift: how far each hop wanders, 0 to 1.
        latency_s: seconds that each job takes besides drawing.
        faults: what goes wrong on purpose.
        workers: jobs drawn at a time; as many as this machine has processors by default.
        folder: keeps jobs and files here, so that a later app in the same folder knows them; a
            temporary folder, removed at the end, by default.
        render: draws instead of `scenegraph.animatic.draw.render`.
        key: `Authorization: Key …` that calls must carry; any or none by default.
        webhook_retry_s: before a webhook is sent a second time; each later wait is twice as long.

    The app needs no lifespan: it works in process (`animatic_transport`), where none is run.
    `app.state.queue` is its `Queue`; close that when the app is no longer needed.
    """
    queue = Queue(
        render=render or _drawing(),
        catalog=catalog,
        drift=drift,
        latency_s=latency_s,
        faults=faults,
        workers=workers,
        folder=folder,
        webhook_retry_s=webhook_retry_s,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        queue.close()

    job = "/{app:path}/requests/{id}"
    app = Starlette(
        routes=[
            *files.routes(),
            Route("/.well-known/jwks.json", _keys, methods=["GET"]),
            Route(f"{job}/status/stream", _stream, methods=["GET"]),
            Route(f"{job}/status", _status, methods=["GET"]),
            Route(f"{job}/cancel", _cancel, methods=["PUT"]),
            Route(f"{job}/response", _result, methods=["GET"]),
            Route(job, _result, methods=["GET"]),
            Route("/{endpoint:path}", _submit, methods=["POST"]),
        ],
        lifespan=lifespan,
    )
    app.state.queue = queue
    app.state.key = key
    return app


async def _keys(request: Request) -> Response:
    """The public keys of this queue's webhooks, as the service serves its own."""
    queue: Queue = request.app.state.queue
    return JSONResponse(queue.courier.jwks())


def _drawing() -> Render:
    from scenegraph.animatic.draw import render

    return render


async def _submit(request: Request) -> Response:
    queue: Queue = request.app.state.queue
    if refusal := files.refused(request):
        return refusal
    endpoint = request.path_params["endpoint"].strip("/")
    if queue.catalog.by_id(endpoint) is None:
        return JSONResponse({"detail": f"Application {endpoint!r} not found"}, 404)
    raw = await files.read_limited(request, MOST_BODY)
    if raw is None:
        return JSONResponse({"detail": "Request body too large"}, 413)
    try:
        body = json.loads(raw or b"null")
    except ValueError:
        return JSONResponse({"detail": "Request body is not valid JSON"}, 400)
    longest = request.query_params.get("fal_max_queue_length", "")
    if longest.isdigit() and queue.waiting() > int(longest):
        return JSONResponse({"detail": "Queue length exceeded"}, 429)
    job = Job(
        number=queue.next_number(),
        endpoint=endpoint,
        body=body,
        base=files.base_of(request),
        webhook=request.query_params.get("fal_webhook"),
        start_within_s=_seconds(request.headers.get("x-fal-request-timeout")),
    )
    rule = queue.faults.strike(
        "drop-answer",
        "drop-request",
        "too-many",
        "server-error",
        "nginx",
        "locked",
        "unauthorized",
        "slow-answer",
        submit=job.number,
        endpoint=endpoint,
        prompt=job.prompt,
    )
    if rule is not None and not _accepts(rule):
        return _broken_submit(rule)
    position = queue.accept(job)
    if rule is not None and rule.effect != "slow-answer":
        return _broken_submit(rule)
    if rule is not None:
        await anyio.sleep(rule.seconds)
    answer = {
        "status": "IN_QUEUE",
        "request_id": job.id,
        **job.urls(),
        "queue_position": position,
    }
    return JSONResponse(answer, headers={"x-fal-request-id": job.id})


def _accepts(rule: Rule) -> bool:
    return rule.effect in ("drop-answer", "slow-answer") or (
        rule.effect == "nginx" and rule.accepted
    )


def _broken_submit(rule: Rule) -> Response:
    match rule.effect:
        case "drop-answer" | "drop-request":
            return Lost()
        case "too-many":
            wait = {} if rule.retry_after_s is None else {"Retry-After": f"{rule.retry_after_s:g}"}
            return JSONResponse({"detail": rule.message or "Too many requests"}, 429, headers=wait)
        case "nginx":
            return HTMLResponse(NGINX_502, 502)
        case "locked":
            return JSONResponse({"detail": rule.message or LOCKED}, 403)
        case "unauthorized":
            return JSONResponse({"detail": rule.message or "Invalid key"}, 401)
    return JSONResponse({"detail": rule.message or "Internal server error"}, rule.status)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _find(request: Request, call: str) -> tuple[Job | None, Response | None]:
    """The job that a call is about, or the answer that there is none (or that a fault gives)."""
    queue: Queue = request.app.state.queue
    queue.count(call)
    if refusal := files.refused(request):
        return None, refusal
    job = queue.jobs.get(request.path_params["id"])
    # The sub-path form is an alias; another application's is not.
    if job is None or job.forgotten or app_of(request.path_params["app"]) != job.app:
        return None, JSONResponse(NOT_FOUND, 404)
    if _strike(queue, job, "forgotten"):
        job.forgotten = True
        return None, JSONResponse(NOT_FOUND, 404)
    return job, None


def _strike(queue: Queue, job: Job, *effects: str) -> Rule | None:
    return queue.faults.strike(
        *effects, submit=job.number, endpoint=job.endpoint, prompt=job.prompt
    )


def _wants_logs(request: Request) -> bool:
    return request.query_params.get("logs", "").lower() in ("1", "true")


async def _status(request: Request) -> Response:
    job, refusal = _find(request, "status")
    if job is None:
        assert refusal is not None
        return refusal
    queue: Queue = request.app.state.queue
    if rule := _strike(queue, job, "status-error", "status-nginx"):
        if rule.effect == "status-nginx":
            return HTMLResponse(NGINX_502, 502)
        return JSONResponse({"detail": rule.message or "Internal server error"}, rule.status)
    status = job.status(queue.position(job), logs=_wants_logs(request))
    if _strike(queue, job, "status-odd"):
        status["status"] = "REHEARSING"
    elif _strike(queue, job, "status-bare"):
        status = {"status": status["status"]}
    return JSONResponse(status, 200 if status["status"] == "COMPLETED" else 202)


async def _stream(request: Request) -> Response:
    """Status objects as events, one for each change, until COMPLETED.

    `httpx.ASGITransport` hands an answer over only when it is whole; `animatic_transport` streams.
    """
    job, refusal = _find(request, "stream")
    if job is None:
        assert refusal is not None
        return refusal
    queue: Queue = request.app.state.queue
    logs = _wants_logs(request)

    async def events() -> AsyncIterator[str]:
        told = None
        while True:
            status = job.status(queue.position(job), logs=logs)
            if status != told:
                told = status
                yield f"data: {json.dumps(status)}\n\n"
            if status["status"] == "COMPLETED" or await request.is_disconnected():
                return
            await anyio.sleep(STREAM_S)

    return StreamingResponse(events(), media_type="text/event-stream")


async def _result(request: Request) -> Response:
    job, refusal = _find(request, "result")
    if job is None:
        assert refusal is not None
        return refusal
    queue: Queue = request.app.state.queue
    headers = {"x-fal-request-id": job.id}
    if job.state != "COMPLETED":
        return JSONResponse({"detail": "Request is still in progress"}, 400, headers=headers)
    if rule := _strike(queue, job, "result-error"):
        words = {"detail": rule.message or "Internal server error"}
        return JSONResponse(words, rule.status, headers=headers)
    if job.failure is not None:
        return JSONResponse(
            dict(job.failure.body), job.failure.code, headers={**headers, **job.failure.headers}
        )
    if job.billable_units is not None:
        headers["x-fal-billable-units"] = job.billable_units
    return JSONResponse(job.answer, headers=headers)


async def _cancel(request: Request) -> Response:
    job, refusal = _find(request, "cancel")
    if job is None:
        assert refusal is not None
        return refusal
    queue: Queue = request.app.state.queue
    if queue.cancel(job):
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)
    return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
