"""The run as people watch it: a live table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scenegraph.cli.show import Paper, plain
from scenegraph.run.events import (
    Event,
    Listener,
    MoneyEvent,
    NoticeEvent,
    ReelEvent,
    ShotEvent,
    Stage,
)
from scenegraph.units import usd_text

#: How a stage is written, and in which colour.
LOOK: dict[Stage, tuple[str, str]] = {
    "waiting": ("waits for its parent", "dim"),
    "kept": ("kept", "green"),
    "preparing": ("preparing", "cyan"),
    "queued": ("in the queue", "yellow"),
    "running": ("shooting", "bold yellow"),
    "fetching": ("fetching", "cyan"),
    "reviewing": ("looking", "cyan"),
    "reroll": ("another try", "magenta"),
    "circled": ("circled", "bold green"),
    "lost": ("lost", "bold red"),
    "blocked": ("blocked", "red"),
    "skipped": ("left as it is", "dim"),
}
MOVING: frozenset[Stage] = frozenset(
    {"preparing", "queued", "running", "fetching", "reviewing", "reroll"}
)
DONE: frozenset[Stage] = frozenset({"kept", "circled", "lost", "blocked", "skipped"})


@dataclass
class _Row:
    shot: str
    stage: Stage = "waiting"
    since: float = 0.0
    take: int | None = None
    detail: str = ""


@contextmanager
def watching(shots: Sequence[str], *, stream: TextIO | None = None) -> Iterator[Listener]:
    """A listener that shows the run on stderr until the block ends."""
    stream = stream or sys.stderr
    console = Paper(file=stream, highlight=False)
    if not console.is_terminal:
        yield _plain_listener(stream)
        return
    board = _Board(shots)
    with Live(board, console=console, refresh_per_second=8, transient=True) as live:

        def listen(event: Event) -> None:
            if isinstance(event, NoticeEvent):
                live.console.print(Text(event.message, style="yellow"))
            board.note(event)

        yield listen


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say in a terminal what is being done while the block takes its time; leave nothing there."""
    console = Paper(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def _plain_listener(stream: TextIO) -> Listener:
    began = time.monotonic()
    last: dict[str, tuple[Stage, int | None]] = {}
    joined: set[str] = set()

    def say(text: str) -> None:
        stream.write(f"[{time.monotonic() - began:6.1f}s] {plain(text)}\n")
        stream.flush()

    def listen(event: Event) -> None:
        match event:
            case ShotEvent():
                if last.get(event.shot) == (event.stage, event.take) or event.stage == "waiting":
                    return
                last[event.shot] = (event.stage, event.take)
                say(" ".join(filter(None, (event.shot, _take_text(event.take), _words(event)))))
            case ReelEvent() if event.done >= event.total and event.what not in joined:
                joined.add(event.what)
                done = f"{event.what}: written" if event.what else f"reel: {event.total} frames"
                say(done if event.what else f"{done} joined")
            case NoticeEvent():
                say(event.message)
            case _:
                pass

    return listen


def _take_text(take: int | None) -> str:
    return f"t{take}" if take else ""


def _words(event: ShotEvent) -> str:
    words = LOOK[event.stage][0]
    if event.stage == "queued" and event.position is not None:
        words += f" (place {event.position + 1})"
    if event.verdict and event.stage == "circled":
        words += f", {event.verdict}"
    return f"{words}: {event.detail}" if event.detail else words


class _Board:
    """The live table: what moves, what ended, how far the whole is, and the money."""

    def __init__(self, shots: Sequence[str]) -> None:
        self._rows = {shot: _Row(shot) for shot in shots}
        self._began = time.monotonic()
        self._money: MoneyEvent | None = None
        self._reel: ReelEvent | None = None

    def note(self, event: Event) -> None:
        match event:
            case ShotEvent():
                row = self._rows.setdefault(event.shot, _Row(event.shot))
                if row.stage != event.stage or row.take != event.take:
                    row.since = time.monotonic()
                row.stage, row.take = event.stage, event.take or row.take
                row.detail = _words(event)
            case MoneyEvent():
                self._money = event
            case ReelEvent():
                self._reel = event
            case NoticeEvent():
                pass

    def __rich_console__(self, console: Console, _options: object) -> Iterator[RenderableType]:
        rows = list(self._rows.values())
        room = max(4, console.size.height - 6)
        table = Table.grid(padding=(0, 2))
        for row in self._worth_showing(rows, room):
            waited = f"{time.monotonic() - row.since:5.0f}s" if row.stage in MOVING else ""
            table.add_row(
                Text(row.shot),
                Text(_take_text(row.take), style="dim"),
                Text(row.detail or LOOK[row.stage][0], style=LOOK[row.stage][1]),
                Text(waited, style="dim"),
            )
        yield Group(table, self._footer(rows))

    @staticmethod
    def _worth_showing(rows: Sequence[_Row], room: int) -> list[_Row]:
        if len(rows) <= room:
            return list(rows)
        moving = [row for row in rows if row.stage in MOVING]
        ended = [row for row in rows if row.stage in ("lost", "blocked")]
        return (moving + ended)[:room]

    def _footer(self, rows: Sequence[_Row]) -> RenderableType:
        ended = sum(row.stage in DONE for row in rows)
        counts = Counter(row.stage for row in rows)
        done, total, what = ended, len(rows), f"{ended}/{len(rows)} shots"
        if self._reel is not None:
            done, total = self._reel.done, self._reel.total
            what = f"{self._reel.what or 'reel'} {done}/{total} frames"
        line = Table.grid(padding=(0, 2))
        lost = f"{counts['lost'] + counts['blocked']} lost" if counts["lost"] else ""
        line.add_row(
            ProgressBar(total=max(total, 1), completed=done, width=28),
            Text(what),
            Text(f"{time.monotonic() - self._began:.0f} s", style="dim"),
            Text(self._money_text()),
            Text(lost, style="red"),
        )
        return line

    def _money_text(self) -> str:
        if self._money is None:
            return ""
        parts = [f"spent ${usd_text(self._money.spent)}"]
        if self._money.reserved:
            parts.append(f"reserved ${usd_text(self._money.reserved)}")
        if self._money.left is not None:
            parts.append(f"left ${usd_text(max(self._money.left, Decimal(0)))}")
        return ", ".join(parts)
