"""A table becomes a scene, and its slips are told where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scenegraph.errors import BadArguments, SceneInvalid
from scenegraph.scene import ExtendShot, FrameOf, MotionShot, Prompt, Scene
from workflows import from_storyboard, single_shot

CAST = """
characters:
  mara:
    look: a woman in red
    keyframes: {front_closeup: stills/mara.png, medium_shot: stills/mara-medium.png}
  theo:
    keyframes: {front_closeup: stills/theo.png}
motions: {sway: sway.mp4}
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a table beside stills and read it: `board(text, name)`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stills").mkdir()
    for name in ("mara", "mara-medium", "theo"):
        Image.new("RGB", (64, 36)).save(tmp_path / "stills" / f"{name}.png")
    (tmp_path / "sway.mp4").write_bytes(b"\0" * 64)
    (tmp_path / "cast.yaml").write_text(CAST)

    def read(text: str, name: str = "board.csv", **more: Any) -> Scene:
        Path(name).write_text(text, encoding="utf-8", newline="")
        return from_storyboard(**{"table": name, "cast": "cast.yaml", **more})

    return read


def kinds(scene: Scene) -> list[str]:
    return [shot.kind for shot in scene.graph().shots.values()]


TABLE = """beat,who,framing,seconds,setting,motion,continue
rain drifts,,wide shot,3,a platform at night,,
"she waits, calm",mara,medium shot,4,,,
she listens,,,4,,,yes
he turns,theo,close-up,5,the carriage,sway,
he looks up,theo,,12,,,
"""


def test_each_row_is_a_shot_of_the_kind_that_its_cells_mean(board: Any) -> None:
    """Words alone, a still, rolling on, a motion; a long row becomes a shot and its hops."""
    scene = board(TABLE)
    assert kinds(scene) == ["t2v", "i2v", "extend", "multicondition", "i2v", "extend", "extend"]
    waits, listens, turns = scene.shots[1:4]
    assert waits.picture_of == "mara.medium_shot"
    assert isinstance(listens, ExtendShot) and listens.parent == waits.id
    assert isinstance(turns, MotionShot) and (turns.motion, turns.parent) == ("sway", None)
    assert sum(shot.seconds or 0 for shot in scene.graph().shots.values()) == pytest.approx(
        28, abs=0.5
    )


def test_places_are_carried_down_until_another_one_is_given(board: Any) -> None:
    """As everybody fills in a table; `-` takes it away."""
    scene = board("beat,who,setting\na,mara,a bar\nb,mara,\nc,mara,-\nd,mara,\n")
    said = [shot.prompt.setting for shot in scene.shots]  # type: ignore[union-attr]
    assert said == ["a bar", "a bar", None, None]


def test_a_row_put_in_between_renames_no_other(board: Any) -> None:
    """An id is in a shot's seed: a renamed shot would be shot again."""
    before = {shot.id for shot in board("beat,who\nshe waits,mara\nhe nods,theo\n").shots}
    after = {shot.id for shot in board("beat,who\nshe waits,mara\nrain,\nhe nods,theo\n").shots}
    assert before < after


@pytest.mark.parametrize("comma", [";", "\t"])
def test_tables_as_other_programs_save_them(board: Any, comma: str) -> None:
    """Semicolons, tabs, a byte order mark, line ends of Windows, commas for points, blank rows."""
    text = '\ufeffBeat,Who,Seconds\r\nshe waits,mara,"2,5"\r\n,,\r\nhe nods,theo,3 s\r\n'
    text = text.replace('"2,5"', "2#5").replace(",", comma).replace("#", ",")
    assert [shot.seconds for shot in board(text).shots] == [2.5, 3.0]


ROWS = """
rows:
  - {beat: she waits, who: mara, seconds: 4.5, framing: close-up}
  - {beat: she listens, continue: yes}
  - beat: she looks up
    who: mara
    keyframe: best of mara-waits
  - {beat: he nods, who: theo, kind: multicondition, motion: sway, shot: nod}
"""


@pytest.mark.parametrize("beside", [True, False], ids=["its-own-cast", "cast-of-a-file"])
def test_a_table_may_be_yaml_with_its_own_cast(board: Any, beside: bool) -> None:
    """One file for people who like one file."""
    scene = board(
        CAST + ROWS if beside else ROWS, "board.yaml", cast=None if beside else "cast.yaml"
    )
    assert scene.shots[0].id == "mara-waits"
    assert scene.shots[2].picture_of == FrameOf(shot="mara-waits")
    assert scene.shots[3].id == "nod" and scene.motions == {"sway": "sway.mp4"}
    scene.check_files()
    assert kinds(board("- {beat: rain}\n- {beat: fog}\n", "list.yml")) == ["t2v", "t2v"]


def test_who_is_who_may_be_said_in_words(board: Any) -> None:
    """For a table alone in a terminal."""
    scene = board(
        "beat,who,framing\nshe waits,mara,wide shot\n",
        cast=None,
        stills="mara=stills/mara.png; mara.medium_shot=stills/mara-medium.png",
    )
    assert scene.shots[0].picture_of == "mara.medium_shot"
    with pytest.raises(BadArguments, match="stills"):
        board("beat\nrain\n", stills="mara")


def test_files_are_found_from_the_scene_wherever_the_table_lies(board: Any, tmp_path: Path) -> None:
    """`new FILE --table boards/night.yaml` writes a scene that loads."""
    (tmp_path / "boards").mkdir()
    text = (CAST + ROWS).replace("stills/", "../stills/").replace("sway.mp4", "../sway.mp4")
    scene = board(text, "boards/night.yaml", cast=None)
    assert scene.characters["theo"].keyframes == {"front_closeup": "stills/theo.png"}
    scene.save("night.yaml")
    assert Scene.load("night.yaml") == scene


def test_rows_may_be_added_to_a_scene(board: Any) -> None:
    """Its cast is known there, and its files stay its files."""
    first = single_shot(keyframe="stills/mara.png", action="she waits", character="mara")
    scene = board("beat,who\nshe looks up,mara\n", cast=None, into=first)
    assert [shot.id for shot in scene.shots] == ["mara", "mara-looks-up"]
    assert scene.characters == first.characters


BAD = """beat,who,framing,seconds,keyframe,motion,continue,kind
she waits,mrar,close-up,4,,,,
,mara,close-up,soon,,,,
she turns,mara,,0,front_closup,,,
"he nods, twice",theo,,4,,swya,perhaps,
she goes,mara,,4,,,yes,
he runs,theo,,4,,,yes,i3v
fog,,,4,best of she-waitz,,,
"""


def test_every_slip_is_told_by_line_and_column_with_the_nearest_name(board: Any) -> None:
    """All of them in one go, as of a scene file."""
    with pytest.raises(SceneInvalid) as refused:
        board(BAD)
    told = {
        (problem.where.line, problem.where.column): problem.message
        for problem in refused.value.problems
    }
    for place, words in {
        (2, 11): "Did you mean 'mara'?",
        (3, 1): "no beat",
        (3, 16): "'soon'",
        (4, 17): "more than 0",
        (4, 19): "Did you mean 'front_closeup'?",
        (5, 27): "Did you mean 'sway'?",
        (5, 32): "yes or no",
        (6, 20): "needs a shot of their own",
        (7, 23): "Did you mean 'i2v'?",
        (8, 9): "no shot",
    }.items():
        assert words in told[place], (place, told)
    assert all(problem.where.file == "board.csv" for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("text", "name", "place", "words"),
    [
        ("", "board.csv", (1, 1), "empty"),
        ("beat,who\n", "board.csv", (1, 1), "no rows"),
        ("who,framing\nmara,close-up\n", "board.csv", (1, 1), "'beat'"),
        ("beta,who\nx,mara\n", "board.csv", (1, 1), "Did you mean 'beat'?"),
        ("beat,who,who\nx,mara,mara\n", "board.csv", (1, 10), "twice"),
        ("beat,who\nshe waits, calm,mara\n", "board.csv", (2, 17), "more cells"),
        ('beat,who\n"she waits,mara\n', "board.csv", (2, None), "CSV"),
        ("beat,continue\nx,yes\n", "board.csv", (2, 3), "no row above"),
        ("beat,kind\nx,i2v\n", "board.csv", (2, 1), "character"),
        ("beat,shot\nx,A b\n", "board.csv", (2, 3), "no id"),
        ("beat,shot\nx,a\ny,a\n", "board.csv", (3, 3), "Two rows"),
        ("rows: []\n", "board.yaml", (1, 7), "no rows"),
        ("rows:\n  - beat: x\n    hwo: mara\n", "board.yaml", (3, 5), "Did you mean 'who'?"),
        ("rows:\n  - x\n", "board.yaml", (2, 5), "no mapping"),
        ("- beat: [a]\n", "board.yaml", (1, 9), "must be words"),
        ("- beat: 'a\n", "board.yaml", (2, 1), ""),
        ("row:\n  - beat: a\n", "board.yaml", (1, 1), "Did you mean 'rows'?"),
    ],
)
def test_a_table_that_is_none_is_told_by_its_place(
    board: Any, text: str, name: str, place: tuple[int, int], words: str
) -> None:
    """Nothing is made of it, and no row is dropped silently."""
    with pytest.raises(SceneInvalid) as refused:
        board(text, name)
    first = refused.value.problems[0]
    assert (first.where.line, first.where.column) == place
    assert words in first.message


def test_a_file_that_cannot_be_read_is_a_sentence(board: Any, tmp_path: Path) -> None:
    """A slip in the name, a folder, another encoding, a cast that is none."""
    for change in ({"table": "bord.csv"}, {"table": "stills"}, {"cast": "no.yaml"}):
        with pytest.raises(SceneInvalid):
            board("beat\nrain\n", **change)
    (tmp_path / "latin.csv").write_bytes("beat\ncafé\n".encode("latin-1"))
    with pytest.raises(SceneInvalid, match="UTF-8"):
        board("beat\nrain\n", table="latin.csv")
    with pytest.raises(SceneInvalid, match="characters"):
        (tmp_path / "list.yaml").write_text("- a\n")
        board("beat\nrain\n", cast="list.yaml")


def test_rows_render_as_prompts_in_parts(board: Any) -> None:
    """So locks and looks are added as for any scene; a hop says nothing about its place."""
    scene = board(TABLE)
    listens = scene.shots[2].prompt
    assert isinstance(listens, Prompt)
    assert (listens.setting, listens.framing, listens.camera) == (None, None, "steady, no zoom")
