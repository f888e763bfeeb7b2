"""Identity: is it still the same person? Stills and a clip's frames come in, a Measure goes out.

Only a model that the user brings can say so of any pose; the weight-free measure can after it was
calibrated on the character. Otherwise the answer is "not measured", never "good". Nothing is
fetched.
"""

from scenegraph.review.identity.calibrate import (
    TAKE_FRAMES,
    Calibration,
    Casting,
    calibrate,
    cast_of,
)
from scenegraph.review.identity.faces import FrameKeeper, Kept
from scenegraph.review.identity.find import find_identity
from scenegraph.review.identity.likeness import (
    Expects,
    Likeness,
    likeness_of,
    measure_identity,
    unmeasured,
)
from scenegraph.review.identity.model import Box, Identity, Picture, Vector

__all__ = [
    "TAKE_FRAMES",
    "Box",
    "Calibration",
    "Casting",
    "Expects",
    "FrameKeeper",
    "Identity",
    "Kept",
    "Likeness",
    "Picture",
    "Vector",
    "calibrate",
    "cast_of",
    "find_identity",
    "likeness_of",
    "measure_identity",
    "unmeasured",
]
