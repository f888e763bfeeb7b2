"""How fast a chain uses its drift budget up, and where it is anchored again before it has. Pure.

A hop's end is told as a share of its budget against the keyframe, signed: 0 as the keyframe, 1 at
the budget. A line is laid through the end of the shot that the chain starts from, by least squares
over the ends of its hops, one line for each measure; the measure that runs out first is the
chain's. A node from the keyframe starts the count anew.

What is planned ahead is written down once, before the first hop: `AHEAD` on the chain's first hop
names the hops that were thought about, and a `reanchor` stands on each that gets an anchor. Hops
that are named are never thought about again, so that nothing moves while takes come in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scenegraph.ledger import Amendment, Engine, Memory
from scenegraph.plan.amend import AHEAD, ANCHOR, amended_graph, chain_keyframe
from scenegraph.scene import Scene, ShotGraph, without_hop

#: Share of its budget that a hop uses up before anything was measured. An assumption: three hops
#: of generated video stay within the usual budgets, and five often do not.
ASSUMED_SLOPE = 0.25
ASSUMED = f"assumed: {ASSUMED_SLOPE:g} of the budget a hop, until two hops are kept"
#: So many hops of a chain must have been kept before its own slope is believed.
FEWEST = 2
#: A chain that would last longer than this does not drift, as far as anyone can tell.
MOST = 200

#: By shot, by measure: the end of its kept take as a signed share of the budget.
Ends = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """What is expected of a hop: `start + slope * hops since the keyframe`, of the budget."""

    slope: float
    basis: str
    start: float = 0.0
    measure: str = ""

    def is_over(self, hop: int) -> bool:
        return abs(self.start + self.slope * hop) > 1 + 1e-9

    @property
    def lasts(self) -> int | None:
        """Hops from a keyframe that stay within the budget; None when it never runs out."""
        return next((hop - 1 for hop in range(1, MOST + 1) if self.is_over(hop)), None)

    @property
    def urgency(self) -> tuple[int, float]:
        lasts = self.lasts
        return (MOST if lasts is None else lasts, -abs(self.slope))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDrift:
    """The drift budget of one chain.

    Attributes:
        chain: the shot of its first hop.
        hops: how many hops it has.
        slope: share of the budget that a hop uses up.
        basis: where the slope comes from, in words.
        measure: the measure that runs out first; empty when the slope is not the chain's own.
        lasts: hops in a row from a keyframe that are within the budget; None: no end in sight.
        over_at: the first hop, counted from the chain's start, that is expected over its budget as
            the chain would be shot now, anchors included; None when none of its hops is.
        anchors: hops before which the chain goes back to its keyframe.
    """

    chain: str
    hops: int
    slope: float
    basis: str
    measure: str = ""
    lasts: int | None = None
    over_at: int | None = None
    anchors: tuple[str, ...] = ()

    def __str__(self) -> str:
        used = f" ({self.measure})" if self.measure else ""
        said = f"{self.chain}: drifts {self.slope:.2f} of its budget a hop{used}; "
        if self.over_at is not None:
            said += f"expected over it at hop {self.over_at} of {self.hops}"
        else:
            said += f"expected within it for its {self.hops} hop{'s' if self.hops > 1 else ''}"
        if self.anchors:
            said += f", anchored again before {', '.join(self.anchors)}"
        return f"{said}; {self.basis}"

    def to_json(self) -> dict[str, Any]:
        return {
            "chain": self.chain,
            "hops": self.hops,
            "slope": round(self.slope, 4),
            "basis": self.basis,
            "measure": self.measure or None,
            "lasts": self.lasts,
            "over_at": self.over_at,
            "anchors": list(self.anchors),
        }


def chains_of(scene: Scene) -> tuple[tuple[str, ...], ...]:
    """The hops of each chain of the file that has some, and a keyframe to be held against."""
    graph = scene.graph()
    found = []
    for lane in graph.chains():
        hops = tuple(id for id in lane if graph.shots[id].kind == "extend")
        if hops and chain_keyframe(graph, hops[0]) is not None:
            found.append(hops)
    return tuple(found)


def chain_drifts(scene: Scene, graph: ShotGraph, ends: Ends) -> tuple[ChainDrift, ...]:
    """The drift budget of each chain.

    Args:
        graph: with the nodes that amendments have put in.
    """
    lines = _lines(scene, graph, ends)
    places = _places(graph) if lines else {}
    found = []
    for hops, line in lines:
        over = next((n for n, id in enumerate(hops, 1) if line.is_over(places[id][1])), None)
        found.append(
            ChainDrift(
                chain=without_hop(hops[0]),
                hops=len(hops),
                slope=abs(line.slope),
                basis=line.basis,
                measure=line.measure,
                lasts=line.lasts,
                over_at=over,
                anchors=tuple(id for id in hops if id + ANCHOR in graph.shots),
            )
        )
    return tuple(found)


def plan_ahead(
    scene: Scene,
    memory: Memory,
    engine: Engine,
    ends: Ends,
    *,
    selected: Collection[str] | None = None,
) -> tuple[Amendment, ...]:
    """What is decided now about chains that nothing was decided about yet.

    A hop is anchored when it is the first that is expected over its budget. Where the very first
    hop from a keyframe is, an anchor mends nothing: that is left to the ladder.

    Args:
        selected: only chains of which one of these shots is a part; None: all.
    """
    if not scene.drift.plan_ahead:
        return ()
    memory = memory.for_engine(engine)
    graph = amended_graph(scene, memory)
    counts = {id: count for id, (_, count) in _places(graph).items()}
    found: list[Amendment] = []
    for hops, line in _lines(scene, graph, ends):
        known = _thought_about(memory, hops[0])
        fresh = [id for id in hops if id not in known]
        if not fresh or (selected is not None and not set(hops) & set(selected)):
            continue
        found.append(
            Amendment(
                shot=hops[0],
                kind=AHEAD,
                reason=f"thought ahead over {len(fresh)} hops: {line.basis}",
                values={"hops": fresh, "slope": round(line.slope, 4), "engine": engine},
            )
        )
        for id in hops:
            parent = graph.shots[id].tail_of
            is_hop = graph.shots[id].kind == "extend" and parent is not None
            count = counts.get(parent, 0) + 1 if is_hop and parent is not None else 0
            if id in fresh and count > 1 and line.lasts and line.is_over(count):
                share = abs(line.start + line.slope * count)
                reason = f"planned ahead: {id} would end at {share:.2f} of its budget"
                values = {"planned": True, "engine": engine}
                found.append(Amendment(shot=id, kind="reanchor", reason=reason, values=values))
                count = 1
            counts[id] = count
    return tuple(found)


def _thought_about(memory: Memory, first: str) -> set[str]:
    return {id for one in memory.amended(first) if one.kind == AHEAD for id in one.values["hops"]}


def _places(graph: ShotGraph) -> dict[str, tuple[str, int]]:
    """Each shot with the one from a keyframe that it hangs on, and how many hops away it is."""
    places: dict[str, tuple[str, int]] = {}
    for id in graph.order:
        shot = graph.shots[id]
        if shot.kind == "extend" and shot.tail_of is not None:
            start, count = places[shot.tail_of]
            places[id] = start, count + 1
        else:
            places[id] = id, 0
    return places


def _lines(scene: Scene, graph: ShotGraph, ends: Ends) -> tuple[tuple[tuple[str, ...], Line], ...]:
    """Each chain with what is expected of it: its own line, else the others', else assumed."""
    chains = chains_of(scene)
    if not chains:
        return ()
    places = _places(graph)
    own = {hops: _measured(places, hops, ends) for hops in chains}
    known = [line for line in own.values() if line is not None]
    rest = Line(ASSUMED_SLOPE, ASSUMED)
    if known:
        mean = sum(abs(line.slope) for line in known) / len(known)
        many = "chains" if len(known) > 1 else "chain"
        rest = Line(mean, f"as the scene's {len(known)} reviewed {many}")
    return tuple((hops, own[hops] or rest) for hops in chains)


def _measured(
    places: Mapping[str, tuple[str, int]], hops: tuple[str, ...], ends: Ends
) -> Line | None:
    seen = [(id, *places[id]) for id in hops if ends.get(id) and places[id][1]]
    if len(seen) < FEWEST:
        return None
    basis = f"measured on {len(seen)} hops"
    lines = []
    for measure in sorted({name for id, _, _ in seen for name in ends[id]}):
        starts, upper, lower = [], 0.0, 0
        for id, start, count in seen:
            if measure in ends[id]:
                begin = ends.get(start, {}).get(measure, 0.0)
                starts.append(begin)
                upper += count * (ends[id][measure] - begin)
                lower += count * count
        line = Line(upper / lower, basis, sum(starts) / len(starts), measure)
        if not line.is_over(0):  # what the keyframe's own shot is over, no hop has used up
            lines.append(line)
    return min(lines, key=lambda line: line.urgency, default=None)
