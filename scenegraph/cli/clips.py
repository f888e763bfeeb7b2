"""Commands for any clips, with or without a scene: review and cutpoints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from scenegraph.cli.options import AsJson
from scenegraph.cli.show import console, plain_table, say, show_json
from scenegraph.errors import SceneError, SceneGraphError
from scenegraph.ledger import Review
from scenegraph.run.looking import cutpoints_of, review_clip, write_series

Batch = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="JSON lines, one call each; `-` reads standard input."),
]


def add_to(app: typer.Typer) -> None:
    app.command()(review)
    app.command()(cutpoints)


def review(
    clip: Annotated[
        Path | None, typer.Argument(metavar="CLIP", help="The clip to look at.")
    ] = None,
    keyframe: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="The character's still.")
    ] = None,
    parent: Annotated[
        Path | None, typer.Option(metavar="CLIP", help="The clip that it goes on from.")
    ] = None,
    batch: Batch = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every per-frame series here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a clip: colour, sharpness, motion, cuts, overlap with its parent; and judge it.

    A batch line is `{"clip": …, "keyframe": …, "parent": …}`; each gets one JSON line.

    Example: `scenegraph review take.mp4 --keyframe mara.png --parent before.mp4`
    """
    if batch is not None:
        _answer_lines(batch, _review_line)
        return
    if clip is None:
        raise SceneError("Which clip?", next="`scenegraph review CLIP`, or --batch FILE.")
    found = review_clip(clip, keyframe=keyframe, parent=parent)
    if csv is not None:
        write_series(found, csv)
    if as_json:
        show_json(found.to_json())
    else:
        _show_review(clip, found)


def _review_line(line: dict[str, Any]) -> dict[str, Any]:
    found = review_clip(
        _text(line, "clip"), keyframe=line.get("keyframe"), parent=line.get("parent")
    )
    return found.to_json()


def _show_review(clip: Path, found: Review) -> None:
    tone = {"good": "bold green", "drifted": "bold yellow", "broken": "bold red"}[found.verdict]
    score = "" if found.score is None else f", {found.score:.2f} of its budget"
    console().print(f"{clip.name.replace('[', chr(92) + '[')}: [{tone}]{found.verdict}[/]{score}")
    for reason in (*found.reasons, *found.warnings):
        say(f"  {reason}")
    if found.overlap is not None:
        say(
            f"  the first {found.overlap.frames} frames repeat the parent "
            f"(sure: {found.overlap.confidence:.0%})"
        )
    table = plain_table("measure", "value", "budget", "unit", "")
    for name, measure in found.measures.items():
        value = "not measured" if measure.value is None else f"{measure.value:.3f}"
        budget = "" if measure.budget is None else f"{measure.budget:g}"
        over = "[bold yellow]over[/]" if measure.over else ""
        table.add_row(name, value, budget, measure.unit, over or measure.note)
    console().print(table)


def cutpoints(
    clips: Annotated[
        list[Path] | None, typer.Argument(metavar="CLIP…", help="Clips in playing order.")
    ] = None,
    target: Annotated[
        int | None, typer.Option(min=1, metavar="FRAMES", help="Length of the film.")
    ] = None,
    join: Annotated[
        Literal["cut", "rejoin"],
        typer.Option(help="cut: to another framing; rejoin: one framing goes on."),
    ] = "cut",
    search: Annotated[
        str | None, typer.Option(metavar="A:B", help="Look for each clip's calmest frame in A…B.")
    ] = None,
    batch: Batch = None,
    as_json: AsJson = False,
) -> None:
    """Choose where to cut in and out of these clips: at low motion, for the whole film at once.

    A batch line is `{"clips": […], "target": …, "join": …, "search": …}`.

    Example: `scenegraph cutpoints a.mp4 b.mp4 c.mp4 --target 240`
    """
    if batch is not None:
        _answer_lines(batch, _cutpoints_line)
        return
    if not clips:
        raise SceneError("Which clips?", next="`scenegraph cutpoints CLIP…`, or --batch FILE.")
    choice = cutpoints_of(clips, target=target, join=join, search=_search(search))
    if as_json:
        show_json(choice.to_json())
        return
    table = plain_table("clip", "in", "out", "calmest", "motion in", "motion out")
    for cut in choice.to_json()["cuts"]:
        table.add_row(
            Path(cut["clip"]).name,
            str(cut["in_frame"]),
            str(cut["out_frame"]),
            str(cut["calmest"]),
            f"{cut['motion_at_in']:.2f}",
            f"{cut['motion_at_out']:.2f}",
        )
    console().print(table)
    say(f"{choice.frames} frames.")


def _cutpoints_line(line: dict[str, Any]) -> dict[str, Any]:
    clips = line.get("clips")
    if not isinstance(clips, list) or not clips or not all(isinstance(c, str) for c in clips):
        raise SceneError("`clips` is a list of paths.", next='{"clips": ["a.mp4", "b.mp4"]}')
    join: Literal["cut", "rejoin"] = "rejoin" if line.get("join") == "rejoin" else "cut"
    if line.get("join") not in (None, "cut", "rejoin"):
        raise SceneError(f"`join` is cut or rejoin, not {line['join']!r}.", next="Mend the line.")
    target = line.get("target")
    if target is not None and (isinstance(target, bool) or not isinstance(target, int)):
        raise SceneError("`target` is a number of frames.", next="Mend the line.")
    choice = cutpoints_of(clips, target=target, join=join, search=_search(line.get("search")))
    return choice.to_json()


def _search(value: Any) -> tuple[int, int] | None:
    """`48:96`, or a pair."""
    if value is None:
        return None
    parts = value.split(":") if isinstance(value, str) else value
    try:
        first, last = (int(part) for part in parts)
    except (TypeError, ValueError):
        raise SceneError(
            f"{value!r} is not a span of frames.", next="Write the first and the last: 48:96."
        ) from None
    return first, last


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value:
        raise SceneError(f"`{name}` is a path.", next=f'{{"{name}": "clip.mp4"}}')
    return value


def _answer_lines(file: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """One JSON line for each line, in the same order; a bad line gets its error, not the end."""

    def one(numbered: tuple[int, str]) -> dict[str, Any]:
        number, text = numbered
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise SceneError(f"Line {number} is not a JSON object.", next="Mend the line.")
            return answer(line)
        except SceneGraphError as error:
            return {"error": error.to_json()}
        except ValueError as error:
            bad = SceneError(f"Line {number} is not JSON: {error}.", next="Mend the line.")
            return {"error": bad.to_json()}

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for found in pool.map(one, enumerate(_lines_of(file), 1)):
            sys.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False) + "\n")
            sys.stdout.flush()


def _lines_of(file: Path) -> Iterator[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise SceneError(
            f"{file} cannot be read: {error.strerror}.", next="Check the path."
        ) from error
    except UnicodeDecodeError:
        raise SceneError(f"{file} is not UTF-8 text.", next="Save it as UTF-8.") from None
    return (line for line in text.splitlines() if line.strip())
