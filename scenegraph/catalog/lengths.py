"""What a length field means: new frames into what an endpoint counts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from scenegraph.catalog.errors import FieldProblem
from scenegraph.catalog.values import Endpoint
from scenegraph.units import snap_8k1


def length_for(endpoint: Endpoint, new_frames: int, *, shown: int = 0, rate: int = 24) -> float:
    """The value of `endpoint.length` that yields at least about `new_frames` of new picture.

    Args:
        new_frames: frames wanted that the model was not shown.
        shown: frames of the parent that the model is shown (the tail window), 0 without one.
        rate: frames per second of the answer, for endpoints that count seconds.

    Returns:
        For `total` the new and the shown frames, snapped as the field asks; for `added` the new
        frames alone; for `seconds` the new seconds. Bounds are left to `build_request`, which
        refuses a length outside them.

    >>> from scenegraph.catalog import load_catalog
    >>> extend = load_catalog().endpoint("ltxv-13b-098-distilled", "extend")
    >>> length_for(extend, 96, shown=65)
    161
    """
    field = endpoint.fields.get(endpoint.length)
    if endpoint.counts == "seconds":
        seconds = Fraction(new_frames, rate)
        if field is not None and field.choices:
            options = sorted(Fraction(str(choice)) for choice in field.choices)
            seconds = next((option for option in options if option >= seconds), options[-1])
        return int(seconds) if seconds.denominator == 1 else float(seconds)
    wanted = new_frames + (shown if endpoint.counts == "total" else 0)
    if field is not None and field.snap == "8k+1":
        # Only the low bound is kept here: a length that is too long must be refused, not cut.
        return snap_8k1(wanted, 9, max(1441, wanted + 8))
    return wanted


def new_frames_in(
    endpoint: Endpoint, params: Mapping[str, Any], *, shown: int = 0, rate: int = 24
) -> int:
    """How many frames of the answer to `params` are new picture.

    >>> from scenegraph.catalog import load_catalog
    >>> extend = load_catalog().endpoint("ltxv-13b-098-distilled", "extend")
    >>> new_frames_in(extend, {"num_frames": 161}, shown=65)
    96
    """
    length = params.get(endpoint.length)
    if length is None:
        length = endpoint.fields[endpoint.length].default
    if endpoint.counts == "seconds":
        return int(Fraction(str(length)) * rate + Fraction(1, 2))
    return int(length) - (shown if endpoint.counts == "total" else 0)


def placement_problems(
    endpoint: Endpoint, params: Mapping[str, Any], shown: int, path: str = "video"
) -> tuple[FieldProblem, ...]:
    """Why a source of `shown` frames does not fit where `params` puts it; empty when it fits.

    The model asserts start + shown ≤ num_frames and 8k+1 source frames; the service answers a
    broken assertion with a 500 after the queue (Lightricks/LTX-Video `pipeline_ltx_video.py`).
    The number of source frames is only known once the clip is probed, so the caller asks.

    Args:
        path: where the conditioning object is: `video`, or `videos[0]`.
    """
    if endpoint.counts != "total":
        return ()
    spot: Any = params
    for step in path.replace("]", "").replace("[", ".").split("."):
        spot = spot[int(step)] if step.isdigit() else spot.get(step, {})
    limited = spot.get("limit_num_frames") is True
    used = min(shown, int(spot.get("max_num_frames", 1441))) if limited else shown
    start = int(spot.get("start_frame_num") or 0)
    total = int(params.get(endpoint.length) or endpoint.fields[endpoint.length].default)
    problems = []
    if start + used > total:
        problems.append(
            FieldProblem(
                f"{path}.start_frame_num",
                f"the source's {used} frames from frame {start} on do not fit into {total}: "
                f"ask for at least {snap_8k1(start + used + 7)} or show fewer.",
            )
        )
    if used % 8 != 1:
        near = snap_8k1(used - 4, 1)
        problems.append(
            FieldProblem(path, f"the source has {used} frames; show it 8k+1, such as {near}.")
        )
    return tuple(problems)
