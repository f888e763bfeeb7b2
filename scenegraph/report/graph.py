"""The scene's graph with a way from each box to its shot's place in the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import escape

from scenegraph.report.page import Standing
from scenegraph.scene import ShotGraph, draw_svg

#: The words in the boxes; the drawing colours those that it knows.
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


def linked_graph(graph: ShotGraph, standings: Mapping[str, Standing], title: str) -> str:
    """The graph as inline SVG; a click on a box goes to `#shot-ID`.

    The drawing says as text what every box is, so it needs no label of its own here.
    """
    state = {shot: WORDS[standing] for shot, standing in standings.items()}
    drawing = draw_svg(graph, state=state, title=title)
    places = {str(escape(shot)): shot for shot in graph.shots}

    def with_link(box: re.Match[str]) -> str:
        shot = places.get(box[1])
        return box[0] if shot is None else f'<a href="#shot-{escape(shot)}">{box[0]}</a>'

    return BOX.sub(with_link, drawing)
