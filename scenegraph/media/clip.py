"""A clip: a media file, and what probing it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenegraph.units import Size


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video file that was opened and counted. Nothing in it comes from the service's word.

    Attributes:
        path: where the file is now. Not part of what the clip is: two copies are equal clips.
        frames: pictures that really decode, counted, not read off a header.
        rate: frames per second, exact; the average of a variable-rate file.
        width, height: pixels as shown, rotation applied, before the pixel aspect.
        warnings: oddities that a report must name: `variable-rate`, `truncated`, `late-start`,
            `one-frame`, `two-frames`, `not-square-pixels`, `sound-longer`, `decode-errors`,
            `size-mismatch`, `all-black`, `all-frozen` …
    """

    path: Path = field(compare=False)
    frames: int
    rate: Fraction
    width: int
    height: int
    codec: str = "h264"
    pixel_format: str = "yuv420p"
    rotation: int = 0
    pixel_aspect: Fraction = Fraction(1)
    full_range: bool = False
    has_audio: bool = False
    variable_rate: bool = False
    start_s: float = 0.0
    warnings: tuple[str, ...] = ()

    if TYPE_CHECKING:
        #: `path` as text.
        place: str = field(init=False, repr=False, compare=False)

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def duration_s(self) -> float:
        return float(self.frames / self.rate)

    def to_json(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "rate": str(self.rate),
            "width": self.width,
            "height": self.height,
            "duration_s": round(self.duration_s, 4),
            "codec": self.codec,
            "pixel_format": self.pixel_format,
            "rotation": self.rotation,
            "pixel_aspect": str(self.pixel_aspect),
            "full_range": self.full_range,
            "has_audio": self.has_audio,
            "variable_rate": self.variable_rate,
            "start_s": self.start_s,
            "warnings": list(self.warnings),
        }

    def at(self, place: str) -> Clip:
        """The same clip, found at `place`.

        A ledger has thousands of them, of most of which nobody asks where they are: their path is
        made when somebody does.
        """
        same = object.__new__(Clip)
        same.__dict__.update(self.__dict__, place=place)
        same.__dict__.pop("path", None)
        return same

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """`place` and `path`, whichever of the two this clip was made without."""
            own = self.__dict__
            if name == "path" and "place" in own:
                return own.setdefault(name, Path(own["place"]))
            if name == "place" and "path" in own:
                return own.setdefault(name, own["path"].as_posix())
            raise AttributeError(f"A clip has no {name!r}.")

    @classmethod
    def from_json(cls, data: Mapping[str, Any], path: Path) -> Clip:
        """The clip that `to_json` wrote, found again at `path`."""
        return cls(
            path=path,
            frames=data["frames"],
            rate=Fraction(data["rate"]),
            width=data["width"],
            height=data["height"],
            codec=data["codec"],
            pixel_format=data["pixel_format"],
            rotation=data["rotation"],
            pixel_aspect=Fraction(data["pixel_aspect"]),
            full_range=data["full_range"],
            has_audio=data["has_audio"],
            variable_rate=data["variable_rate"],
            start_s=data["start_s"],
            warnings=tuple(data["warnings"]),
        )
