"""From circled takes to the reel: reviews read back, a timeline made, segments joined."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from scenegraph.cut import (
    WHOLE,
    Delivery,
    Ends,
    Film,
    Kept,
    MasterSound,
    Progress,
    ReelCheck,
    Segment,
    check_segments,
    make_mix,
    make_timeline,
    pieces_of,
    preview_format,
    reel_format,
    stitch,
    with_transitions,
)
from scenegraph.cut.conform import ffmpeg_name
from scenegraph.errors import CutError
from scenegraph.ledger import Amendment, Engine, Ledger, Take, Timeline
from scenegraph.ledger.grade import Grade
from scenegraph.ledger.timeline import CutWishes
from scenegraph.media import ffmpeg_exe
from scenegraph.media.files import file_hash
from scenegraph.review import look
from scenegraph.run.delivering import delivered, delivery_keys, wishes
from scenegraph.run.events import Listener, ReelEvent
from scenegraph.run.intact import damage_of
from scenegraph.run.project import name_in
from scenegraph.run.tracks import cues_of
from scenegraph.scene import Scene, ShotGraph
from scenegraph.settings import Settings

if TYPE_CHECKING:
    from scenegraph.run.early import EarlySegments


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """A reel that was made, the edit list that it was made from, and what its check found."""

    path: Path
    timeline: Timeline
    check: ReelCheck | None = None
    said: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should look at, in sentences."""
        rate = self.timeline.format.rate
        found = self.check.sentences(rate) if self.check else ()
        failed = filter(None, (one.notice for one in self.deliveries))
        return (*self.said, *found, *failed)


def reel_path(
    scene: Scene, engine: Engine, out: str | Path | None = None, *, small: bool = False
) -> Path:
    """Where the reel goes: as named, else `NAME.reel.mp4` beside the scene file.

    A preview is called `NAME.preview.mp4`: it never takes the place of a paid reel. Nor does a
    small one, `NAME.cut-preview.mp4`.
    """
    kind = "cut-preview" if small else "reel" if engine == "fal" else "preview"
    return Path(out) if out is not None else scene.folder / f"{scene.name}.{kind}.mp4"


async def make_reel(
    scene: Scene,
    graph: ShotGraph,
    takes: Mapping[str, Take],
    ledger: Ledger,
    *,
    engine: Engine,
    out: Path,
    settings: Settings,
    run: int | None = None,
    listener: Listener,
    timeline: Timeline | None = None,
    small: bool = False,
    burn_in: bool = False,
    early: EarlySegments | None = None,
) -> Reel:
    """Cut these takes, in the reel's order, into one file, and make of it what is to be delivered.

    Args:
        small: a quick look at the cuts, of a low size. It is not checked and not recorded, and
            nothing is delivered but the burn-in.
        burn_in: make a copy with slate and time code, whether the scene wants one or not.
        takes: the kept take of each shot; shots of the order without one are left out and named.
        timeline: the edit list, where a person made it; by default the cuts are chosen here.
        early: segments that were encoded while takes came in.

    Raises:
        CutError, FfmpegFailed: the reel could not be made; an older one is still there.
    """
    if timeline is None:
        timeline = await asyncio.to_thread(choose_timeline, scene, graph, takes, ledger)

    if small:
        timeline = replace(timeline, format=preview_format(timeline.format))
    timeline, shortened = with_transitions(timeline, transitions_of(scene))
    if scene.reel.seconds is not None and timeline.left_out and timeline.wishes.target is None:
        missing = ", ".join(timeline.left_out)
        shortened.append(
            f"The reel is not cut to the {scene.reel.seconds:g} s that are wanted: {missing} "
            "is missing."
        )

    def tell(progress: Progress) -> None:
        listener(ReelEvent(done=progress.frames, total=progress.of))

    out.parent.mkdir(parents=True, exist_ok=True)
    cues, said = await asyncio.to_thread(cues_of, scene, timeline)
    seconds = timeline.frames / timeline.format.rate
    mix = None
    if scene.reel.audio is not None:
        mix = await make_mix(
            cues,
            seconds,
            ledger.store.segments,
            loudness=scene.reel.loudness,
            settings=settings,
        )
    segments: list[Segment] = []
    await stitch(
        timeline,
        ledger.store.segments,
        out,
        settings=settings,
        on_progress=tell,
        on_segments=segments.extend,
        sound=mix.path if mix else None,
        under_way=early.under_way if early is not None else None,
    )
    film = Film(
        path=out,
        sha256=await asyncio.to_thread(file_hash, out),
        timeline=timeline,
        has_sound=mix is not None,
    )
    wanted = wishes(scene, small=small, burn_in=burn_in)
    heard = MasterSound(cues, scene.reel.loudness) if mix else None
    if small:
        made = await delivered(film, wanted, ledger, heard, settings=settings, listener=listener)
        return Reel(path=out, timeline=timeline, said=(*shortened, *said), deliveries=made)
    if early is not None:
        await asyncio.to_thread(early.sweep, {segment.key for segment in segments})
    check = await check_segments(
        timeline, [(p.shot, s) for p, s in zip(pieces_of(timeline), segments, strict=True)]
    )
    if mix is not None:
        check = await asyncio.to_thread(check.with_sound, mix.path, timeline)
    shown = _shown(out, scene.folder)
    facts = {"sha256": film.sha256, "ffmpeg": ffmpeg_name(ffmpeg_exe(settings))}
    keys = [*(one.key for one in segments), *([mix.key] if mix else [])]
    await asyncio.to_thread(
        ledger.save_reel,
        name_in(ledger, scene),
        timeline.to_json(),
        shown,
        run=run,
        facts={
            "engine": engine,
            "segments": [*keys, *delivery_keys(film, wanted, settings)],
            **facts,
        },
    )
    made = await delivered(film, wanted, ledger, heard, settings=settings, listener=listener)
    return Reel(path=out, timeline=timeline, check=check, said=(*shortened, *said), deliveries=made)


def transitions_of(scene: Scene) -> dict[str, tuple[str, int | None]]:
    """The joins that a scene wants otherwise than cut: by the shot that is entered."""
    ways = scene.reel.transitions.items()
    return {shot: (way.kind, way.frames) for shot, way in ways if way.kind != "cut"}


def choose_timeline(
    scene: Scene,
    graph: ShotGraph,
    takes: Mapping[str, Take],
    ledger: Ledger,
    *,
    amended: Mapping[str, Sequence[Amendment]] | None = None,
    ends: Ends = WHOLE,
) -> Timeline:
    """The edit list of these takes, in the reel's order; arguments and errors as of `make_reel`.

    Args:
        amended: what was decided about these shots, when the caller has read it already.
        ends: what they begin and end with, when they are a part of the reel.
    """
    order = [shot for shot in graph.reel_order if shot in takes]
    left_out = [shot for shot in graph.reel_order if shot not in takes]
    if amended is None and order:
        memory = ledger.memory(takes[order[0]].scene)
        amended = {shot: memory.amended(shot) for shot in order}
    kept = KeptTakes(order, graph, takes, ledger, amended or {})
    clips = [clip for shot in order if (clip := takes[shot].clip) is not None]
    rate = scene.reel.frame_rate or scene.picture.frame_rate
    format = reel_format(clips, Fraction(rate), scene.reel.rate_by)
    whole = ends == WHOLE and not left_out
    wishes = wishes_of(scene, format.rate, order)
    return make_timeline(
        kept,
        format,
        title=scene.title,
        left_out=left_out,
        ends=ends,
        target=wishes.target if whole else None,
        lengths=wishes.lengths,
        handles=wishes.handles,
    )


def wishes_of(scene: Scene, rate: Fraction, shots: Collection[str]) -> CutWishes:
    """The lengths and handles that a scene wants, in frames of the reel."""
    seconds = scene.reel.seconds
    return CutWishes(
        target=None if seconds is None else max(1, round(Fraction(seconds) * rate)),
        lengths={
            shot: max(1, round(Fraction(wish) * rate))
            for shot, wish in scene.reel.lengths.items()
            if shot in shots
        },
        handles=scene.reel.handles,
    )


class KeptTakes:
    """The takes of a reel in its order, each read with its review when its turn comes.

    Raises, while it is gone through:
        CutError: a take's file is gone or damaged.
    """

    def __init__(
        self,
        order: Sequence[str],
        graph: ShotGraph,
        takes: Mapping[str, Take],
        ledger: Ledger,
        amended: Mapping[str, Sequence[Amendment]],
    ) -> None:
        self._order, self._graph, self._takes = order, graph, takes
        self._ledger, self._amended = ledger, amended

    def __iter__(self) -> Iterator[Kept]:
        for id in self._order:
            take = self._takes[id]
            if take.clip is None:
                continue
            must_be_whole(take, self._ledger)
            review = self._ledger.review_of(take.id)
            if review is None or not review.series:
                review = look(take.clip.path)
            parent = self._graph.shots[id].tail_of
            yield Kept(
                shot=id,
                take=take.slate,
                clip=take.clip,
                review=review,
                kind=self._graph.shots[id].kind,
                parent=parent,
                parent_take=_shot_from(take, self._takes.get(parent) if parent else None),
                grade=grade_of(take, self._amended.get(id, ())),
            )


def must_be_whole(take: Take, ledger: Ledger) -> None:
    """Refuse to cut what is not the take's own file.

    Raises:
        CutError: it is gone, or holds other bytes.
    """
    damage = damage_of(take, ledger.store)
    if damage is not None:
        raise CutError(
            f"The reel cannot be cut: {take.slate}, {damage}.",
            next="Put the file back from a copy and cut again, or "
            f"`scenegraph rerun SCENE {take.shot}` shoots another take.",
        )


def grade_of(take: Take, amendments: Sequence[Amendment]) -> Grade | None:
    """The colour match under which a take was kept, if it was."""
    for one in reversed(amendments):
        if one.take == take.id and one.kind in ("grade", "accept", "pick"):
            return Grade.from_json(one.values["grade"]) if one.kind == "grade" else None
    return None


def _shot_from(take: Take, parent: Take | None) -> str | None:
    """The parent take that this one was really made from, by its bytes."""
    if parent is None:
        return None
    used = take.parts.get("inputs", {}).get("video", {}).get("sha256")
    return parent.slate if used == parent.sha256 else f"sha256:{used}"


def _shown(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return str(path.resolve())
