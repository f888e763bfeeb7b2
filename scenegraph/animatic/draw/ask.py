"""What a request asks the pictures to be: size, length, rate, seed and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from scenegraph.units import Size, exact_rate

SHORT_SIDE = {"480p": 480, "720p": 720}
WIDE = {480: 854, 720: 1280}  # the 16:9 partner of each short side, even
MOST_STRETCHED = 3.0  # "auto" of a one-pixel-high picture must not be a million pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How one conditioning video is to be read (fal: `video`, `videos[i]`)."""

    start: int = 0
    most: int | None = None
    rate: Fraction | None = None
    backwards: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Source:
        body = body or {}
        return cls(
            start=int(body.get("start_frame_num") or 0),
            most=int(body.get("max_num_frames") or 1441) if body.get("limit_num_frames") else None,
            rate=exact_rate(body.get("target_fps") or 24) if body.get("resample_fps") else None,
            backwards=bool(body.get("reverse_video")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, read once. `frames` is the length of the whole answer.

    Attributes:
        source: how the clip that leads is read.
        head: how the clip that the answer begins with is read; None when it begins with none.
    """

    prompt: str
    frames: int
    rate: Fraction
    seed: int
    resolution: str = "720p"
    aspect_ratio: str = "auto"
    backwards: bool = False
    adain: float = 0.5
    tone_map: float = 0.0
    source: Source = field(default_factory=Source)
    head: Source | None = None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Ask:
        """Read an endpoint's parameters; a missing one has the service's default."""
        videos = params.get("videos") or []
        # Of two conditioning videos the second leads the motion, the first is a parent's tail.
        body = params.get("video") or (videos[min(1, len(videos) - 1)] if videos else None)
        adain, tone_map = (
            params.get("temporal_adain_factor"),
            params.get("tone_map_compression_ratio"),
        )
        return cls(
            prompt=str(params.get("prompt") or ""),
            frames=max(1, int(params.get("num_frames") or 121)),
            rate=exact_rate(params.get("frame_rate") or 24),
            seed=int(params.get("seed") or 0),
            resolution=str(params.get("resolution") or "720p"),
            aspect_ratio=str(params.get("aspect_ratio") or "auto"),
            backwards=bool(params.get("reverse_video")),
            adain=0.5 if adain is None else float(adain),
            tone_map=0.0 if tone_map is None else float(tone_map),
            source=Source.of(body if isinstance(body, Mapping) else None),
            head=_head(videos),
        )

    def size(self, picture: Size | None = None) -> Size:
        """Pixels of the answer. `auto` follows the input's shape, 16:9 when there is none.

        >>> ask = Ask(prompt="", frames=9, rate=Fraction(24), seed=0, resolution="480p")
        >>> str(ask.size()), str(ask.size(Size(300, 300))), str(ask.size(Size(9, 16)))
        ('854x480', '480x480', '480x854')
        """
        short = SHORT_SIDE.get(self.resolution, 720)
        wide = WIDE[short]
        match self.aspect_ratio:
            case "16:9":
                return Size(wide, short)
            case "9:16":
                return Size(short, wide)
            case "1:1":
                return Size(short, short)
        if picture is None:
            return Size(wide, short)
        shape = picture.width / max(1, picture.height)
        shape = min(MOST_STRETCHED, max(1 / MOST_STRETCHED, shape))
        if abs(shape - 16 / 9) < 0.01:
            return Size(wide, short)
        if abs(shape - 9 / 16) < 0.004:
            return Size(short, wide)
        if shape >= 1:
            return Size(_even(short * shape), short)
        return Size(short, _even(short / shape))


def is_head(video: object) -> bool:
    """Whether a conditioning clip is shown as it is, from the answer's first frame on."""
    return (
        isinstance(video, Mapping)
        and video.get("conditioning_type") in (None, "rgb")
        and not video.get("start_frame_num")
    )


def _head(videos: Any) -> Source | None:
    first = videos[0] if isinstance(videos, list) and videos else None
    return Source.of(first) if is_head(first) else None


def _even(value: float) -> int:
    return int(value / 2 + 0.5) * 2
