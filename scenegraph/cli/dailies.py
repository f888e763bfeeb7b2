"""The command `dailies`, and the page that a run ends with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenegraph.cli.options import AsJson, Backend, ScenePath, Store
from scenegraph.cli.show import cannot_write, near, say, show_json
from scenegraph.errors import SceneGraphError

if TYPE_CHECKING:
    from scenegraph.ledger import Engine as EngineName
    from scenegraph.report import Dailies
    from scenegraph.run import RunResult
    from scenegraph.scene import Scene


def add_to(app: typer.Typer) -> None:
    app.command()(dailies)


def dailies(
    scene: ScenePath,
    backend: Annotated[
        Backend | None, typer.Option(help="Whose takes; the paid ones, if there are any.")
    ] = None,
    store: Store = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page's file.")
    ] = None,
    link_media: Annotated[
        bool,
        typer.Option("--link-media", help="Link reel and takes instead of carrying small copies."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the report of a scene: one HTML file that needs no network.

    Before anything is shot it plays the stills, each for as long as its shot is planned.

    Example: `scenegraph dailies scene.yaml`, or `scenegraph dailies scene.yaml --link-media`
    """
    from contextlib import nullcontext

    from scenegraph.cli.live import doing
    from scenegraph.ledger import Ledger, is_there
    from scenegraph.report import write_dailies
    from scenegraph.run import plan as make_plan
    from scenegraph.run import remember, store_of
    from scenegraph.scene import load_scene
    from scenegraph.settings import Settings

    loaded = load_scene(scene)
    leading = remember(loaded, store=store).leading_engine
    made = make_plan(loaded, backend=backend.value if backend else leading, store=store)
    place = store_of(loaded, Settings(), store)
    # Before the first run the page is an animatic: stills and slates, each for as long as planned.
    opened = Ledger.open(place, create=False) if is_there(place) else nullcontext()
    with doing("writing the dailies"), opened as ledger:
        file = out or dailies_path(loaded, made.backend)
        try:
            page = write_dailies(loaded, made, ledger, file, link_media=link_media)
        except OSError as error:
            raise cannot_write(file, error) from error
    if as_json:
        show_json(page.to_json())
    else:
        say(f"{near(page.path)}: {page.bytes / 1e6:.1f} MB")


def page_of_run(
    scene: Scene, backend: Backend, store: str | None, result: RunResult
) -> Dailies | None:
    """The report; one that cannot be written does not undo a run."""
    from scenegraph.cli.live import doing
    from scenegraph.ledger import Ledger
    from scenegraph.report import write_dailies
    from scenegraph.run import plan as make_plan
    from scenegraph.run import store_of
    from scenegraph.settings import Settings

    made = make_plan(scene, backend=backend.value, store=store)
    try:
        place = store_of(scene, Settings(), store)
        with doing("writing the dailies"), Ledger.open(place, create=False) as ledger:
            return write_dailies(
                scene,
                made,
                ledger,
                dailies_path(scene, made.backend),
                run=result.to_json(),
            )
    except (SceneGraphError, OSError) as error:
        sys.stderr.write(f"The dailies could not be written: {error}\n")
        return None


def dailies_path(scene: Scene, engine: EngineName) -> Path:
    """Beside the scene file; a preview's page never takes the place of a paid one."""
    return scene.folder / f"{scene.name}.{'dailies' if engine == 'fal' else 'preview'}.html"
