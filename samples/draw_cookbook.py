"""Make what the cookbook shows of its samples: `python samples/draw_cookbook.py [NAME…]`.

Each sample is run in a temporary folder on the free animatic engine. Its graph is written by
`scenegraph graph`, one frame of each shot of its reel becomes the strip, and the tables of its page
(shots, and what they cost on each family) are written anew between their marks.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import structlog
from PIL import Image, ImageDraw, ImageFont

from scenegraph import plan, run
from scenegraph.catalog import load_catalog
from scenegraph.cli.main import run_command
from scenegraph.ledger import Timeline
from scenegraph.media import read_rgb
from scenegraph.run import graph_now, remember
from scenegraph.scene import (
    ExtendShot,
    FrameOf,
    MotionShot,
    Scene,
    Shot,
    frame_rate,
    load_scene,
    new_frames,
)

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PAGES, IMAGES = DOCS / "cookbook", DOCS / "images" / "cookbook"
NAMES = ("single-shot", "long-form", "new-angle", "motion-directed", "establishing",
         "conversation", "from-storyboard")  # fmt: skip
ACROSS, WIDE, GAP, CAPTION = 5, 232, 6, 16
MOST_BYTES = 95_000


def copy_samples(to: Path) -> Path:
    """The samples without what earlier runs left beside them."""
    made = shutil.ignore_patterns(".scenegraph", "*.reel.mp4", "*.preview.*", "*.dailies.html")
    return Path(shutil.copytree(HERE, to / "samples", ignore=made))


def shots_table(scene: Scene) -> str:
    """The shots in playing order, with the re-anchors that the plan puts in."""
    graph = graph_now(scene, remember(scene))
    rows = ["| shot | kind | starts from | new seconds |", "| --- | --- | --- | --- |"]
    for id in graph.reel_order:
        shot = graph.shots[id]
        seconds = new_frames(scene, shot) / frame_rate(scene, shot)
        rows.append(f"| `{id}` | {shot.kind} | {_source(shot)} | {seconds:.3g} |")
    return "\n".join(rows)


def _source(shot: Shot) -> str:
    found = []
    frame = shot.picture_of
    if isinstance(frame, FrameOf):
        found.append(f"the {frame.frame} frame of `{frame.shot}`")
    elif frame is not None:
        found.append(f"`{frame}`")
    if isinstance(shot, MotionShot) and shot.motion:
        found.append(f"the motion `{shot.motion}`")
    if shot.tail_of is not None:
        end = "the end of" if isinstance(shot, ExtendShot) else "and the end of"
        found.append(f"{end} `{shot.tail_of}`")
    return ", ".join(found).replace(", and", " and") or "words"


def cost_table(file: Path) -> str:
    """What all shots cost on each family of the catalog, by `scenegraph plan`."""
    rows = ["| family | all shots |", "| --- | --- |"]
    for name, family in load_catalog().families.items():
        scene = load_scene(file, overrides={"model": name})
        kinds = {shot.kind for shot in graph_now(scene, remember(scene)).shots.values()}
        known = all(family.endpoint(kind).price.known for kind in kinds)
        usd = f"${plan(scene, backend='fal').usd:.2f}"
        rows.append(
            f"| `{name}` | {usd if known else f'{usd}, of prices that are not published'} |"
        )
    return "\n".join(rows)


def with_tables(page: str, **tables: str) -> str:
    """The page with each table between `<!-- NAME -->` and `<!-- /NAME -->` written anew."""
    for name, table in tables.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page, found = marks.subn(lambda m, table=table: f"{m[1]}{table}\n{m[2]}", page)
        assert found == 1, name
    return page


def draw_strip(reel: Path, timeline: Timeline, to: Path) -> None:
    """One frame of each shot, with its name."""
    wanted, at = {}, 0
    for event in timeline.events:
        frames = timeline.event_frames(event)
        wanted[at + int(frames * 0.6)] = event.shot
        at += frames
    size = timeline.format.size
    high = round(WIDE * size.height / size.width)
    down = -(-len(wanted) // ACROSS)
    across = min(ACROSS, len(wanted))
    cell = (WIDE + GAP, high + CAPTION + GAP)
    sheet = Image.new("RGB", (across * cell[0] - GAP, down * cell[1] - GAP), (255, 255, 255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, rgb in enumerate(read_rgb(reel)):
        if number in wanted:
            row, column = divmod(list(wanted).index(number), ACROSS)
            x, y = column * cell[0], row * cell[1]
            picture = Image.fromarray(rgb).resize((WIDE, high), Image.Resampling.LANCZOS)
            sheet.paste(picture, (x, y))
            pen.text((x + 2, y + high + 1), wanted[number], (60, 60, 60), font)
    for quality in range(88, 40, -6):
        sheet.save(to, "JPEG", quality=quality, optimize=True, progressive=True)
        if to.stat().st_size <= MOST_BYTES:
            return


def main(names: list[str]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in names or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            file = copy_samples(Path(folder)) / f"{name}.yaml"
            scene = load_scene(file)
            page = PAGES / f"{name}.md"
            text = page.read_text("utf-8")
            tables = {"shots": shots_table(scene), "cost": cost_table(file)}
            page.write_text(with_tables(text, **tables), "utf-8")
            run_command(["graph", str(file), "--out", str(IMAGES / f"{name}-graph.svg")])
            result = run(scene)
            assert result.reel is not None and result.timeline is not None
            strip = IMAGES / f"{name}-strip.jpg"
            draw_strip(result.reel, result.timeline, strip)
            seconds = result.timeline.frames / float(result.timeline.format.rate)
            print(f"{name}: {seconds:.1f} s, {strip.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
