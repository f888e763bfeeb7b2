"""Which shots a plan may touch, and which it must shoot again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.scene import ShotGraph


@dataclass(frozen=True, slots=True)
class Selection:
    """What the caller named: shot ids, ids of shots with hops, or globs.

    Attributes:
        from_: these and all that hangs on them.
        until: these and all that they hang on.
        only: exactly these.
        omit: never these.
        force: a new take of each, whatever is circled; their children stay as they are.
        force_down: a new take of each and of all that hangs on them.

    >>> Selection.of(only="mara-*").only
    ('mara-*',)
    """

    from_: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    force_down: tuple[str, ...] = ()

    @classmethod
    def of(cls, **names: str | Iterable[str]) -> Selection:
        """From single names or any iterables of them."""
        whole = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in names.items()}
        return cls(**whole)

    def on(self, graph: ShotGraph) -> Chosen:
        """The selection worked out on one scene.

        Raises:
            UnknownShot: a name that matches nothing.
        """
        everything = frozenset(graph.shots)
        forced = graph.select(self.force)
        down = graph.select(self.force_down)
        down |= graph.descendants(down)
        from_ = graph.select(self.from_)
        from_ |= graph.descendants(from_)
        only = graph.select(self.only)
        named = from_ | only
        chosen = everything
        if self.only or self.from_:
            chosen = named
        if self.until:
            until = graph.select(self.until)
            chosen &= until | graph.ancestors(until)
        # What is forced is meant, whatever else was named; what is omitted never is.
        omitted = graph.select(self.omit)
        return Chosen(
            selected=(chosen | forced | down) - omitted,
            asked=(named | forced | down) - omitted,
            forced=(forced | down) - omitted,
            whole=not (self.only or self.from_ or self.until or self.omit),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selection on one scene.

    Attributes:
        selected: shots that may be shot.
        asked: shots that were named, so that a stale one among them is shot again.
        forced: shots that get a new take.
        whole: nothing was left out.
    """

    selected: frozenset[str]
    asked: frozenset[str]
    forced: frozenset[str]
    whole: bool = True
