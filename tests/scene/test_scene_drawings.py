"""The drawn graph: golden where it is small, counted where it is large, harmless always."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from scenegraph.scene import (
    Character,
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Scene,
    ShotGraph,
    TextShot,
    draw_dot,
    draw_mermaid,
    draw_svg,
    load_scene,
)
from scenegraph.scene.svg import WIDEST, lay_out

CAST = {"mara": Character(keyframes={"f": "a.png"})}
SVG = "{http://www.w3.org/2000/svg}"
STATE = {"platform": "keep", "mara-waits": "shoot", "mara-listens.2": "stale"}
LABELS = {"platform": "$0.10"}


def hundred() -> ShotGraph:
    shots = []
    for n in range(12):
        shots.append(ImageShot(id=f"beat-{n}", keyframe="mara.f", prompt="x"))
        shots.append(ExtendShot(id=f"hop-{n}", parent=f"beat-{n}", hops=4 + (n % 3) * 3))
        if n % 3 == 0:
            shots.append(TextShot(id=f"city-{n}", prompt="x"))
        if n % 4 == 1:
            shots.append(
                MotionShot(
                    id=f"anchor-{n}",
                    prompt="x",
                    keyframe=FrameOf(shot=f"beat-{n}"),
                    parent=f"hop-{n}.2",
                )
            )
    return Scene(title="x", characters=CAST, shots=shots).graph()


@pytest.mark.parametrize(
    ("draw", "name"), [(draw_mermaid, "mmd"), (draw_dot, "dot"), (draw_svg, "svg")]
)
def test_drawings_of_the_good_scene(draw, name, write, golden):
    """What a reader sees in a README is reviewed as a picture of text."""
    golden(
        f"scene_night_train.{name}", draw(load_scene(write()).graph(), state=STATE, labels=LABELS)
    )


def test_a_hundred_shots_are_laid_out_without_overlap():
    """Readable for 100 shots: a page of strips, story order left to right, one row per chain."""
    graph = hundred()
    assert len(graph.shots) > 100
    cells, rows = lay_out(graph)
    assert len(set(cells.values())) == len(cells) == len(graph.shots)
    story = [cells[id] for id in graph.shots]
    assert story == sorted(story, key=lambda cell: (cell.strip, cell.column))
    assert max(cell.column for cell in story) < WIDEST
    for chain in graph.chains():
        for strip in {cells[id].strip for id in chain}:
            assert len({cells[id].row for id in chain if cells[id].strip == strip}) == 1
    assert sum(rows) < 40  # single shots share rows: no staircase a hundred rows high


def test_the_svg_is_well_formed_and_speaks_to_screen_readers():
    """One file, no script, nothing fetched, a title and a description."""
    graph = hundred()
    text = draw_svg(graph, title="Night & train")
    root = ElementTree.fromstring(text)
    assert root.find(f"{SVG}title").text == "Night & train"
    assert "103 shots" in root.find(f"{SVG}desc").text
    boxes = [g.find(f"{SVG}title").text.split(",")[0] for g in root.iter(f"{SVG}g")]
    assert boxes == list(graph.shots)
    edges = sum(len(shot.parents) for shot in graph.shots.values())
    assert sum("edge" in (p.get("class") or "") for p in root.iter(f"{SVG}path")) == edges
    assert "prefers-color-scheme:dark" in text
    assert "<script" not in text and "href" not in text


@pytest.mark.parametrize("draw", [draw_mermaid, draw_dot, draw_svg])
def test_what_people_wrote_is_escaped(draw):
    """States and labels come from services and files; none of it may become markup."""
    nasty = '</text><script>alert(1)</script>"]; x[" & \\ \n \x00 end'
    graph = Scene(title="x", shots=[TextShot(id="a", prompt="x")]).graph()
    text = draw(graph, state={"a": nasty}, labels={"a": nasty})
    assert "\x00" not in text
    assert draw is draw_dot or "<script" not in text  # in dot it is a label like any other
    if draw is draw_svg:
        ElementTree.fromstring(text)
    if draw is draw_mermaid:
        assert text.count('"') == 2
    if draw is draw_dot:
        label = next(line for line in text.splitlines() if "s0 [" in line)
        assert label.replace("\\\\", "").replace('\\"', "").count('"') == 2
