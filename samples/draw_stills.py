"""Draw every still and motion reference of the sample scenes: `python samples/draw_stills.py`.

No picture here was photographed or generated: all are drawn by the code beside this file, so that
anyone may use them. The same code draws the same pictures. Names limit what is drawn:
`python samples/draw_stills.py mara`.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from drawing import motions
from drawing.people import INES, MARA, THEO, TOMAS, Person, Pose
from drawing.portraits import Lights, Still, draw
from PIL import Image

HERE = Path(__file__).parent
MOST_BYTES = 100_000  # each; the whole folder stays well under 1.5 MB

PLATFORM = "an empty railway platform at night, rain"
CAFE = "a small café room in the evening, a lamp, a table"
LANTERN = "storm at sea at night, a lighthouse"
SIGNALS = ((1.0, 0.75, 0.45), (0.5, 0.7, 1.0), (1.0, 0.35, 0.25))
CANDLES = ((1.0, 0.72, 0.42), (1.0, 0.82, 0.6))

TRAIN, TABLE, STORM = "night-train/stills", "two-hander/stills", "storm/stills"
NIGHT, EVENING = (PLATFORM, 3, SIGNALS), (CAFE, 5, CANDLES)
OTHER_SIDE, SEA = (CAFE, 6, CANDLES), (LANTERN, 6, ())


def still(
    file: str, person: Person, pose: Pose, place: tuple[str, int, Lights], focus: float
) -> Still:
    words, seed, lights = place
    return Still(file, person, pose, words, seed, focus, lights)


STILLS = (
    still(f"{TRAIN}/mara-front.jpg", MARA, Pose(640, 352, 212), NIGHT, 22),
    still(f"{TRAIN}/mara-three-quarter.jpg", MARA, Pose(560, 345, 196, 0.40, gaze=0.1), NIGHT, 22),
    still(f"{TRAIN}/mara-medium.jpg", MARA, Pose(690, 248, 122, 0.08), NIGHT, 12),
    still(f"{TABLE}/ines-front.jpg", INES, Pose(640, 385, 200), EVENING, 22),
    still(
        f"{TABLE}/ines-three-quarter.jpg", INES, Pose(760, 375, 190, -0.38, gaze=-0.08), EVENING, 22
    ),
    still(f"{TABLE}/ines-medium.jpg", INES, Pose(760, 270, 118, -0.15, gaze=-0.08), EVENING, 13),
    still(f"{TABLE}/theo-front.jpg", THEO, Pose(640, 375, 200, key=1.0), OTHER_SIDE, 22),
    still(
        f"{TABLE}/theo-three-quarter.jpg",
        THEO,
        Pose(520, 368, 190, 0.38, gaze=0.08, key=1.0),
        OTHER_SIDE,
        22,
    ),
    still(
        f"{TABLE}/theo-medium.jpg",
        THEO,
        Pose(520, 262, 118, 0.15, gaze=0.08, key=1.0),
        OTHER_SIDE,
        13,
    ),
    still(f"{STORM}/tomas-front.jpg", TOMAS, Pose(640, 372, 198), SEA, 14),
    still(
        f"{STORM}/tomas-three-quarter.jpg", TOMAS, Pose(730, 365, 188, -0.38, gaze=-0.08), SEA, 14
    ),
    still(f"{STORM}/tomas-medium.jpg", TOMAS, Pose(700, 262, 116, -0.10), SEA, 8),
)

MOTIONS = (
    ("night-train/motions/handheld-sway.mp4", motions.sway, 4.0),
    ("two-hander/motions/lean-in.mp4", motions.lean_in, 3.0),
    ("storm/motions/swell.mp4", motions.swell, 4.0),
)


def save(still: Still) -> int:
    """The still as the best JPEG under the limit; its size in bytes."""
    picture = Image.fromarray(draw(still))
    file = HERE / still.file
    file.parent.mkdir(parents=True, exist_ok=True)
    for quality in (92, 89, 86, 82, 78):
        data = BytesIO()
        picture.save(data, "JPEG", quality=quality, subsampling=0, optimize=True)
        if data.tell() <= MOST_BYTES:
            break
    file.write_bytes(data.getvalue())
    return data.tell()


def main(names: list[str]) -> None:
    wanted = lambda file: not names or any(name in file for name in names)  # noqa: E731
    for still in filter(lambda still: wanted(still.file), STILLS):
        print(f"{still.file}: {save(still)} bytes")
    for file, way, seconds in MOTIONS:
        if wanted(file):
            (HERE / file).parent.mkdir(parents=True, exist_ok=True)
            motions.film_motion(HERE / file, way, seconds)
            print(f"{file}: {(HERE / file).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
