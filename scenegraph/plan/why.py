"""Why a shot is shot again: the fields that changed, in the words of the scene file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenegraph.plan.values import Change

#: How an input is called when its bytes have changed.
_INPUTS = {"image": "keyframe", "motion": "motion", "video": "parent take"}
#: A text longer than this is cut around the first letter that differs.
LONGEST = 160


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between the parts of two jobs, the most telling first.

    >>> changes({"params": {"prompt": "rain"}}, {"params": {"prompt": "snow"}})
    (Change(field='prompt', was='rain', now='snow'),)
    """
    return tuple(_differences(was, now))


def _differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _flat(was.get("params", {})), _flat(now.get("params", {}))
    names = [*new, *(name for name in old if name not in new)]
    for name in names:
        if name != "seed" and old.get(name) != new.get(name):
            yield _change(name, old.get(name), new.get(name))
    if was.get("seed_from") != now.get("seed_from"):
        yield Change("seed", _seed(was.get("seed_from")), _seed(now.get("seed_from")))
    before, after = was.get("inputs", {}), now.get("inputs", {})
    for role in _INPUTS:
        yield from _input(role, before.get(role), after.get(role))
    for name, label in (("endpoint", "endpoint"), ("catalog", "catalog version")):
        if was.get(name) != now.get(name):
            yield Change(label, was.get(name), now.get(name))
    if was.get("engine") != now.get("engine"):
        yield Change("engine", _engine(was.get("engine")), _engine(now.get("engine")))


def _input(
    role: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Iterator[Change]:
    # A picture out of another shot's take names the frame: then it is that take that changed.
    framed = role == "image" and "frame" in {**(was or {}), **(now or {})}
    label = "parent take" if framed else _INPUTS[role]
    before, after = _short(was), _short(now)
    if (was or {}).get("sha256") != (now or {}).get("sha256"):
        yield Change(label, before, after)
    if was is not None and now is not None:
        for name in ("tail_frames", "tail_end", "frame"):
            if was.get(name) != now.get(name):
                usual = "last" if name == "tail_end" else None
                yield Change(name, was.get(name, usual), now.get(name, usual))


def _short(part: Mapping[str, Any] | None) -> str | None:
    if part is None:
        return None
    sha = str(part["sha256"])
    return "not shot yet" if sha.startswith("provisional:") else sha[:4]


def _seed(origin: Mapping[str, Any] | None) -> str | None:
    if not origin:
        return None
    if "fixed" in origin:
        return str(origin["fixed"])
    return f"drawn from the scene's {origin.get('scene_seed')}"


def _engine(part: Mapping[str, Any] | None) -> str | None:
    if not part:
        return None
    drift = part.get("drift")
    return f"{part['name']}, drift {drift:g}" if drift else str(part["name"])


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values by dotted names; lists by their places.

    >>> _flat({"video": {"strength": 1}, "loras": [{"path": "x"}]})
    {'video.strength': 1, 'loras.0.path': 'x'}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        here = f"{before}{name}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{here}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for place, one in enumerate(value):
                flat |= _flat(one, f"{here}.{place}.")
        else:
            flat[here] = value
    return flat


def _change(name: str, was: Any, now: Any) -> Change:
    if isinstance(was, str) and isinstance(now, str) and max(len(was), len(now)) > LONGEST:
        return Change(name, *_around(was, now))
    return Change(name, was, now)


def _around(was: str, now: str) -> tuple[str, str]:
    same = next(
        (n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b),
        min(len(was), len(now)),
    )
    start = max(0, same - 40)

    def cut(text: str) -> str:
        piece = text[start : start + LONGEST]
        return f"{'…' if start else ''}{piece}{'…' if start + LONGEST < len(text) else ''}"

    return cut(was), cut(now)
