"""Deliverables, quick looks and burn-ins as they are typed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenegraph.media import ffmpeg_exe, probe

pytestmark = pytest.mark.ffmpeg

PROGRAM = (sys.executable, "-c", "from scenegraph.cli import main; main()")
REEL = Path("tiny.preview.mp4")


def wanting(scene: Path, deliver: str, more: str = "") -> Path:
    text = scene.read_text(encoding="utf-8")
    scene.write_text(f"{text}reel:\n  deliver: {deliver}\n{more}", encoding="utf-8")
    return scene


def lame_ffmpeg(folder: Path) -> Path:
    """FFmpeg without x265."""
    script = folder / "lame-ffmpeg"
    script.write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys\nreal = {ffmpeg_exe()!r}\n"
        "if '-encoders' not in sys.argv:\n    os.execv(real, [real, *sys.argv[1:]])\n"
        "said = subprocess.run([real, *sys.argv[1:]], capture_output=True, text=True).stdout\n"
        "print(said.replace(' libx265 ', ' other '))\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return script


def test_cut_makes_what_the_scene_wants_and_then_keeps_it(call, shot):
    """Beside the reel, under its name, with the reel's own frames; told in JSON and to people."""
    wanting(shot, "[h264, vertical, poster, {format: chapters, as: vtt}]")
    said = call("cut", shot, "--json")
    assert said.code == 0
    rows = {one["format"]: one for one in said.json["deliveries"]}
    assert {name: (row["file"], row["state"]) for name, row in rows.items()} == {
        "h264": ("tiny.preview.mp4", "reel"),
        "vertical": ("tiny.preview.vertical.mp4", "made"),
        "poster": ("tiny.preview.poster.jpg", "made"),
        "chapters": ("tiny.preview.chapters.vtt", "made"),
    }
    assert rows["vertical"]["frames"] == said.json["reel_frames"]
    assert probe("tiny.preview.vertical.mp4").frames == said.json["reel_frames"]
    again = call("cut", shot)
    assert again.code == 0 and "tiny.preview.poster.jpg (poster" in again.out
    assert "kept" in again.out and "made)" not in again.out
    Path("tiny.preview.poster.jpg").write_bytes(b"not a picture")
    states = [one["state"] for one in call("cut", shot, "--json").json["deliveries"]]
    assert states == ["reel", "kept", "made", "kept"]


def test_run_delivers_and_says_what_is_written(call, shot):
    """The same after a run that shoots nothing."""
    wanting(shot, "[gif, burn-in]")
    said = call("run", shot, "--json")
    assert said.code == 0
    assert [one["state"] for one in said.json["deliveries"]] == ["made", "made"]
    assert "loop.gif: written" in said.err and "burn-in.mp4: written" in said.err
    assert probe("tiny.preview.burn-in.mp4").frames == said.json["reel_frames"]


def test_a_preview_is_small_and_leaves_the_reel_and_its_record_alone(call, shot):
    """It is a look at the cuts; what was delivered stays delivered."""
    wanting(shot, "[poster]")
    reel = REEL.read_bytes()
    before = call("provenance", shot, "--json").json["reel"]["reel"]
    said = call("cut", shot, "--preview", "--json")
    assert said.code == 0 and said.json["reel"] == "tiny.cut-preview.mp4"
    small, large = probe("tiny.cut-preview.mp4"), probe(REEL)
    assert (small.frames, small.rate) == (large.frames, large.rate)
    assert said.json["deliveries"] == [] and not Path("tiny.preview.poster.jpg").exists()
    assert REEL.read_bytes() == reel
    assert call("provenance", shot, "--json").json["reel"]["reel"] == before


def test_a_large_reel_is_small_in_a_preview():
    """At most 480 pixels long, sides even, never enlarged, and never drawn between frames."""
    from fractions import Fraction

    from scenegraph.cut import preview_format
    from scenegraph.ledger.timeline import ReelFormat
    from scenegraph.units import Size

    def small(width: int, height: int) -> str:
        format = ReelFormat(size=Size(width, height), rate=Fraction(24), rate_by="interpolate")
        made = preview_format(format)
        assert made.rate_by == "duplicate" and made.rate == 24
        return str(made.size)

    sizes = [(1280, 720), (720, 1280), (1216, 704), (480, 480), (4096, 2)]
    assert [small(*one) for one in sizes] == ["480x270", "270x480", "480x278", "480x480", "480x2"]


@pytest.mark.parametrize(
    "words, file",
    [
        (("--burn-in",), "tiny.preview.burn-in.mp4"),
        (("--burn-in", "--preview"), "tiny.cut-preview.burn-in.mp4"),
        (("--burn-in", "--out", "film.mp4"), "film.burn-in.mp4"),
    ],
)
def test_a_burn_in_is_a_file_of_its_own(words, file, call, shot):
    """Never the reel's name: what goes to the client has no figures on it."""
    reel = REEL.read_bytes()
    said = call("cut", shot, *words, "--json")
    assert said.code == 0
    (one,) = said.json["deliveries"]
    assert (one["format"], one["file"]) == ("burn-in", file)
    assert probe(file).frames == said.json["reel_frames"]
    assert REEL.read_bytes() == reel


@pytest.mark.parametrize(
    "words",
    [
        ("cut", "a.mp4", "--preview"),
        ("cut", "a.mp4", "b.mp4", "--burn-in"),
        ("cut", "scene.yaml", "--export", "csv", "--preview"),
    ],
)
def test_what_has_no_place_is_a_sentence(words, call, shot):
    """Exit code 2, and nothing is written."""
    said = call(*words, "--json")
    assert said.code == 2 and "--preview" in said.error["message"]


def test_an_encoder_that_is_missing_is_told_before_and_costs_no_reel(
    call, shot, tmp_path, monkeypatch
):
    """By check and doctor; a cut makes the reel and the rest, and ends with 1."""
    wanting(shot, "[hevc, poster]")
    assert call("check", shot, "--json").json["notices"] == []
    monkeypatch.setenv("SCENEGRAPH_FFMPEG", str(lame_ffmpeg(tmp_path)))
    told = call("check", shot)
    assert told.code == 0 and "no encoder libx265, which hevc needs" in told.out
    rows = {one["name"]: one for one in call("doctor", "--json").json["checks"]}
    assert "not with this FFmpeg: hevc" in rows["deliveries"]["said"]
    REEL.unlink()
    said = call("cut", shot, "--json")
    assert said.code == 1 and REEL.exists() and said.json["exit_code"] == 1
    assert [one["state"] for one in said.json["deliveries"]] == ["failed", "made"]
    assert any("libx265" in notice for notice in said.json["notices"])


def test_a_ctrl_c_while_delivering_keeps_the_reel_and_leaves_no_half_file(shot):
    """The long part of a cut is its masters; it must end when it is told to."""
    wanting(shot, "[{format: prores, profile: 4444}, {format: av1, crf: 20}, webm, hevc]")
    before = set(Path().iterdir())
    working = subprocess.Popen(
        [*PROGRAM, "cut", str(shot)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert working.stderr is not None
    for line in working.stderr:
        if "joined" in line:  # the reel is there, the first master is being made
            os.kill(working.pid, signal.SIGINT)
            break
    _, rest = working.communicate(timeout=60)
    assert working.returncode == 130, rest
    assert "Traceback" not in rest and REEL.exists()
    left = {path.name for path in set(Path().iterdir()) - before}
    assert all(not name.startswith(".") for name in left), left
    assert not list(Path(".scenegraph/segments").glob(".*"))
    began = time.monotonic()
    done = subprocess.run([*PROGRAM, "cut", str(shot)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stderr, time.monotonic() - began)


def test_gc_keeps_the_notes_of_what_was_delivered(call, shot):
    """Housekeeping must not have a master encoded again."""
    wanting(shot, "[poster, {format: h264, width: 64}]")
    assert call("cut", shot).code == 0
    assert call("gc", shot, "--delete").code == 0
    states = [one["state"] for one in call("cut", shot, "--json").json["deliveries"]]
    assert states == ["kept", "kept"]
