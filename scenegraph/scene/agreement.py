"""Where two scenes are to be one film: what both say about the whole of it must be the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from scenegraph.errors import SceneError


class Agreement:
    """Settings of the whole film: what only one says is taken, what both say must be the same."""

    def __init__(self, one: str, other: str, settled: Collection[str]) -> None:
        self.titles, self.settled = (one, other), settled
        self.told: list[tuple[str, str]] = []

    def on(self, name: str, own: Mapping[str, Any], coming: Mapping[str, Any], at: str = "") -> Any:
        if name not in coming:
            return own[name]
        if name not in own or own[name] == coming[name]:
            return coming[name]
        mine, theirs = own[name], coming[name]
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            return {
                key: self.on(key, mine, theirs, f"{at}{name}.")
                for key in dict.fromkeys([*mine, *theirs])
            }
        first = (at or name).split(".", maxsplit=1)[0]
        if first not in self.settled:
            one, other = self.titles
            said = f"{_shown(mine)} in {one!r}, {_shown(theirs)} in {other!r}"
            self.told.append((first, f"{at}{name}: {said}"))
        return mine

    def inside(
        self, name: str, own: Mapping[str, Any], coming: Mapping[str, Any]
    ) -> dict[str, Any]:
        both: dict[str, Any] = self.on(
            name, {name: own.get(name, {})}, {name: coming.get(name, {})}
        )
        return both

    def or_tell(self) -> None:
        if self.told:
            fields = ", ".join(dict.fromkeys(f"{name}=…" for name, _ in self.told))
            raise SceneError(
                f"These scenes do not agree. {'; '.join(text for _, text in self.told)}.",
                next=f"Say which: `join(a, b, {fields})`, or change one of the scenes.",
            )


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)
