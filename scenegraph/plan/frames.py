"""Which frame of another shot a keyframe is: chosen by its review, or named. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scenegraph.errors import Problem
from scenegraph.ledger import Take
from scenegraph.plan.inputs import Input
from scenegraph.scene import FrameOf, ImageShot, MotionShot, Scene, Shot

BEST = "best"


def with_best_frame(shot: Shot, parents: Mapping[str, Take | None]) -> Shot:
    """The shot with the number in place of `best`, once its source's take has been looked at.

    Take and number stand for the picture's bytes, so both are in the key: `best` and the same frame
    by its number are one picture. A take that was looked at before best frames were chosen then
    keeps the word, and with it the key of all that was made from it.
    """
    source = shot.picture_of
    if not isinstance(source, FrameOf) or source.frame != BEST:
        return shot
    take = parents.get(source.shot)
    if take is None or take.best_frame is None or not isinstance(shot, ImageShot | MotionShot):
        return shot
    named = source.model_copy(update={"frame": take.best_frame})
    return shot.model_copy(update={"keyframe": named})


def is_chosen(shot: Shot) -> bool:
    """Whether the frame is left to the review: another take of its source has another one."""
    source = shot.picture_of
    return isinstance(source, FrameOf) and source.frame == BEST


def told_frame(inputs: tuple[Input, ...]) -> dict[str, Any] | None:
    """The keyframe that is a frame of another shot, as the plan's JSON has it; None without one."""
    for one in inputs:
        if one.role == "image" and one.parent is not None:
            return {"from": one.parent, "frame": one.frame}
    return None


def frame_words(told: Mapping[str, Any], is_here: bool) -> str:
    """The same for people.

    >>> frame_words({"from": "mara-waits", "frame": 47}, True)
    'starts from frame 47 of mara-waits'
    >>> frame_words({"from": "mara-waits", "frame": "best"}, False)
    'starts from the best frame of mara-waits, chosen when it is reviewed'
    """
    frame = told["frame"]
    which = f"frame {frame}" if isinstance(frame, int) else f"the {frame} frame"
    later = ", chosen when it is reviewed" if frame == BEST and not is_here else ""
    return f"starts from {which} of {told['from']}{later}"


def frame_problem(scene: Scene, shot: Shot, frames_of: Callable[[str], int]) -> Problem | None:
    """A frame number that its clip does not have, told before anything is asked.

    Args:
        frames_of: how long a shot's kept clip is, or the one that it will have.
    """
    source = shot.picture_of
    if not isinstance(source, FrameOf) or not isinstance(source.frame, int):
        return None
    last = frames_of(source.shot) - 1
    if source.frame <= last:
        return None
    return Problem(
        f"Shot {shot.id!r} takes frame {source.frame} of {source.shot!r}, which has 0 to {last}.",
        scene.where("shots", shot.id, "keyframe", "frame"),
        "Name one of them, or `best`, `first` or `last`.",
        "unknown-frame",
    )
