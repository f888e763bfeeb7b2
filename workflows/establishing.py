"""Workflow E: where we are, from words alone: an establishing shot and cutaways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from scenegraph.scene import Prompt, Scene, TextShot, without_hop
from workflows.craft import ManyWords, SceneOptions, Seconds, Words, make_scene, next_number
from workflows.registry import recipe


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
    **options: Unpack[SceneOptions],
) -> Scene:
    """An establishing shot from words alone, and cutaways between the character shots.

    Nobody of the cast is in these pictures: without a still a face would be another one each time.
    With `into` the opening goes in front of that scene (or behind `after`), and each cutaway
    between two of its character shots.

    Args:
        setting: the place, such as "an empty platform at night".
        action: what moves in it, such as "rain drifts through the lamplight".
        framing: the shot type.
        camera: how it moves.
        lighting: light and mood.
        seconds: length of each of these shots.
        cutaways: further pictures of the place; each goes between two of `into`'s character shots.

    >>> scene = establishing(setting="a quiet street at night", cutaways="a hand on a door")
    >>> [(shot.id, shot.kind) for shot in scene.shots]
    [('establishing', 't2v'), ('cutaway-1', 't2v')]
    """
    opening = TextShot(
        id="establishing",
        prompt=Prompt(
            framing=framing, setting=setting, action=action, camera=camera, lighting=lighting
        ),
        seconds=seconds,
    )
    others = [
        cutaway(number, words, setting, lighting, seconds)
        for number, words in enumerate(cutaways, next_number("cutaway", options))
    ]
    scene = make_scene("Establishing", [opening, *others], options)
    into = options.get("into")
    if into is None:
        return scene
    starts = [shot.id for shot in into.shots if shot.kind != "t2v" and shot.tail_of is None]
    if len(others) > max(0, len(starts) - 1):
        raise establishing.refusal(
            f"cutaways: {len(others)} were given, and the scene has "
            f"{max(0, len(starts) - 1)} places between character shots"
        )
    old = {shot.id for shot in into.shots}
    new = [shot.id for shot in scene.shots if shot.id not in old]
    before = dict(zip(starts[1:], new[1:], strict=False))
    return in_order(scene, new[1:], before, front=None if options.get("after") else new[0])


def cutaway(
    number: int, words: str, setting: str | None, lighting: str | None, seconds: float
) -> TextShot:
    """A picture of a thing or of the place, to cut away to; nobody of the cast is in it."""
    prompt = Prompt(
        framing="insert", setting=setting, action=words, camera="locked-off", lighting=lighting
    )
    return TextShot(id=f"cutaway-{number}", prompt=prompt, seconds=seconds)


def in_order(
    scene: Scene, moved: Iterable[str], before: dict[str, str], front: str | None = None
) -> Scene:
    """The scene with some shots moved, in the story and in the reel.

    Args:
        moved: ids that leave their places.
        before: by the id of a shot, the one that comes before it.
        front: the one that comes first of all.
    """
    leave = {*moved, front}

    def ordered(names: Iterable[str]) -> list[str]:
        found = [] if front is None else [front]
        entered = set()
        for name in names:
            base = without_hop(name)
            if base in leave:
                continue
            if base in before and base not in entered:
                found.append(before[base])
                entered.add(base)
            found.append(name)
        return found

    by_id = {shot.id: shot for shot in scene.shots}
    parts = {name: getattr(scene, name) for name in scene.model_fields_set}
    parts["shots"] = [by_id[id] for id in ordered(by_id)]
    if scene.reel.order is not None:
        order = tuple(ordered(scene.reel.order))
        parts["reel"] = scene.reel.model_copy(update={"order": order})
    return Scene(**parts).in_folder(scene.folder)
