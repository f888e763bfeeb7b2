"""Slate, time code and source frame on the picture: the right ones, whatever a shot is called."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenegraph.cut import Film, deliver, stitch
from scenegraph.cut.burn_in import Lettering, bands, slate_of, source_frame
from scenegraph.cut.exports.timecode import timecode
from scenegraph.ledger.timeline import Event, ReelFormat, Timeline
from scenegraph.media import encode_frames, read_frames
from scenegraph.media.clip import Clip
from scenegraph.media.files import file_hash
from scenegraph.scene import Deliverable
from scenegraph.units import Size, Span

SMALL = Size(320, 180)
CLIP = Clip(path=Path("a.mp4"), frames=48, rate=Fraction(24), width=320, height=180)


def film_of(*shots: str, rate: Fraction = Fraction(24), size: Size = SMALL) -> Timeline:
    events = tuple(
        Event(shot=s, take=f"film/{s}/t1", clip=CLIP, span=Span(0, 6), join="cut") for s in shots
    )
    return Timeline(title="t", events=events, format=ReelFormat(size=size, rate=rate))


def band_arrays(timeline: Timeline) -> tuple[Lettering, list[np.ndarray]]:
    lettering = Lettering.of(timeline.format.size)
    size = lettering.size
    shape = (size.height, size.width, 2)
    found = [np.frombuffer(band, np.uint8).reshape(shape) for band in bands(timeline, lettering)]
    return lettering, found


@pytest.mark.parametrize("rate", [24, 16, 30, 12, 60])
@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.anyio
@pytest.mark.ffmpeg
async def test_the_source_frame_is_the_one_that_is_shown(rate, start, tmp_path):
    """An editor types it into a program: it must be the frame on the picture, at every rate."""
    greys = (np.full((64, 96, 3), 10 + 6 * t, np.uint8) for t in range(40))
    clip = encode_frames(greys, tmp_path / "c.mp4", rate=Fraction(rate), crf=4)
    event = Event(shot="a", take="a", clip=clip, span=Span(start, 33), join="cut")
    format = ReelFormat(size=Size(96, 64), rate=Fraction(24), crf=4)
    timeline = Timeline(title="t", events=(event,), format=format)
    reel = await stitch(timeline, tmp_path / "s", tmp_path / "reel.mp4")
    shown = [((p.y.mean() - 16) * 255 / 219 - 10) / 6 for p in read_frames(reel)]
    said = [source_frame(event, frame, format.rate) for frame in range(timeline.frames)]
    assert [round(float(frame)) for frame in shown] == said


def test_the_figures_say_time_code_and_source_frame_of_every_frame():
    """Drawn again from what is expected, and compared pixel by pixel."""
    timeline = film_of("a", "b", rate=Fraction(30000, 1001))
    lettering, found = band_arrays(timeline)
    assert len(found) == timeline.frames == 14
    gap, line = lettering.line // 2, lettering.line
    for frame, band in enumerate(found):
        code = lettering.figures(timecode(107_892 + frame, timeline.format.rate))
        assert (band[line : 2 * line, gap : gap + code.shape[1], 0] == code).all()
        at = source_frame(timeline.events[frame // 7], frame % 7, timeline.format.rate)
        number = lettering.figures(f"f {at:04}")
        right = band.shape[1] - gap
        assert (band[line : 2 * line, right - number.shape[1] : right, 0] == number).all()
        slate = lettering.label(slate_of(timeline.events[frame // 7]))
        assert (band[:line, :, 0] == slate).all()
    assert found[0][..., 1].min() > 100, "the text stands on a shade"


@pytest.mark.parametrize(
    "shot", [":'%\\", "%{pts}", "a,b;[c]=d", "küche 日本 🎬", "x" * 300, " ", "line\nbreak"]
)
@pytest.mark.parametrize("size", [Size(320, 180), Size(64, 36), Size(90, 160), Size(1920, 1080)])
def test_any_name_is_drawn_as_it_is_and_stays_in_the_band(shot, size):
    """No sign is a command, and no name is wider than the picture."""
    lettering, found = band_arrays(film_of(shot, size=size))
    assert lettering.size.width == size.width and lettering.size.height <= size.height
    assert lettering.size.height % 2 == 0
    assert len(found) == 6 and found[0][..., 0].max() > 150
    label = lettering.label(shot)
    assert label.shape == (lettering.line, size.width)
    assert label[:, -2:].max() == 0 or size.width < 100, "it ends before the edge"


@pytest.mark.anyio
@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", [":'%\\", "%{pts}"])
async def test_the_text_is_on_the_picture_and_the_rest_of_it_is_untouched(name, tmp_path):
    """Below, as wide as the picture, over every frame."""
    pictures = (np.full((180, 320, 3), 120, np.uint8) for _ in range(30))
    clip = encode_frames(pictures, tmp_path / "c.mp4", rate=Fraction(24), crf=4)
    event = Event(shot=name, take=f"film/{name}/t3", clip=clip, span=Span(0, 30), join="cut")
    format = ReelFormat(size=Size(320, 180), rate=Fraction(24))
    timeline = Timeline(title="t", events=(event, replace(event, shot="b")), format=format)
    reel = await stitch(timeline, tmp_path / "s", tmp_path / "film.reel.mp4")
    film = Film(path=reel, sha256=file_hash(reel), timeline=timeline, has_sound=False)
    (made,) = await deliver(film, [Deliverable(format="burn-in")], tmp_path / "s")
    assert made.path.name == "film.reel.burn-in.mp4" and made.facts is not None
    lettering, drawn = band_arrays(timeline)
    top = 180 - lettering.size.height
    for frame, band in zip(read_frames(made.path), drawn, strict=True):
        luma = frame.y.astype(float)
        assert np.abs(luma[: top - 2] - 119).max() < 8
        ink, shade = band[..., 0] / 255, band[..., 1] / 255
        wanted = (16 + ink * 219) * shade + 119 * (1 - shade)
        assert np.corrcoef(luma[top:].ravel(), wanted.ravel())[0, 1] > 0.97
