"""Opening a still: a keyframe of a character, a face, a poster."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from scenegraph.errors import BrokenMedia
from scenegraph.media.container import check_is_file

#: Formats that the service takes as keyframes and that hold one picture.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
#: 64 megapixels: a large camera's picture. A small file that unpacks to more is refused unread.
MAX_STILL_PIXELS = 64_000_000


def open_still(path: Path | str) -> NDArray[np.uint8]:
    """The picture as RGB, uint8 (height, width, 3), turned upright by its EXIF orientation.

    Transparency is dropped (the picture under it shows), as the service drops it.

    Raises:
        BrokenMedia: not a picture, damaged, or larger than 64 megapixels.
    """
    path = Path(path)
    check_is_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit speaks first, and in words
            picture = Image.open(path, formats=FORMATS)
        with picture:
            width, height = picture.size
            if width * height > MAX_STILL_PIXELS:
                raise BrokenMedia(
                    path, f"the picture would be {width}x{height}, which is too large"
                )
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return np.array(_as_rgb(upright), dtype=np.uint8)
    except UnidentifiedImageError as error:
        raise BrokenMedia(
            path, "it is not a picture (PNG, JPEG, WebP, BMP, TIFF or GIF)"
        ) from error
    except Image.DecompressionBombError as error:
        raise BrokenMedia(path, "the picture would be too large to unpack") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BrokenMedia(path, f"the picture is damaged ({error})") from error


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # Pillow clips 16-bit grey instead of scaling it
        grey = (np.asarray(picture) >> 8).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    return picture.convert("RGB")
