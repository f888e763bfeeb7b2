"""Draw the two pictures of the README: `python samples/draw_docs.py`.

The night-train sample is run in a temporary folder on the free animatic engine; its graph is
written by `scenegraph graph`, and nine frames are taken from its reel. Both go to `docs/images/`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import structlog
from PIL import Image

from scenegraph import run
from scenegraph.cli.main import run_command
from scenegraph.ledger import Timeline
from scenegraph.media import read_rgb
from scenegraph.units import Size

HERE = Path(__file__).parent
SAMPLE = HERE / "night-train"
IMAGES = HERE.parent / "docs" / "images"
#: Three rows of three; a README is some 900 pixels wide.
ACROSS, DOWN, FRAME, GAP = 3, 3, Size(432, 244), 6
MOST_BYTES = 250_000


def copy_sample(to: Path) -> Path:
    """The sample without what earlier runs left beside it; returns the scene file."""
    made = shutil.ignore_patterns(".scenegraph", "*.reel.mp4", "*.preview.*", "*.dailies.html")
    return Path(shutil.copytree(SAMPLE, to / SAMPLE.name, ignore=made)) / "scene.yaml"


def frames_to_show(timeline: Timeline, count: int) -> list[int]:
    """One frame of each shot; two of the first and of the last, where the camera travels most."""
    shown, at = [], 0
    for number, event in enumerate(timeline.events):
        frames = timeline.event_frames(event)
        is_end = number in (0, len(timeline.events) - 1)
        shown += [at + int(frames * share) for share in ((0.1, 0.9) if is_end else (0.6,))]
        at += frames
    return shown[:count]


def draw_strip(reel: Path, timeline: Timeline, to: Path) -> None:
    wanted = frames_to_show(timeline, ACROSS * DOWN)
    sheet = Image.new(
        "RGB",
        (ACROSS * (FRAME.width + GAP) - GAP, DOWN * (FRAME.height + GAP) - GAP),
        (255, 255, 255),
    )
    for number, rgb in enumerate(read_rgb(reel)):
        if number not in wanted:
            continue
        row, column = divmod(wanted.index(number), ACROSS)
        picture = Image.fromarray(rgb).resize((FRAME.width, FRAME.height), Image.Resampling.LANCZOS)
        sheet.paste(picture, (column * (FRAME.width + GAP), row * (FRAME.height + GAP)))
    for quality in range(90, 40, -5):
        sheet.save(to, "JPEG", quality=quality, optimize=True, progressive=True)
        if to.stat().st_size <= MOST_BYTES:
            return


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scene = copy_sample(Path(folder))
        graph = IMAGES / "night-train-graph.svg"
        run_command(["graph", str(scene), "--out", str(graph)])
        result = run(scene)
        assert result.reel is not None and result.timeline is not None
        strip = IMAGES / "night-train-strip.jpg"
        draw_strip(result.reel, result.timeline, strip)
        print(f"{strip}: {strip.stat().st_size / 1000:.0f} kB, of {result.timeline.frames} frames")


if __name__ == "__main__":
    main()
