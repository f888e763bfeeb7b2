"""What a picture is made from, as two hashes: its key, and its setup without the drawn seed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Made:
    """What a picture is made from besides its request: endpoint, engine and files.

    Most shots of a scene differ in the hashes of their files alone, so the rest is written out
    once for all of them.

    >>> made = Made.of({"endpoint": "x"}, {"video": {"tail_frames": 65}, "image": {}})
    >>> made.text({"image": "cd", "video": "ab"})
    '{"endpoint":"x","inputs":{"image":{"sha256":"cd"},"video":{"sha256":"ab","tail_frames":65}}}'
    """

    by: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    _head: str
    _holes: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, by: Mapping[str, Any], inputs: Mapping[str, Mapping[str, Any]]) -> Made:
        """Write it out but for the hashes.

        Args:
            by: `endpoint`, `catalog`, `engine`.
            inputs: by role, what of each file is shown.
        """
        marked = {role: {"sha256": f"<hash {role}>", **part} for role, part in inputs.items()}
        first, *rest = re.split(r"<hash (\w+)>", write_json({**by, "inputs": marked}))
        return cls(by, inputs, first, tuple(zip(rest[::2], rest[1::2], strict=True)))

    def text(self, hashes: Mapping[str, str]) -> str:
        """As JSON, with the hash of each role's file; hashes are of plain letters."""
        text = self._head
        for role, rest in self._holes:
            text = f"{text}{hashes[role]}{rest}"
        return text

    def parts(self, hashes: Mapping[str, str]) -> dict[str, Any]:
        """The same as values."""
        inputs = {role: {"sha256": hashes[role], **part} for role, part in self.inputs.items()}
        return {**self.by, "inputs": inputs}


class Recipe:
    """All that a picture is made from. Its names:

    * `key(seed)`: same key, same picture: no need to pay again.
    * `setup`: the key with the seed replaced by where it came from. Takes of one setup differ in
      their drawn seeds alone.

    Args:
        hashes: of its files, by role.
        told: the request's values without seed and URLs, written out; equal for equal values.
        seed_from: `("scene_seed", n)` when the seed is drawn, `("fixed", n)` when the shot has one.

    >>> recipe = Recipe(Made.of({"endpoint": "x"}, {}), {}, "rain", ("scene_seed", 7))
    >>> recipe.key(1) == recipe.key(2), recipe.setup == recipe.key(1)
    (False, False)
    """

    __slots__ = ("_hashes", "_made", "_text", "seed_from", "setup", "told")

    def __init__(
        self, made: Made, hashes: Mapping[str, str], told: str, seed_from: tuple[str, int]
    ) -> None:
        self._made, self._hashes, self.told, self.seed_from = made, hashes, told, seed_from
        self._text = f"{FORM}\n{made.text(hashes)}\n{told}\n"
        self.setup = sha256(f"{self._text}from {seed_from}".encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Of one setup: there is nothing else to it."""
        return isinstance(other, Recipe) and self.setup == other.setup

    def __hash__(self) -> int:
        return hash(self.setup)

    def key(self, seed: int | None) -> str:
        return sha256(f"{self._text}seed {seed}".encode()).hexdigest()

    def parts(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What key and setup were hashed from, field by field, so that a change can be shown.

        Args:
            params: the request's values, seed included.
        """
        name, number = self.seed_from
        made = self._made.parts(self._hashes)
        return {**made, "params": params, "seed_from": {name: number}}


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
