"""Lay the page out and write it: one file, nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenegraph.ledger import Ledger
from scenegraph.media import replacing
from scenegraph.plan import Plan
from scenegraph.report import charts
from scenegraph.report.between import Aspect, ChainView
from scenegraph.report.build import build_page
from scenegraph.report.cache import Cache, open_cache
from scenegraph.report.films import inline_film, link_to, take_films
from scenegraph.report.graph import linked_graph
from scenegraph.report.material import gather
from scenegraph.report.page import Page
from scenegraph.report.policy import content_policy
from scenegraph.report.privacy import AsSent, DataUri, Scrub
from scenegraph.report.stills import Stills, make_stills
from scenegraph.report.wanted import Clipping
from scenegraph.scene import Scene
from scenegraph.settings import Settings

STYLES = ("base", "screen", "sheet", "between", "shots", "paper")
SCRIPTS = ("player", "compare", "page")


@dataclass(frozen=True, slots=True)
class Dailies:
    """A page that was written: where, and how large."""

    path: Path
    bytes: int

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Media:
    """The page's pictures and films as URLs; what is not in it could not be made."""

    stills: Stills = field(default_factory=dict)
    film: DataUri | None = None
    takes: Mapping[Clipping, DataUri] = field(default_factory=dict)
    linked: bool = False


def write_dailies(
    scene: Scene,
    plan: Plan,
    ledger: Ledger | None,
    out: Path,
    *,
    run: Mapping[str, Any] | None = None,
    link_media: bool = False,
) -> Dailies:
    """Write the report of a scene as one HTML file that needs no network.

    Args:
        plan: the scene's plan as it stands now; it says what is kept, lost and still to shoot.
        ledger: None before the first run; the page is then made of stills and slates.
        out: the file to write. An older page of that name is replaced.
        run: the answer of the run that the page closes (its `--json` form), if there was one.
        link_media: link the masters by their relative paths instead of carrying small copies.

    Raises:
        LedgerError: the ledger or its store cannot be read.
        OSError: `out` cannot be written.
    """
    material = gather(scene, plan, ledger, run)
    page = build_page(material)
    store = ledger.store if ledger is not None else None
    with open_cache(store.root if store is not None and store.is_local else None) as cache:
        media = make_media(page, cache, out, link=link_media)
    key = Settings().credentials() or ""
    places = [out.absolute().parent, *([store.root] if store is not None else [])]
    scrub = Scrub(scene.folder, places, [key, *key.split(":")])
    standings = {shot.id: shot.standing for shot in page.shots}
    graph = linked_graph(material.graph, standings, f"Graph of {scene.title}")
    html = render(page, graph=graph, media=media, scrub=scrub)
    data = html.encode("utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as part:
        part.write_bytes(data)
    return Dailies(out, len(data))


def make_media(page: Page, cache: Cache, out: Path, *, link: bool) -> Media:
    """All pictures and films of the page: linked where that is asked for and possible."""
    film, takes = None, {}
    if link:
        takes = _links({clipping: clipping.source for clipping in page.clippings()}, out)
        if page.film is not None and page.film.path is not None:
            film = _links({page.film: page.film.path}, out).get(page.film)
    with ThreadPoolExecutor(3) as pool:
        small = None
        if film is None and page.film is not None:
            small = pool.submit(inline_film, page.film, cache)
        stills = pool.submit(make_stills, page.pictures(), page.differences(), cache)
        if not link:
            takes = dict(take_films(page.clippings(), cache))
        return Media(stills.result(), small.result() if small else film, takes, link)


def _links(files: Mapping[Any, Path], page: Path) -> dict[Any, DataUri]:
    ways = {wish: link_to(file, page) for wish, file in files.items()}
    return {wish: DataUri(way) for wish, way in ways.items() if way}


def render(page: Page, *, graph: str, media: Media, scrub: Scrub) -> str:
    """The page as HTML. Every value is escaped, and scrubbed of what belongs to this machine."""
    environment = Environment(
        loader=PackageLoader("scenegraph.report", "sheet"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=scrub,
    )
    environment.filters |= {
        "drift_chart": _drift_chart,
        "cut_curves": charts.cut_curves,
        "seam": charts.seam,
        "gauge": charts.gauge,
        "stretches": charts.stretches,
        "as_sent": AsSent,
        "sentence": scrub.sentence,
        "stretch_of": lambda stretch: (stretch.name.replace(" ", "-"), stretch.share),
    }
    style, script = _parts(STYLES, "css"), _parts(SCRIPTS, "js")
    shapes = _shapes(page)
    return environment.get_template("dailies.html.j2").render(
        page=page,
        graph=Markup(scrub.known(graph)),  # noqa: S704  drawn by us, its labels escaped there
        stills=media.stills,
        film=media.film,
        takes=media.takes,
        linked=media.linked,
        numbers={shot.id: shot.number for shot in page.shots},
        style=Markup(style),  # noqa: S704  our own files
        shapes=Markup(shapes),  # noqa: S704  numbers
        script=Markup(script),  # noqa: S704  our own files
        policy=content_policy([script], [style, shapes], linked=media.linked),
    )


def _drift_chart(chain: ChainView, aspect: Aspect, numbers: Mapping[str, int]) -> Markup:
    rows = [charts.Row(line.shares, line.against) for line in aspect.lines]
    places = [numbers[id] for id in chain.shots]
    return charts.drift_chart(rows, chain.marks, aspect.lines[0].tries, places)


def _parts(names: tuple[str, ...], kind: str) -> str:
    folder = files("scenegraph.report") / "sheet"
    return "\n".join((folder / f"{name}.{kind}").read_text("utf-8") for name in names)


def _shapes(page: Page) -> str:
    """How wide each shot is in the bar under the film (its length), and the shape of takes."""
    segments = page.film.segments if page.film else ()
    bars = (
        f".bar li:nth-child({n}){{flex-grow:{max(1, segment.frames)}}}"
        for n, segment in enumerate(segments, 1)
    )
    shapes = (
        f"#compare-{view.number} video{{aspect-ratio:{clipping.aspect:.4f}}}"
        for view in page.compared
        if (clipping := view.ranked[0].clipping)
    )
    return "".join((*bars, *shapes))
