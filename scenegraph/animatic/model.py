"""The pretended model: a body becomes parameters and files, a drawn clip becomes an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from scenegraph.animatic.answers import Failure, detail, model_failure
from scenegraph.animatic.draw.ask import is_head
from scenegraph.animatic.jobs import Job
from scenegraph.animatic.storage import Storage
from scenegraph.animatic.validate import Loc, read_body
from scenegraph.catalog import Catalog, Endpoint, price_of
from scenegraph.errors import BrokenMedia, SceneGraphError
from scenegraph.media import Clip


class Render(Protocol):
    """What draws: `scenegraph.animatic.draw.render`. Same arguments, same bytes."""

    def __call__(
        self,
        kind: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Path],
        out: Path,
        *,
        drift: float = 0.0,
    ) -> Clip: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that holds: its endpoint, parameters with defaults, and files by role."""

    endpoint: Endpoint
    params: Mapping[str, Any]
    inputs: Mapping[str, Path]
    places: Mapping[str, Loc]

    @property
    def kind(self) -> str:
        return self.endpoint.kind

    def blame(self, error: SceneGraphError) -> Failure:
        """The service's error for a drawing that failed: its input's, when an input is broken."""
        if isinstance(error, BrokenMedia):
            for role, path in self.inputs.items():
                if error.path == str(path):
                    kind = "image_load_error" if role == "image" else "unsupported_video_format"
                    words = f"Could not read the input: {error.reason}"
                    return model_failure([detail(kind, words, self.places[role])])
        return model_failure([detail("internal_server_error", error.message)])


def read_request(
    catalog: Catalog, storage: Storage, job: Job
) -> tuple[Asked | None, Failure | None]:
    """Validate a job's body and find its files; the failure when it cannot be done."""
    endpoint = catalog.by_id(job.endpoint)
    assert endpoint is not None  # the door lets no other in
    params, details = read_body(endpoint, job.body)
    if details:
        return None, model_failure(details)
    inputs: dict[str, Path] = {}
    places: dict[str, Loc] = {}
    hashes: dict[str, str] = {}
    for role, loc, url in _files(endpoint.kind, params):
        path = storage.find(url)
        if path is None:
            shown = url if len(url) < 200 else f"{url[:200]}…"
            entry = detail("file_download_error", "Failed to download the file", loc, input=shown)
            details.append(entry)
            continue
        inputs[role], places[role] = path, loc
        hashes[url] = sha256(path.read_bytes()).hexdigest()
    if details:
        return None, model_failure(details)
    if params.get("seed") is None and "seed" in endpoint.fields:
        params["seed"] = _seed_of(endpoint, params, hashes)
    return Asked(endpoint, params, inputs, places), None


def _files(kind: str, params: Mapping[str, Any]) -> list[tuple[str, Loc, str]]:
    """Role, place and URL of every file that the drawing reads.

    Of two conditioning videos the first is the parent's tail and the second leads the motion. A
    video alone leads the motion, unless it is to be shown as it is from the first frame on.
    """
    match kind:
        case "i2v":
            return [("image", ("body", "image_url"), params["image_url"])]
        case "extend":
            return [("video", ("body", "video", "video_url"), params["video"]["video_url"])]
        case "multicondition":
            files: list[tuple[str, Loc, str]] = []
            for at, one in enumerate(params.get("images") or []):
                role = "image" if at == 0 else f"image-{at}"
                files.append((role, ("body", "images", at, "image_url"), one["image_url"]))
            videos = params.get("videos") or []
            for at, one in enumerate(videos):
                alone = len(videos) == 1 and not is_head(one)
                named = "motion" if alone else ("video", "motion")[min(at, 1)]
                role = named if at < 2 else f"video-{at}"
                files.append((role, ("body", "videos", at, "video_url"), one["video_url"]))
            return files
    return []


def _seed_of(endpoint: Endpoint, params: Mapping[str, Any], hashes: Mapping[str, str]) -> int:
    """A seed for a request that names none: chance for a reader, the same for the same request."""
    text = json.dumps([endpoint.id, params], sort_keys=True, default=str)
    for url, content in hashes.items():
        text = text.replace(json.dumps(url), content)
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") & 0x7FFFFFFF


def answer_of(asked: Asked, url: str, file: Path) -> dict[str, Any]:
    """The model's answer: what the endpoint's output names, and nothing about size or length."""
    known = {
        "video": {
            "url": url,
            "content_type": "video/mp4",
            "file_name": file.name,
            "file_size": file.stat().st_size,
        },
        "prompt": asked.params.get("prompt"),
        "seed": asked.params.get("seed"),
    }
    return {name: known[name] for name in asked.endpoint.output if name in known}


def billable_units(asked: Asked) -> str:
    """How many units the service would have billed, as its answer's header says it."""
    units = price_of(asked.endpoint, asked.params) / asked.endpoint.price.usd
    return str(round(units, 2))
