"""A scene → a clean file that a person would have written, and that loads back equal."""

from __future__ import annotations

import json
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from scenegraph.scene.model import Picture, Scene
from scenegraph.scene.places import plain_value
from scenegraph.scene.presets import DEFAULT_PICTURE, find_preset
from scenegraph.scene.schema import SCHEMA_FILE, json_schema
from scenegraph.scene.shots import ShotBase
from scenegraph.units import usd_text

_SHOT_ORDER = ("kind", "parent", "keyframe", "motion", "hops", "seconds", "frames", "prompt")
#: Short mappings and lists that read better on one line.
_INLINE = frozenset(
    {"picture", "keyframes", "order", "on_drift", "allow", "animatic", "budgets", "fixes"}
)


def scene_data(scene: Scene) -> dict[str, Any]:
    """The scene as plain data of the file format, without what is as by default."""
    data: dict[str, Any] = {"scenegraph": scene.scenegraph, "title": scene.title}
    dumped = scene.model_dump(exclude_defaults=True, by_alias=True)
    for name in type(scene).model_fields:
        if name in ("scenegraph", "title", "picture", "shots"):
            continue
        if name in ("model", "preset"):
            data[name] = getattr(scene, name)
        elif name in dumped:
            data[name] = dumped[name]
        if name == "seed":
            picture = _picture(scene)
            if picture:
                data["picture"] = picture
    if scene.budget_usd is not None:
        data["budget_usd"] = scene.budget_usd
    data["shots"] = {shot.id: _shot_data(shot) for shot in scene.shots}
    last = {name: data.pop(name) for name in ("drift", "reel", "animatic") if name in data}
    plain: dict[str, Any] = _plain({**data, **last})
    return plain


def _picture(scene: Scene) -> dict[str, Any]:
    """Only what the preset does not already say."""
    preset = find_preset(scene.preset, scene.presets, scene.model) or {}
    return {
        name: getattr(scene.picture, name)
        for name in Picture.model_fields
        if getattr(scene.picture, name) != preset.get(name, DEFAULT_PICTURE[name])
    }


def _shot_data(shot: ShotBase) -> dict[str, Any]:
    data = shot.model_dump(exclude_defaults=True, exclude={"id"}, by_alias=True)
    data["kind"] = shot.kind
    first = {name: data.pop(name) for name in _SHOT_ORDER if name in data}
    return {**first, **data}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


class _Inline(dict[str, Any]):
    """A mapping written on one line."""


class _InlineList(list[Any]):
    """A list written on one line."""


class _Writer(yaml.SafeDumper):
    """Writes text so that this reader and any other YAML reader see the same text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's own signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        # Lists lie deeper than their key, as most editors write them.
        return super().increase_indent(flow, False)


def _text(writer: _Writer, value: str) -> yaml.Node:
    # Wrapped lines would lose a run of blanks; a word that we read as a number needs quotes.
    other = plain_value(value) is not value and plain_value(value) != value
    style = (
        '"' if other or value == "<<" or _BREAKS & set(value) else "|" if _is_block(value) else None
    )
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


#: Line ends of other systems: any style but double quotes would turn them into `\\n`.
_BREAKS = frozenset("\r\x85\u2028\u2029")


def _is_block(value: str) -> bool:
    return "\n" in value.strip("\n") and "\t" not in value


def _float(writer: _Writer, value: float) -> yaml.Node:
    text = repr(value)
    if "e" in text and "." not in text.partition("e")[0]:
        text = text.replace("e", ".0e")  # YAML 1.1 readers want the point
    return writer.represent_scalar("tag:yaml.org,2002:float", text)


def _amount(writer: _Writer, value: Decimal) -> yaml.Node:
    text = usd_text(value)
    text = text if "." in text else f"{text}.00"
    return writer.represent_scalar("tag:yaml.org,2002:float", text)


_Writer.add_representer(str, _text)
_Writer.add_representer(float, _float)
_Writer.add_representer(Decimal, _amount)
_Writer.add_representer(
    _Inline,
    lambda w, v: w.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True),
)
_Writer.add_representer(
    _InlineList, lambda w, v: w.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True)
)


def _styled(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        styled = {key: _styled(part, key) for key, part in value.items()}
        short = name in _INLINE and len(str(value)) <= 80 and _is_flat(value)
        return _Inline(styled) if short or not value else styled
    if isinstance(value, list):
        short = name in _INLINE or not value
        items = [_styled(part) for part in value]
        return _InlineList(items) if short and _is_flat(dict(enumerate(value))) else items
    return value


def _is_flat(value: dict[Any, Any]) -> bool:
    return not any(isinstance(part, (dict, list)) for part in value.values())


def scene_text(scene: Scene, *, schema: str) -> str:
    """The whole file. Its first line names the schema, so that editors complete it."""
    body = yaml.dump(
        _styled(scene_data(scene)),
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
    return f"# yaml-language-server: $schema={schema}\n{body}"


def save_scene(scene: Scene, path: str | Path, *, schema: str | None = None) -> Path:
    """Write a scene file, whole or not at all. The scene itself stays as it is.

    Args:
        path: written anew when it is there.
        schema: what the first line names; by default the nearest `scene.schema.json` in the
            file's folder or up to three above it, else one is written to `.scenegraph/` there.

    Returns:
        The path, absolute.
    """
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    text = scene_text(scene, schema=schema or _schema_near(path.parent))
    write_whole(path, text)
    return path


def _schema_near(folder: Path) -> str:
    for depth, place in enumerate([folder, *folder.parents][:4]):
        if (place / SCHEMA_FILE).is_file():
            return "./" + "../" * depth + SCHEMA_FILE if depth == 0 else "../" * depth + SCHEMA_FILE
    own = folder / ".scenegraph" / SCHEMA_FILE
    own.parent.mkdir(exist_ok=True)
    write_whole(own, json.dumps(json_schema(), indent=1) + "\n")
    return f"./.scenegraph/{SCHEMA_FILE}"


def write_whole(path: Path, text: str) -> None:
    """Write beside the place, then rename: a reader sees the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
