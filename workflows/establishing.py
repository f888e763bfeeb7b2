"""Workflow E: where we are, from words alone: an establishing shot and cutaways."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Unpack

from pydantic import BeforeValidator

from scenegraph.scene import Prompt, Scene, Shot, TextShot
from workflows.craft import ManyWords, SceneOptions, Seconds, Words, make_scene
from workflows.registry import recipe


def _loaded(value: object) -> object:
    return value if isinstance(value, Scene) or value is None else Scene.load(str(value))


@recipe
def establishing(
    *,
    setting: Words,
    action: Words | None = None,
    framing: Words = "wide establishing shot",
    camera: Words = "slow push-in",
    lighting: Words | None = None,
    seconds: Seconds = 4.0,
    cutaways: ManyWords = (),
    into: Annotated[Scene | None, BeforeValidator(_loaded)] = None,
    **options: Unpack[SceneOptions],
) -> Scene:
    """An establishing shot from words alone, and cutaways between the character shots.

    Nobody of the cast is in these pictures: without a still a face would be another one each time.

    Args:
        setting: the place, such as "an empty platform at night".
        action: what moves in it, such as "rain drifts through the lamplight".
        framing: the shot type.
        camera: how it moves.
        lighting: light and mood.
        seconds: length of each of these shots.
        cutaways: further pictures of the place; each goes between two of `into`'s character shots.
        into: a scene (or its file) to put them into; without it they are a scene by themselves.

    >>> scene = establishing(setting="a quiet street at night", cutaways="a hand on a door")
    >>> [(shot.id, shot.kind) for shot in scene.shots]
    [('establishing', 't2v'), ('cutaway-1', 't2v')]
    """
    taken = {shot.id for shot in into.shots} if into else set()
    opening = TextShot(
        id=_free("establishing", taken),
        prompt=Prompt(
            framing=framing, setting=setting, action=action, camera=camera, lighting=lighting
        ),
        seconds=seconds,
    )
    others = [
        TextShot(
            id=_free(f"cutaway-{number}", taken),
            prompt=Prompt(
                framing="insert",
                setting=setting,
                action=words,
                camera="locked-off",
                lighting=lighting,
            ),
            seconds=seconds,
        )
        for number, words in enumerate(cutaways, 1)
    ]
    if into is None:
        return make_scene("Establishing", [opening, *others], options)
    starts = [shot.id for shot in into.shots if shot.kind != "t2v" and shot.tail_of is None]
    if len(others) > max(0, len(starts) - 1):
        raise establishing.refusal(
            f"cutaways: {len(others)} were given, and the scene has "
            f"{max(0, len(starts) - 1)} places between character shots"
        )
    return _inserted(into, opening, dict(zip(starts[1:], others, strict=False)), options)


def _inserted(
    into: Scene, opening: TextShot, before: dict[str, TextShot], options: SceneOptions
) -> Scene:
    """`into` with the opening in front and each cutaway before the shot that it was given."""
    shots: list[Shot] = [opening]
    for shot in into.shots:
        shots += [before[shot.id], shot] if shot.id in before else [shot]
    parts = {name: getattr(into, name) for name in type(into).model_fields}
    if into.reel.order is not None:
        order = [opening.id]
        for id in into.reel.order:
            order += [before[id].id, id] if id in before else [id]
        parts["reel"] = into.reel.model_copy(update={"order": tuple(order)})
    given = {name: value for name, value in options.items() if value is not None}
    picture = {name: given.pop(name) for name in type(into.picture).model_fields if name in given}
    parts["picture"] = into.picture.model_copy(update=picture)
    return Scene(**{**parts, **given, "shots": shots}).in_folder(into.folder)


def _free(id: str, taken: Collection[str]) -> str:
    """`id`, or the first of `id-2`, `id-3` … that the scene does not have."""
    number, free = 1, id
    while free in taken:
        number += 1
        free = f"{id}-{number}"
    return free
