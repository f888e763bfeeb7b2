"""What reviews say of chains, for planning: how far each shot's kept take is from its keyframe,
and what is planned ahead from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenegraph.errors import LedgerError
from scenegraph.ledger import Amendment, Engine, Memory, is_there
from scenegraph.plan import ANCHOR, Ends, Selection, amended_graph, chains_of, plan_ahead
from scenegraph.scene import Scene
from scenegraph.scene.fixes import KEYFRAME_SUFFIX

if TYPE_CHECKING:
    from scenegraph.ledger import Ledger, Review

#: Series of this ending run along the clip, signed, in the unit of their measure.
TRACK = "_drift"
#: Takes whose reviews are read for a plan, some milliseconds each. Chains past it are taken to
#: drift as those before it do.
MOST_READ = 200


def shares_of(review: Review) -> dict[str, float]:
    """Where a take ends: by measure, its signed share of the budget against the keyframe.

    A measure without a series counts with its value.
    """
    found = {}
    for name, measure in review.measures.items():
        if not name.endswith(KEYFRAME_SUFFIX) or measure.value is None or not measure.budget:
            continue
        track = review.series.get(name + TRACK)
        end = float(track[-1]) if track is not None and len(track) else measure.value
        found[name.removesuffix(KEYFRAME_SUFFIX)] = end / measure.budget
    return found


def ends_of(scene: Scene, memory: Memory, engine: Engine, ledger: Ledger) -> Ends:
    """Where the kept takes of all chains end, and those of the shots that the chains start from."""
    memory = memory.for_engine(engine)
    graph = scene.graph()
    found: dict[str, Mapping[str, float]] = {}
    for hops in chains_of(scene):
        if len(found) >= MOST_READ:
            break
        first = graph.shots[hops[0]].tail_of
        for shot in (first, *hops, *(hop + ANCHOR for hop in hops)):
            take = memory.circled(shot) if shot is not None else None
            if shot is None or take is None or shot in found:
                continue
            try:
                review = ledger.review_of(take.id, only=KEYFRAME_SUFFIX + TRACK)
            except LedgerError:  # `mend` says what is wrong with it; here it is only not measured
                continue
            if review is not None:
                found[shot] = shares_of(review)
    return found


def ends_in(store: Path, scene: Scene, memory: Memory, engine: Engine) -> Ends:
    """As `ends_of`, from a store that may not be there."""
    if not is_there(store) or not any(memory.circled(h) for c in chains_of(scene) for h in c):
        return {}
    from scenegraph.ledger import Ledger  # SQLAlchemy takes a quarter of a second

    with Ledger.open(store, create=False) as ledger:
        return ends_of(scene, memory, engine, ledger)


def decide_ahead(
    scene: Scene, memory: Memory, engine: Engine, ends: Ends, selection: Selection | None = None
) -> tuple[Amendment, ...]:
    """What a run would write down at its start about chains that it may shoot a part of.

    Raises:
        UnknownShot: the selection names a shot that is not there.
    """
    if not scene.drift.plan_ahead:
        return ()
    everything = plan_ahead(scene, memory, engine, ends)
    if not everything or selection is None:
        return everything
    graph = amended_graph(scene, with_decisions(memory, everything).for_engine(engine))
    return plan_ahead(scene, memory, engine, ends, selected=selection.on(graph).selected)


def with_decisions(memory: Memory, decided: tuple[Amendment, ...]) -> Memory:
    """The memory as it will be once these are written down."""
    return replace(memory, amendments=(*memory.amendments, *decided)) if decided else memory


def write_down(ledger: Ledger, scene: str, decided: tuple[Amendment, ...], run: int) -> Memory:
    """Append decisions to the ledger; the memory with them."""
    with ledger.group():
        for amendment in decided:
            ledger.amend(scene, replace(amendment, run=run))
    return ledger.memory(scene)
