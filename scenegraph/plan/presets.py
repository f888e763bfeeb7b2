"""What a shot of each preset asks for and costs, on each model and of each kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scenegraph.catalog import (
    Catalog,
    Endpoint,
    Family,
    legal_parameters,
    length_for,
    new_frames_in,
    price_of,
)
from scenegraph.plan.asking import tail_of
from scenegraph.scene import (
    ExtendShot,
    ImageShot,
    MotionShot,
    Scene,
    Shot,
    TextShot,
    frame_rate,
    new_frames,
    shot_parameters,
)
from scenegraph.scene.presets import BUILT_IN, find_preset
from scenegraph.units import usd_text


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPrice:
    """One shot of one kind.

    Attributes:
        usd: of the request on the service; `known` is False where only an upper guess is known.
        num_frames: of the request; of an extend with its parent's tail. new_frames: without it.
        asked: the request's values, as this endpoint takes them.
        notes: what the preset says otherwise, and was bent.
    """

    kind: str
    usd: Decimal
    known: bool
    num_frames: int
    new_frames: int
    asked: Mapping[str, Any]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "usd": usd_text(self.usd),
            "known": self.known,
            "num_frames": self.num_frames,
            "new_frames": self.new_frames,
            "asked": dict(self.asked),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetPrice:
    """A preset on a model.

    Attributes:
        built_in: False for one of the scene's own.
        seconds: new picture of a shot that starts with it.
    """

    preset: str
    built_in: bool
    model: str
    frame_rate: int
    kinds: tuple[KindPrice, ...]

    @property
    def seconds(self) -> float:
        return self.kinds[0].new_frames / self.frame_rate

    def to_json(self) -> dict[str, Any]:
        return {
            "preset": self.preset,
            "built_in": self.built_in,
            "model": self.model,
            "frame_rate": self.frame_rate,
            "seconds": round(self.seconds, 3),
            "kinds": [kind.to_json() for kind in self.kinds],
        }


def price_presets(catalog: Catalog, scene: Scene | None = None) -> tuple[PresetPrice, ...]:
    """Every preset on every model; with a scene its own presets too, laid over its picture.

    Args:
        scene: prices are those of a shot of it with `preset: NAME` and nothing else of its own.

    Raises:
        UnknownFamily: the scene names a model that the catalog does not have.
    """
    base = scene or Scene(title="Any", shots=(TextShot(id="any", prompt="Any picture."),))
    own = base.presets
    names = list(catalog.families) if scene is None else [scene.model]
    families = [catalog.family(name) for name in names]
    return tuple(
        _price(base.model_copy(update={"model": family.name, **_NOBODY}), family, name, name in own)
        for family in families
        for name in {**BUILT_IN, **own}
    )


#: A preset's price is that of the preset alone.
_NOBODY: Mapping[str, Any] = {"characters": {}, "loras": {}}


def _price(scene: Scene, family: Family, preset: str, is_own: bool) -> PresetPrice:
    shots = {shot.kind: shot for shot in _one_of_each(preset)}
    kinds = tuple(
        _kind_price(scene, shots[kind], endpoint) for kind, endpoint in family.endpoints.items()
    )
    rate = frame_rate(scene, next(iter(shots.values())))
    return PresetPrice(
        preset=preset, built_in=not is_own, model=family.name, frame_rate=rate, kinds=kinds
    )


def _one_of_each(preset: str) -> Iterator[Shot]:
    yield TextShot(id="t", prompt="x", preset=preset)
    yield ImageShot(id="i", keyframe="x.x", prompt="x", preset=preset)
    yield ExtendShot(id="e", parent="i", preset=preset)
    yield MotionShot(id="m", keyframe="x.x", prompt="x", preset=preset)


def _kind_price(scene: Scene, shot: Shot, endpoint: Endpoint) -> KindPrice:
    asked, notes = legal_parameters(endpoint, shot_parameters(scene, shot))
    own = find_preset(shot.preset or "", scene.presets, scene.model) or {}
    notes = tuple(note for note in notes if note.partition(":")[0] in own)
    wanted, rate = new_frames(scene, shot), frame_rate(scene, shot)
    shown = tail_of(wanted, scene.tail_frames) if shot.tail_of is not None else 0
    if endpoint.length in endpoint.fields:
        asked[endpoint.length] = length_for(endpoint, wanted, shown=shown, rate=rate)
    fresh = new_frames_in(endpoint, asked, shown=shown, rate=rate)
    return KindPrice(
        kind=shot.kind,
        usd=price_of(endpoint, asked),
        known=endpoint.price.known,
        num_frames=fresh + (shown if endpoint.counts == "total" else 0),
        new_frames=fresh,
        asked=asked,
        notes=notes,
    )
