"""The camera sheet: what a person decides about takes. Nothing here is asked of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scenegraph.errors import SceneError, UnknownShot
from scenegraph.ledger import Amendment, Memory, State, Take
from scenegraph.plan import amended_graph, hash_inputs, make_plan, pick_amendment
from scenegraph.run.person import person
from scenegraph.run.project import open_scene, remember, settle_name, store_of
from scenegraph.scene import Scene
from scenegraph.settings import Settings
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.ledger import Ledger

WayOut = Literal["attach", "resubmit", "give-up"]


def takes_json(
    scene: Scene | str | Path, shots: tuple[str, ...] = (), *, store: str | Path | None = None
) -> dict[str, Any]:
    """The `takes` answer of the terminal: every take of these shots, oldest first."""
    settings = Settings()
    scene = open_scene(scene, settings)
    memory = remember(scene, store=store, settings=settings)
    graph = amended_graph(scene, memory)
    wanted = graph.select(shots) if shots else None
    ids = [*graph.order, *(id for id in memory.takes if id not in graph.shots)]
    odd = _odd_overlaps(scene, store, settings, memory)
    return {
        "scene": memory.scene,
        "shots": [
            {
                "shot": id,
                "takes": [
                    _take_json(take, scene.folder, odd.get(take.id, ()))
                    for take in memory.of_shot(id)
                ],
            }
            for id in ids
            if (wanted is None and (id in graph.shots or memory.of_shot(id)))
            or (wanted is not None and id in wanted)
        ],
    }


def _odd_overlaps(
    scene: Scene, store: str | Path | None, settings: Settings, memory: Memory
) -> dict[int, tuple[str, ...]]:
    """What reviews of hops found odd about how they repeat their parents, by take."""
    hops = [
        take for rows in memory.takes.values() for take in rows if take.verdict and _is_hop(take)
    ]
    if not hops:
        return {}
    with _opened(scene, store, settings) as ledger:
        reviews = {take.id: ledger.review_of(take.id, only="calmness") for take in hops}
    return {
        id: tuple(word for word in review.warnings if "overlap" in word)
        for id, review in reviews.items()
        if review is not None
    }


def _is_hop(take: Take) -> bool:
    return "video" in take.parts.get("inputs", {}) and take.state is not State.COLLECTED


def _take_json(take: Take, folder: Path, odd: tuple[str, ...] = ()) -> dict[str, Any]:
    path = take.clip.path if take.clip else None
    if path is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return {
        "take": take.number,
        "slate": take.slate,
        "state": take.state.value,
        "circled": take.circled,
        "pinned": take.pinned,
        "verdict": take.verdict,
        "score": take.score,
        "best_frame": take.best_frame,
        "usd": usd_text(_cost(take)),
        "seed": take.seed,
        "key": take.key,
        "engine": take.engine,
        "request_id": take.request_id,
        "media": path.as_posix() if path else None,
        "warnings": [*(take.clip.warnings if take.clip else ()), *odd],
        "error": dict(take.error) if take.error else None,
    }


def _cost(take: Take) -> Decimal:
    """What it cost; while it may still be billed, its list price. One that failed cost nothing."""
    if take.usd is not None:
        return take.usd
    ended = take.state in (State.REFUSED, State.LOST)
    return Decimal(0) if ended else take.usd_estimate


@dataclass(frozen=True, slots=True)
class Picked:
    """A take that a person circled, and the takes of its children that came back with it."""

    take: Take
    given_back: tuple[Take, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The `pick` answer of the terminal."""
        back = [{"shot": t.shot, "take": t.number, "slate": t.slate} for t in self.given_back]
        return {**decided_json(self.take), "given_back": back}


def decided_json(take: Take) -> dict[str, Any]:
    """What a person's decision made of a take."""
    return {
        "shot": take.shot,
        "take": take.number,
        "slate": take.slate,
        "state": take.state.value,
        "circled": take.circled,
        "pinned": take.pinned,
    }


def pick(
    scene: Scene | str | Path,
    shot: str,
    number: int | None = None,
    *,
    store: str | Path | None = None,
    and_pin: bool | None = None,
) -> Take:
    """`pick_branch`, for those who ask about the one take."""
    return pick_branch(scene, shot, number, store=store, and_pin=and_pin).take


def pick_branch(
    scene: Scene | str | Path,
    shot: str,
    number: int | None = None,
    *,
    store: str | Path | None = None,
    and_pin: bool | None = None,
) -> Picked:
    """Circle another take, or (`and_pin`) make the circled one proof against changes upstream.

    Children that were shot from the picked take are circled with it, for nothing: a reel that is
    cut now plays what belongs together.

    Args:
        number: the take to circle; None leaves the circled one.
        and_pin: True pins, False unpins, None leaves it.

    Raises:
        UnknownShot, SceneError: no such shot or take, or it has no picture.
        LedgerError: another take is pinned.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with (
        _opened(scene, store, settings) as ledger,
        ledger.hold(name := settle_name(ledger, scene)),
    ):
        memory = ledger.memory(name)
        take = find_take(memory, shot, number)
        back: tuple[Take, ...] = ()
        if take.state is State.COLLECTED:
            raise SceneError(
                f"The media of {take.slate} were removed by `scenegraph gc`; it has no picture.",
                next=f"`scenegraph rerun SCENE {shot}` shoots another take.",
            )
        if number is not None and take.clip is None and take.state.has_media:
            raise SceneError(
                f"{take.slate} cannot be opened as a clip: nothing can be cut or shot from it.",
                next=f"Pick another take, or `scenegraph rerun SCENE {shot}` shoots one.",
            )
        if number is not None:
            hashes = hash_inputs(scene)
            wanted = make_plan(scene, memory, engine=take.engine, hashes=hashes)
            picked = pick_amendment(take, wanted[shot].job.setup)
            with ledger.group():
                ledger.amend(name, replace(picked, values={**picked.values, **person()}))
                ledger.circle(take.id)
            back = _given_back(ledger, scene, ledger.memory(name), take, hashes)
        if and_pin is not None:
            (ledger.pin if and_pin else ledger.unpin)(take.id, **person())
        return Picked(ledger.take(take.id), back)


def _given_back(
    ledger: Ledger, scene: Scene, memory: Memory, take: Take, hashes: Mapping[Path, str]
) -> tuple[Take, ...]:
    """Circle what the next run would circle of the shots below this take, parents first."""
    graph = amended_graph(scene, memory.for_engine(take.engine))
    below = graph.descendants([take.shot]) - {take.shot} if take.shot in graph.shots else ()
    if not below:
        return ()
    made = make_plan(scene, memory, engine=take.engine, hashes=hashes, graph=graph)
    fit = [one.take for one in made.shots if one.shot in below and one.act == "circle" and one.take]
    with ledger.group():
        for one in fit:
            ledger.circle(one.id)
    return tuple(ledger.take(one.id) for one in fit)


def undo(scene: Scene | str | Path, shot: str, *, store: str | Path | None = None) -> int:
    """Take back all that was decided about a shot: its ladder, anchors, and what was picked.

    Takes and what they cost stay; the next plan looks at the shot as if nothing had been decided.

    Returns:
        How many decisions were taken back.

    Raises:
        SceneError: nothing was decided about this shot.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with (
        _opened(scene, store, settings) as ledger,
        ledger.hold(name := settle_name(ledger, scene)),
    ):
        memory = ledger.memory(name)
        known = [*amended_graph(scene, memory).order, *memory.takes]
        if shot not in known:
            raise UnknownShot(shot, known)
        decided = memory.amended(shot)
        if not decided:
            raise SceneError(
                f"Nothing was decided about {shot!r}.",
                next="`scenegraph takes SCENE` shows what there is.",
            )
        how_many = "one decision" if len(decided) == 1 else f"{len(decided)} decisions"
        reason = f"a person took back {how_many}"
        ledger.amend(name, Amendment(shot=shot, kind="undo", reason=reason, values=person()))
        return len(decided)


def resolve(
    scene: Scene | str | Path,
    shot: str,
    way: WayOut,
    request_id: str | None = None,
    *,
    store: str | Path | None = None,
) -> Take:
    """End the doubt about a request that left and was never answered.

    `attach` names the request that the service's dashboard shows: the next run collects it.
    `resubmit` says that it never arrived: the next run asks anew. `give-up` leaves it.

    Raises:
        SceneError: the shot has no such take, or no request id was given.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with (
        _opened(scene, store, settings) as ledger,
        ledger.hold(name := settle_name(ledger, scene)),
    ):
        memory = ledger.memory(name)
        rows = memory.of_shot(shot)
        if not rows and shot not in (known := amended_graph(scene, memory).order):
            raise UnknownShot(shot, known)
        # An answered take whose file is gone for good is owed for ever, unless a person ends it.
        owed = (State.UNKNOWN, State.ANSWERED) if way == "give-up" else (State.UNKNOWN,)
        doubtful = [take for take in rows if take.state in owed]
        if not doubtful:
            raise SceneError(
                f"Nothing is unknown about {shot!r}.",
                next="`scenegraph takes SCENE` shows where every take is.",
            )
        take = doubtful[-1]
        if way == "attach":
            if not request_id:
                raise SceneError("--attach needs the request's id.", next="--attach REQUEST_ID")
            urls = _urls_for(take.endpoint, request_id, settings)
            ledger.submitted(take.id, request_id, urls)
        elif way == "resubmit":
            error = {"kind": "resubmit", "message": "a person says that it never arrived"}
            ledger.lost(take.id, {**error, "next": "The next run asks for it anew."})
        else:
            error = {"kind": "given-up", "message": "a person gave it up"}
            ledger.lost(take.id, {**error, "next": "`scenegraph rerun` asks for it anew."})
        return ledger.take(take.id)


def _urls_for(endpoint: str, request_id: str, settings: Settings) -> Any:
    from scenegraph.fal import FalClient  # the wire, for this one answer

    return FalClient.from_settings(settings).urls_for(endpoint, request_id)


def find_take(memory: Memory, shot: str, number: int | None) -> Take:
    """The take of this number, or the circled one when none is named.

    Raises:
        UnknownShot, SceneError: no such shot or take.
    """
    rows = memory.of_shot(shot)
    if not rows:
        raise UnknownShot(shot, list(memory.takes))
    if number is None:
        circled = memory.circled(shot)
        if circled is None:
            raise SceneError(
                f"{shot!r} has no circled take.", next=f"`scenegraph pick SCENE {shot} TAKE`."
            )
        return circled
    for take in rows:
        if take.number == number:
            return take
    numbers = ", ".join(str(take.number) for take in rows)
    raise SceneError(f"{shot!r} has no take {number}; it has {numbers}.", next="Name one of them.")


def _opened(scene: Scene, store: str | Path | None, settings: Settings) -> Ledger:
    from scenegraph.ledger import Ledger  # its database; listing takes needs none

    return Ledger.open(store_of(scene, settings, store), create=False)
