"""What the scene file says of the finished film: which shots in which order, and how they meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from scenegraph.scene.deliver import Deliver
from scenegraph.scene.part import Number, Part, Whole
from scenegraph.scene.shots import Rate, ShotRef
from scenegraph.scene.tracks import Audio, Track, tracks_of


class Transition(Part):
    """How a shot is entered. `frames` is the length of a dissolve or a dip, at the reel's rate."""

    kind: Literal["cut", "dissolve", "dip"] = "cut"
    frames: Annotated[Whole, Field(ge=1, le=240)] | None = None


class Reel(Part):
    """The finished film: which shots in which order, and how they meet.

    Attributes:
        order: shots in playing order, a shot with hops for all of them; None: story order.
        frame_rate: the reel's own rate; None: the picture's.
        rate_by: how clips of another rate are brought to it.
        transitions: by the shot that is entered; every other join is a hard cut.
        audio: a track under the whole reel, or tracks, relative to the scene file.
        loudness: of the finished sound, in LUFS (EBU R128); None leaves it as it was mixed.
        handles: spare frames that hard cuts leave on both sides, where there is a choice.
        seconds: how long the film should be; None: as its cuts fall.
        lengths: how long single shots should play, in seconds, by shot.
        deliver: what is made of the reel besides it, by format or with options.
    """

    order: Annotated[tuple[ShotRef, ...], Field(min_length=1)] | None = None
    frame_rate: Rate | None = None
    rate_by: Literal["duplicate", "blend", "interpolate"] = "duplicate"
    transitions: dict[ShotRef, Transition] = Field(default_factory=dict)
    audio: Audio | None = None
    loudness: Annotated[Number, Field(ge=-36, le=-8)] | None = -16.0
    handles: Annotated[Whole, Field(ge=0, le=240)] = 8
    seconds: Annotated[Number, Field(gt=0, le=86400)] | None = Field(
        default=None, description="how long the film should be"
    )
    lengths: dict[ShotRef, Annotated[Number, Field(gt=0, le=3600)]] = Field(
        default_factory=dict, description="how long single shots should play, in seconds"
    )
    deliver: Deliver = ()

    @property
    def tracks(self) -> tuple[tuple[tuple[str | int, ...], Track], ...]:
        """The tracks of `audio`, each with its path below `reel`."""
        return tracks_of(self.audio)

    @field_validator("transitions", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`mara-turns: dissolve` is `mara-turns: {kind: dissolve}`."""
        if not isinstance(value, Mapping):
            return value
        return {
            key: {"kind": part} if isinstance(part, str) else part for key, part in value.items()
        }
