"""YAML text → plain data, and the line and column of everything in it.

YAML's old traps are closed here: `16:9` is the text, not a number in base 60; `no`, `on` and `off`
stay words; dates stay text; a key given twice is a problem; tags run nothing. The text is read as
a flat stream of events, never by recursion: libyaml's own composer crashes the process on deeply
nested input, and an alias that names aliases can ask for more memory than there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from scenegraph.errors import Place, Problem
from scenegraph.scene.syntax import syntax_problem

try:
    from yaml import CSafeLoader as EventSource
except ImportError:  # a PyYAML without libyaml: slower, the same events
    from yaml import SafeLoader as EventSource  # type: ignore[assignment]

MAX_DEPTH = 32  # a scene needs six
MAX_NODES = 1_000_000  # with aliases written out; ten thousand shots need a quarter of it

_INT = re.compile(r"[-+]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_MAY_BE_OTHER = frozenset("0123456789+-.~nNtTfF")
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB]\w\w)\\u([dD][c-fC-F]\w\w)")
_CORE = "tag:yaml.org,2002:"

#: Line and column of a key, line and column of its value (all from 0), then the places inside it,
#: or the raw text of a scalar that was read as something else than text.
Spot = tuple[int, int, int, int, Any]


def plain_value(text: str) -> Any:
    """What an unquoted word means: YAML 1.2's core schema, nothing else.

    >>> [plain_value(t) for t in ("16:9", "no", "on", "007", "1e3", "true", "~", "2026-01-01")]
    ['16:9', 'no', 'on', 7, 1000.0, True, None, '2026-01-01']
    """
    if text and text[0] not in _MAY_BE_OTHER:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if len(text) <= 40 and _FLOAT.match(text):
        number = float(text)
        return text if number in (float("inf"), float("-inf")) else number  # 1e999 is no number
    return text


@dataclass(slots=True)
class Reading:
    """One file, read: its data, its places, and what is wrong with it as YAML.

    `root` is the data, or None when the text could not be read as YAML at all.
    """

    file: str
    root: Any = None
    spots: Any = None
    problems: list[Problem] = field(default_factory=list)
    #: What an option laid over the file: the option as a place, and the spots inside its value.
    given: dict[tuple[str | int, ...], tuple[Place, Any]] = field(default_factory=dict)

    def place(self, *loc: str | int, key: bool = False) -> Place:
        """The place of a field, or of the nearest thing around it that the file has.

        Args:
            loc: keys and indices from the top: `"shots", "mara-turns", "keyframe"`.
            key: the place of the key instead of its value's.
        """
        for end in range(len(loc), 0, -1):
            if loc[:end] in self.given:
                return self.given[loc[:end]][0]
        line = column = 0
        spots = self.spots
        for depth, part in enumerate(loc):
            spot = _inside(spots, part)
            if spot is None:
                break
            last = depth == len(loc) - 1
            line, column = spot[:2] if key or not last or spot[4] == "" else spot[2:4]
            spots = spot[4]
        return Place(self.file, line + 1, column + 1)

    def raw_text(self, *loc: str | int) -> str | None:
        """The text of an unquoted number or true/false as it was written, else None."""
        spots = self.spots
        for depth, part in enumerate(loc):
            if loc[: depth + 1] in self.given:
                spots = self.given[loc[: depth + 1]][1]
                continue
            spot = _inside(spots, part)
            if spot is None:
                return None
            spots = spot[4]
        return spots if isinstance(spots, str) and spots else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Reading, (self.file, None, self.spots, [], self.given)


def _inside(spots: Any, part: str | int) -> Spot | None:
    if isinstance(spots, dict):
        return spots.get(part)
    if isinstance(spots, list) and isinstance(part, int) and 0 <= part < len(spots):
        spot: Spot = spots[part]
        return spot
    return None


class _Stop(Exception):
    """Reading on makes no sense; the problem is already noted."""


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is still being read."""

    is_map: bool
    spots: Any
    data: Any
    mark: Any
    anchor: str | None
    before: int
    flow_prose: bool = False
    key: str | None = None
    key_event: Any = None
    last: str | None = None
    merges: list[tuple[Any, Any]] = field(default_factory=list)


def read_yaml(text: str, file: str, *, prose: frozenset[str] = frozenset()) -> Reading:
    """Read one YAML (or JSON) document. Problems are collected in the answer, never raised.

    Args:
        text: the whole file.
        file: its name, for places.
        prose: keys whose inline mappings hold sentences: in `{lighting: cold, high contrast}` the
            words after a comma that name no key belong to the sentence before it.
    """
    reading = Reading(file)
    if text.lstrip()[:1] == "{":
        text = _SURROGATES.sub(_joined, text)  # JSON writes 𝄞 as two halves; YAML does not
    try:
        _Reader(reading, text, prose).read()
    except _Stop:
        reading.root = None
    except yaml.MarkedYAMLError as error:
        reading.root = None
        reading.problems.append(syntax_problem(reading.file, error, text))
    except yaml.reader.ReaderError as error:
        reading.root = None
        line = text.count("\n", 0, error.position)
        column = error.position - (text.rfind("\n", 0, error.position) + 1)
        reading.problems.append(
            Problem(
                f"There is a character here that no text has (U+{_code(error):04X}).",
                Place(file, line + 1, column + 1),
                "Save the file as plain UTF-8 text.",
                "syntax",
            )
        )
    return reading


def _code(error: yaml.reader.ReaderError) -> int:
    character: Any = error.character
    return character if isinstance(character, int) else ord(character)


def _joined(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


class _Reader:
    """The walk over the events, with an own stack."""

    def __init__(self, reading: Reading, text: str, prose: frozenset[str]) -> None:
        self.reading, self.text, self.prose = reading, text, prose
        self.top = self.bottom = _Open(False, [], [], None, None, 0)
        self.under: list[_Open] = []
        self.anchors: dict[str, tuple[Any, Any, int]] = {}
        self.nodes = 0
        self.documents = 0

    def problem(self, mark: Any, message: str, expected: str = "", kind: str = "syntax") -> None:
        place = Place(self.reading.file, mark.line + 1, mark.column + 1)
        self.reading.problems.append(Problem(message, place, expected, kind))

    def read(self) -> None:
        source = EventSource(self.text)
        try:
            self.walk(source.get_event)
        finally:
            source.dispose()
        if self.bottom.data:
            self.reading.root, self.reading.spots = self.bottom.data[0], self.bottom.spots[0][4]

    def walk(self, next_event: Callable[[], Any]) -> None:
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self.scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.start(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.end()
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is DocumentStartEvent:
                self.documents += 1
                if self.documents > 1:
                    self.problem(
                        event.start_mark,
                        "A second document starts here (`---`); a scene file holds one scene.",
                        "Put each scene in a file of its own.",
                    )
                    raise _Stop
            elif kind is StreamEndEvent:
                return

    def scalar(self, event: Any) -> None:
        text: str = event.value
        top = self.top
        if top.is_map and top.key is None:
            top.key, top.key_event = text, event
            return
        value: Any = text
        raw: str | None = None
        if not event.style and event.tag is None:
            value = plain_value(text)
            if value is not text:
                raw = text
                if top.flow_prose and not text and self.goes_on(top, event.start_mark):
                    return
        elif event.tag is not None and event.tag != "!":
            value = self.tagged(event)
        self.nodes += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, raw, 1)
        self.put(value, raw, event.start_mark)

    def tagged(self, event: Any) -> Any:
        tag = str(event.tag)
        if tag == _CORE + "str":
            return event.value
        if tag in (_CORE + "int", _CORE + "float", _CORE + "bool", _CORE + "null"):
            return plain_value(event.value)
        shown = tag.replace(_CORE, "!!")
        self.problem(
            event.start_mark, f"The tag {shown!r} is not used in scene files.", "Leave it out."
        )
        raise _Stop

    def goes_on(self, top: _Open, mark: Any) -> bool:
        """`{lighting: cold, high contrast}`: the words belong to the sentence before the comma."""
        if top.last is None or ":" in self.text[top.key_event.end_mark.index : mark.index]:
            return False
        before = top.data[top.last]
        if not isinstance(before, str):
            return False
        top.data[top.last] = f"{before}, {top.key}"
        top.key = None
        return True

    def start(self, event: Any, is_map: bool) -> None:
        mark, top = event.start_mark, self.top
        if len(self.under) >= MAX_DEPTH:
            self.problem(mark, f"This is nested more than {MAX_DEPTH} deep; a scene needs six.")
            raise _Stop
        if top.is_map and top.key is None:
            self.problem(mark, "A key is a word, not a list or a mapping.", "Check the line.")
            raise _Stop
        if event.tag is not None and event.tag not in ("!", _CORE + "map", _CORE + "seq"):
            self.tagged(event)
        self.nodes += 1
        self.under.append(top)
        self.top = _Open(
            is_map,
            {} if is_map else [],
            {} if is_map else [],
            mark,
            event.anchor,
            self.nodes,
            flow_prose=is_map and event.flow_style and top.key in self.prose,
        )

    def end(self) -> None:
        done, self.top = self.top, self.under.pop()
        for data, spots in done.merges:  # `<<`: what is written here wins over what is merged
            for key, value in data.items():
                if key not in done.data:
                    done.data[key], done.spots[key] = value, spots[key]
        if done.anchor is not None:
            size = self.nodes - done.before + 1
            self.anchors[done.anchor] = (done.data, done.spots, size)
        self.put(done.data, done.spots, done.mark)

    def alias(self, event: Any) -> None:
        found = self.anchors.get(event.anchor)
        if found is None or (self.top.is_map and self.top.key is None):
            message = f"`*{event.anchor}` names an anchor that was not set before it."
            self.problem(event.start_mark, message, f"Set it with `&{event.anchor}` first.")
            raise _Stop
        data, spots, size = found
        self.nodes += size
        self.bound(event.start_mark)
        self.put(_copy(data), spots, event.start_mark)

    def bound(self, mark: Any) -> None:
        if self.nodes > MAX_NODES:
            self.problem(
                mark,
                f"With its aliases written out this file has more than {MAX_NODES:,} values.",
                "Use fewer aliases (`*name`), or none inside one another.",
                "too-large",
            )
            raise _Stop

    def put(self, value: Any, inside: Any, mark: Any) -> None:
        """A value is complete: hand it to what it lies in."""
        if self.nodes > MAX_NODES:
            self.bound(mark)
        top = self.top
        line, column = mark.line, mark.column
        if not top.is_map:
            top.data.append(value)
            top.spots.append((line, column, line, column, inside))
            return
        key, key_mark = top.key, top.key_event.start_mark
        assert key is not None
        top.key = None
        if key in top.data:
            first = top.spots[key][0] + 1
            self.problem(
                key_mark,
                f"{key!r} is given twice here; the first is on line {first}.",
                "Keep one of them.",
                "given-twice",
            )
            return
        if key == "<<" and self.merge(top, value, inside):
            return
        top.data[key] = value
        top.spots[key] = (key_mark.line, key_mark.column, line, column, inside)
        top.last = key

    def merge(self, top: _Open, value: Any, inside: Any) -> bool:
        if isinstance(value, dict):
            top.merges.append((value, inside))
            return True
        if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            top.merges += [(part, spot[4]) for part, spot in zip(value, inside, strict=True)]
            return True
        return False


def _copy(value: Any) -> Any:
    """Containers anew, so that changing one use of an alias leaves the others alone."""
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value
