"""Takes of one shot side by side: their measures, and only the fields that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scenegraph.ledger import Review, Take
from scenegraph.report.between import Cell, CompareView
from scenegraph.report.material import Material
from scenegraph.report.page import ShotView
from scenegraph.report.words import amount, measure_name, share

#: A measure in which every take stays under this part of its budget tells them not apart.
WORTH_A_ROW = 0.2
ABSENT = "–"
#: Texts up to this long stand whole in the table; of longer ones what differs, up to so much.
LONG, MOST = 40, 240


def compared(material: Material, shots: Sequence[ShotView]) -> tuple[CompareView, ...]:
    """Shots with two takes or more that can be looked at, in story order."""
    views = []
    for shot in shots:
        seen = tuple(take for take in shot.takes if take.clipping)
        rows = {take.id: take for take in material.takes(shot.id)}
        if len(seen) < 2:
            continue
        takes = [rows[view.id] for view in seen]
        measures, calm = _measures([material.reviews.get(take.id) for take in takes])
        views.append(
            CompareView(
                shot=shot.id,
                number=shot.number,
                takes=seen,
                measures=measures,
                calm=calm,
                fields=differing([_asked(take) for take in takes]),
            )
        )
    return tuple(views)


def _measures(
    reviews: Sequence[Review | None],
) -> tuple[tuple[tuple[str, str, tuple[Cell, ...]], ...], tuple[str, ...]]:
    names = dict.fromkeys(name for review in reviews if review for name in review.measures)
    rows: list[tuple[float, tuple[str, str, tuple[Cell, ...]]]] = []
    calm = []
    for name in names:
        found = [review.measures.get(name) if review else None for review in reviews]
        shares = [share(measure) if measure else None for measure in found]
        worst = max((abs(part) for part in shares if part is not None), default=None)
        if worst is None:
            continue
        if worst < WORTH_A_ROW:
            calm.append(measure_name(name))
            continue
        budget = next(m for m in found if m is not None and m.budget is not None)
        cells = tuple(
            Cell(amount(m.value, m.unit) if m else ABSENT, part, bool(m and m.over))
            for m, part in zip(found, shares, strict=True)
        )
        rows.append((worst, (measure_name(name), amount(budget.budget, budget.unit), cells)))
    rows.sort(key=lambda row: -row[0])
    return tuple(row for _, row in rows), tuple(sorted(calm))


def _asked(take: Take) -> Mapping[str, Any]:
    """All that a take was asked with, flat: `images.0.strength` is one field."""
    return {**flat(take.params), "endpoint": take.endpoint, "seed": take.seed}


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """
    >>> flat({"images": [{"strength": 1}], "seed": 7})
    {'images.0.strength': 1, 'seed': 7}
    """
    if isinstance(value, Mapping):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        parts = [(str(n), part) for n, part in enumerate(value)]
    else:
        return {at: value}
    found: dict[str, Any] = {}
    for key, part in parts:
        found |= flat(part, f"{at}.{key}" if at else key)
    return found


def differing(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Fields that are not the same in all rows, each with its words in every one.

    >>> differing([{"seed": 1, "rate": 24}, {"seed": 2, "rate": 24}])
    (('seed', ('1', '2')),)
    """
    fields = dict.fromkeys(field for row in rows for field in row)
    table = [(field, tuple(_word(row, field) for row in rows)) for field in fields]
    return tuple((field, apart(words)) for field, words in table if len(set(words)) > 1)


def apart(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Long texts without the words that all of them begin and end with.

    >>> apart(("She waits. Cold light. " * 3 + "No cut.", "She waits. Cold light. " * 3 + "Rain."))
    ('… No cut.', '… Rain.')
    """
    if max(map(len, texts)) <= LONG:
        return texts
    rows = [text.split() for text in texts if text != ABSENT]
    least = min(map(len, rows))
    head = next((n for n in range(least) if len({row[n] for row in rows}) > 1), least)
    rest = least - head
    tail = next((n for n in range(rest) if len({row[-1 - n] for row in rows}) > 1), rest)
    return tuple(text if text == ABSENT else _middle(text.split(), head, tail) for text in texts)


def _middle(words: list[str], head: int, tail: int) -> str:
    inner = " ".join(words[head : len(words) - tail])
    inner = inner if len(inner) <= MOST else f"{inner[:MOST]}…"
    return " ".join(filter(None, ("…" if head else "", inner, "…" if tail else "")))


def _word(row: Mapping[str, Any], field: str) -> str:
    if field not in row:
        return ABSENT
    value = row[field]
    if isinstance(value, str):
        return f"{value[:20]}…" if value.startswith("sha256:") else value
    return json.dumps(value, ensure_ascii=False, default=str)
