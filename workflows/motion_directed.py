"""Workflow D: the motion of a reference clip, the identity of a still."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Unpack

from scenegraph.scene import MotionShot, Prompt, Scene, Shot, placed
from workflows.craft import (
    CastName,
    File,
    MoreSeconds,
    SceneOptions,
    Seconds,
    Words,
    cast,
    folder_of,
    id_of,
    is_name,
    make_scene,
    rate_of,
    says_who,
    still_name,
)
from workflows.registry import Unfit, hint, recipe
from workflows.single_shot import keep_rolling

CLIPS = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv"})


@recipe
def motion_directed(
    *,
    keyframe: File,
    motion: File,
    library: File | None = None,
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
        motion: the clip whose motion and camera pace is followed, relative to the scene file; or
            its name in the `library` or in `into`.
        library: a folder of such clips, relative to the scene file.
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
    name, file = _motion(str(motion), library, options)
    people, stills = cast(character, look, options, {still_name(framing): keyframe})
    opening = f"{id_of(character)}-directed"
    prompt = Prompt(
        framing=framing,
        subject=says_who(character, look, options),
        action=action,
        lighting=lighting,
    )
    shots: list[Shot] = [
        MotionShot(
            id=opening,
            keyframe=stills[still_name(framing)],
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
        characters=people,
        motions={name: file},
    )


def _motion(motion: str, library: str | Path | None, options: SceneOptions) -> tuple[str, str]:
    """The name and the file of a motion: a clip itself, one of the library, one of `into`."""
    if not is_name(motion):
        return id_of(PurePath(motion).stem), motion
    into = options.get("into")
    if into is not None and motion in into.motions:
        return motion, placed(into, folder_of(options)).motions[motion]
    known = list(into.motions) if into is not None else []
    if library is not None:
        folder = folder_of(options) / library
        if not folder.is_dir():
            raise Unfit(f"library: there is no folder {str(library)!r} in {folder_of(options)}")
        clips = {clip.stem: clip.name for clip in sorted(folder.iterdir()) if clip.suffix in CLIPS}
        if motion in clips:
            return id_of(motion), PurePath(library, clips[motion]).as_posix()
        known += clips
    where = "" if library is None else f" in {str(library)!r}"
    there = f" (there are: {', '.join(known)})" if known else ""
    raise Unfit(f"motion: there is no clip {motion!r}{where}{there}{hint(motion, known)}")
