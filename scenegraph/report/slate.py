"""The picture that stands for a shot of which there is none: a slate with its number and name."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from scenegraph.units import Size

PAPER, INK, QUIET, STRIPE = (24, 24, 24), (232, 232, 232), (150, 150, 150), (58, 58, 58)
#: Lines of what happens.
LINES = 3


def draw_slate(words: tuple[str, str, str], size: Size) -> Image.Image:
    """A slate of this size; `words` are the shot's number, its name, and what happens.

    The font that comes with Pillow knows Latin letters; a name in another script keeps its number.
    """
    number, name, action = words
    image = Image.new("RGB", (size.width, size.height), PAPER)
    draw = ImageDraw.Draw(image)
    unit = min(size.width, size.height) / 20
    band = 2 * unit
    for left in range(-2 * size.height, size.width, round(2 * band)):
        draw.polygon(
            [(left, 0), (left + band, 0), (left + 1.6 * band, band), (left + 0.6 * band, band)],
            fill=STRIPE,
        )
    edge = 1.6 * unit
    draw.text((edge, 4 * unit), number, font=ImageFont.load_default(5 * unit), fill=QUIET)
    big = _fitting(name, 2.4 * unit, size.width - 2 * edge)
    draw.text((edge, 10 * unit), name, font=big, fill=INK)
    small = ImageFont.load_default(1.25 * unit)
    signs = int((size.width - 2 * edge) / (0.6 * unit))
    for row, line in enumerate(_wrapped(action, signs)):
        draw.text((edge, (14 + 1.7 * row) * unit), line, font=small, fill=QUIET)
    return image


def _fitting(text: str, most: float, width: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    font = ImageFont.load_default(most)
    wide = font.getlength(text)
    return font if wide <= width else ImageFont.load_default(max(8.0, most * width / wide))


def _wrapped(text: str, signs: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > signs and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()[:signs]
    return lines[:LINES]
