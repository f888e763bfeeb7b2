"""Python's search for garbage, kept off what is there already."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_old_objects() -> Iterator[None]:
    """Within, only what is made within is searched for loops of garbage.

    A plan makes tens of thousands of objects that stay; each full search on the way would go over
    all modules as well, and take as long as reading the ledger.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
