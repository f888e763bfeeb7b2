"""Adapter weights: named once for the scene, used by name, merged into one list for each shot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from scenegraph.scene.part import FilePath, Name, Number, Part, Words

if TYPE_CHECKING:
    from scenegraph.scene.model import Scene

LoraKind: TypeAlias = Literal["character", "style", "wardrobe", "object"]

#: Where stiffness and artefacts are rare and the adapter is seen (the project's craft reference).
ADVISED_SCALE = (0.4, 0.7)
#: Of a LoRA in the scene's list that names no scale.
DEFAULT_SCALE = 0.6

Scale = Annotated[Number, Field(ge=0, le=4)]


class Lora(Part):
    """Adapter weights where they are used. `path` is a URL or a hub repository; nothing local is
    read."""

    path: FilePath
    scale: Scale = 1.0
    weight_name: Words | None = None
    kind: LoraKind | None = Field(default=None, description="what it holds, for advice alone")


class LoraUse(Part):
    """A LoRA of the scene's list, at another scale here; 0 leaves it out."""

    name: Name
    scale: Scale | None = None


class SceneLora(Part):
    """Adapter weights with a name: `loras: {mara-face: {kind: character, path: …}}`."""

    kind: LoraKind
    path: FilePath
    scale: Scale = DEFAULT_SCALE
    weight_name: Words | None = None
    everywhere: bool = Field(default=False, description="on every shot: the look of a series")


def _form_of_lora(value: Any) -> str:
    if isinstance(value, str):
        return "as-text"
    is_use = isinstance(value, LoraUse) or (isinstance(value, dict) and "name" in value)
    return "lorause" if is_use and "path" not in _names(value) else "lora"


def _names(value: Any) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


LoraField: TypeAlias = Annotated[
    Annotated[Name, Tag("as-text")]
    | Annotated[LoraUse, Tag("lorause")]
    | Annotated[Lora, Tag("lora")],
    Discriminator(_form_of_lora),
]


@dataclass(frozen=True, slots=True)
class Worn:
    """One adapter that a shot is asked for with.

    Attributes:
        name: in the scene's list; None for one that was written out where it is used.
        at: where in the file its scale is said.
    """

    lora: Lora
    name: str | None
    kind: LoraKind | None
    at: tuple[str | int, ...]


def worn_in(
    scene: Scene,
    used: Iterable[str | LoraUse | Lora],
    at: tuple[str | int, ...],
    kind: LoraKind | None = None,
) -> Iterator[Worn]:
    """What a list of `loras` means.

    Args:
        at: where the list stands.
        kind: of those that do not say their own.
    """
    for n, one in enumerate(used):
        if isinstance(one, Lora):
            yield Worn(one, None, one.kind or kind, (*at, n))
            continue
        name = one if isinstance(one, str) else one.name
        meant = scene.loras[name]
        own = None if isinstance(one, str) else one.scale
        place = ("loras", name) if own is None else (*at, n)
        yield Worn(_as_used(meant, own), name, meant.kind, place)


def everywhere(scene: Scene) -> Iterator[Worn]:
    """The adapters of every shot."""
    for name, lora in scene.loras.items():
        if lora.everywhere:
            yield Worn(_as_used(lora, None), name, lora.kind, ("loras", name))


def _as_used(lora: SceneLora, scale: float | None) -> Lora:
    return Lora(
        path=lora.path,
        scale=lora.scale if scale is None else scale,
        weight_name=lora.weight_name,
        kind=lora.kind,
    )


def merged(found: Iterable[Worn]) -> tuple[Worn, ...]:
    """Each file once, where it was first named, at the scale that was said last.

    One that was named and is at 0 is left out.
    """
    by_file: dict[tuple[str, str | None], Worn] = {}
    for one in found:
        by_file[one.lora.path, one.lora.weight_name] = one
    return tuple(one for one in by_file.values() if one.lora.scale or one.name is None)
