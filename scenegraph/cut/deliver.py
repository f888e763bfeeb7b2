"""A finished reel to its deliverables: each made once, found again while the reel is the same.

What a file was made from is its key: the reel's hash, the wishes, the FFmpeg. Beside the segments
lies a note under that key with the hash of what came out; a file that is missing, of another reel,
or damaged does not fit its note, and is made again. One that cannot be made never costs the reel.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import structlog

from scenegraph.cut.burn_in import Lettering, band_input, bands
from scenegraph.cut.conform import ffmpeg_name
from scenegraph.cut.copies import (
    ENCODERS,
    Film,
    chapters_command,
    copy_command,
    excerpt,
    gif_command,
    palette_command,
    size_of,
)
from scenegraph.cut.delivered import Facts, look_at_film, look_at_gif
from scenegraph.cut.disk import disk_errors
from scenegraph.cut.exports.chapters import CHAPTER_WRITERS, chapters_in
from scenegraph.cut.masters import MASTERS, USUAL_PROFILE, MasterSound, make_master, master_format
from scenegraph.cut.pictures import (
    best_frame,
    candidates,
    contact_sheet,
    encoded,
    pictures_at,
    resized,
)
from scenegraph.cut.stitch import write_note
from scenegraph.errors import CutError, MediaError
from scenegraph.media.ffmpeg import Leash, encoders_of, feed_ffmpeg, ffmpeg_exe, run_ffmpeg
from scenegraph.media.files import file_hash, replacing
from scenegraph.scene.deliver import Deliverable
from scenegraph.settings import Settings

log = structlog.get_logger(__name__)

#: Part of every key: raise it when the same wish would mean another file.
DELIVERY_VERSION = "delivery/1"
#: FFmpeg's start, and the slowest machine's time for a frame of the slowest encoder.
PATIENCE_S, PATIENCE_PER_FRAME_S = 120.0, 3.0
#: Formats in which names and cuts of the edit list are seen.
_SHOWS_SHOTS = ("vertical", "gif", "poster", "thumbnails", "chapters", "burn-in")

#: Frames done, of all.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one deliverable.

    Attributes:
        state: `made` now, `kept` as it was, `failed` (`error` says why), or `reel`: it is the reel.
    """

    format: str
    path: Path
    state: Literal["made", "kept", "failed", "reel"]
    facts: Facts | None = None
    error: dict[str, Any] | None = None

    @property
    def notice(self) -> str | None:
        """A failure as a sentence."""
        if self.error is None:
            return None
        older = " The file of that name is of an older reel." if self.path.exists() else ""
        said = f"The reel is there, {self.path.name} is not: {self.error['message']}"
        return " ".join(filter(None, (f"{said}{older}", self.error.get("next"))))

    def to_json(self, shown: str) -> dict[str, Any]:
        facts = self.facts.to_json() if self.facts else {}
        return {
            "format": self.format,
            "file": shown,
            "state": self.state,
            **facts,
            "error": self.error,
        }


def encoder_needed(one: Deliverable) -> str | None:
    """The encoder of FFmpeg that a deliverable cannot do without."""
    if one.format in ENCODERS:
        return ENCODERS[one.format][0]
    if one.format in ("prores", "dnxhr"):
        return MASTERS[one.format, one.profile or USUAL_PROFILE][0]
    return "gif" if one.format == "gif" else None


def must_be_makeable(one: Deliverable, exe: str) -> None:
    """Refuse what this FFmpeg has no encoder for.

    Raises:
        CutError: it has none.
    """
    codec = encoder_needed(one)
    if not one.is_the_reel and codec is not None and codec not in encoders_of(exe):
        raise CutError(
            f"{Path(exe).name} has no encoder {codec}, which {one.format} needs.",
            next="Unset SCENEGRAPH_FFMPEG to use the FFmpeg that comes with scenegraph, or take "
            f"{one.format} out of `reel.deliver`.",
        )


def delivery_key(film: Film, one: Deliverable, exe: str) -> str:
    """What a deliverable is made from, as a hash.

    Its own name is in it: not every encoder gives the same bytes twice, and each file has a note.
    """
    wishes = one.model_dump(mode="json")
    shots = [
        (event.shot, event.take, film.timeline.event_frames(event))
        for event in film.timeline.events
    ]
    made_from = [
        DELIVERY_VERSION,
        ffmpeg_name(exe),
        film.sha256,
        wishes,
        [film.timeline.title, shots] if one.format in _SHOWS_SHOTS else None,
    ]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def delivery_path(film: Film, one: Deliverable) -> Path:
    """Beside the reel, under its name: `SCENE.reel.hevc.mp4`.

    The copy with chapters is of the reel's own kind, which `--out` may have chosen.
    """
    if one.is_the_reel:
        return film.path
    path = film.path.with_name(f"{film.path.stem}{one.ending}")
    own_kind = one.format == "chapters" and one.file_as is None
    return path.with_suffix(film.path.suffix) if own_kind else path


async def deliver(
    film: Film,
    wanted: Sequence[Deliverable],
    notes: Path,
    *,
    sound: MasterSound | None = None,
    settings: Settings | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> list[Delivery]:
    """Make these files of a finished reel, one after the other; each appears whole or not at all.

    Args:
        notes: the folder of segments, where it is noted what came out.
        sound: the tracks, for masters; None when the reel is silent.
        on_progress: told the end of a file's name, frames done and all frames.

    Returns:
        One for each wish, in order. One that failed is told in it, and raises nothing.
    """
    exe = ffmpeg_exe(settings)
    found = []
    for one in wanted:
        path = delivery_path(film, one)
        if one.is_the_reel:
            found.append(Delivery(format=one.format, path=path, state="reel"))
            continue

        def tell(done: int, of: int, what: str = one.ending[1:]) -> None:
            if on_progress is not None:
                on_progress(what, min(done, of), of)

        try:
            found.append(await _one(film, one, path, notes, sound, settings, exe, tell))
        except (CutError, MediaError) as error:
            log.warning("delivery.failed", format=one.format, error=error.message)
            failed = Delivery(format=one.format, path=path, state="failed", error=error.to_json())
            found.append(failed)
    return found


async def _one(
    film: Film,
    one: Deliverable,
    path: Path,
    notes: Path,
    sound: MasterSound | None,
    settings: Settings | None,
    exe: str,
    tell: Tell,
) -> Delivery:
    key = delivery_key(film, one, exe)
    note = notes / f"{key}.json"
    with disk_errors(path.parent):
        kept = await asyncio.to_thread(_kept, path, note)
        if kept is not None:
            return Delivery(format=one.format, path=path, state="kept", facts=kept)
        await asyncio.to_thread(must_be_makeable, one, exe)
        with replacing(path) as temp:
            facts = await _make(film, one, temp, notes, sound, settings, exe, tell)
            sha256 = await asyncio.to_thread(file_hash, temp)
        notes.mkdir(parents=True, exist_ok=True)
        write_note(note, json.dumps({"sha256": sha256, **facts.to_json()}))
    tell(film.timeline.frames, film.timeline.frames)
    log.info("delivery.made", format=one.format, file=path.name)
    return Delivery(format=one.format, path=path, state="made", facts=facts)


def _kept(path: Path, note: Path) -> Facts | None:
    """The facts of a file that is as it was made; None when it is not."""
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        facts = Facts.from_json(said)
        return facts if file_hash(path) == said["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def _make(
    film: Film,
    one: Deliverable,
    out: Path,
    notes: Path,
    sound: MasterSound | None,
    settings: Settings | None,
    exe: str,
    tell: Tell,
) -> Facts:
    """Write one file and look at what came out."""
    frames, rate = film.timeline.frames, film.rate
    size = size_of(film, one)
    match one.format:
        case "prores" | "dnxhr":
            format = master_format(film.timeline.format, one.format, one.profile)
            await make_master(
                film.timeline,
                format,
                out,
                notes,
                sound=sound,
                settings=settings,
                on_progress=lambda progress: tell(progress.frames, progress.of),
            )
        case "chapters" if one.file_as not in (None, "mp4"):
            text = CHAPTER_WRITERS[one.file_as](
                film.timeline.title, rate, chapters_in(film.timeline)
            )
            out.write_text(text, encoding="utf-8", newline="")
            return Facts(bytes=out.stat().st_size)
        case "chapters":
            await _with_chapters(film, out, exe)
        case "poster" | "thumbnails":
            picture = await asyncio.to_thread(_still, film, one)
            data = await asyncio.to_thread(encoded, picture, one.file_as or "jpg")
            out.write_bytes(data)
            height, width = picture.shape[:2]
            return Facts(bytes=len(data), width=width, height=height)
        case "gif":
            part = excerpt(film, one, await asyncio.to_thread(_moment, film, one, 0))
            with tempfile.TemporaryDirectory(prefix="scenegraph-") as folder:
                palette = Path(folder) / "palette.png"
                await _run(palette_command(film, one, part, palette, exe=exe), part.frames, None)
                command = gif_command(film, one, part, palette, out, exe=exe)
                await _run(command, part.frames, lambda done: tell(done, part.shown))
            return await asyncio.to_thread(look_at_gif, out, part.shown, size, Fraction(part.rate))
        case "burn-in":
            lettering = Lettering.of(film.size)
            overlay = band_input(lettering, rate)
            command = copy_command(film, one, out, overlay=overlay, exe=exe)
            await _fed(command, film, lettering, tell)
        case _:
            command = copy_command(film, one, out, exe=exe)
            await _run(command, frames, lambda done: tell(done, frames))
    return await asyncio.to_thread(look_at_film, out, frames, rate, size, film.has_sound)


async def _run(command: list[str], frames: int, tell: Callable[[int], None] | None) -> None:
    patience = PATIENCE_S + PATIENCE_PER_FRAME_S * frames
    await run_ffmpeg(command, timeout_s=patience, on_progress=tell)


async def _fed(command: list[str], film: Film, lettering: Lettering, tell: Tell) -> None:
    """Run a command that reads the bands of a burn-in; a cancel ends it at once."""
    leash, loop = Leash(), asyncio.get_running_loop()
    frames = film.timeline.frames

    def feed() -> None:
        def counted() -> Any:
            for done, band in enumerate(bands(film.timeline, lettering), 1):
                yield band
                if done % 48 == 0:
                    loop.call_soon_threadsafe(tell, done, frames)

        with leash.held():
            feed_ffmpeg(command, counted(), timeout_s=PATIENCE_S + PATIENCE_PER_FRAME_S * frames)

    working = asyncio.ensure_future(asyncio.to_thread(feed))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        leash.end()
        await asyncio.wait([working])
        working.exception()  # FFmpeg was killed, and says so; nobody asks
        raise


async def _with_chapters(film: Film, out: Path, exe: str) -> None:
    with tempfile.TemporaryDirectory(prefix="scenegraph-") as folder:
        marks = Path(folder) / "chapters.txt"
        text = CHAPTER_WRITERS["ffmeta"](film.timeline.title, film.rate, chapters_in(film.timeline))
        marks.write_text(text, encoding="utf-8", newline="")
        await _run(chapters_command(film, marks, out, exe=exe), film.timeline.frames, None)


def _still(film: Film, one: Deliverable) -> Any:
    if one.format == "poster":
        frame = _moment(film, one, None)
        (picture,) = pictures_at(film.path, [frame], film.rate)
        return resized(picture, one.width)
    chapters = chapters_in(film.timeline)
    middles = [(chapter.start + chapter.stop) // 2 for chapter in chapters]
    pictures = pictures_at(film.path, middles, film.rate)
    return contact_sheet(chapters, pictures, film.rate, width=one.width, columns=one.columns)


def _moment(film: Film, one: Deliverable, usual: int | None) -> int:
    """The frame of the reel that `at` means; without it `usual`, or (None) the best one.

    Raises:
        CutError: its shot is not in the reel, or the reel is shorter.
    """
    frames = film.timeline.frames
    if one.at is None and usual is not None:
        return usual
    if isinstance(one.at, int | float):
        frame = int(Fraction(str(one.at)) * film.rate)
        if frame >= frames:
            raise CutError(
                f"The reel ends at {film.timeline.duration_s:.1f} s, and `at` is {one.at:g} s.",
                next="Name an earlier moment, or a shot.",
            )
        return frame
    among = range(frames) if one.at is None else _span_of(film, one.at)
    if usual is not None:
        return among.start
    best = best_frame(candidates(film.path, film.rate), among)
    return best if best is not None else (among.start + among.stop) // 2


def _span_of(film: Film, shot: str) -> range:
    """Frames of the reel in which a shot plays for the first time, all its hops together."""
    start, found = 0, range(0)
    for event in film.timeline.events:
        stop = start + film.timeline.event_frames(event)
        is_it = shot in (event.shot, event.shot.partition(".")[0])
        if is_it:
            found = range(found.start, stop) if found else range(start, stop)
        elif found:
            break
        start = stop
    if not found:
        raise CutError(f"{shot} is not in the reel.", next="`at` names a shot that is.")
    return found
