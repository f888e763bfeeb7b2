"""Build a request by allow-list: what is not in the catalog cannot leave.

The service ignores unknown fields without a word and bills the rest, so a wrong name is refused
here, with the right one. Values off a grid are moved to it and the request's notes say so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from scenegraph.catalog.errors import FieldProblem, RequestInvalid
from scenegraph.catalog.values import Endpoint, Field, InputPath
from scenegraph.errors import did_you_mean
from scenegraph.units import snap_8k1

#: How far a number may be from the grid and still be on it: 0.15 / 0.05 is not 3 in binary.
GRID_TOLERANCE = 1e-6
#: Longest text that a problem quotes.
QUOTED = 60


@dataclass(frozen=True, slots=True)
class Request:
    """The body of one request, ready for `endpoint`, and what was changed to make it so."""

    endpoint: str
    params: dict[str, Any]
    notes: tuple[str, ...] = ()


def build_request(
    endpoint: Endpoint, values: Mapping[str, Any], *, awaiting: Collection[InputPath] = ()
) -> Request:
    """The request for `values`, checked against every range of the catalog.

    Sent are the values that are set, and the few fields that we always spell out (`send:` in the
    family's file) because they decide length, size, words or price. None means: not set.

    Args:
        values: field names to values; nested objects as mappings, lists of them as lists.
        awaiting: where the URL of a file will be put in later, such as `("video", "video_url")` or
            `("images", 0, "image_url")`. Such a field may be missing now; `with_urls` fills it.

    Raises:
        RequestInvalid: with every problem found.

    >>> from scenegraph.catalog import load_catalog
    >>> t2v = load_catalog().endpoint("ltxv-13b-098-distilled", "t2v")
    >>> request = build_request(t2v, {"prompt": "a street at night", "num_frames": 120, "seed": 7})
    >>> request.params["num_frames"], request.notes
    (121, ('num_frames: 120 is not of the form 8k+1; 121 is asked.',))
    """
    check = _Check()
    params = check.object("", endpoint.fields, endpoint.mistaken, values, frozenset(awaiting), ())
    if check.problems:
        raise RequestInvalid(endpoint.id, check.problems)
    return Request(endpoint.id, params, tuple(check.notes))


def with_urls(
    endpoint: Endpoint, params: Mapping[str, Any], urls: Mapping[InputPath, str]
) -> Request:
    """`params` with the URLs of its files put in their places, and checked as a whole again.

    Raises:
        RequestInvalid: a place does not exist at this endpoint, or something is still missing.
    """
    filled = _copied(params)
    for path, url in urls.items():
        spot: Any = filled
        for step, after in pairwise(path):
            if isinstance(step, int):
                while len(spot) <= step:
                    spot.append({})
                spot = spot[step]
            else:
                spot = spot.setdefault(step, [] if isinstance(after, int) else {})
        spot[path[-1]] = url
    return build_request(endpoint, filled)


def _copied(value: Any) -> Any:
    if isinstance(value, (str, int, float)):  # nearly all of them
        return value
    if isinstance(value, Mapping):
        return {name: _copied(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(one) for one in value]
    return value


class _Check:
    """One pass over a request that gathers every problem and every note."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []
        self.notes: list[str] = []

    def object(
        self,
        place: str,
        fields: Mapping[str, Field],
        mistaken: Mapping[str, str],
        values: Mapping[str, Any],
        awaiting: frozenset[InputPath],
        path: InputPath,
    ) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for name in values:
            if name not in fields:
                self._wrong_name(place, str(name), fields, mistaken)
        for name, field in fields.items():
            given = values.get(name)
            if given is None and field.send is None and not field.required and not awaiting:
                continue
            here, spot = f"{place}.{name}" if place else name, (*path, name)
            inside = awaiting and frozenset(one for one in awaiting if one[: len(spot)] == spot)
            if given is None and field.fields and inside:
                given = [] if field.type == "list" else {}
            if given is None:
                if field.send is not None:
                    built[name] = _copied(field.send)
                elif field.required and spot not in awaiting:
                    self._say(here, "required, and not set.")
                continue
            built[name] = self._value(here, field, given, inside, spot)
        return built

    def _value(
        self, here: str, field: Field, given: Any, awaiting: frozenset[InputPath], path: InputPath
    ) -> Any:
        match field.type:
            case "object":
                if not isinstance(given, Mapping):
                    return self._wrong_type(here, field, given)
                return self.object(here, field.fields, field.mistaken, given, awaiting, path)
            case "list":
                return self._list(here, field, given, awaiting, path)
            case "boolean":
                return given if isinstance(given, bool) else self._wrong_type(here, field, given)
            case "integer" | "number":
                return self._number(here, field, given)
            case "string" | "url":
                return self._text(here, field, given)

    def _list(
        self, here: str, field: Field, given: Any, awaiting: frozenset[InputPath], path: InputPath
    ) -> Any:
        if not isinstance(given, list | tuple):
            return self._wrong_type(here, field, given)
        entries: list[Any] = list(given)
        awaited = [one[len(path)] for one in awaiting if len(one) > len(path)]
        longest = max((at + 1 for at in awaited if isinstance(at, int)), default=0)
        entries += [{}] * (longest - len(entries))
        built = []
        for at, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                self._say(f"{here}[{at}]", f"must be an object, not {_quote(entry)}.")
                continue
            inner = frozenset(one for one in awaiting if one[: len(path) + 1] == (*path, at))
            place = f"{here}[{at}]"
            built.append(
                self.object(place, field.fields, field.mistaken, entry, inner, (*path, at))
            )
        return built

    def _text(self, here: str, field: Field, given: Any) -> Any:
        if not isinstance(given, str):
            return self._wrong_type(here, field, given)
        if field.choices and given not in field.choices:
            names = [str(choice) for choice in field.choices]
            self._say(
                here,
                f"must be one of {', '.join(names)}, not {_quote(given)}."
                f"{did_you_mean(given, names)}",
            )
        if field.required and not given.strip():
            self._say(here, "required, and empty.")
        if field.type == "url" and given.strip() and not _is_address(given):
            self._say(here, f"must be an http(s) or data: address, not {_quote(given)}.")
        return given

    def _number(self, here: str, field: Field, given: Any) -> Any:
        whole = field.type == "integer"
        if isinstance(given, bool) or not isinstance(given, int | float):
            return self._wrong_type(here, field, given)
        if isinstance(given, float) and (
            not math.isfinite(given) or (whole and not given.is_integer())
        ):
            return self._wrong_type(here, field, given)
        value: float = int(given) if whole else given
        if field.choices and value not in field.choices:
            names = ", ".join(str(choice) for choice in field.choices)
            self._say(here, f"must be one of {names}, not {value:g}.")
        if not _within(field, value):
            self._say(here, f"must be {_range(field)}, not {value:g}.")
            return value
        return self._on_grid(here, field, value)

    def _on_grid(self, here: str, field: Field, value: float) -> float:
        if field.snap == "8k+1":
            low = 9 if field.low is None else int(field.low)
            low += (1 - low) % 8
            high = 1441 if field.high is None else int(field.high)
            moved = snap_8k1(int(value), low, high)
            if moved != value:
                self.notes.append(f"{here}: {value:g} is not of the form 8k+1; {moved} is asked.")
            return moved
        if field.multiple_of is None:
            return value
        step = field.multiple_of
        nearest = math.floor(value / step + 0.5)
        while field.high is not None and nearest * step > field.high + GRID_TOLERANCE:
            nearest -= 1
        on_grid = int(nearest * step) if field.type == "integer" else round(nearest * step, 9)
        if abs(on_grid - value) <= GRID_TOLERANCE:
            return on_grid
        if field.snap == "multiple":
            self.notes.append(
                f"{here}: {value:g} is not a multiple of {step:g}; {on_grid:g} is asked."
            )
            return on_grid
        self._say(here, f"must be a multiple of {step:g}, not {value:g}.")
        return value

    def _wrong_name(
        self, place: str, name: str, fields: Mapping[str, Field], mistaken: Mapping[str, str]
    ) -> None:
        here = f"{place}.{name}" if place else name
        if name in mistaken:
            self._say(here, mistaken[name])
            return
        near = did_you_mean(name, fields)
        known = "" if near else f" It has {', '.join(fields)}."
        self._say(here, f"no such field here; it would be ignored and billed.{near}{known}")

    def _wrong_type(self, here: str, field: Field, given: Any) -> Any:
        article = {
            "string": "text",
            "url": "the address of a file",
            "integer": "a whole number",
            "number": "a number",
            "boolean": "true or false",
            "object": f"an object with {', '.join(field.fields)}",
            "list": f"a list of objects with {', '.join(field.fields)}",
        }[field.type]
        self._say(here, f"must be {article}, not {_quote(given)}.")
        return given

    def _say(self, here: str, message: str) -> None:
        self.problems.append(FieldProblem(here, message))


def _within(field: Field, value: float) -> bool:
    return (field.low is None or value >= field.low) and (field.high is None or value <= field.high)


def _range(field: Field) -> str:
    if field.low is not None and field.high is not None:
        return f"from {field.low:g} to {field.high:g}"
    return f"at least {field.low:g}" if field.low is not None else f"at most {field.high:g}"


def _is_address(text: str) -> bool:
    if text.startswith("data:"):
        return "," in text
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _quote(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
