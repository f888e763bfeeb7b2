"""Which scene a file is: a new title keeps the name; two files with one title are two scenes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenegraph.ledger import Ledger, memory_of
from scenegraph.ledger.tables import scenes


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A scene file beside whose folder a store lies."""
    return _file(tmp_path / "film" / "scene.yaml")


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("scenegraph: 1\n")
    return path


def _store(file: Path) -> Ledger:
    return Ledger.open(file.parent / ".scenegraph")


def test_a_new_title_keeps_the_name(film: Path) -> None:
    """Picks, pins and money are written under the name: it must not follow the title."""
    with _store(film) as ledger:
        assert ledger.know("night-train", "Night train", film) == "night-train"
        assert ledger.name_of("day-train", film) == "night-train"
        assert ledger.know("day-train", "Day train", film) == "night-train"
        (known,) = ledger.scenes()
        assert (known.name, known.title, known.file) == ("night-train", "Day train", "scene.yaml")


def test_two_files_of_one_title_are_two_scenes(film: Path) -> None:
    """Nobody means to share takes by choosing the same title."""
    other = _file(film.parent / "other" / "scene.yaml")
    third = _file(film.parent / "third.yaml")
    with _store(film) as ledger:
        names = [ledger.know("night-train", "Night train", file) for file in (film, other, third)]
        assert names == ["night-train", "night-train-2", "night-train-3"]
        again = [ledger.name_of("night-train", file) for file in (third, film, other)]
        assert again == ["night-train-3", "night-train", "night-train-2"]


def test_a_file_that_was_moved_is_the_same_scene(film: Path) -> None:
    """The old place is empty, the title is known: the new path is written down, in one row."""
    with _store(film) as ledger:
        ledger.know("night-train", "Night train", film)
        moved = film.with_name("train.yaml")
        film.rename(moved)
        assert ledger.name_of("night-train", moved) == "night-train"
        assert [one.file for one in ledger.scenes()] == ["scene.yaml"]  # reading wrote nothing
        assert ledger.know("night-train", "Night train", moved) == "night-train"
        assert [one.file for one in ledger.scenes()] == ["train.yaml"]
        _file(film)  # a new file in the old place is another scene
        assert ledger.know("night-train", "Night train", film) == "night-train-2"


def test_of_two_scenes_the_one_that_was_moved_is_found(film: Path) -> None:
    """The first file of the title still exists, so the second scene's file is what moved."""
    other = _file(film.parent / "b" / "scene.yaml")
    with _store(film) as ledger:
        for file in (film, other):
            ledger.know("night-train", "Night train", file)
        moved = film.parent / "c" / "scene.yaml"
        other.parent.rename(moved.parent)
        assert ledger.know("night-train", "Night train", moved) == "night-train-2"


def test_a_copied_project_goes_on(film: Path, tmp_path: Path) -> None:
    """Paths are relative to the folder that the store lies in."""
    with _store(film) as ledger:
        ledger.know("night-train", "Night train", film)
    copy = tmp_path / "copy"
    shutil.copytree(film.parent, copy)
    with Ledger.open(copy / ".scenegraph") as ledger:
        assert ledger.know("dawn", "Dawn", copy / "scene.yaml") == "night-train"


def test_a_file_outside_of_the_stores_folder_is_absolute(film: Path, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "shared" / "store") as ledger:
        ledger.know("night-train", "Night train", film)
        assert [one.file for one in ledger.scenes()] == [film.resolve().as_posix()]
        assert ledger.name_of("dawn", film) == "night-train"


def test_a_scene_built_in_python_goes_by_its_title(film: Path) -> None:
    """It has no file; when it is saved to one, the file takes the name over."""
    with _store(film) as ledger:
        assert ledger.know("night-train", "Night train", None) == "night-train"
        assert ledger.know("night-train", "Night train", film) == "night-train"
        assert ledger.know("night-train", "Night train", None) == "night-train"
        assert [one.file for one in ledger.scenes()] == ["scene.yaml"]


def test_an_older_ledger_gives_its_names_to_the_first_file(film: Path) -> None:
    """Without the table every name belongs to the first file that opens with it; none is lost."""
    other = _file(film.parent / "other.yaml")
    with _store(film) as ledger:
        scenes.drop(ledger._engine)
        for name in ("night-train", "night-train-2"):
            ledger.begin_run(name, "animatic")
        assert ledger.name_of("night-train", film) == "night-train"
        assert ledger.scenes() == ()
        assert ledger.know("night-train", "Night train", film) == "night-train"
        # night-train-2 is a scene of that title, not the second file of this one
        assert ledger.know("night-train", "Night train", other) == "night-train-3"


def test_reading_a_scene_writes_nothing(film: Path) -> None:
    """`plan` on an older ledger must leave it as it is."""
    with _store(film) as ledger:
        scenes.drop(ledger._engine)
    assert memory_of(film.parent / ".scenegraph", "night-train", film).scene == "night-train"
    with _store(film) as ledger:
        assert ledger.scenes() == ()
