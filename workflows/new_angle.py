"""Workflow C: the same character from another angle, as a controlled cut."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field

from scenegraph.scene import ImageShot, Prompt, Scene, Shot
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
    rate_of,
)
from workflows.registry import recipe
from workflows.single_shot import keep_rolling

#: A cut wants a clearly different picture: framings that alternate, wide to close.
FRAMINGS = ("medium shot", "close-up", "three-quarter view", "wide shot")


@recipe
def new_angle(
    *,
    keyframes: Annotated[Files, Field(min_length=2, max_length=24)],
    actions: Annotated[ManyWords, Field(min_length=1)],
    framings: ManyWords = (),
    setting: Words | None = None,
    camera: Words = "locked-off tripod",
    lighting: Words | None = None,
    character: CastName = "lead",
    look: Words | None = None,
    seconds: Seconds = 5.0,
    continue_seconds: MoreSeconds = 0.0,
    **options: Unpack[SceneOptions],
) -> Scene:
    """Cut to a new framing of the same character: one shot for each still.

    Every angle starts from a still of its own, so the cut changes the framing and keeps the face.

    Args:
        keyframes: stills of the same character, one for each angle, in playing order.
        actions: one simple beat for each angle, or one for all.
        framings: the shot type of each angle; without it, medium shot and close-up take turns.
        setting: where.
        camera: how it moves.
        lighting: light and mood.
        character: a short name for who it is.
        look: who it is in words; prompts say it.
        seconds: length of each angle's shot.
        continue_seconds: keep rolling for so long in each angle.

    >>> scene = new_angle(keyframes=["a.png", "b.png"], actions=["she reads"])
    >>> [(shot.id, shot.keyframe, shot.prompt.framing) for shot in scene.shots]
    [('angle-1', 'lead.angle_1', 'medium shot'), ('angle-2', 'lead.angle_2', 'close-up')]
    """
    angles = len(keyframes)
    if len(actions) not in (1, angles):
        raise new_angle.refusal(
            f"actions: {len(actions)} for {angles} keyframes; give one for each, or one for all"
        )
    if framings and len(framings) != angles:
        raise new_angle.refusal(
            f"framings: {len(framings)} for {angles} keyframes; give one for each, or none"
        )
    rate = rate_of(options)
    shots: list[Shot] = []
    for place in range(angles):
        id = f"angle-{place + 1}"
        action = actions[place % len(actions)]
        prompt = Prompt(
            framing=framings[place] if framings else FRAMINGS[place % len(FRAMINGS)],
            subject=character if look else None,
            setting=setting,
            action=action,
            camera=camera,
            lighting=lighting,
        )
        still = f"{character}.angle_{place + 1}"
        shots.append(ImageShot(id=id, keyframe=still, prompt=prompt, seconds=seconds))
        shots += keep_rolling(id, continue_seconds, action, rate)
    stills = {f"angle_{place}": path for place, path in enumerate(keyframes, 1)}
    return make_scene("New angle", shots, options, characters=cast(character, look, **stills))
