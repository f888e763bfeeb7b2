"""Whether a take's file still is what was fetched. A disk that rots is no reason to pay again."""

from __future__ import annotations

from scenegraph.errors import TakeDamaged
from scenegraph.ledger import MediaStore, Take
from scenegraph.plan import hash_file


def damage_of(take: Take, store: MediaStore) -> str | None:
    """What has become of a take's file, as a clause; None when its bytes are those of the ledger.

    Hashes the file; once for each run, unless it changes.
    """
    if take.media is None or take.sha256 is None:
        return "it has no file in the store"
    path = store.path(take.media)
    try:
        same = hash_file(path) == take.sha256
    except FileNotFoundError:
        return f"its file {take.media} is not in the store any more"
    except OSError as error:
        return f"its file {take.media} cannot be read ({error.strerror})"
    return None if same else f"its file {take.media} has changed since it was fetched"


def must_be_intact(take: Take, store: MediaStore) -> None:
    """Refuse to go on from a file that is not the take's.

    Raises:
        TakeDamaged: it is gone, or holds other bytes.
    """
    damage = damage_of(take, store)
    if damage is not None:
        again = "is paid for and " if take.billed else ""
        raise TakeDamaged(
            f"{take.slate}: {damage}. It {again}is not asked for again by itself.",
            next="Put the file back from a copy and run again, or "
            f"`scenegraph rerun SCENE {take.shot}` shoots another take.",
        )
