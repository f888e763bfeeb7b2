"""Arguments and options that several commands share."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Backend(StrEnum):
    animatic = "animatic"
    fal = "fal"


class ExportFormat(StrEnum):
    otio = "otio"
    fcp7 = "fcp7"
    edl = "edl"
    chapters = "chapters"
    csv = "csv"


def _usd(text: str) -> Decimal:
    try:
        value = Decimal(text.lstrip("$"))
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not an amount such as 2.50") from None
    if not value.is_finite() or value < 0:
        raise typer.BadParameter("an amount is 0 or more")
    return value


ScenePath = Annotated[Path, typer.Argument(metavar="SCENE", help="The scene file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Store = Annotated[
    str | None,
    typer.Option(metavar="FOLDER", help="Where ledger and media lie (default: .scenegraph)."),
]
Engine = Annotated[
    Backend, typer.Option(help="animatic draws a free preview; fal is the real service.")
]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="The reel's file.")]
MaxUsd = Annotated[
    Decimal | None,
    typer.Option(parser=_usd, metavar="USD", help="Ask for nothing past this list price."),
]
Jobs = Annotated[int | None, typer.Option(min=1, metavar="N", help="Requests in flight at a time.")]
FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast/--keep-going", help="After the first lost shot, ask for nothing more."
    ),
]
Export = Annotated[
    ExportFormat | None,
    typer.Option("--export", help="Write the cuts for an editor's program, and no reel."),
]
