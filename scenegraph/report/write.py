"""Lay the page out and write it: one file, nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenegraph.ledger import Ledger
from scenegraph.media import replacing
from scenegraph.plan import Plan
from scenegraph.report.build import build_page
from scenegraph.report.charts import cut_curves, drift_line
from scenegraph.report.graph import linked_graph
from scenegraph.report.material import gather
from scenegraph.report.page import Page
from scenegraph.report.privacy import AsSent, DataUri, Scrub
from scenegraph.report.proxies import Stills, inline_reel, link_to, make_stills
from scenegraph.scene import Scene
from scenegraph.settings import Settings


@dataclass(frozen=True, slots=True)
class Dailies:
    """A page that was written: where, and how large."""

    path: Path
    bytes: int

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "bytes": self.bytes}


def write_dailies(
    scene: Scene,
    plan: Plan,
    ledger: Ledger,
    out: Path,
    *,
    run: Mapping[str, Any] | None = None,
    link_media: bool = False,
) -> Dailies:
    """Write the report of a scene as one HTML file that needs no network and no scripts.

    Args:
        plan: the scene's plan as it stands now; it says what is kept, lost and still to shoot.
        out: the file to write. An older page of that name is replaced.
        run: the answer of the run that the page closes (its `--json` form), if there was one.
        link_media: link the reel's file by its relative path instead of carrying a small copy.

    Raises:
        LedgerError: the ledger or its store cannot be read.
        OSError: `out` cannot be written.
    """
    material = gather(scene, plan, ledger, run)
    page = build_page(material)
    stills = make_stills(page.pictures())
    film: str | None = None
    if page.reel is not None and page.reel.path is not None:
        seconds = float((material.timeline or {}).get("duration_s") or 1.0)
        film = link_to(page.reel.path, out) if link_media else None
        film = film or inline_reel(page.reel.path, seconds)
    key = Settings().credentials() or ""
    scrub = Scrub(scene.folder, [ledger.store.root, out.absolute().parent], [key, *key.split(":")])
    standings = {shot.id: shot.standing for shot in page.shots}
    graph = linked_graph(material.graph, standings, f"Graph of {scene.title}")
    html = render(page, graph=graph, stills=stills, film=film, scrub=scrub)
    data = html.encode("utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as part:
        part.write_bytes(data)
    return Dailies(out, len(data))


def render(page: Page, *, graph: str, stills: Stills, film: str | None, scrub: Scrub) -> str:
    """The page as HTML. Every value is escaped, and scrubbed of what belongs to this machine."""
    environment = Environment(
        loader=PackageLoader("scenegraph.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=scrub,
    )
    environment.filters |= {"drift_line": drift_line, "cut_curves": cut_curves, "as_sent": AsSent}
    template = environment.get_template("dailies.html.j2")
    return template.render(
        page=page,
        graph=Markup(scrub.known(graph)),  # noqa: S704  drawn by us, its labels escaped there
        stills=stills,
        film=DataUri(film) if film else None,
    )
