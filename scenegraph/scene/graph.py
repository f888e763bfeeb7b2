"""Which shot hangs on which: hops written out, one DAG, its order and its chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any

from scenegraph.errors import UnknownShot
from scenegraph.scene.shots import (
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Shot,
    without_hop,
)


def hop_ids(shot: Shot) -> tuple[str, ...]:
    """The ids of a shot once its hops are written out.

    >>> hop_ids(ExtendShot(id="x", parent="a", hops=3)), hop_ids(ExtendShot(id="x", parent="a"))
    (('x.1', 'x.2', 'x.3'), ('x',))
    """
    if isinstance(shot, ExtendShot) and shot.hops > 1:
        return tuple(f"{shot.id}.{n}" for n in range(1, shot.hops + 1))
    return (shot.id,)


def find_cycle(parents: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """One loop out of every knot of shots that hang on each other; empty when there is none."""
    if len(topological(parents)) == len(parents):
        return []
    import networkx as nx  # a third of a second; only a broken scene needs it here

    graph = nx.DiGraph((parent, id) for id, above in parents.items() for parent in above)
    loops = []
    for knot in nx.strongly_connected_components(graph):
        start = min(knot, key=list(parents).index)
        if len(knot) > 1 or graph.has_edge(start, start):
            inside = graph.subgraph(knot)
            loops.append(tuple(parent for parent, _ in nx.find_cycle(inside, start)))
    return sorted(loops)


def topological(parents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Parents first, else in the given order. Shots in or behind a loop are left out."""
    story = {id: n for n, id in enumerate(parents)}
    waits = {id: len(set(above)) for id, above in parents.items()}
    children: dict[str, list[str]] = {id: [] for id in parents}
    for id, above in parents.items():
        for parent in dict.fromkeys(above):
            children[parent].append(id)
    ready = [story[id] for id, count in waits.items() if count == 0]
    heapify(ready)
    names = list(parents)
    order = []
    while ready:
        id = names[heappop(ready)]
        order.append(id)
        for child in children[id]:
            waits[child] -= 1
            if waits[child] == 0:
                heappush(ready, story[child])
    return tuple(order)


@dataclass(frozen=True)
class ShotGraph:
    """The shots of a scene as they are shot, one hop at a time.

    Attributes:
        shots: by id, in story order; a shot with hops became `id.1`, `id.2`, …, each with one
            hop and the hop before it as its parent.
        reel_order: ids in playing order.
    """

    shots: Mapping[str, Shot]
    reel_order: tuple[str, ...]

    @classmethod
    def of(cls, shots: Iterable[Shot], reel_order: Sequence[str] | None = None) -> ShotGraph:
        """Write the hops out. References must be right; a scene's are, it checks them."""
        shots = tuple(shots)
        hops = {shot.id: hop_ids(shot) for shot in shots}
        known = {id for ids in hops.values() for id in ids}

        def last_hop(ref: str) -> str:
            return ref if ref in known else hops[ref][-1]

        written: dict[str, Shot] = {}
        for shot in shots:
            changes = _resolved(shot, last_hop)
            ids = hops[shot.id]
            if ids == (shot.id,):
                written[shot.id] = shot.model_copy(update=changes) if changes else shot
                continue
            parent = changes.get("parent") or getattr(shot, "parent", None)
            for id in ids:
                written[id] = shot.model_copy(update={"id": id, "hops": 1, "parent": parent})
                parent = id
        if reel_order is None:
            return cls(written, tuple(written))
        played = tuple(id for ref in reel_order for id in ((ref,) if ref in known else hops[ref]))
        return cls(written, played)

    @cached_property
    def digraph(self) -> Any:
        """The networkx DiGraph, parent → child. Edges carry `role`: `tail` or `frame`."""
        import networkx as nx  # loading it costs more than planning a thousand shots without it

        graph = nx.DiGraph()
        for id, shot in self.shots.items():
            graph.add_node(id, kind=shot.kind)
        for id, shot in self.shots.items():
            for parent in shot.parents:
                graph.add_edge(parent, id, role="tail" if parent == shot.tail_of else "frame")
        return graph

    @cached_property
    def _parents(self) -> Mapping[str, tuple[str, ...]]:
        return {id: shot.parents for id, shot in self.shots.items()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every shot, parents first, else in story order."""
        return topological(self._parents)

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        children: dict[str, list[str]] = {id: [] for id in self.shots}
        for id, above in self._parents.items():
            for parent in above:
                children[parent].append(id)
        return {id: tuple(below) for id, below in children.items()}

    @cached_property
    def _remaining(self) -> Mapping[str, int]:
        longest: dict[str, int] = {}
        for id in reversed(self.order):
            longest[id] = 1 + max((longest[child] for child in self._children[id]), default=0)
        return longest

    def parents(self, id: str) -> tuple[str, ...]:
        """What a shot is made from: the shot whose end it is shown first, then a frame's source."""
        self._shot(id)
        return self._parents[id]

    def children(self, id: str) -> tuple[str, ...]:
        """The shots made from this one, in story order."""
        self._shot(id)
        return self._children[id]

    def descendants(self, ids: str | Iterable[str]) -> frozenset[str]:
        """All that hangs on these shots, without the shots themselves."""
        return self._reach(ids, self.children)

    def ancestors(self, ids: str | Iterable[str]) -> frozenset[str]:
        """All that these shots hang on, without the shots themselves."""
        return self._reach(ids, self.parents)

    def _reach(self, ids: str | Iterable[str], step: Any) -> frozenset[str]:
        starts = {ids} if isinstance(ids, str) else set(ids)
        found: set[str] = set()
        todo = list(starts)
        while todo:
            fresh = [id for id in step(todo.pop()) if id not in found]
            found.update(fresh)
            todo += fresh
        return frozenset(found - starts)

    @cached_property
    def _chains(self) -> tuple[tuple[str, ...], ...]:
        lanes: list[list[str]] = []
        lane_of_end: dict[str, list[str]] = {}
        for id in self.order:
            shot = self.shots[id]
            lane = lane_of_end.pop(shot.parent, None) if isinstance(shot, ExtendShot) else None
            if lane is None:
                lane = []
                lanes.append(lane)
            lane.append(id)
            lane_of_end[id] = lane
        return tuple(tuple(lane) for lane in lanes)

    def chains(self) -> tuple[tuple[str, ...], ...]:
        """Lanes: a start and the hops behind it. A second branch from one shot is a new lane."""
        return self._chains

    def remaining(self, id: str) -> int:
        """The longest chain of shots that hangs on this one, itself included."""
        self._shot(id)
        return self._remaining[id]

    def select(self, patterns: Iterable[str]) -> frozenset[str]:
        """Shots by id, by the id of a shot with hops (all of them), or by glob (`mara-*`).

        Raises:
            UnknownShot: a pattern that matches nothing.
        """
        chosen: set[str] = set()
        for pattern in patterns:
            if pattern in self.shots:
                chosen.add(pattern)
                continue
            found = {
                id
                for id in self.shots
                if fnmatchcase(id, pattern) or fnmatchcase(without_hop(id), pattern)
            }
            if not found:
                raise UnknownShot(
                    pattern, list(dict.fromkeys([*self.shots, *map(without_hop, self.shots)]))
                )
            chosen |= found
        return frozenset(chosen)

    def _shot(self, id: str) -> Shot:
        try:
            return self.shots[id]
        except KeyError:
            raise UnknownShot(id, list(self.shots)) from None


def _resolved(shot: Shot, last_hop: Any) -> dict[str, Any]:
    """References to a shot with hops mean its last one."""
    changes: dict[str, Any] = {}
    if isinstance(shot, (ExtendShot, MotionShot)) and shot.parent is not None:
        parent = last_hop(shot.parent)
        if parent != shot.parent:
            changes["parent"] = parent
    if isinstance(shot, (ImageShot, MotionShot)) and isinstance(shot.keyframe, FrameOf):
        source = last_hop(shot.keyframe.shot)
        if source != shot.keyframe.shot:
            changes["keyframe"] = shot.keyframe.model_copy(update={"shot": source})
    return changes
