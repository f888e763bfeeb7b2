"""Decisions taken after looking, laid over the scene. Purely: the file is never changed.

A verdict does not patch a running plan. It is appended to the ledger as an amendment, and
planning runs again on scene, amendments and takes; so a re-run replays the same decisions.

| kind | what planning makes of it | values |
| --- | --- | --- |
| accept | the drifted take is good enough | setup |
| reroll | another take of the same setup; its phrases, if any, join the prompt | phrases |
| tune | parameters and phrases from now on | parameters, phrases |
| reanchor | a node `<shot>.anchor` before the hop | keyframe, motion, frames, prompt, planned |
| cut | the hop becomes a shot from a keyframe, in another framing | keyframe, framing |
| grade | the drifted take is kept; its colour is matched at the cut | grade, setup |
| ask | a person must decide about this take | – |
| takes | so many takes of `setup` side by side, after take `after` | takes, after, setup |
| best | the best of takes that were shot side by side | – |
| ahead | nothing by itself: over these hops it was thought ahead (`plan.drifting`) | hops, slope |
| speculate | nothing: it was asked for while its parent was reviewed | parent, key, usd |
| pick | a person circled this take while the shot wanted `setup` | setup |
| undo | everything before it is void for this shot | – |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenegraph.errors import SceneError
from scenegraph.ledger import Amendment, Memory, Take
from scenegraph.scene import ImageShot, MotionShot, Prompt, Scene, Shot, ShotGraph
from scenegraph.scene.conditioning import without_files

#: New frames of an anchor when its amendment does not say: long enough to arrive, short to pay.
ANCHOR_FRAMES = 48
ANCHOR = ".anchor"
#: The hops of a chain that were thought about before they were shot.
AHEAD = "ahead"
#: Amendments by which a take is kept that planning alone would not keep.
KEEPING = ("accept", "grade", "pick")
#: Amendments that change the graph.
GRAPH_CHANGES = ("reanchor", "cut")


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
    return any(one.kind in KEEPING and one.take == take.id for one in amendments)


def is_asked_about(take: Take, amendments: Iterable[Amendment]) -> bool:
    """Whether the ladder came to its end with this take and left it to a person."""
    return any(one.kind == "ask" and one.take == take.id for one in amendments)


def picked(amendments: Iterable[Amendment]) -> Amendment | None:
    """The last choice of a take that may not be of the setup that is wanted, if any.

    A person picks; a ladder keeps the best of what it has asked for.
    """
    last = None
    for amendment in amendments:
        if amendment.kind in ("pick", "best") or (
            amendment.kind in KEEPING and "setup" in amendment.values
        ):
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
    """The scene's graph with the nodes that amendments have inserted or changed.

    Raises:
        SceneError: a chain without a keyframe cannot be anchored again.
    """
    graph = graph or scene.graph()
    wanted = {
        shot: last
        for shot in graph.shots
        if (last := _last_change(scene, memory.amended(shot))) is not None
    }
    if not wanted:
        return graph
    shots: dict[str, Shot] = {}
    for id_, shot in graph.shots.items():
        last = wanted.get(id_)
        if last is None or shot.tail_of is None:
            pass
        elif last.kind == "cut":
            shot = _cut_back(graph, shot, last)
        else:
            anchor = _anchor(graph, shot, last)
            shots[anchor.id] = anchor
            shot = shot.model_copy(update={"parent": anchor.id})
        shots[id_] = shot
    reel: list[str] = []
    for id_ in graph.reel_order:
        if id_ + ANCHOR in shots:
            reel.append(id_ + ANCHOR)
        reel.append(id_)
    return ShotGraph(shots, tuple(reel))


def graph_changes(memory: Memory, shot: str) -> tuple[Amendment, ...]:
    """What was decided about a shot that makes another graph."""
    return tuple(one for one in memory.amended(shot) if one.kind in GRAPH_CHANGES)


def is_in_force(scene: Scene, amendment: Amendment) -> bool:
    """What was planned ahead holds for as long as the scene asks for that."""
    return scene.drift.plan_ahead or not amendment.values.get("planned")


def _last_change(scene: Scene, amendments: Iterable[Amendment]) -> Amendment | None:
    last = None
    for amendment in amendments:
        if amendment.kind in GRAPH_CHANGES and is_in_force(scene, amendment):
            last = amendment
    return last


def _keyframe_of(graph: ShotGraph, shot: Shot, amendment: Amendment) -> Any:
    """The still that an amendment goes back to: its own, else the one that the chain started from.

    Raises:
        SceneError: neither has one.
    """
    keyframe = amendment.values.get("keyframe") or chain_keyframe(graph, shot.id)
    if keyframe is None:
        raise SceneError(
            f"Shot {shot.id!r} cannot go back to a keyframe: no shot of its chain has one.",
            next="Give the chain's first shot a keyframe, or `scenegraph rerun` the shot.",
        )
    return keyframe


def _cut_back(graph: ShotGraph, shot: Shot, amendment: Amendment) -> Shot:
    """The shot from a keyframe that takes the place of a hop."""
    words = shot.prompt or _words_above(graph, shot.id)
    framing = amendment.values.get("framing")
    if framing and isinstance(words, Prompt):
        words = words.model_copy(update={"framing": framing})
    elif framing:
        words = f"{framing[:1].upper()}{framing[1:]}. {words}"
    node = ImageShot(
        **_common(shot, "seconds", "frames"),
        id="cut",
        prompt=words,
        keyframe=_keyframe_of(graph, shot, amendment),
        drift=shot.drift,
    )
    return node.model_copy(update={"id": shot.id})


_COMMON = {"negative_prompt", "seed", "preset", "loras", "fixes", "parameters", "expects_face"}


def _common(shot: Shot, *more: str) -> dict[str, Any]:
    """What a shot of another kind takes over from a hop: nothing about the hop's own files."""
    common = shot.model_dump(include=_COMMON | {*more})
    return {**common, "parameters": without_files(shot.parameters)}


def _anchor(graph: ShotGraph, shot: Shot, amendment: Amendment) -> Shot:
    """The node that brings a chain back to its keyframe before `shot` goes on."""
    values = amendment.values
    node = MotionShot(
        **_common(shot),
        id="anchor",
        prompt=values.get("prompt") or shot.prompt or _words_above(graph, shot.id),
        keyframe=_keyframe_of(graph, shot, amendment),
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
