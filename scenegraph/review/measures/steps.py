"""What series tell without an anchor: flicker, zoom jump, shaking, freeze, an unwanted cut."""

from __future__ import annotations

import numpy as np

from scenegraph.review.measures.sight import Reading, Sight, longest_run, not_measured
from scenegraph.review.prints import neighbour_distances
from scenegraph.review.series import smooth

#: Fewer steps than this have no rhythm to be measured against.
FEWEST_STEPS = 8
#: Frames of the moving mean that light may follow without flickering, and of a zoom's jump.
FLICKER_OVER, ZOOM_OVER = 7, 5
#: Steps over which shaking is averaged, so that one jolt is not told.
SHAKE_OVER = 12
#: A step is still below this share of the usual difference of the parent (or of the clip).
STILL = 0.10
#: Differences that coding noise alone makes in a still picture.
STILL_NOISE = 0.0005


def flicker(sight: Sight) -> Reading:
    """How far light leaves its 7-frame mean: the 90th percentile, or half the worst (ln gain).

    Source: cumulated ln ratio of mean lumas. A waver counts in full, one single flash by half.
    Blind to: flicker of colour or of a small lamp; cuts and explosions of the story.
    """
    gain = sight.steps("gain").astype(np.float64)
    if len(gain) < FEWEST_STEPS:
        return not_measured("too few frames")
    level = np.cumsum(gain).astype(np.float32)
    half = FLICKER_OVER // 2
    off = np.abs(level - smooth(level, FLICKER_OVER))[half:-half]
    value = max(float(np.percentile(off, 90)), float(off.max()) / 2)
    start = sight.first_step + half
    return Reading(value, None, tuple((start + i, float(v)) for i, v in enumerate(off)))


def zoom_jump(sight: Sight) -> Reading:
    """Largest zoom within 5 frames against the clip's own course (1: as large as any it makes).

    The geometric mean of the jump over 0.07 and of the jump over three times the clip's usual
    unevenness, so that neither a shaky clip nor a very still one alarms by itself.

    Source: growth of the flow with the radius (SeriesMaker `scale`).
    Blind to: zooms that last a second or more, which are camera work; zooms hidden by a cut.
    """
    scale = sight.steps("scale").astype(np.float64)
    if len(scale) < FEWEST_STEPS:
        return not_measured("too few frames")
    sums = np.convolve(scale, np.ones(ZOOM_OVER), "valid")
    jump = np.abs(sums - ZOOM_OVER * np.median(scale))
    uneven = jump / (1.3 * (3 * np.median(jump) + 0.02))
    amount = np.sqrt(uneven * jump / 0.07)
    start = sight.first_step + ZOOM_OVER // 2
    return Reading(
        float(amount.max()), None, tuple((start + i, float(v)) for i, v in enumerate(amount))
    )


def shake(sight: Sight) -> Reading:
    """How far the whole picture jumps forth and back from frame to frame (share of the diagonal).

    Of two steps in a row the geometric mean of how far they go against each other, averaged over
    12 steps; the upper quartile of that along the clip. A pan, a sway of the hand and duplicate
    frames have no such steps.

    Source: median flow with its direction (SeriesMaker `across`, `down`).
    Blind to: one jolt; slow swaying; turning about the centre; a picture without texture.
    """
    across, down = (sight.steps(name).astype(np.float64) for name in ("across", "down"))
    if len(across) < FEWEST_STEPS:
        return not_measured("too few frames")
    against = -(across[1:] * across[:-1] + down[1:] * down[:-1])
    over = min(SHAKE_OVER, len(against))
    amount = np.convolve(np.sqrt(np.maximum(0.0, against)), np.full(over, 1 / over), "valid")
    start = sight.first_step + 1 + over // 2
    track = tuple((start + i, float(v)) for i, v in enumerate(amount))
    return Reading(float(np.percentile(amount, 75)), None, track)


def freeze(sight: Sight) -> Reading:
    """Longest run of still steps (share of the new frames).

    A step is still below a tenth of the parent's median difference; without a parent, of the
    clip's own upper quartile.

    Source: gain-compensated difference over contrast.
    Blind to: a shot that is meant to hold still from its first frame, when there is no parent.
    """
    difference = sight.steps("difference")
    if len(difference) < FEWEST_STEPS:
        return not_measured("too few frames")
    if sight.parent is not None and sight.parent.frames > FEWEST_STEPS:
        usual = float(np.median(sight.parent.series["difference"][1:]))
    else:
        usual = float(np.percentile(difference, 75))
    start, length = longest_run(difference < max(STILL * usual, STILL_NOISE))
    share = length / (len(difference) + 1)
    begin = sight.first_step + start
    return Reading(share, None, ((begin, share),))


def cut(sight: Sight) -> Reading:
    """The largest step of picture and colours at once (0 to about 1.4; 1: another picture).

    Geometric mean of the colour histograms' Hellinger distance and the prints' squared distance:
    a flash moves colours alone, a lunge of the camera moves layout alone.

    Source: the model cuts by itself (RIFLEx samples: histogram step 0.44, benign at most 0.05).
    Blind to: dissolves; cuts between two pictures of the same colours.
    """
    colours = sight.steps("step")
    if not len(colours):
        return not_measured("too few frames")
    layout = neighbour_distances(sight.clip.prints)[sight.first_step - 1 :]
    amount = np.sqrt(np.maximum(0.0, colours * layout))
    worst = int(amount.argmax())
    value = float(amount[worst])
    return Reading(value, None, ((sight.first_step + worst, value),))
