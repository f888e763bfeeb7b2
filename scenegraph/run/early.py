"""Segments while the run goes on: what the reel will most likely show is encoded as takes come in.

Cut points depend on all clips, but hardly on those beyond the next one. So when a shot has its
take, the part of the reel around it is cut as far as it is there, with open ends where a neighbour
is still to come, and its pieces are encoded one at a time, giving way to all else on the machine.
The reel itself is then cut from everything, as ever: a right guess is found in its place by its
key, a wrong one has cost CPU alone and is removed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Set
from dataclasses import dataclass, replace
from fractions import Fraction
from types import TracebackType
from typing import Self

import structlog

from scenegraph.cut import (
    Ends,
    Piece,
    Segment,
    content_hash,
    piece_key,
    piece_segment,
    pieces_of,
    reel_format,
    see_segment,
    with_transitions,
)
from scenegraph.errors import CutError, SceneGraphError
from scenegraph.ledger import Amendment, Engine, Ledger, Take
from scenegraph.ledger.timeline import ReelFormat
from scenegraph.media import ffmpeg_exe
from scenegraph.run.events import Event, Listener, ShotEvent
from scenegraph.run.reel import choose_timeline, transitions_of
from scenegraph.scene import Scene, ShotGraph
from scenegraph.settings import Settings

log = structlog.get_logger(__name__)

#: Shots on either side that a shot's cuts are chosen among, and those that are then encoded.
SIGHT, REACH = 2, 1
#: FFmpeg gives way to drawing, looking and everything else.
NICENESS = 10
#: An encode that has come this far when the run ends is waited for; before, it is begun anew.
WORTH_WAITING = 0.5


@dataclass(frozen=True, slots=True)
class Guess:
    """A piece that the reel will probably have, and the format of the reel as far as is known."""

    piece: Piece
    format: ReelFormat


class EarlySegments:
    """Listens to a run and encodes ahead of its reel. Does nothing until something is shot.

    Attributes:
        under_way: encodes that go on, by the key of their segment.
    """

    def __init__(
        self,
        scene: Scene,
        graph: ShotGraph,
        ledger: Ledger,
        name: str,
        engine: Engine,
        settings: Settings,
        *,
        wanted: bool = True,
    ) -> None:
        """`name` is the scene's in the ledger; `wanted`: a reel will be cut at the end."""
        self._scene, self._graph, self._ledger = scene, graph, ledger
        self._name, self._engine = name, engine
        self._settings = settings
        order = graph.reel_order
        # one shot has no cut, and to a whole length every clip's cuts depend on all others
        self._off = not wanted or len(order) < 2 or scene.reel.seconds is not None
        self._order, self._place = order, {shot: at for at, shot in enumerate(order)}
        self._takes: dict[str, tuple[Take, tuple[Amendment, ...]]] = {}
        self._arrived: deque[str] = deque()
        self._kept: list[tuple[str, int | None]] = []
        self._todo: dict[tuple[str, ...], Guess] = {}
        self._done: dict[str, float] = {}
        self._made: dict[str, Segment] = {}
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self.under_way: dict[str, asyncio.Task[Segment]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = [task for task in (self._worker, *self.under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def listening(self, listener: Listener) -> Listener:
        """The same listener, with this one hearing what it hears."""

        def listen(event: Event) -> None:
            listener(event)
            if isinstance(event, ShotEvent) and not self._off:
                self._hear(event)

        return listen

    def _hear(self, event: ShotEvent) -> None:
        is_played = event.shot in self._place
        if event.stage == "kept" and is_played:
            self._kept.append((event.shot, event.take))
        elif event.stage == "circled" and is_played:
            self._arrived.append(event.shot)
            self._wake.set()
            if self._worker is None:
                self._worker = asyncio.create_task(self._work(), name="segments ahead of the reel")

    def stop(self) -> None:
        """The run has what it will have: nothing more is begun, and what has hardly begun ends."""
        self._off = True
        if self._worker is not None:
            self._worker.cancel()
        for key, task in self.under_way.items():
            if self._done.get(key, 0) < WORTH_WAITING:
                task.cancel()

    def sweep(self, used: Set[str]) -> None:
        """Remove what was encoded here and is not in the reel."""
        for key, segment in self._made.items():
            if key not in used:
                segment.path.unlink(missing_ok=True)
                segment.path.with_suffix(".json").unlink(missing_ok=True)
        log.debug(
            "segments.encoded_early", made=len(self._made), used=len(used & self._made.keys())
        )

    async def _work(self) -> None:
        try:
            self._arrived.extendleft(await asyncio.to_thread(self._not_in_last_reel))
            while True:
                await self._wake.wait()
                while self._arrived or self._todo:
                    if self._arrived:
                        await self._look_around(self._arrived.pop())  # the newest counts most
                    else:
                        await self._encode(self._todo.pop(next(iter(self._todo))))
                self._wake.clear()
        except SceneGraphError as error:  # the reel will meet it too, and say so
            log.debug("segments.stopped", error=error.message)

    def _not_in_last_reel(self) -> list[str]:
        """Kept shots whose takes the last reel did not show: it never came to be cut."""
        shown: set[tuple[str, str]] = set()
        if self._kept:
            for reel in self._ledger.reels(self._name)[-2:]:
                shown |= {(event["shot"], event["take"]) for event in reel["timeline"]["events"]}
        slate = f"{self._name}/{{}}/t{{}}"
        return [shot for shot, take in self._kept if (shot, slate.format(shot, take)) not in shown]

    async def _look_around(self, shot: str) -> None:
        try:
            guesses = await asyncio.to_thread(self._guess, shot)
        except CutError as error:  # such as a neighbour that cannot be cut
            log.debug("segments.not_guessed", shot=shot, error=error.message)
            return
        for guess in guesses:
            shots = tuple(part.event.shot for part in guess.piece.parts)
            self._todo[shots] = guess  # a newer guess takes the place of an older one

    def _guess(self, shot: str) -> list[Guess]:
        """The pieces around a shot, from the shots that are here without a gap."""
        self._takes.pop(shot, None)
        at = self._place[shot]
        low, high = at, at
        while low > max(0, at - SIGHT) and self._has(low - 1):
            low -= 1
        while high < min(len(self._order) - 1, at + SIGHT) and self._has(high + 1):
            high += 1
        if not self._has(at):
            return []
        here = {self._order[i]: self._takes[self._order[i]] for i in range(low, high + 1)}
        timeline = choose_timeline(
            self._scene,
            self._graph,
            {id: take for id, (take, _) in here.items()},
            self._ledger,
            amended={id: amendments for id, (_, amendments) in here.items()},
            ends=self._ends(low, high),
        )
        timeline = replace(timeline, format=self._format())
        timeline, _ = with_transitions(timeline, transitions_of(self._scene))
        pieces = pieces_of(timeline)
        # of a transition whose other side is not here, this side's frames are left for it
        entered, left = self._taken(low, timeline.format), self._taken(high + 1, timeline.format)
        pieces[0] = _shortened(pieces[0], head=entered[1] if low else 0)
        pieces[-1] = _shortened(pieces[-1], tail=left[0])
        found = []
        for piece in pieces:
            near = all(abs(self._place[p.event.shot] - at) <= REACH for p in piece.parts)
            if near and piece.frames > 0:
                found.append(Guess(piece, timeline.format))
        return found

    def _taken(self, place: int, format: ReelFormat) -> tuple[int, int]:
        """Frames that the transition into a shot takes before and behind its join."""
        shot = self._order[place] if place < len(self._order) else None
        wish = transitions_of(self._scene).get(shot or "")
        if wish is None:
            return 0, 0
        length = wish[1] or max(2, round(format.rate / 2))
        return length // 2, length - length // 2

    def _ends(self, low: int, high: int) -> Ends:
        last = len(self._order) - 1
        if high == last:
            return Ends("cut" if low else "start", "end")
        following = self._graph.shots[self._order[high + 1]]
        goes_on = following.kind == "extend" and following.tail_of == self._order[high]
        return Ends("cut" if low else "start", "extend" if goes_on else "cut")

    def _has(self, place: int) -> bool:
        """Whether the shot there has its take; it is read once."""
        shot = self._order[place]
        if shot not in self._takes:
            takes, amendments = self._ledger.of_shot(self._name, shot)
            circled = [t for t in takes if t.circled and t.engine == self._engine and t.clip]
            if not circled:
                return False
            self._takes[shot] = circled[-1], amendments
        return True

    def _format(self) -> ReelFormat:
        rate = self._scene.reel.frame_rate or self._scene.picture.frame_rate
        clips = [self._takes[shot][0].clip for shot in self._order if shot in self._takes]
        there = [clip for clip in clips if clip is not None]
        return reel_format(there, Fraction(rate), self._scene.reel.rate_by)

    async def _encode(self, guess: Guess) -> None:
        """One segment, and what its pictures show, so that the reel's check finds it as well."""
        piece, folder = guess.piece, self._ledger.store.segments
        exe = ffmpeg_exe(self._settings)
        contents = [content_hash(part.event.clip) for part in piece.parts]
        key = piece_key(piece, guess.format, contents, exe=exe)
        if key in self.under_way:
            return

        def tell(frames: int) -> None:
            self._done[key] = frames / piece.frames

        task = asyncio.create_task(
            piece_segment(
                piece,
                guess.format,
                folder,
                contents,
                exe=exe,
                on_progress=tell,
                niceness=NICENESS,
            ),
            name=f"segment of {piece.shot}",
        )
        self.under_way[key] = task
        task.add_done_callback(lambda ended: self._ended(key, ended))
        await asyncio.wait([task])  # which is not ended when this is
        await asyncio.to_thread(see_segment, task.result(), piece.shot)

    def _ended(self, key: str, task: asyncio.Task[Segment]) -> None:
        del self.under_way[key]
        if not task.cancelled() and task.exception() is None and task.result().made:
            self._made[key] = task.result()


def _shortened(piece: Piece, *, head: int = 0, tail: int = 0) -> Piece:
    """A piece that leaves frames at its ends to transitions."""
    part = piece.part
    if piece.after is not None or not (head or tail):
        return piece
    return Piece(replace(part, first=part.first + head, last=part.last - tail))
