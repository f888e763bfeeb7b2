"""Rules about shots that hang together: lengths, rates, shapes, chains, and what nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from scenegraph.scene.model import CANONICAL_KEYFRAMES, Scene
from scenegraph.scene.prompt import (
    frame_rate,
    has_person,
    named_characters,
    new_frames,
    shot_parameters,
)
from scenegraph.scene.rules.seen import Seen, camera_of
from scenegraph.scene.shots import ExtendShot, MotionShot, Shot, without_hop
from scenegraph.units import snap_8k1

#: Hops from a keyframe that are taken to stay within their drift budget before anything was
#: measured: the plan's assumption is a quarter of it for each.
BUDGET_HOPS = 4
#: Seconds of one clip; the preset `long-10s` is just within.
LONGEST_TAKE = 10.5


def snapped_frames(scene: Scene) -> Iterator[Seen]:
    """The model makes 8k+1 frames (9, 17, … 121, …); another count is moved to the nearest. A hop
    answers its parent's tail and the new frames together."""
    for name, preset in scene.presets.items():
        count = preset.get("num_frames")
        if isinstance(count, int) and snap_8k1(count) != count:
            message = f"Preset {name!r} asks for {count} frames; {snap_8k1(count)} will be made."
            at = ("presets", name, "num_frames")
            yield Seen(None, message, at, f"Write `num_frames: {snap_8k1(count)}`.")
    for shot in scene.shots:
        if shot.frames is None:
            continue
        head = scene.tail_frames if shot.tail_of is not None else 0
        wanted = head + new_frames(scene, shot)
        snapped = snap_8k1(wanted)
        if snapped != wanted:
            made = f"{snapped - head} will be made"
            message = f"Shot {shot.id!r} asks for {shot.frames} new frames; {made}."
            fix = f"Write `frames: {snapped - head}`."
            yield Seen(shot.id, message, ("shots", shot.id, "frames"), fix)


def mixed_rates(scene: Scene) -> Iterator[Seen]:
    """A hop takes its parent's frames as they are: at another rate the motion changes speed."""
    for shot in scene.shots:
        if shot.tail_of is not None:
            parent = scene.shot(shot.tail_of)
            own, before = frame_rate(scene, shot), frame_rate(scene, parent)
            if own != before:
                goes_on = f"goes on from {parent.id!r} at {before} fps"
                message = f"Shot {shot.id!r} runs at {own} fps and {goes_on}."
                yield Seen(shot.id, message, ("shots", shot.id))


def rates_in_reel(scene: Scene) -> Iterator[Seen]:
    """A shot of another rate than the reel's is fitted by showing some frames twice or leaving some
    out, and a steady pan stutters; unless the reel says by `rate_by` that frames are to be drawn
    between them. A rate that goes into the other evenly is shown as it is."""
    if scene.reel.rate_by != "duplicate":
        return
    rate = scene.reel.frame_rate or scene.picture.frame_rate
    played = dict.fromkeys(without_hop(id) for id in scene.graph().reel_order)
    rates = {id: frame_rate(scene, scene.shot(id)) for id in played}
    uneven = {id: own for id, own in rates.items() if rate % own and own % rate}
    if uneven and len(set(rates.values())) == 1:
        own = next(iter(uneven.values()))
        message = f"The reel runs at {rate} fps and all its shots at {own}."
        yield Seen(None, message, ("reel", "frame_rate"))
        return
    for id, own in uneven.items():
        message = f"Shot {id!r} runs at {own} fps in a reel of {rate}."
        yield Seen(id, message, ("shots", id))


def mixed_aspect(scene: Scene) -> Iterator[Seen]:
    """`auto` follows the picture before it and a fixed ratio crops it: the frame jumps."""
    for shot in scene.shots:
        if shot.tail_of is not None:
            parent = scene.shot(shot.tail_of)
            own = shot_parameters(scene, shot).get("aspect_ratio")
            before = shot_parameters(scene, parent).get("aspect_ratio")
            if own != before:
                message = (
                    f"Shot {shot.id!r} is {own} and goes on from {parent.id!r}, which is {before}."
                )
                yield Seen(shot.id, message, ("shots", shot.id))


_MOVES = re.compile(
    r"\b(push(es|ing)?[- ]in|pull(s|ing)?[- ](back|out)|zoom(s|ing)?( in| out)?|dolly|orbit(s|ing)?"
    r"|crane|truck(s|ing)?|pan(s|ning)?|tilt(s|ing)?|tracking)\b",
    re.I,
)
_STILL = re.compile(r"\bno (sudden )?(zoom|pan|push)|locked|static|tripod|stable\b", re.I)


def _camera_move(shot: Shot) -> str | None:
    words = camera_of(shot)
    found = _MOVES.search(words)
    return found[0] if found and not _STILL.search(words) else None


def camera_adds_up(scene: Scene) -> Iterator[Seen]:
    """The same move in every hop adds up: three push-ins end in the pores of the skin."""
    for shot in scene.shots:
        if not isinstance(shot, ExtendShot):
            continue
        move = _camera_move(shot)
        parent = scene.shot(shot.parent)
        repeats = isinstance(parent, ExtendShot) and _camera_move(parent) is not None
        if move and (shot.hops > 1 or repeats):
            message = f"The camera move of {shot.id!r} ({move!r}) is made again in every hop."
            yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


def long_chain(scene: Scene) -> Iterator[Seen]:
    """Identity and colour wander hop by hop. Three hops of generated video stay within the usual
    drift budgets, five often do not; an anchor brings them back. `scenegraph plan` tells what was
    measured."""
    graph = scene.graph()
    for chain in graph.chains():
        hops = [id for id in chain if isinstance(graph.shots[id], ExtendShot)]
        if len(hops) > BUDGET_HOPS and not scene.drift.plan_ahead:
            shot = without_hop(hops[BUDGET_HOPS])
            message = (
                f"The chain from {chain[0]!r} has {len(hops)} hops without a new anchor; "
                f"its drift budget is expected to last {BUDGET_HOPS}."
            )
            yield Seen(shot, message, ("shots", shot))


def long_take(scene: Scene) -> Iterator[Seen]:
    """A face drifts within a clip too, the longer it is and the more happens in it. Hops of four to
    five seconds hold better than one long clip, and only the bad one is shot again."""
    for shot in scene.shots:
        seconds = new_frames(scene, shot) / frame_rate(scene, shot)
        if seconds > LONGEST_TAKE and has_person(scene, shot):
            message = f"Shot {shot.id!r} shows a person for {seconds:.0f} seconds in one clip."
            yield Seen(shot.id, message, ("shots", shot.id))


def nothing_to_follow(scene: Scene) -> Iterator[Seen]:
    """A multicondition shot is worth it for a motion to follow or a tail to go on from."""
    for shot in scene.shots:
        if isinstance(shot, MotionShot) and shot.motion is None and shot.parent is None:
            message = f"Shot {shot.id!r} has neither a motion nor a parent."
            yield Seen(shot.id, message, ("shots", shot.id))


def not_in_reel(scene: Scene) -> Iterator[Seen]:
    """It would be shot and paid for, and nobody would see it."""
    if scene.reel.order is None:
        return
    graph = scene.graph()
    played = set(graph.reel_order)
    for shot in scene.shots:
        ids = [id for id in graph.shots if without_hop(id) == shot.id]
        seen = {*ids, *graph.descendants(ids)} & played
        if not seen:
            message = f"Neither shot {shot.id!r} nor anything made from it is in the reel."
            yield Seen(shot.id, message, ("shots", shot.id))


def never_used(scene: Scene) -> Iterator[Seen]:
    """A motion, a character or a LoRA that no shot names is often a slip in a name."""
    motions = {shot.motion for shot in scene.shots if isinstance(shot, MotionShot)}
    for name in scene.motions.keys() - motions:
        yield Seen(None, f"No shot uses the motion {name!r}.", ("motions", name))
    people = {name for shot in scene.shots for name in named_characters(scene, shot)}
    for name in scene.characters.keys() - people:
        yield Seen(None, f"No shot shows the character {name!r}.", ("characters", name))
    lists = [*(cast.loras for cast in scene.characters.values()), *(s.loras for s in scene.shots)]
    used = {one if isinstance(one, str) else getattr(one, "name", "") for ls in lists for one in ls}
    for name, lora in scene.loras.items():
        if name not in used and not lora.everywhere:
            fix = "Name it under `loras:` of a character or a shot, or set `everywhere: true`."
            yield Seen(None, f"Nothing uses the LoRA {name!r}.", ("loras", name), fix)


def nearly_canonical(scene: Scene) -> Iterator[Seen]:
    """Recipes and remedies look for `front_closeup`, `three_quarter` and `medium_shot`."""
    for name, cast in scene.characters.items():
        for frame in cast.keyframes:
            near = get_close_matches(frame, CANONICAL_KEYFRAMES, n=1, cutoff=0.8)
            if near and frame not in CANONICAL_KEYFRAMES:
                message = f"The still {frame!r} of {name!r} is nearly called {near[0]!r}."
                at = ("characters", name, "keyframes", frame)
                yield Seen(None, message, at, f"Call it {near[0]!r}.")
