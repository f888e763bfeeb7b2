"""Colour and light on matched pixels: saturation, hue, cast, contrast, brightness, wardrobe."""

from __future__ import annotations

import numpy as np

from scenegraph.review.measures.sight import (
    TOO_FEW,
    Reading,
    Sight,
    arrived,
    late,
    not_measured,
    trust,
    weighted_median,
)


def saturation(sight: Sight) -> Reading:
    """Median ln ratio of colourfulness (ln; 0.18 is 20 % more).

    Source: matched pixels; climbs hop by hop in chained generation (LTX-Video issue 32, VACE 44).
    Blind to: colours of things that were not there before; pictures without colour.
    """
    return arrived(sight.matches, [m.saturation for m in sight.matches])


def hue(sight: Sight) -> Reading:
    """Median turn of colours about grey (degrees).

    Source: matched pixels; a chained bird clip turned 47 degrees within 30 s.
    Blind to: pixels within 6 levels of grey; at very low bit rates noise turns weak colours.
    """
    return arrived(sight.matches, [m.hue for m in sight.matches])


def cast(sight: Sight) -> Reading:
    """Median shift of Cb and Cr, as a length (levels of 255).

    Source: matched pixels. Blind to: a shift that undoes itself within the clip.
    """
    known = [m for m in sight.matches if m.cast is not None]
    sure = trust(sight.matches)
    if not known or not sure:
        return not_measured(TOO_FEW)
    shifts = np.asarray([m.cast for m in known])
    last = slice(-late(len(shifts)), None)
    shares = np.asarray([m.share for m in known[last]])
    towards = sure * np.asarray([weighted_median(axis, shares) for axis in shifts[last].T])
    length = float(np.hypot(*towards))
    along = sure * (shifts @ (towards / (length + 1e-9)))
    track = tuple((m.frame, float(v)) for m, v in zip(known, along, strict=True))
    shift = float(towards[0]), float(towards[1])
    return Reading(length, None, track, shift=shift)


def contrast(sight: Sight) -> Reading:
    """Ln ratio of the luma deviations of all matched pixels (ln; 0.18 is 20 % more).

    Source: matched pixels; contrast climbs or washes out with each extension (VACE issue 44).
    Blind to: a curve that bends shadows one way and lights the other.
    """
    return arrived(sight.matches, [m.contrast for m in sight.matches])


def brightness(sight: Sight) -> Reading:
    """Median ln ratio of lumas (ln; 0.1 is 10 % brighter).

    Source: matched pixels. Blind to: lamps that the story switches on.
    """
    return arrived(sight.matches, [m.brightness for m in sight.matches])


def wardrobe(sight: Sight) -> Reading:
    """Colour change of the worst places, after the best global change (levels of 255).

    Of matched pixels, or of colours that were exchanged for others near by: a coat that changed
    strongly is matched by nothing (`exchanged`).

    Source: own; 1.000 / 1.000 of recoloured coats told from motion on this project's cases.
    Blind to: a new coat of the same colour, clothes that are grey before and after, a tie; it does
    not know a coat from a car, and calls any lasting recolouring of an area by this name.
    """
    return arrived(sight.matches, [m.wardrobe for m in sight.matches])
