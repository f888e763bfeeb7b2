"""`doctor --probe-fal` costs money: it says how much first, and asks nothing unasked."""

from __future__ import annotations


def test_nobody_said_yes_so_nothing_is_asked(call, monkeypatch) -> None:
    """A script that does not say --yes has not agreed to spend."""
    monkeypatch.setenv("FAL_KEY", "a:b")
    said = call("doctor", "--probe-fal", "--json")
    assert said.code == 2
    assert "$0.3207" in said.err
    assert "--yes" in said.error["next"]


def test_probes_over_the_cap_ask_nothing(call, monkeypatch) -> None:
    """Port 9 answers nobody: the cap must be held before the network is touched."""
    monkeypatch.setenv("FAL_KEY", "a:b")
    monkeypatch.setenv("SCENEGRAPH_FAL_QUEUE_URL", "http://127.0.0.1:9")
    said = call("doctor", "--probe-fal", "--yes", "--max-usd", "0.10", "--json")
    assert said.code == 3
    assert said.error["kind"] == "over-budget"


def test_without_the_flag_no_probe_is_spoken_of(call) -> None:
    said = call("doctor", "--json")
    assert "probes" not in said.err
    assert "well" in said.json
