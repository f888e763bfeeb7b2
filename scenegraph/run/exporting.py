"""From circled takes, or a person's edit of them, to a file for an editor's program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenegraph.cut.exports import WRITERS, EditList, Format, Source, edit_list, media_address
from scenegraph.cut.exports.otio import as_written, opentimelineio
from scenegraph.errors import CutError, SceneError
from scenegraph.ledger import Engine, Ledger
from scenegraph.ledger.memory import Memory
from scenegraph.ledger.timeline import Timeline
from scenegraph.media.files import replacing
from scenegraph.plan import amended_graph
from scenegraph.run.edited import edited_timeline, read_edit
from scenegraph.run.project import name_in, open_scene, store_of
from scenegraph.run.reel import choose_timeline, reel_path
from scenegraph.scene import Scene
from scenegraph.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that was written, and the edit list in it."""

    file: Path
    format: Format
    film: EditList
    timeline: Timeline
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "export": self.format,
            "file": self.file.as_posix(),
            "events": len(self.film.edits),
            "frames": self.film.frames,
            "notices": list(self.notices),
            "timeline": self.timeline.to_json(),
        }


def export_reel(
    scene: Scene | str | Path,
    format: Format,
    *,
    out: str | Path | None = None,
    store: str | Path | None = None,
    backend: Engine | None = None,
    edited: str | Path | None = None,
    settings: Settings | None = None,
) -> Exported:
    """Write the cuts of a scene's circled takes for an editor's program. Cuts no reel.

    Args:
        out: the file; by default `NAME.reel` (`NAME.preview`) with the format's ending, beside
            the scene file. Its ending chooses the kind of chapters.
        backend: whose takes; the paid ones by default, if there are any.
        edited: an `.otio` file that is exported instead of the cuts that would be chosen.

    Raises:
        SceneError: a file name of another kind, a file that cannot be written, or one that a
            person has worked on; or the extra `[otio]` is missing.
        CutError: nothing is circled yet, or the edited file holds what a reel cannot show.
    """
    settings = settings or Settings()
    scene = open_scene(scene, settings)
    if format == "otio":
        opentimelineio()  # missed now, and not when all is read
    if out is not None:
        _must_end_right(Path(out), format)
    with Ledger.open(store_of(scene, settings, store), create=False) as ledger:
        memory = ledger.memory(name_in(ledger, scene))
        edit = read_edit(edited, memory) if edited is not None else None
        engine = backend or (edit.engine if edit else memory.leading_engine)
        memory = memory.for_engine(engine)
        graph = amended_graph(scene, memory)
        if edit is not None:
            timeline = edited_timeline(edit, scene, graph, memory, ledger)
        else:
            circled = {id: memory.circled(id) for id in graph.order}
            takes = {id: take for id, take in circled.items() if take is not None}
            if not takes:
                raise CutError(
                    "There is nothing to export: no shot has a circled take.",
                    next="`scenegraph run SCENE` shoots what is missing.",
                )
            timeline = choose_timeline(scene, graph, takes, ledger)
        file = Path(out) if out is not None else _usual_file(scene, engine, format)
        if edited is not None and file.resolve() == Path(edited).resolve():
            raise SceneError(
                f"The export would overwrite {edited}.", next="Name another file with --out."
            )
        sources = _sources(timeline, memory, ledger, file, scene)
    film = edit_list(timeline, sources, handles=scene.reel.handles)
    _write(file, WRITERS[format][file.suffix.lower()](film))
    return Exported(
        file=file,
        format=format,
        film=film,
        timeline=timeline,
        notices=(*_notices(film, timeline), *(edit.notices if edit else ())),
    )


def _usual_file(scene: Scene, engine: Engine, format: Format) -> Path:
    """Beside the reel, under its name."""
    ending = next(iter(WRITERS[format]))
    reel = reel_path(scene, engine)
    return reel.with_name(f"{reel.stem}{ending}")


def _must_end_right(out: Path, format: Format) -> None:
    endings = WRITERS[format]
    if out.suffix.lower() not in endings:
        raise SceneError(
            f"{out} does not end like a file of {format}.",
            next=f"It ends in {' or '.join(endings)}.",
        )
    if out.is_dir():
        raise SceneError(f"{out} is a folder.", next="Name a file with --out.")


def _sources(
    timeline: Timeline, memory: Memory, ledger: Ledger, file: Path, scene: Scene
) -> dict[str, Source]:
    by_slate = {take.slate: take for rows in memory.takes.values() for take in rows}
    beside, root = file.resolve().parent, scene.folder.resolve()
    return {
        event.take: Source(
            take=by_slate[event.take],
            media=media_address(event.clip.path.resolve(), beside, root),
            review=ledger.review_of(by_slate[event.take].id),
        )
        for event in timeline.events
    }


def _write(file: Path, text: str) -> None:
    """Write it whole; never over an `.otio` that somebody has worked on."""
    try:
        if file.suffix.lower() == ".otio" and file.exists():
            old = file.read_text(encoding="utf-8", errors="replace")
            if old.strip() and not as_written(old):
                raise SceneError(
                    f"{file} was changed since it was exported, and is kept as it is.",
                    next=f"Name another file with --out; `scenegraph cut SCENE --timeline {file}` "
                    "makes the reel of it.",
                )
        with replacing(file) as temp:
            temp.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SceneError(
            f"{file} cannot be written: {error.strerror or error}.", next="Name another file."
        ) from error


def _notices(film: EditList, timeline: Timeline) -> tuple[str, ...]:
    notices = []
    if timeline.left_out:
        notices.append(f"Without a place in the film: {', '.join(timeline.left_out)}.")
    short = film.short_handles()
    if short:
        notices.append(
            f"{len(short)} of {len(film.edits)} events have fewer than {film.handles} spare "
            "frames on a side of a cut (`reel.handles`)."
        )
    return tuple(notices)
