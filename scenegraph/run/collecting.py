"""Python's search for garbage, kept off what is there already."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects between two searches of the youngest; how many of those make one of the younger, and
#: how many of those a full one: a million new objects, by Python's own setting 70,000.
BETWEEN_SEARCHES = (20_000, 10, 10)


@contextmanager
def without_old_objects() -> Iterator[None]:
    """Within, only what is made within is searched for loops of garbage, and that more rarely.

    A plan makes tens of thousands of objects that stay, and so does a run; each full search on the
    way would go over all modules as well, and take as long as reading the ledger.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*BETWEEN_SEARCHES)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
