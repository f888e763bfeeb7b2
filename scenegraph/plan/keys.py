"""What a picture is made from, as two hashes: its key, and its setup without the drawn seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

#: Named inside every key; a change of what is hashed, or how, changes it.
FORM = "take/1"
SEEDS = 2**31


def derive_seed(scene_seed: int, shot_id: str, take_number: int) -> int:
    """The seed of one take: 31 bits, the same for ever for the same three.

    >>> derive_seed(7, "mara-waits", 1) == derive_seed(7, "mara-waits", 1)
    True
    >>> derive_seed(7, "mara-waits", 1) == derive_seed(7, "mara-waits", 2)
    False
    """
    text = f"{scene_seed}\n{shot_id}\n{take_number}"
    return int.from_bytes(sha256(text.encode()).digest()[:4]) % SEEDS


class Recipe:
    """All that a picture is made from. Its names:

    * `key(seed)`: same key, same picture: no need to pay again.
    * `setup`: the key with the seed replaced by where it came from. Takes of one setup differ in
      their drawn seeds alone.

    Args:
        made_from: `endpoint`, `catalog`, `engine`, `inputs`.
        params: the request's values without seed and without URLs.
        params_text: the same written out, equal for equal values. Most shots of a scene differ in
            their words alone, so the caller writes the rest once for all of them.
        seed_from: `{"scene_seed": n}` when the seed is drawn, `{"fixed": n}` when the shot has one.

    >>> recipe = Recipe({"endpoint": "x"}, {"prompt": "rain"}, "rain", {"scene_seed": 7})
    >>> recipe.key(1) == recipe.key(2), recipe.setup == recipe.key(1)
    (False, False)
    """

    __slots__ = ("_common", "_made_from", "_params", "_seed_from", "setup")

    def __init__(
        self,
        made_from: Mapping[str, Any],
        params: Mapping[str, Any],
        params_text: str,
        seed_from: Mapping[str, int],
    ) -> None:
        self._made_from, self._params, self._seed_from = made_from, params, seed_from
        # Key and setup share all but one short field at the end, so all else is hashed once.
        self._common = sha256(f"{FORM}\n{write_json(made_from)}\n{params_text}\n".encode())
        (origin,) = seed_from.items()
        self.setup = self._ended_by(f"from {origin}")

    def key(self, seed: int | None) -> str:
        return self._ended_by(f"seed {seed}")

    def _ended_by(self, text: str) -> str:
        whole = self._common.copy()
        whole.update(text.encode())
        return whole.hexdigest()

    def params(self, seed: int | None) -> dict[str, Any]:
        """The request's values for one take."""
        return dict(self._params) if seed is None else {**self._params, "seed": seed}

    def parts(self, seed: int | None) -> dict[str, Any]:
        """What key and setup were hashed from, field by field, so that a change can be shown."""
        kept = {**self._made_from, "params": self.params(seed)}
        return {**kept, "seed_from": dict(self._seed_from)}


def digest(value: Any) -> str:
    """The hash of any JSON value, however its mappings are ordered.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    return sha256(write_json(value).encode()).hexdigest()


_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


def write_json(value: Any) -> str:
    """JSON that is the same for the same value."""
    return _encode(value)
