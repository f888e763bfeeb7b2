"""The graph as one SVG: lanes by chain, story order from left to right, in strips like a page.

A strip holds about five shots, so that a page of text shows it in its own size; a long scene goes
on in the next strip, as text does in the next line. Chains that do not meet share a row. The state
is a word as well as a colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from scenegraph.scene.draw import KIND_WORDS, TONE_OF, TONES, _clean
from scenegraph.scene.graph import ShotGraph

BOX, HIGH, GAP, ROW = 148, 66, 32, 18
MARGIN, STRIP_GAP = 20, 34
WIDE, WIDEST = 5, 6  # shots in a strip; a chain that is not done may go on to the second

_STYLE = """
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#16161d}
.id{font-weight:600;font-size:13px}.kind,.more{fill:#5a5a68;font-size:11px}
.lane{fill:#f0f0f4}.box{fill:#fff;stroke:#8a8a99;stroke-width:1.5}
.edge{fill:none;stroke:#6b6b7b;stroke-width:1.5}.frame{stroke-dasharray:4 3}
.head{fill:#6b6b7b}.rule{stroke:#d5d5de;stroke-width:1}
"""
_DARK = """
text{fill:#ececf1}.kind,.more{fill:#a9a9b8}.lane{fill:#26262e}
.box{fill:#1b1b21;stroke:#777786}.edge{stroke:#9a9aa9}.head{fill:#9a9aa9}.rule{stroke:#3a3a45}
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a shot is drawn: strip from the top, column and row in it."""

    strip: int
    column: int
    row: int


def lay_out(graph: ShotGraph) -> tuple[dict[str, Cell], list[int]]:
    """A cell for each shot, and the rows that each strip has.

    Story order fills the columns of a strip; a strip ends where no chain is under way, or at
    `WIDEST`. Within a strip every chain keeps one row; chains apart from each other share one.
    """
    lane_of = {id: n for n, chain in enumerate(graph.chains()) for id in chain}
    cells: dict[str, Cell] = {}
    rows: list[int] = []
    for number, strip in enumerate(_strips(graph, lane_of)):
        spans: dict[int, tuple[int, int]] = {}
        for column, id in enumerate(strip):
            first, _ = spans.get(lane_of[id], (column, column))
            spans[lane_of[id]] = (first, column)
        ends: list[int] = []  # the last taken column of each row
        row_of: dict[int, int] = {}
        for lane, (first, last) in spans.items():
            row = next((n for n, end in enumerate(ends) if end < first), len(ends))
            ends[row : row + 1] = [last]
            row_of[lane] = row
        rows.append(len(ends))
        for column, id in enumerate(strip):
            cells[id] = Cell(number, column, row_of[lane_of[id]])
    return cells, rows


def _strips(graph: ShotGraph, lane_of: Mapping[str, int]) -> list[list[str]]:
    story = list(graph.shots)
    last_of = {lane_of[id]: n for n, id in enumerate(story)}
    strips: list[list[str]] = []
    strip: list[str] = []
    under_way = 0
    for n, id in enumerate(story):
        strip.append(id)
        under_way = max(under_way, last_of[lane_of[id]])
        if (len(strip) >= WIDE and under_way <= n) or len(strip) >= WIDEST:
            strips.append(strip)
            strip = []
    return [*strips, strip] if strip else strips


def draw_svg(
    graph: ShotGraph,
    *,
    state: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    title: str = "Scene graph",
) -> str:
    """One self-contained SVG, without scripts and without anything fetched.

    Args:
        graph: the shots.
        state: a word for each shot, such as a plan's action; it is shown and sets the colour.
        labels: one more line for each shot, such as its price.
        title: for screen readers and tooltips.
    """
    state, labels = state or {}, labels or {}
    cells, rows = lay_out(graph)
    tops = _tops(rows)
    columns = max(cell.column for cell in cells.values()) + 1
    width = 2 * MARGIN + columns * BOX + (columns - 1) * GAP
    height = tops[-1] - STRIP_GAP + MARGIN
    at = {id: _corner(cell, tops) for id, cell in cells.items()}
    chains = graph.chains()
    lane_of = {id: n for n, chain in enumerate(chains) for id in chain}
    about = f"{len(graph.shots)} shots in {len(chains)} chains, in story order from left to right."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{_text(title)}</title><desc id="d">{_text(about)}</desc>',
        f"<style>{_STYLE}{_tones()}",
        f"@media (prefers-color-scheme:dark){{{_DARK}{_dark_tones()}}}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    for top in tops[1:-1]:
        y = top - STRIP_GAP // 2
        parts.append(f'<path class="rule" d="M{MARGIN} {y}H{width - MARGIN}"/>')
    for chain in chains:
        parts += _lane(chain, cells, at)
    for id, shot in graph.shots.items():
        for parent in shot.parents:
            parts.append(_edge(parent, id, cells, at, is_tail=parent == shot.tail_of))
    for id in graph.shots:
        above = graph.parents(id)
        far = [p for p in above if cells[p].strip != cells[id].strip and lane_of[p] != lane_of[id]]
        parts.append(_box(graph, id, at[id], state.get(id), labels.get(id), far))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _tops(rows: Sequence[int]) -> list[int]:
    tops = [MARGIN]
    for count in rows:
        tops.append(tops[-1] + count * HIGH + (count - 1) * ROW + STRIP_GAP)
    return tops


def _corner(cell: Cell, tops: Sequence[int]) -> tuple[int, int]:
    return MARGIN + cell.column * (BOX + GAP), tops[cell.strip] + cell.row * (HIGH + ROW)


def _lane(
    chain: Sequence[str], cells: Mapping[str, Cell], at: Mapping[str, tuple[int, int]]
) -> list[str]:
    """A band behind each stretch of a chain, one in every strip that it reaches."""
    bands = []
    for strip in dict.fromkeys(cells[id].strip for id in chain):
        inside = [at[id] for id in chain if cells[id].strip == strip]
        if len(chain) > 1:
            (left, top), (right, _) = min(inside), max(inside)
            wide = right - left + BOX
            bands.append(
                f'<rect class="lane" x="{left - 7}" y="{top - 7}" width="{wide + 14}"'
                f' height="{HIGH + 14}" rx="12"/>'
            )
    return bands


def _edge(
    parent: str,
    child: str,
    cells: Mapping[str, Cell],
    at: Mapping[str, tuple[int, int]],
    *,
    is_tail: bool,
) -> str:
    """An arrow; between strips a short one with the parent's name."""
    look = "edge" if is_tail else "edge frame"
    (px, py), (cx, cy) = at[parent], at[child]
    end = cy + HIGH // 2
    if cells[parent].strip != cells[child].strip:
        tip = f"<title>from {_text(parent)}</title>"
        return (
            f'<path class="{look}" marker-end="url(#a)" d="M{cx - 18} {end}H{cx - 1}">{tip}</path>'
        )
    start = py + HIGH // 2
    if cells[parent].column >= cells[child].column:  # written before its parent in the story
        low = max(py, cy) + HIGH + 10
        path = f"M{px + BOX // 2} {py + HIGH}V{low}H{cx - 14}V{end}H{cx - 1}"
    elif py == cy and cells[child].column - cells[parent].column > 1:
        high = py - 9  # over the boxes between them
        path = f"M{px + BOX - 20} {py}V{high}H{cx + 20}V{cy - 1}"
    elif py == cy:
        path = f"M{px + BOX} {start}H{cx - 1}"
    else:
        middle = cx - GAP // 2
        path = f"M{px + BOX} {start}H{middle}V{end}H{cx - 1}"
    return f'<path class="{look}" marker-end="url(#a)" d="{path}"/>'


def _box(
    graph: ShotGraph,
    id: str,
    corner: tuple[int, int],
    state: str | None,
    label: str | None,
    far: Sequence[str],
) -> str:
    """One shot. `far` are parents that are drawn in another strip: they are named."""
    x, y = corner
    kind = graph.shots[id].kind
    tone = TONE_OF.get(state or "")
    whole = ", ".join(part for part in (id, kind, state, label) if part)
    second = f"{KIND_WORDS[kind]} · {kind}" if kind != "multicondition" else "multicondition"
    if far:
        second = f"{KIND_WORDS[kind]} ← {', '.join(far)}"
    lines = [("id", id, 18), ("kind", second, 24)]
    third = " · ".join(part for part in (state, label) if part)
    if third:
        lines.append(("more", third, 26))
    first = y + (24 if len(lines) == 3 else 30)
    rows = "".join(
        f'<text class="{part}" x="{x + 12}" y="{first + n * 17}">'
        f"{_text(_clean(words, most))}</text>"
        for n, (part, words, most) in enumerate(lines)
    )
    look = f"box {tone}" if tone else "box"
    box = f'<rect class="{look}" x="{x}" y="{y}" width="{BOX}" height="{HIGH}" rx="8"/>'
    return f"<g><title>{_text(_clean(whole))}</title>{box}{rows}</g>"


def _tones() -> str:
    return "".join(f".{t}{{fill:{fill};stroke:{line}}}" for t, (fill, line) in TONES.items())


def _dark_tones() -> str:
    """In the dark the line carries the colour, over a dim wash of it."""
    return "".join(
        f".{t}{{fill:{line};fill-opacity:.32;stroke:{fill}}}" for t, (fill, line) in TONES.items()
    )


def _text(text: str) -> str:
    return escape(_clean(text, 400), {'"': "&quot;"})
