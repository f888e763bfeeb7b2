"""Checking a body as the model's own schema would: unknown fields pass, wrong values do not.

This is the service's view; ours is stricter: `scenegraph.catalog` refuses an unknown field.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from scenegraph.animatic.answers import detail
from scenegraph.catalog import Endpoint, Field

Loc = tuple[str | int, ...]
GRID_TOLERANCE = 1e-6
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def read_body(endpoint: Endpoint, body: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The parameters with their defaults filled in, and what is wrong (empty when nothing is)."""
    if not isinstance(body, Mapping):
        return {}, [detail("dict_type", "Input should be a valid dictionary", input=body)]
    reader = _Reader()
    params = reader.object(endpoint.fields, body, ("body",))
    return params, reader.details


class _Reader:
    def __init__(self) -> None:
        self.details: list[dict[str, Any]] = []

    def object(
        self, fields: Mapping[str, Field], values: Mapping[str, Any], loc: Loc
    ) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, field in fields.items():
            here = (*loc, name)
            if name not in values or (values[name] is None and not field.required):
                if field.required:
                    self._wrong("missing", "Field required", here)
                elif field.default is not None:
                    read[name] = copy.deepcopy(field.default)
                continue
            read[name] = self._value(field, values[name], here)
        return read

    def _value(self, field: Field, value: Any, loc: Loc) -> Any:
        match field.type:
            case "object":
                if not isinstance(value, Mapping):
                    return self._wrong("dict_type", "Input should be an object", loc, value)
                return self.object(field.fields, value, loc)
            case "list":
                if not isinstance(value, list):
                    return self._wrong("list_type", "Input should be a valid list", loc, value)
                return [self._entry(field, one, (*loc, at)) for at, one in enumerate(value)]
            case "boolean":
                return self._boolean(value, loc)
            case "integer" | "number":
                return self._number(field, value, loc)
            case "string" | "url":
                if not isinstance(value, str):
                    return self._wrong("string_type", "Input should be a valid string", loc, value)
                return self._choice(field, value, loc)

    def _entry(self, field: Field, value: Any, loc: Loc) -> Any:
        if not isinstance(value, Mapping):
            return self._wrong("dict_type", "Input should be an object", loc, value)
        return self.object(field.fields, value, loc)

    def _boolean(self, value: Any, loc: Loc) -> Any:
        if isinstance(value, bool):
            return value
        if isinstance(value, int) and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and value.lower() in (*TRUE, *FALSE):
            return value.lower() in TRUE
        return self._wrong("bool_parsing", "Input should be a valid boolean", loc, value)

    def _number(self, field: Field, value: Any, loc: Loc) -> Any:
        whole = field.type == "integer"
        try:
            number = float(value) if not isinstance(value, bool) else None
        except (TypeError, ValueError, OverflowError):
            number = None
        # NaN and infinity are not whole and lie in no range.
        if number is None or number != number or (whole and not number.is_integer()):
            kind = "int_parsing" if whole else "float_parsing"
            article = "a valid integer" if whole else "a valid number"
            return self._wrong(kind, f"Input should be {article}", loc, value)
        read: float = int(value) if whole else number
        as_sent = int if whole else float
        if field.low is not None and read < field.low:
            text = f"Input should be greater than or equal to {field.low:g}"
            self._wrong("greater_than_equal", text, loc, value, ge=as_sent(field.low))
        if field.high is not None and read > field.high:
            text = f"Input should be less than or equal to {field.high:g}"
            self._wrong("less_than_equal", text, loc, value, le=as_sent(field.high))
        step = field.multiple_of
        if step and abs(read / step - round(read / step)) > GRID_TOLERANCE:
            text = f"Input should be a multiple of {step:g}"
            self._wrong("multiple_of", text, loc, value, multiple_of=step)
        return self._choice(field, read, loc)

    def _choice(self, field: Field, value: Any, loc: Loc) -> Any:
        if field.choices and value not in field.choices:
            names = ", ".join(str(choice) for choice in field.choices)
            text = f"Input should be one of: {names}"
            self._wrong("one_of", text, loc, value, expected=list(field.choices))
        return value

    def _wrong(self, type: str, message: str, loc: Loc, input: Any = None, **context: Any) -> Any:
        self.details.append(detail(type, message, loc, context=context, input=input))
        return input
