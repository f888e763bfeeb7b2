"""Workflow B: a long moment, anchored to its keyframe again before it drifts away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Unpack

from pydantic import Field

from scenegraph.scene import DriftPolicy, ExtendShot, ImageShot, MotionShot, Prompt, Scene, Shot
from workflows.craft import (
    CastName,
    File,
    ManyWords,
    SceneOptions,
    Words,
    cast,
    even_hops,
    make_scene,
    rate_of,
    says_who,
    still_name,
)
from workflows.registry import recipe

OPENING_S = 5.0
STEADY = "steady, no zoom"
WITH_MOTION = 3


@recipe
def long_form(
    *,
    keyframe: File,
    beats: Annotated[ManyWords, Field(min_length=1)],
    duration: Annotated[float, Field(ge=8, le=600)] = 20.0,
    framing: Words = "medium shot",
    setting: Words | None = None,
    camera: Words = "locked-off tripod",
    lighting: Words | None = None,
    character: CastName = "lead",
    look: Words | None = None,
    reanchor_every: Annotated[int, Field(ge=1, le=50)] | None = None,
    motion: File | None = None,
    **options: Unpack[SceneOptions],
) -> Scene:
    """A long take of 8 seconds to minutes: a keyframe, hops, planned re-anchors.

    Every hop drifts a little and the little ones add up, so the chain is tied to the keyframe
    again (MultiCondition from the still and the end of the last hop) before the drift budget is
    spent, not after. By default the plan says where (`drift.plan_ahead`), from what was measured
    on the scene's chains, and such re-anchors come on top of `duration`, about 2 s each.

    Args:
        keyframe: the character's canonical still, relative to the scene file.
        beats: what happens, one simple beat after the other; each gets an equal share of the time.
        duration: about how long the whole runs, in seconds; hops are 4 to 5 s.
        framing: close-up, medium shot …
        setting: where.
        camera: how it moves in the opening; hops stay steady, for a move would compound.
        lighting: light and mood.
        character: a short name for who it is.
        look: who it is in words; prompts say it.
        reanchor_every: so many hops in a row, then the keyframe again, written into the scene as
            shots of their own. Three hops of generated video stay within the usual budgets; five
            often do not. Three when there is a `motion`.
        motion: a reference clip whose motion the re-anchors follow.

    >>> scene = long_form(keyframe="mara.png", beats=["she waits", "she listens"], duration=30)
    >>> [(shot.id, shot.kind) for shot in scene.shots]  # doctest: +NORMALIZE_WHITESPACE
    [('opening', 'i2v'), ('rolls-1', 'extend'), ('rolls-2', 'extend')]
    >>> scene.drift.plan_ahead
    True
    """
    if reanchor_every is None and motion is not None:
        reanchor_every = WITH_MOTION
    hops, each = even_hops(duration - OPENING_S, rate_of(options))
    if len(beats) > hops + 1:
        raise long_form.refusal(
            f"beats: {len(beats)} of them do not fit into {duration:g} s, which make {hops + 1} "
            "shots; give fewer beats or a longer duration"
        )
    subject = says_who(character, look, options)
    people, stills = cast(character, look, options, {still_name(framing): keyframe})
    still = stills[still_name(framing)]
    opening = Prompt(
        framing=framing,
        subject=subject,
        setting=setting,
        action=beats[0],
        camera=camera,
        lighting=lighting,
    )
    shots: list[Shot] = [ImageShot(id="opening", keyframe=still, prompt=opening, seconds=OPENING_S)]
    for number, beat, run in stretches(hops, len(beats), reanchor_every):
        if number:
            prompt = Prompt(subject=subject, action=beats[beat], camera=STEADY)
            shots.append(
                MotionShot(
                    id=f"anchor-{number}",
                    keyframe=still,
                    motion="reference" if motion else None,
                    parent=shots[-1].id,
                    prompt=prompt,
                    seconds=each,
                )
            )
        else:
            prompt = Prompt(action=beats[beat], camera=STEADY)
            rolled = sum(isinstance(shot, ExtendShot) for shot in shots) + 1
            shots.append(
                ExtendShot(
                    id=f"rolls-{rolled}",
                    parent=shots[-1].id,
                    hops=run,
                    prompt=prompt,
                    seconds=each,
                )
            )
    motions = {"reference": str(motion)} if motion else {}
    return make_scene(
        "Long form",
        shots,
        options,
        characters=people,
        motions=motions,
        drift=DriftPolicy(plan_ahead=reanchor_every is None),
    )


def stretches(hops: int, beats: int, reanchor_every: int | None) -> Iterator[tuple[int, int, int]]:
    """What follows the opening, as (number of the re-anchor or 0, beat, hops in a row).

    >>> list(stretches(hops=5, beats=2, reanchor_every=3))
    [(0, 0, 2), (0, 1, 1), (1, 1, 1), (0, 1, 1)]
    """
    slots = []
    for place in range(1, hops + 1):
        beat = place * beats // (hops + 1)
        anchor, rest = divmod(place, reanchor_every + 1) if reanchor_every else (0, 0)
        slots.append((0 if rest else anchor, beat))
    for (anchor, beat), run in groupby(slots):
        yield anchor, beat, len(list(run))
