"""What a full or locked disk means for the cut, in a sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenegraph.errors import CutError, FfmpegFailed


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Say a full or locked disk in a sentence, whoever met it first."""
    try:
        yield
    except FfmpegFailed as error:
        if os.strerror(errno.ENOSPC) in f"{error.message}\n{error.last_words}":
            raise _disk_full(folder) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(folder) from error
        raise CutError(
            f"{error.filename or folder} cannot be used: {error.strerror or error}.",
            next="Check that the file is there and that the folder may be written.",
        ) from error


def _disk_full(folder: Path) -> CutError:
    return CutError(
        f"The disk that holds {folder} is full; the reel was not made.",
        next="Make room and cut again: what is encoded already is kept.",
    )
