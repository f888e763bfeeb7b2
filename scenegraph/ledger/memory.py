"""What the ledger knows of one scene at one moment: what planning reads instead of a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from scenegraph.ledger.takes import OPEN, Amendment, Engine, State, Take

#: Which of several takes of one key is given: the approved one first. A rejected take is not given.
_RANK = {State.CIRCLED: 0, State.REVIEWED: 1, State.FETCHED: 2}


@dataclass(frozen=True)
class Memory:
    """An immutable snapshot of one scene's takes and amendments.

    Attributes:
        takes: by shot, in number order. Also of shots that the scene no longer has.
        elsewhere: for each key that another scene of the store has media of, how to read it.
        out: for each key that another scene has asked for, paid and not here yet, how to read it.
        kept: the same for each take that is circled in another scene, by shot id and setup.
    """

    scene: str
    takes: Mapping[str, tuple[Take, ...]] = field(default_factory=dict)
    amendments: tuple[Amendment, ...] = ()
    elsewhere: Mapping[str, Callable[[], Take]] = field(
        default_factory=dict, repr=False, compare=False
    )
    out: Mapping[str, Callable[[], Take]] = field(default_factory=dict, repr=False, compare=False)
    #: The newest take of the whole store, by its number there.
    last: int | None = field(default=None, compare=False)
    kept: Mapping[tuple[str, str], Callable[[], Take]] = field(
        default_factory=dict, repr=False, compare=False
    )
    #: The highest take number of each shot, of whatever engine.
    numbers: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)
    _circled: Mapping[str, Take] = field(init=False, repr=False, compare=False)
    _keys: Mapping[str, Take] = field(init=False, repr=False, compare=False)
    _open: Mapping[str, Take] = field(init=False, repr=False, compare=False)
    _amended: Mapping[str, tuple[Amendment, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.numbers:
            numbers = {shot: rows[-1].number for shot, rows in self.takes.items() if rows}
            object.__setattr__(self, "numbers", numbers)
        circled: dict[str, Take] = {}
        keys: dict[str, Take] = {}
        open_: dict[str, Take] = {}
        for shot, rows in self.takes.items():
            for take in rows:
                state = take.state
                if state is State.CIRCLED and (shot not in circled or take.engine == "fal"):
                    circled[shot] = take
                if take.billed and state in OPEN:
                    open_[take.key] = take
                if state in _RANK:
                    other = keys.get(take.key)
                    if other is None or _RANK[state] < _RANK[other.state]:
                        keys[take.key] = take
        amended: dict[str, tuple[Amendment, ...]] = {}
        for amendment in self.amendments:
            amended[amendment.shot] = (*amended.get(amendment.shot, ()), amendment)
        object.__setattr__(self, "_circled", circled)
        object.__setattr__(self, "_keys", keys)
        object.__setattr__(self, "_open", open_)
        object.__setattr__(self, "_amended", amended)

    @classmethod
    def of(
        cls,
        scene: str,
        takes: Iterable[Take] = (),
        amendments: Iterable[Amendment] = (),
        elsewhere: Mapping[str, Callable[[], Take]] | None = None,
    ) -> Memory:
        """A memory of these takes, in any order."""
        by_shot: dict[str, list[Take]] = {}
        for take in sorted(takes, key=lambda take: (take.shot, take.number)):
            by_shot.setdefault(take.shot, []).append(take)
        return cls(
            scene, {k: tuple(v) for k, v in by_shot.items()}, tuple(amendments), elsewhere or {}
        )

    def with_shot(
        self, shot: str, takes: tuple[Take, ...], amendments: tuple[Amendment, ...]
    ) -> Memory:
        """The same memory, knowing of one shot what is given here: takes in number order."""
        others = (one for one in self.amendments if one.shot != shot)
        return replace(
            self,
            takes={**self.takes, shot: takes},
            amendments=(*others, *amendments),
            numbers={**self.numbers, shot: takes[-1].number if takes else 0},
        )

    def for_engine(self, engine: Engine) -> Memory:
        """The takes of one engine and what was decided about them.

        A preview and a paid take never stand in for each other: each engine has its own circled
        take of a shot, and a run of the one leaves those of the other alone.
        """
        own_takes = all(take.engine == engine for rows in self.takes.values() for take in rows)
        if own_takes and all(_is_of(one, engine) for one in self.amendments):
            return self
        takes = {
            shot: own
            for shot, rows in self.takes.items()
            if (own := tuple(take for take in rows if take.engine == engine))
        }
        ids = {take.id for rows in takes.values() for take in rows}
        decided = tuple(
            one
            for one in self.amendments
            if (one.take is None and _is_of(one, engine)) or one.take in ids
        )
        return replace(self, takes=takes, amendments=decided)

    @property
    def leading_engine(self) -> Engine:
        """The engine whose takes a person means when none is named: paid ones, if there are any."""
        return "fal" if any(take.engine == "fal" for take in self._circled.values()) else "animatic"

    def of_shot(self, shot: str) -> tuple[Take, ...]:
        return self.takes.get(shot, ())

    def circled(self, shot: str) -> Take | None:
        """The take of `shot` that is kept."""
        return self._circled.get(shot)

    def take(self, id: int) -> Take | None:
        """The scene's take of this ledger number."""
        return next((t for rows in self.takes.values() for t in rows if t.id == id), None)

    def next_number(self, shot: str) -> int:
        """What the shot's next take will be called."""
        return self.numbers.get(shot, 0) + 1

    def by_key(self, key: str) -> Take | None:
        """A take with media made from exactly this, of this scene first, then of any other.

        The engine is part of every key, so a preview is never given for a take. A rejected take
        is not given: somebody looked and did not want it.
        """
        found = self._keys.get(key)
        if found is None and key in self.elsewhere:
            found = self.elsewhere[key]()
        return found

    def claim(self, key: str) -> Take | None:
        """A paid take of exactly this that was asked for and is not here yet, of any scene."""
        found = self._open.get(key)
        return self.out[key]() if found is None and key in self.out else found

    def kept_elsewhere(self, shot: str, setup: str) -> Take | None:
        """The circled take of a shot of this id and setup in another scene of the store.

        A scene with a new title is another scene; what was kept under the old one is kept.
        """
        found = self.kept.get((shot, setup))
        return found() if found is not None else None

    def amended(self, shot: str) -> tuple[Amendment, ...]:
        """The amendments of one shot, oldest first; those before its last `undo` are void."""
        rows = self._amended.get(shot)
        if rows is None:  # so it is for nearly all shots
            return ()
        for place in range(len(rows) - 1, -1, -1):
            if rows[place].kind == "undo":
                return rows[place + 1 :]
        return rows

    def pending(self) -> tuple[Take, ...]:
        """Takes that the service may still owe us, oldest first."""
        owed = [t for rows in self.takes.values() for t in rows if t.state.is_pending]
        return tuple(sorted(owed, key=lambda take: take.id))


def _is_of(amendment: Amendment, engine: Engine) -> bool:
    """Whether a decision about no take was taken for this engine, or for both."""
    return amendment.take is not None or amendment.values.get("engine", engine) == engine
