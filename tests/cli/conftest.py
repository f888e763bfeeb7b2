"""The terminal as a user types at it: command lines in, exit code and both streams out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from PIL import Image, ImageDraw

from scenegraph.cli.main import run_command
from scenegraph.media import encode_frames
from scenegraph.units import exact_rate

#: A start, its hop, and a shot by itself: a second's drawing.
TINY = """\
scenegraph: 1
title: Tiny
seed: 3
preset: fast-preview
picture: {resolution: 480p, aspect_ratio: "1:1", frame_rate: 24}
tail_frames: 17
characters:
  mara:
    look: a woman in a red coat
    keyframes: {front: stills/mara.png}
shots:
  street:
    kind: t2v
    frames: 17
    prompt: an empty street at night, no flicker
  mara-waits:
    kind: i2v
    keyframe: mara.front
    frames: 17
    prompt: mara waits, locked off
  mara-listens:
    kind: extend
    parent: mara-waits
    frames: 16
    prompt: mara listens
drift: {on_drift: [cut]}
"""

PROGRAM = (sys.executable, "-c", "from scenegraph.cli import main; main()")


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; anything beside it fails."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return self.json["error"]


@pytest.fixture(autouse=True)
def _own_streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No colours by force, and no logger that holds on to a test's own stderr."""
    for name in ("FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`scenegraph ARGS`, in this process."""

    def typed(*args: object) -> Said:
        capsys.readouterr()
        code = run_command([str(arg) for arg in args])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return Said(code, streams.out, streams.err)

    return typed


def write_scene(folder: Path, text: str = TINY) -> Path:
    """The tiny scene and its still."""
    (folder / "stills").mkdir(parents=True, exist_ok=True)
    still = Image.new("RGB", (256, 256), (90, 90, 110))
    pencil = ImageDraw.Draw(still)
    pencil.ellipse((78, 48, 178, 178), fill=(220, 180, 150))
    pencil.rectangle((58, 178, 198, 256), fill=(160, 30, 30))
    still.save(folder / "stills" / "mara.png")
    file = folder / "scene.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny scene, nothing shot yet; commands are typed in its folder."""
    file = write_scene(tmp_path / "tiny")
    monkeypatch.chdir(file.parent)
    return Path("scene.yaml")


@pytest.fixture(scope="session")
def shot_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny scene after one run: never to be written to."""
    file = write_scene(tmp_path_factory.mktemp("shot") / "tiny")
    done = subprocess.run(
        [*PROGRAM, "run", str(file), "--json"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (file.parent / "answer.json").write_text(done.stdout, encoding="utf-8")
    return file.parent


@pytest.fixture
def shot(shot_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny scene that was run once."""
    shutil.copytree(shot_folder, tmp_path / "tiny")
    monkeypatch.chdir(tmp_path / "tiny")
    return Path("scene.yaml")


def draw_clip(path: Path, frames: int = 30, *, still_at: range = range(0), seed: int = 5) -> Path:
    """A soft texture that the camera pans over; it rests within `still_at`."""
    noise = np.random.default_rng(seed).normal(0, 1, (40, 80)).astype(np.float32)
    wide = np.asarray(
        Image.fromarray(noise).resize((640, 320), Image.Resampling.BICUBIC), dtype=np.float32
    )
    texture = np.clip(128 + 60 * wide, 0, 255).astype(np.uint8)
    pictures, at = [], 0
    for frame in range(frames):
        at += 0 if frame in still_at else 4
        pictures.append(np.repeat(texture[60:188, at : at + 192, None], 3, axis=2))
    encode_frames(iter(pictures), path, rate=exact_rate(24))
    return path


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good clips, and the ways in which a file can be no clip."""
    import av

    folder = tmp_path_factory.mktemp("clips")
    whole = draw_clip(folder / "a.mp4", 40, still_at=range(24, 30))
    draw_clip(folder / "b.mp4", 40, still_at=range(30, 36), seed=6)
    draw_clip(folder / "one-frame.mp4", 1)
    draw_clip(folder / "frozen.mp4", 72, still_at=range(12, 62), seed=7)
    data = whole.read_bytes()
    (folder / "truncated.mp4").write_bytes(data[: len(data) * 6 // 10])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("this is not a clip\n" * 50)
    (folder / "page.mp4").write_text("<!DOCTYPE html><html><body>403</body></html>")
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        for _ in range(20):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.rate = 44100
            frame.planes[0].update(bytes(4 * 1024))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return folder
