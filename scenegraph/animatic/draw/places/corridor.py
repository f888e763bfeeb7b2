"""Places in one-point perspective: every pixel knows which wall it is on, and how far.

Used by streets, hallways, platforms and carriages. Inverse depth `near` is 1 where a surface
meets the frame's edge and 0 at the vanishing point.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.animatic.draw.places.paint import OVER, Mask, Sheet, smooth


@dataclass(frozen=True, slots=True)
class Shape:
    """Half width, floor and ceiling of the passage at near = 1 (heights from the eye)."""

    eye: tuple[float, float]
    left: float
    right: float
    floor: float
    ceiling: float


@dataclass(eq=False)
class Walls:
    """For each painted pixel: inverse depth, depth, and the place on its surface.

    `along` is the distance down the passage; `up` the height over the floor on a wall, and
    `across` the place from the left on floor and ceiling, all in units of the floor's drop.
    """

    near: Mask
    along: Mask
    across: Mask
    up: Mask
    floor: Mask
    ceiling: Mask
    left: Mask
    right: Mask


def nearness(shape: Shape, x: Mask, y: Mask) -> Mask:
    """Inverse depth of the passage at points (heights)."""
    dx, dy = x - shape.eye[0], y - shape.eye[1]
    sides = np.maximum(dx / shape.right, -dx / shape.left)
    levels = np.maximum(dy / shape.floor, -dy / shape.ceiling)
    return np.asarray(np.clip(np.maximum(sides, levels), 0.0, 1.6), np.float32)


def walls(shape: Shape, sheet: Sheet) -> Walls:
    """The passage, pixel by pixel."""
    dx, dy = sheet.x - shape.eye[0], sheet.y - shape.eye[1]
    by = {
        "right": np.broadcast_to(dx / shape.right, sheet.cover.shape),
        "left": np.broadcast_to(-dx / shape.left, sheet.cover.shape),
        "floor": np.broadcast_to(dy / shape.floor, sheet.cover.shape),
        "ceiling": np.broadcast_to(-dy / shape.ceiling, sheet.cover.shape),
    }
    stack = np.stack(list(by.values()))
    near = np.maximum(stack.max(axis=0), 1e-3)
    ordered = np.sort(stack, axis=0)
    clear = np.clip((near - ordered[-2]) * sheet.per * 0.6, 0, 0.5) + 0.5  # soft inner corners
    which = stack.argmax(axis=0)
    masks = [np.where(which == i, clear, 1 - clear) * (stack[i] >= ordered[-2]) for i in range(4)]
    right, left, floor, ceiling = (mask.astype(np.float32) for mask in masks)
    depth = (1 / near).astype(np.float32)
    across = (dx * depth / shape.floor).astype(np.float32)
    up = (1 - dy * depth / shape.floor).astype(np.float32)
    return Walls(near.astype(np.float32), depth, across, up, floor, ceiling, left, right)


def cells(
    rng: np.random.Generator, along: Mask, up: Mask, wide: float, high: float
) -> tuple[Mask, Mask, Mask]:
    """Cut a surface into cells: place in the cell (0..1 twice) and one random value per cell."""
    i, j = along / wide, up / high
    column, row = np.floor(i).astype(np.int64), np.floor(j).astype(np.int64)
    table = rng.random(4096).astype(np.float32)
    value = table[(column * 73 + row * 179) % 4096]
    return (i - column).astype(np.float32), (j - row).astype(np.float32), value


def inside(value: Mask, low: float, high: float, soft: NDArray[np.float32] | float = 0.04) -> Mask:
    """1 between `low` and `high`, with soft edges."""
    rise = np.clip((value - low) / soft + 0.5, 0, 1)
    fall = np.clip((high - value) / soft + 0.5, 0, 1)
    return np.asarray(rise * fall, np.float32)


def haze_of(near: Mask, strength: float) -> Mask:
    """How much of a far surface is lost in the air."""
    return smooth(np.exp(-near * strength).astype(np.float32), 0.08, 1.0)


def mirrored(sheet: Sheet, horizon: float, smear: float) -> Mask:
    """The picture above the horizon, upside down and smeared downwards: a wet floor."""
    row = int(2 * (horizon + OVER) * sheet.per) - sheet.rows
    turned = np.roll(sheet.colour[::-1], row, axis=0)
    return np.asarray(cv2.blur(turned, (5, max(3, int(smear * sheet.per)))), np.float32)
