"""OpenCV on one thread while a clip is watched, and as it was afterwards.

A review runs beside other reviews, downloads and encodes; many small pictures on many threads
cost more CPU than they save time. OpenCV knows only a number for the whole process, so the
number is put back when the last watcher leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import cv2

_lock = Lock()
_watchers = 0
_before = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it OpenCV uses one thread; nested and concurrent uses are counted.

    >>> before = cv2.getNumThreads()
    >>> with one_thread():
    ...     inside = cv2.getNumThreads()
    >>> inside, cv2.getNumThreads() == before
    (1, True)
    """
    global _watchers, _before
    with _lock:
        if _watchers == 0:
            _before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _watchers += 1
    try:
        yield
    finally:
        with _lock:
            _watchers -= 1
            if _watchers == 0:
                cv2.setNumThreads(_before)
