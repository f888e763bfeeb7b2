"""The page as people get it: whole, safe, private, and true to what happened."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scenegraph.media import probe
from scenegraph.report import write_dailies
from scenegraph.report.policy import source_of

pytestmark = pytest.mark.ffmpeg


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
    assert not page.all("link") and not page.all("iframe")
    assert page.all("script") == [{}]  # one, our own, in the page
    assert all(str(a.get("href", "#")).startswith("#") for a in page.all("a"))
    assert not any(name.startswith("on") or name == "style" for _, a in page.elements for name in a)


def test_the_policy_lets_only_our_own_script_and_style_in(film: Any, out: Path) -> None:
    """Named by their hashes: words of a scene that became a script would not run."""
    page = page_of(film, out)
    (policy,) = [str(a["content"]) for a in page.all("meta") if "http-equiv" in a]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    html = out.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    styles = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert allowed.pop("script-src") == source_of(script)
    assert allowed.pop("style-src") == " ".join(map(source_of, styles))
    assert allowed == {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_a_hostile_prompt_title_and_error_show_as_text(film: Any, out: Path) -> None:
    """Scene files come from other people; a report must never run what they wrote."""
    nasty = '</script><img src=x onerror="alert(1)">'
    film.scene = film.scene.model_copy(update={"title": nasty})
    film.planned("stranger", reason=nasty)
    page = page_of(film, out)
    assert page.text.count(nasty) >= 4  # <title>, headline, the stranger's action, the reason
    assert not any("onerror" in a for _, a in page.elements)
    assert page.all("script") == [{}]


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
    assert verdict < text.index("The model stopped") < text.index("Every shot", verdict)
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
        id: row.partition('class="inside"')[0].count("data:image/jpeg") for id, row in rows.items()
    }
    assert strips["platform"] == strips["mara-listens.2"] == 3
    assert strips["stranger"] == 1  # its keyframe: nothing was shot
    assert strips["stranger-nods"] == 1  # it goes on from there


def test_the_circled_take_is_marked(film: Any, out: Path) -> None:
    """Two takes of the platform; the second is the one that is kept."""
    html = (write_dailies(film.scene, film.plan, film.ledger, out), out.read_text())[1]
    row = html[html.index('id="shot-platform"') : html.index('id="shot-mara-waits"')]
    takes = row[row.index('class="takes"') :].partition("</summary>")[0]
    assert re.search(r'class="take-number"[^>]*>1<', takes)
    assert re.search(r'class="circled"[^>]*>2<', takes)


def test_a_scene_of_which_nothing_is_shot_has_a_page(
    new_film: Callable[[], Any], out: Path
) -> None:
    """The page is an animatic from minute zero: slates and keyframes held, and the price."""
    film = new_film()
    page = page_of(film, out)
    assert "Not shot yet." in page.text
    assert "0 of 7 shots are in the can. The rest costs $0.7056 on fal.ai." in page.text
    (story,) = page.all("video")
    held = out.parent / "held.mp4"
    held.write_bytes(b64decode(str(story["src"]).partition(",")[2]))
    assert probe(held).frames == 7 * 121
    film.ledger = None
    assert page_of(film, out).text == page.text  # before there is a ledger as well


def test_a_scene_without_its_reel_plays_its_takes_and_holds_what_is_missing(
    film: Any, out: Path
) -> None:
    """After a lost shot there is no reel; what was paid for is watched all the same."""
    (film.ledger.store.root / "night-train.mp4").unlink()
    page = page_of(film, out)
    assert "Not the reel: the takes there are, and a still where one is missing." in page.text
    story = page.all("video")[0]
    held = out.parent / "held.mp4"
    held.write_bytes(b64decode(str(story["src"]).partition(",")[2]))
    spans = (19, 19, 12, 12, 19)  # as in the edit list
    assert probe(held).frames == sum(spans) + 2 * 121


def test_the_reel_plays_from_within_the_page_or_from_beside_it(film: Any, out: Path) -> None:
    """Inline to mail it; linked, when the page stays beside a long film."""
    inline = page_of(film, out)
    assert [str(video.get("src"))[:22] for video in inline.all("video")] == [
        "data:video/mp4;base64,",
        "None",  # the two takes of the platform: read when they are wanted
        "None",
    ]
    films = [str(o["data-film"]) for o in inline.all("option") if "data-film" in o]
    assert len(films) == 2 and all(film.startswith("data:video/mp4;base64,") for film in films)
    linked = page_of(film, out, link_media=True)
    assert linked.all("video")[0]["src"] == ".scenegraph/night-train.mp4"
    masters = [str(o["data-film"]) for o in linked.all("option") if "data-film" in o]
    assert all((out.parent / master).is_file() for master in masters) and len(masters) == 2


def test_media_that_are_gone_do_not_stop_the_report(film: Any, out: Path) -> None:
    """A report is made of what there is; a swept store is when it is needed most."""
    for clip in (film.ledger.store.root / "media").rglob("*.mp4"):
        clip.unlink()
    (film.ledger.store.root / "night-train.mp4").write_text("not a film")
    (film.scene.folder / "stills" / "mara.png").write_text("not a picture")
    page = page_of(film, out)
    assert "platform" in page.text
    assert "The film cannot be shown" in page.text
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
