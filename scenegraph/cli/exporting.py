"""`cut --export`: the edit list for an editor's program."""

from __future__ import annotations

from pathlib import Path

from scenegraph.cli.show import say, show_json
from scenegraph.cut.exports import Format
from scenegraph.ledger import Engine
from scenegraph.run.exporting import export_reel


def export(
    scene: Path,
    format: Format,
    *,
    out: Path | None,
    backend: Engine | None = None,
    store: str | None,
    edited: Path | None,
    as_json: bool,
) -> int:
    """Write the file and say what is in it."""
    exported = export_reel(scene, format, out=out, store=store, backend=backend, edited=edited)
    if as_json:
        show_json(exported.to_json())
        return 0
    film = exported.film
    seconds = float(film.frames / film.rate)
    for notice in exported.notices:
        say(notice, "yellow")
    say(f"{exported.file}: {len(film.edits)} events, {film.frames} frames, {seconds:.1f} s")
    return 0
