"""Decisions taken after looking, laid over the scene. Purely: the file is never changed.

A verdict does not patch a running plan. It is appended to the ledger as an amendment, and
planning runs again on scene, amendments and takes; so a re-run replays the same decisions.

| kind | what planning makes of it | values |
| --- | --- | --- |
| accept | the drifted take is good enough | – |
| reroll | another take of the same setup; its phrases, if any, join the prompt | phrases |
| tune | parameters and phrases from now on | parameters, phrases |
| reanchor | a node `<shot>.anchor` before the hop | keyframe, motion, frames, prompt |
| ask | a person must decide about this take | – |
| takes | so many takes of `setup` side by side, after take `after` | takes, after, setup |
| best | the best of takes that were shot side by side | – |
| pick | a person circled this take while the shot wanted `setup` | setup |
| undo | everything before it is void for this shot | – |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.ledger import Amendment, Memory, Take
from scenegraph.scene import MotionShot, Scene, Shot, ShotGraph

#: New frames of an anchor when its amendment does not say: long enough to arrive, short to pay.
ANCHOR_FRAMES = 48
ANCHOR = ".anchor"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What amendments add to one shot's request."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()


UNTUNED = Tuning()


def tuning_of(amendments: Iterable[Amendment]) -> Tuning:
    """All tunings of one shot, later ones over earlier ones.

    >>> tuning_of([Amendment(shot="a", kind="tune", reason="", values={"phrases": ["Sharp."]})])
    Tuning(parameters={}, phrases=('Sharp.',))
    """
    parameters: dict[str, Any] = {}
    phrases: list[str] = []
    for amendment in amendments:
        if amendment.kind in ("tune", "reroll"):
            parameters |= amendment.values.get("parameters", {})
            phrases += amendment.values.get("phrases", ())
    if not parameters and not phrases:
        return UNTUNED
    return Tuning(parameters, tuple(dict.fromkeys(phrases)))


def is_accepted(take: Take, amendments: Iterable[Amendment]) -> bool:
    """Whether somebody, or the ladder, took this take although it drifted."""
    return any(one.kind in ("accept", "pick") and one.take == take.id for one in amendments)


def is_asked_about(take: Take, amendments: Iterable[Amendment]) -> bool:
    """Whether the ladder came to its end with this take and left it to a person."""
    return any(one.kind == "ask" and one.take == take.id for one in amendments)


def picked(amendments: Iterable[Amendment]) -> Amendment | None:
    """The last take that was chosen among others, by a person or by its score, if any."""
    last = None
    for amendment in amendments:
        if amendment.kind in ("pick", "best"):
            last = amendment
    return last


def pick_amendment(take: Take, setup: str) -> Amendment:
    """What `pick` appends, so that the next plan knows a person chose while `setup` was wanted.

    Without it, a plan would see an older take circled and shoot the newer setup again.
    """
    return Amendment(
        shot=take.shot,
        kind="pick",
        reason=f"t{take.number} was picked",
        take=take.id,
        values={"setup": setup},
    )


def amended_graph(scene: Scene, memory: Memory, graph: ShotGraph | None = None) -> ShotGraph:
    """The scene's graph with the nodes that amendments have inserted.

    Raises:
        SceneError: a chain without a keyframe cannot be anchored again.
    """
    graph = graph or scene.graph()
    wanted = {
        shot: last
        for shot in graph.shots
        if (last := _last_anchor(memory.amended(shot))) is not None
    }
    if not wanted:
        return graph
    shots: dict[str, Shot] = {}
    for id_, shot in graph.shots.items():
        if id_ in wanted and shot.tail_of is not None:
            anchor = _anchor(graph, shot, wanted[id_])
            shots[anchor.id] = anchor
            shot = shot.model_copy(update={"parent": anchor.id})
        shots[id_] = shot
    reel: list[str] = []
    for id_ in graph.reel_order:
        if id_ + ANCHOR in shots:
            reel.append(id_ + ANCHOR)
        reel.append(id_)
    return ShotGraph(shots, tuple(reel))


def _last_anchor(amendments: Iterable[Amendment]) -> Amendment | None:
    last = None
    for amendment in amendments:
        if amendment.kind == "reanchor":
            last = amendment
    return last


def _anchor(graph: ShotGraph, shot: Shot, amendment: Amendment) -> Shot:
    """The node that brings a chain back to its keyframe before `shot` goes on."""
    values = amendment.values
    keyframe = values.get("keyframe") or chain_keyframe(graph, shot.id)
    if keyframe is None:
        raise SceneError(
            f"Shot {shot.id!r} cannot be anchored again: no shot of its chain has a keyframe.",
            next="Give the chain's first shot a keyframe, or `scenegraph rerun` the shot.",
        )
    common = shot.model_dump(
        include={"negative_prompt", "seed", "preset", "loras", "parameters", "expects_face"}
    )
    node = MotionShot(
        **common,
        id="anchor",
        prompt=values.get("prompt") or shot.prompt or _words_above(graph, shot.id),
        keyframe=keyframe,
        motion=values.get("motion"),
        parent=shot.tail_of,
        frames=values.get("frames", ANCHOR_FRAMES),
        drift=shot.drift,
    )
    return node.model_copy(update={"id": shot.id + ANCHOR})


def chain_keyframe(graph: ShotGraph, id_: str) -> Any:
    """The keyframe that a chain started from: the nearest shot above that has one."""
    above: str | None = id_
    while above is not None:
        shot = graph.shots[above]
        if shot.picture_of is not None:
            return shot.picture_of
        above = shot.tail_of
    return None


def _words_above(graph: ShotGraph, id_: str) -> Any:
    above: str | None = id_
    while above is not None:
        shot = graph.shots[above]
        if shot.prompt is not None:
            return shot.prompt
        above = shot.tail_of
    return "The moment goes on."
