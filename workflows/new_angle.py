"""Workflow C: the same character from another angle, as a controlled cut."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from pydantic import Field

from scenegraph.scene import FrameOf, ImageShot, Prompt, Scene, Shot, without_hop
from workflows.craft import (
    CastName,
    Files,
    ManyWords,
    MoreSeconds,
    SceneOptions,
    Seconds,
    Words,
    cast,
    make_scene,
    next_number,
    rate_of,
    says_who,
)
from workflows.registry import Unfit, hint, recipe
from workflows.single_shot import keep_rolling

#: A cut wants a clearly different picture: framings that alternate, wide to close.
FRAMINGS = ("medium shot", "close-up", "three-quarter view", "wide shot")


@recipe
def new_angle(
    *,
    keyframes: Annotated[Files, Field(max_length=24)] = (),
    from_shot: Words | None = None,
    frame: Literal["best", "first", "last"] | Annotated[int, Field(ge=0)] = "best",
    actions: Annotated[ManyWords, Field(min_length=1)],
    framings: ManyWords = (),
    setting: Words | None = None,
    camera: Words = "locked-off tripod",
    lighting: Words | None = None,
    character: CastName | None = None,
    look: Words | None = None,
    seconds: Seconds = 5.0,
    continue_seconds: MoreSeconds = 0.0,
    **options: Unpack[SceneOptions],
) -> Scene:
    """Cut to a new framing of the same character: one shot for each still.

    Every angle starts from a still of its own, so the cut changes the framing and keeps the face.
    In a scene that is there (`into`) one angle is enough, and it may start from the best frame of
    a take (`from_shot`) instead of a still.

    Args:
        keyframes: stills of the same character, one for each angle, in playing order. With `into`
            also the names of stills that the character has there.
        from_shot: a shot of `into`; a frame of its take is the keyframe of the last angle.
        frame: which one: best (sharp, at rest, like the keyframe), first, last, or its number.
        actions: one simple beat for each angle, or one for all.
        framings: the shot type of each angle; without it, medium shot and close-up take turns.
        setting: where; with `from_shot` as there.
        camera: how it moves.
        lighting: light and mood; with `from_shot` as there.
        character: a short name for who it is; with `from_shot` whoever is seen there.
        look: who it is in words; prompts say it.
        seconds: length of each angle's shot.
        continue_seconds: keep rolling for so long in each angle.

    >>> scene = new_angle(keyframes=["a.png", "b.png"], actions=["she reads"])
    >>> [(shot.id, shot.keyframe, shot.prompt.framing) for shot in scene.shots]
    [('angle-1', 'lead.angle_1', 'medium shot'), ('angle-2', 'lead.angle_2', 'close-up')]
    >>> more = new_angle(into=scene, from_shot="angle-2", actions=["she looks up"])
    >>> more.shots[-1].id, more.shots[-1].keyframe
    ('angle-3', FrameOf(shot='angle-2', frame='best'))
    """
    into = options.get("into")
    who = character or _seen_in(into, from_shot) or "lead"
    angles = len(keyframes) + (from_shot is not None)
    if into is None and len(keyframes) < 2:
        raise Unfit(
            f"keyframes: {len(keyframes)} of them; a cut needs two, or a scene to cut in (into)"
        )
    if not angles:
        raise Unfit("keyframes is missing; or give from_shot, for a frame of a take")
    if len(actions) not in (1, angles):
        raise Unfit(f"actions: {len(actions)} for {angles} angles; give one for each, or for all")
    if framings and len(framings) != angles:
        raise Unfit(f"framings: {len(framings)} for {angles} angles; give one for each, or none")
    if character and into is not None and not keyframes and character not in into.characters:
        near = hint(character, into.characters)
        raise Unfit(f"character: {into.title!r} has no {character!r}{near}")
    first = next_number("angle", options)
    named = {f"angle_{place}": path for place, path in enumerate(keyframes, first)}
    people, stills = cast(who, look, options, named, "keyframes")
    sources: list[str | FrameOf] = list(stills.values())
    if from_shot is not None:
        sources.append(FrameOf(shot=from_shot, frame=frame))
        if into is not None and isinstance(there := _start(into, from_shot).prompt, Prompt):
            setting, lighting = setting or there.setting, lighting or there.lighting
    rate = rate_of(options)
    shots: list[Shot] = []
    for place, source in enumerate(sources):
        id = f"angle-{first + place}"
        action = actions[place % len(actions)]
        prompt = Prompt(
            framing=framings[place] if framings else FRAMINGS[(place + (angles == 1)) % 4],
            subject=says_who(who, look, options),
            setting=setting,
            action=action,
            camera=camera,
            lighting=lighting,
        )
        shots.append(ImageShot(id=id, keyframe=source, prompt=prompt, seconds=seconds))
        shots += keep_rolling(id, continue_seconds, action, rate)
    parts = {"characters": people} if named or who in (into.characters if into else ()) else {}
    return make_scene("New angle", shots, options, **parts)


def _seen_in(into: Scene | None, from_shot: str | None) -> str | None:
    """Who is in the shot that a frame is taken of."""
    if from_shot is None:
        return None
    if into is None:
        raise Unfit("from_shot names a shot of `into`, and there is no into")
    known = list(into.graph().shots)
    if from_shot not in (*known, *(shot.id for shot in into.shots)):
        near = hint(from_shot, [*known, *map(without_hop, known)])
        raise Unfit(f"from_shot: {into.title!r} has no shot {from_shot!r}{near}")
    return _start(into, from_shot).character


def _start(into: Scene, id: str) -> Shot:
    """The shot that a chain starts with, through frames of takes as well."""
    shot = into.start_of(into.shot(id))
    while isinstance(shot.picture_of, FrameOf):
        shot = into.start_of(into.shot(shot.picture_of.shot))
    return shot
