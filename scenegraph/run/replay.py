"""Replaying a reel: reviews, cuts and film made again from the ledger and its media, offline.

Nothing is asked of any service and nothing is written into the ledger or its store. What comes out
is compared with what was recorded, field by field, and each difference is told with its figures.

The scene file is read for two things: the stills that takes were held against (found by the hash
that the take names), and a plan, which must find every take of the reel kept as it is.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from scenegraph.cut import (
    Kept,
    Progress,
    make_mix,
    make_timeline,
    reel_format,
    stitch,
    with_transitions,
)
from scenegraph.cut.conform import ffmpeg_name
from scenegraph.errors import CutError, SceneError, SceneGraphError
from scenegraph.ledger import Engine, Ledger, Memory, Review, Take, Timeline
from scenegraph.ledger.timeline import CutWishes
from scenegraph.media import ffmpeg_exe
from scenegraph.media.files import file_hash
from scenegraph.plan import Plan, amended_graph, hash_inputs, make_plan
from scenegraph.review import Likeness, find_identity
from scenegraph.run.events import Listener, ReelEvent, silent
from scenegraph.run.faces import Lineup, Shelf
from scenegraph.run.lineage import inputs_of
from scenegraph.run.project import name_in, open_scene, store_of, without_dead_previews
from scenegraph.run.provenance import pick_reel, reel_json
from scenegraph.run.reel import grade_of, transitions_of
from scenegraph.run.relook import Difference, LookedAtAgain, Seen, unlike
from scenegraph.run.tracks import cues_of
from scenegraph.scene import Scene
from scenegraph.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay came to.

    Attributes:
        reel: the recorded reel, as `provenance` tells it; `rebuilt` is the hash of the new one,
            null when none could be made.
        reviews: slates of the takes that were looked at again.
        out: where the rebuilt reel was kept, if it was wanted.
    """

    scene: str
    reel: Mapping[str, Any]
    reviews: tuple[str, ...]
    events: int
    differences: tuple[Difference, ...]
    out: Path | None = None

    @property
    def exit_code(self) -> int:
        return 1 if self.differences else 0

    def same(self, *parts: str) -> bool:
        """Whether these parts came out as recorded."""
        return not any(one.part in parts for one in self.differences)

    def to_json(self) -> dict[str, Any]:
        others = {one.where for one in self.differences if one.part in ("review", "media")}
        return {
            "scene": self.scene,
            "same": not self.differences,
            "reviews": {
                "same": self.same("review", "media"),
                "takes": [{"slate": slate, "same": slate not in others} for slate in self.reviews],
            },
            "timeline": {"same": self.same("timeline"), "events": self.events},
            "reel": {**self.reel, "same": self.same("reel")},
            "plan": {"same": self.same("plan")},
            "differences": [one.to_json() for one in self.differences],
            "out": str(self.out) if self.out is not None else None,
        }


def replay(
    scene: Scene | str | Path,
    *,
    backend: Engine | None = None,
    reel: int | None = None,
    store: str | Path | None = None,
    out: Path | None = None,
    settings: Settings | None = None,
    listener: Listener = silent,
) -> Replay:
    """Make reviews, cuts and reel again, in a temporary folder, and compare them.

    Args:
        backend: whose reel; the paid one by default, if anything paid is circled.
        reel: its number in the ledger; the last one by default.
        out: keep the rebuilt reel here; its ending is the recorded reel's.

    Raises:
        SceneError: there is no such reel, or `out` has another ending.
        LedgerError: there is no ledger yet, or it cannot be read.
    """
    settings = settings or Settings()
    scene = open_scene(scene, settings)
    hashes = hash_inputs(scene)
    with Ledger.open(store_of(scene, settings, store), create=False) as ledger:
        memory = ledger.memory(name_in(ledger, scene))
        row = pick_reel(ledger.reels(memory.scene), reel, backend or memory.leading_engine)
        engine: Engine = row["facts"].get("engine") or memory.leading_engine
        if out is not None:
            _must_end_alike(out, Path(row["path"]))
        stills = {sha256: path for path, sha256 in hashes.items()}
        likeness = _likeness(scene, memory.for_engine(engine), ledger, engine, settings)
        eyes = LookedAtAgain(ledger, memory, engine, row["timeline"], stills, likeness)
        reviews = eyes.all()
        found = [*eyes.differences(reviews)]
        recorded = reel_json(row, scene.folder)
        timeline = _timeline(scene, eyes, reviews, row["timeline"], memory)
        rebuilt: str | None = None
        if isinstance(timeline, Timeline):
            known_then = {"rate_by": "duplicate", **row["timeline"]}  # older rows do not say it
            found += _timelines(known_then, timeline.to_json())
            made = _film(scene, timeline, Path(row["path"]).suffix, out, settings, listener)
            rebuilt = made if isinstance(made, str) else None
            found += _reels(recorded, made, row["facts"].get("ffmpeg"), settings)
        else:
            found.append(_cannot("timeline", recorded["path"], timeline))
        # As a run would find it: previews of a queue that has ended are not waited for.
        known = without_dead_previews(memory) if engine == "animatic" else memory
        plan = make_plan(scene, known, engine=engine, hashes=hashes)
        found += _plans(plan, row["timeline"], scene, known.for_engine(engine))
    return Replay(
        scene=memory.scene,
        reel={**recorded, "rebuilt": rebuilt},
        reviews=tuple(take.slate for take in eyes.takes),
        events=len(row["timeline"]["events"]),
        differences=tuple(found),
        out=out if rebuilt is not None else None,
    )


def _must_end_alike(out: Path, recorded: Path) -> None:
    if out.suffix.lower() != recorded.suffix.lower():
        raise SceneError(
            f"{out} ends otherwise than the reel that is replayed, {recorded.name}.",
            next=f"Give --out a name that ends in {recorded.suffix}.",
        )


# -- cutting again -------------------------------------------------------------------------------


def _timeline(
    scene: Scene,
    eyes: LookedAtAgain,
    seen: Mapping[int, Seen],
    recorded: Mapping[str, Any],
    memory: Memory,
) -> Timeline | CutError:
    """The film of the same takes, its cuts chosen anew from the new reviews.

    What a person or the ladder has decided is as recorded: colour matches and transitions.
    """
    kept = []
    for event in recorded["events"]:
        take = eyes.shown[event["take"]]
        if take.clip is None or take.id not in seen:
            return CutError(f"{take.slate} has no file to cut.", next="Shoot it again.")
        review = seen[take.id].review
        above = eyes.lineage.parents(take).get("video")
        used = inputs_of(take).get("video", {}).get("sha256")
        shown = _shown_take(eyes, above)
        kept.append(
            Kept(
                shot=event["shot"],
                take=take.slate,
                clip=take.clip,
                review=Review.from_json(review.to_json(), review.series, review.prints),
                kind=eyes.kind(take),
                parent=above.shot if above is not None else None,
                parent_take=None
                if above is None
                else shown.slate
                if shown is not None and shown.sha256 == used
                else f"sha256:{used}",
                grade=grade_of(take, memory.amended(take.shot)),
            )
        )
    rate = Fraction(str(recorded["format"]).partition("@")[2])
    try:
        wishes = CutWishes.from_json(recorded.get("wishes"))
        timeline = make_timeline(
            kept,
            reel_format([one.clip for one in kept], rate, recorded.get("rate_by", "duplicate")),
            title=str(recorded.get("title") or ""),
            left_out=recorded.get("left_out", ()),
            target=wishes.target,
            lengths=wishes.lengths,
            handles=wishes.handles,
        )
        return with_transitions(timeline, transitions_of(scene))[0]
    except CutError as error:
        return error


def _shown_take(eyes: LookedAtAgain, parent: Take | None) -> Take | None:
    """The take of the parent's shot that the reel shows, if it shows one."""
    if parent is None:
        return None
    return next((take for take in eyes.shown.values() if take.shot == parent.shot), parent)


def _timelines(recorded: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[Difference]:
    shots = [event["shot"] for event in recorded["events"]]
    for field, was, now in unlike(recorded, made):
        where = "reel"
        if field.startswith("events["):
            place, _, field = field.removeprefix("events[").partition("].")
            where = shots[int(place)]
        yield Difference(part="timeline", where=where, field=field, recorded=was, rebuilt=now)


def _likeness(
    scene: Scene, memory: Memory, ledger: Ledger, engine: Engine, settings: Settings
) -> Callable[[str], Likeness | None]:
    """Whom each shot shows, as a run would ask now; None for a shot that is not there any more."""
    graph = amended_graph(scene, memory)
    lineup = Lineup(scene, find_identity(settings), Shelf(ledger.store.root), engine)
    return lambda shot: lineup.likeness(graph, shot) if shot in graph.shots else None


async def _stitched(
    scene: Scene,
    timeline: Timeline,
    segments: Path,
    film: Path,
    settings: Settings,
    tell: Callable[[Progress], None],
) -> None:
    """The film with its sound, as a run makes it."""
    sound = None
    if scene.reel.audio is not None:
        cues, _ = await asyncio.to_thread(cues_of, scene, timeline)
        seconds = timeline.frames / timeline.format.rate
        loudness = scene.reel.loudness
        mix = await make_mix(cues, seconds, segments, loudness=loudness, settings=settings)
        sound = mix.path
    await stitch(timeline, segments, film, settings=settings, on_progress=tell, sound=sound)


def _film(
    scene: Scene,
    timeline: Timeline,
    ending: str,
    out: Path | None,
    settings: Settings,
    listener: Listener,
) -> str | SceneGraphError:
    """The hash of the film, made from nothing in a folder of its own."""

    def tell(progress: Progress) -> None:
        listener(ReelEvent(done=progress.frames, total=progress.of))

    with tempfile.TemporaryDirectory(prefix="scenegraph-replay-") as folder:
        film = Path(folder) / f"reel{ending}"
        segments = Path(folder) / "segments"
        segments.mkdir()
        try:
            asyncio.run(_stitched(scene, timeline, segments, film, settings, tell))
        except SceneGraphError as error:  # media that are gone or changed make no film
            return error
        digest = file_hash(film)
        if out is not None:
            try:
                out.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(film, out)
            except OSError as error:
                raise SceneError(
                    f"{out} cannot be written: {error.strerror or error}.",
                    next="Name another file with --out.",
                ) from error
        return digest


def _reels(
    recorded: Mapping[str, Any], made: str | SceneGraphError, ffmpeg: str | None, settings: Settings
) -> Iterator[Difference]:
    if isinstance(made, SceneGraphError):
        yield _cannot("reel", recorded["path"], made)
        return
    # A ledger of an earlier version kept no hash; then the file stands for what was made.
    was = recorded["sha256"] or recorded["on_disk"]
    here = ffmpeg_name(ffmpeg_exe(settings))
    other = f"it was made with {ffmpeg}, and rebuilt with {here}"
    if was is not None and was != made:
        yield Difference(
            part="reel",
            where=recorded["path"],
            field="sha256",
            recorded=was,
            rebuilt=made,
            note=other if ffmpeg not in (None, here) else "",
        )
    if recorded["same"] is False:
        yield Difference(
            part="reel",
            where=recorded["path"],
            field="on_disk",
            recorded=recorded["sha256"],
            rebuilt=recorded["on_disk"],
            note="the file is not the one that was made",
        )


def _cannot(part: str, where: str, error: SceneGraphError) -> Difference:
    return Difference(
        part=part, where=where, field="made", recorded=True, rebuilt=False, note=error.message
    )


# -- planning again ------------------------------------------------------------------------------


def _plans(
    plan: Plan, recorded: Mapping[str, Any], scene: Scene, memory: Memory
) -> Iterator[Difference]:
    """What the scene and the decisions in the ledger would have now, where it is another take."""
    events = {event["shot"]: event["take"] for event in recorded["events"]}
    missing = set(recorded.get("left_out", ()))
    planned = {shot.shot: shot for shot in plan.shots}
    for shot, slate in events.items():
        if shot not in planned:
            yield _other(shot, slate, None, "the scene has no such shot any more")
            continue
        now = planned[shot]
        kept = now.gives.slate if now.gives is not None else None
        if kept != slate or now.act != "none":
            yield _other(shot, slate, kept, now.reason)
    for shot, now in planned.items():
        if shot not in events and shot not in missing and (now.will_shoot or now.act != "none"):
            yield _other(shot, None, None, now.reason)
    order = [shot for shot in amended_graph(scene, memory).reel_order if shot in events]
    if order != [shot for shot in events if shot in set(order)]:
        yield Difference(
            part="plan", where="reel", field="order", recorded=list(events), rebuilt=order
        )


def _other(shot: str, was: str | None, now: str | None, note: str) -> Difference:
    return Difference(part="plan", where=shot, field="take", recorded=was, rebuilt=now, note=note)
