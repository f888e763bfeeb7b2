"""The first second of a command, and its last: what it loads, Ctrl-C, and a reader that leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

#: What looks at pictures, talks to a network, serves, or writes reports.
HEAVY = {
    "av", "cv2", "ffmpeg", "fsspec", "httpx", "imageio_ffmpeg", "jinja2", "networkx", "numpy",
    "sqlalchemy", "starlette", "uvicorn",
}  # fmt: skip
#: What reads a scene; a page of help needs none of it either.
READING = {"PIL", "asyncio", "pydantic", "pydantic_settings", "structlog", "yaml"}
#: `scenegraph` as its console script has it, telling at the end what was loaded.
TELLING = """\
import sys
from scenegraph.cli import main
try:
    main()
finally:
    sys.stderr.write("loaded " + " ".join({name.partition(".")[0] for name in sys.modules}))
"""
#: … and with a Ctrl-C at the moment when the module named first is asked for.
INTERRUPTED_AT = """\
import os, signal, sys
class Typing:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            os.write(2, b"typed")
            os.kill(os.getpid(), signal.SIGINT)
from scenegraph.cli import main
sys.meta_path.insert(0, Typing())
main(sys.argv[2:])
"""
#: … and while pydantic builds a model, which says so by an error of its own.
INTERRUPTED_IN_A_MODEL = """\
import re
import scenegraph.scene
from pydantic_core import SchemaValidator, core_schema
def typed(*_):
    raise KeyboardInterrupt
def load_scene(*_, **__):
    re.compile = typed
    SchemaValidator(core_schema.str_schema(pattern="a", regex_engine="python-re"))
scenegraph.scene.load_scene = load_scene
from scenegraph.cli import main
main()
"""
#: … and where Python can only report what is raised.
INTERRUPTED_IN_THE_DARK = """\
import time
import scenegraph.scene
class Typed:
    def __del__(self):
        raise KeyboardInterrupt
def load_scene(*_, **__):
    Typed()
    time.sleep(60)
scenegraph.scene.load_scene = load_scene
from scenegraph.cli import main
main()
"""
#: … and when the command is done.
INTERRUPTED_AT_THE_END = """\
import atexit, os, signal
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
from scenegraph.cli import main
main()
"""


def play(script: str, *line: object) -> subprocess.CompletedProcess[str]:
    """A real process that hears Ctrl-C, however these tests were started."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, line)],
        capture_output=True,
        text=True,
        check=False,
    )


def loaded(*line: object) -> set[str]:
    done = play(TELLING, *line)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("loaded ")[2].split())


@pytest.mark.parametrize("line", [["--version"], ["--help"]])
def test_help_loads_neither_the_engine_nor_its_libraries(line):
    """It is typed while one thinks; each of these would be felt."""
    found = loaded(*line)
    assert {"scenegraph", "typer"} <= found
    assert not found & (HEAVY | READING)


@pytest.mark.parametrize("command", ["check", "plan", "takes", "graph"])
def test_commands_about_an_unshot_scene_load_what_reads_it_alone(scene, command):
    """Without a ledger there is no database, and no plan ever looks at a picture."""
    found = loaded(command, scene)
    assert "pydantic" in found
    assert not found & HEAVY


def test_planning_on_a_ledger_loads_the_database_and_no_more(shot):
    """The harmless twin: here SQLAlchemy is needed, and still nothing draws, serves or asks."""
    found = loaded("plan", shot)
    assert "sqlalchemy" in found
    assert not found & (HEAVY - {"sqlalchemy", "numpy", "fsspec"})


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("scenegraph.cli.main", ["--help"]),
        ("typer", ["--help"]),
        ("rich.console", ["plan", "scene.yaml"]),
        ("scenegraph.cli.takes", ["plan", "scene.yaml"]),
        ("structlog", ["plan", "scene.yaml"]),
        ("pydantic", ["plan", "scene.yaml"]),
        ("scenegraph.plan.make", ["plan", "scene.yaml"]),
        ("yaml", ["check", "scene.yaml"]),
        ("numpy", ["run", "scene.yaml"]),
        ("cv2", ["run", "scene.yaml"]),
        ("sqlalchemy", ["run", "scene.yaml"]),
    ],
)
def test_an_interrupt_while_modules_are_loaded_is_130(scene, module, line):
    """Ctrl-C in the first second: a word, not a page of frames of other people's packages."""
    done = play(INTERRUPTED_AT, module, *line)
    typed, _, said = done.stderr.rpartition("typed")
    assert done.returncode == 130, done.stderr
    assert typed == ""
    assert "Interrupted" in said
    assert len(said.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["scenegraph.cli.main", "yaml", "scenegraph.plan.make"])
def test_an_interrupted_command_still_gives_its_one_document(scene, module):
    """A program that asked for JSON reads one document, whenever Ctrl-C was typed."""
    done = play(INTERRUPTED_AT, module, "plan", "scene.yaml", "--json")
    assert done.returncode == 130, done.stderr
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["where"]["file"]) == ("interrupted", None)
    assert error["next"]


@pytest.mark.parametrize("script", [INTERRUPTED_IN_A_MODEL, INTERRUPTED_IN_THE_DARK])
def test_an_interrupt_that_a_package_hides_is_130(scene, script):
    """pydantic-core makes a SchemaError of it, without a cause, or drops it in a callback."""
    done = play(script, "plan", scene)
    assert done.returncode == 130, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_at_the_very_end_is_130(scene):
    """The answer is out; Python would print a traceback from its own shutdown."""
    done = play(INTERRUPTED_AT_THE_END, "plan", scene, "--json")
    assert (done.returncode, done.stderr.strip()) == (130, "Interrupted.")
    assert json.loads(done.stdout)["to_shoot"] == 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_stays_ignored_where_the_shell_ignores_it(scene):
    """What runs behind `&` is not ended by a Ctrl-C that was meant for the foreground."""
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = play(ignored + INTERRUPTED_AT, "yaml", "plan", scene, "--exit-code")
    assert (done.returncode, done.stderr) == (1, "typed")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["plan", "scene.yaml", "--exit-code"], 1),
        (["plan", "scene.yaml", "--json"], 0),
        (["plan", "missing.yaml", "--json"], 2),
        (["check", "scene.yaml"], 0),
        (["graph", "scene.yaml"], 0),
        (["schema"], 0),
        (["models"], 0),
        (["--version"], 0),
    ],
)
def test_a_reader_that_has_left_is_no_error(scene, line, code):
    """`scenegraph … | head`: nothing on stderr, and the exit code is the command's own."""
    done = unread(*line, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_batch_ends_when_its_reader_leaves(scene):
    """`review --batch clips.jsonl | head -1`: what nobody reads is not measured."""
    Path("clips.jsonl").write_text('{"clip": "missing.mp4"}\n' * 3)
    done = unread("review", "--batch", "clips.jsonl", stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_run_outlives_the_readers_of_its_log(scene):
    """`scenegraph run … 2>&1 | head`: a paid run would be worth more than its lines."""
    done = unread("-v", "run", scene, stderr=subprocess.STDOUT)
    assert done.returncode == 0
    assert Path("tiny.preview.mp4").is_file()


def unread(*line: object, stderr: int) -> subprocess.CompletedProcess[bytes]:
    """A command whose stdout is a pipe that nobody reads any more."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        return subprocess.run(
            [sys.executable, "-m", "scenegraph", *map(str, line)],
            stdout=writes,
            stderr=stderr,
            check=False,
        )
    finally:
        os.close(writes)


def test_ctrl_c_is_heard_by_what_these_tests_start():
    """Suites that run behind a shell's `&` inherit an ignored Ctrl-C; see `tests/conftest.py`."""
    done = play("import signal; print(signal.getsignal(signal.SIGINT).__name__)")
    assert done.stdout.strip() == signal.default_int_handler.__name__
