"""Which shots a plan may touch, and which it must shoot again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scenegraph.errors import SceneError

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
        side_by_side: so many new takes of each, of which the best is circled.

    >>> Selection.of(only="mara-*").only
    ('mara-*',)
    """

    from_: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    force_down: tuple[str, ...] = ()
    side_by_side: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, side_by_side: Mapping[str, int] | None = None, **names: str | Iterable[str]
    ) -> Selection:
        """From single names or any iterables of them."""
        whole = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in names.items()}
        return cls(**whole, side_by_side=side_by_side or {})

    def on(self, graph: ShotGraph) -> Chosen:
        """The selection worked out on one scene.

        Raises:
            UnknownShot: a name that matches nothing.
            SceneError: less than one take of a shot is wanted.
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
        takes: dict[str, int] = {}
        for name, number in self.side_by_side.items():
            if number < 1:
                raise SceneError(f"{number} takes of {name!r} are none.", next="Ask for 1 or more.")
            takes |= dict.fromkeys(graph.select([name]), number)
        # What is forced is meant, whatever else was named; what is omitted never is.
        omitted = graph.select(self.omit)
        return Chosen(
            selected=(chosen | forced | down | takes.keys()) - omitted,
            asked=(named | forced | down | takes.keys()) - omitted,
            forced=(forced | down) - omitted,
            takes={id: number for id, number in takes.items() if id not in omitted},
            whole=not (self.only or self.from_ or self.until or self.omit),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selection on one scene.

    Attributes:
        selected: shots that may be shot.
        asked: shots that were named, so that a stale one among them is shot again.
        forced: shots that get a new take.
        takes: shots that get so many new takes side by side.
        whole: nothing was left out.
    """

    selected: frozenset[str]
    asked: frozenset[str]
    forced: frozenset[str]
    takes: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
