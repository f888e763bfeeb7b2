"""One frame of a clip as a JPEG: for reports, live pages and re-anchoring stills."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from scenegraph.errors import BrokenMedia
from scenegraph.media.decode import read_rgb
from scenegraph.units import Size


def grab_jpeg(path: Path | str, frame: int, *, width: int, quality: int = 85) -> bytes:
    """Frame number `frame` (from 0, as `probe` counts), `width` pixels wide, upright.

    Raises:
        BrokenMedia: it cannot be opened as a clip, or has no such frame.
    """
    for rgb in read_rgb(path, start=frame, stop=frame + 1):
        height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
        size = Size(width, height)
        picture = Image.fromarray(rgb).resize((size.width, size.height), Image.Resampling.BOX)
        file = BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        return file.getvalue()
    raise BrokenMedia(path, f"it has no frame {frame}")
