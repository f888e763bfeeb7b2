"""Everything that planning looks at, gathered once, and what it has already worked out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scenegraph.catalog import Catalog, Endpoint, UnknownFamily, legal_parameters
from scenegraph.ledger import Engine, Memory, State, Take
from scenegraph.plan.amend import ANCHOR, UNTUNED, amended_graph, picked, tuning_of
from scenegraph.plan.asking import Ask, Memo, make_ask
from scenegraph.plan.frames import with_best_frame
from scenegraph.plan.keys import Made
from scenegraph.plan.select import Chosen, Selection
from scenegraph.scene import Scene, Shot, ShotGraph, shot_parameters

if TYPE_CHECKING:
    from scenegraph.plan.values import ShotPlan


#: The take of each parent; None for one that is still to come.
Parents: TypeAlias = Mapping[str, Take | None]


@dataclass(frozen=True)
class PlanContext:
    """Scene, memory, catalog, hashes and selection of one plan.

    The executor keeps one context for a run and asks it again, shot by shot, as takes come in.
    What it holds besides is only a memo: a new context over the same state plans the same.

    Attributes:
        graph: with the nodes that amendments have inserted.
        run: the run that is under way; a forced shot that this run has shot is not forced again.
        planned: the last plan of each shot.
    """

    scene: Scene
    graph: ShotGraph
    memory: Memory
    engine: Engine
    catalog: Catalog
    hashes: Mapping[Path, str]
    chosen: Chosen
    run: int | None = None
    planned: dict[str, ShotPlan] = field(default_factory=dict, repr=False)
    _settled: dict[str, tuple[Memory, Parents, ShotPlan]] = field(default_factory=dict, repr=False)
    _endpoints: dict[str, Endpoint] = field(default_factory=dict, repr=False)
    _memo: Memo = field(default_factory=Memo, repr=False)
    _made: dict[Hashable, Made] = field(default_factory=dict, repr=False)
    _ratios: dict[str, str | None] = field(default_factory=dict, repr=False)
    _lost_shots: list[dict[str, list[Take]]] = field(default_factory=list, repr=False)
    _claims: dict[int, str] = field(default_factory=dict, repr=False)
    _firsts: dict[str, str] = field(default_factory=dict, repr=False)
    _places: dict[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        scene: Scene,
        memory: Memory,
        *,
        engine: Engine,
        catalog: Catalog,
        hashes: Mapping[Path, str],
        selection: Selection | None = None,
        graph: ShotGraph | None = None,
        run: int | None = None,
    ) -> PlanContext:
        """Gather a context. Of the memory, only what belongs to the engine counts.

        Args:
            graph: the amended graph, when the caller has it already.

        Raises:
            UnknownShot: the selection names a shot that is not there.
            UnknownFamily: the scene names a model that the catalog does not have.
        """
        try:
            catalog.family(scene.model)
        except UnknownFamily as error:
            error.where = scene.where("model")
            raise
        memory = memory.for_engine(engine)
        whole = graph or amended_graph(scene, memory)
        selection = selection or Selection()
        chosen = selection.on(whole)
        if not chosen.whole:
            chosen = _with_anchors(chosen, whole, whole.select(selection.omit))
        return cls(
            scene=scene,
            graph=whole,
            memory=memory,
            engine=engine,
            catalog=catalog,
            hashes=hashes,
            chosen=chosen,
            run=run,
        )

    def settled(self, shot: str, parents: Parents) -> ShotPlan | None:
        """The plan of a shot that was made of this same memory and of these same takes before.

        Not of a forced shot: the run that is under way counts there too.
        """
        found = self._settled.get(shot)
        if found is None:
            return None
        memory, before, planned = found
        if memory is not self.memory or before.keys() != parents.keys():
            return None
        for id, take in parents.items():
            if take is not before[id]:
                return None
        return planned

    def keep_plan(self, planned: ShotPlan, parents: Parents) -> None:
        """Remember what was worked out about a shot, for itself and for those that hang on it."""
        self.planned[planned.shot] = planned
        forced = planned.shot in self.chosen.forced
        if not forced and None not in parents.values():
            self._settled[planned.shot] = (self.memory, parents, planned)

    @property
    def engine_part(self) -> dict[str, Any]:
        """The engine's part of every key: a preview never passes for a take."""
        if self.engine == "animatic":
            return {"name": "animatic", "drift": self.scene.animatic.drift}
        return {"name": self.engine}

    def made(self, ask: Ask) -> Made:
        """What a picture is made from besides its request, written out but for its files' hashes.

        Shots whose inputs are alike share it.
        """
        shown = tuple([one.shown for one in ask.inputs])
        found = self._made.get((ask.endpoint.id, shown))
        if found is None:
            by = {
                "endpoint": ask.endpoint.id,
                "catalog": ask.endpoint.version,
                "engine": self.engine_part,
            }
            found = Made.of(by, {one.role: one.part for one in ask.inputs})
            self._made[ask.endpoint.id, shown] = found
        return found

    def endpoint(self, shot: Shot) -> Endpoint:
        found = self._endpoints.get(shot.kind)
        if found is None:
            found = self.catalog.family(self.scene.model).endpoint(shot.kind)
            self._endpoints[shot.kind] = found
        return found

    def ask(self, shot: Shot, parents: Mapping[str, Take | None]) -> Ask:
        """The request for a shot whose parents are these."""
        tail, ratio, frames = shot.tail_of, None, 0
        if tail is not None:
            ratio, frames = self.ratio(tail), self._frames_of(tail, parents)
        amended = self.memory.amended(shot.id)
        return make_ask(
            self.scene,
            with_best_frame(shot, parents),
            self.told(shot.id) if self._is_amended else shot,
            self.endpoint(shot),
            parent_frames=frames,
            aspect_ratio=ratio,
            hashes=self.hashes,
            parent_hashes={id: take.sha256 if take else None for id, take in parents.items()},
            tuning=tuning_of(amended) if amended else UNTUNED,
            memo=self._memo,
        )

    def read_words(self) -> None:
        """Say every shot in words, which nothing but the scene file decides.

        One kind of work after the other is a tenth quicker than all kinds shot by shot.
        """
        for id in self.graph.order:
            self._memo.words_of(self.scene, self.told(id))

    def told(self, shot: str) -> Shot:
        """The shot as the file has it: an inserted node changes what is shown, not what is told.

        One that an amendment has made another kind of shot is told as that.
        """
        now, written = self.graph.shots[shot], self.written(shot)
        return written if written is now or written.kind == now.kind else now

    def written(self, shot: str) -> Shot:
        """The shot of the scene file; a node that only an amendment knows is its own."""
        return self._written.get(shot) or self.graph.shots[shot]

    @cached_property
    def _is_amended(self) -> bool:
        return self.graph is not self.scene.graph()

    @cached_property
    def _written(self) -> Mapping[str, Shot]:
        return self.scene.graph().shots

    def amended(self, memory: Memory) -> PlanContext:
        """This context on a memory whose amendments have changed the graph.

        A node that was put before a shot may be shot when the shot may.
        """
        graph = amended_graph(self.scene, memory)
        return replace(
            self,
            memory=memory,
            graph=graph,
            chosen=_with_anchors(self.chosen, graph),
            planned=dict(self.planned),
            _settled={},
            _memo=Memo(),
            _ratios={},
        )

    def _frames_of(self, id: str, parents: Mapping[str, Take | None]) -> int:
        take = parents.get(id)
        if take is not None and take.clip is not None:
            return take.clip.frames
        return self.planned[id].job.num_frames

    def ratio(self, id: str) -> str | None:
        """The picture's shape of the chain that a shot belongs to: its start's, for all of it.

        `auto` follows the input, a fixed ratio crops to itself: mixed in one chain, the picture
        would change its size at a hop.
        """
        if id in self._ratios:
            return self._ratios[id]
        walk = []
        above: str | None = id
        while above is not None and above not in self._ratios:
            walk.append(above)
            shot = self.graph.shots[above]
            above = None if "aspect_ratio" in shot.parameters else shot.tail_of
        for one in reversed(walk):
            shot = self.graph.shots[one]
            if "aspect_ratio" in shot.parameters or shot.tail_of is None:
                wish = shot_parameters(self.scene, self.told(shot.id)).get("aspect_ratio")
                legal, _ = legal_parameters(self.endpoint(shot), {"aspect_ratio": wish})
                self._ratios[one] = legal.get("aspect_ratio")
            else:
                self._ratios[one] = self._ratios[shot.tail_of]
        return self._ratios[id]

    def twin(self, shot: str, key: str) -> str | None:
        """The first shot of the order that will be shot with this key, when that is not `shot`."""
        if not self._places:
            self._places.update({id: place for place, id in enumerate(self.graph.order)})
        first = self._firsts.setdefault(key, shot)
        if first == shot:
            return None
        planned = self.planned.get(first)
        holds = planned is not None and planned.will_shoot and planned.job.key == key
        if holds and self._places[first] < self._places[shot]:
            return first
        self._firsts[key] = shot
        return None

    def _wishes_of(self, take: Take) -> set[str]:
        """The setups that a circled take is kept for: its own, and the one it was picked for."""
        choice = picked(self.memory.amended(take.shot))
        chosen = choice is not None and choice.take == take.id
        wished = choice.values.get("setup") if choice is not None and chosen else None
        return {take.setup, wished} if wished else {take.setup}

    def orphan(self, shot: str, setup: str) -> Take | None:
        """A kept take of exactly this setup whose own shot the scene has no more: a renamed shot.

        One take is given to one shot only: of several the one that its children are made from,
        else twins of one setup are given in the order of the graph.
        """
        if not self._lost_shots:
            lost: dict[str, list[Take]] = {}
            present = self.graph.shots
            given = {
                take.adopted_from
                for id, takes in self.memory.takes.items()
                if id in present
                for take in takes
            }
            for id, takes in self.memory.takes.items():
                if id not in present:
                    for take in takes:
                        if take.state is State.CIRCLED and take.id not in given:
                            for wish in self._wishes_of(take):
                                lost.setdefault(wish, []).append(take)
            self._lost_shots.append(lost)
        fits = self._lost_shots[0].get(setup, ())
        free = [take for take in fits if self._claims.get(take.id, shot) == shot]
        if not free:
            return None
        used = self._bytes_below(shot) if len(free) > 1 else ()
        found = next((take for take in free if take.sha256 in used), free[0])
        self._claims[found.id] = shot
        return found

    def _bytes_below(self, shot: str) -> set[str]:
        """The hashes of all files that the kept takes of a shot's children are made from."""
        below = (self.memory.circled(child) for child in self.graph.children(shot))
        return {
            str(part.get("sha256"))
            for kept in below
            if kept is not None
            for part in kept.parts.get("inputs", {}).values()
        }


def _with_anchors(
    chosen: Chosen, graph: ShotGraph, omitted: frozenset[str] = frozenset()
) -> Chosen:
    """A node that was put before a shot may be shot when the shot may."""
    new = {
        id
        for id in graph.shots
        if id.endswith(ANCHOR) and id[: -len(ANCHOR)] in chosen.selected and id not in omitted
    }
    return replace(chosen, selected=chosen.selected | new, asked=chosen.asked | new)
