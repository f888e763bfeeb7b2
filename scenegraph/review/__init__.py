"""Looking: a clip, its keyframe and its parent come in; a Review goes out.

One decode per clip; every measure names its source and its blind spot, and what was not measured
says so. It never changes a file, never decides what to do about drift, and asks nobody.
"""

from scenegraph.review.chain import CHAIN_SUFFIX
from scenegraph.review.footage import Footage, watch, watch_frames
from scenegraph.review.grade import GRADE_LIMITS, grade_for
from scenegraph.review.identity import (
    Calibration,
    Expects,
    Identity,
    Likeness,
    calibrate,
    cast_of,
    find_identity,
    likeness_of,
    measure_identity,
)
from scenegraph.review.look import look, look_at
from scenegraph.review.measures import MEASURES
from scenegraph.review.overlap import find_overlap
from scenegraph.review.prints import frame_print, squared_distances
from scenegraph.review.repeats import SURE
from scenegraph.review.verdict import DEFAULT_BUDGETS

__all__ = [
    "CHAIN_SUFFIX",
    "DEFAULT_BUDGETS",
    "GRADE_LIMITS",
    "MEASURES",
    "SURE",
    "Calibration",
    "Expects",
    "Footage",
    "Identity",
    "Likeness",
    "calibrate",
    "cast_of",
    "find_identity",
    "find_overlap",
    "frame_print",
    "grade_for",
    "likeness_of",
    "look",
    "look_at",
    "measure_identity",
    "squared_distances",
    "watch",
    "watch_frames",
]
