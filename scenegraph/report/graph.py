"""The scene's graph with a way from each box to its shot's place in the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import escape

from scenegraph.report.page import Standing
from scenegraph.scene import ShotGraph, draw_svg

#: The words in the boxes; the drawing names its colours after those that it knows.
WORDS: Mapping[Standing, str] = {
    "kept": "kept",
    "drifted": "drifted",
    "stale": "stale",
    "lost": "lost",
    "blocked": "blocked",
    "asking": "ask",
    "queued": "queued",
    "todo": "to shoot",
}

#: One box of the drawing: a group that begins with a title `id, kind, …`; it holds no other group.
BOX = re.compile(r"<g><title>([^<,]+),.*?</g>", re.DOTALL)
#: The drawing's own colours. The page has its own, and its policy lets no other style in.
OWN_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def linked_graph(graph: ShotGraph, standings: Mapping[str, Standing], title: str) -> str:
    """The graph as inline SVG; a click on a box goes to `#shot-ID`.

    The drawing says as text what every box is, so it needs no label of its own here.
    """
    state = {shot: WORDS[standing] for shot, standing in standings.items()}
    drawing = OWN_STYLE.sub("", draw_svg(graph, state=state, title=title), count=1)
    # The boxes are links: a picture has no parts that one could go to.
    drawing = drawing.replace('role="img"', 'role="group"', 1)
    places = {str(escape(shot)): shot for shot in graph.shots}

    def with_link(box: re.Match[str]) -> str:
        shot = places.get(box[1])
        if shot is None:
            return box[0]
        look = f"node {standings.get(shot, 'todo')}"
        return f'<a class="{look}" href="#shot-{escape(shot)}">{box[0]}</a>'

    return BOX.sub(with_link, drawing)
