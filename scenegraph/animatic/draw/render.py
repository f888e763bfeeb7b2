"""One request becomes one clip: which pictures, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from scenegraph.animatic.draw.ask import Ask, Source
from scenegraph.animatic.draw.canvas import Picture, fit_picture
from scenegraph.animatic.draw.measure import Recorded, last_speed, shrink, steps
from scenegraph.animatic.draw.moving import Moving
from scenegraph.animatic.draw.path import Clock, Pose, camera_path, ease
from scenegraph.animatic.draw.places import film
from scenegraph.animatic.draw.words import camera_words
from scenegraph.errors import MediaError
from scenegraph.media import encode_frames, open_still, probe, read_rgb
from scenegraph.media.clip import Clip
from scenegraph.units import Size

SEEN = 9  # source frames that tell how its camera was moving
FADE = 12  # frames over which a drifted tail becomes the keyframe again
FADES = 0.88  # share of its old speed that a hop keeps from frame to frame
CHUNK = 24  # frames held in memory when a clip is turned round


def render(
    kind: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    *,
    drift: float = 0.0,
) -> Clip:
    """Draw the answer to one request. The same arguments give the same bytes of picture.

    Args:
        kind: `t2v`, `i2v`, `extend` or `multicondition`.
        params: the request as its endpoint reads it; missing fields have their defaults.
            `num_frames` counts the whole answer, the source of an extend included.
        inputs: files by role: `image` (the keyframe), `video` (what an extend continues; for a
            multicondition without `motion`, the reference), `motion` (the motion reference;
            `video` is then a parent's tail to come from).
        out: where the clip goes.
        drift: 0 is clean; 1 lets a hop wander as badly as long generated video does.

    Raises:
        BrokenMedia: an input cannot be used.
        MediaError: an input is missing, or the kind is unknown.
    """
    ask = Ask.of(params)
    match kind:
        case "t2v":
            size = ask.size()
            frames = film(ask, size, drift=drift)
        case "i2v":
            size, frames = _from_still(ask, _need(inputs, "image", kind), drift)
        case "extend":
            size, frames = _continued(ask, _need(inputs, "video", kind), drift)
        case "multicondition":
            size, frames = _directed(ask, inputs, drift)
        case _:
            raise MediaError(
                f"No pictures are drawn for {kind!r}.",
                next="Ask for t2v, i2v, extend or multicondition.",
            )
    note = {"comment": f"scenegraph animatic {kind} seed {ask.seed}"}
    if not ask.backwards:
        return encode_frames(frames, out, rate=ask.rate, metadata=note)
    forwards = out.with_name(f"{out.stem}.forwards{out.suffix}")
    try:
        encode_frames(frames, forwards, rate=ask.rate, crf=10)
        return encode_frames(_turned(forwards, ask.frames), out, rate=ask.rate, metadata=note)
    finally:
        forwards.unlink(missing_ok=True)


def _need(inputs: Mapping[str, Path], role: str, kind: str) -> Path:
    if role not in inputs:
        raise MediaError(f"A request for {kind} came without its {role}.", next=f"Send a {role}.")
    return inputs[role]


def _from_still(ask: Ask, image: Path, drift: float) -> tuple[Size, Iterator[Picture]]:
    """The keyframe, moved by the camera words of the prompt; frame 0 is the keyframe."""
    size, moving = _moved(ask, image, drift)
    return size, moving.frames(range(ask.frames))


def _towards(ask: Ask, image: Path, drift: float) -> tuple[Size, Iterator[Picture]]:
    """The same backwards: the last frame is the keyframe."""
    size, moving = _moved(ask, image, drift)
    return size, moving.frames(range(ask.frames - 1, -1, -1))


def _moved(ask: Ask, image: Path, drift: float) -> tuple[Size, Moving]:
    still = open_still(image)
    size = ask.size(Size(still.shape[1], still.shape[0]))
    rng = np.random.default_rng([ask.seed & 0x7FFFFFFF, 1])
    rate = float(ask.rate)
    path = camera_path(camera_words(ask.prompt), ask.frames - 1, rate, rng)
    return size, Moving(still, size, ask, "i2v", drift, frames=ask.frames - 1, rng=rng, path=path)


def _continued(ask: Ask, video: Path, drift: float) -> tuple[Size, Iterator[Picture]]:
    """Source frames again, then new ones that leave at the source's own speed."""
    clip = probe(video)
    size = ask.size(clip.size)
    count = _frames_used(ask, clip)
    before = min(ask.source.start, max(0, ask.frames - count))
    after = ask.frames - before - count
    rng = np.random.default_rng([ask.seed & 0x7FFFFFFF, 2])

    def pictures() -> Iterator[Picture]:
        if before:  # the answer begins before its source: the same hop, backwards in time
            head = list(_read(video, clip, ask.source, size, stop=min(count, SEEN)))
            yield from hop(head[::-1], before, range(before, 0, -1))
        last: list[Picture] = []
        for picture in _read(video, clip, ask.source, size, stop=count):
            last = [*last[-(SEEN - 1) :], picture]
            yield picture
        if after:
            yield from hop(last, after, range(1, after + 1))

    def hop(last: list[Picture], frames: int, numbers: range) -> Iterator[Picture]:
        speed = last_speed(steps(shrink(picture) for picture in last))
        path = camera_path(camera_words(ask.prompt), frames, float(ask.rate), rng, reach=0.42)

        def carried(frame: int) -> Pose:
            # The old speed dies away: v, v·r, v·r² … summed.
            return speed.times((1 - FADES**frame) / (1 - FADES))

        moving = Moving(
            last[-1], size, ask, "extend", drift,
            frames=frames, rng=rng, path=path, carried=carried, cover=False,
        )  # fmt: skip
        yield from moving.frames(numbers)

    return size, pictures()


def _directed(ask: Ask, inputs: Mapping[str, Path], drift: float) -> tuple[Size, Iterator[Picture]]:
    """The keyframe moved by the camera of a reference clip; first the clip that is its head.

    Only the words are required: with neither still nor clip it is a film from them alone.
    """
    if ask.head is not None and "video" in inputs and "image" in inputs:
        return _arriving(ask, ask.head, inputs, drift)
    if not inputs:
        size = ask.size()
        return size, film(ask, size, drift=drift)
    reference = inputs.get("motion") or inputs.get("video")
    tail = inputs.get("video") if "motion" in inputs else None
    if reference is None:
        return _from_still(ask, _need(inputs, "image", "multicondition"), drift)
    clip = probe(reference)
    first = next(read_rgb(reference, stop=1))
    still = open_still(inputs["image"]) if "image" in inputs else first
    size = ask.size(Size(still.shape[1], still.shape[0]))
    rng = np.random.default_rng([ask.seed & 0x7FFFFFFF, 3])
    small = Size(640, max(2, int(640 * clip.height / clip.width / 2) * 2))
    seen = (shrink(p) for p in read_rgb(reference, size=small, stop=ask.source.most))
    moves = steps(seen)
    if ask.source.backwards:
        moves = [move.times(-1) for move in reversed(moves)]
    recorded = Recorded(moves, float(clip.rate))
    clock = Clock(ask.frames - 1, soft_start=False)

    def path(frame: int) -> Pose:
        return recorded.at(clock.frames(frame) / float(ask.rate))

    moving = Moving(
        still, size, ask, "multicondition", drift, frames=ask.frames - 1, rng=rng, path=path
    )
    frames = moving.frames(range(ask.frames))
    return size, _anchored(tail, size, frames) if tail else frames


def _arriving(
    ask: Ask, head: Source, inputs: Mapping[str, Path], drift: float
) -> tuple[Size, Iterator[Picture]]:
    """A parent's tail again, and from its last picture to the keyframe, which is the last frame."""
    tail = inputs["video"]
    clip = probe(tail)
    count = _frames_used(replace(ask, source=head), clip)
    rest = replace(ask, head=None, frames=max(1, ask.frames - count))
    if "motion" in inputs:
        led = {role: path for role, path in inputs.items() if role != "video"}
        size, frames = _directed(rest, led, drift)
    else:
        size, frames = _towards(rest, inputs["image"], drift)

    def pictures() -> Iterator[Picture]:
        yield from _read(tail, clip, head, size, stop=count)
        if count < ask.frames:
            yield from _anchored(tail, size, frames)

    return size, pictures()


def _anchored(tail: Path, size: Size, frames: Iterator[Picture]) -> Iterator[Picture]:
    """Come from where a parent ended: its last picture dissolves into the keyframe's."""
    clip = probe(tail)
    last = [fit_picture(p, size) for p in read_rgb(tail, start=max(0, clip.frames - 1))]
    for number, picture in enumerate(frames):
        share = ease((number + 1) / FADE)
        if share >= 1 or not last:
            yield picture
            continue
        mixed = picture.astype(np.float32) * share + last[-1].astype(np.float32) * (1 - share)
        yield np.rint(mixed).astype(np.uint8)


def _frames_used(ask: Ask, clip: Clip) -> int:
    """How many source frames the answer repeats; the source is cut to fit, as the service does."""
    count = clip.frames
    if ask.source.rate:
        count = max(1, int(Fraction(count) * ask.source.rate / clip.rate))
    return max(1, min(count, ask.source.most or count, ask.frames))


def _read(video: Path, clip: Clip, source: Source, size: Size, *, stop: int) -> Iterator[Picture]:
    """The first `stop` frames of a conditioning video, in the answer's size."""
    step = clip.rate / source.rate if source.rate else Fraction(1)
    wanted = [min(clip.frames - 1, int(n * step)) for n in range(stop)]
    if source.backwards:
        pictures = _backwards(video, clip.frames, wanted)
    else:
        pictures = _at(read_rgb(video, stop=wanted[-1] + 1), wanted)
    for picture in pictures:
        yield fit_picture(picture, size)


def _at(pictures: Iterator[Picture], wanted: list[int]) -> Iterator[Picture]:
    queue = iter(wanted)
    want = next(queue, None)
    for number, picture in enumerate(pictures):
        while want == number:
            yield picture
            want = next(queue, None)


def _backwards(video: Path, frames: int, wanted: list[int]) -> Iterator[Picture]:
    turned = _turned(video, frames)
    yield from _at(turned, wanted)


def _turned(video: Path, frames: int) -> Iterator[Picture]:
    """A clip from its end to its start, a few frames in memory at a time."""
    for stop in range(frames, 0, -CHUNK):
        yield from reversed(list(read_rgb(video, start=max(0, stop - CHUNK), stop=stop)))
