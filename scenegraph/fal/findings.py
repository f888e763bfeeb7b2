"""What the outcomes of a probe mean, in one sentence each. Pure: clips are measured elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from scenegraph.catalog import Kind
from scenegraph.errors import SceneGraphError, ShotError
from scenegraph.fal.numbered import Sighting
from scenegraph.media import Clip

#: Mean pixel difference, of 255, up to which two clips look the same: an encoder's own noise.
LOOKS_THE_SAME = 2.0
#: Fewer frames of a source in a row than this may be chance.
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is sent, except for the address of its source."""

    kind: Kind
    params: Mapping[str, Any]
    source_frames: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call.

    Attributes:
        clip: the answer as probed; None when none came, and `error` says why.
        when: how far the call had come when it went wrong.
        seen: where the source lies in the answer, if it was found there.
        unlike: mean pixel difference from the first answer of the probe, 0 to 255; None when the
            two have no common shape.
    """

    call: Call
    clip: Clip | None = None
    error: SceneGraphError | None = None
    when: Literal["budget", "source", "submit", "result", "file"] | None = None
    usd: Decimal = Decimal(0)
    seed: int | None = None
    sha256: str | None = None
    seen: Sighting | None = None
    unlike: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence for people, and the same as values."""

    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def sizes(outcomes: Sequence[Outcome]) -> Finding:
    """Pixels of each resolution at one aspect ratio."""
    found: dict[str, str | None] = {}
    said = []
    for one in outcomes:
        name = str(one.call.params["resolution"])
        found[name] = str(one.clip.size) if one.clip else None
        said.append(f"{name} is {one.clip.size}" if one.clip else f"{name}: {_trouble(one)[0]}")
    shape = outcomes[0].call.params["aspect_ratio"]
    return Finding(f"{shape}: {'; '.join(said)}.", {"aspect_ratio": shape, "sizes": found})


def rounding(outcomes: Sequence[Outcome]) -> Finding:
    """A length off the grid."""
    one = outcomes[0]
    asked = int(one.call.params["num_frames"])
    if one.clip is None:
        return _no_clip(one)
    down = (asked - 1) // 8 * 8 + 1
    how = {
        asked: "exactly as many",
        down: "rounded down to 8k+1",
        down + 8: "rounded up to 8k+1",
    }.get(one.clip.frames, "by a rule that we do not know")
    says = f"{asked} frames asked, {one.clip.frames} came: {how}."
    return Finding(says, {"asked": asked, "frames": one.clip.frames, "reading": how})


def total_or_added(outcomes: Sequence[Outcome]) -> Finding:
    """Whether an extend's `num_frames` includes its source."""
    one = outcomes[0]
    if one.clip is None or one.call.source_frames is None:
        return _no_clip(one)
    asked, source = int(one.call.params["num_frames"]), one.call.source_frames
    came, seen = one.clip.frames, _enough(one)
    match abs(came - asked) <= 1, abs(came - asked - source) <= 1, seen is not None:
        case True, _, True:
            reading, means = "total", "num_frames is the total"
        case True, _, False:
            reading, means = "added-alone", "the answer is new frames alone"
        case _, True, True:
            reading, means = "added", "num_frames is added to the source"
        case _:
            reading, means = "unclear", "neither the total nor the sum"
    says = f"{source} frames and num_frames {asked} gave {came}, {_where(seen)}: {means}."
    return Finding(says, {"frames": came, "reading": reading, **_sighting(seen)})


def position_or_offset(outcomes: Sequence[Outcome]) -> Finding:
    """What an extend's `start_frame_num` counts."""
    one = outcomes[0]
    if one.clip is None:
        return _no_clip(one)
    start = int(one.call.params["video"]["start_frame_num"])
    seen = one.seen
    if seen is not None and seen.at == start:
        reading, means = "position", "it is a place in the answer"
    elif seen is not None and seen.at == -start:
        reading, means = "offset", "it is where the source is read from"
    elif seen is not None and seen.at == 0 and seen.frames >= ENOUGH:
        reading, means = "ignored", "it changed nothing"
    else:
        reading, means = "unclear", "neither a place nor an offset"
    says = f"start_frame_num {start} gave {one.clip.frames} frames, {_where(seen)}: {means}."
    return Finding(says, {"frames": one.clip.frames, "reading": reading, **_sighting(seen)})


def longer_source(outcomes: Sequence[Outcome]) -> Finding:
    """A source with more frames than the answer may have."""
    one = outcomes[0]
    if one.clip is None:
        return _no_clip(one)
    asked, came, seen = int(one.call.params["num_frames"]), one.clip.frames, _enough(one)
    if seen is None:
        reading, means = "unclear", "the source is not in it"
    elif came > asked + 1:
        reading, means = "lengthened", "the answer grew with the source"
    elif seen.at < 0:
        reading, means = "cut-head", f"its first {-seen.at} frames were cut off"
    else:
        reading, means = "cut-tail", "its end was cut off"
    says = f"{one.call.source_frames} frames and num_frames {asked} gave {came}: {means}."
    return Finding(says, {"frames": came, "reading": reading, **_sighting(seen)})


def odd_source(outcomes: Sequence[Outcome]) -> Finding:
    """A source off the grid of 8k+1."""
    one = outcomes[0]
    if one.clip is None or one.call.source_frames is None:
        return _no_clip(one)
    source, seen = one.call.source_frames, _enough(one)
    on_grid = (source - 1) // 8 * 8 + 1
    if seen is None:
        reading, means = "unclear", "not seen in the answer"
    elif seen.frames >= source:
        reading, means = "whole", "used whole"
    elif seen.frames >= on_grid:
        reading, means = "trimmed", f"cut to about {on_grid}"
    else:
        reading, means = "shortened", f"of which only {seen.frames} are seen again"
    says = f"A source of {source} frames was taken, {means}; {one.clip.frames} frames came."
    return Finding(says, {"frames": one.clip.frames, "reading": reading, **_sighting(seen)})


def empty_body(outcomes: Sequence[Outcome]) -> Finding:
    """When a body that cannot be right is refused, and how."""
    one = outcomes[0]
    if one.clip is not None:
        says = f"An empty body was not refused: {one.clip.frames} frames were drawn, and billed."
        return Finding(says, {"reading": "drawn", "frames": one.clip.frames})
    return _no_clip(one)


def same_seed(outcomes: Sequence[Outcome]) -> Finding:
    """Whether one seed is one picture."""
    broken = [one for one in outcomes if one.clip is None]
    if broken:
        return _no_clip(broken[0])
    first, second = outcomes[0], outcomes[1]
    away = second.unlike
    if first.sha256 == second.sha256:
        reading, means = "same-bytes", "gave the same file"
    elif away is None:
        reading, means = "other-shape", "gave clips of another size or length"
    elif away == 0:
        reading, means = "same-pictures", "gave the same pictures in another file"
    elif away <= LOOKS_THE_SAME:
        reading, means = "alike", f"gave pictures that look the same ({away:.2f} of 255 apart)"
    else:
        reading, means = "different", f"gave other pictures ({away:.1f} of 255 apart)"
    facts = {"reading": reading, "unlike": away, "seeds": [first.seed, second.seed]}
    return Finding(f"The same request and seed twice {means}.", facts)


def _no_clip(one: Outcome) -> Finding:
    says, facts = _trouble(one)
    return Finding(f"{says[0].upper()}{says[1:]}.", facts)


def _trouble(one: Outcome) -> tuple[str, dict[str, Any]]:
    """Why no clip came: a clause without its full stop, and the same as values."""
    error = one.error
    detail = (error.detail if isinstance(error, ShotError) else None) or {}
    http, words = detail.get("http"), str(detail.get("words") or "")
    facts = {
        "reading": "refused" if one.when in ("submit", "result") and http else "no-answer",
        "when": one.when,
        "http": http,
        "kind": error.kind if error is not None else None,
        "service": error.service if isinstance(error, ShotError) else None,
        "field": error.field if isinstance(error, ShotError) else None,
        "words": words,
    }
    if http and one.when in ("submit", "result"):
        when = "when it was submitted" if one.when == "submit" else "after the queue took it"
        name = str(facts["field"] or "")
        field = f" for {name}" if name and name not in words else ""
        said = f": {words.rstrip('.')}" if words else ""
        return f"refused {when}, with HTTP {http}{field}{said}", facts
    place = {
        "budget": "not asked",
        "source": "not asked, as its source could not be given",
        "submit": "no answer to the submit",
        "result": "taken, and not done",
        "file": "done, and its file could not be read",
    }.get(one.when or "", "no answer")
    return f"{place}: {error.message.rstrip('.') if error is not None else 'no reason'}", facts


def _enough(one: Outcome) -> Sighting | None:
    return one.seen if one.seen is not None and one.seen.frames >= ENOUGH else None


def _where(seen: Sighting | None) -> str:
    if seen is None:
        return "with the source not seen in it"
    if seen.at < 0:
        return f"beginning with the source's frame {-seen.at}"
    return f"with {seen.frames} source frames from frame {seen.at} on"


def _sighting(seen: Sighting | None) -> dict[str, Any]:
    if seen is None:
        return {"source_at": None, "source_frames": 0}
    return {"source_at": seen.at, "source_frames": seen.frames, "likeness": seen.likeness}
