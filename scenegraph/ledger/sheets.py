"""A review's per-frame series and prints as bytes of the media store (`.npz`), and back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from scenegraph.errors import LedgerError
from scenegraph.ledger.reviews import Review

_SERIES = "series/"


def sheet_bytes(review: Review) -> bytes | None:
    """The arrays of a review, compressed; None when it has none."""
    if not review.has_sheet:
        return None
    arrays: dict[str, Any] = {_SERIES + name: row for name, row in review.series.items()}
    if review.prints is not None:
        arrays["prints"] = review.prints
    to = io.BytesIO()
    np.savez_compressed(to, **arrays)
    return to.getvalue()


def review_from(text: str, sheet: Path | None, only: str | None = None) -> Review:
    """The review that was kept as JSON, with the arrays kept beside it.

    Args:
        only: read no more than the series whose names end so, which takes a tenth of the time.

    Raises:
        LedgerError: the arrays are gone or damaged.
    """
    data = json.loads(text)
    if sheet is None:
        return Review.from_json(data, {})
    try:
        with np.load(sheet, allow_pickle=False) as arrays:
            series = {
                name.removeprefix(_SERIES): arrays[name]
                for name in arrays.files
                if name.startswith(_SERIES) and name.endswith(only or "")
            }
            has_prints = only is None and "prints" in arrays.files
            prints = arrays["prints"] if has_prints else None
    except Exception as error:  # zipfile, numpy and zlib each have their own word for damage
        raise LedgerError(
            f"The kept review {sheet.name} cannot be read ({error}).",
            next="Look at the take again: `scenegraph replay` makes its review anew.",
        ) from error
    return Review.from_json(data, series, prints)
