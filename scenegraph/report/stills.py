"""Pictures as JPEGs inside the page: each clip is decoded once for all that is wanted of it.

Media that are gone or broken are left out: a report is made of what there is.
"""

from __future__ import annotations

import math
import os
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image

from scenegraph.errors import MediaError
from scenegraph.media import open_still, read_rgb
from scenegraph.report.cache import Cache
from scenegraph.report.privacy import DataUri
from scenegraph.report.wanted import Difference, Picture
from scenegraph.units import Size

log = structlog.get_logger(__name__)

JPEG_QUALITY, SMALLER_QUALITY = 80, 70
#: What all pictures of a page may weigh before they become text.
STILLS_BYTES = 4_500_000
#: How much brighter a difference is shown than it is.
GAIN = 2

Stills = Mapping[Picture | Difference, DataUri]


def make_stills(
    pictures: Iterable[Picture],
    differences: Iterable[Difference],
    cache: Cache,
    *,
    workers: int | None = None,
    most: int = STILLS_BYTES,
) -> Stills:
    """A JPEG for each picture that can be made; the others are missing from the answer."""
    by_source: dict[Path, set[Picture]] = defaultdict(set)
    for picture in pictures:
        by_source[picture.source].add(picture)
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1)) as pool:
        parts = pool.map(lambda one: _kept_or_made(one[0], one[1], cache), by_source.items())
        made: dict[Picture | Difference, bytes] = {}
        for part in parts:
            made.update(part.items())
        wanted = [d for d in dict.fromkeys(differences) if d.one in made and d.other in made]
        drawn = pool.map(lambda one: _difference(one, made, cache), wanted)
        made |= dict(zip(wanted, drawn, strict=True))
    return {wish: data_uri("image/jpeg", data) for wish, data in _within(made, most).items()}


def _within(made: Mapping[Picture | Difference, bytes], most: int) -> Mapping[Any, bytes]:
    """The same pictures, smaller where all together would weigh too much."""
    whole = {wish: len(data) for wish, data in made.items()}
    total, shown = sum(whole.values()), made
    for _ in range(4):
        if total <= most:
            break
        scale = 0.95 * math.sqrt(most / total)
        shown = {wish: _shrunk(data, scale) for wish, data in shown.items()}
        total = sum(len(data) for data in shown.values())
    return shown


def _shrunk(data: bytes, scale: float) -> bytes:
    with Image.open(BytesIO(data)) as image:
        width = max(48, round(image.width * scale))
        return _jpeg(_fitted(image.convert("RGB"), width), SMALLER_QUALITY)


def _kept_or_made(source: Path, pictures: set[Picture], cache: Cache) -> dict[Picture, bytes]:
    try:
        keys = {p: cache.key("still", source, p.frame, p.width, p.height) for p in pictures}
    except OSError as error:
        log.warning("picture.left_out", file=source.name, why=str(error.strerror or error))
        return {}
    kept = {p: data for p, key in keys.items() if (data := cache.read(key, ".jpg", whole=_whole))}
    missing = pictures - kept.keys()
    made = _stills_of(source, missing) if missing else {}
    for picture, data in made.items():
        cache.keep(keys[picture], ".jpg", data)
    return kept | made


def _whole(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")


def _stills_of(source: Path, pictures: set[Picture]) -> dict[Picture, bytes]:
    try:
        if all(picture.frame is None for picture in pictures):
            image = Image.fromarray(open_still(source))
            return {picture: _jpeg(_fitted(image, picture.width)) for picture in pictures}
        return _frames_of(source, pictures)
    except MediaError as error:
        log.warning("picture.left_out", file=source.name, why=error.message)
        return {}


def _frames_of(source: Path, pictures: set[Picture]) -> dict[Picture, bytes]:
    """One pass over the clip for all its frames, scaled once to the widest that is wanted."""
    wanted: dict[int, list[Picture]] = defaultdict(list)
    for picture in pictures:
        wanted[picture.frame or 0].append(picture)
    widest = max(pictures, key=lambda picture: picture.width)
    size = Size(_even(widest.width), _even(widest.width / widest.aspect))
    found: dict[Picture, bytes] = {}
    start, stop = min(wanted), max(wanted) + 1
    for index, rgb in enumerate(read_rgb(source, size=size, start=start, stop=stop), start):
        if index in wanted:
            image = Image.fromarray(_as_bytes(rgb))
            found |= {p: _jpeg(_fitted(image, p.width)) for p in wanted[index]}
    return found


def _difference(
    wish: Difference, made: Mapping[Picture | Difference, bytes], cache: Cache
) -> bytes:
    one, other = made[wish.one], made[wish.other]
    key = cache.key("difference", GAIN, wish.width, one, other)
    if data := cache.read(key, ".jpg", whole=_whole):
        return data
    size = wish.width, max(1, round(wish.width / wish.one.aspect))
    pictures = []
    for jpeg in (one, other):
        with Image.open(BytesIO(jpeg)) as image:
            small = image.convert("RGB").resize(size, Image.Resampling.BOX)
            pictures.append(np.asarray(small, np.int16))
    apart = np.clip(GAIN * np.abs(pictures[0] - pictures[1]), 0, 255).astype(np.uint8)
    data = _jpeg(Image.fromarray(apart))
    cache.keep(key, ".jpg", data)
    return data


def _as_bytes(rgb: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rgb, dtype=np.uint8)


def _fitted(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


def data_uri(kind: str, data: bytes) -> DataUri:
    """Bytes as a URL that needs no file.

    >>> data_uri("image/gif", b"GIF89a")
    'data:image/gif;base64,R0lGODlh'
    """
    return DataUri(f"data:{kind};base64,{b64encode(data).decode('ascii')}")


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))
