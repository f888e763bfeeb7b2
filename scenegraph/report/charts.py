"""Small drawings as SVG text: drift along a chain, the motion on both sides of a cut, a seam.

Numbers come in, shapes with class names go out; colours are the style sheet's business, and no
text from a scene ever enters a drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

#: Canvas of a drift line in its own units; the page scales it.
LINE_W, LINE_H, PAD, FOOT = 360, 104, 10, 14
#: Canvas of a cut: two panels of this width with a gap for the splice.
PANEL_W, PANEL_H, GAP = 300, 84, 16
#: Canvas of a seam: parent above, answer below.
SEAM_W, SEAM_H = 616, 34
#: A share is drawn up to this; what is wilder touches the upper edge.
HIGHEST = 2.6


@dataclass(frozen=True, slots=True)
class Curve:
    """Motion around one side of a cut, frame by frame.

    Attributes:
        first: the clip's frame that `values[0]` belongs to.
        values: calmness; lower is calmer, 1 is the clip's median.
        chosen: the frame that is played last (or first).
        alternatives: next-best frames.
    """

    first: int
    values: tuple[float, ...]
    chosen: int
    alternatives: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """Where an answer lies on its parent: frame 0 of the answer is frame `at` of the parent.

    Attributes:
        repeated: frames of the answer that the parent has already.
        out, into: the last frame played of the parent, the first played of the answer.
    """

    parent: int
    answer: int
    at: int
    repeated: int
    out: int
    into: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a drift chart: shares of the budget (None: not measured), and its class name."""

    shares: Sequence[float | None]
    name: str = "parent"


def drift_chart(
    rows: Sequence[Row],
    marks: Sequence[str],
    tries: Sequence[Sequence[float]] = (),
    numbers: Sequence[int] = (),
) -> Markup:
    """One aspect along a chain. Shares are parts of the budget: 1.0 lies on the budget line.

    Args:
        rows: the lines, the worst first.
        marks: how each shot began: `start`, `hop`, `anchor`; anchors get a rule of their own.
        tries: shares of the takes that were not kept, for each shot.
        numbers: each shot's number in the story, under its place.
    """
    count = max((len(row.shares) for row in rows), default=0)
    every = [abs(share) for row in rows for share in row.shares if share is not None]
    every += [abs(share) for row in tries for share in row]
    top = min(HIGHEST, max(1.3, *(share * 1.1 for share in every))) if every else 1.3
    floor = LINE_H - FOOT
    step = (LINE_W - 2 * PAD) / max(1, count - 1)

    def x(index: int) -> float:
        return PAD + index * step if count > 1 else LINE_W / 2

    def y(share: float) -> float:
        return floor - min(1.0, abs(share) / top) * (floor - PAD)

    parts = [
        f'<rect class="over-budget" x="0" y="0" width="{LINE_W}" height="{y(1.0):.1f}"/>',
        f'<line class="base" x1="0" x2="{LINE_W}" y1="{floor}" y2="{floor}"/>',
        f'<line class="budget" x1="0" x2="{LINE_W}" y1="{y(1.0):.1f}" y2="{y(1.0):.1f}"/>',
    ]
    parts += [
        f'<path class="anchor" d="M{x(i):.1f} 2V{floor}M{x(i) - 4:.1f} 2h8l-4 6z"/>'
        for i, mark in enumerate(marks)
        if mark == "anchor" and i
    ]
    for row in reversed(rows):
        parts += _line(row, x, y)
    parts += [
        f'<path class="try" d="M{x(i) - 3:.1f} {y(share) - 3:.1f}l6 6m0 -6l-6 6">'
        f"<title>not kept: {abs(share):.0%} of the budget</title></path>"
        for i, tried in enumerate(tries)
        for share in tried
    ]
    parts += [
        f'<text x="{x(index):.1f}" y="{LINE_H - 2}">{number:d}</text>'
        for index, number in enumerate(numbers)
    ]
    return _svg(LINE_W, LINE_H, "drift-line", parts)


def _line(row: Row, x: Callable[[int], float], y: Callable[[float], float]) -> list[str]:
    """A line with a gap where nothing was measured: drawn through, it would look measured."""
    parts, run = [], []
    for index, share in enumerate([*row.shares, None]):
        if share is not None:
            run.append(f"{x(index):.1f},{y(share):.1f}")
        elif run:
            parts.append(f'<polyline class="line {row.name}" points="{" ".join(run)}"/>')
            run = []
    return parts + [
        f'<circle class="{"dot over" if abs(share) > 1 else "dot"} {row.name}" '
        f'cx="{x(index):.1f}" cy="{y(share):.1f}" r="3">'
        f"<title>{abs(share):.0%} of the budget</title></circle>"
        for index, share in enumerate(row.shares)
        if share is not None
    ]


def cut_curves(before: Curve | None, after: Curve | None) -> Markup:
    """Motion on both sides of a join: what is played, what stays as a handle, where we cut."""
    width = 2 * PANEL_W + GAP
    values = [value for curve in (before, after) if curve for value in curve.values]
    top = max(1.5, min(12.0, _upper(values) * 1.1)) if values else 1.5
    parts = []
    for curve, left, played_before in (
        (before, 0.0, True),
        (after, float(PANEL_W + GAP), False),
    ):
        parts.append(
            f'<line class="base" x1="{left:g}" x2="{left + PANEL_W:g}" '
            f'y1="{PANEL_H}" y2="{PANEL_H}"/>'
        )
        if curve and curve.values:
            parts += _panel(curve, left, top, played_before=played_before)
    return _svg(width, PANEL_H + 14, "cut-curves", parts)


def _panel(curve: Curve, left: float, top: float, *, played_before: bool) -> list[str]:
    step = PANEL_W / max(1, len(curve.values) - 1)

    def x(frame: int) -> float:
        return left + min(PANEL_W, max(0.0, (frame - curve.first) * step))

    def y(value: float) -> float:
        # By its root: what is calm is told apart, and what is wild still fits.
        return PANEL_H - math.sqrt(min(1.0, max(0.0, value / top))) * (PANEL_H - PAD)

    points = " ".join(
        f"{x(curve.first + i):.1f},{y(value):.1f}" for i, value in enumerate(curve.values)
    )
    last = curve.first + len(curve.values) - 1
    cut = x(curve.chosen)
    start, stop = (cut, left + PANEL_W) if played_before else (left, cut)
    at = curve.chosen - curve.first
    dot = y(curve.values[at]) if 0 <= at < len(curve.values) else PANEL_H
    return [
        f'<polygon class="area" points="{x(curve.first):.1f},{PANEL_H} {points} '
        f'{x(last):.1f},{PANEL_H}"/>',
        f'<polyline class="line" points="{points}"/>',
        f'<rect class="handle" x="{start:.1f}" y="0" '
        f'width="{max(0.0, stop - start):.1f}" height="{PANEL_H}"/>',
        *(
            f'<path class="next-best" d="M{x(frame):.1f} {PANEL_H}v-14">'
            f"<title>next-best: frame {frame:d}</title></path>"
            for frame in curve.alternatives
            if curve.first <= frame <= last
        ),
        f'<line class="chosen" x1="{cut:.1f}" x2="{cut:.1f}" y1="0" y2="{PANEL_H}"/>',
        f'<circle class="dot" cx="{cut:.1f}" cy="{dot:.1f}" r="4"/>',
        f'<text class="from" x="{left:.1f}" y="{PANEL_H + 12}">{curve.first:d}</text>',
        f'<text class="to" x="{left + PANEL_W:.1f}" y="{PANEL_H + 12}">{last:d}</text>',
    ]


def seam(overlay: Overlay) -> Markup:
    """Parent and answer as two bars, laid over each other where they show the same frames."""
    first, last = min(0, overlay.at), max(overlay.parent, overlay.at + overlay.answer)
    scale = SEAM_W / max(1, last - first)

    def bar(name: str, start: int, stop: int, row: int) -> str:
        left, wide = (start - first) * scale, max(0, stop - start) * scale
        return f'<rect class="{name}" x="{left:.1f}" y="{row}" width="{wide:.1f}" height="12"/>'

    seen, new = overlay.out + 1, overlay.at + overlay.into
    parts = [
        bar("unseen", 0, overlay.parent, 2),
        bar("seen", 0, min(seen, overlay.parent), 2),
        bar("unseen", overlay.at, overlay.at + overlay.answer, 20),
        bar("seen", new, overlay.at + overlay.answer, 20),
        bar("same", overlay.at, overlay.at + overlay.repeated, 2),
        bar("same", overlay.at, overlay.at + overlay.repeated, 20),
        f'<path class="chosen" d="M{(seen - first) * scale:.1f} 0V17H{(new - first) * scale:.1f}'
        f'V{SEAM_H}"/>',
    ]
    return _svg(SEAM_W, SEAM_H, "seam", parts)


def gauge(share: float) -> Markup:
    """How much of a budget is used; the mark stands at the whole of it."""
    used = min(1.5, abs(share)) * 60
    name = "gauge over" if abs(share) > 1 else "gauge"
    parts = [
        '<rect class="all" width="90" height="6"/>',
        f'<rect class="used" width="{used:.1f}" height="6"/>',
        '<path class="budget" d="M60 -2v10"/>',
    ]
    return _svg(90, 6, name, parts)


def stretches(shares: Sequence[tuple[str, float]]) -> Markup:
    """Parts of one length side by side: (class name, share)."""
    parts, left = [], 0.0
    for name, share in shares:
        parts.append(
            f'<rect class="{name}" x="{left:.2f}" width="{max(0.0, share) * 100:.2f}" height="4"/>'
        )
        left += share * 100
    return Markup(  # noqa: S704  numbers and our own class names only
        '<svg class="stretches" viewBox="0 0 100 4" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )


def _upper(values: Sequence[float]) -> float:
    """The level that 98 of 100 values stay under: one spike must not flatten the rest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.98))]


def _svg(width: float, height: float, name: str, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704  numbers and our own class names only
        f'<svg class="{name}" viewBox="0 0 {width:g} {height:g}" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )
