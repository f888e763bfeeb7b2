"""What a scene says of all its shots, said on each of them: so that scenes can be put together."""

from __future__ import annotations

from typing import Any

from scenegraph.scene.model import Scene
from scenegraph.scene.prompt import fixes_of


def kept_apart(one: Scene, other: Scene) -> tuple[Scene, Scene]:
    """Both scenes, without what they say of every shot where they say it differently.

    Each shot asks for what it asked before: a look or a fix of one film does not reach the other.
    """
    if one.fixes != other.fixes:
        one, other = _fixes_apart(one), _fixes_apart(other)
    if _everywhere(one) != _everywhere(other):
        one, other = _loras_apart(one), _loras_apart(other)
    return one, other


def _fixes_apart(scene: Scene) -> Scene:
    if not scene.fixes:
        return scene
    shots = [shot.model_copy(update={"fixes": fixes_of(scene, shot)}) for shot in scene.shots]
    return scene.model_copy(update={"fixes": (), "shots": tuple(shots)})


def _everywhere(scene: Scene) -> dict[str, Any]:
    return {name: lora for name, lora in scene.loras.items() if lora.everywhere}


def _loras_apart(scene: Scene) -> Scene:
    common = tuple(_everywhere(scene))
    if not common:
        return scene
    shots = [shot.model_copy(update={"loras": (*common, *shot.loras)}) for shot in scene.shots]
    loras = {
        name: lora.model_copy(update={"everywhere": False}) for name, lora in scene.loras.items()
    }
    return scene.model_copy(update={"loras": loras, "shots": tuple(shots)})
