"""The write-ahead log, checked frame by frame.

SQLite reads a log up to the first frame whose checksum is wrong and takes what follows for
leftovers. That is right after a power cut, and silently loses commits when the log was damaged
later. The two are told apart by what follows: a commit is flushed before the next one begins, so
two commits behind a bad frame mean that the first of them was durable, and is now unreadable.

Source: "The WAL File Format", https://www.sqlite.org/fileformat2.html#walformat. Each frame's
checksum goes on from the one before it, whose value is stored: so frames can be checked singly,
and those behind a bad one can still be told from leftovers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADER, FRAME = 32, 24
MAGIC = (0x377F0682, 0x377F0683)


@dataclass(frozen=True, slots=True)
class Frame:
    """One page of the log. `good`: its own checksum holds. `commits`: a transaction ends here."""

    page: int
    data: bytes
    good: bool
    commits: bool


@dataclass(frozen=True, slots=True)
class Log:
    """The frames of the log's present round, in order; none when there is nothing in it."""

    page_size: int = 0
    frames: tuple[Frame, ...] = ()

    @property
    def lost_commits(self) -> int:
        """Transactions that were durable and that SQLite can no longer read."""
        behind = [frame.commits for frame in self.frames[self._good_head :]]
        return max(0, sum(behind) - 1)

    @property
    def _good_head(self) -> int:
        for place, frame in enumerate(self.frames):
            if not frame.good:
                return place
        return len(self.frames)


def read_log(file: Path) -> Log:
    """The log beside a database; empty when there is none, or none that can be read.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return Log()
    if len(data) < HEADER + FRAME:
        return Log()
    magic, _, page_size, _, salt, salt2, sum0, sum1 = struct.unpack(">8I", data[:HEADER])
    if magic not in MAGIC or not 512 <= page_size <= 65536 or page_size & (page_size - 1):
        return Log()
    words = ">u4" if magic & 1 else "<u4"
    return Log(page_size, tuple(_frames(data, page_size, (salt, salt2), (sum0, sum1), words)))


def _frames(
    data: bytes, page_size: int, salts: tuple[int, int], before: tuple[int, int], words: str
) -> Iterator[Frame]:
    import numpy as np  # most ledgers have no log when they are opened

    size = FRAME + page_size
    for start in range(HEADER, len(data) - size + 1, size):
        head = data[start : start + FRAME]
        page, truncates, *rest = struct.unpack(">6I", head)
        body = data[start + FRAME : start + size]
        if (rest[0], rest[1]) != salts:
            # A damaged head looks like the leftovers of an earlier round; those end the log.
            if not _goes_on(data, start + size, size, salts):
                return
            yield Frame(page, body, False, False)
        else:
            good = checksum(before, np.frombuffer(head[:8] + body, dtype=words)) == (
                rest[2],
                rest[3],
            )
            yield Frame(page, body, good, truncates != 0)
        before = (rest[2], rest[3])


def _goes_on(data: bytes, start: int, size: int, salts: tuple[int, int]) -> bool:
    return any(
        struct.unpack(">2I", data[place + 8 : place + 16]) == salts
        for place in range(start, len(data) - size + 1, size)
    )


def checksum(before: tuple[int, int], words: NDArray[np.uint32]) -> tuple[int, int]:
    """SQLite's log checksum of an even number of 32-bit words, going on from `before`.

    `s0 += x[i] + s1; s1 += x[i+1] + s0` for every pair is linear, so it is a sum of words with
    fixed weights, modulo 2**32.

    >>> import numpy as np
    >>> checksum((0, 0), np.array([1, 2, 3, 4], dtype=np.uint32))
    (7, 14)
    """
    import numpy as np

    weights = _weights(len(words) // 2)
    wide = words.astype(np.uint64)
    even, odd = wide[0::2], wide[1::2]
    mask = np.uint64(0xFFFFFFFF)
    a, b, c, d, start = weights
    s0 = int(((even * a & mask).sum() + (odd * b & mask).sum()) & mask)
    s1 = int(((even * c & mask).sum() + (odd * d & mask).sum()) & mask)
    s0 += before[0] * start[0] + before[1] * start[1]
    s1 += before[0] * start[2] + before[1] * start[3]
    return s0 & 0xFFFFFFFF, s1 & 0xFFFFFFFF


@lru_cache(maxsize=4)
def _weights(
    pairs: int,
) -> tuple[
    NDArray[np.uint64],
    NDArray[np.uint64],
    NDArray[np.uint64],
    NDArray[np.uint64],
    tuple[int, int, int, int],
]:
    import numpy as np

    # One pair maps (s0, s1) to (s0 + s1 + x, s0 + 2*s1 + x + y).
    rows = []
    m = (1, 0, 0, 1)
    for _ in range(pairs):
        rows.append(((m[0] + m[1]), m[1], (m[2] + m[3]), m[3]))
        m = tuple(
            value & 0xFFFFFFFF
            for value in (m[0] + m[1], m[0] + 2 * m[1], m[2] + m[3], m[2] + 2 * m[3])
        )  # type: ignore[assignment]
    table = np.array(rows[::-1], dtype=np.uint64) & np.uint64(0xFFFFFFFF)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3], m
