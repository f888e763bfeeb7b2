"""Opening, holding and failing: sentences, and nothing lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scenegraph.errors import LedgerError, LedgerTooNew, StoreBusy
from scenegraph.ledger import Ledger, Memory, memory_of
from scenegraph.ledger.database import FORMAT, make_engine, prepare, sqlite_url


def test_the_file_keeps_its_promises(tmp_path: Path) -> None:
    """Write-ahead log, full syncs, foreign keys: set on every connection, not hoped for."""
    with Ledger.open(tmp_path) as ledger, ledger._engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as file:
        file.execute("UPDATE about SET format = ?", (FORMAT + 1,))
    file.close()
    with pytest.raises(LedgerTooNew, match=str(FORMAT + 1)) as caught:
        Ledger.open(tmp_path)
    assert "Update" in caught.value.next


def test_an_older_ledger_is_brought_up_to_date(tmp_path: Path) -> None:
    """Each step runs once, in one transaction with the new format number."""
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as file:
        file.execute("UPDATE about SET format = ?", (FORMAT - 1,))
    file.close()
    engine = make_engine(sqlite_url(tmp_path / "ledger.db"))
    steps = {
        FORMAT - 1: lambda connection: connection.exec_driver_sql("CREATE TABLE added (id INTEGER)")
    }
    assert prepare(engine, "ledger.db", migrations=steps) == FORMAT - 1
    assert prepare(engine, "ledger.db", migrations=steps) == FORMAT
    engine.dispose()


def test_a_failing_migration_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as file:
        file.execute("UPDATE about SET format = ?", (FORMAT - 1,))
    file.close()

    def step(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE added (id INTEGER)")  # type: ignore[attr-defined]
        raise ZeroDivisionError

    engine = make_engine(sqlite_url(tmp_path / "ledger.db"))
    with pytest.raises(ZeroDivisionError):
        prepare(engine, "ledger.db", migrations={FORMAT - 1: step})
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT format FROM about").scalar() == FORMAT - 1
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
        assert "added" not in tables
    engine.dispose()


@pytest.mark.parametrize("damage", ["head", "page", "text"])
def test_a_damaged_ledger_is_a_sentence(tmp_path: Path, damage: str) -> None:
    ledger = Ledger.open(tmp_path)
    for number in range(50):
        ledger.begin_run("s", "fal", f"{number}" * 200)
    ledger.close()
    file = tmp_path / "ledger.db"
    data = bytearray(file.read_bytes())
    match damage:
        case "head":
            data[:100] = b"\0" * 100
        case "page":
            for place in range(4096, len(data) - 4096, 4096):
                data[place : place + 64] = b"\xff" * 64
        case "text":
            data = bytearray(b"this is not a database, it is a letter\n" * 50)
    file.write_bytes(data)
    with pytest.raises(LedgerError) as caught, Ledger.open(tmp_path) as opened:
        opened.memory("s")
        opened.runs("s")
    assert "damaged" in str(caught.value)
    assert caught.value.next


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(LedgerError, match="a file is where") as caught:
        Ledger.open(tmp_path / "store")
    assert caught.value.next


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(LedgerError, match=r"written|writing"):
        Ledger.open(folder)


def test_a_read_only_database_is_a_sentence(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        from sqlalchemy import event

        @event.listens_for(ledger._engine, "begin")
        def lock(connection: object) -> None:
            connection.exec_driver_sql("PRAGMA query_only=ON")  # type: ignore[attr-defined]

        with pytest.raises(LedgerError, match="writing"):
            ledger.begin_run("s", "fal")


def test_a_missing_ledger_is_an_empty_memory_and_is_not_made(tmp_path: Path) -> None:
    """Planning writes nothing, not even a folder."""
    assert memory_of(tmp_path / "none", "s") == Memory("s")
    assert not (tmp_path / "none").exists()
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger.open(tmp_path / "none", create=False)


def test_a_store_is_kept_out_of_version_control(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "store").close()
    assert (tmp_path / "store" / ".gitignore").read_text() == "*\n"


def test_a_second_holder_is_told_who_has_the_scene(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        with ledger.hold("night-train"), Ledger.open(tmp_path) as other:
            with pytest.raises(StoreBusy, match=str(os.getpid())):
                other.hold("night-train").__enter__()
            with other.hold("day-train"):
                pass
        with ledger.hold("night-train"):
            pass


HOLDER = """
    import sys, time
    from scenegraph.ledger import Ledger
    ledger = Ledger.open(sys.argv[1])
    with ledger.hold("night-train"):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """The operating system gives the lock back; nobody has to delete a file."""
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with Ledger.open(tmp_path) as ledger:
            with pytest.raises(StoreBusy) as caught:
                ledger.hold("night-train").__enter__()
            assert caught.value.pid == process.pid  # type: ignore[attr-defined]
            os.kill(process.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            process.wait()
            with ledger.hold("night-train"):
                pass
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
