"""Which scene a file is: its ledger name stays, whatever becomes of its title.

The name in slates, takes, money and decisions is drawn from the title when the ledger first meets
the scene. After that the file is what tells scenes apart: a new title changes no name, and two
files with one title are two scenes. Paths inside the folder that the store lies in are kept
relative to it, so a project folder can be copied or moved whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScene:
    """One scene of the ledger.

    Attributes:
        name: in slates and in every table; never changes.
        slug: what its title was made into when it was last opened.
        file: as `file_key` writes it; None for a scene built in Python.
    """

    name: str
    slug: str
    title: str
    file: str | None


def file_key(file: Path, store: Path) -> str:
    """A scene file as the ledger writes it down: relative where it lies beside the store.

    >>> file_key(Path("/films/train/scene.yaml"), Path("/films/train/.scenegraph"))
    'scene.yaml'
    >>> file_key(Path("/else/scene.yaml"), Path("/films/train/.scenegraph"))
    '/else/scene.yaml'
    """
    # Links in the folder's path are followed; the file's own name is what a person chose.
    whole = file.parent.resolve() / file.name
    home = store.parent.resolve()
    return (whole.relative_to(home) if whole.is_relative_to(home) else whole).as_posix()


def file_of(key: str, store: Path) -> Path:
    """The file that a `file_key` stands for; an absolute one stays itself."""
    return store.parent.resolve() / key


def name_for(
    slug: str,
    file: str | None,
    known: Sequence[KnownScene],
    *,
    named: Callable[[], Collection[str]] = tuple,
    is_there: Callable[[str], bool],
) -> str:
    """The ledger name of the scene that is being opened.

    Args:
        slug: its title as a name.
        file: its `file_key`; None for a scene built in Python, which goes by its title.
        known: the scenes of the ledger, in the order in which it met them.
        named: asks for the names that rows of the ledger carry: an older one knew no scenes.
        is_there: whether a known file still exists.

    >>> train = KnownScene(name="train", slug="train", title="Train", file="a.yaml")
    >>> name_for("harbour", "a.yaml", [train], is_there=lambda file: True)
    'train'
    >>> name_for("train", "b.yaml", [train], is_there=lambda file: True)
    'train-2'
    >>> name_for("train", "b.yaml", [train], is_there=lambda file: False)
    'train'
    """
    if file is None:
        return slug
    for one in known:
        if one.file == file:
            return one.name
    # Moved or renamed on the disk: its old file is gone, and its title is the one we know.
    last = file.rpartition("/")[2]
    gone = [
        one for one in known if one.slug == slug and one.file is not None and not is_there(one.file)
    ]
    gone.sort(key=lambda one: (one.file or "").rpartition("/")[2] != last)
    if gone:
        return gone[0].name
    taken = {one.name for one in known if one.file is not None}
    if slug not in taken:  # new; or of a scene built in Python, or of an older ledger: now a file's
        return slug
    taken |= {one.name for one in known} | set(named())
    number = 2
    while f"{slug}-{number}" in taken:
        number += 1
    return f"{slug}-{number}"
