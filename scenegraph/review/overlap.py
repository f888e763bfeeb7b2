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
#: A course of changes of fewer frames (two latent steps and one) may be alike by chance; and the
#: correlation from which on two courses are alike, and surely so.
SHORTEST_COURSE = 17
ALIKE, SURELY_ALIKE = 0.6, 0.97
#: A head that is so many times nearer to the parent's last frame than to its place goes on from it.
NEARER_TO_ITS_END = 2.0
#: At most this many frames of either clip say which directions those are.
MOST = 96
#: Starts that are voted on at once: a long parent's all together are much memory.
AT_A_TIME = 256
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
    elsewhere = float(np.median(squared_distances(p, a[:SHORTEST]).min(0))) > ELSEWHERE
    seen, heard = _projected(p, a, STILL_DIRECTIONS)
    few = seen[:, :DIRECTIONS], heard[:, :DIRECTIONS]
    found: _Found | float | None = None
    if not elsewhere:
        found = _by_vote(*few) or _by_change(seen, heard)
    found = found or _by_course(seen, heard)
    if found is None:
        found = 1.0 if elsewhere else _last_frame(*few)
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
    support_, start, run = _election(place, weight, n)
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


def _election(place: Doubles, weight: Doubles, n: int) -> tuple[float, int, int]:
    """The start on the parent with most support, how much, and for how many frames it grows."""
    j = np.arange(len(place))
    placed = np.where(np.isnan(place), np.inf, place - j)
    silent = np.isnan(place)
    best = (0.0, 0, 1)
    for first in range(0, n - 1, AT_A_TIME):
        starts = np.arange(first, min(first + AT_A_TIME, n - 1))[:, None]
        vote = np.where(np.abs(placed - starts) < 0.75, weight, -weight)
        # the parent's own ends have no neighbours to be placed between
        vote[silent | (j >= n - 1 - starts) | ((starts == 0) & (j == 0))] = 0.0
        support = np.cumsum(vote, axis=1)
        tops = support.argmax(axis=1)
        sums = support[np.arange(len(starts)), tops]
        top = int(sums.argmax())
        if sums[top] > best[0]:
            best = (float(sums[top]), first + top, int(tops[top]) + 1)
    return best


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
    scores = _alikeness(p, a, shortest=6)
    start = int(scores.argmax())
    run = min(n - start, m)
    others = np.abs(np.arange(n) - start) > 8
    rival = float(scores[others].max(initial=0.0))
    score = float(scores[start])
    along = ((p[start : start + run, :DIRECTIONS] - a[:run, :DIRECTIONS]) ** 2).sum(1)
    own = float(np.median(_steps(p[:, :DIRECTIONS])[max(0, start - 1) : start + run]))
    near = float(np.median(along))
    if score <= 0.38 or score - rival <= 0.1 or near >= 0.35 * own + 0.0025:
        return None
    # Short courses of an even motion are all alike; but a head that goes on from the parent's end
    # is far nearer to that end than to where its course would have it.
    end = float(((p[-1, :DIRECTIONS] - a[0, :DIRECTIONS]) ** 2).sum())
    if near > NEARER_TO_ITS_END * end + 0.0001:
        return None
    return _Found(run, start, min(1.0, 0.25 + 0.7 * score))


def _by_course(p: Doubles, a: Doubles) -> _Found | None:
    """Pictures that drifted strongly: the same course of changes, from another picture on.

    A grade, blur or clipping puts nearly the same difference into every frame. With each run's
    mean and strength taken out the courses lie on each other, and each frame is placed again:
    in a repeat hardly one is out of its place; motion that is only alike has most frames so.
    """
    n, m = len(p), len(a)
    scores = _alikeness(p, a, shortest=SHORTEST_COURSE // 2)
    start = int(scores.argmax())
    score, full = float(scores[start]), min(n - start, m)
    if full < SHORTEST_COURSE or score < ALIKE:
        return None
    p, a = p[:, :DIRECTIONS], a[:, :DIRECTIONS]
    told = _brought(p[start : start + full], a[:full], a)
    place, weight = _places(_between(p, told))
    off = np.abs(place[:full] - np.arange(full) - start)
    right = float(np.where(off < 0.75, weight[:full], 0.0).sum())
    wrong = float(np.where(off >= 0.75, weight[:full], 0.0).sum())
    if right <= (wrong if score > SURELY_ALIKE else 2.0 * wrong):
        return None
    return _Found(full, start, min(0.9, 0.5 + 0.5 * (right - wrong) / (right + wrong)))


def _brought(before: Doubles, heard: Doubles, a: Doubles) -> Doubles:
    """`a` with the mean and the strength of `before`, as the run `heard` of it differs from it."""
    middle, middle_heard = before.mean(0), heard.mean(0)
    around, around_heard = before - middle, heard - middle_heard
    gain = (around * around_heard).sum() / ((around * around).sum() + 1e-12)
    return np.asarray((a - middle_heard) / max(0.1, float(gain)) + middle, dtype=np.float64)


def _alikeness(p: Doubles, a: Doubles, shortest: int) -> Doubles:
    """(n,): correlation of the answer's head with the parent from each frame on, means taken out.

    -1 where fewer than `shortest` frames are common.
    """
    n, m = len(p), len(a)
    scores = np.full(n, -1.0)
    p0, a0 = p - p.mean(0), a - a[:n].mean(0)
    products = rows_by_rows(p0, a0)
    ends = np.zeros((n + 1, p.shape[1])), np.zeros((m + 1, p.shape[1]))
    powers = np.zeros(n + 1), np.zeros(m + 1)
    for x, end, power in zip((p0, a0), ends, powers, strict=True):
        np.cumsum(x, axis=0, out=end[1:])
        np.cumsum((x * x).sum(1), out=power[1:])
    for start in range(n - shortest + 1):
        run = min(n - start, m)
        x, y = (ends[0][start + run] - ends[0][start]) / run, ends[1][run] / run
        own = powers[0][start + run] - powers[0][start] - run * float(x @ x)
        heard = powers[1][run] - run * float(y @ y)
        both = float(products.trace(-start)) - run * float(x @ y)
        scores[start] = both / np.sqrt(max(0.0, own * heard) + 1e-12)
    return scores


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
    # where three steps of both clips are no more than what lies between them, noise is compared
    told = (own[2] + own[5]) / (own[2] + own[5] + e + 1e-12)
    step = min(own[0], own[3])
    if (ratio < 1.45 and e < 0.4 * step + 0.0004) or e < 0.3 * step:
        return _Found(1, len(p) - 1, told * min(1.0, 0.5 + max(0.0, 1.45 - ratio)))
    return told * min(1.0, 0.4 + abs(ratio - 1.45))
