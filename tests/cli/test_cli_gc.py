"""`gc` as a user types it: what it shows, what it removes, and what it never touches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenegraph.ledger import Intent, Ledger, QueueUrls, Review, State, Take
from scenegraph.ledger.keeping import garbage_of, hold_all

pytestmark = pytest.mark.ffmpeg
Call = Callable[..., Any]


def _store(scene: Path) -> Path:
    return scene.resolve().parent / ".scenegraph"


def _takes(scene: Path) -> dict[str, Take]:
    with Ledger.open(_store(scene)) as ledger:
        rows = ledger.memory("tiny").takes
    return {f"{take.shot}/t{take.number}": take for takes in rows.values() for take in takes}


def _media(scene: Path) -> set[str]:
    files = (_store(scene) / "media").rglob("*.*")
    return {path.relative_to(_store(scene)).as_posix() for path in files if path.is_file()}


def _paid(scene: Path, shot: str, *, until: State, data: bytes, made_from: str = "") -> Take:
    """A paid take that has come as far as `until`."""
    with Ledger.open(_store(scene)) as ledger:
        inputs = {"image": {"sha256": made_from}} if made_from else {}
        take = ledger.intend(
            Intent(
                scene="tiny", shot=shot, key=f"key {data!r}", setup="other",
                parts={"inputs": inputs},
                engine="fal", endpoint="e", seed=1, params={}, usd_estimate=Decimal("0.10"),
                billed=True,
            )
        )  # fmt: skip
        ledger.submitted(
            take.id, f"r{take.id}", QueueUrls("https://q/s", "https://q/r", "https://q/c")
        )
        if until is not State.SUBMITTED:
            ledger.answered(take.id, {}, Decimal("0.10"))
            stored = ledger.store.put_bytes(data, ".mp4")
            ledger.fetched(take.id, stored.sha256, stored.media, None)
            ledger.reviewed(take.id, Review(verdict="good"))
        if until is State.CIRCLED:
            ledger.circle(take.id)
        return ledger.take(take.id)


def test_a_dry_run_shows_and_changes_nothing(shot: Path, call: Call) -> None:
    # Such as a tail that was cut for a hop: it is made again whenever it is needed.
    nobodys = _store(shot) / f"media/cc/{'c' * 64}.mp4"
    nobodys.parent.mkdir(exist_ok=True)
    nobodys.write_bytes(b"x" * 100)
    before = _media(shot)
    said = call("gc", shot, "--keep-days", 0, "--json")
    assert said.code == 0 and said.json["removed"] is False
    assert said.json["kinds"].keys() == {"orphan"}
    assert _media(shot) == before
    assert call("gc", shot).code == 0 and _media(shot) == before


def test_what_is_removed_and_what_stays(shot: Path, call: Call) -> None:
    """One of everything; then the scene plans as before, and the reel is cut without a shot."""
    assert call("rerun", shot, "mara-waits", "--json").code == 0
    store = _store(shot)
    gone_pid = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                              capture_output=True, text=True).stdout.strip()  # fmt: skip
    left = {
        f"tmp/1790000000-{gone_pid}-0123456789ab.mp4": True,
        f"tmp/1790000000-{os.getpid()}-0123456789ab.mp4": False,  # of a living process
        f"media/.{'a' * 32}.part": True,
        f"segments/{'b' * 64}.mp4": True,
        "segments/.0123456789abcdef.0a1b2c.mp4": True,
        f"media/cc/{'c' * 64}.mp4": True,
        "media/notes.txt": False,  # no name of ours
    }
    for name in left:
        (store / name).parent.mkdir(exist_ok=True)
        (store / name).write_bytes(b"x" * 100)
    takes = _takes(shot)
    old = [name for name, take in takes.items() if not take.circled]
    assert sorted(old) == ["mara-listens/t1", "mara-waits/t1"]
    planned = call("plan", shot, "--json").json
    said = call("gc", shot, "--keep-days", 0, "--delete", "--json")
    assert said.code == 0 and said.json["removed"]
    assert {name: not (store / name).exists() for name in left} == left
    assert sorted(said.json["takes"]) == sorted(f"tiny/{name}" for name in old)
    after = _takes(shot)
    for name, take in takes.items():
        assert (after[name].state is State.COLLECTED) is (name in old)
        assert (store / str(take.media)).exists() is (name not in old)
    assert call("plan", shot, "--json").json["plan_id"] == planned["plan_id"]
    segments = {path.name for path in (store / "segments").iterdir()}
    cut = call("cut", shot, "--json")
    assert cut.code == 0 and {p.name for p in (store / "segments").iterdir()} == segments
    again = call("gc", shot, "--keep-days", 0, "--json").json
    assert again["bytes"] == 0 and again["takes"] == []


def test_a_removed_take_is_never_given_for_a_picture(shot: Path, call: Call) -> None:
    """`pick` says so in a sentence; another shot of the same key is shot, not adopted."""
    call("rerun", shot, "street")
    first = _takes(shot)["street/t1"]
    assert call("gc", shot, "--keep-days", 0, "--delete").code == 0
    said = call("pick", shot, "street", 1, "--json")
    assert said.code == 2
    assert "gc" in said.error["message"] and "rerun" in said.error["next"]
    with Ledger.open(_store(shot)) as ledger:
        assert ledger.memory("other").by_key(first.key) is None
        assert ledger.memory("tiny").by_key(first.key) is None
    listed = call("takes", shot, "street", "--json").json["shots"][0]["takes"][0]
    assert (listed["state"], listed["media"]) == ("collected", None)
    assert call("why", shot, "street", 1, 2, "--json").code == 0


def test_young_previews_and_all_that_a_shot_has_stay(shot: Path, call: Call) -> None:
    call("rerun", shot, "street")
    assert call("gc", shot, "--delete", "--json").json["takes"] == []
    with Ledger.open(_store(shot)) as ledger:
        ledger.reject(_takes(shot)["street/t2"].id, "no")
    assert call("gc", shot, "--keep-days", 0, "--delete", "--json").json["takes"] == []


def test_a_preview_that_a_kept_take_was_made_from_stays(shot: Path, call: Call) -> None:
    """A re-run of the hop needs its parent's end, also when another parent is circled by now."""
    call("pin", shot, "mara-listens")
    call("run", shot, "--force", "mara-waits", "--json")
    takes = _takes(shot)
    assert takes["mara-waits/t2"].circled and takes["mara-listens/t1"].pinned
    found = call("gc", shot, "--keep-days", 0, "--delete", "--json").json
    assert found["takes"] == []
    assert _takes(shot)["mara-waits/t1"].state is State.REVIEWED


def test_what_was_paid_for_goes_only_when_it_is_named_and_meant(shot: Path, call: Call) -> None:
    kept = _paid(shot, "street", until=State.CIRCLED, data=b"kept")
    spare = _paid(shot, "street", until=State.REVIEWED, data=b"spare")
    store = _store(shot)
    assert call("gc", shot, "--keep-days", 0, "--delete", "--json").json["takes"] == []
    assert (store / str(spare.media)).exists()
    for name, word in ((kept.slate, "circled"), ("tiny/none/t1", "no take")):
        said = call("gc", shot, "--take", name, "--delete", "--yes", "--json")
        assert said.code == 2 and word in said.error["message"]
    said = call("gc", shot, "--take", spare.slate, "--delete", "--json")
    assert (said.code, said.error["kind"]) == (4, "person-needed") and "$0.1" in said.error[
        "message"
    ]
    assert (store / str(spare.media)).exists()
    said = call("gc", shot, "--take", spare.slate, "--delete", "--yes", "--json")
    assert said.code == 0 and said.json["takes"] == [spare.slate]
    assert not (store / str(spare.media)).exists() and (store / str(kept.media)).exists()
    with Ledger.open(store) as ledger:
        assert ledger.money("tiny").spent == Decimal("0.20")


def test_what_another_take_was_made_from_is_refused_by_name(shot: Path, call: Call) -> None:
    parent = _paid(shot, "street", until=State.REVIEWED, data=b"parent")
    child = _paid(shot, "other", until=State.REVIEWED, data=b"child", made_from=str(parent.sha256))
    said = call("gc", shot, "--take", parent.slate, "--delete", "--yes", "--json")
    assert said.code == 2 and child.slate in said.error["message"]
    said = call("gc", shot, "--take", parent.slate, "--take", child.slate, "--json")
    assert said.code == 0 and len(said.json["takes"]) == 2


def test_a_file_of_a_take_that_is_owed_stays(shot: Path, call: Call) -> None:
    """Killed between file and ledger: the file is there, and its take is still `submitted`."""
    owed = _paid(shot, "street", until=State.SUBMITTED, data=b"")
    with Ledger.open(_store(shot)) as ledger:
        stored = ledger.store.put_bytes(b"its file", ".mp4")
    said = call("gc", shot, "--keep-days", 0, "--delete", "--json").json
    assert (_store(shot) / stored.media).exists() and said["kept"]
    refused = call("gc", shot, "--take", owed.slate, "--json")
    assert refused.code == 2 and "submitted" in refused.error["message"]


def test_a_file_that_another_scene_uses_stays(shot: Path, call: Call) -> None:
    """The same bytes in two scenes are one file; it goes when neither needs it."""
    call("rerun", shot, "street")
    first = _takes(shot)["street/t1"]
    with Ledger.open(_store(shot)) as ledger:
        other = replace(_intent_of(first), scene="other")
        adopted = ledger.adopt(other, first)
        ledger.circle(adopted.id)
    said = call("gc", shot, "--keep-days", 0, "--delete", "--json").json
    assert said["takes"] == [] and (_store(shot) / str(first.media)).exists()


def _intent_of(take: Take) -> Intent:
    names = ("scene", "shot", "key", "setup", "parts", "engine", "endpoint", "seed", "params",
             "usd_estimate", "billed")  # fmt: skip
    return Intent(**{name: getattr(take, name) for name in names})


HOLDER = """
import sys, time
from scenegraph.ledger import Ledger
with Ledger.open(sys.argv[1]) as ledger, ledger.hold("another-scene"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_scene_that_is_worked_on_is_waited_for(shot: Path, call: Call) -> None:
    """Also another scene of the store: a file of its run may have no row yet."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(_store(shot))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        said = call("gc", shot, "--delete", "--json")
        assert (said.code, said.error["kind"]) == (4, "store-busy")
        assert f"process {process.pid}" in said.error["message"]
        assert call("gc", shot).code == 0  # looking waits for nobody
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    assert call("gc", shot, "--delete").code == 0
    with Ledger.open(_store(shot)) as ledger, hold_all(ledger):
        said = call("run", shot, "--json")
        assert said.code == 4 and f"process {os.getpid()}" in said.error["message"]


KILLED = """
import os, signal, sys
from pathlib import Path
from scenegraph.run.keeping import clean
left, real = int(sys.argv[2]), Path.unlink
def unlink(self, missing_ok=False):
    global left
    if self.suffix in (".mp4", ".npz"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return real(self, missing_ok=missing_ok)
Path.unlink = unlink
clean(sys.argv[1], keep_days=0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("files", [0, 1, 3])
def test_a_kill_in_the_middle_leaves_nothing_that_lies(files: int, shot: Path, call: Call) -> None:
    """No take promises a file that is gone, and the rest goes the next time."""
    call("rerun", shot, "mara-waits")
    done = subprocess.run([sys.executable, "-c", KILLED, str(shot), str(files)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    for take in _takes(shot).values():
        assert not take.state.has_media or (_store(shot) / str(take.media)).exists()
    assert call("gc", shot, "--keep-days", 0, "--json").json["bytes"] > 0
    assert call("gc", shot, "--keep-days", 0, "--delete").code == 0
    with Ledger.open(_store(shot)) as ledger:
        left = garbage_of(ledger, older_than=time.time())
    named = {t.media for t in _takes(shot).values()}
    assert left.items == () and {m for m in _media(shot) if m.endswith(".mp4")} <= named
    assert call("run", shot, "--json").json["submits"] == 0


def test_a_whole_store_needs_no_scene(shot: Path, call: Call) -> None:
    call("rerun", shot, "street")
    said = call("gc", "--store", _store(shot), "--keep-days", 0, "--delete", "--json")
    assert said.json["takes"] == ["tiny/street/t1"]
    assert call("gc", "--json").code == 2
    assert call("gc", "--store", shot.resolve().parent / "none", "--json").code == 2
    assert json.dumps(said.json)
