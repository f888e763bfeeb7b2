"""The command `presets`: what looks, steps and fixes there are, and what a look costs."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenegraph.cli.options import AsJson
from scenegraph.cli.show import plain_table, say, show_json, show_table
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.plan.presets import KindPrice, PresetPrice


def add_to(app: typer.Typer) -> None:
    app.command()(presets)


def presets(
    scene: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENE]", help="With the scene's own presets, over its picture."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="On this model alone.")] = None,
    fixes: Annotated[
        bool, typer.Option("--fixes", help="List the words against known failures instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the presets with what one shot of each kind costs on each model. Spends nothing.

    An extend's price includes the tail of its parent that it is shown.

    Example: `scenegraph presets --model ltxv-13b-098-distilled`
    """
    if fixes:
        _list_fixes(as_json)
        return
    from scenegraph.catalog import load_catalog
    from scenegraph.plan.presets import price_presets
    from scenegraph.scene import load_scene

    catalog = load_catalog()
    loaded = load_scene(scene, check_media=False) if scene is not None else None
    if model is not None:
        catalog.family(model)  # a slip is told with the nearest name
        if loaded is not None:
            loaded = loaded.model_copy(update={"model": model})
    priced = [one for one in price_presets(catalog, loaded) if model in (None, one.model)]
    if as_json:
        show_json({"presets": [one.to_json() for one in priced]})
        return
    for name, rows in groupby(priced, key=lambda one: one.model):
        say(name, "bold")
        _show(list(rows))
        say()
    say("USD for one shot on fal.ai; ≤ is the most that anyone has seen, where no price is known.")
    say(
        "Steps do not change a price; `enable_detail_pass` doubles it where seconds are paid.",
        "dim",
    )


def _show(rows: list[PresetPrice]) -> None:
    kinds = [kind.kind for kind in rows[0].kinds]
    table = plain_table("preset", "picture", "seconds", "frames", "steps", *kinds)
    for row in rows:
        first = row.kinds[0]
        asked = first.asked
        steps = [asked.get(f"{n}_pass_num_inference_steps", "") for n in ("first", "second")]
        table.add_row(
            row.preset + ("" if row.built_in else " (yours)"),
            f"{asked.get('resolution', '')} {row.frame_rate} fps",
            f"{row.seconds:.1f}",
            str(first.num_frames),
            ", ".join(map(str, steps)),
            *(_usd(kind) for kind in row.kinds),
        )
    show_table(table)
    for row in (row for row in rows if not row.built_in):
        notes = {note.partition(":")[0]: note for kind in row.kinds[::-1] for note in kind.notes}
        for note in notes.values():
            say(f"  {row.preset}: {note}", "dim")


def _usd(kind: KindPrice) -> str:
    return f"{'' if kind.known else '≤'}{usd_text(kind.usd)}"


def _list_fixes(as_json: bool) -> None:
    from scenegraph.scene import FIXES

    if as_json:
        rows = [
            {
                "fix": name,
                "against": fix.shows,
                "says": list(fix.phrases),
                "negatives": list(fix.negatives),
                "measures": sorted(fix.measures),
                "besides": fix.besides,
            }
            for name, fix in FIXES.items()
        ]
        show_json({"fixes": rows})
        return
    table = plain_table("fix", "against", "says", "not wanted", "besides")
    for name, fix in FIXES.items():
        table.add_row(name, fix.shows, " ".join(fix.phrases), ", ".join(fix.negatives), fix.besides)
    show_table(table)
    say("Switch one on with `fixes: [NAME]` on a shot, or on the scene for all of them.", "dim")
