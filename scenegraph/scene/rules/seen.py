"""What a rule says it saw, what it may know of the model, and how it reads a shot's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scenegraph.scene.shots import Prompt, Shot

#: Lowest and highest value; None where nothing bounds it.
Range = tuple[float | None, float | None]
At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule saw: the shot (None: the scene), the sentence, the field, its own fix."""

    shot: str | None
    message: str
    at: At
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What advice must know of a family of models. The catalog lies above this room, so whoever
    asks for advice brings it.

    Attributes:
        fields: by kind of shot, each field of the request and its range.
    """

    name: str
    fields: Mapping[str, Mapping[str, Range]]

    def names(self) -> set[str]:
        """Every field that any kind of shot has."""
        return {name for fields in self.fields.values() for name in fields}


def parts_of(shot: Shot) -> Prompt | None:
    return shot.prompt if isinstance(shot.prompt, Prompt) else None


def said(shot: Shot) -> str:
    """All that the writer wrote for this shot's prompt."""
    if isinstance(shot.prompt, Prompt):
        return ". ".join(part for part in shot.prompt.__dict__.values() if part)
    return shot.prompt or ""


_LABELS = r"Camera|Lighting|Continuity|Mood|Action"
_ACTION = re.compile(rf"\bAction:(.*?)(?=\b(?:{_LABELS}):|\Z)", re.S)
_CAMERA = re.compile(rf"\bCamera:?(.*?)(?=\b(?:{_LABELS}):|[.!?](?:\s|$)|\Z)", re.S)
_REST = re.compile(rf"\b(?:{_LABELS}):?.*?(?=[.!?](?:\s|$)|\Z)", re.S)


def action_of(shot: Shot) -> tuple[str, At]:
    """The words that tell what happens, and where they stand. Of a text without `Action:` all
    that is not about camera, light and continuity."""
    parts = parts_of(shot)
    if parts is not None:
        return parts.action or "", ("shots", shot.id, "prompt", "action")
    text = shot.prompt if isinstance(shot.prompt, str) else ""
    labelled = _ACTION.search(text)
    return (labelled[1] if labelled else _REST.sub("", text)), ("shots", shot.id, "prompt")


def is_labelled(shot: Shot) -> bool:
    """Whether it is plain which of the words tell the action."""
    return parts_of(shot) is not None or bool(_ACTION.search(said(shot)))


def camera_of(shot: Shot) -> str:
    """The words about the camera."""
    parts = parts_of(shot)
    if parts is not None:
        return parts.camera or ""
    return " ".join(found[1] for found in _CAMERA.finditer(said(shot)))


def framing_of(shot: Shot) -> str:
    parts = parts_of(shot)
    return (parts.framing or "") if parts is not None else said(shot)
