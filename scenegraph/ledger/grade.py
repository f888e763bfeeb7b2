"""A colour match: what is done to the light and colour of one event, from its first frame to its
last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tint:
    """A correction at one moment; all amounts are natural logarithms, 0 changes nothing.

    Attributes:
        brightness: of the luma above black.
        contrast: of the luma's distance from the picture's own mean.
        saturation: of the chroma's distance from grey.

    >>> Tint(saturation=-0.2) + Tint(saturation=0.05)
    Tint(brightness=0.0, contrast=0.0, saturation=-0.15)
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0

    def __add__(self, other: Tint) -> Tint:
        return Tint(
            round(self.brightness + other.brightness, 4),
            round(self.contrast + other.contrast, 4),
            round(self.saturation + other.saturation, 4),
        )

    @property
    def is_nothing(self) -> bool:
        return not (self.brightness or self.contrast or self.saturation)

    def to_json(self) -> dict[str, float]:
        return {
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
        }


@dataclass(frozen=True, slots=True)
class Grade:
    """A correction that runs evenly from `start` (first frame played) to `end` (last one).

    Attributes:
        mean: the picture's mean luma as a share of white: what contrast turns about.
    """

    start: Tint
    end: Tint
    mean: float = 0.45

    @property
    def is_nothing(self) -> bool:
        return self.start.is_nothing and self.end.is_nothing

    def after(self, before: Tint) -> Grade:
        """The same on top of a correction that has to go on."""
        return Grade(self.start + before, self.end + before, self.mean)

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start.to_json(),
            "end": self.end.to_json(),
            "mean": self.mean,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grade:
        return cls(Tint(**data["start"]), Tint(**data["end"]), data["mean"])

    def __str__(self) -> str:
        parts = [
            f"{name} {amount:+.0%}"
            for name, amount in self.end.to_json().items()
            if abs(amount) >= 0.005
        ]
        return ", ".join(parts) or "next to nothing"
