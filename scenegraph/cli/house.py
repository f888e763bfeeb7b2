"""Commands about the house: models, doctor, animatic."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph import __version__
from scenegraph.cli.options import AsJson, MaxUsd
from scenegraph.cli.show import plain_table, say, show_json, show_table
from scenegraph.errors import SceneError, SceneGraphError
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.catalog import Endpoint
    from scenegraph.settings import Settings

PARTS = (
    "pydantic",
    "networkx",
    "httpx",
    "ffmpeg-python",
    "imageio-ffmpeg",
    "av",
    "numpy",
    "opencv-python-headless",
    "SQLAlchemy",
    "fsspec",
    "structlog",
    "typer",
    "rich",
)


def add_to(app: typer.Typer) -> None:
    for command in (models, doctor, animatic):
        app.command()(command)


def models(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="One family, with its fields.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the families of models: endpoints, fields, ranges, prices and where they were read.

    Example: `scenegraph models ltxv-13b-098-distilled`
    """
    from scenegraph.catalog import load_catalog

    catalog = load_catalog()
    families = [catalog.family(model)] if model else list(catalog.families.values())
    if as_json:
        show_json(
            {
                "models": [
                    {
                        "name": family.name,
                        "title": family.title,
                        "active": family.active,
                        "version": family.version,
                        "source": family.source,
                        "checked": str(family.checked),
                        "endpoints": [_endpoint(one) for one in family.endpoints.values()],
                    }
                    for family in families
                ]
            }
        )
        return
    for family in families:
        state = "" if family.active else "  (not on the service's active list)"
        say(f"{family.name}{state}", "bold")
        say(f"  {family.title}; checked {family.checked}: {family.source}", "dim")
        table = plain_table("kind", "endpoint", "price", "num_frames")
        for kind, endpoint in family.endpoints.items():
            table.add_row(kind, endpoint.id, str(endpoint.price), endpoint.counts)
        show_table(table)
        if model:
            _show_fields(family.endpoints.values())
        say()


def _show_fields(endpoints: Any) -> None:
    for endpoint in endpoints:
        say(f"\n{endpoint.id}", "bold")
        table = plain_table("field", "type", "range", "default", "what")
        for name, field in _every_field(endpoint.fields):
            default = "" if field.default is None else json.dumps(field.default).strip('"')
            table.add_row(
                _plain(name) + (" *" if field.required else ""),
                field.type,
                _range(field),
                _plain(default),
                field.doc,
            )
        show_table(table)


def _plain(text: str) -> str:
    """Square brackets are words here, not styles."""
    return text.replace("[", "\\[")


def _every_field(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields, and behind each those of its objects: `video.strength`, `loras[].scale`."""
    for name, field in fields.items():
        yield name, field
        inside = f"{name}[]." if field.type == "list" else f"{name}."
        for part, own in _every_field(field.fields or {}):
            yield inside + part, own


def _range(field: Any) -> str:
    if field.choices:
        return " ".join(str(choice) for choice in field.choices)
    if field.low is None and field.high is None:
        return ""
    step = f" by {field.multiple_of:g}" if field.multiple_of else ""
    return f"{field.low:g}–{field.high:g}{step}"


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    price = endpoint.price
    return {
        "id": endpoint.id,
        "kind": endpoint.kind,
        "active": endpoint.active,
        "num_frames_counts": endpoint.counts,
        "price": {
            "usd": usd_text(price.usd),
            "unit": price.unit,
            "known": price.known,
            "source": price.source,
            "date": str(price.date),
        },
        "source": endpoint.source,
        "fields": {name: _field(field) for name, field in endpoint.fields.items()},
    }


def _field(field: Any) -> dict[str, Any]:
    return {
        "type": field.type,
        "required": field.required,
        "default": field.default,
        "low": field.low,
        "high": field.high,
        "multiple_of": None if field.multiple_of is None else float(field.multiple_of),
        "choices": list(field.choices) if field.choices else None,
        "fields": {name: _field(inner) for name, inner in field.fields.items()}
        if field.fields
        else None,
        "doc": field.doc,
    }


def doctor(
    probe: Annotated[
        bool,
        typer.Option("--probe-fal", help="Ask the real service ten cheap questions. Costs money."),
    ] = False,
    max_usd: MaxUsd = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking.")] = False,
    as_json: AsJson = False,
) -> int:
    """Say what is installed and reachable: Python, FFmpeg, packages, the key (set or not), disk.

    With --probe-fal: find out what fal.ai's pages do not say, such as whether an extend's
    `num_frames` counts its source. Priced first, never run unasked.

    Example: `scenegraph doctor`, or `scenegraph doctor --probe-fal --max-usd 0.50`
    """
    from importlib.metadata import PackageNotFoundError, version

    from scenegraph.media import ffmpeg_exe
    from scenegraph.settings import Settings

    settings = Settings()
    if probe:
        from scenegraph.cli.probing import probe_fal

        return probe_fal(settings, max_usd, yes, as_json)
    rows: list[tuple[str, str, bool]] = [
        ("scenegraph", __version__, True),
        ("python", f"{platform.python_version()} on {platform.system()}", True),
    ]
    try:
        exe = ffmpeg_exe(settings)
        origin = "SCENEGRAPH_FFMPEG" if settings.ffmpeg else "from its wheel"
        rows.append(("ffmpeg", f"{Path(exe).name} ({origin})", True))
        rows.append(("deliveries", *_deliveries(settings)))
    except SceneGraphError as error:
        rows.append(("ffmpeg", f"{error.message} {error.next}", False))
    for part in PARTS:
        try:
            rows.append((part, version(part), True))
        except PackageNotFoundError:
            rows.append((part, "not installed", False))
    key = settings.credentials() is not None
    rows.append(("fal key", "set" if key else "not set (only --backend fal needs it)", True))
    rows.append(("webhooks", *_webhooks(settings)))
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    rows.append(("disk", f"{free:.0f} GB free here", free > 2))
    rows.append(("processors", str(os.cpu_count()), True))
    from scenegraph.cli.recipes import why_not_ours

    shadow = why_not_ours()
    rows.append(("workflows", shadow or "scenegraph's recipes", shadow is None))
    well = all(good for name, _, good in rows if name != "workflows")
    if as_json:
        show_json(
            {
                "well": well,
                "checks": [{"name": n, "said": s, "good": g} for n, s, g in rows],
            }
        )
    else:
        table = plain_table("", "part", "said")
        for name, text, good in rows:
            table.add_row("✓" if good else "[bold red]✗[/]", name, text)
        show_table(table)
    return 0 if well else 2


def _deliveries(settings: Settings) -> tuple[str, bool]:
    """Which of `reel.deliver` this FFmpeg can make. What it cannot is no fault of the house."""
    from scenegraph.run.delivering import cannot_deliver
    from scenegraph.scene import Deliverable
    from scenegraph.scene.deliver import OPTIONS

    missing = [
        one for one in OPTIONS if cannot_deliver([Deliverable(format=one, name="x")], settings)
    ]
    said = ", ".join(one for one in OPTIONS if one not in missing)
    return said + (f"; not with this FFmpeg: {', '.join(missing)}" if missing else ""), True


def _webhooks(settings: Settings) -> tuple[str, bool]:
    """What a run on fal would do about webhooks, and whether it can."""
    from importlib.util import find_spec
    from urllib.parse import urlsplit

    if settings.webhook_url is None:
        return "not set: runs poll (SCENEGRAPH_WEBHOOK_URL turns them on)", True
    if find_spec("cryptography") is None:
        return "the package cryptography is missing: pip install 'scenegraph[webhooks]'", False
    host = urlsplit(settings.webhook_url).hostname
    return f"told to {host}, listened for at {settings.webhook_listen}", True


def animatic(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8321,
    drift: Annotated[float, typer.Option(min=0, max=1, help="How far hops wander.")] = 0.0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that a job waits besides.")] = 0.0,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What goes wrong on purpose (YAML).")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep jobs and files here.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Jobs drawn at a time.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the fal-shaped queue on a loopback port, for any fal client.

    Example: `scenegraph animatic --port 8321`, then in another terminal
    `SCENEGRAPH_FAL_QUEUE_URL=http://127.0.0.1:8321 SCENEGRAPH_FAL_REST_URL=http://127.0.0.1:8321
    SCENEGRAPH_FAL_CDN_URL=http://127.0.0.1:8321 scenegraph run scene.yaml --backend fal`
    """
    from scenegraph.animatic import FaultPlan, create_app, serve

    plan = FaultPlan.load(faults) if faults else None
    app = create_app(drift=drift, latency_s=latency, faults=plan, workers=workers, folder=folder)

    def told(url: str) -> None:
        if as_json:
            show_json({"url": url})
            sys.stdout.flush()
        else:
            sys.stderr.write(f"The animatic queue is at {url}; Ctrl-C ends it.\n")
            sys.stderr.flush()

    try:
        serve(app, port, on_open=told)
    except OSError as error:
        raise SceneError(
            f"Port {port} cannot be used: {error.strerror}.", next="Try another --port, or 0."
        ) from error
