"""The names under `drift.budgets`. What a review measures is known here too, so that a slip is
told with the file's other mistakes, and not by the review of a take that was paid for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from scenegraph.errors import Place, Problem, did_you_mean

if TYPE_CHECKING:
    from scenegraph.scene.model import Scene

#: Held against the keyframe and added up along a chain as well.
_LOOK = (
    "saturation", "hue", "cast", "contrast", "brightness", "blur", "oversharpening",
)  # fmt: skip

#: What may be given a budget; `review` has the same names, with the figures.
MEASURED = (
    *_LOOK,
    *("wardrobe", "flicker", "zoom_jump", "shake", "freeze", "cut", "scene", "identity"),
    *(f"{name}_vs_keyframe" for name in (*_LOOK, "wardrobe")),
    *(f"{name}_along_chain" for name in _LOOK),
)


def check_budgets(scene: Scene, where: Callable[..., Place]) -> Iterator[Problem]:
    """Budgets of measures that there are not, of the scene and of its shots."""
    said: list[tuple[tuple[str, ...], Mapping[str, float]]] = [(("drift",), scene.drift.budgets)]
    said += [
        (("shots", shot.id, "drift"), shot.drift.budgets)
        for shot in scene.shots
        if shot.drift is not None
    ]
    for at, budgets in said:
        for name in budgets:
            if name not in MEASURED:
                message = f"There is no measure {name!r}.{did_you_mean(name, MEASURED)}"
                there = f"There are: {', '.join(MEASURED)}."
                yield Problem(message, where(*at, "budgets", name), there, "unknown-measure")
