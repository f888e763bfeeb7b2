"""Small copies of the media that travel inside the page, or a link to the reel beside it.

Pictures become JPEGs, each clip decoded once for all the frames that the page wants of it; the
reel becomes a small H.264 film. Media that are gone or broken are left out: a report is made of
what there is.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import ffmpeg
import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image

from scenegraph.errors import MediaError
from scenegraph.media import ffmpeg_exe, open_still, read_rgb, run_ffmpeg_sync
from scenegraph.report.page import Picture
from scenegraph.report.privacy import DataUri
from scenegraph.units import Size

log = structlog.get_logger(__name__)

JPEG_QUALITY = 80
#: The film in the page: short side in pixels, and what it may weigh before it becomes text.
REEL_SHORT, REEL_BYTES = 400, 11_000_000
REEL_KBIT = 1400

Stills = Mapping[Picture, DataUri]


def make_stills(pictures: Iterable[Picture], *, workers: int | None = None) -> Stills:
    """A JPEG for each picture that can be made; the others are missing from the answer."""
    by_source: dict[Path, set[Picture]] = defaultdict(set)
    for picture in pictures:
        by_source[picture.source].add(picture)
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1)) as pool:
        parts = pool.map(_stills_of, by_source.keys(), by_source.values())
        return {picture: uri for part in parts for picture, uri in part.items()}


def _stills_of(source: Path, pictures: set[Picture]) -> dict[Picture, DataUri]:
    try:
        if all(picture.frame is None for picture in pictures):
            image = Image.fromarray(open_still(source))
            return {picture: _jpeg(_fitted(image, picture.width)) for picture in pictures}
        return _frames_of(source, pictures)
    except MediaError as error:
        log.warning("picture.left_out", file=source.name, why=error.message)
        return {}


def _frames_of(source: Path, pictures: set[Picture]) -> dict[Picture, DataUri]:
    """One pass over the clip for all its frames, scaled once to the widest that is wanted."""
    wanted: dict[int, list[Picture]] = defaultdict(list)
    for picture in pictures:
        wanted[picture.frame or 0].append(picture)
    widest = max(pictures, key=lambda picture: picture.width)
    size = Size(_even(widest.width), _even(widest.width / widest.aspect))
    found: dict[Picture, DataUri] = {}
    start, stop = min(wanted), max(wanted) + 1
    for index, rgb in enumerate(read_rgb(source, size=size, start=start, stop=stop), start):
        if index in wanted:
            image = Image.fromarray(_as_bytes(rgb))
            found |= {p: _jpeg(_fitted(image, p.width)) for p in wanted[index]}
    return found


def _as_bytes(rgb: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rgb, dtype=np.uint8)


def _fitted(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image) -> DataUri:
    file = BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return data_uri("image/jpeg", file.getvalue())


def data_uri(kind: str, data: bytes) -> DataUri:
    """Bytes as a URL that needs no file.

    >>> data_uri("image/gif", b"GIF89a")
    'data:image/gif;base64,R0lGODlh'
    """
    return DataUri(f"data:{kind};base64,{b64encode(data).decode('ascii')}")


def reel_command(reel: Path, to: Path, seconds: float, exe: str) -> list[str]:
    """The FFmpeg command for the small film. Builds it, starts nothing.

    Its bit rate is held so that a long film still fits into a page that can be mailed.
    """
    kbit = max(60, min(REEL_KBIT, int(REEL_BYTES * 8 / 1000 / max(1.0, seconds))))
    short = f"if(gt(iw,ih),-2,{REEL_SHORT})", f"if(gt(iw,ih),{REEL_SHORT},-2)"
    source = ffmpeg.input(str(reel))
    film = source.video.filter("scale", *short, flags="area")
    out = film.output(
        str(to),
        vcodec="libx264",
        preset="veryfast",
        crf=27,
        maxrate=f"{kbit}k",
        bufsize=f"{2 * kbit}k",
        pix_fmt="yuv420p",
        movflags="+faststart",
        map="0:a?",
        acodec="aac",
        audio_bitrate="96k",
        map_metadata=-1,
        fflags="+bitexact",
    )
    return [str(word) for word in ffmpeg.compile(out, cmd=exe, overwrite_output=True)]


def inline_reel(reel: Path, seconds: float) -> DataUri | None:
    """The reel as a small film inside the page; None when it cannot be made."""
    with TemporaryDirectory(prefix="scenegraph-") as folder:
        to = Path(folder) / "reel.mp4"
        try:
            run_ffmpeg_sync(reel_command(reel, to, seconds, ffmpeg_exe()), timeout_s=600)
        except MediaError as error:
            log.warning("reel.left_out", file=reel.name, why=error.message)
            return None
        return data_uri("video/mp4", to.read_bytes())


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


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))
