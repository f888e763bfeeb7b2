"""Commands about a store as a whole: gc, mend. Neither asks the service for anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenegraph.cli.options import AsJson, Store
from scenegraph.cli.show import plain_table, say, show_json, show_table
from scenegraph.errors import PersonNeeded
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.ledger.garbage import Garbage
    from scenegraph.ledger.rescue import Mended

SceneOrStore = Annotated[
    Path | None,
    typer.Argument(metavar="[SCENE]", help="The scene file; without it, name a --store."),
]


def add_to(app: typer.Typer) -> None:
    app.command()(gc)
    app.command()(mend)


def gc(
    scene: SceneOrStore = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it, not only show it.")] = False,
    take: Annotated[
        list[str] | None,
        typer.Option(metavar="SLATE", help="Also this take's media, paid for or not."),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="DAYS", help="Previews of these last days stay.", show_default="7"
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Remove what was paid for and named, unasked.")
    ] = False,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Show what the store holds that nobody needs; with --delete, remove it.

    Never circled or pinned takes, nothing that was paid for unless --take names it, nothing that
    is still owed, and nothing that a kept take was made from. What goes: files of killed
    processes, media that no take names, segments of no latest reel, and old previews of shots
    that have another one circled.

    Example: `scenegraph gc scene.yaml`, then `scenegraph gc scene.yaml --delete`
    """
    from scenegraph.ledger.garbage import KINDS
    from scenegraph.run.keeping import KEEP_DAYS, clean, garbage

    days = KEEP_DAYS if keep_days is None else keep_days
    found = garbage(scene, store=store, keep_days=days, takes=take or ())
    if delete:
        _ask_about_money(found.garbage, yes)
        found = clean(scene, store=store, keep_days=days, takes=take or ())
    if as_json:
        show_json(found.to_json())
        return
    rows = found.to_json()["kinds"]
    if rows:
        table = plain_table("what", "files", "size", "why")
        for kind in KINDS:
            if kind in rows:
                table.add_row(
                    kind, str(rows[kind]["files"]), _size(rows[kind]["bytes"]), KINDS[kind]
                )
        show_table(table)
    for sentence in found.garbage.kept:
        say(sentence)
    size = _size(found.garbage.bytes)
    if not rows:
        say("Nothing to remove.")
    elif found.removed:
        say(f"{size} removed.")
    else:
        say(f"{size} may go: `--delete` removes it. Nothing was changed.")


def _ask_about_money(found: Garbage, yes: bool) -> None:
    paid = [one.slate for one in found.takes if one.billed]
    if not paid or yes:
        return
    said = f"{', '.join(paid)}: paid for, ${usd_text(found.usd)}"
    if not sys.stdin.isatty():
        raise PersonNeeded(f"{said}. Nothing was removed.", next="Add --yes to remove it.")
    typer.confirm(f"{said}. Remove for good?", abort=True, err=True)


def mend(scene: SceneOrStore = None, store: Store = None, as_json: AsJson = False) -> int:
    """Read every row that is left of a damaged ledger into a new one; keep the old one aside.

    The copies of the last runs' starts fill in what cannot be read. Media are files of their own.

    Example: `scenegraph mend scene.yaml`
    """
    from scenegraph.run.keeping import mend_store

    found = mend_store(scene, store=store)
    code = 1 if found.lost or found.missing_media else 0
    if as_json:
        show_json(found.to_json())
        return code
    if not found.mended:
        say("Nothing is wrong with this ledger. Nothing was changed.")
        return code
    _show_mended(found)
    return code


def _show_mended(found: Mended) -> None:
    table = plain_table("table", "rows", "from copies", "lost")
    for name, counts in found.tables.items():
        table.add_row(name, *(str(counts[key]) for key in ("rows", "from_copies", "lost")))
    show_table(table)
    say(f"A new ledger is in place; the damaged one is kept in {found.aside}.")
    for one in found.lost_takes:
        traces = ", ".join(f"{k} {v}" for k, v in one.items() if k != "id" and v)
        say(f"  take {one['id']} is lost{f' ({traces})' if traces else ''}")
    if found.lost_takes:
        say(
            "What is lost may be asked for again: before you shoot on fal.ai, look for these "
            "requests on the service's dashboard."
        )
    for slate in found.missing_media:
        say(f"  the file of {slate} is not in the store")
    if found.unnamed_media:
        say(
            f"{len(found.unnamed_media)} clips of the store are named by no row; --json lists them."
        )


def _size(count: int) -> str:
    """Bytes as people read them.

    >>> _size(900), _size(12_345_678)
    ('900 bytes', '12.3 MB')
    """
    return f"{count} bytes" if count < 100_000 else f"{count / 1e6:.1f} MB"
