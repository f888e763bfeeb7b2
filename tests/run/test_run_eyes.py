"""What is kept of watched clips while a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenegraph.run import eyes


@pytest.mark.ffmpeg
def test_footage_that_was_let_go_is_watched_again(
    theatre: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by decoding a parent once more, not by looking at less of it."""
    starts = {
        f"place-{n}": {"kind": "i2v", "keyframe": "mara.front", "prompt": f"place {n}"}
        for n in range(3)
    }
    hops = {
        f"hop-{n}": {"kind": "extend", "parent": f"place-{n}", "prompt": f"on {n}"}
        for n in range(3)
    }
    held: list[int] = []
    keep = eyes.Eyes._keep

    def watched(self: eyes.Eyes, *of: Any) -> None:
        keep(self, *of)
        held.append(len(self._seen))

    monkeypatch.setattr(eyes, "MOST_SEEN", 1)
    monkeypatch.setattr(eyes.Eyes, "_keep", watched)
    stage = theatre({**starts, **hops})
    assert stage.run().exit_code == 0
    assert held and max(held) == 1
    with stage.ledger() as ledger:
        for n in range(3):
            (take,) = ledger.memory("night-train").of_shot(f"hop-{n}")
            review = ledger.review_of(take.id)
            assert review is not None and review.overlap is not None, "it was held to its parent"
            assert review.overlap.frames == 9
