"""Three kinds of join, three rules.

extend   the camera keeps rolling: exact, nothing repeats and nothing is skipped
cut      to another framing: out at rest near the end, in just before motion sets in
rejoin   the same framing taken up again: only where five frames match along the diagonal

Costs have no unit: about 1 is what a cut at the clip's median motion costs.

Source:
    Cuts at a motion's onset are noticed least: Smith & Henderson, JEMR 2(2), 2008. Nearly equal
    framings jump: the 30-degree rule of editing handbooks. Distances along the diagonal keep the
    direction of motion: Schödl et al., "Video Textures", SIGGRAPH 2000. Weights were set on
    labelled cases (`benchmarks/cut.py`) and are no unbiased estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenegraph.cut.footage import ReelClip
from scenegraph.cut.points import CANDIDATES, Limits, cheapest_points, limits_of
from scenegraph.errors import CutError

Costs = NDArray[np.float64]

#: (1, 2, 3, 2, 1) / 9 over the steps -2 … 2 along the diagonal.
DIAGONAL = ((-2, 1 / 9), (-1, 2 / 9), (0, 3 / 9), (1, 2 / 9), (2, 1 / 9))
#: Beyond this a frame is simply lively; more liveliness costs no more.
MOST_MOTION = 3.0
#: Throwing the whole clip away would cost this much.
UNUSED = 1.0
#: The first and last two frames of a file carry the encoder's and the model's edges.
EDGE = 0.4
EDGE_FRAMES = 2
#: A cut that leaves none of the spare frames that are wished for beyond it costs this much.
SHORT_HANDLE = 0.3
#: What a cut into a picture that stays still costs more than one just before a motion.
ONSET = 0.3
#: Cosine of two prints against how much the cut reads as a jump: clearly different framings
#: and (all but) the same picture are fine, nearly the same framing is not.
FRAMING = ((0.45, 0.80, 0.97), (0.0, 0.5, 0.0))
#: How much a step along the diagonal of the clips' own size costs.
MATCH = 2.0
#: How much motion that turns at the join costs, and how far it is looked at either side.
TURN, REACH = 1.0, 3
#: A re-join's weight of calm, and of paid frames left unused at the tail and at the head.
REJOIN_CALM, REJOIN_TAIL, REJOIN_HEAD = 0.15, 3.0, 0.1
#: A diagonal distance up to this many of the clips' own steps counts as going on.
GOES_ON = 1.5
#: A motion that turns by more than this (2 = it runs backwards) does not go on.
TURNS = 0.6
#: Re-encoding alone makes prints differ by about this much.
NOISE = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Junction:
    """All ways worth trying to go from one clip into the next.

    Attributes:
        outs: frames of the earlier clip, each the last one played; rising.
        ins: frames of the later clip, each the first one played; rising.
        cost: (outs, ins); inf where the two do not belong together.
    """

    outs: NDArray[np.intp]
    ins: NDArray[np.intp]
    cost: Costs


@dataclass(frozen=True, slots=True)
class Seam:
    """One exact way to go on from a parent into the answer that extends it.

    Attributes:
        parent_out: the last frame played of the parent.
        answer_in: the first frame played of the answer.
        keeps: whose copy of the repeated frames is seen.
        step: the step at the seam over the clips' own steps beside it; 1 = like any other step.
    """

    parent_out: int
    answer_in: int
    keeps: str
    step: float


def rest_cost(calmness: NDArray[np.floating[Any]]) -> Costs:
    """How much a cut at each frame hurts for being in motion."""
    return np.minimum(np.asarray(calmness, np.float64), MOST_MOTION)


def out_cost(clip: ReelClip, limits: Limits) -> Costs:
    """Leaving at rest, near the end, not on the very last frames."""
    frame = np.arange(clip.frames)
    cost = rest_cost(clip.calmness)
    cost += UNUSED * (limits.last_out - frame) / clip.frames
    cost += EDGE * (frame > limits.last_out - EDGE_FRAMES)
    cost += handle_cost(limits.last_out - frame, clip.handles)
    return cost


def in_cost(clip: ReelClip, limits: Limits) -> Costs:
    """Coming in at rest, just before motion sets in, not on the very first frames."""
    frame = np.arange(clip.frames)
    rest = rest_cost(clip.calmness)
    # The smoothed calmness of frame t sees two frames either side: look from t + 3 on.
    later = np.concatenate([rest[3:], np.full(7, rest[-1])])
    ahead = np.convolve(later, np.full(5, 0.2), "valid")[: clip.frames]
    onset = np.clip(ahead - rest, 0.0, 1.0)
    cost = rest + ONSET * (1.0 - onset)
    cost += UNUSED * (frame - limits.first_in) / clip.frames
    cost += EDGE * (frame < limits.first_in + EDGE_FRAMES)
    cost += handle_cost(frame - limits.first_in, clip.handles)
    return np.asarray(cost)


def handle_cost(spare: NDArray[np.int_], wished: int) -> Costs:
    """What spare frames beyond a cut cost that are fewer than wished for.

    >>> handle_cost(np.array([0, 4, 8, 20]), 8).tolist()
    [0.3, 0.15, 0.0, 0.0]
    """
    if not wished:
        return np.zeros(len(spare))
    return np.asarray(SHORT_HANDLE * np.clip(1.0 - spare / wished, 0.0, 1.0))


def start_cost(clip: ReelClip, limits: Limits) -> Costs:
    """The film's first frame is no cut: only what stays unseen costs."""
    return np.asarray(UNUSED * (np.arange(clip.frames) - limits.first_in) / clip.frames)


def end_cost(clip: ReelClip, limits: Limits) -> Costs:
    """A film ends better at rest; less weighs on it than on a cut."""
    frame = np.arange(clip.frames)
    unused = UNUSED * (limits.last_out - frame) / clip.frames
    return np.asarray(0.5 * rest_cost(clip.calmness) + unused)


def framing_cost(a: ReelClip, b: ReelClip, outs: NDArray[np.intp], ins: NDArray[np.intp]) -> Costs:
    """How much each cut reads as a jump between nearly equal framings: (outs, ins)."""
    if a.prints is None or b.prints is None:
        return np.zeros((len(outs), len(ins)))
    alike = a.prints[outs].astype(np.float32) @ b.prints[ins].astype(np.float32).T
    return np.asarray(np.interp(alike, *FRAMING), np.float64)


def count_for(clip: ReelClip, count: int | None) -> int | None:
    """How many candidates an end of a clip has: every frame, where its length is given."""
    return count if clip.wanted is None else None


def cut_junction(a: ReelClip, b: ReelClip, count: int | None = CANDIDATES) -> Junction:
    """A hard cut from `a` to another framing in `b`."""
    there, here = limits_of(a), limits_of(b)
    leave, enter = out_cost(a, there), in_cost(b, here)
    outs = cheapest_points(leave, there.first_out, there.last_out, count_for(a, count))
    ins = cheapest_points(enter, here.first_in, here.last_in, count_for(b, count))
    cost = leave[outs][:, None] + enter[ins][None, :] + framing_cost(a, b, outs, ins)
    return Junction(outs, ins, cost)


def diagonal_distance(
    a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """How far B from frame j on is from what A does around and after frame i.

    Five frames are compared along the diagonal, A's frame i + k with B's frame j - 1 + k, so a
    picture that is passed in the other direction does not match. Frames outside either clip are
    left out and the weights of the rest are scaled up.

    Args:
        a, b: (frames, anything) unit rows.

    Returns:
        float32 (frames of a, frames of b): mean squared distance for out i, in j. Column 0 is inf:
        to judge an in point, at least the frame before it must be seen.
    """
    apart = np.maximum(0.0, 2.0 - 2.0 * a.astype(np.float32) @ b.astype(np.float32).T)
    n, m = apart.shape
    total = np.zeros((n, m), np.float32)
    weight = np.zeros((n, m), np.float32)
    for k, part in DIAGONAL:
        # total[i, j] += apart[i + k, j - 1 + k]
        i0, i1 = max(0, -k), min(n, n - k)
        j0, j1 = max(0, 1 - k), min(m, m + 1 - k)
        if i0 < i1 and j0 < j1:
            total[i0:i1, j0:j1] += part * apart[i0 + k : i1 + k, j0 - 1 + k : j1 - 1 + k]
            weight[i0:i1, j0:j1] += part
    mean = np.full((n, m), np.inf, np.float32)
    np.divide(total, weight, out=mean, where=weight > 0)
    mean[:, 0] = np.inf
    return mean


def match_cost(a: ReelClip, b: ReelClip) -> Costs:
    """Diagonal distance in the clips' own median steps: (frames of a, frames of b).

    Raises:
        CutError: a clip has no prints, so that nothing can be matched.
    """
    if a.prints is None or b.prints is None:
        raise CutError(
            f"{a.name} and {b.name} cannot be re-joined: their pictures were not looked at.",
            next="Review both clips first, or join them by a hard cut.",
        )
    own = [float(np.median(clip.steps[1:])) for clip in (a, b) if clip.frames > 1]
    usual = (sum(own) / len(own) if own else 0.0) + NOISE
    return diagonal_distance(a.prints, b.prints).astype(np.float64) / usual


def course(prints: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Where each frame's picture is heading: the change over the frames around it.

    Args:
        prints: (frames, anything) unit rows.

    Returns:
        float32 of the same shape: p(t + 3) - p(t - 3), scaled up where an end is nearer.
    """
    rows = prints.astype(np.float32)
    at = np.arange(len(rows))
    later, earlier = np.minimum(at + REACH, len(rows) - 1), np.maximum(at - REACH, 0)
    scale = 2 * REACH / np.maximum(1, later - earlier)
    return np.asarray((rows[later] - rows[earlier]) * scale[:, None], np.float32)


def turn_cost(a: ReelClip, b: ReelClip) -> Costs:
    """How much the motion turns at each join: 0 goes on, 1 unrelated, 2 runs backwards.

    What a picture shows drowns what it does when little moves; here the picture drops out. Two
    clips that both hold still score near 0.

    Returns:
        (frames of a, frames of b) for out i, in j: A's course at i against B's at j - 1.
    """
    assert a.prints is not None and b.prints is not None
    there, here = course(a.prints), course(b.prints)
    here = np.concatenate([here[:1], here[:-1]])
    mine, yours = (there * there).sum(axis=1), (here * here).sum(axis=1)
    both = (mine[:, None] + yours[None, :]).astype(np.float64)
    return np.asarray(np.maximum(0.0, both - 2.0 * (there @ here.T)) / (both + 2 * NOISE))


def rejoin_cost(a: ReelClip, b: ReelClip) -> Costs:
    """J(i, j) of a re-join for every out i and in j."""
    n, m = a.frames, b.frames
    cost = MATCH * match_cost(a, b) + TURN * turn_cost(a, b)
    cost += REJOIN_CALM * (rest_cost(a.calmness)[:, None] + rest_cost(b.calmness)[None, :])
    cost += REJOIN_TAIL * ((limits_of(a).last_out - np.arange(n)) / n)[:, None]
    cost += REJOIN_HEAD * (np.arange(m) / m)[None, :]
    return cost


def goes_on(a: ReelClip, b: ReelClip) -> bool:
    """True when some frame of `b` goes on as `a` would have, so that a re-join can be unseen."""
    if a.prints is None or b.prints is None or a.frames < 2 or b.frames < 2:
        return False
    there, here = limits_of(a), limits_of(b)
    rows = slice(there.first_out, there.last_out + 1)
    columns = slice(here.first_in + 1, here.last_out + 1)
    match, turn = match_cost(a, b)[rows, columns], turn_cost(a, b)[rows, columns]
    return bool(np.any((match <= GOES_ON) & (turn <= TURNS)))


def rejoin_junction(a: ReelClip, b: ReelClip, count: int | None = CANDIDATES) -> Junction:
    """Takes up one framing again. `b` may begin anywhere: the match decides, not its head."""
    there, here = limits_of(a), limits_of(b)
    cost = rejoin_cost(a, b)
    least = min(here.least, here.last_out - here.first_in + 1)
    first, stop = here.first_in, here.last_out - least + 2
    part = cost[there.first_out : there.last_out + 1, first:stop]
    if count is None or a.wanted is not None or b.wanted is not None:
        pairs = np.arange(part.size)
    else:
        pairs = _smallest(part, 2 * count)
        # Some ways in at the head too, so that the joins on both sides of a clip can be met.
        head = np.where(np.arange(part.shape[1]) <= here.last_in - first, part, np.inf)
        pairs = np.concatenate([pairs, _smallest(head, count // 2)])
    rows, columns = np.unravel_index(pairs, part.shape)
    fine = np.isfinite(part[rows, columns])
    if not fine.any():  # clips of one frame: nothing to match along
        return cut_junction(a, b, count)
    outs = np.unique(rows[fine]).astype(np.intp) + there.first_out
    ins = np.unique(columns[fine]).astype(np.intp) + first
    return Junction(outs, ins, cost[np.ix_(outs, ins)])


def _smallest(cost: Costs, count: int) -> NDArray[np.intp]:
    """Flat indices of the `count` smallest entries."""
    if cost.size <= count:
        return np.arange(cost.size)
    return np.argpartition(cost, count, axis=None)[:count]


def extend_seams(parent: ReelClip, answer: ReelClip) -> tuple[Seam, ...]:
    """The exact ways into an answer: the parent's copy of the repeated frames, or the answer's.

    Both play every moment once. The smaller step at the seam comes first; without prints, or on
    a tie, the parent's copy (the first generation of the picture) does.

    Raises:
        CutError: the answer only repeats its parent.
    """
    overlap = answer.overlap
    repeated = overlap.frames if overlap else 0
    if repeated >= answer.frames:
        raise CutError(
            f"{answer.name} adds no frame to {parent.name}: all {answer.frames} repeat it.",
            next="Shoot this hop again with more new frames.",
        )
    left = overlap.parent_left if overlap else 0
    last = max(0, min(parent.frames - 1, parent.frames - 1 - left))
    if overlap and repeated and overlap.parent_start is not None:
        last = min(parent.frames - 1, overlap.parent_start + repeated - 1)
    found = [Seam(last, repeated, "parent", seam_step(parent, answer, last, repeated))]
    if overlap and repeated and overlap.parent_start:
        before = overlap.parent_start - 1
        found.append(Seam(before, 0, "answer", seam_step(parent, answer, before, 0)))
    return tuple(sorted(found, key=lambda seam: seam.step))


def seam_step(parent: ReelClip, answer: ReelClip, parent_out: int, answer_in: int) -> float:
    """The step across a seam over the usual step on both its sides; 1.0 without prints."""
    if parent.prints is None or answer.prints is None:
        return 1.0
    p, q = parent.prints[parent_out], answer.prints[answer_in]
    across = max(0.0, 2.0 - 2.0 * float(p.astype(np.float32) @ q.astype(np.float32)))
    before = parent.steps[max(1, parent_out - 3) : parent_out + 1]
    after = answer.steps[answer_in + 1 : answer_in + 5]
    near = np.concatenate([before, after])
    return across / ((float(np.median(near)) if near.size else 0.0) + NOISE)


def extend_junction(parent: ReelClip, answer: ReelClip) -> Junction:
    """No editorial choice: only the exact seams, the smaller step cheaper."""
    seams = extend_seams(parent, answer)
    outs = np.unique(np.array([seam.parent_out for seam in seams], np.intp))
    ins = np.unique(np.array([seam.answer_in for seam in seams], np.intp))
    cost = np.full((len(outs), len(ins)), np.inf)
    for rank, seam in enumerate(seams):
        where = np.searchsorted(outs, seam.parent_out), np.searchsorted(ins, seam.answer_in)
        # Seams are told apart by their step alone; the rank settles a tie.
        cost[where] = min(seam.step, 10.0) + 1e-6 * rank
    return Junction(outs, ins, cost)


def junction(a: ReelClip, b: ReelClip, count: int | None = CANDIDATES) -> Junction:
    """All ways worth trying from `a` into `b`, by the rule of the join that `b` begins with."""
    match b.join:
        case "extend" if b.overlap is not None or b.prints is None or a.prints is None:
            return extend_junction(a, b)
        case "extend" | "rejoin":  # an overlap nobody looked for is found like any re-join
            return rejoin_junction(a, b, count)
        case _:
            return cut_junction(a, b, count)
