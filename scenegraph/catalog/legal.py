"""Presets made legal: a preset is written once and used on endpoints that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenegraph.catalog.values import Endpoint, Field


def legal_parameters(
    endpoint: Endpoint, values: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`values` as far as this endpoint can take them, and a note for each change.

    Names that the endpoint lacks are dropped, numbers are moved into the range, and a choice that
    only a sibling has becomes what stands for it here. What is wrong in another way (a text for a
    number) is left as it is, for `build_request` to refuse. For presets alone: what a shot itself
    says should be refused, not bent.

    >>> from scenegraph.catalog import load_catalog
    >>> extend = load_catalog().endpoint("ltxv-13b-098-distilled", "extend")
    >>> legal_parameters(extend, {"first_pass_num_inference_steps": 16})[0]
    {'first_pass_num_inference_steps': 12}
    """
    legal: dict[str, Any] = {}
    notes: list[str] = []
    for name, value in values.items():
        field = endpoint.fields.get(name)
        if field is None:
            notes.append(f"{name}: {endpoint.id} has no such field; left out.")
            continue
        legal[name], note = _made_legal(field, value)
        if note:
            notes.append(note)
    return legal, tuple(notes)


def _made_legal(field: Field, value: Any) -> tuple[Any, str | None]:
    if isinstance(value, str) and value in field.stands_for:
        instead = field.stands_for[value]
        return instead, f"{field.name}: {value} does not exist here; {instead} is used."
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value, None
    clamped = value
    if field.low is not None and value < field.low:
        clamped = type(value)(field.low)
    if field.high is not None and value > field.high:
        clamped = type(value)(field.high)
    if clamped == value:
        return value, None
    return clamped, (
        f"{field.name}: {value:g} is outside {field.low:g}–{field.high:g}; {clamped:g} is used."
        if field.low is not None and field.high is not None
        else f"{field.name}: {value:g} is outside its range; {clamped:g} is used."
    )
