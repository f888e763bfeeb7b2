"""A storyboard's table becomes a scene: one row, one shot."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Annotated, Unpack

from pydantic import Field

from scenegraph.errors import Place, Problem, SceneInvalid
from scenegraph.scene import Scene
from workflows.casting import People
from workflows.craft import (
    ManyWords,
    ReadFile,
    SceneOptions,
    Words,
    folder_of,
    make_scene,
    rate_of,
)
from workflows.registry import Unfit, recipe
from workflows.rows import COLUMNS, Writer
from workflows.tables import MOST_ROWS, read_cast, read_table


@recipe
def from_storyboard(
    *,
    table: ReadFile,
    stills: ManyWords = (),
    motions: ManyWords = (),
    cast: ReadFile | None = None,
    seconds: Annotated[float, Field(gt=0, le=60)] = 4.0,
    camera: Words = "locked-off tripod",
    **options: Unpack[SceneOptions],
) -> Scene:
    """A whole scene from a table: rows of beat, who, framing and seconds, in CSV or YAML.

    A row with `who` starts from that character's still, one without from words alone, one with a
    `motion` follows it, and `continue` keeps the camera rolling. All that is wrong with the table
    is told at once, by line and column.

    Args:
        table: the file, `.csv` or `.yaml`. Columns: beat (needed), who, framing, seconds, shot,
            setting, camera, lighting, keyframe, kind, motion, continue, notes. A YAML table is a
            list of rows, or has them under `rows:` beside `characters:` and `motions:` as in a
            scene file.
        stills: who is who, as NAME=FILE or NAME.KEYFRAME=FILE; files start at the scene file.
        motions: clips to follow, as NAME=FILE.
        cast: a scene file, or any YAML file with `characters:` and `motions:`, to take them from.
        seconds: length of a row that does not say its own.
        camera: how it moves in rows that do not say.
    """
    board = read_table(Path(table), tuple(COLUMNS), ("beat",))
    people = People(folder_of(options), options.get("into"))
    cast_of = [board] if cast is None else [board, read_cast(Path(cast))]
    problems = [problem for source in cast_of for problem in source.problems]
    people_wrong = [problem for source in cast_of for problem in people.take(source)]
    people.take_words(stills, motions)
    if people_wrong or (problems and not (board.rows and cast_of[-1].reading)):
        raise SceneInvalid([*problems, *people_wrong])
    if len(board.rows) > MOST_ROWS:
        raise Unfit(f"table: {len(board.rows)} rows; at most {MOST_ROWS} make a scene")
    if not board.rows:
        message = "This table has no rows."
        place = Place(str(table), 1, 1)
        raise SceneInvalid([Problem(message, place, "Write one row for each beat.", "empty-file")])
    writer = Writer(people, seconds, camera, rate_of(options))
    for row in board.rows:
        problems += writer.add(row)
    if problems:
        raise SceneInvalid(sorted(problems, key=_in_file_order))
    title = PurePath(str(table)).stem.replace("-", " ").replace("_", " ").capitalize()
    return make_scene(title, writer.shots, options, **people.parts())


def _in_file_order(problem: Problem) -> tuple[str, int, int]:
    where = problem.where
    return where.file, where.line or 0, where.column or 0
