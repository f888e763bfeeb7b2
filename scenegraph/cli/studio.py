"""The command `studio`: the dailies as a live page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenegraph.cli.dailies import write_page
from scenegraph.cli.options import AsJson, Backend, ScenePath, Store
from scenegraph.cli.show import show_json
from scenegraph.errors import SceneError


def add_to(app: typer.Typer) -> None:
    app.command()(studio)


def studio(
    scene: ScenePath,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8323,
    backend: Annotated[
        Backend | None, typer.Option(help="Whose takes; the paid ones, if there are any.")
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Serve the dailies as a live page on a loopback port: it follows runs, picks and edits.

    Open it in a browser, then run, pick or edit in another terminal. Nothing is spent or changed.

    Example: `scenegraph studio scene.yaml`, or `scenegraph studio scene.yaml --port 9000`
    """
    import sys
    import tempfile

    from scenegraph.animatic import serve
    from scenegraph.report.studio import Studio, create_studio, signs_of
    from scenegraph.run import read_scene, store_of
    from scenegraph.settings import Settings

    loaded = read_scene(scene)  # what is wrong now is told now
    place = store_of(loaded, Settings(), store)
    watched = [scene, place / "ledger.db", place / "ledger.db-wal"]

    def told(url: str) -> None:
        if as_json:
            show_json({"url": url})
        else:
            sys.stderr.write(f"The studio is at {url}; Ctrl-C ends it.\n")
            sys.stderr.flush()

    with tempfile.TemporaryDirectory(prefix="scenegraph-") as folder:
        page = Studio(
            lambda file: write_page(scene, backend, store, file),
            lambda: signs_of(watched),
            Path(folder) / "page.html",
        )
        try:
            serve(create_studio(page, loaded.title), port, on_open=told, log_calls=False)
        except OSError as error:
            raise SceneError(
                f"Port {port} cannot be used: {error.strerror}.", next="Try another --port, or 0."
            ) from error
