"""A film that a person edited, held against the takes of its scene.

Takes are found by their slate, their bytes' hash or their file's name in the store. A path in the
file is never opened: what is played is always the store's own copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

from scenegraph.cut import reel_format
from scenegraph.cut.exports import EditedClip, read_otio
from scenegraph.cut.timeline import carried_grades
from scenegraph.errors import CutError, SceneError
from scenegraph.ledger import Engine, Ledger, Memory, Take, Timeline
from scenegraph.ledger.timeline import Event, JoinKind
from scenegraph.media.clip import Clip
from scenegraph.run.reel import grade_of, must_be_whole
from scenegraph.scene import Scene, ShotGraph
from scenegraph.units import Span

#: A timeline of an hour has about a thousand clips, 5 KB each.
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What is played, in order, and what of the file was ignored."""

    clips: tuple[tuple[EditedClip, Take, Clip], ...]
    notices: tuple[str, ...]

    @property
    def engine(self) -> Engine:
        return self.clips[0][1].engine


def read_edit(file: str | Path, memory: Memory) -> Edited:
    """The takes that an `.otio` file plays.

    Raises:
        SceneError: there is no such file, or it is another kind of file.
        CutError: it holds something that a reel cannot show, or clips that are no takes.
    """
    path = Path(file)
    if path.suffix.lower() != ".otio":
        raise SceneError(
            f"{path} is not an .otio file.", next="In the editor, export the timeline as .otio."
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SceneError(
                f"{path} is too large for an edit list.", next="Export the timeline alone."
            )
        film = read_otio(path.read_text(encoding="utf-8-sig"), path.name)
    except OSError as error:
        raise SceneError(
            f"{path} cannot be read: {error.strerror or error}.",
            next="`scenegraph cut SCENE --export otio` writes one.",
        ) from error
    except UnicodeDecodeError as error:
        raise SceneError(f"{path} is not text.", next="Export it as .otio again.") from error
    takes = [take for rows in memory.takes.values() for take in rows]
    clips = []
    for clip in film.clips:
        take = _take_of(clip, takes, memory.scene)
        if take.clip is None:
            raise CutError(
                f"{clip} is {take.slate}, which has no file any more.",
                next=f"`scenegraph rerun SCENE {take.shot}` shoots another take.",
            )
        clips.append((clip, take, take.clip))
    if len({take.engine for _, take, _ in clips}) > 1:
        raise CutError(
            f"{path.name} mixes previews and paid takes.",
            next="Export the scene again: what was shot on fal.ai is exported then.",
        )
    return Edited(clips=tuple(clips), notices=film.notices)


def edited_timeline(
    edit: Edited, scene: Scene, graph: ShotGraph, memory: Memory, ledger: Ledger
) -> Timeline:
    """The timeline of an edited film. A seam that nobody touched stays what it was.

    Raises:
        CutError: a clip plays what its take does not have, or a take's file is damaged.
    """
    for take in {take.id: take for _, take, _ in edit.clips}.values():
        must_be_whole(take, ledger)
    spans = [clip.span(media) for clip, _, media in edit.clips]
    joins = _joins(edit, spans)
    grades = carried_grades(
        [
            (join, grade_of(take, memory.amended(take.shot)))
            for join, (_, take, _) in zip(joins, edit.clips, strict=True)
        ]
    )
    shown = {take.shot for _, take, _ in edit.clips}
    rate = scene.reel.frame_rate or scene.picture.frame_rate
    return Timeline(
        title=scene.title,
        events=tuple(
            Event(shot=take.shot, take=take.slate, clip=media, span=span, join=join, grade=grade)
            for (_, take, media), span, join, grade in zip(
                edit.clips, spans, joins, grades, strict=True
            )
        ),
        format=reel_format(
            [media for _, _, media in edit.clips], Fraction(rate), scene.reel.rate_by
        ),
        left_out=tuple(shot for shot in graph.reel_order if shot not in shown),
    )


def _take_of(clip: EditedClip, takes: Sequence[Take], scene: str) -> Take:
    """The take that a clip is: by its file's name, or as its metadata says where it has no file."""
    slate, sha256 = clip.facts.get("slate"), clip.facts.get("sha256")
    if clip.file_name is None:
        named = [take for take in takes if take.sha256 and take.sha256 == sha256]
    else:  # a file is named by its bytes: another take of the store may have been put in its place
        named = [take for take in takes if _file_of(take) == clip.file_name]
    meant = next((take for take in takes if take.slate == slate), None)
    if meant in named or (meant is not None and clip.file_name is None):
        return meant
    if named:
        return named[0]
    if meant is not None:
        raise CutError(
            f"{clip} was linked to another file ({clip.file_name}) than its take {meant.slate}.",
            next=f"Link it to {_file_of(meant) or 'the take'} again: the reel is cut from takes.",
        )
    file = f" (its file is {clip.file_name})" if clip.file_name else ""
    raise CutError(
        f"{clip} is no take of the scene {scene}{file}: other media are not supported.",
        next="Delete it, or cut the clips by themselves: `scenegraph cut A.mp4 B.mp4`.",
    )


def _file_of(take: Take) -> str | None:
    return PurePosixPath(take.media).name if take.media else None


def _joins(edit: Edited, spans: Sequence[Span]) -> list[JoinKind]:
    """An exact seam stays one when both its sides are as they were exported; all else is a cut."""
    joins: list[JoinKind] = ["start"]
    for at in range(1, len(spans)):
        before, here = edit.clips[at - 1][0].facts, edit.clips[at][0].facts
        kept = (
            before.get("out_frame") == spans[at - 1].stop - 1
            and here.get("in_frame") == spans[at].start
            and _number(before, "reel_start", "reel_frames") == _number(here, "reel_start")
        )
        said = here.get("join")
        joins.append(said if kept and said in ("extend", "rejoin") else "cut")
    return joins


def _number(facts: Mapping[str, object], *names: str) -> int | None:
    values = [value for name in names if type(value := facts.get(name)) is int]
    return sum(values) if len(values) == len(names) else None
