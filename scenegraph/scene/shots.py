"""The four kinds of shot, and what they are made of. Frozen: a changed shot is another shot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, JsonValue, Tag, model_validator

from scenegraph.scene.fixes import Failure
from scenegraph.scene.loras import LoraField
from scenegraph.scene.part import LONGEST_PROMPT, Name, Number, Part, Whole, Words

Kind: TypeAlias = Literal["t2v", "i2v", "extend", "multicondition"]
Rung: TypeAlias = Literal["accept", "grade", "reroll", "tune", "reanchor", "cut", "ask"]

MOST_HOPS = 200
#: How far before its parent's last frame a tail that ends at rest may end: a second at 24 fps.
REST_FRAMES = 24

ID_PATTERN = r"^[a-z0-9][a-z0-9-]*$"

ShotId = Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
#: A shot, or one hop of it: `mara-listens` or `mara-listens.2`.
ShotRef = Annotated[str, Field(min_length=1, max_length=80)]
Seed = Annotated[Whole, Field(ge=0, le=2**31 - 1)]
Rate = Annotated[Whole, Field(ge=1, le=60)]


def _is_an_amount(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be an amount such as 6.00")
    return value


Usd = Annotated[Decimal, Field(ge=0), BeforeValidator(_is_an_amount)]

_HOP = re.compile(r"\.[0-9]+$")


def without_hop(ref: str) -> str:
    """The shot of the file that a hop belongs to.

    >>> without_hop("mara-listens.2"), without_hop("mara-waits")
    ('mara-listens', 'mara-waits')
    """
    return _HOP.sub("", ref) if "." in ref else ref


class Prompt(Part):
    """A prompt in parts, rendered in one order. One shot, one beat.

    `continuity: none` leaves the usual locks out.
    """

    framing: Words | None = Field(default=None, description="shot type, such as close-up")
    subject: Words | None = Field(
        default=None, description="who; the name of a character stands for its look"
    )
    setting: Words | None = Field(default=None, description="where")
    action: Words | None = Field(default=None, description="one simple beat")
    camera: Words | None = Field(default=None, description="movement, such as slow push-in")
    lighting: Words | None = Field(default=None, description="light and mood")
    continuity: Words | None = Field(default=None, description="what must stay as it is")

    @model_validator(mode="after")
    def _says_something(self) -> Prompt:
        if not any(self.__dict__.values()):
            raise ValueError("says nothing; give at least an action")
        return self


class FrameOf(Part):
    """A frame of an earlier shot's take, used as a keyframe. An edge of the graph.

    >>> FrameOf(shot="mara-waits").frame
    'best'
    """

    shot: ShotRef = Field(alias="from", description="a shot of this scene")
    frame: Literal["best", "first", "last"] | Annotated[Whole, Field(ge=0, le=100_000)] = Field(
        default="best", description="best, first, last, or a frame number from 0"
    )


class DriftOverride(Part):
    """What one shot does otherwise about drift; what is not said is as the scene says."""

    on_drift: tuple[Rung, ...] | None = None
    rerolls: Annotated[Whole, Field(ge=0, le=20)] | None = None
    budgets: dict[Name, Annotated[Number, Field(gt=0)]] = Field(default_factory=dict)


def _form_of_prompt(value: Any) -> str:
    return "in-parts" if isinstance(value, (Prompt, Mapping)) else "as-text"


def _form_of_keyframe(value: Any) -> str:
    return "frame-of" if isinstance(value, (FrameOf, Mapping)) else "as-text"


PromptField: TypeAlias = Annotated[
    Annotated[Words, Tag("as-text")] | Annotated[Prompt, Tag("in-parts")],
    Discriminator(_form_of_prompt),
]
KeyframeField: TypeAlias = Annotated[
    Annotated[ShotRef, Tag("as-text")] | Annotated[FrameOf, Tag("frame-of")],
    Discriminator(_form_of_keyframe),
]


class ShotBase(Part):
    """What every shot has.

    Attributes:
        id: unique in its scene; lower-case letters, digits and hyphens.
        seconds, frames: NEW picture wanted, as time or as an exact count; at most one of them.
        preset: laid over the scene's preset and picture, for this shot alone.
        parameters: fields of the endpoint by their catalog names; they win over everything.
        allow: numbers of lint rules that are meant to be broken here, such as SG001.
    """

    id: ShotId
    kind: Any
    prompt: PromptField | None = None
    negative_prompt: Annotated[str, Field(max_length=LONGEST_PROMPT)] | None = None
    seconds: Annotated[Number, Field(gt=0, le=1441)] | None = Field(
        default=None, description="NEW seconds, whatever the endpoint counts"
    )
    frames: Annotated[Whole, Field(ge=1, le=1441)] | None = Field(
        default=None, description="NEW frames, instead of seconds"
    )
    seed: Seed | None = None
    preset: Name | None = None
    loras: tuple[LoraField, ...] = ()
    fixes: tuple[Failure, ...] = Field(
        default=(), description="words against failures that are known, such as hands"
    )
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    drift: DriftOverride | None = None
    expects_face: Literal["always", "sometimes", "never"] | None = None
    allow: tuple[Words, ...] = ()
    notes: Words | None = None

    @model_validator(mode="after")
    def _one_length(self) -> ShotBase:
        if self.seconds is not None and self.frames is not None:
            raise ValueError("gives both seconds and frames; keep one of them")
        return self

    @property
    def tail_of(self) -> str | None:
        """The shot whose end this one is shown, or None."""
        return None

    @property
    def starts_at_rest(self) -> bool:
        """The tail that it is shown ends at a calm frame, not at its parent's last one."""
        return False

    @property
    def picture_of(self) -> str | FrameOf | None:
        """The keyframe: `character.name`, a frame of another shot, or None."""
        return None

    @property
    def parents(self) -> tuple[str, ...]:
        """Every shot this one is made from, the tail first."""
        tail, frame = self.tail_of, self.picture_of
        if not isinstance(frame, FrameOf) or frame.shot == tail:
            return () if tail is None else (tail,)
        return (frame.shot,) if tail is None else (tail, frame.shot)

    @property
    def character(self) -> str | None:
        """The character whose keyframe this shot starts from."""
        frame = self.picture_of
        return frame.partition(".")[0] if isinstance(frame, str) else None


class TextShot(ShotBase):
    """From words alone: establishing shots, b-roll, transitions."""

    kind: Literal["t2v"] = "t2v"
    prompt: PromptField


class ImageShot(ShotBase):
    """From a keyframe: starts a shot with the identity locked."""

    kind: Literal["i2v"] = "i2v"
    prompt: PromptField
    keyframe: KeyframeField

    @property
    def picture_of(self) -> str | FrameOf | None:
        return self.keyframe


class ExtendShot(ShotBase):
    """From the end of its parent: the camera keeps rolling. Without a prompt the moment goes on."""

    kind: Literal["extend"] = "extend"
    parent: ShotRef
    hops: Annotated[Whole, Field(ge=1, le=MOST_HOPS)] = Field(
        default=1, description="that many extends in a row: id.1, id.2, …"
    )
    tail: Literal["last", "rest"] = Field(
        default="last",
        description="where the shown end of its parent ends: its last frame, or a calm one near it",
    )

    @property
    def tail_of(self) -> str | None:
        return self.parent

    @property
    def starts_at_rest(self) -> bool:
        return self.tail == "rest"


class MotionShot(ShotBase):
    """From a keyframe and a motion reference: directs motion, or anchors a chain anew."""

    kind: Literal["multicondition"] = "multicondition"
    prompt: PromptField
    keyframe: KeyframeField
    motion: Words | None = Field(default=None, description="a name under `motions`")
    parent: ShotRef | None = Field(
        default=None, description="a shot whose end is shown too, to go on from it"
    )

    @property
    def tail_of(self) -> str | None:
        return self.parent

    @property
    def picture_of(self) -> str | FrameOf | None:
        return self.keyframe


Shot: TypeAlias = Annotated[
    TextShot | ImageShot | ExtendShot | MotionShot, Field(discriminator="kind")
]
KINDS: Mapping[str, type[ShotBase]] = {
    "t2v": TextShot,
    "i2v": ImageShot,
    "extend": ExtendShot,
    "multicondition": MotionShot,
}
