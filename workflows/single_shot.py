"""Workflow A: one character, one beat, and a little more of it if wanted."""

from __future__ import annotations

from typing import Unpack

from scenegraph.scene import ExtendShot, ImageShot, Prompt, Scene, Shot
from workflows.craft import (
    CastName,
    File,
    MoreSeconds,
    SceneOptions,
    Seconds,
    Words,
    cast,
    even_hops,
    id_of,
    make_scene,
    rate_of,
    says_who,
    still_name,
)
from workflows.registry import recipe


@recipe
def single_shot(
    *,
    keyframe: File,
    action: Words,
    framing: Words = "close-up",
    setting: Words | None = None,
    camera: Words = "locked-off tripod",
    lighting: Words | None = None,
    character: CastName = "lead",
    look: Words | None = None,
    seconds: Seconds = 5.0,
    continue_seconds: MoreSeconds = 0.0,
    continue_action: Words | None = None,
    **options: Unpack[SceneOptions],
) -> Scene:
    """One shot of a character from a still, and hops behind it to make it longer.

    The default of the craft: the identity is locked to the keyframe, the camera keeps rolling
    only when you like what you got.

    Args:
        keyframe: the character's canonical still, relative to the scene file.
        action: one simple beat, such as "she breathes slowly and looks up".
        framing: close-up, medium shot …
        setting: where.
        camera: how it moves.
        lighting: light and mood.
        character: a short name for who it is.
        look: who it is in words; prompts say it.
        seconds: length of the shot.
        continue_seconds: keep rolling for so long.
        continue_action: the beat of what follows; without it the moment goes on.

    >>> scene = single_shot(keyframe="mara.png", action="she looks up", continue_seconds=8)
    >>> [(shot.id, shot.kind) for shot in scene.graph().shots.values()]
    [('lead', 'i2v'), ('lead-goes-on.1', 'extend'), ('lead-goes-on.2', 'extend')]
    """
    opening = id_of(character)
    people, stills = cast(character, look, options, {still_name(framing): keyframe})
    prompt = Prompt(
        framing=framing,
        subject=says_who(character, look, options),
        setting=setting,
        action=action,
        camera=camera,
        lighting=lighting,
    )
    shots: list[Shot] = [
        ImageShot(id=opening, keyframe=stills[still_name(framing)], prompt=prompt, seconds=seconds)
    ]
    shots += keep_rolling(opening, continue_seconds, continue_action, rate_of(options))
    return make_scene("Single shot", shots, options, characters=people)


def keep_rolling(
    parent: str, seconds: float, action: str | None, rate: int
) -> tuple[ExtendShot, ...]:
    """Hops behind a shot that fill `seconds`; none when that is 0.

    A hop adds no new object, wardrobe or camera move: words about those would compound.
    """
    if not seconds:
        return ()
    hops, each = even_hops(seconds, rate)
    prompt = Prompt(action=action, camera="steady, no zoom") if action else None
    return (
        ExtendShot(id=f"{parent}-goes-on", parent=parent, hops=hops, seconds=each, prompt=prompt),
    )
