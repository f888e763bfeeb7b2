"""What a scene wants made of its reel besides the reel: masters, small copies, stills, chapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator

from scenegraph.scene.part import Name, Number, Part, Whole
from scenegraph.scene.shots import Rate, ShotRef
from scenegraph.scene.tracks import Seconds

DeliveryFormat: TypeAlias = Literal[
    "h264",
    "hevc",
    "prores",
    "dnxhr",
    "webm",
    "av1",
    "vertical",
    "gif",
    "poster",
    "thumbnails",
    "chapters",
    "burn-in",
]
Focus: TypeAlias = (
    Literal["left", "centre", "center", "right"] | Annotated[Number, Field(ge=0, le=1)]
)

#: What may be said about each, beside its `name`.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "h264": ("width", "crf"),
    "hevc": ("width", "crf"),
    "prores": ("profile",),
    "dnxhr": ("profile",),
    "webm": ("width", "crf"),
    "av1": ("width", "crf"),
    "vertical": ("width", "crf", "focus"),
    "gif": ("width", "seconds", "at", "frame_rate"),
    "poster": ("width", "at", "as"),
    "thumbnails": ("width", "columns", "as"),
    "chapters": ("as",),
    "burn-in": (),
}
#: The masters' grades of compression, from small to large.
PROFILES: Mapping[str, tuple[str, ...]] = {
    "prores": ("proxy", "lt", "standard", "hq", "4444"),
    "dnxhr": ("lb", "sq", "hq", "hqx", "444"),
}
#: The kinds of file where there is a choice; the first is the usual one.
KINDS_OF_FILE: Mapping[str, tuple[str, ...]] = {
    "poster": ("jpg", "png"),
    "thumbnails": ("jpg", "png"),
    "chapters": ("mp4", "vtt", "ffmeta", "txt"),
}
MOST_CRF = {"h264": 51, "hevc": 51, "vertical": 51, "webm": 63, "av1": 63}
#: The middle word of the file and its ending; where there is a choice, `as` gives the ending.
_FILE: Mapping[str, tuple[str, str]] = {
    "h264": ("h264", "mp4"),
    "hevc": ("hevc", "mp4"),
    "prores": ("prores", "mov"),
    "dnxhr": ("dnxhr", "mov"),
    "webm": ("vp9", "webm"),
    "av1": ("av1", "mp4"),
    "vertical": ("vertical", "mp4"),
    "gif": ("loop", "gif"),
    "poster": ("poster", ""),
    "thumbnails": ("thumbnails", ""),
    "chapters": ("chapters", ""),
    "burn-in": ("burn-in", "mp4"),
}
_PLACES = {"left": 0.0, "centre": 0.5, "center": 0.5, "right": 1.0}


class Deliverable(Part):
    """One file that is made of the reel, beside it.

    Attributes:
        name: the middle word of its file; the format's own by default.
        profile: of a master, as in `PROFILES`.
        crf: how much is thrown away, by the encoder's own scale; less is better and larger.
        width: pixels, even; the height follows.
        seconds: how long a GIF plays.
        at: where a GIF begins, or which picture a poster is: seconds of the reel, or a shot.
        frame_rate: of a GIF.
        focus: the middle of a vertical crop: left, centre, right, a share of the width from 0 to 1,
            or one of these by shot.
        columns: of a contact sheet.
        file_as: the kind of file: jpg or png; for chapters mp4, vtt, ffmeta or txt.
    """

    format: DeliveryFormat
    name: Name | None = None
    profile: str | None = None
    crf: Annotated[Whole, Field(ge=0, le=63)] | None = None
    width: Annotated[Whole, Field(ge=16, le=8192)] | None = None
    seconds: Annotated[Number, Field(gt=0, le=60)] | None = None
    at: Seconds | ShotRef | None = None
    frame_rate: Rate | None = None
    focus: Focus | dict[ShotRef, Focus] | None = None
    columns: Annotated[Whole, Field(ge=1, le=20)] | None = None
    file_as: Literal["jpg", "png", "mp4", "vtt", "ffmeta", "txt"] | None = Field(
        default=None, alias="as"
    )

    @field_validator("profile", mode="before")
    @classmethod
    def _profile_as_text(cls, value: Any) -> Any:
        """`profile: 4444` is a word too."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("focus", mode="before")
    @classmethod
    def _a_place(cls, value: Any) -> Any:
        places = value.values() if isinstance(value, Mapping) else [value]
        for place in places:
            is_share = isinstance(place, int | float) and not isinstance(place, bool)
            if not (
                place is None
                or (isinstance(place, str) and place in _PLACES)
                or (is_share and 0 <= place <= 1)
            ):
                raise ValueError("is left, centre, right, a share from 0 to 1, or these by shot")
        return value

    @model_validator(mode="after")
    def _options_that_fit(self) -> Deliverable:
        may = OPTIONS[self.format]
        given = [_key(name) for name in type(self).model_fields if _is_given(self, name)]
        strange = [key for key in given if key not in may]
        if strange:
            takes = ", ".join((*may, "name"))
            raise ValueError(f"is {self.format} and takes no `{strange[0]}`; it takes {takes}")
        self._must_be_one_of("profile", self.profile, PROFILES.get(self.format, ()))
        self._must_be_one_of("as", self.file_as, KINDS_OF_FILE.get(self.format, ()))
        if self.crf is not None and self.crf > MOST_CRF[self.format]:
            raise ValueError(f"has a crf of {self.crf}; it goes from 0 to {MOST_CRF[self.format]}")
        if self.width is not None and self.width % 2:
            raise ValueError(f"has a width of {self.width}; it must be even")
        return self

    def _must_be_one_of(self, key: str, value: str | None, known: tuple[str, ...]) -> None:
        if value is not None and value not in known:
            raise ValueError(f"has the {key} {value!r}; {self.format} has {', '.join(known)}")

    @property
    def is_the_reel(self) -> bool:
        """The reel as it is needs no second file."""
        return self == Deliverable(format="h264")

    @property
    def ending(self) -> str:
        """What stands behind the reel's own name: `.hevc.mp4`."""
        word, ending = _FILE[self.format]
        kinds = KINDS_OF_FILE.get(self.format)
        return f".{self.name or word}.{(self.file_as or kinds[0]) if kinds else ending}"

    @property
    def shots(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """The shots that it names, each with its path below the deliverable."""
        named = [(("at",), self.at)] if isinstance(self.at, str) else []
        by_shot = self.focus if isinstance(self.focus, Mapping) else {}
        return (*named, *((("focus", shot), shot) for shot in by_shot))

    def focus_of(self, shot: str) -> float:
        """Where the crop stands while a shot plays, 0 (left) to 1; a hop is as its shot."""
        found: Any = self.focus
        if isinstance(found, Mapping):
            found = found.get(shot, found.get(shot.partition(".")[0]))
        return 0.5 if found is None else float(_PLACES.get(found, found))


def _key(field: str) -> str:
    return "as" if field == "file_as" else field


def _is_given(one: Deliverable, field: str) -> bool:
    return field not in ("format", "name") and getattr(one, field) is not None


def _in_full(value: Any) -> Any:
    """`deliver: [hevc, {format: gif}]`: a name alone is its format; one alone is a list of one."""
    if isinstance(value, str | Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    return [{"format": one} if isinstance(one, str) else one for one in value]


Deliver: TypeAlias = Annotated[tuple[Deliverable, ...], BeforeValidator(_in_full)]
