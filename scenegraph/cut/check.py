"""What a finished reel shows where it should not: black stretches, freezes, silence.

The pictures are judged segment by segment, each decoded once in its life: what was seen is kept in
the segment's note, so that a reel in which one shot changed is judged in the time of that shot.
The reel is the exact concatenation of its segments, so what holds for them holds for it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.stitch import Segment, write_note
from scenegraph.errors import BrokenMedia, CutError
from scenegraph.ledger.timeline import Timeline
from scenegraph.media.container import Deadline, Tally, decode_frames, open_video
from scenegraph.media.sound import read_levels

FindingKind = Literal["black", "freeze", "silence"]

#: Part of what is kept: raise it when the same pictures would be judged otherwise.
LOOK_VERSION = 1
#: Shorter than this is a cut's or a dip's own black, or a held breath.
BLACK_S, FREEZE_S, SILENCE_S = 0.5, 1.0, 2.0
#: FFmpeg's `blackdetect`: luma up to a tenth of the range in 98 % of the picture.
BLACK_LUMA, BLACK_SHARE = 16 + 0.1 * 219, 0.98
#: Mean change of 8×8 blocks against the frame that a freeze began with, in codes of luma.
#: An I-frame draws the same picture anew, a little otherwise.
STILL_CODES, ANEW_CODES = 0.25, 1.5
BLOCK = 8
#: -60 dB of full scale, looked at in windows of a tenth of a second.
SILENCE_LEVEL, WINDOW_S = 0.001, 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of the reel, first and last frame, and the shot in which it begins."""

    kind: FindingKind
    from_frame: int
    to_frame: int
    shot: str

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "from_frame": self.from_frame,
            "to_frame": self.to_frame,
            "shot": self.shot,
        }

    def sentence(self, rate: Fraction) -> str:
        """As a notice.

        >>> Finding("black", 24, 47, "mara").sentence(Fraction(24))
        'The reel is black for 1.0 s from frame 24 on (mara).'
        """
        return f"The reel {_WHAT[self.kind]} for {self._place(rate)}."

    def _place(self, rate: Fraction) -> str:
        seconds = float((self.to_frame - self.from_frame + 1) / rate)
        return f"{seconds:.1f} s from frame {self.from_frame} on ({self.shot})"


_WHAT: Mapping[FindingKind, str] = {
    "black": "is black",
    "freeze": "stands still",
    "silence": "is silent",
}
#: Findings of one kind beyond so many are one notice.
_EACH = 3


@dataclass(frozen=True, slots=True)
class ReelCheck:
    """The quality check of a reel. A finding is for a person to look at; it fails nothing."""

    frames: int
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings

    def sentences(self, rate: Fraction) -> tuple[str, ...]:
        """As notices: each by itself while they are few, else all of one kind in one."""
        said: list[str] = []
        for kind, what in _WHAT.items():
            found = [one for one in self.findings if one.kind == kind]
            if len(found) <= _EACH:
                said += [one.sentence(rate) for one in found]
                continue
            longest = max(found, key=lambda one: one.to_frame - one.from_frame)
            most = longest._place(rate)
            said.append(f"The reel {what} in {len(found)} places, at most for {most}.")
        return tuple(said)

    def with_sound(self, path: Path, timeline: Timeline) -> ReelCheck:
        """The same with the silences of a mix that is as long as the reel."""
        rate = timeline.format.rate
        quiet = [level < SILENCE_LEVEL for level in read_levels(path, window_s=WINDOW_S)]
        shots = [
            event.shot for event in timeline.events for _ in range(timeline.event_frames(event))
        ]
        found = list(self.findings)
        for start, stop in _runs(quiet):
            if (stop - start) * WINDOW_S >= SILENCE_S:
                first = min(round(start * WINDOW_S * rate), len(shots) - 1)
                last = min(round(stop * WINDOW_S * rate), len(shots)) - 1
                found.append(Finding("silence", first, last, shots[first]))
        return ReelCheck(self.frames, tuple(sorted(found, key=lambda one: one.from_frame)))

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "frames": self.frames,
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one segment: by frame, is it black, and is it as the frame before it."""

    black: tuple[bool, ...]
    still: tuple[bool, ...]


async def check_segments(timeline: Timeline, parts: Sequence[tuple[str, Segment]]) -> ReelCheck:
    """Judge the pictures of a reel by its segments, in playing order, each with its shot.

    Raises:
        CutError: a segment does not decode, or holds another number of pictures.
    """
    limit = asyncio.Semaphore(os.cpu_count() or 1)

    async def see(segment: Segment, shot: str) -> Seen:
        async with limit:
            return await asyncio.to_thread(see_segment, segment, shot)

    once: dict[str, asyncio.Task[Seen]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for shot, segment in parts:
                if segment.key not in once:
                    once[segment.key] = group.create_task(see(segment, shot))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    seen = [(shot, once[segment.key].result()) for shot, segment in parts]
    return ReelCheck(timeline.frames, tuple(judge(seen, timeline.format.rate)))


def judge(seen: Sequence[tuple[str, Seen]], rate: Fraction) -> list[Finding]:
    """Stretches that are long enough to be told, in the reel's frames."""
    shots = [shot for shot, one in seen for _ in one.black]
    black = [flag for _, one in seen for flag in one.black]
    still = [flag for _, one in seen for flag in one.still]
    found = [
        Finding("black", start, stop - 1, shots[start])
        for start, stop in _runs(black)
        if stop - start >= BLACK_S * rate
    ]
    dark = {frame for one in found for frame in range(one.from_frame, one.to_frame + 1)}
    found += [
        Finding("freeze", start - 1, stop - 1, shots[start - 1])  # with the frame it began with
        for start, stop in _runs(still)
        if stop - start + 1 >= FREEZE_S * rate and not dark.issuperset(range(start, stop))
    ]
    return sorted(found, key=lambda one: one.from_frame)


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Half-open spans of true.

    >>> list(_runs([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    at = 0
    for flag, group in groupby(flags):
        length = sum(1 for _ in group)
        if flag:
            yield at, at + length
        at += length


def see_segment(segment: Segment, shot: str) -> Seen:
    """What a segment shows: from its note, or by decoding it once.

    Raises:
        CutError: it does not decode whole.
    """
    note = segment.path.with_suffix(".json")
    facts = _facts(note)
    if (kept := _of_note(facts.get("seen"), segment.frames)) is not None:
        return kept
    seen = look(segment.path, segment.frames, shot)
    facts["seen"] = {
        "version": LOOK_VERSION,
        "black": [list(span) for span in _runs(seen.black)],
        "still": [list(span) for span in _runs(seen.still)],
    }
    if "sha256" in facts:
        try:
            write_note(note, json.dumps(facts))
        except OSError:
            return seen  # it will be looked at again; the reel is there
    return seen


def look(path: Path, frames: int, shot: str) -> Seen:
    """Decode a segment (4:2:0, limited range) once, and say what each frame is."""
    black: list[bool] = []
    still: list[bool] = []
    reference: NDArray[np.float32] | None = None
    tally = Tally()
    try:
        with open_video(path) as (container, stream):
            for frame in decode_frames(container, stream, Deadline.of(path, 600.0), tally):
                plane = frame.planes[0]
                luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
                luma = luma[: frame.height, : frame.width]
                size = (max(1, frame.width // BLOCK), max(1, frame.height // BLOCK))
                blocks = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
                black.append(bool(np.mean(blocks <= BLACK_LUMA) >= BLACK_SHARE))
                change = np.inf if reference is None else np.abs(blocks - reference).mean()
                still.append(bool(change < (ANEW_CODES if frame.key_frame else STILL_CODES)))
                if frame.key_frame or not still[-1]:
                    reference = blocks
    except (BrokenMedia, av.FFmpegError) as error:
        raise _broken(shot, getattr(error, "reason", str(error))) from error
    if tally.errors or tally.corrupt or len(black) != frames:
        raise _broken(shot, f"{len(black)} of {frames} frames decode, {tally.errors} errors")
    return Seen(tuple(black), tuple(still))


def _broken(shot: str, why: str) -> CutError:
    return CutError(
        f"{shot}: its part of the reel does not decode as it should ({why}).",
        next="`scenegraph gc SCENE` clears old segments; then cut again.",
    )


def _facts(note: Path) -> dict[str, Any]:
    try:
        facts = json.loads(note.read_text(encoding="utf-8"))
        return facts if isinstance(facts, dict) else {}
    except (OSError, ValueError):
        return {}


def _of_note(kept: Any, frames: int) -> Seen | None:
    try:
        if kept["version"] != LOOK_VERSION:
            return None
        return Seen(_flags(kept["black"], frames), _flags(kept["still"], frames))
    except (TypeError, KeyError, ValueError):
        return None


def _flags(spans: Sequence[Sequence[int]], frames: int) -> tuple[bool, ...]:
    flags = [False] * frames
    for start, stop in spans:
        flags[int(start) : int(stop)] = [True] * (min(int(stop), frames) - int(start))
    return tuple(flags[:frames])
