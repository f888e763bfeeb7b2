"""Whether a take is what was asked for: probed, never trusted, told, and no reason to pay again.

What may not be called wrong is read off the service's own pages: no page gives the pixel sizes of
480p and 720p (the model pads to multiples of 32), so shape and height class are compared and not
pixels; a length that is not 8k+1 may be snapped; an endpoint that counts new frames may give the
shown ones as well. With `aspect_ratio: auto` the shape is the input's, and is not judged here.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import log, sqrt
from typing import Any

from scenegraph.catalog import Endpoint, load_catalog
from scenegraph.ledger import Take
from scenegraph.media import Clip
from scenegraph.units import snap_8k1

#: Shapes of multiples of 32 are up to 6% off; the next usual shape is 15% away.
SHAPE_SLACK = 0.08
#: 23.976 is a 24; 25 is not.
RATE_SLACK = 0.005
HEIGHTS = {"480p": 480, "720p": 720}


def not_as_asked(take: Take, clip: Clip) -> tuple[str, ...]:
    """What of a probed clip differs from its take's request, as warnings with both figures.

    Returns:
        Such as `wrong-frames (9, not 17)`; empty when all is as the endpoint may give it.
    """
    endpoint = load_catalog().by_id(take.endpoint)
    if endpoint is None:
        return ()
    found = (
        _frames(endpoint, take.params, _shown(take), clip),
        _rate(take.params, clip),
        _size(
            str(take.params.get("resolution") or ""),
            str(take.params.get("aspect_ratio") or ""),
            clip.width,
            clip.height,
            clip.pixel_aspect,
        ),
    )
    return tuple(one for one in found if one)


def legal_lengths(
    endpoint: Endpoint, params: Mapping[str, Any], shown: int = 0
) -> tuple[tuple[int, int], ...]:
    """Spans (both ends in) of frame counts that an answer may have; the first is the one meant.

    Args:
        shown: frames of the parent that the model was shown.

    >>> extend = load_catalog().endpoint("ltxv-13b-098-distilled", "extend")
    >>> legal_lengths(extend, {"num_frames": 161}, 65)
    ((161, 161),)
    """
    length = params.get(endpoint.length)
    if isinstance(length, bool) or not isinstance(length, int | float):
        return ()
    if endpoint.counts == "seconds":
        new = int(Fraction(str(length)) * Fraction(str(params.get("frame_rate") or 24)))
        # Cut to whole latents of 8 frames; with or without what was shown.
        return ((new - 8, new + 8), (new + shown - 8, new + shown + 8))
    new = int(length)
    snapped = (new, new // 8 * 8 + 1, snap_8k1(new))
    counts = dict.fromkeys(snapped)
    if endpoint.counts == "added":
        counts |= dict.fromkeys(one + shown for one in snapped)
    return tuple((one, one) for one in counts)


def _shown(take: Take) -> int:
    return int(take.parts.get("inputs", {}).get("video", {}).get("tail_frames") or 0)


def _frames(endpoint: Endpoint, params: Mapping[str, Any], shown: int, clip: Clip) -> str:
    legal = legal_lengths(endpoint, params, shown)
    if not legal or any(low <= clip.frames <= high for low, high in legal):
        return ""
    low, high = legal[0]
    return f"wrong-frames ({clip.frames}, not {(low + high) // 2})"


def _rate(params: Mapping[str, Any], clip: Clip) -> str:
    asked = params.get("frame_rate")
    if not asked or abs(float(clip.rate) / float(asked) - 1) <= RATE_SLACK:
        return ""
    return f"wrong-rate ({float(clip.rate):g}/s, not {asked})"


@lru_cache(maxsize=64)
def _size(resolution: str, ratio: str, width: int, height: int, pixel_aspect: Fraction) -> str:
    shape = width * pixel_aspect / height
    if _height_fits(resolution, width, height) and _shape_fits(ratio, shape):
        return ""
    asked = " ".join(one for one in (resolution, ratio) if one and one != "auto")
    return f"wrong-size ({width}x{height}, not {asked})"


def _height_fits(resolution: str, width: int, height: int) -> bool:
    """By its short side, or by its area: which of them the class names is stated nowhere."""
    asked = HEIGHTS.get(resolution)
    if asked is None:
        return True
    seen = (min(width, height), sqrt(width * height * 9 / 16))
    return any(min(HEIGHTS.values(), key=lambda one: abs(one - size)) == asked for size in seen)


def _shape_fits(ratio: str, shape: Fraction) -> bool:
    across, colon, down = ratio.partition(":")
    if not (colon and across.isdigit() and down.isdigit() and int(across) and int(down)):
        return True
    return abs(log(shape / Fraction(int(across), int(down)))) <= SHAPE_SLACK
