"""Overlap: how many frames at an answer's head repeat its parent, found by looking at both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenegraph.ledger.reviews import Overlap
from scenegraph.review.linear import rows_by_rows, strongest
from scenegraph.review.prints import Prints, squared_distances
from scenegraph.review.views import Floats

#: Fewer frames than this cannot be placed.
SHORTEST = 4
#: Median squared print distance of the first answer frames to their nearest parent frames from
#: which on they show something else.
ELSEWHERE = 0.5
#: Main directions of change that places are read in; near-still pairs need more of them.
DIRECTIONS, STILL_DIRECTIONS = 8, 16
#: Frames of an answer that are heard at least, however short its parent.
FEWEST_HEARD = 96
#: At most this many frames of either clip say which directions those are.
MOST = 96
NOTHING = Overlap(frames=0, parent_start=None, parent_left=0, confidence=0.0)

Doubles = NDArray[np.float64]


class _Found(NamedTuple):
    frames: int
    start: int
    confidence: float


def find_overlap(parent: Prints | Floats, answer: Prints | Floats) -> Overlap:
    """Place the answer's head on the parent's time axis.

    Args:
        parent: prints of the whole parent or of the tail that was uploaded, (n, 1024) unit rows.
        answer: prints of the answer, (m, 1024).

    Returns:
        `frames` of the answer that repeat the parent, from `parent_start` on. Another size or
        rate label, a grade, a codec's softening or a loosening head do not hide it.

    Source:
        Both clips are seen in the few directions in which they change most: what re-encoding adds
        lies almost wholly outside of these. There each answer frame is placed on the parent by a
        parabola through its distances, and the head votes for one offset; near-still pairs are
        told by what changes, not by what is there; one repeated frame is told from none by how
        the distances to the frames around it grow.
        It is blind to pictures that do not move at all (any place is as good), counts a parent's
        last frame as repeated when the next one is its duplicate, and can take one period of a
        periodic motion for another when nothing else changes.
    """
    n, m = len(parent), len(answer)
    if n < SHORTEST or m < SHORTEST:
        return NOTHING
    # what repeats the parent is no longer than it; the rest of a long answer only costs memory
    answer = answer[: 2 * n + FEWEST_HEARD]
    m = len(answer)
    p, a = parent.astype(np.float32), answer.astype(np.float32)
    if float(np.median(squared_distances(p, a[:SHORTEST]).min(0))) > ELSEWHERE:
        return Overlap(frames=0, parent_start=None, parent_left=0, confidence=1.0)
    seen, heard = _projected(p, a, STILL_DIRECTIONS)
    few = seen[:, :DIRECTIONS], heard[:, :DIRECTIONS]
    found = _by_vote(*few) or _by_change(seen, heard) or _last_frame(*few)
    if isinstance(found, float):
        return Overlap(frames=0, parent_start=None, parent_left=0, confidence=found)
    return Overlap(
        frames=found.frames,
        parent_start=found.start,
        parent_left=n - found.start - found.frames,
        confidence=found.confidence,
    )


def _projected(p: Floats, a: Floats, directions: int) -> tuple[Doubles, Doubles]:
    """Both clips' prints along their common main directions of change, strongest first."""
    some = [x[:: -(-len(x) // MOST)] - x.mean(0) for x in (p, a)]
    changes = np.concatenate(some)
    power, mix = strongest(rows_by_rows(changes, changes).astype(np.float64), directions)
    real = power > max(1e-9, 1e-3 * float(power[0]))
    if not real.any():
        real[0] = True
    axes = rows_by_rows(mix[:, real].T.astype(np.float32), changes.T)
    axes /= np.sqrt(np.maximum(power[real], 1e-12)).astype(np.float32)[:, None]
    middle = p.mean(0)
    seen, heard = (rows_by_rows(x - middle, axes).astype(np.float64) for x in (p, a))
    return seen, heard


def _between(p: Doubles, a: Doubles) -> Doubles:
    """(n, m) squared distances."""
    squares = (p * p).sum(1)[:, None] + (a * a).sum(1)[None] - 2.0 * rows_by_rows(p, a)
    return np.asarray(np.maximum(0.0, squares), dtype=np.float64)


def _steps(p: Doubles) -> Doubles:
    return np.asarray(((p[1:] - p[:-1]) ** 2).sum(1), dtype=np.float64)


def _places(d: Doubles) -> tuple[Doubles, Doubles]:
    """Where each answer frame sits on the parent (sub-frame; nan: nowhere), and how surely."""
    n, m = d.shape
    column = np.arange(m)
    at = d.argmin(0)
    nearest = np.clip(at, 1, n - 2)
    left, here, right = d[nearest - 1, column], d[nearest, column], d[nearest + 1, column]
    curve = (left - 2 * here + right) / 2
    bent = (at == nearest) & (curve > 1e-9)
    safe = np.where(bent, curve, 1.0)
    place = np.where(bent, nearest + np.clip((left - right) / (4 * safe), -2.5, 2.5), np.nan)
    weight = np.where(bent, safe / (safe + 0.15 * here + 1e-4), 0.0)
    return place, weight


def _by_vote(p: Doubles, a: Doubles) -> _Found | None:
    """The head's frames vote for one offset; moving pictures are decided here."""
    d, steps = _between(p, a), _steps(p)
    n, m = d.shape
    place, weight = _places(d)
    best = (0.0, 0, 1)
    for start in range(n - 1):
        js = np.arange(1 if start == 0 else 0, min(n - 1 - start, m))
        if not len(js):
            continue
        off = np.abs(place[js] - js - start)
        vote = np.where(np.isnan(off), 0.0, np.where(off < 0.75, 1.0, -1.0)) * weight[js]
        support = np.cumsum(vote)
        top = int(support.argmax())
        if support[top] > best[0]:
            best = (float(support[top]), start, int(js[top]) + 1)
    support_, start, run = best
    full = min(n - start, m)
    along = d[np.arange(start, start + full), np.arange(full)]
    own = float(np.median(steps[max(0, start - 1) : start + run + 1]))
    near = float(np.median(along[: min(run, full)]))
    if support_ <= 0.8 or support_ / run <= 0.25 or near > 0.35 * own + 1e-4:
        return None
    frames = full
    if run < full - 2:
        lags = np.abs(place[:full] - np.arange(full) - start)
        frames = _leaves(along, steps, run)
        if float(weight[:full].mean()) > 0.7:
            frames = min(frames, _lags(lags, run, full))
    return _Found(frames, start, min(1.0, 0.5 + 0.5 * support_ / min(8.0, frames)))


def _leaves(along: Doubles, steps: Doubles, run: int) -> int:
    """Frames until the answer is clearly elsewhere; it may leave before the parent ends."""
    usual = float(np.median(along[: max(3, run)]))
    away = np.flatnonzero(along > max(4 * usual, usual + float(np.median(steps))))
    away = away[away >= max(1, run - 3)]
    return int(away[0]) if len(away) else len(along)


def _lags(lags: Doubles, run: int, full: int) -> int:
    """Frames until the answer falls behind for good: the same way on, at another speed."""
    late = lags > 0.75
    for j in range(max(1, run - 6), full - 2):
        if late[j : j + 3].all():
            return max(1, run - 6, j - 1)
    return full


def _by_change(p: Doubles, a: Doubles) -> _Found | None:
    """Near-still pictures: correlate what changes over time, each run's own mean taken out."""
    n, m = len(p), len(a)
    scores = np.full(n, -1.0)
    for start in range(n - 5):
        run = min(n - start, m)
        x = p[start : start + run] - p[start : start + run].mean(0)
        y = a[:run] - a[:run].mean(0)
        scores[start] = (x * y).sum() / np.sqrt(float((x * x).sum() * (y * y).sum()) + 1e-12)
    start = int(scores.argmax())
    run = min(n - start, m)
    others = np.abs(np.arange(n) - start) > 8
    rival = float(scores[others].max(initial=0.0))
    score = float(scores[start])
    along = ((p[start : start + run, :DIRECTIONS] - a[:run, :DIRECTIONS]) ** 2).sum(1)
    own = float(np.median(_steps(p[:, :DIRECTIONS])[max(0, start - 1) : start + run]))
    if score > 0.38 and score - rival > 0.1 and float(np.median(along)) < 0.35 * own + 0.0025:
        return _Found(run, start, min(1.0, 0.25 + 0.7 * score))
    return None


def _last_frame(p: Doubles, a: Doubles) -> _Found | float:
    """One repeated frame, or none (then: how sure that is).

    What noise is left adds alike to all distances from the answer's first frame, so the difference
    of two of them is the parent's own step only if that frame is the parent's last.
    """
    end = _between(p[-4:], a[:4])
    e = float(end[-1, 0])
    steps = _steps(p)
    if e > 3 * float(np.median(steps[-6:])) + 0.0006 and e > 2 * float(steps[-2:].max()):
        # a hole, or the same set at another time; unless next to nothing moves at all
        return 1.0 if e > 0.01 else 0.4
    own = [float(((p[-1 - q] - p[-1]) ** 2).sum()) for q in (1, 2, 3)]
    own += [float(((a[q] - a[0]) ** 2).sum()) for q in (1, 2, 3)]
    seen = [float(end[-1 - q, 0]) - e for q in (1, 2, 3)]
    seen += [float(end[-1, q]) - e for q in (1, 2, 3)]
    far = (sum(seen) + 1e-5) / (sum(own) + 1e-5)
    near = (seen[0] + seen[3] + 1e-5) / (own[0] + own[3] + 1e-5)
    ratio = max(far, near)  # 1: it is the last frame; 1.5 to 3: it is the next one
    if ratio < 1.45 and e < 0.4 * min(own[0], own[3]) + 0.0004:
        return _Found(1, len(p) - 1, min(1.0, 0.5 + max(0.0, 1.45 - ratio)))
    return min(1.0, 0.4 + abs(ratio - 1.45))
