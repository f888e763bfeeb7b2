"""What plays at the head of the page: the reel, or the story as far as there are pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from scenegraph.ledger import Take
from scenegraph.report.material import Material, rate_of
from scenegraph.report.page import FilmView, Segment
from scenegraph.report.wanted import BAR_W, POSTER_W, Picture, Piece
from scenegraph.report.words import KINDS, length, title_of
from scenegraph.scene import Prompt
from scenegraph.units import Size

#: Short side in pixels of a story's picture.
STORY_SHORT = 400


def film(material: Material) -> FilmView | None:
    """The reel when it lies there, else the story; None of a scene without shots to play."""
    if material.timeline is not None and material.reel is not None:
        return _reel(material, material.timeline, material.reel)
    return _story(material)


def _reel(material: Material, timeline: Mapping[str, Any], path: Path) -> FilmView:
    events: Sequence[Mapping[str, Any]] = timeline["events"]
    rate = rate_of(timeline)
    segments, poster = [], None
    for event in events:
        take = material.of_slate(event["take"])
        middle = (event["in_frame"] + event["out_frame"]) // 2
        picture = material.frame(take, middle, BAR_W, "") if take else None
        segments.append(
            _segment(
                event["shot"],
                str(take.number) if take else "",
                int(event["reel_start"]),
                int(event["reel_frames"]),
                rate,
                picture,
            )
        )
        if poster is None and take is not None:
            poster = material.frame(take, event["in_frame"], POSTER_W, "")
    size, _, _ = str(timeline["format"]).rpartition("@")
    wide, _, high = size.partition("x")
    return FilmView(
        kind="reel",
        path=path,
        pieces=(),
        frames=max(1, int(timeline["frames"])),
        rate=rate,
        size=Size(int(wide), int(high)),
        length=length(float(timeline["duration_s"])),
        poster=poster,
        segments=tuple(segments),
        left_out=tuple(timeline.get("left_out", ())),
    )


def _story(material: Material) -> FilmView | None:
    plan, graph = material.plan, material.graph
    planned = {shot.shot: shot for shot in plan.shots}
    numbers = {id: number for number, id in enumerate(graph.shots, 1)}
    rate = plan.reel_rate
    pieces, segments, poster, at, shot = [], [], None, 0, 0
    for id in graph.reel_order:
        if id not in planned:
            continue
        kept = material.kept(id)
        piece = _piece(material, id, numbers[id], kept, planned[id].new_frames, rate)
        has_clip = kept is not None and kept.clip is not None and kept.id in material.media
        number = str(kept.number) if kept and has_clip else ""
        shot += has_clip
        picture = _held(material, id, kept, piece)
        segments.append(_segment(id, number, at, piece.frames, rate, picture))
        if poster is None and picture is not None and not segments[1:]:
            poster = _held(material, id, kept, piece, POSTER_W)
        pieces.append(piece)
        at += piece.frames
    if not pieces:
        return None
    return FilmView(
        kind="story",
        path=None,
        pieces=tuple(pieces),
        frames=at,
        rate=rate,
        size=_size(material),
        length=length(float(at / rate)),
        poster=poster,
        segments=tuple(segments),
        why=_why(shot, len(pieces) - shot),
    )


def _why(shot: int, held: int) -> str:
    if not shot:
        return "No clip yet: every shot is held for as long as it is planned."
    if held:
        return "Not the reel: the takes there are, and a still where one is missing."
    return "Not the reel: the kept takes one after the other, not yet cut."


def _piece(
    material: Material, id: str, number: int, kept: Take | None, new: int, rate: Fraction
) -> Piece:
    shot = material.graph.shots[id]
    action = shot.prompt.action if isinstance(shot.prompt, Prompt) else shot.prompt
    words = (f"{number}", title_of(id), action or KINDS.get(shot.kind, shot.kind))
    if kept is not None and kept.clip is not None and kept.id in material.media:
        first, last = material.played(id, kept)
        frames = max(1, round((last - first + 1) / kept.clip.rate * rate))
        return Piece(material.media[kept.id], (first, last), words, frames)
    own = Fraction(material.scene.picture.frame_rate).limit_denominator(1001)
    frames = max(1, round(new / own * rate)) if new else max(1, round(2 * rate))
    still = material.still(id, POSTER_W, "")
    if still is None:
        return Piece(None, None, words, frames)
    span = None if still.frame is None else (still.frame, still.frame)
    return Piece(still.source, span, words, frames)


def _held(
    material: Material, id: str, kept: Take | None, piece: Piece, width: int = BAR_W
) -> Picture | None:
    if kept and kept.id in material.media and piece.span:
        first, last = piece.span
        return material.frame(kept, first if width > BAR_W else (first + last) // 2, width, "")
    return material.still(id, width, "")


def _segment(
    shot: str, take: str, start: int, frames: int, rate: Fraction, picture: Picture | None
) -> Segment:
    label = f"{shot}, {length(float(frames / rate))}"
    return Segment(shot, take, start, frames, picture, label)


def _size(material: Material) -> Size:
    """Of the story: as small as the reel's copy in the page, as wide as the scene says."""
    ratio = material.scene.picture.aspect_ratio
    wide, _, high = ("16:9" if ratio == "auto" else ratio).partition(":")
    aspect = int(wide) / int(high)
    if aspect >= 1:
        return Size(2 * round(STORY_SHORT * aspect / 2), STORY_SHORT)
    return Size(STORY_SHORT, 2 * round(STORY_SHORT / aspect / 2))
