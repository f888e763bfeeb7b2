"""The Y, U and V of one picture as arrays, upright, in limited range."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from scenegraph.media.container import FULL_RANGE, LIMITED_RANGE, is_full_range
from scenegraph.units import Size

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Planes:
    """One picture as 8-bit 4:2:0 in limited range (Y 16..235, U and V 16..240).

    Attributes:
        index: its frame number in the clip, from 0, as `probe` counts.
        y: (height, width) uint8.
        u, v: (height / 2, width / 2) uint8.
    """

    index: int
    y: Pixels
    u: Pixels
    v: Pixels


def view(plane: VideoPlane) -> Pixels:
    """The plane's bytes as (height, width), without a copy; it lives as long as the plane."""
    rows = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    picture: Pixels = rows[: plane.height, : plane.width]
    return picture


def as_limited_420(frame: VideoFrame) -> VideoFrame:
    """The frame itself when it is plain 8-bit 4:2:0, else a conversion of it."""
    full = is_full_range(frame)
    if frame.format.name == "yuv420p" and not full:
        return frame
    return frame.reformat(
        format="yuv420p",
        src_color_range=FULL_RANGE if full else LIMITED_RANGE,
        dst_color_range=LIMITED_RANGE,
        threads=1,
    )


def luma_of(frame: VideoFrame) -> Pixels:
    """The frame's brightness, limited range, as coded (not turned upright)."""
    return view(as_limited_420(frame).planes[0])


def scaled_size(width: int, height: int, short: int | None) -> Size:
    """The size whose short side is about `short`, both sides multiples of 4, never enlarged.

    >>> scaled_size(1280, 720, 240), scaled_size(319, 179, None)
    (Size(width=428, height=240), Size(width=320, height=180))
    """
    scale = 1.0 if short is None else min(1.0, short / min(width, height))
    return Size(*(max(4, round(side * scale / 4) * 4) for side in (width, height)))


def planes_of(index: int, frame: VideoFrame, short: int | None) -> Planes:
    """The frame's planes, scaled and turned upright.

    Scaling is OpenCV's on the decoder's own memory: 4:2:0 stays 4:2:0, and no picture is
    converted to RGB only to be looked at small.
    """
    plain = as_limited_420(frame)
    size = scaled_size(plain.width, plain.height, short)
    y, u, v = (view(plane) for plane in plain.planes[:3])
    half = (size.width // 2, size.height // 2)
    turn = frame.rotation // 90 % 4
    return Planes(
        index,
        _upright(_fit(y, (size.width, size.height)), turn),
        _upright(_fit(u, half), turn),
        _upright(_fit(v, half), turn),
    )


def rgb_of(frame: VideoFrame, size: Size | None = None) -> Pixels:
    """One decoded frame as upright RGB, uint8 (height, width, 3), scaled to `size` if given.

    The matrix is applied to rounded planes at once (ITU-R BT.601-7 and BT.709-6). FFmpeg's quick
    conversion is a level too dark on average, which a chain of re-encoded hops would add up to a
    drift that no model made; its exact one takes four times as long as this.
    """
    plain = as_limited_420(frame)
    turn = frame.rotation // 90 % 4
    width, height = (plain.width, plain.height) if size is None else (size.width, size.height)
    if size is not None and turn % 2:
        width, height = height, width
    planes = [_fit(view(plane), (width, height)) for plane in plain.planes[:3]]
    matrix = TO_RGB_709 if int(frame.colorspace) == BT709 else TO_RGB_601
    return _upright(cv2.transform(cv2.merge(planes), matrix), turn)  # type: ignore[arg-type]


def _to_rgb(red: float, blue: float) -> NDArray[np.float32]:
    """Limited-range YUV to full-range RGB as 3 x 4, from the weights of red and blue in luma."""
    green, luma, chroma = 1 - red - blue, 255 / 219, 255 / 224
    rows = [
        [luma, 0, 2 * (1 - red) * chroma],
        [luma, -2 * (1 - blue) * blue / green * chroma, -2 * (1 - red) * red / green * chroma],
        [luma, 2 * (1 - blue) * chroma, 0],
    ]
    zero = (16, 128, 128)
    return np.array(
        [[*row, -sum(a * b for a, b in zip(row, zero, strict=True))] for row in rows], np.float32
    )


BT709 = 1  # AVCOL_SPC_BT709
TO_RGB_709 = _to_rgb(0.2126, 0.0722)
TO_RGB_601 = _to_rgb(0.299, 0.114)


def borrowed_planes(index: int, frame: VideoFrame) -> Planes:
    """The frame's planes at full size, upright, mostly without a copy: look at them, do not keep
    them."""
    y, u, v = (view(plane) for plane in as_limited_420(frame).planes[:3])
    turn = frame.rotation // 90 % 4
    return Planes(index, _upright(y, turn), _upright(u, turn), _upright(v, turn))


def thumbnail(plane: Pixels, size: tuple[int, int]) -> Pixels:
    """The plane at (width, height), by area. Whole halvings first: they are ten times as quick."""
    while plane.shape[0] >= 2 * size[1] and plane.shape[1] >= 2 * size[0]:
        even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
        half = (even.shape[1] // 2, even.shape[0] // 2)
        plane = cv2.resize(even, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _fit(plane: Pixels, size: tuple[int, int]) -> Pixels:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane.copy()  # the decoder will use this memory again
    # Halving by area until less than a half is left, then linear: nearly the area mean, at an
    # eighth of its price when the factor is not whole (0.4 ms, not 3.4 ms, for 720p to 240).
    height, width = plane.shape
    while width >= 2 * size[0] and height >= 2 * size[1] and not (width % 2 or height % 2):
        width, height = width // 2, height // 2
        plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _upright(plane: Pixels, turn: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(plane, turn)) if turn else plane
