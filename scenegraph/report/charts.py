"""Small drawings as SVG text: a line of drift, the motion on both sides of a cut.

Numbers come in, shapes with class names go out; colours are the style sheet's business, and no
text from a scene ever enters a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

#: Canvas of a drift line in its own units; the page scales it.
LINE_W, LINE_H, PAD = 300, 84, 8
#: Canvas of a cut: two panels of this width with a gap for the splice.
PANEL_W, PANEL_H, GAP = 300, 90, 12


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


def drift_line(shares: Sequence[float | None], marks: Sequence[str]) -> Markup:
    """One measure along a chain. `shares` are parts of the budget: 1.0 lies on the budget line.

    `marks` says how each shot began: `start`, `hop`, `anchor`; anchors get a rule of their own.
    """
    known = [share for share in shares if share is not None]
    top = max(1.35, *(abs(share) * 1.12 for share in known)) if known else 1.35
    step = (LINE_W - 2 * PAD) / max(1, len(shares) - 1)

    def x(index: int) -> float:
        return PAD + index * step if len(shares) > 1 else LINE_W / 2

    def y(share: float) -> float:
        return LINE_H - PAD - abs(share) / top * (LINE_H - 2 * PAD)

    parts = [
        f'<rect class="over-budget" x="0" y="0" width="{LINE_W}" height="{y(1.0):.1f}"/>',
        f'<line class="budget" x1="0" x2="{LINE_W}" y1="{y(1.0):.1f}" y2="{y(1.0):.1f}"/>',
    ]
    parts += [
        f'<line class="anchor" x1="{x(i):.1f}" x2="{x(i):.1f}" y1="{PAD}" y2="{LINE_H - PAD}"/>'
        for i, mark in enumerate(marks)
        if mark == "anchor" and i
    ]
    run: list[str] = []
    for index, share in enumerate([*shares, None]):
        if share is not None:
            run.append(f"{x(index):.1f},{y(share):.1f}")
        elif run:
            parts.append(f'<polyline class="line" points="{" ".join(run)}"/>')
            run = []
    parts += [
        f'<circle class="{"dot over" if abs(share) > 1 else "dot"}" '
        f'cx="{x(index):.1f}" cy="{y(share):.1f}" r="4"/>'
        for index, share in enumerate(shares)
        if share is not None
    ]
    return _svg(LINE_W, LINE_H, "drift-line", parts)


def cut_curves(before: Curve | None, after: Curve | None) -> Markup:
    """Motion on both sides of a join: what is played, what stays as a handle, where we cut."""
    width = 2 * PANEL_W + GAP
    values = [value for curve in (before, after) if curve for value in curve.values]
    top = max(1.5, min(6.0, _upper(values) * 1.1)) if values else 1.5
    parts = [f'<line class="base" x1="0" x2="{width}" y1="{PANEL_H}" y2="{PANEL_H}"/>']
    if before and before.values:
        parts += _panel(before, 0.0, top, played_before=True)
    if after and after.values:
        parts += _panel(after, float(PANEL_W + GAP), top, played_before=False)
    return _svg(width, PANEL_H + 6, "cut-curves", parts)


def _panel(curve: Curve, left: float, top: float, *, played_before: bool) -> list[str]:
    step = PANEL_W / max(1, len(curve.values) - 1)

    def x(frame: int) -> float:
        return left + min(PANEL_W, max(0.0, (frame - curve.first) * step))

    def y(value: float) -> float:
        return PANEL_H - min(1.0, max(0.0, value / top)) * (PANEL_H - PAD)

    points = " ".join(
        f"{x(curve.first + i):.1f},{y(value):.1f}" for i, value in enumerate(curve.values)
    )
    cut = x(curve.chosen)
    start, stop = (cut, left + PANEL_W) if played_before else (left, cut)
    at = curve.chosen - curve.first
    dot = y(curve.values[at]) if 0 <= at < len(curve.values) else PANEL_H
    return [
        f'<polygon class="area" points="{x(curve.first):.1f},{PANEL_H} {points} '
        f'{x(curve.first + len(curve.values) - 1):.1f},{PANEL_H}"/>',
        f'<polyline class="line" points="{points}"/>',
        f'<rect class="handle" x="{start:.1f}" y="0" '
        f'width="{max(0.0, stop - start):.1f}" height="{PANEL_H}"/>',
        *(
            f'<line class="next-best" x1="{x(frame):.1f}" x2="{x(frame):.1f}" '
            f'y1="{PANEL_H - 12}" y2="{PANEL_H}"/>'
            for frame in curve.alternatives
        ),
        f'<line class="chosen" x1="{cut:.1f}" x2="{cut:.1f}" y1="0" y2="{PANEL_H}"/>',
        f'<circle class="dot" cx="{cut:.1f}" cy="{dot:.1f}" r="4"/>',
    ]


def _upper(values: Sequence[float]) -> float:
    """The level that 95 of 100 values stay under: one spike must not flatten the rest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _svg(width: float, height: float, name: str, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704  numbers and our own class names only
        f'<svg class="{name}" viewBox="0 0 {width:g} {height:g}" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )
