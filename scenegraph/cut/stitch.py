"""Timeline to reel: every event encoded once as a segment, the reel their exact concatenation.

Segments lie in a folder under the hash of all that they are made from (the clip's content, the
span, the format, the command and the FFmpeg that ran it). A changed shot, cut point or order
therefore encodes only what it touches, and the reel is the same file that a full build makes.
Beside each segment lies a note of its length and hash: one that is missing, cut short or damaged is
made again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from scenegraph.cut.conform import THREADS, Fit, concat_command, ffmpeg_name, piece_command
from scenegraph.cut.disk import disk_errors
from scenegraph.cut.pieces import Part, Piece, pieces_of
from scenegraph.cut.promised import check_picture_times
from scenegraph.errors import CutError
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media.clip import Clip
from scenegraph.media.ffmpeg import ffmpeg_exe, run_ffmpeg
from scenegraph.media.files import file_hash, replacing
from scenegraph.settings import Settings

log = structlog.get_logger(__name__)

#: Part of every segment's key: raise it when the same command would mean another picture.
CODE_VERSION = "segment/1"
#: Starting FFmpeg, and the slowest machine's time for one frame.
PATIENCE_S, PATIENCE_PER_FRAME_S = 60.0, 1.0
#: A media store names a file by its hash.
STORE_NAME = re.compile(r"[0-9a-f]{64}")

ContentHash = Callable[[Clip], str]
#: Encodes that are going on, by the key of their segment.
UnderWay = Mapping[str, "asyncio.Task[Segment]"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reel has come. `frames` of `of` are in segments; `made` segments were encoded,
    `reused` were there already.
    """

    frames: int
    of: int
    made: int
    reused: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One encoded event. `made`: it was encoded now, not found."""

    path: Path
    key: str
    frames: int
    made: bool


def content_hash(clip: Clip) -> str:
    """What the clip is, as a hash: its name in a media store, else its bytes are read."""
    return clip.path.stem if STORE_NAME.fullmatch(clip.path.stem) else file_hash(clip.path)


def piece_key(
    piece: Piece, format: ReelFormat, contents: Sequence[str], *, fit: Fit = "auto", exe: str
) -> str:
    """The same for a piece, with the hash of the content of each of its clips."""
    command = piece_command(piece, format, Path("out.mp4"), fit=fit, exe="ffmpeg")
    inputs = [at + 1 for at, word in enumerate(command) if word == "-i"]
    for at, content in zip(inputs, contents, strict=True):
        command[at] = content
    made_from: list[object] = [CODE_VERSION, ffmpeg_name(exe)]
    for part, content in zip(piece.parts, contents, strict=True):
        made_from += [content, part.event.span.start, part.event.span.stop]
    return hashlib.sha256(json.dumps([*made_from, command]).encode()).hexdigest()


async def make_segment(
    event: Event,
    format: ReelFormat,
    frames: int,
    folder: Path,
    *,
    fit: Fit = "auto",
    content: ContentHash = content_hash,
    settings: Settings | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Segment:
    """The segment of one event, encoded if it is not in `folder` in good order.

    May be called for an event as soon as its cut is known, while later shots are still being made.

    Raises:
        CutError: the disk is full, or FFmpeg wrote another number of frames.
        FfmpegFailed: FFmpeg could not encode it.
    """
    with disk_errors(folder):
        digest = await asyncio.to_thread(content, event.clip)
    piece = Piece(Part(event, frames, 0, frames))
    exe = ffmpeg_exe(settings)
    return await piece_segment(
        piece, format, folder, [digest], fit=fit, exe=exe, on_progress=on_progress
    )


async def piece_segment(
    piece: Piece,
    format: ReelFormat,
    folder: Path,
    digests: Sequence[str],
    *,
    fit: Fit = "auto",
    exe: str,
    on_progress: Callable[[int], None] | None = None,
    under_way: UnderWay | None = None,
    niceness: int = 0,
) -> Segment:
    """As `make_segment`, for any piece, with the hash of the content of each of its clips.

    Args:
        under_way: segments that somebody is encoding already; this one is waited for.
        niceness: how far FFmpeg gives way to all else on the machine, 0 to 19.
    """
    event, frames = piece.part.event, piece.frames
    with disk_errors(folder):
        key = piece_key(piece, format, digests, fit=fit, exe=exe)
        ending = format.container
        if under_way is not None and key in under_way:
            await asyncio.wait([under_way[key]])
        path, note = folder / f"{key}{ending}", folder / f"{key}.json"
        if await asyncio.to_thread(is_sound, path, note, frames):
            return Segment(path, key, frames, made=False)
        folder.mkdir(parents=True, exist_ok=True)
        temp = folder / f".{key[:16]}.{secrets.token_hex(6)}{ending}"
        try:
            command = piece_command(piece, format, temp, fit=fit, exe=exe)
            read = sum(part.event.span.stop for part in piece.parts)
            patience = PATIENCE_S + PATIENCE_PER_FRAME_S * (read + frames)
            await run_ffmpeg(
                command, timeout_s=patience, on_progress=on_progress, niceness=niceness
            )
            await asyncio.to_thread(check_picture_times, temp, frames, event.shot)
            facts = {"frames": frames, "sha256": await asyncio.to_thread(file_hash, temp)}
            temp.replace(path)
            write_note(note, json.dumps(facts))
        finally:
            temp.unlink(missing_ok=True)
    log.info("segment.made", shot=event.shot, take=event.take, key=key[:16], frames=frames)
    return Segment(path, key, frames, made=True)


async def stitch(
    timeline: Timeline,
    segments: Path,
    out: Path,
    *,
    fit: Fit = "auto",
    at_once: int | None = None,
    content: ContentHash = content_hash,
    settings: Settings | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_segments: Callable[[list[Segment]], None] | None = None,
    sound: Path | None = None,
    under_way: UnderWay | None = None,
) -> Path:
    """Make the reel of a timeline at `out`, and return `out`.

    Args:
        segments: where encoded events are kept; may be shared by many reels.
        at_once: encodes running at a time; by default so many that their threads fill the cores.
        content: how a clip is told from another; by default the store's name or the file's hash.
        sound: an audio-only MP4 that is copied beside the picture, as long as the reel.
        under_way: segments that somebody is encoding already; they are waited for.
        on_segments: told the segments that the reel is made of, in playing order, once it is there.

    Raises:
        CutError: no events, a full disk, or a result that is not the promised one; an older
            file at `out` is then still there.
        FfmpegFailed: FFmpeg could not encode or join.
    """
    if not timeline.events:
        raise CutError(
            "There is nothing to cut: no shot has a take that was kept.",
            next="`scenegraph run SCENE` shoots what is missing.",
        )
    if any(not len(event.span) for event in timeline.events):
        empty = next(event.shot for event in timeline.events if not len(event.span))
        raise CutError(f"{empty} plays no frame.", next="Give it one, or leave it out.")
    exe = ffmpeg_exe(settings)
    slots = asyncio.Semaphore(at_once or (os.cpu_count() or 1) * 2 // THREADS + 1)
    state = _Tally(timeline.frames, on_progress)
    wanted: dict[tuple[object, ...], asyncio.Task[Segment]] = {}

    with disk_errors(segments):
        clips = {event.clip.path: event.clip for event in timeline.events}
        digests = {p: await asyncio.to_thread(content, clip) for p, clip in clips.items()}

    async def make(piece: Piece) -> Segment:
        def working(done: int) -> None:
            state.working(id(piece), min(done, piece.frames))

        async with slots:
            contents = [digests[part.event.clip.path] for part in piece.parts]
            made = await piece_segment(
                piece,
                timeline.format,
                segments,
                contents,
                fit=fit,
                exe=exe,
                on_progress=working,
                under_way=under_way,
            )
        state.done(id(piece), made)
        return made

    order = []
    pieces = pieces_of(timeline)
    try:
        async with asyncio.TaskGroup() as group:
            for piece in pieces:
                same = piece.same
                if same not in wanted:
                    wanted[same] = group.create_task(make(piece), name=piece.shot)
                order.append(wanted[same])
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    with disk_errors(out.parent):
        await _join([task.result().path for task in order], timeline, segments, out, exe, sound)
    state.told(timeline.frames)
    if on_segments is not None:
        on_segments([task.result() for task in order])
    log.info("reel.made", frames=timeline.frames, made=state.made, reused=state.reused)
    return out


async def _join(
    parts: list[Path],
    timeline: Timeline,
    folder: Path,
    out: Path,
    exe: str,
    sound: Path | None,
) -> None:
    # Names in the list are relative and hex only: nothing to quote, and `safe=1` holds.
    listing = folder / f".{secrets.token_hex(8)}.ffconcat"
    lines = ["ffconcat version 1.0", *(f"file {part.name}" for part in parts)]
    try:
        listing.write_text("\n".join(lines) + "\n", encoding="ascii")
        with replacing(out) as temp:
            command = concat_command(listing, timeline.format.rate, temp, sound=sound, exe=exe)
            patience = PATIENCE_S + PATIENCE_PER_FRAME_S * timeline.frames / 24
            await run_ffmpeg(command, timeout_s=patience)
            title = timeline.title or out.name
            await asyncio.to_thread(check_picture_times, temp, timeline.frames, title)
    finally:
        listing.unlink(missing_ok=True)


def is_sound(path: Path, note: Path, frames: int) -> bool:
    """True when the segment is as it was written: its hash says so."""
    try:
        facts = json.loads(note.read_text(encoding="utf-8"))
        return bool(facts["frames"] == frames and facts["sha256"] == file_hash(path))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_note(note: Path, text: str) -> None:
    """Put a segment's note in its place, whole or not at all."""
    temp = note.with_name(f".{note.stem[:16]}.{secrets.token_hex(6)}.json")
    try:
        temp.write_text(text, encoding="utf-8")
        temp.replace(note)
    finally:
        temp.unlink(missing_ok=True)


class _Tally:
    """Counts frames as they come, and tells whoever asked."""

    def __init__(self, of: int, tell: Callable[[Progress], None] | None) -> None:
        self.of, self.tell = of, tell
        self.made = self.reused = 0
        self.by_event: dict[int, int] = {}

    def working(self, event: int, frames: int) -> None:
        self.by_event[event] = frames
        self.told(min(self.of, sum(self.by_event.values())))

    def done(self, event: int, segment: Segment) -> None:
        self.made += segment.made
        self.reused += not segment.made
        self.working(event, segment.frames)

    def told(self, frames: int) -> None:
        if self.tell is not None:
            self.tell(Progress(frames, self.of, self.made, self.reused))
