"""Which take a hash stands for: the parents that a take was made from, found by their bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from scenegraph.ledger import Ledger, Take

PROVISIONAL = "provisional:"


def inputs_of(take: Take) -> Mapping[str, Mapping[str, Any]]:
    """What a take was made from, by role (`image`, `motion`, `video`): hashes and frames."""
    found: Mapping[str, Mapping[str, Any]] = take.parts.get("inputs", {})
    return found


def is_of_take(role: str, part: Mapping[str, Any]) -> bool:
    """Whether an input came out of another take: a tail, or a frame of it."""
    return role == "video" or "frame" in part


def parent_hashes(take: Take) -> Iterator[tuple[str, str]]:
    """Role and hash of each input that is another take's file."""
    for role, part in inputs_of(take).items():
        sha256 = str(part.get("sha256", ""))
        if is_of_take(role, part) and not sha256.startswith(PROVISIONAL):
            yield role, sha256


class Lineage:
    """The takes of a store by the hash of their file.

    Several takes may have the same bytes: one that was adopted under another shot's name has. The
    ones in `first` are preferred, then those of `scene`, then the oldest.
    """

    def __init__(self, ledger: Ledger, scene: str, first: Iterable[Take] = ()) -> None:
        self._ledger, self._scene = ledger, scene
        self._first = {take.id for take in first}
        self._known: dict[str, Take | None] = {}

    def take_of(self, sha256: str) -> Take | None:
        """The take whose file this is; None when the ledger has none."""
        if sha256 not in self._known:
            self._ask({sha256})
        return self._known[sha256]

    def parents(self, take: Take) -> dict[str, Take]:
        """By role, the takes that a take was made from, as far as the ledger has them."""
        found = {role: self.take_of(sha256) for role, sha256 in parent_hashes(take)}
        return {role: above for role, above in found.items() if above is not None}

    def above(self, takes: Iterable[Take]) -> tuple[Take, ...]:
        """These takes and all that they were made from, parents first."""
        order: dict[int, Take] = {}
        seen: set[int] = set()
        waiting = [(take, False) for take in takes][::-1]
        while waiting:
            take, is_ready = waiting.pop()
            if is_ready:
                order.setdefault(take.id, take)
            elif take.id not in seen:
                seen.add(take.id)
                waiting.append((take, True))
                waiting += [(parent, False) for parent in self.parents(take).values()]
        return tuple(order.values())

    def origin(self, take: Take) -> Take:
        """The take that was really asked for, when this one was adopted."""
        seen = set()
        while take.adopted_from is not None and take.id not in seen:
            seen.add(take.id)
            take = self._ledger.take(take.adopted_from)
        return take

    def _ask(self, hashes: Collection[str]) -> None:
        self._known |= dict.fromkeys(hashes)
        ranked = sorted(
            self._ledger.takes_of_bytes(hashes),
            key=lambda take: (take.id not in self._first, take.scene != self._scene, take.id),
        )
        for take in reversed(ranked):
            self._known[str(take.sha256)] = take
