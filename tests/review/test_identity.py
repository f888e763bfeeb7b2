"""Identity: whom a clip shows. The model's word is the gate; what it cannot say is not good."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenegraph.errors import SceneError
from scenegraph.media import open_still
from scenegraph.media.planes import Planes
from scenegraph.review import calibrate, cast_of, find_identity, likeness_of, measure_identity
from scenegraph.review.identity import FrameKeeper
from scenegraph.review.identity.files import model_file
from scenegraph.review.identity.model import distance
from scenegraph.review.identity.onnx import OPTIONS, OnnxEmbedder
from scenegraph.review.identity.opencv import SFace, YuNet
from scenegraph.review.identity.shape import FaceShape
from scenegraph.settings import Settings

Picture = NDArray[np.uint8]
STILLS = Path(__file__).parents[2] / "samples" / "two-hander" / "stills"


def colour(red: int, green: int, blue: int) -> Picture:
    return np.full((16, 16, 3), (red, green, blue), np.uint8)


MARA, OTHER, AWAY = colour(220, 60, 60), colour(60, 60, 220), colour(0, 0, 0)


class Hue:
    """A person is a colour; black shows nobody."""

    name = "hue-1"

    def __init__(self, threshold: float | None = 0.9) -> None:
        self.threshold = threshold

    def detect(self, frame: Picture) -> Sequence[Sequence[float]]:
        return [(0, 0, 64, 64)] if frame.mean() > 5 else []

    def embed(self, frame: Picture, box: Any) -> NDArray[np.float64]:
        vector: NDArray[np.float64] = frame.reshape(-1, 3).mean(0)
        return vector


# --------------------------------------------------------------------------- measuring
@pytest.mark.parametrize(("cosine", "over"), [(0.902, False), (0.898, True)])
def test_the_gate_is_exactly_the_models_threshold(cosine: float, over: bool) -> None:
    """Who brings a model brings its threshold; nothing of ours is laid over it."""

    class Angle(Hue):
        def embed(self, frame: Picture, box: Any) -> NDArray[np.float64]:
            near = bool(frame[0, 0, 0] == 220)
            return np.asarray([1.0, 0.0] if near else [cosine, (1 - cosine**2) ** 0.5])

    measure, _ = measure_identity(likeness_of(Angle(), [MARA]), [(0, OTHER), (8, OTHER)], 9)
    assert measure.over is over
    assert measure.value == pytest.approx((1 - cosine) / (1 - 0.9))
    assert measure.budget == 1.0


def test_another_person_in_the_last_half_is_seen_and_from_where() -> None:
    """A model that swaps the face midway must not hide behind the first half's median."""
    frames = [(i * 10, MARA if i < 5 else OTHER) for i in range(8)]
    measure, series = measure_identity(likeness_of(Hue(), [MARA]), frames, 80)
    assert measure.over
    assert measure.since_frame == 50
    assert series["identity_drift"].shape == series["face_found"].shape == (80,)
    assert series["identity_drift"][0] < 0.01 < 1.0 < series["identity_drift"][79]


@pytest.mark.parametrize(
    ("expects", "drifted"), [("always", True), ("sometimes", False), ("never", False)]
)
def test_a_face_that_goes_away_is_drift_only_where_one_is_always_expected(
    expects: Any, drifted: bool
) -> None:
    """She may turn her head; in a shot that says `always` she may not vanish."""
    likeness = likeness_of(Hue(), [MARA], expects=expects)
    frames = [(i, MARA if i < 3 else AWAY) for i in range(8)]
    measure, series = measure_identity(likeness, frames, 8)
    assert measure.over is drifted
    if drifted:
        assert measure.since_frame == 3
        assert series["face_found"].tolist() == [1.0] * 3 + [0.0] * 5
    assert (measure.value is None) is (expects == "never")


def test_always_counts_missing_faces_before_anything_was_calibrated() -> None:
    """Whether there is a face needs no limit; who it is does, and that stays not measured."""
    likeness = likeness_of(Hue(threshold=None), [MARA], expects="always")
    gone, _ = measure_identity(likeness, [(i, AWAY) for i in range(8)], 8)
    there, _ = measure_identity(likeness, [(i, OTHER) for i in range(8)], 8)
    assert gone.over
    assert there.value is None
    assert "not measured" in there.note


@pytest.mark.parametrize("threshold", [None, 0.363])
def test_a_calibrated_measure_says_what_it_does_not_tell(threshold: float | None) -> None:
    """By shape alone half of the slight morphs passed for the same face: that is no "good"."""
    likeness = likeness_of(Hue(threshold=threshold), [MARA], limit=0.6)
    measure, _ = measure_identity(likeness, [(i, MARA) for i in range(8)], 8)
    assert not measure.over
    assert ("slight change of the face is not measured" in measure.note) is (threshold is None)


def test_the_nearest_of_several_stills_counts() -> None:
    """A profile is held against the profile, not against the front."""
    likeness = likeness_of(Hue(), [MARA, OTHER])
    measure, _ = measure_identity(likeness, [(0, OTHER), (1, MARA)], 2)
    assert measure.value == pytest.approx(0.0, abs=1e-6)


def test_frames_are_kept_evenly_and_in_bounded_memory() -> None:
    """A long take must not be held in full."""
    keeper = FrameKeeper(8)
    small = np.zeros((4, 4), np.uint8)
    for index in range(1000):
        keeper.offer(Planes(index, small, small[:2, :2], small[:2, :2]))
    kept = [frame.index for frame in keeper.frames()]
    assert 4 <= len(kept) <= 8
    assert len(set(np.diff(kept))) == 1
    assert kept[-1] > 700


# ------------------------------------------------------------------------- calibrating
def shades(person: Picture, spread: int, count: int = 8) -> list[tuple[int, Picture]]:
    """A take of a person whose green wavers."""
    frames = []
    for i in range(count):
        frame = person.copy()
        frame[..., 1] += np.uint8(spread * i // count)
        frames.append((i, frame))
    return frames


def test_a_measure_without_a_threshold_gets_one_from_the_characters_own_takes() -> None:
    """The scale differs from face to face: the limit is the character's own."""
    model = Hue(threshold=None)

    class Loud(Hue):
        loud = 60.0

        def distance(self, one: Any, other: Any) -> float:
            return self.loud * distance(model, one, other)

    loud = Loud(threshold=None)
    mara = cast_of(loud, "mara", {"front": MARA}, {"t1": shades(MARA, 40)})
    ines = cast_of(loud, "ines", {"front": OTHER}, {"t1": shades(OTHER, 5)})
    found = {one.who: one for one in calibrate(loud, [mara, ines])}
    assert found["mara"].gates
    assert found["mara"].limit is not None
    assert found["mara"].limit > found["mara"].genuine[-1]
    assert found["mara"].margin is not None and found["mara"].margin > 0
    assert found["ines"].limit is not None
    assert found["ines"].limit < found["mara"].limit  # she hardly varies
    loud.loud = 100.0
    mara = calibrate(loud, [mara, ines])[0]
    assert not mara.gates and "as much as two people may" in mara.weak[0]


@pytest.mark.parametrize(
    ("stills", "takes", "said"),
    [
        ({}, {}, "no keyframe"),
        ({"front": AWAY}, {}, "finds no face"),
        ({"front": MARA}, {}, "too few"),
        ({"front": MARA}, {"t1": shades(MARA, 5) + shades(OTHER, 5)}, "as near"),
    ],
    ids=["no-still", "no-face", "no-takes", "overlap"],
)
def test_stills_that_are_too_weak_say_why(
    stills: dict[str, Picture], takes: dict[str, list[tuple[int, Picture]]], said: str
) -> None:
    """A limit that cannot separate would call strangers good."""
    model = Hue(threshold=None)
    mara = cast_of(model, "mara", stills, takes)
    ines = cast_of(model, "ines", {"front": colour(60, 200, 60)}, {})
    one = calibrate(model, [mara, ines])[0]
    assert not one.gates
    assert said in one.weak[0]


def test_a_models_own_threshold_is_kept_and_checked() -> None:
    """SFace's threshold is SFace's; that two characters look alike to it must be said."""
    model = Hue(threshold=0.9)
    twin = cast_of(model, "twin", {"front": MARA}, {})
    mara = cast_of(model, "mara", {"front": MARA}, {})
    ines = cast_of(model, "ines", {"front": OTHER}, {})
    apart = calibrate(model, [mara, ines])[0]
    alike = calibrate(model, [mara, twin])[0]
    assert apart.gates
    assert apart.limit == pytest.approx(0.1)
    assert not alike.gates


# --------------------------------------------------------------------------- face shape
def still(name: str) -> Picture:
    return open_still(STILLS / f"{name}.jpg")


def test_face_shape_tells_a_regraded_face_from_another_one() -> None:
    """Grade, noise and size must not count; who it is must."""
    model, ines, theo = FaceShape(), still("ines-front"), still("theo-front")
    noise = np.random.default_rng(1).normal(0, 3, ines.shape)
    graded = np.clip(ines[::2, ::2] * 0.85 + 12 + noise[::2, ::2], 0, 255).astype(np.uint8)

    def vector(picture: Picture) -> Any:
        return model.embed(picture, model.detect(picture)[0])

    own = model.distance(vector(ines), vector(graded))
    other = model.distance(vector(ines), vector(theo))
    assert own < 0.6 < 1.0 < other
    assert model.distance(vector(ines), vector(ines)) == pytest.approx(0.0, abs=1e-3)


def test_face_shape_follows_a_face_that_moved() -> None:
    """Searching a whole picture costs ten times as much."""
    model, ines = FaceShape(), still("ines-front")
    box = model.detect(ines)[0]
    moved = np.roll(ines, (10, 24), axis=(0, 1))
    again = model.follow(moved, box)
    assert again is not None
    assert again[0] - box[0] == pytest.approx(24, abs=0.12 * box[2])
    assert again[1] - box[1] == pytest.approx(10, abs=0.12 * box[2])
    assert model.follow(np.full_like(ines, 90), box) is None


def test_face_shape_alone_is_not_measured() -> None:
    """It has no threshold: before calibration it must not pass anybody."""
    ines = still("ines-front")
    likeness = likeness_of(FaceShape(), [ines])
    measure, series = measure_identity(likeness, [(0, ines), (1, ines)], 2)
    assert measure.value is None
    assert "calibrat" in measure.note
    assert not likeness.looks  # and costs nothing
    assert series == {}


# ----------------------------------------------------------------------- models of users
def _field(number: int, value: int | str | bytes) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return bytes([number << 3]) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _tensor_info(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _field(1, side)) for side in shape)
    tensor = _field(1, 1) + _field(2, dims)  # float32
    return _field(1, name) + _field(2, _field(1, tensor))


def tiny_onnx(side: int) -> bytes:
    """ONNX: (1, 3, side, side) in, the mean of each channel out: an embedder of colours."""
    node = _field(1, "x") + _field(2, "y") + _field(4, "GlobalAveragePool")
    graph = (
        _field(1, node)
        + _field(2, "tiny")
        + _field(11, _tensor_info("x", (1, 3, side, side)))
        + _field(12, _tensor_info("y", (1, 3, 1, 1)))
    )
    opset = _field(1, "") + _field(2, 11)
    return _field(1, 6) + _field(7, graph) + _field(8, opset)


def embedder(path: Path, options: str = "threshold=0.5&size=24&mean=127.5&std=127.5") -> Any:
    told = f"{path}#{options}"
    file = model_file(told, "SETTING", job="embedder", options=OPTIONS, any_file=True)
    return OnnxEmbedder(Hue(), file)


def test_an_onnx_embedder_of_ones_own_is_run_and_gates(tmp_path: Path) -> None:
    """Crop in, vector out, by the real OpenCV on a real (tiny) ONNX file."""
    path = tmp_path / "mine.onnx"
    path.write_bytes(tiny_onnx(24))
    model = embedder(path)
    vector = model.embed(MARA, (2, 2, 10, 10))
    assert vector == pytest.approx((np.asarray([220, 60, 60]) - 127.5) / 127.5, abs=1e-3)
    assert sha256(path.read_bytes()).hexdigest()[:12] in model.name  # the file is in its name
    bgr = embedder(path, "threshold=0.5&size=24&channels=bgr")
    assert bgr.embed(MARA, None) == pytest.approx(vector[::-1], abs=1e-3)
    likeness = likeness_of(model, [MARA])
    assert not measure_identity(likeness, [(0, MARA), (1, MARA)])[0].over
    assert measure_identity(likeness, [(0, OTHER), (1, OTHER)])[0].over


def test_five_points_are_laid_where_embedders_want_them(tmp_path: Path) -> None:
    """A tilted face is turned upright before it is shown to the model."""
    from scenegraph.review.identity.onnx import POINTS, onto

    angle = np.deg2rad(20)
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = POINTS @ turn.T * 1.7 + (30, -4)
    move = onto(tilted, POINTS)
    assert tilted @ move[:, :2].T + move[:, 2] == pytest.approx(np.asarray(POINTS), abs=1e-3)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (tiny_onnx(24), "size=24", "threshold"),
        (tiny_onnx(24), "threshold=2", "threshold"),
        (tiny_onnx(24), "threshold=0.5&channels=rbg", "channels"),
        (tiny_onnx(24), "threshold=0.5&treshold=1", "treshold"),
        (tiny_onnx(24), "threshold=0.5&sha256=" + "0" * 64, "another file"),
        (tiny_onnx(24), "threshold=0.5&sha256=abc", "64"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "threshold=0.5", "LFS"),
        (b"<html>moved</html>" * 50, "threshold=0.5", "ONNX"),
        (b"", "threshold=0.5", "ONNX"),
        (None, "threshold=0.5", "cannot be read"),
    ],
)
def test_a_wrong_embedder_is_a_sentence(
    tmp_path: Path, content: bytes | None, options: str, said: str
) -> None:
    """A typing error, a half download or an expired link: words and a next step."""
    path = tmp_path / "mine.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SceneError, match=said) as caught:
        embedder(path, options)
    assert caught.value.next


def test_only_published_or_vouched_for_detectors_are_loaded(tmp_path: Path) -> None:
    """A file that nobody knows is named by its hash; stating that hash is vouching for it."""
    path = tmp_path / "yunet.onnx"
    path.write_bytes(tiny_onnx(24))
    with pytest.raises(SceneError, match="none of the face detectors") as caught:
        model_file(str(path), "SCENEGRAPH_FACE_DETECTOR", job="detector")
    stated = caught.value.next.partition("SCENEGRAPH_FACE_DETECTOR=")[2]
    file = model_file(stated, "SCENEGRAPH_FACE_DETECTOR", job="detector")
    assert file.sha256 in stated
    with pytest.raises(SceneError):  # it is a model, but no YuNet
        YuNet(file).detect(MARA)


def test_sfaces_class_aligns_and_embeds_what_the_detector_found(tmp_path: Path) -> None:
    """OpenCV's own FaceRecognizerSF, around a tiny net: alignment, box rows and vectors fit.

    Its alignment is also the check of ours, for other embedders.
    """
    from scenegraph.review.identity.onnx import POINTS

    path = tmp_path / "sface.onnx"
    path.write_bytes(tiny_onnx(112))
    digest = sha256(path.read_bytes()).hexdigest()
    wall = np.random.default_rng(3).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    frame = np.kron(wall, np.ones((10, 10, 1), np.uint8))
    row = [90.0, 60, 150, 180, *(POINTS * 1.6 + (80, 40)).ravel().tolist(), 0.9]
    model = SFace(Hue(), model_file(f"{path}#sha256={digest}", "SETTING", job="embedder"))
    vector = model.embed(frame, row)
    assert vector.shape == (3,)
    assert model.threshold == 0.363
    own = embedder(path, "threshold=0.5&size=112&mean=0&std=1").embed(frame, row)
    assert vector == pytest.approx(own, abs=2.0)
    assert vector != pytest.approx(model.embed(frame, None), abs=2.0)


def test_a_detector_that_opencv_cannot_load_is_a_sentence(tmp_path: Path) -> None:
    """OpenCV's own error names its source files."""
    path = tmp_path / "yunet.onnx"
    path.write_bytes(b"no model at all")
    told = f"{path}#sha256={sha256(path.read_bytes()).hexdigest()}"
    with pytest.raises(SceneError, match="cannot load"):
        YuNet(model_file(told, "SCENEGRAPH_FACE_DETECTOR", job="detector"))


# ------------------------------------------------------------------------------- finding
def settings(**given: str) -> Settings:
    return Settings.model_validate({f"SCENEGRAPH_{k.upper()}": v for k, v in given.items()})


def test_the_settings_choose_the_model(tmp_path: Path) -> None:
    """Nothing given: the weight-free one. A file with a threshold: that. Off: none."""
    path = tmp_path / "mine.onnx"
    path.write_bytes(tiny_onnx(112))
    assert isinstance(find_identity(settings()), FaceShape)
    assert find_identity(settings(identity="off")) is None
    own = find_identity(settings(face_embedder=f"{path}#threshold=0.4"))
    assert own is not None
    assert own.threshold == 0.4


@pytest.mark.parametrize(
    "given",
    [
        {"identity": "shapes"},
        {"identity": "sface"},
        {"face_detector": "yunet.onnx"},
        {"face_embedder": "sface.onnx"},
        {"face_detector": "nowhere/yunet.onnx", "face_embedder": "nowhere/sface.onnx"},
    ],
)
def test_settings_that_do_not_fit_are_a_sentence(given: dict[str, str]) -> None:
    """Half a pair, or a name nobody has, must not silently fall back to another measure."""
    with pytest.raises(SceneError) as caught:
        find_identity(settings(**given))
    assert caught.value.next


PLUG_IN = """
import numpy as np

class Mine:
    name = "mine-2"
    threshold = 0.7
    def detect(self, frame): return [(0, 0, 8, 8)]
    def embed(self, frame, box): return np.ones(4)

def broken(): raise OSError("no weights here")
def nothing(): return object()
"""


def test_a_package_may_bring_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By entry point, as recipes are; a package that fails says so by its name."""
    (tmp_path / "its_faces.py").write_text(PLUG_IN)
    info = tmp_path / "its_faces-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: its-faces\nVersion: 1.0\n")
    lines = ["its-mine = its_faces:Mine", "its-broken = its_faces:broken"]
    lines.append("its-nothing = its_faces:nothing")
    (info / "entry_points.txt").write_text("\n".join(["[scenegraph.identity]", *lines]) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_identity(settings(identity="its-mine"))
    assert found is not None
    assert (found.name, found.threshold) == ("mine-2", 0.7)
    for bad in ("its-broken", "its-nothing"):
        with pytest.raises(SceneError, match="its_faces"):
            find_identity(settings(identity=bad))
