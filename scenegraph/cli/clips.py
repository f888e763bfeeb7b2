"""Commands for any clips, with or without a scene: review and cutpoints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer

from scenegraph.cli.options import AsJson
from scenegraph.cli.show import (
    cannot_write,
    console,
    is_narrow,
    plain_table,
    say,
    show_json,
    show_table,
)
from scenegraph.cli.start import document, write_nowhere
from scenegraph.errors import BrokenMedia, SceneError, SceneGraphError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from scenegraph.ledger import Review

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
    from scenegraph.run.looking import review_clip, review_json, write_series

    if batch is not None:
        _answer_lines(batch, _review_line)
        return
    if clip is None:
        raise SceneError("Which clip?", next="`scenegraph review CLIP`, or --batch FILE.")
    found = review_clip(clip, keyframe=keyframe, parent=parent)
    if csv is not None:
        try:
            write_series(found, csv)
        except OSError as error:
            raise cannot_write(csv, error) from error
    if as_json:
        show_json(review_json(found, clip))
    else:
        _show_review(clip, found)


def _review_line(line: dict[str, Any]) -> dict[str, Any]:
    from scenegraph.run.looking import review_line

    clip = _path(line, "clip")
    if clip is None:
        raise SceneError("The line names no `clip`.", next='{"clip": "clip.mp4"}')
    return review_line(clip, keyframe=_path(line, "keyframe"), parent=_path(line, "parent"))


def _show_review(clip: Path, found: Review) -> None:
    from scenegraph.scene import advice_against, fixes_for

    tone = {"good": "bold green", "drifted": "bold yellow", "broken": "bold red"}[found.verdict]
    score = "" if found.score is None else f", {found.score:.2f} of its budget"
    console().print(f"{clip.name.replace('[', chr(92) + '[')}: [{tone}]{found.verdict}[/]{score}")
    for reason in (*found.reasons, *found.warnings):
        say(f"  {reason}")
    for failure in fixes_for(found.over):
        say(f"  against it: {advice_against(failure)}")
    if found.overlap is not None and found.overlap.frames:
        say(
            f"  the first {found.overlap.frames} frames repeat the parent "
            f"(sure: {found.overlap.confidence:.0%})"
        )
    table = plain_table("measure", "value", "budget", "unit", "what")
    for name, measure in found.measures.items():
        value = "not measured" if measure.value is None else f"{measure.value:.3f}"
        budget = "" if measure.budget is None else f"{measure.budget:g}"
        over = "[bold yellow]over[/]" if measure.over else ""
        table.add_row(name, value, budget, measure.unit, over or measure.note)
    show_table(table)


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
    from scenegraph.run.looking import cutpoints_of

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
    show_table(table)
    say(f"{choice.frames} frames.")


def _cutpoints_line(line: dict[str, Any]) -> dict[str, Any]:
    from scenegraph.run.looking import cutpoints_of

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
    except (TypeError, ValueError, OverflowError):
        raise SceneError(
            f"{value!r} is not a span of frames.", next="Write the first and the last: 48:96."
        ) from None
    if first < 0 or last < first:
        raise SceneError(
            f"The search {first}:{last} holds no frame.",
            next="Frames count from 0; write the first and the last: 48:96.",
        )
    return first, last


def _path(line: dict[str, Any], name: str) -> str | None:
    value = line.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise SceneError(f"`{name}` is a path, not {value!r}.", next=f'{{"{name}": "a.mp4"}}')
    return value


def _answer_lines(file: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """One JSON line for each line, in the same order; a bad line gets its error, not the end.

    Lines are worked on together, and each answer leaves as soon as those before it have: another
    program may write a line, read its answer and then write the next.
    """

    from concurrent.futures import ThreadPoolExecutor

    document.is_owed = False  # lines, not one document

    def one(number: int, text: bytes) -> dict[str, Any]:
        try:
            line = _object(number, text)
            return answer(line)
        except BrokenMedia as error:
            return {"verdict": "broken", "error": error.to_json()}
        except SceneGraphError as error:
            return {"error": error.to_json()}

    def tell(found: Future[dict[str, Any]]) -> None:
        answered = json.dumps(found.result(), ensure_ascii=is_narrow(), allow_nan=False)
        sys.stdout.write(answered + "\n")
        sys.stdout.flush()

    workers, voice = ThreadPoolExecutor(os.cpu_count() or 1), ThreadPoolExecutor(1)
    told = []
    try:
        with _opened(file) as lines:
            for number, text in enumerate(lines, 1):
                if text.strip():
                    told.append(voice.submit(tell, workers.submit(one, number, text)))
        for each in told:
            each.result()
    except BrokenPipeError:  # the reader has left, as `head` does: no more is asked
        write_nowhere(1)
    finally:  # after an interruption nothing more is begun
        workers.shutdown(cancel_futures=True)
        voice.shutdown(cancel_futures=True)


def _object(number: int, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SceneError(f"Line {number} is not JSON: {error}.", next="Mend the line.") from None
    if not isinstance(line, dict):
        raise SceneError(f"Line {number} is not a JSON object.", next="Mend the line.")
    return line


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise SceneError(
            f"{file} cannot be read: {error.strerror}.", next="Check the path."
        ) from error
    with opened:
        yield opened
