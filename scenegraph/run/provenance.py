"""Where every frame of a reel came from: take, request, seed, parameters, inputs, price, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenegraph.errors import LedgerError, SceneError
from scenegraph.ledger import Engine, Ledger, Memory, Take
from scenegraph.media.files import file_hash
from scenegraph.plan import hash_inputs
from scenegraph.run.history import moment
from scenegraph.run.lineage import Lineage, inputs_of, is_of_take
from scenegraph.run.project import name_in, open_scene, store_of
from scenegraph.scene import Scene
from scenegraph.settings import Settings
from scenegraph.units import usd_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelSpan:
    """Frames of the reel that one take fills; half-open: `start` is in, `stop` is out.

    Attributes:
        in_frame, out_frame: first and last frame of the take's own clip that plays.
    """

    start: int
    stop: int
    shot: str
    slate: str
    join: str
    in_frame: int
    out_frame: int

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start,
            "stop": self.stop,
            "shot": self.shot,
            "slate": self.slate,
            "join": self.join,
            "in_frame": self.in_frame,
            "out_frame": self.out_frame,
        }


def spans_of(timeline: Mapping[str, Any]) -> tuple[ReelSpan, ...]:
    """The spans of a kept edit list, in order: each frame of the reel is in exactly one.

    Args:
        timeline: as `Timeline.to_json` wrote it.

    Raises:
        LedgerError: they leave a gap, overlap, or do not end where the reel does.
    """
    spans = tuple(
        ReelSpan(
            start=event["reel_start"],
            stop=event["reel_start"] + event["reel_frames"],
            shot=event["shot"],
            slate=event["take"],
            join=event["join"],
            in_frame=event["in_frame"],
            out_frame=event["out_frame"],
        )
        for event in timeline["events"]
    )
    at = 0
    for span in spans:
        if span.start != at or span.stop <= span.start:
            raise LedgerError(
                f"The kept edit list does not cover its reel: after frame {at} comes "
                f"{span.shot}, from {span.start} to {span.stop}.",
                next="`scenegraph cut SCENE` cuts the reel again.",
            )
        at = span.stop
    if at != timeline["frames"]:
        raise LedgerError(
            f"The kept edit list ends at frame {at}; its reel has {timeline['frames']}.",
            next="`scenegraph cut SCENE` cuts the reel again.",
        )
    return spans


def pick_reel(
    reels: Sequence[Mapping[str, Any]], number: int | None, engine: Engine
) -> Mapping[str, Any]:
    """The recorded reel that is meant: of this number, else the last one of the engine.

    Raises:
        SceneError: there is none.
    """
    if number is not None:
        wanted = [reel for reel in reels if reel["id"] == number]
        if not wanted:
            known = ", ".join(str(reel["id"]) for reel in reels) or "none"
            raise SceneError(
                f"This scene has no reel {number}; it has {known}.",
                next="`scenegraph history SCENE` lists the reels.",
            )
        return wanted[0]
    found = [reel for reel in reels if reel["facts"].get("engine") in (None, engine)]
    if not found:
        raise SceneError(
            "No reel of this scene was cut yet.",
            next="`scenegraph run SCENE` makes one; `scenegraph cut SCENE` cuts what is circled.",
        )
    return found[-1]


def take_called(memory: Memory, slate: str) -> Take:
    """The scene's take of this slate.

    Raises:
        LedgerError: the ledger has none.
    """
    for rows in memory.takes.values():
        for take in rows:
            if take.slate == slate:
                return take
    raise LedgerError(
        f"The reel shows {slate}, and the ledger has no such take.",
        next="`scenegraph takes SCENE` lists the takes; `scenegraph cut SCENE` cuts again.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A reel, its spans, and every take that they were made from, parents first.

    Attributes:
        reel: {"reel", "path", "backend", "sha256", "on_disk", "frames", "rate", …}.
        takes: by slate, as JSON; also parents that do not play themselves.
    """

    scene: str
    title: str
    reel: Mapping[str, Any]
    spans: tuple[ReelSpan, ...]
    takes: Mapping[str, Mapping[str, Any]]
    timeline: Mapping[str, Any]

    @property
    def usd(self) -> Decimal:
        """What all these takes cost, each counted once."""
        return sum((Decimal(take["usd"]) for take in self.takes.values()), Decimal(0))

    def to_json(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "title": self.title,
            "reel": dict(self.reel),
            "usd": usd_text(self.usd),
            "spans": [self._span(span) for span in self.spans],
            "takes": {slate: dict(take) for slate, take in self.takes.items()},
            "timeline": dict(self.timeline),
        }

    def _span(self, span: ReelSpan) -> dict[str, Any]:
        take = self.takes[span.slate]
        short = ("request_id", "endpoint", "seed", "sha256", "usd")
        return {**span.to_json(), **{name: take[name] for name in short}}


def provenance(
    scene: Scene | str | Path,
    *,
    backend: Engine | None = None,
    reel: int | None = None,
    store: str | Path | None = None,
) -> Provenance:
    """Where every frame of a reel came from. Writes nothing, asks nobody.

    Args:
        backend: whose reel; the paid one by default, if anything paid is circled.
        reel: its number in the ledger; the last one by default.

    Raises:
        SceneError: there is no such reel.
        LedgerError: there is no ledger yet, or it does not fit together.
    """
    settings = Settings()
    scene = open_scene(scene, settings)
    with Ledger.open(store_of(scene, settings, store), create=False) as ledger:
        memory = ledger.memory(name_in(ledger, scene))
        row = pick_reel(ledger.reels(memory.scene), reel, backend or memory.leading_engine)
        spans = spans_of(row["timeline"])
        shown = [take_called(memory, span.slate) for span in spans]
        lineage = Lineage(ledger, memory.scene, first=shown)
        files = {sha256: path for path, sha256 in hash_inputs(scene).items()}
        takes = {
            take.slate: _take_json(take, lineage, files, scene.folder)
            for take in lineage.above(shown)
        }
        return Provenance(
            scene=memory.scene,
            title=str(row["timeline"].get("title") or scene.title),
            reel=reel_json(row, scene.folder),
            spans=spans,
            takes=takes,
            timeline=row["timeline"],
        )


def reel_json(row: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A recorded reel. `on_disk`: the hash of its file as it is now, null when it is gone."""
    path = folder / Path(row["path"])  # an absolute path stays itself
    size, _, rate = str(row["timeline"]["format"]).partition("@")
    recorded = row["facts"].get("sha256")
    on_disk = file_hash(path) if path.is_file() else None
    return {
        "reel": row["id"],
        "run": row["run"],
        "path": row["path"],
        "backend": row["facts"].get("engine"),
        "sha256": recorded,
        "on_disk": on_disk,
        "same": None if recorded is None or on_disk is None else recorded == on_disk,
        "frames": row["timeline"]["frames"],
        "size": size,
        "rate": rate,
        "made_at": moment(row["created_at"]),
    }


def _take_json(
    take: Take, lineage: Lineage, files: Mapping[str, Path], folder: Path
) -> dict[str, Any]:
    asked = lineage.origin(take)
    cost = asked.usd if asked.usd is not None else asked.usd_estimate
    return {
        "slate": take.slate,
        "engine": take.engine,
        "adopted_from": asked.slate if asked.id != take.id else None,
        "request_id": asked.request_id,
        "endpoint": take.endpoint,
        "catalog": take.parts.get("catalog"),
        "seed": take.seed,
        "params": dict(take.params),
        "inputs": _inputs_json(take, lineage, files, folder),
        "key": take.key,
        "usd": usd_text(cost if asked.billed else Decimal(0)),
        "verdict": take.verdict,
        "score": take.score,
        "media": take.media,
        "sha256": take.sha256,
        "frames": take.clip.frames if take.clip else None,
        "run": asked.run,
        "asked_at": moment(asked.submitted_at or asked.created_at),
        "answered_at": moment(asked.answered_at),
        "fetched_at": moment(asked.fetched_at),
    }


def _inputs_json(
    take: Take, lineage: Lineage, files: Mapping[str, Path], folder: Path
) -> list[dict[str, Any]]:
    """Each file that went in: its hash, and the take or the scene's own file that it is."""
    found = []
    for role, part in inputs_of(take).items():
        sha256 = str(part["sha256"])
        above = lineage.take_of(sha256) if is_of_take(role, part) else None
        file = files.get(sha256) if above is None else None
        found.append(
            {
                "role": role,
                **part,
                "take": above.slate if above is not None else None,
                "file": shown_in(file, folder) if file is not None else None,
            }
        )
    return found


def shown_in(path: Path, folder: Path) -> str:
    """Relative where it lies in the scene's folder."""
    whole, home = path.resolve(), folder.resolve()
    return (whole.relative_to(home) if whole.is_relative_to(home) else whole).as_posix()


def seconds(span: ReelSpan, rate: Any) -> tuple[float, float]:
    """When a span plays, in seconds of the reel.

    >>> span = ReelSpan(start=24, stop=36, shot="a", slate="s/a/t1", join="cut", in_frame=0,
    ...                 out_frame=11)
    >>> seconds(span, 24)
    (1.0, 1.5)
    """
    return float(span.start / rate), float(span.stop / rate)
