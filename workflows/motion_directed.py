"""Workflow D: the motion of a reference clip, the identity of a still."""

from __future__ import annotations

from pathlib import PurePath
from typing import Unpack

from scenegraph.scene import MotionShot, Prompt, Scene, Shot
from workflows.craft import (
    MAIN_KEYFRAME,
    CastName,
    File,
    MoreSeconds,
    SceneOptions,
    Seconds,
    Words,
    cast,
    id_of,
    make_scene,
    rate_of,
)
from workflows.registry import recipe
from workflows.single_shot import keep_rolling


@recipe
def motion_directed(
    *,
    keyframe: File,
    motion: File,
    action: Words,
    framing: Words | None = None,
    lighting: Words | None = None,
    character: CastName = "lead",
    look: Words | None = None,
    seconds: Seconds = 5.0,
    continue_seconds: MoreSeconds = 0.0,
    continue_action: Words | None = None,
    **options: Unpack[SceneOptions],
) -> Scene:
    """A shot that moves as a reference clip does, with the face of a still.

    The most repeatable control there is: keep a small library of motions (handheld sway, slow
    turn, orbit) and use them again. The prompt stays short; the pictures say the rest.

    Args:
        keyframe: the character's canonical still, relative to the scene file.
        motion: the clip whose motion and camera pace is followed, relative to the scene file.
        action: one simple beat.
        framing: close-up, medium shot …
        lighting: light and mood.
        character: a short name for who it is.
        look: who it is in words; prompts say it.
        seconds: length of the shot.
        continue_seconds: keep rolling for so long.
        continue_action: the beat of what follows; without it the moment goes on.

    >>> scene = motion_directed(keyframe="mara.png", motion="refs/sway.mp4", action="she turns")
    >>> scene.motions, scene.shots[0].motion
    ({'sway': 'refs/sway.mp4'}, 'sway')
    """
    name = id_of(PurePath(str(motion)).stem)
    opening = f"{id_of(character)}-directed"
    prompt = Prompt(
        framing=framing,
        subject=character if look else None,
        action=action,
        lighting=lighting,
    )
    shots: list[Shot] = [
        MotionShot(
            id=opening,
            keyframe=f"{character}.{MAIN_KEYFRAME}",
            motion=name,
            prompt=prompt,
            seconds=seconds,
        )
    ]
    shots += keep_rolling(opening, continue_seconds, continue_action, rate_of(options))
    return make_scene(
        "Motion directed",
        shots,
        options,
        characters=cast(character, look, **{MAIN_KEYFRAME: keyframe}),
        motions={name: str(motion)},
    )
