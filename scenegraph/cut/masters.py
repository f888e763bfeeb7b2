"""Masters: the reel encoded for finishing, ProRes or DNxHR, from the takes and not from the reel.

Every frame of these is a picture by itself, and so are the segments of a reel: a master is
stitched as a reel is, in another format, with uncompressed sound. Its segments are large and are
not kept.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scenegraph.cut.disk import disk_errors
from scenegraph.cut.sound import Cue, make_mix
from scenegraph.cut.stitch import Progress, stitch
from scenegraph.ledger.timeline import ReelFormat, Timeline
from scenegraph.settings import Settings

#: By format and profile: FFmpeg's encoder, its name of the profile, the pixels that it takes.
MASTERS = {
    ("prores", "proxy"): ("prores_ks", "proxy", "yuv422p10le"),
    ("prores", "lt"): ("prores_ks", "lt", "yuv422p10le"),
    ("prores", "standard"): ("prores_ks", "standard", "yuv422p10le"),
    ("prores", "hq"): ("prores_ks", "hq", "yuv422p10le"),
    ("prores", "4444"): ("prores_ks", "4444", "yuv444p10le"),
    ("dnxhr", "lb"): ("dnxhd", "dnxhr_lb", "yuv422p"),
    ("dnxhr", "sq"): ("dnxhd", "dnxhr_sq", "yuv422p"),
    ("dnxhr", "hq"): ("dnxhd", "dnxhr_hq", "yuv422p"),
    ("dnxhr", "hqx"): ("dnxhd", "dnxhr_hqx", "yuv422p10le"),
    ("dnxhr", "444"): ("dnxhd", "dnxhr_444", "yuv444p10le"),
}
USUAL_PROFILE = "hq"


@dataclass(frozen=True, slots=True)
class MasterSound:
    """The tracks of the reel, to be mixed again without loss. `loudness` as of `make_mix`."""

    cues: Sequence[Cue]
    loudness: float | None


def master_format(format: ReelFormat, kind: str, profile: str | None) -> ReelFormat:
    """The reel's format as a master's.

    >>> from fractions import Fraction
    >>> from scenegraph.units import Size
    >>> reel = ReelFormat(size=Size(1280, 720), rate=Fraction(24))
    >>> master_format(reel, "prores", None).pixel_format
    'yuv422p10le'
    """
    codec, its_name, pixels = MASTERS[kind, profile or USUAL_PROFILE]
    return replace(format, codec=codec, profile=its_name, pixel_format=pixels)


async def make_master(
    timeline: Timeline,
    format: ReelFormat,
    out: Path,
    beside: Path,
    *,
    sound: MasterSound | None,
    settings: Settings | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """Stitch the timeline as a master at `out`.

    Args:
        format: of `master_format`.
        beside: the folder of segments; a temporary one is made in it, and removed again.

    Raises:
        CutError, FfmpegFailed: as `stitch`.
    """
    with disk_errors(beside):
        beside.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".master.", dir=beside))
    try:
        mix = None
        if sound is not None:
            mix = await make_mix(
                sound.cues,
                timeline.frames / timeline.format.rate,
                folder,
                loudness=sound.loudness,
                codec="pcm_s24le",
                settings=settings,
            )
        await stitch(
            replace(timeline, format=format),
            folder,
            out,
            settings=settings,
            on_progress=on_progress,
            sound=mix.path if mix else None,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
