"""The sound that a scene names: tracks laid under the reel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from scenegraph.scene.part import FilePath, Name, Number, Part
from scenegraph.scene.shots import ShotRef

Role: TypeAlias = Literal["music", "voice", "effects"]
Seconds = Annotated[Number, Field(ge=0, le=86_400)]


class Track(Part):
    """One sound file and where it plays.

    Attributes:
        file: wav, mp3, flac, m4a or ogg, relative to the scene file.
        at: where it begins: seconds of the reel, or the shot it begins with.
        lead: seconds that it begins before its shot's picture (a J cut).
        trail: seconds that it goes on behind its shot's picture (an L cut), and then ends; None: it
            plays to its own end.
        offset: seconds of the file that are skipped.
        gain_db: louder or quieter than the file, before the whole is brought to its loudness.
        fade_in, fade_out: seconds.
        duck: it goes down while a voice speaks.
    """

    file: FilePath
    role: Role = "music"
    at: Seconds | ShotRef = 0.0
    lead: Annotated[Number, Field(ge=0, le=60)] = 0.0
    trail: Annotated[Number, Field(ge=0, le=60)] | None = None
    offset: Seconds = 0.0
    gain_db: Annotated[Number, Field(ge=-60, le=24)] = 0.0
    fade_in: Annotated[Number, Field(ge=0, le=60)] = 0.0
    fade_out: Annotated[Number, Field(ge=0, le=60)] = 0.0
    duck: bool = False


def _form_of_audio(value: Any) -> str:
    if isinstance(value, str):
        return "as-text"
    return "by-name" if isinstance(value, Mapping) else "as-list"


def _one_alone(value: Any) -> Any:
    """`audio: {file: song.mp3, gain_db: -3}` is a list of one."""
    is_track = isinstance(value, Mapping) and isinstance(value.get("file"), str)
    return [value] if is_track else value


#: A path, tracks in a list, or tracks by name.
Audio: TypeAlias = Annotated[
    Annotated[
        Annotated[FilePath, Tag("as-text")]
        | Annotated[tuple[Track, ...], Tag("as-list")]
        | Annotated[dict[Name, Track], Tag("by-name")],
        Discriminator(_form_of_audio),
    ],
    BeforeValidator(_one_alone),
]


def tracks_of(audio: Any) -> tuple[tuple[tuple[str | int, ...], Track], ...]:
    """The tracks, each with the path of its file below `reel`, for places in messages.

    >>> [(path, track.file) for path, track in tracks_of("song.mp3")]
    [(('audio',), 'song.mp3')]
    """
    if audio is None:
        return ()
    if isinstance(audio, str):
        return ((("audio",), Track(file=audio)),)
    named = audio.items() if isinstance(audio, Mapping) else enumerate(audio)
    return tuple((("audio", name, "file"), track) for name, track in named)
