"""Reviewed clips in reel order come in; in and out points, a timeline and one reel file go out.

It never looks at a picture itself (it takes series and prints), never spends, never drops a shot
without naming it.
"""

from scenegraph.cut.check import Finding, ReelCheck, check_segments, see_segment
from scenegraph.cut.choice import Cut, CutChoice, choose_cuts
from scenegraph.cut.conform import (
    Fit,
    Fitted,
    concat_command,
    fit_picture,
    preview_format,
    reel_format,
    segment_command,
)
from scenegraph.cut.copies import Film
from scenegraph.cut.cutpoints import cutpoints
from scenegraph.cut.deliver import Delivery, deliver, delivery_key, must_be_makeable
from scenegraph.cut.film import WHOLE, Ends
from scenegraph.cut.footage import ReelClip, clip_of_review, model_cuts
from scenegraph.cut.joins import Seam, extend_seams
from scenegraph.cut.masters import MasterSound
from scenegraph.cut.pieces import Piece, pieces_of, with_transitions
from scenegraph.cut.points import calmest
from scenegraph.cut.promised import check_reel
from scenegraph.cut.resting import resting_end
from scenegraph.cut.sound import Cue, Mix, make_mix
from scenegraph.cut.stitch import (
    Progress,
    Segment,
    content_hash,
    make_segment,
    piece_key,
    piece_segment,
    stitch,
)
from scenegraph.cut.timeline import Kept, make_timeline

__all__ = [
    "WHOLE",
    "Cue",
    "Cut",
    "CutChoice",
    "Delivery",
    "Ends",
    "Film",
    "Finding",
    "Fit",
    "Fitted",
    "Kept",
    "MasterSound",
    "Mix",
    "Piece",
    "Progress",
    "ReelCheck",
    "ReelClip",
    "Seam",
    "Segment",
    "calmest",
    "check_reel",
    "check_segments",
    "choose_cuts",
    "clip_of_review",
    "concat_command",
    "content_hash",
    "cutpoints",
    "deliver",
    "delivery_key",
    "extend_seams",
    "fit_picture",
    "make_mix",
    "make_segment",
    "make_timeline",
    "model_cuts",
    "must_be_makeable",
    "piece_key",
    "piece_segment",
    "pieces_of",
    "preview_format",
    "reel_format",
    "resting_end",
    "see_segment",
    "segment_command",
    "stitch",
    "with_transitions",
]
