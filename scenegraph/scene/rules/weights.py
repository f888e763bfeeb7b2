"""Rules about LoRAs, steps and presets: what is turned, not what is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from scenegraph.errors import did_you_mean
from scenegraph.scene.loras import ADVISED_SCALE, Lora, LoraKind, LoraUse, Worn
from scenegraph.scene.model import Scene
from scenegraph.scene.prompt import worn_by
from scenegraph.scene.rules.seen import At, ModelFacts, Range, Seen

#: Steps of a pass on the distilled models, the fast pair included.
ADVISED_STEPS = (6, 12)
_STEPS = ("first_pass_num_inference_steps", "second_pass_num_inference_steps")


def _called(worn: Worn) -> str:
    return worn.name or worn.lora.path


def many_loras(scene: Scene) -> Iterator[Seen]:
    """More than one character and one style at a time fight over the same weights."""
    for shot in scene.shots:
        worn = worn_by(scene, shot)
        kinds = Counter(one.kind for one in worn if one.kind is not None)
        once: tuple[LoraKind, ...] = ("character", "style")
        double = next((kind for kind in once if kinds[kind] > 1), None)
        if double is None and len(worn) <= 2:
            continue
        names = ", ".join(_called(one) for one in worn if double in (None, one.kind))
        of = f"{kinds[double]} {double} LoRAs" if double else f"{len(worn)} LoRAs"
        at: At = ("shots", shot.id, "loras") if shot.loras else ("shots", shot.id)
        yield Seen(shot.id, f"Shot {shot.id!r} is shot with {of}: {names}.", at)


def lora_scale(scene: Scene) -> Iterator[Seen]:
    """Strong adapters make motion stiff and bring artefacts; weak ones cost memory and are not
    seen."""
    low, high = ADVISED_SCALE

    def told(scale: float | None, what: str, shot: str | None, at: At) -> Iterator[Seen]:
        if scale is not None and not low <= scale <= high:
            yield Seen(shot, f"{what} has the scale {scale:g}.", (*at, "scale"))

    for name, lora in scene.loras.items():
        yield from told(lora.scale, f"The LoRA {name!r}", None, ("loras", name))
    lists = [
        *((None, f"{who!r}", cast.loras, ("characters", who, "loras"))
          for who, cast in scene.characters.items()),
        *((shot.id, f"shot {shot.id!r}", shot.loras, ("shots", shot.id, "loras"))
          for shot in scene.shots),
    ]  # fmt: skip
    for shot_id, owner, used, place in lists:
        for n, one in enumerate(used):
            if isinstance(one, LoraUse):
                scale = one.scale or None  # 0 leaves it out
                yield from told(scale, f"The LoRA {one.name!r} of {owner}", shot_id, (*place, n))
            elif not isinstance(one, str):
                yield from told(one.scale, f"A LoRA of {owner}", shot_id, (*place, n))


def lora_left_out(scene: Scene) -> Iterator[Seen]:
    """A hop that lacks a LoRA of the shot before it is made by another model: face or style jump
    at the seam."""
    for shot in scene.shots:
        if shot.tail_of is None:
            continue
        parent = scene.shot(shot.tail_of)
        own = {(one.lora.path, one.lora.weight_name) for one in worn_by(scene, shot)}
        for one in worn_by(scene, parent):
            if (one.lora.path, one.lora.weight_name) not in own:
                lora = f"LoRA {_called(one)!r}"
                message = f"Shot {shot.id!r} goes on from {parent.id!r} without its {lora}."
                at: At = ("shots", shot.id, "loras") if shot.loras else ("shots", shot.id)
                yield Seen(shot.id, message, at)


_LOCAL = re.compile(r"^(?:[.~/\\]|[a-zA-Z]:[\\/]|file:)|\.(?:safetensors|pt|ckpt|bin)$")
_PAGE = re.compile(r"^https?://(?:www\.)?huggingface\.co/[^/]+/[^/]+(?:/(?:tree|blob)/.*)?/?$")


def lora_out_of_reach(scene: Scene) -> Iterator[Seen]:
    """The service fetches the weights itself. It sees no file of yours, and the page about a file
    is not the file."""

    def told(path: str, what: str, shot: str | None, at: At) -> Iterator[Seen]:
        if "://" not in path and _LOCAL.search(path):
            message = f"{what} is {path!r}, a file that only you can read."
            yield Seen(shot, message, (*at, "path"))
        elif _PAGE.match(path):
            message = f"{what} is {path!r}, the page of a repository."
            name = "/".join(path.split("/")[3:5])
            fix = f"Write `{name}` (with `weight_name`), or the address of the file itself."
            yield Seen(shot, message, (*at, "path"), fix)

    for name, lora in scene.loras.items():
        yield from told(lora.path, f"The LoRA {name!r}", None, ("loras", name))
    for who, cast in scene.characters.items():
        for n, one in enumerate(cast.loras):
            if isinstance(one, Lora):
                place: At = ("characters", who, "loras", n)
                yield from told(one.path, f"A LoRA of {who!r}", None, place)
    for shot in scene.shots:
        for n, one in enumerate(shot.loras):
            if isinstance(one, Lora):
                place = ("shots", shot.id, "loras", n)
                yield from told(one.path, f"A LoRA of shot {shot.id!r}", shot.id, place)


def odd_steps(scene: Scene) -> Iterator[Seen]:
    """A distilled model is balanced at 8 to 10 steps in the first pass and 8 to 12 in the second.
    Under 6 detail is missing; more than 12 the service refuses."""
    if "distilled" not in scene.model:
        return
    low, high = ADVISED_STEPS

    def told(values: Mapping[str, Any], what: str, shot: str | None, at: At) -> Iterator[Seen]:
        for field in _STEPS:
            steps = values.get(field)
            if isinstance(steps, int) and steps is not True and not low <= steps <= high:
                yield Seen(shot, f"{what} asks for {steps} steps (`{field}`).", (*at, field))

    for name, preset in scene.presets.items():  # what is over its range is told as bent
        few = {field: value for field, value in preset.items() if value in range(low)}
        yield from told(few, f"The preset {name!r}", None, ("presets", name))
    for shot in scene.shots:
        place = ("shots", shot.id, "parameters")
        yield from told(shot.parameters, f"Shot {shot.id!r}", shot.id, place)


def unknown_preset_field(scene: Scene, model: ModelFacts) -> Iterator[Seen]:
    """A field that no endpoint of the model has is left out of every request: most often a slip,
    and then the preset does nothing."""
    known = {*model.names(), "num_frames", "negative_prompt"}
    for name, preset in scene.presets.items():
        for field in preset.keys() - known:
            near = did_you_mean(field, known)
            message = f"`{field}` of preset {name!r} is no field of {model.name}.{near}"
            yield Seen(None, message, ("presets", name, field))


def preset_bent(scene: Scene, model: ModelFacts) -> Iterator[Seen]:
    """A preset is moved into the range of the endpoint it is used on; what is asked is then not
    what is written."""
    for name, preset in scene.presets.items():
        for field, value in preset.items():
            ranges = [fields[field] for fields in model.fields.values() if field in fields]
            if not ranges or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            low, high = _widest(ranges)
            if (low is not None and value < low) or (high is not None and value > high):
                moved = low if low is not None and value < low else high
                message = f"`{field}` of preset {name!r} is {value:g}; {moved:g} is asked instead."
                yield Seen(None, message, ("presets", name, field), f"Write {moved:g}.")


def _widest(ranges: list[Range]) -> Range:
    lows, highs = ([one[end] for one in ranges] for end in (0, 1))
    low = None if None in lows else min(value for value in lows if value is not None)
    high = None if None in highs else max(value for value in highs if value is not None)
    return low, high


def loras_not_taken(scene: Scene, model: ModelFacts) -> Iterator[Seen]:
    """An endpoint without `loras` makes the shot with the plain model."""
    for shot in scene.shots:
        if "loras" in model.fields.get(shot.kind, {"loras": ()}) or not worn_by(scene, shot):
            continue
        message = f"Shot {shot.id!r} ({shot.kind}) has LoRAs, which {model.name} does not take."
        at: At = ("shots", shot.id, "loras") if shot.loras else ("shots", shot.id)
        yield Seen(shot.id, message, at)
