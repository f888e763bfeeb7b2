"""The page as people get it: whole, safe, private, and true to what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scenegraph.report import write_dailies

pytestmark = pytest.mark.ffmpeg

POLICY = "default-src 'none'; img-src data:; media-src data: 'self'; style-src 'unsafe-inline'"


class Reader(HTMLParser):
    """Elements, text and ids of a page, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def ids(self) -> set[str]:
        return {str(a["id"]) for _, a in self.elements if "id" in a}


def page_of(film: Any, out: Path, **more: Any) -> Reader:
    write_dailies(film.scene, film.plan, film.ledger, out, **more)
    return Reader(out.read_text(encoding="utf-8"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "films" / "dailies.html"


def test_the_answer_names_the_file_and_its_size(film: Any, out: Path) -> None:
    """`dailies --json` prints exactly this."""
    written = write_dailies(film.scene, film.plan, film.ledger, out)
    assert written.path == out
    assert written.bytes == out.stat().st_size > 10_000
    assert written.to_json() == {"path": str(out), "bytes": written.bytes}


def test_the_page_asks_for_nothing_outside_itself(film: Any, out: Path) -> None:
    """It is mailed and opened from a disk: no script, no sheet, no picture may lie elsewhere."""
    page = page_of(film, out)
    sources = [
        a[n] for _, a in page.elements for n in ("src", "poster", "srcset", "data") if n in a
    ]
    assert sources
    assert all(str(source).startswith("data:") for source in sources)
    assert not page.all("script") and not page.all("link") and not page.all("iframe")
    assert all(str(a.get("href", "#")).startswith("#") for a in page.all("a"))
    assert not any(name.startswith("on") for _, a in page.elements for name in a)
    policies = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policies == [POLICY]


def test_a_hostile_prompt_title_and_error_show_as_text(film: Any, out: Path) -> None:
    """Scene files come from other people; a report must never run what they wrote."""
    nasty = '</script><img src=x onerror="alert(1)">'
    film.scene = film.scene.model_copy(update={"title": nasty})
    film.planned("stranger", reason=nasty)
    page = page_of(film, out)
    assert page.text.count(nasty) >= 4  # <title>, headline, the stranger's action, the reason
    assert not any("onerror" in a for _, a in page.elements)
    assert not page.all("script")


def test_no_folder_of_this_machine_is_in_the_page(
    film: Any, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is mailed must not tell how somebody's disk is laid out, nor carry a key."""
    monkeypatch.setenv("FAL_KEY", "0123-key-id:top-secret-part")
    film.planned("platform", reason="asked with top-secret-part of /home/someone/else/clip.mp4")
    write_dailies(film.scene, film.plan, film.ledger, out)
    html = re.sub(r"data:[a-z/0-9]+;base64,[^\"]+", "", out.read_text(encoding="utf-8"))
    assert str(tmp_path) not in html
    assert str(Path.home()) not in html
    assert "/home/someone" not in html
    assert "top-secret-part" not in html
    assert "takes/stranger.mp4" in html  # what lies in the scene's folder keeps its relative name


def test_the_root_cause_comes_first_with_what_waits_for_it(film: Any, out: Path) -> None:
    """One lost shot may hold up ten; only the one is worth reading about."""
    text = page_of(film, out).text
    verdict = text.index("stranger was lost, and 1 shot waits for it")
    assert verdict < text.index("The model stopped") < text.index("Shots")
    assert "Waiting for it: stranger-nods" in text
    assert "scenegraph run night-train.yaml" in text


def test_every_shot_has_a_place_that_links_lead_to(film: Any, out: Path) -> None:
    """A click in the graph, the bar or a list lands on the shot."""
    page = page_of(film, out)
    shots = {f"shot-{id}" for id in film.scene.graph().shots}
    assert shots <= page.ids
    targets = {str(a["href"])[1:] for a in page.all("a") if str(a.get("href", "")).startswith("#")}
    assert shots <= targets
    assert targets <= page.ids


def test_the_graph_leads_to_the_shots(film: Any, out: Path) -> None:
    """It is the map of a long scene."""
    html = (write_dailies(film.scene, film.plan, film.ledger, out), out.read_text())[1]
    graph = html[html.index('class="graph"') : html.index('class="key"')]
    for id in film.scene.graph().shots:
        assert f'href="#shot-{id}"' in graph


def test_every_shot_has_pictures_of_what_it_has(film: Any, out: Path) -> None:
    """First, middle and last frame of the circled take, the keyframe, or a slate."""
    html = (write_dailies(film.scene, film.plan, film.ledger, out), out.read_text())[1]
    rows = dict(re.findall(r'<article class="shot" id="shot-([^"]+)">(.*?)</article>', html, re.S))
    strips = {
        id: row.partition('class="words"')[0].count("data:image/jpeg") for id, row in rows.items()
    }
    assert strips["platform"] == strips["mara-listens.2"] == 3
    assert strips["stranger"] == 1  # its keyframe: nothing was shot
    assert strips["stranger-nods"] == 0
    assert "He nods." in rows["stranger-nods"]


def test_the_circled_take_is_marked(film: Any, out: Path) -> None:
    """Two takes of the platform; the second is the one that is kept."""
    html = (write_dailies(film.scene, film.plan, film.ledger, out), out.read_text())[1]
    row = html[html.index('id="shot-platform"') : html.index('id="shot-mara-waits"')]
    takes = row[row.index('class="takes"') :].partition("</p>")[0]
    assert re.search(r'class="take-number"[^>]*>1<', takes)
    assert re.search(r'class="circled"[^>]*>2<', takes)


def test_a_scene_of_which_nothing_is_shot_has_a_page(
    new_film: Callable[[], Any], out: Path
) -> None:
    """The page is an animatic from minute zero: slates and keyframes, and the price."""
    page = page_of(new_film(), out)
    assert "Not shot yet." in page.text
    assert "0 of 7 shots are in the can. The rest costs $0.7056 on fal.ai." in page.text
    assert not page.all("video")


def test_the_reel_plays_from_within_the_page_or_from_beside_it(film: Any, out: Path) -> None:
    """Inline to mail it; linked, when the page stays beside a long film."""
    (inline,) = page_of(film, out).all("video")
    assert str(inline["src"]).startswith("data:video/mp4;base64,")
    (linked,) = page_of(film, out, link_media=True).all("video")
    assert linked["src"] == ".scenegraph/night-train.mp4"


def test_media_that_are_gone_do_not_stop_the_report(film: Any, out: Path) -> None:
    """A report is made of what there is; a swept store is when it is needed most."""
    for clip in (film.ledger.store.root / "media").rglob("*.mp4"):
        clip.unlink()
    (film.ledger.store.root / "night-train.mp4").write_text("not a film")
    (film.scene.folder / "stills" / "mara.png").write_text("not a picture")
    page = page_of(film, out)
    assert "platform" in page.text
    assert not page.all("video")


def test_the_same_ledger_gives_the_same_page(film: Any, out: Path) -> None:
    """So that two pages can be compared, and nothing of the moment of writing is in them."""
    first = (write_dailies(film.scene, film.plan, film.ledger, out), out.read_bytes())[1]
    assert (write_dailies(film.scene, film.plan, film.ledger, out), out.read_bytes())[1] == first


def test_the_last_run_says_how_long_it_took(film: Any, out: Path) -> None:
    """`run` closes with the page and hands its answer in."""
    assert "1 min 35 s" in page_of(film, out, run={"elapsed_s": 95.2}).text
    film.plan = replace(film.plan, backend="fal")
    assert "--backend fal" in page_of(film, out).text
