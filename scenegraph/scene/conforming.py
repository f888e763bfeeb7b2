"""What will be done to takes on their way into the reel, said before anything is shot."""

from __future__ import annotations

from typing import Any

from scenegraph.scene.model import Scene
from scenegraph.scene.prompt import frame_rate

BY = {
    "duplicate": "frames are repeated or dropped",
    "blend": "frames are mixed from their neighbours",
    "interpolate": "frames are drawn between them along the motion",
}


def reel_json(scene: Scene) -> dict[str, Any]:
    """The reel's rate, the rates that its shots are asked at, and what is made of it besides."""
    graph = scene.graph()
    rates = sorted({frame_rate(scene, graph.shots[id]) for id in graph.reel_order})
    return {
        "frame_rate": scene.reel.frame_rate or scene.picture.frame_rate,
        "from": rates,
        "rate_by": scene.reel.rate_by,
        "deliver": [one.ending[1:] for one in scene.reel.deliver if not one.is_the_reel],
    }


def reel_sentence(scene: Scene) -> str | None:
    """The same for people; None where nothing but a reel of the takes' own rate is made."""
    facts = reel_json(scene)
    others = [str(rate) for rate in facts["from"] if rate != facts["frame_rate"]]
    said = []
    if others:
        what = BY[facts["rate_by"]]
        by = f"`rate_by: {facts['rate_by']}`"
        said.append(
            f"{' and '.join(others)} frames a second become {facts['frame_rate']}: {what} ({by})"
        )
    if facts["deliver"]:
        said.append(f"delivered as {', '.join(facts['deliver'])}")
    return "; ".join(said) or None
