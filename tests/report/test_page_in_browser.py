"""The page in a real browser: it opens, plays, keeps two takes in step, and needs no mouse.

Chromium is the system's own (`CHROMIUM` names another one): Playwright's build plays no H.264.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenegraph.report import write_dailies
from scenegraph.run import plan
from scenegraph.scene import load_scene

pytestmark = pytest.mark.ffmpeg

SAMPLES = Path(__file__).parents[2] / "samples"
NASTY = '</script><img src=x onerror="alert(1)">'
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Frames that the two films are apart, taken at every picture that the screen shows.
IN_BAR = """(item) => {
  const [mine, bar] = [item, item.closest('.bar')].map((one) => one.getBoundingClientRect());
  return mine.left >= bar.left - 1 && mine.right <= bar.right + 1;
}"""
APART = """([left, right]) => new Promise((resolve) => {
  const apart = [];
  const look = () => {
    const both = [left, right].every((video) => !video.ended && !video.paused);
    if (both) apart.push(Math.abs(left.currentTime - right.currentTime) * 24);
    if (apart.length < 60 && !left.ended) requestAnimationFrame(look);
    else resolve(apart);
  };
  setTimeout(look, 700);
})"""
STILL = "(videos) => videos.every((video) => video.paused && !video.seeking)"
#: The column of the light in the picture on show: it travels five of 160 columns a frame.
LIGHT = """(video) => {
  const canvas = new OffscreenCanvas(160, 90);
  const to = canvas.getContext("2d");
  to.drawImage(video, 0, 0, 160, 90);
  const row = to.getImageData(0, 45, 160, 1).data;
  let best = 0;
  for (let x = 0; x < 160; x += 1) if (row[4 * x + 2] > row[4 * best + 2]) best = x;
  return best;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium; the tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine; CHROMIUM=/path/to/it names one")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=found, args=["--autoplay-policy=no-user-gesture-required"]
        )
        yield chromium
        chromium.close()


class Watched:
    """A page and all that went wrong in it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def open(self, file: Path) -> Any:
        self.page.goto(file.as_uri())
        return self.page

    @property
    def asked(self) -> list[str]:
        """Requests that left the page itself."""
        inside = ("data:", "blob:")
        return [url for url in self.requests[1:] if not url.startswith(inside)]


@pytest.fixture
def screen(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Opens a new window; at the end nothing may have gone wrong in it, and nothing was asked."""
    contexts, windows = [], []

    def new(width: int = 1280, height: int = 800, **more: Any) -> Watched:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        windows.append(Watched(contexts[-1].new_page()))
        return windows[-1]

    yield new
    for context in contexts:
        context.close()
    for window in windows:
        assert (window.errors, window.asked) == ([], [])


@pytest.fixture(scope="module")
def dailies(screened: Any) -> Path:
    out = screened.scene.folder / "dailies.html"
    write_dailies(screened.scene, screened.plan, screened.ledger, out, run={"elapsed_s": 95.2})
    return out


def until(page: Any, script: str, *arg: Any) -> None:
    """Wait for something to be true in the page.

    Playwright's own waiting evaluates text inside the page, and the page's policy forbids that.
    """
    for _ in range(300):
        if page.evaluate(script, *arg):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {script}")


def open_all(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("sample", ["night-train", "two-hander", "storm"])
def test_every_sample_has_a_page_before_anything_is_shot(
    sample: str, tmp_path: Path, screen: Callable[..., Watched]
) -> None:
    """An animatic from minute zero: all stills in playing order, as long as they are planned."""
    shutil.copytree(SAMPLES / sample, tmp_path / sample)
    scene = load_scene(tmp_path / sample / "scene.yaml")
    out = tmp_path / sample / "dailies.html"
    write_dailies(scene, made := plan(scene), None, out)
    page = screen().open(out)
    until(page, "document.querySelector('#film video').readyState >= 1")
    seconds = page.evaluate("document.querySelector('#film video').duration")
    assert seconds == pytest.approx(made.reel_frames / made.reel_rate, abs=0.1)
    assert page.locator("#strip .card").count() == len(made.shots)
    assert not any((tmp_path / sample).glob(".scenegraph"))  # looking makes no store


@pytest.mark.long
@pytest.mark.parametrize("sample", ["night-train", "two-hander", "storm"])
def test_the_page_of_every_sample_that_was_run(
    sample: str, tmp_path: Path, screen: Callable[..., Watched]
) -> None:
    """As a user gets it: run, then open the page beside the reel."""
    shutil.copytree(SAMPLES / sample, tmp_path / sample)
    file = tmp_path / sample / "scene.yaml"
    subprocess.run([sys.executable, "-m", "scenegraph", "run", str(file)], check=True)
    page = screen().open(next((tmp_path / sample).glob("*.preview.html")))
    until(page, "document.querySelector('#film video').readyState >= 1")
    page.keyboard.press("Space")
    until(page, "document.querySelector('#film video').currentTime > 0.5")
    assert "Done" in page.locator(".said").inner_text()
    for compare in page.locator(".compare").all()[:2]:
        compare.locator("[data-do=play]").click()
        videos = compare.locator("video").element_handles()
        assert max(page.evaluate(APART, videos)) <= 1


def test_keys_play_the_reel_and_step_by_frames_and_cuts(
    dailies: Path, screen: Callable[..., Watched]
) -> None:
    """Whoever cuts film has a hand on the keys: space, one frame, one cut."""
    page = screen().open(dailies)
    film = page.locator("#film video")
    until(page, "document.querySelector('#film video').readyState >= 2")

    def frame() -> int:
        until(page, "!document.querySelector('#film video').seeking")
        return int(film.evaluate("(video) => Math.floor(video.currentTime * 24 + 0.001)"))

    page.keyboard.press("Space")
    until(page, "document.querySelector('#film video').currentTime > 0.1")
    page.keyboard.press("Space")
    assert film.evaluate("(video) => video.paused")
    page.locator(".bar li").nth(0).click()
    assert frame() == 0
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        frame()
    assert frame() == 3
    page.keyboard.press("ArrowLeft")
    assert frame() == 2
    assert page.locator(".clock").first.inner_text() == "0:00:02"
    page.keyboard.press("Shift+ArrowRight")
    assert frame() == 19  # the first cut of the edit list
    assert page.locator(".transport .now").inner_text() == "mara-waits, take 1"
    page.keyboard.press("Shift+ArrowLeft")
    assert frame() == 0


def test_the_bar_of_a_long_film_follows_it(dailies: Path, screen: Callable[..., Watched]) -> None:
    """Of a film of seventy shots the bar shows some; what plays must be among them."""
    page = screen().open(dailies)
    until(page, "document.querySelector('#film video').readyState >= 2")
    page.evaluate("document.querySelector('.bar li').style.minWidth = '150vw'")
    second = page.locator(".bar li").nth(1)
    assert not page.evaluate(IN_BAR, second.element_handle())
    page.keyboard.press("Shift+ArrowRight")
    until(page, "document.querySelector('.bar li:nth-child(2)').hasAttribute('aria-current')")
    assert page.evaluate(IN_BAR, second.element_handle())
    assert page.evaluate("scrollY") == 0


def test_two_takes_keep_in_step_within_a_frame(
    dailies: Path, screen: Callable[..., Watched]
) -> None:
    """A comparison of takes that run apart compares nothing."""
    page = screen().open(dailies)
    compare = page.locator(".compare").first
    compare.locator("[data-side='0']").select_option("3")
    compare.locator("[data-side='1']").select_option("4")
    compare.locator("[data-do=play]").click()
    videos = compare.locator("video").element_handles()
    apart = page.evaluate(APART, videos)
    assert len(apart) > 20
    assert max(apart) <= 1
    compare.locator("[data-do=play]").click()
    until(page, STILL, videos)
    assert len({page.evaluate(LIGHT, video) // 5 for video in videos}) == 1  # the same picture
    before = page.evaluate(LIGHT, videos[0])
    compare.locator(".panes").focus()
    page.keyboard.press("ArrowLeft")
    until(page, STILL, videos)
    page.wait_for_timeout(150)  # until the pictures of that frame are on the screen
    after = [page.evaluate(LIGHT, video) for video in videos]
    assert abs(after[0] - after[1]) <= 2
    assert after[0] != before


def test_a_wipe_shows_one_take_through_the_other(
    dailies: Path, screen: Callable[..., Watched]
) -> None:
    """Two pictures in one place; the edge between them moves by mouse or by arrow keys."""
    page = screen().open(dailies)
    compare = page.locator(".compare").first
    left, right = compare.locator("video").all()
    assert left.bounding_box()["x"] < right.bounding_box()["x"]
    compare.locator("[data-do=wipe]").check()
    assert left.bounding_box() == right.bounding_box()
    slide = compare.locator("[data-do=edge]")
    slide.focus()
    page.keyboard.press("ArrowRight")
    assert "51%" in right.evaluate("(video) => getComputedStyle(video).clipPath")


def test_a_click_in_the_graph_lands_on_the_shot(
    dailies: Path, screen: Callable[..., Watched]
) -> None:
    """From a red box to why it is red, in one step."""
    page = screen().open(dailies)
    page.locator("#graph a", has_text="stranger-nods").click()
    shot = page.locator("#shot-stranger-nods")
    shot.locator("pre").first.wait_for(state="visible")
    assert page.url.endswith("#shot-stranger-nods")
    assert 0 <= shot.bounding_box()["y"] < 400
    link = page.locator(".losses a").first
    link.focus()
    page.keyboard.press("Enter")
    page.locator("#shot-stranger pre").first.wait_for(state="visible")


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 390)])
def test_nothing_serious_stands_in_the_way_of_a_screen_reader(
    dailies: Path, screen: Callable[..., Watched], scheme: str, width: int
) -> None:
    """Contrast, names and order as axe-core judges them, with everything opened."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core")
    page = screen(width=width, color_scheme=scheme).open(dailies)
    open_all(page)
    found = axe.Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in grave] == []


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_the_page_is_as_wide_as_its_window(
    dailies: Path, screen: Callable[..., Watched], width: int
) -> None:
    """On a phone nobody pushes a page from side to side; only lanes and tables may."""
    page = screen(width=width).open(dailies)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_everything_can_be_read(
    dailies: Path, screen: Callable[..., Watched]
) -> None:
    """Mail programs run none: the film has its own controls, rows open, links lead on."""
    page = screen(java_script_enabled=False).open(dailies)
    assert page.locator("#film video[controls]").count() == 1
    assert page.locator(".transport").is_hidden()
    assert page.locator(".compare .controls").first.is_hidden()
    assert page.locator(".compare table").first.is_visible()
    page.locator("#shot-platform summary").first.click()
    assert page.locator("#shot-platform pre").first.is_visible()


def test_on_paper_every_row_is_open(dailies: Path, screen: Callable[..., Watched]) -> None:
    """What is folded away on a screen cannot be unfolded on paper."""
    page = screen().open(dailies)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#shot-platform pre").first.is_visible()
    assert page.locator(".places").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#shot-platform > details").get_attribute("open") is None


def test_hostile_words_are_only_words(unshot: Any, screen: Callable[..., Watched]) -> None:
    """A scene file from somebody else: its title, prompts, notes and file name run nothing."""
    shots = [
        shot.model_copy(update={"prompt": f"Rain. {NASTY}", "notes": NASTY})
        for shot in unshot.scene.shots
    ]
    scene = unshot.scene.model_copy(update={"title": NASTY, "shots": tuple(shots)})
    folder = scene.folder / "more"
    shutil.copytree(scene.folder / "stills", folder / "stills")
    saved = scene.save(folder / "a'\"><img src=x onerror=alert(2)>.yaml")
    loaded = load_scene(saved)
    out = folder / "dailies.html"
    write_dailies(loaded, plan(loaded), None, out)
    window = screen()
    page = window.open(out)
    open_all(page)
    page.wait_for_timeout(100)
    assert page.title().startswith(NASTY)
    assert page.locator("h1").inner_text() == NASTY
    assert "onerror=alert(2)" in page.locator(".go-on").inner_text()
    assert page.locator("#shot-platform .prompt").first.inner_text().count(NASTY) == 1
    assert page.locator("[onerror], img[src=x]").count() == 0
    # And were one let through, it would not run.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(3)>')")
    page.wait_for_timeout(100)
    told = [error for error in window.errors if "Content Security Policy" in error]
    assert len(told) == len(window.errors) > 0
    window.errors.clear()
    window.requests.clear()
