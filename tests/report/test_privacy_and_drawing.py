"""The small parts: what is hidden, what is drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenegraph.report.charts import (
    LINE_H,
    LINE_W,
    PANEL_H,
    Curve,
    Overlay,
    Row,
    cut_curves,
    drift_chart,
    seam,
)
from scenegraph.report.films import (
    REEL_BYTES,
    TAKES_BYTES,
    choose_rate,
    reel_command,
)
from scenegraph.report.privacy import AsSent, DataUri, Scrub
from scenegraph.report.wanted import Clipping

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/films/night/stills/mara.png is missing.", "stills/mara.png is missing."),
        ("the folder /films/night", "the folder ."),
        ("/films/nightly/x.png", "…/x.png"),
        ("C:\\Users\\ann\\film.mp4 cannot be read", "…/film.mp4 cannot be read"),
        (
            "https://queue.fal.run/fal-ai/ltx/requests/1",
            "https://queue.fal.run/fal-ai/ltx/requests/1",
        ),
        ("fal-ai/ltxv-13b-098-distilled/extend", "fal-ai/ltxv-13b-098-distilled/extend"),
        ("24/1 and 1/2", "24/1 and 1/2"),
    ],
)
def test_paths_are_hidden_and_what_only_looks_like_one_is_not(said: str, shown: str) -> None:
    """An endpoint, a ratio and a URL have slashes too, and must stay readable."""
    assert Scrub(Path("/films/night"))(said) == shown


def test_media_in_the_page_are_never_touched() -> None:
    """Base64 may spell anything, a folder's name as well."""
    uri = DataUri("data:image/jpeg;base64,AAA/films/night/BBB=")
    assert Scrub(Path("/films/night"), secrets=["films/night"])(uri) is uri


def test_prompts_lose_known_folders_only() -> None:
    """A prompt shows as it was sent: `/imagine/a/train` is no path of ours."""
    scrub = Scrub(Path("/films/night"))
    assert scrub(AsSent("/imagine/a/train as in /films/night/ref.png")) == (
        "/imagine/a/train as in ref.png"
    )


shares = st.lists(st.none() | st.floats(0, 50), min_size=1, max_size=40)


@given(shares)
def test_a_drift_line_stays_on_its_canvas(values: list[float | None]) -> None:
    """One wild value must not push the budget line or the others out of sight."""
    drawing = ElementTree.fromstring(drift_chart([Row(values)], ["hop"] * len(values), [(9.0,)]))
    dots = drawing.findall("circle")
    assert len(dots) == sum(value is not None for value in values)
    for dot in dots:
        assert 0 <= float(dot.get("cx", "")) <= LINE_W
        assert 0 <= float(dot.get("cy", "")) <= LINE_H


def test_a_measure_that_was_not_made_leaves_a_gap() -> None:
    """A line drawn through it would look like a measurement."""
    drawing = ElementTree.fromstring(drift_chart([Row([0.1, 0.2, None, 0.3, 0.4])], ["start"] * 5))
    assert len(drawing.findall("polyline")) == 2


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=120), st.integers(0, 500))
def test_a_cut_is_drawn_for_any_motion(values: list[float], chosen: int) -> None:
    """Curves end early, spike, and the chosen frame may lie at their very edge."""
    curve = Curve(3, tuple(values), chosen, (chosen + 5,))
    drawing = ElementTree.fromstring(cut_curves(curve, curve))
    for dot in drawing.findall("circle"):
        assert 0 <= float(dot.get("cy", "")) <= PANEL_H
    assert ElementTree.fromstring(cut_curves(None, None)).findall("polyline") == []


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_seam_is_drawn_wherever_it_lies(parent: int, answer: int, at: int, repeated: int) -> None:
    """An answer may leave its parent early, or repeat none of it."""
    overlay = Overlay(parent, answer, at, min(repeated, answer), parent - 1, min(repeated, 5))
    for bar in ElementTree.fromstring(seam(overlay)).findall("rect"):
        assert float(bar.get("x", "")) >= 0 and float(bar.get("width", "")) >= 0


@pytest.mark.parametrize("takes", [2, 40, 120, 400])
def test_films_of_takes_are_held_to_their_weight(takes: int) -> None:
    """A shot that was re-rolled thirty times must not make the page too large to be mailed."""
    clips = [Clipping(Path(f"{n}.mp4"), 121, 24.0, 16 / 9) for n in range(takes)]
    chosen, kbit = choose_rate(clips)
    assert sum(clip.seconds for clip in chosen) * kbit * 1000 / 8 <= TAKES_BYTES
    assert chosen[:2] == clips[:2]


def test_the_film_in_the_page_is_held_to_its_weight() -> None:
    """A page of a five-minute scene must still be mailed; a short film may look good."""

    def kbit(seconds: float) -> int:
        command = reel_command(Path("reel.mp4"), Path("small.mp4"), seconds, "ffmpeg")
        return int(command[command.index("-maxrate") + 1].removesuffix("k"))

    assert kbit(300) * 1000 / 8 * 300 <= REEL_BYTES
    assert kbit(20) > kbit(300)


def test_reel_command(golden) -> None:  # type: ignore[no-untyped-def]
    """Small, upright, bit-exact, and with its sound when it has one."""
    command = reel_command(Path("reel.mp4"), Path("small.mp4"), 30.0, "ffmpeg")
    golden("dailies_reel.argv", "\n".join(command))
