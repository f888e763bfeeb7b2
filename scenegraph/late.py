"""Names that a package promises, each loaded from its file when it is first asked for.

A command pays at its start for what it uses alone: `plan` needs `Take`, not the SQLAlchemy, NumPy
and OpenCV of the files beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A package whose promised names come late.

    Python sets a package's attribute to each file in it that is imported, and would so hide the
    function `media.probe` behind the file `media/probe.py`. Here a promised name stays what it is.
    """

    _homes: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        home = self._homes.get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._homes and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._homes})


def come_late(package: str, homes: Mapping[str, Sequence[str]]) -> None:
    """Let the names of a package be loaded at their first use (PEP 562's idea, with a class).

    Args:
        package: its `__name__`.
        homes: for each file of it (`clip`), the names it holds. Type checkers read the same as
            imports under `if TYPE_CHECKING:`, and `__all__` lists the names.
    """
    room = sys.modules[package]
    room.__dict__["_homes"] = {
        name: f"{package}.{file}" for file, names in homes.items() for name in names
    }
    room.__class__ = _Room
