"""Full, read-only and damaged stores as a user meets them: a sentence, and nothing paid is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import Intent, Ledger, QueueUrls, State
from scenegraph.ledger.wal import read_log

Call = Callable[..., Any]
URLS = QueueUrls("https://q/s", "https://q/r", "https://q/c")


def _can_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"], capture_output=True
    )
    return done.returncode == 0


mounts = pytest.mark.skipif(not _can_mount(), reason="needs the right to mount a small disk")


def _typed(folder: Path, *args: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """`scenegraph ARGS` in a folder; `before` is a shell line that prepares its disk."""
    command = [sys.executable, "-m", "scenegraph", *args]
    if before:
        command = ["unshare", "-m", "sh", "-c", f'{before} && cd . && exec "$@"', "sh", *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _error(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)["error"]


@mounts
@pytest.mark.ffmpeg
@pytest.mark.parametrize("size", ["64k", "400k"])
def test_a_full_disk_is_a_sentence(scene: Path, size: str) -> None:
    """Full at once, or when the first clips have come: in either case said, and no traceback."""
    folder = scene.resolve().parent
    (folder / ".scenegraph").mkdir()
    disk = f"mount -t tmpfs -o size={size} none {folder / '.scenegraph'}"
    said = _typed(folder, "run", "scene.yaml", "--json", before=disk)
    assert said.returncode in (1, 2), said.stdout
    assert "full" in said.stdout or "No space" in said.stdout


@mounts
@pytest.mark.ffmpeg
def test_a_read_only_store_is_a_sentence(shot: Path) -> None:
    """Whoever types, root as well."""
    folder = shot.resolve().parent
    store = folder / ".scenegraph"
    disk = f"mount --bind {store} {store} && mount -o remount,ro,bind {store}"
    before = sorted(path.name for path in store.rglob("*"))
    for command in (("run",), ("pick",), ("gc", "--delete"), ("mend",), ("cut",)):
        args = [command[0], "scene.yaml", *command[1:], "--json"]
        args[2:2] = ["street", "1"] if command[0] == "pick" else []
        said = _typed(folder, *args, before=disk)
        assert said.returncode == 2, (command, said.stdout)
        error = _error(said)
        assert "writ" in error["message"] and error["next"], error
    assert sorted(path.name for path in store.rglob("*")) == before


# -- damage ----------------------------------------------------------------------------------------


def _pay(ledger: Ledger, number: int, scene: str = "tiny") -> None:
    """A paid take with its file, of a shot of its own."""
    words = f"{number} " * 200  # so that a take fills a good part of a page
    take = ledger.intend(
        Intent(
            scene=scene, shot=f"paid-{number}", key=f"key-{scene}-{number}", setup=f"s-{number}",
            parts={"inputs": {}, "words": words}, engine="fal", endpoint="e", seed=number,
            params={"prompt": words}, usd_estimate=Decimal("0.10"), billed=True,
        )
    )  # fmt: skip
    ledger.submitted(take.id, f"request-{number}", URLS)
    ledger.answered(take.id, {"video": {"url": "https://v/x.mp4"}}, Decimal("0.10"))
    stored = ledger.store.put_bytes(f"clip {scene} {number}".encode(), ".mp4")
    ledger.fetched(take.id, stored.sha256, stored.media, None)


def _paid_takes(store: Path) -> dict[str, tuple[str | None, str | None]]:
    with Ledger.open(store) as ledger:
        rows = ledger.memory("tiny").takes.values()
    return {
        take.shot: (take.request_id, take.sha256)
        for takes in rows
        for take in takes
        if take.billed and take.state is State.FETCHED
    }


def _hit(file: Path, *places: float) -> None:
    """Overwrite 700 bytes at each of these parts of a file."""
    data = bytearray(file.read_bytes())
    for place in places:
        at = int(len(data) * place) // 4096 * 4096
        data[at : at + 700] = os.urandom(700)
    file.write_bytes(data)


@pytest.fixture
def paid(scene: Path) -> Path:
    """A scene whose store has sixty paid takes; none of it is copied anywhere."""
    store = scene.resolve().parent / ".scenegraph"
    with Ledger.open(store) as ledger, ledger.group():
        for number in range(60):
            _pay(ledger, number)
    return store


COMMANDS = (["plan"], ["takes"], ["run"], ["gc"], ["cut"])


def test_a_damaged_ledger_is_mended_from_its_own_rows_and_its_copies(
    paid: Path, scene: Path, call: Call
) -> None:
    """Pages in the middle are overwritten: what they held comes from the copy of the last run."""
    before = _paid_takes(paid)
    with Ledger.open(paid) as ledger:
        assert ledger.back_up()
        _pay(ledger, 100)  # after the copy was made
    whole = _paid_takes(paid)
    _hit(paid / "ledger.db", 0.2, 0.4, 0.5, 0.6)
    said = call("mend", scene, "--json")
    assert said.code == 0 and said.json["mended"] and said.json["lost_takes"] == []
    assert said.json["tables"]["takes"]["lost"] == 0
    after = _paid_takes(paid)
    assert {shot: after[shot] for shot in before} == before and after.keys() <= whole.keys()
    with closing(sqlite3.connect(paid / "ledger.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    assert (paid / said.json["aside"] / "ledger.db").is_file()
    assert call("takes", scene, "--json").code == 0
    assert call("mend", scene, "--json").json["mended"] is False


def test_a_damaged_ledger_without_a_copy_says_what_is_lost(
    paid: Path, scene: Path, call: Call
) -> None:
    """Every command says so in a sentence; the rescue names each lost take and its file."""
    before = _paid_takes(paid)
    media = {path.name for path in (paid / "media").rglob("*.mp4")}
    with closing(sqlite3.connect(paid / "ledger.db")) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = opened.execute(
            "SELECT pageno FROM dbstat WHERE name='takes' AND pagetype='leaf' LIMIT 1 OFFSET 9"
        ).fetchone() if _has_dbstat(opened) else None  # fmt: skip
    data = bytearray((paid / "ledger.db").read_bytes())
    at = (page[0] - 1 if page else len(data) // 8192) * 4096
    data[at : at + 900] = b"\xff" * 900
    (paid / "ledger.db").write_bytes(data)
    for command in COMMANDS:
        said = call(*command, scene, "--json")
        if said.code != 0:
            assert said.code == 2 and "damaged" in said.error["message"], said.error
            assert "scenegraph mend" in said.error["next"]
    said = call("mend", scene, "--json")
    lost = said.json["lost_takes"]
    assert said.code == (1 if said.json["lost"] else 0)
    after = _paid_takes(paid)
    assert after.items() <= before.items() and len(after) + len(lost) >= len(before)
    if page:
        assert lost and len(after) > 40
        for one in lost:  # events still say which request it was, and where its file is
            assert one["request_id"].startswith("request-") and (paid / one["media"]).is_file()
    assert {path.name for path in (paid / "media").rglob("*.mp4")} == media
    # What no row names is kept by the housekeeping: it may have been paid for.
    if lost:
        swept = call("gc", scene, "--keep-days", 0, "--delete", "--json").json
        assert swept["kept"] and {p.name for p in (paid / "media").rglob("*.mp4")} == media


def _has_dbstat(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1 FROM dbstat LIMIT 1")
    except sqlite3.Error:
        return False
    return True


@pytest.mark.parametrize("damage", ["head", "letter", "empty", "gone"])
def test_a_ledger_that_is_no_database_any_more_comes_back_from_its_copy(
    damage: str, paid: Path, scene: Path, call: Call
) -> None:
    before = _paid_takes(paid)
    with Ledger.open(paid) as ledger:
        assert ledger.back_up()
    file = paid / "ledger.db"
    match damage:
        case "head":
            data = file.read_bytes()
            file.write_bytes(b"\0" * 4096 + data[4096:])
        case "letter":
            file.write_text("this is not a database, it is a letter\n" * 200)
        case "empty":
            file.write_bytes(b"")
        case "gone":
            file.unlink()
    if damage in ("head", "letter"):
        said = call("plan", scene, "--json")
        assert said.code == 2 and "mend" in said.error["next"]
    said = call("mend", scene, "--json")
    assert said.code == 0 and said.json["mended"]
    assert _paid_takes(paid) == before


WRITER = """
    import os, signal, sys
    sys.path.insert(0, {here!r})
    from test_cli_storage import _pay
    from scenegraph.ledger import Ledger
    ledger = Ledger.open(sys.argv[1])
    for number in range(200, 220):
        _pay(ledger, number)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(paid: Path) -> Path:
    """The same after a process that paid for twenty takes more and was killed: a log is left."""
    code = textwrap.dedent(WRITER).format(here=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code, str(paid)], timeout=60, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert len(read_log(paid / "ledger.db-wal").frames) > 100
    return paid


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_damaged_log_is_not_taken_for_its_end(killed: Path, scene: Path, call: Call) -> None:
    """SQLite drops all commits behind the damage without a word: requests would be sent again."""
    log_file = killed / "ledger.db-wal"
    data = bytearray(log_file.read_bytes())
    middle = 32 + (len(data) // 2 // 4120) * 4120 + 24
    data[middle : middle + 64] = b"\xff" * 64
    for command in COMMANDS:
        log_file.write_bytes(data)
        said = call(*command, scene, "--json")
        assert said.code == 2 and "log is damaged" in said.error["message"]
        assert "scenegraph mend" in said.error["next"]
        assert log_file.read_bytes() == data
    said = call("mend", scene, "--json")
    assert said.json["mended"] and call("takes", scene, "--json").code == 0
    after = _paid_takes(killed)
    numbers = [int(shot.removeprefix("paid-")) for shot in after]
    # One page is lost, and not the half of the log behind it.
    assert 219 in numbers and len(numbers) >= 76
    lost = {one.get("request_id") for one in said.json["lost_takes"]}
    known = {request for request, _ in after.values()}
    assert len(known | lost) >= 79


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_log_that_a_kill_left_is_no_damage(killed: Path, scene: Path, call: Call) -> None:
    """Also with its last write torn: that one was never promised to be there."""
    log_file = killed / "ledger.db-wal"
    data = log_file.read_bytes()
    log_file.write_bytes(data[: len(data) - 2000])
    assert call("takes", scene, "--json").code == 0
    assert len(_paid_takes(killed)) >= 79
    assert call("mend", scene, "--json").json["mended"] is False


KILLED_MEND = """
    import os, signal, sys
    from pathlib import Path
    from scenegraph.run.keeping import mend_store
    real = {what}
    def die(self, *args, **more):
        if self.name.startswith({name!r}):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *args, **more)
    {what} = die
    mend_store(None, store=sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("what", "name"), [("Path.unlink", "ledger.db-wal"), ("Path.replace", ".ledger.db")]
)
def test_a_rescue_that_is_killed_is_done_again(
    what: str, name: str, killed: Path, call: Call
) -> None:
    """Also between taking the old log away and putting the new ledger in its place."""
    log_file = killed / "ledger.db-wal"
    data = bytearray(log_file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    log_file.write_bytes(data)
    code = textwrap.dedent(KILLED_MEND).format(what=what, name=name)
    done = subprocess.run(
        [sys.executable, "-c", code, str(killed)], timeout=60, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    said = call("mend", "--store", killed, "--json")
    assert said.json["mended"], said.out
    assert len(_paid_takes(killed)) >= 76


@pytest.mark.ffmpeg
def test_the_starts_of_the_last_two_runs_are_copied(scene: Path, call: Call) -> None:
    """Runs with nothing to do copy nothing; of the others the last two are kept."""
    store = scene.resolve().parent / ".scenegraph"
    call("run", scene)
    assert not (store / "ledger.db.bak2").exists()
    first = (store / "ledger.db.bak").read_bytes()
    call("run", scene)
    assert (store / "ledger.db.bak").read_bytes() == first
    call("rerun", scene, "street")
    assert (store / "ledger.db.bak2").read_bytes() == first
    with closing(sqlite3.connect(store / "ledger.db.bak")) as copy:
        assert copy.execute("SELECT count(*) FROM takes").fetchone() == (3,)
    call("rerun", scene, "street")
    with closing(sqlite3.connect(store / "ledger.db.bak2")) as copy:
        assert copy.execute("SELECT count(*) FROM takes").fetchone() == (3,)
    assert not [path for path in store.iterdir() if path.name.endswith(".part")]


def test_a_damaged_ledger_never_replaces_a_good_copy(paid: Path) -> None:
    with Ledger.open(paid) as ledger:
        assert ledger.back_up()
    good = (paid / "ledger.db.bak").read_bytes()
    with Ledger.open(paid) as ledger:
        _hit(paid / "ledger.db", 0.3, 0.5)
        assert not ledger.back_up()
    assert (paid / "ledger.db.bak").read_bytes() == good
    assert not (paid / "ledger.db.bak2").exists()


def test_a_folder_that_takes_no_reel_is_told_before_anything_is_shot(scene, tmp_path):
    """With a store elsewhere a whole film was shot before its reel could not be written."""
    held = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"]
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("an administrator may write everywhere")
    here = Path.cwd()
    here.chmod(0o555)
    try:
        program = [*(held if os.geteuid() == 0 else []), sys.executable, "-m", "scenegraph"]
        done = subprocess.run(
            [*program, "run", scene, "--store", tmp_path / "store", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        here.chmod(0o755)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert "tiny.preview.mp4 cannot be written" in error["message"]
    assert "--out" in error["next"]
    assert not (tmp_path / "store").exists()
