"""Small films that travel inside the page, or links to the masters beside it.

Every one is held to a weight, so that the page of a long scene can still be mailed. A film that
cannot be made is left out: a report is made of what there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import ffmpeg
import structlog
from PIL import Image

from scenegraph.errors import MediaError
from scenegraph.media import ffmpeg_exe, open_still, run_ffmpeg_sync
from scenegraph.report.cache import Cache
from scenegraph.report.page import FilmView
from scenegraph.report.privacy import DataUri
from scenegraph.report.slate import draw_slate
from scenegraph.report.stills import data_uri
from scenegraph.report.wanted import Clipping, Piece
from scenegraph.units import Size

log = structlog.get_logger(__name__)

#: The film in the page: short side in pixels, and what it may weigh before it becomes text.
REEL_SHORT, REEL_BYTES = 400, 8_500_000
REEL_KBIT = 1400
#: All films of takes together; below the last of these rates, films are left out instead.
TAKE_SHORT, TAKES_BYTES = 270, 3_500_000
TAKE_KBITS = (500, 350, 250, 180, 130, 90)
#: I-frames this often: a step back by one frame must not decode half the film.
GOP = 24


def reel_command(reel: Path, to: Path, seconds: float, exe: str) -> list[str]:
    """The FFmpeg command for the small film. Builds it, starts nothing.

    Its bit rate is held so that a long film still fits into a page that can be mailed.
    """
    kbit = max(60, min(REEL_KBIT, int(REEL_BYTES * 8 / 1000 / max(1.0, seconds))))
    sound = max(32, min(96, kbit // 6))
    source = ffmpeg.input(str(reel))
    return _small(
        source.video.filter("scale", *_short_side(REEL_SHORT), flags="area"),
        to,
        exe,
        kbit=max(40, kbit - sound),
        crf=27,
        map="0:a?",
        acodec="aac",
        audio_bitrate=f"{sound}k",
    )


def take_command(clip: Path, to: Path, kbit: int, exe: str) -> list[str]:
    """The FFmpeg command for a take that is compared. Builds it, starts nothing."""
    picture = ffmpeg.input(str(clip)).video
    picture = picture.filter("scale", *_short_side(TAKE_SHORT), flags="area")
    return _small(picture, to, exe, kbit=kbit, crf=30)


def piece_command(
    source: Path, piece: Piece, to: Path, size: Size, rate: Fraction, kbit: int, exe: str
) -> list[str]:
    """The FFmpeg command for one shot of a story. `source` is its clip or its picture."""
    picture = ffmpeg.input(str(source)).video
    if piece.span is not None:
        first, last = piece.span
        picture = picture.filter("trim", start_frame=first, end_frame=last + 1)
        picture = picture.filter("setpts", "PTS-STARTPTS").filter("fps", str(rate))
    fit = "decrease"
    picture = (
        picture.filter(
            "scale", size.width, size.height, force_original_aspect_ratio=fit, flags="area"
        )
        .filter("pad", size.width, size.height, "(ow-iw)/2", "(oh-ih)/2")
        .filter("setsar", 1)
    )
    if piece.span is not None:
        picture = picture.filter("tpad", stop_mode="clone", stop=-1)
    else:  # held behind the scaling, so that a large still is read and scaled once
        picture = picture.filter("loop", loop=-1, size=1, start=0)
        picture = picture.filter("setpts", f"N/(({rate})*TB)").filter("fps", str(rate))
    return _small(picture, to, exe, kbit=kbit, crf=27, frames=piece.frames)


def _short_side(pixels: int) -> tuple[str, str]:
    return f"if(gt(iw,ih),-2,{pixels})", f"if(gt(iw,ih),{pixels},-2)"


def _small(
    picture: Any, to: Path, exe: str, *, kbit: int, crf: int, frames: int | None = None, **more: Any
) -> list[str]:
    if frames is not None:
        more["frames:v"] = frames
    out = picture.output(
        str(to),
        vcodec="libx264",
        preset="veryfast",
        crf=crf,
        maxrate=f"{kbit}k",
        bufsize=f"{2 * kbit}k",
        g=GOP,
        pix_fmt="yuv420p",
        movflags="+faststart",
        map_metadata=-1,
        fflags="+bitexact",
        **more,
    )
    return [str(word) for word in ffmpeg.compile(out, cmd=exe, overwrite_output=True)]


def inline_film(view: FilmView, cache: Cache) -> DataUri | None:
    """The reel or the story as a small film inside the page; None when it cannot be made."""
    if view.path is None:
        return _story(view, cache)
    seconds = float(view.frames / view.rate)

    def command(to: Path) -> list[str]:
        assert view.path is not None
        return reel_command(view.path, to, seconds, ffmpeg_exe())

    data = _film(cache, ("reel", view.path, round(seconds, 3)), command, view.path.name)
    return data_uri("video/mp4", data) if data else None


def take_films(clippings: Iterable[Clipping], cache: Cache) -> Mapping[Clipping, DataUri]:
    """Small films of takes, the first ones first, as many as their weight allows."""
    wanted = list(dict.fromkeys(clippings))
    chosen, kbit = choose_rate(wanted)

    def make(clipping: Clipping) -> bytes | None:
        return _film(
            cache,
            ("take", kbit, clipping.source),
            lambda to: take_command(clipping.source, to, kbit, ffmpeg_exe()),
            clipping.source.name,
        )

    with ThreadPoolExecutor(_workers()) as pool:
        made = zip(chosen, pool.map(make, chosen), strict=True)
        return {clipping: data_uri("video/mp4", data) for clipping, data in made if data}


def choose_rate(wanted: Sequence[Clipping]) -> tuple[Sequence[Clipping], int]:
    """How many of these films, from the first on, may travel, and at how many kbit/s each.

    The rate comes in steps, so that one more take does not mean that all are encoded again.
    """
    seconds = sum(clipping.seconds for clipping in wanted)
    for kbit in TAKE_KBITS:
        if seconds * kbit * 1000 / 8 <= TAKES_BYTES:
            return wanted, kbit
    chosen, left = [], TAKES_BYTES * 8 / 1000 / TAKE_KBITS[-1]
    for clipping in wanted:
        if clipping.seconds <= left:
            chosen.append(clipping)
            left -= clipping.seconds
    return chosen, TAKE_KBITS[-1]


def _story(view: FilmView, cache: Cache) -> DataUri | None:
    """Every piece encoded by itself, and joined without encoding again: a page after one more
    take costs one more piece."""
    seconds = float(view.frames / view.rate)
    kbit = max(60, min(REEL_KBIT, int(REEL_BYTES * 8 / 1000 / max(1.0, seconds))))
    with TemporaryDirectory(prefix="scenegraph-") as folder:
        there = Path(folder)

        def make(numbered: tuple[int, Piece]) -> Path | None:
            number, piece = numbered
            data = _piece(piece, there / f"{number}.png", view, kbit, cache)
            if data is None:  # its clip is broken: a slate says at least which shot it is
                slate = Piece(None, None, piece.words, piece.frames)
                data = _piece(slate, there / f"{number}.png", view, kbit, cache)
            if data is None:
                return None
            file = there / f"{number}.mp4"
            file.write_bytes(data)
            return file

        with ThreadPoolExecutor(_workers()) as pool:
            files = [file for file in pool.map(make, enumerate(view.pieces)) if file]
        if len(files) < len(view.pieces):
            return None
        data = _joined(files, there)
        return data_uri("video/mp4", data) if data else None


def _piece(piece: Piece, still: Path, view: FilmView, kbit: int, cache: Cache) -> bytes | None:
    source = piece.source
    parts = ("piece", piece.span, piece.frames, view.size, view.rate, kbit)
    try:
        if source is None:
            draw_slate(piece.words, view.size).save(still)
            source = still
        elif piece.span is None:
            Image.fromarray(open_still(source)).save(still)  # upright, and of a known kind
            source = still
    except (MediaError, OSError):
        return None
    return _film(
        cache,
        (*parts, source),
        lambda to: piece_command(source, piece, to, view.size, view.rate, kbit, ffmpeg_exe()),
        source.name,
    )


def _joined(files: Sequence[Path], folder: Path) -> bytes | None:
    """The pieces one after the other, as they are."""
    listed, to = folder / "pieces.txt", folder / "story.mp4"
    listed.write_text("".join(f"file '{file.name}'\n" for file in files), encoding="utf-8")
    joined = ffmpeg.input(str(listed), format="concat", safe=1)
    out = joined.output(str(to), c="copy", movflags="+faststart", fflags="+bitexact")
    try:
        run_ffmpeg_sync(ffmpeg.compile(out, cmd=ffmpeg_exe(), overwrite_output=True), timeout_s=120)
        return to.read_bytes()
    except MediaError as error:
        log.warning("story.left_out", why=error.message)
        return None


def _film(
    cache: Cache,
    parts: tuple[object, ...],
    command: Callable[[Path], list[str]],
    name: str,
) -> bytes | None:
    """A film that is kept, or made by a command now."""
    try:
        key = cache.key(*parts)
        if data := cache.read(key, ".mp4", whole=_whole):
            return data
        with TemporaryDirectory(prefix="scenegraph-") as folder:
            to = Path(folder) / "film.mp4"
            run_ffmpeg_sync(command(to), timeout_s=600)
            data = to.read_bytes()
    except (MediaError, OSError) as error:
        log.warning("film.left_out", file=name, why=str(error))
        return None
    cache.keep(key, ".mp4", data)
    return data


def _whole(data: bytes) -> bool:
    """Every box of an MP4 says how long it is; the last one ends where the file does."""
    at = 0
    while 0 <= at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:
            return False
        at += size
    return at == len(data) > 0


def link_to(media: Path, page: Path) -> str | None:
    """The way from the page to a file, as a relative URL; None when there is none.

    >>> link_to(Path("/films/night/.scenegraph/reels/a b.mp4"), Path("/films/night/dailies.html"))
    '.scenegraph/reels/a%20b.mp4'
    """
    try:
        way = os.path.relpath(media.absolute(), page.absolute().parent)
    except ValueError:  # another drive
        return None
    return quote(way.replace(os.sep, "/"))


def _workers() -> int:
    return min(4, os.cpu_count() or 1)
