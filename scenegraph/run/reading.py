"""A scene file as a plan needs it: a slip in the model's name is told with all the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scenegraph.catalog import UnknownFamily, load_catalog
from scenegraph.scene import Scene, load_scene
from scenegraph.settings import Settings


def read_scene(
    path: str | Path,
    *,
    settings: Settings | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Scene:
    """`load_scene`, with the catalog at hand when something is wrong.

    A scene whose model alone is wrong is read; its plan says so.

    Raises:
        SceneInvalid: with all problems of the file, in its order.
    """
    return load_scene(path, settings=settings, overrides=overrides, wrong_model=_wrong_model)


def _wrong_model(name: str) -> UnknownFamily | None:
    try:
        load_catalog().family(name)
    except UnknownFamily as error:
        return error
    return None
