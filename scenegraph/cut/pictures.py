"""Stills of a finished reel: the poster, and a contact sheet with a picture of every shot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenegraph.cut.exports.chapters import Chapter
from scenegraph.cut.exports.timecode import first_hour, timecode
from scenegraph.errors import CutError
from scenegraph.media.container import open_video
from scenegraph.media.planes import rgb_of, thumbnail

THUMB_WIDTH, COLUMNS, MOST_COLUMNS = 320, 4, 20
#: Of a contact sheet, in pixels of a thumbnail 320 wide.
MARGIN, LABEL = 10, 34
PAPER, INK, FAINT = (18, 18, 20), (232, 232, 232), (150, 150, 156)
#: No JPEG is larger.
MOST_PIXELS = 65_000
#: Pictures in which less than this share is brighter than near black are no poster.
LIT_CODES, LIT_SHARE = 40, 0.1

Picture = NDArray[np.uint8]


def pictures_at(reel: Path, frames: Sequence[int], rate: Fraction) -> Iterator[Picture]:
    """These frames of a reel (rising), as RGB; read from the I-frame before each.

    Raises:
        CutError: the reel has no such frame.
        BrokenMedia: it cannot be opened.
    """
    with open_video(reel) as (container, stream):
        base = stream.time_base or Fraction(1, 1000)
        for number in frames:
            moment = number / rate / base
            container.seek(int(moment), stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts is not None and frame.pts > moment - Fraction(1, 2) / rate / base:
                    yield rgb_of(frame)
                    break
            else:
                raise CutError(f"{reel} has no frame {number}.", next="Cut the reel again.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An I-frame of the reel and what speaks for it; no unit, comparable within a reel."""

    frame: int
    sharpness: float
    contrast: float
    colour: float
    lit: float


def candidates(reel: Path, rate: Fraction) -> list[Candidate]:
    """All I-frames of a reel, looked at: the first of each span, and one every two seconds."""
    found = []
    with open_video(reel) as (container, stream):
        base = stream.time_base or Fraction(1, 1000)
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            if frame.pts is not None:
                small = thumbnail(rgb_of(frame), _about(frame.width, frame.height))
                found.append(_judged(int(frame.pts * base * rate + Fraction(1, 2)), small))
    return found


def _about(width: int, height: int) -> tuple[int, int]:
    scale = 320 / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _judged(number: int, picture: Picture) -> Candidate:
    """Sharpness: variance of the Laplacian over that of the light. Colour: Hasler & Süsstrunk,
    "Measuring colourfulness in natural images", 2003."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    red, green, blue = (picture[..., n].astype(np.float32) for n in range(3))
    one, two = red - green, 0.5 * (red + green) - blue
    colour = np.hypot(one.std(), two.std()) + 0.3 * np.hypot(one.mean(), two.mean())
    spread = float(grey.std())
    return Candidate(
        frame=number,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()) / (spread**2 + 1.0),
        contrast=spread,
        colour=float(colour),
        lit=float((grey > LIT_CODES).mean()),
    )


def best_frame(found: Sequence[Candidate], among: range) -> int | None:
    """The frame that ranks best by sharpness, contrast and colour together; the first of equals.

    Args:
        among: frames of the reel; None is the answer when no candidate is one of them.
    """
    inside = [one for one in found if one.frame in among]
    inside = [one for one in inside if one.lit >= LIT_SHARE] or inside
    if not inside:
        return None
    places = dict.fromkeys((one.frame for one in inside), 0)
    for measure in ("sharpness", "contrast", "colour"):
        for place, one in enumerate(sorted(inside, key=lambda c: float(getattr(c, measure)))):
            places[one.frame] += place
    return max(inside, key=lambda one: (places[one.frame], -one.frame)).frame


def encoded(picture: Picture, kind: str) -> bytes:
    """The picture as a JPEG (no chroma lost) or a PNG."""
    file = BytesIO()
    how = {"quality": 92, "subsampling": 0, "optimize": True} if kind == "jpg" else {}
    Image.fromarray(picture).save(file, "JPEG" if kind == "jpg" else "PNG", **how)
    return file.getvalue()


def resized(picture: Picture, width: int | None) -> Picture:
    if width is None:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    small = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(small)


def contact_sheet(
    chapters: Sequence[Chapter],
    pictures: Iterator[Picture],
    rate: Fraction,
    *,
    width: int | None = None,
    columns: int | None = None,
) -> Picture:
    """A picture of every shot in rows, each with its name and the time code of its first frame.

    Raises:
        CutError: the sheet would be larger than a picture can be.
    """
    width = width or THUMB_WIDTH
    wanted = columns or min(MOST_COLUMNS, max(COLUMNS, round(len(chapters) ** 0.5)))
    columns = min(wanted, len(chapters))
    unit = width / THUMB_WIDTH
    margin, label = round(MARGIN * unit), max(12, round(LABEL * unit))
    font = ImageFont.load_default(max(8, round(13 * unit)))
    sheet: Image.Image | None = None
    for at, (chapter, picture) in enumerate(zip(chapters, pictures, strict=True)):
        small = Image.fromarray(resized(picture, width))
        step = small.height + label + margin
        if sheet is None:
            rows = -(-len(chapters) // columns)
            size = (columns * (width + margin) + margin, rows * step + margin)
            if max(size) > MOST_PIXELS:
                raise CutError(
                    f"A contact sheet of {len(chapters)} shots would be {size[0]}x{size[1]}.",
                    next="Give `thumbnails` more `columns:` or a smaller `width:`.",
                )
            sheet = Image.new("RGB", size, PAPER)
        x = margin + at % columns * (width + margin)
        y = margin + at // columns * step
        sheet.paste(small, (x, y))
        pencil = ImageDraw.Draw(sheet)
        code = timecode(first_hour(rate) + chapter.start, rate)
        room = width - pencil.textlength(code, font=font) - margin
        line = y + small.height + round(label * 0.2)
        pencil.text((x, line), shortened(chapter.title, font, room), INK, font)
        pencil.text((x + width, line), code, FAINT, font, anchor="ra")
    assert sheet is not None, "a reel has a shot"
    return np.asarray(sheet)


def shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    """As much of the text as fits, with … for the rest."""
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text + "…"
