"""Any face embedder in an ONNX file: an aligned crop in, one vector out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenegraph.errors import SceneError
from scenegraph.review.identity.files import ModelFile
from scenegraph.review.identity.model import Box, Picture, Vector
from scenegraph.review.identity.opencv import Detector

SETTING = "SCENEGRAPH_FACE_EMBEDDER"
OPTIONS = ("size", "mean", "std", "channels", "threshold")
#: Where ArcFace-like embedders want eyes, nose and mouth corners in a crop of 112 x 112.
POINTS = np.asarray(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]],
    dtype=np.float32,
)  # fmt: skip
#: Of a box without points, this much more is shown on each side.
MARGIN = 0.1

Run = Callable[[NDArray[np.float32]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Intake:
    """What an embedder wants to be shown: (value - mean) / std, of a crop of size x size."""

    size: int = 112
    mean: float = 127.5
    std: float = 127.5
    channels: str = "rgb"


class OnnxEmbedder:
    """An embedder of the user's own.

    `PATH#threshold=0.3&size=112&mean=127.5&std=127.5&channels=rgb`: only the threshold has no
    default, since it belongs to the model. Faces with five points are aligned to ArcFace's
    places; others are cut out as they stand.

    Raises:
        SceneError: the file cannot be loaded or run, or an option is not what it must be.

    Source:
        The user's model; its threshold decides. Blind to: what its detector does not find.
    """

    def __init__(self, detector: Detector, file: ModelFile) -> None:
        self.name = f"{detector.name}+{file.name}"
        self._detector, self._lock = detector, Lock()
        self.threshold: float | None = _number(file, "threshold", None, -1.0, 1.0)
        channels = file.options.get("channels", "rgb")
        if channels not in ("rgb", "bgr"):
            raise SceneError(
                f"{SETTING}: channels are rgb or bgr, not {channels}.", next="Mend it."
            )
        self._intake = Intake(
            size=int(_number(file, "size", 112, 8, 1024)),
            mean=_number(file, "mean", 127.5, -1000, 1000),
            std=_number(file, "std", 127.5, 1e-6, 1000),
            channels=channels,
        )
        self._run = _loaded(file)
        size = self._intake.size
        self.embed(np.full((size, size, 3), 128, np.uint8), None)  # a wrong model says so now

    def detect(self, frame: Picture) -> Sequence[Box]:
        return self._detector.detect(frame)

    def embed(self, frame: Picture, box: Box | None) -> Vector:
        crop = self._crop(frame, box)
        if self._intake.channels == "bgr":
            crop = crop[..., ::-1]
        fed = (crop.astype(np.float32) - self._intake.mean) / self._intake.std
        with self._lock:
            try:
                out = self._run(np.ascontiguousarray(fed.transpose(2, 0, 1)[None]))
            except Exception as error:  # two engines, each with errors of its own
                raise SceneError(
                    f"{self.name} cannot be run on a crop of {self._intake.size} pixels: "
                    f"{' '.join(str(error).split())[:160]}",
                    next=f"State the size that it wants: {SETTING}=PATH#size=…",
                ) from error
        vector = np.asarray(out, dtype=np.float64).ravel()
        if vector.size < 2 or not np.isfinite(vector).all():
            raise SceneError(f"{self.name} gives no vector for a face.", next=f"Check {SETTING}.")
        return vector

    def _crop(self, frame: Picture, box: Box | None) -> Picture:
        size = self._intake.size
        if box is None:
            move = np.asarray(
                [[size / frame.shape[1], 0, 0], [0, size / frame.shape[0], 0]], np.float64
            )
        elif len(box) >= 14:
            move = onto(np.asarray(box[4:14], np.float64).reshape(5, 2), POINTS * (size / 112))
        else:
            x, y, w, h = (float(v) for v in box[:4])
            margin = MARGIN * max(w, h)
            scale = size / (max(w, h) + 2 * margin)
            move = np.asarray(
                [[scale, 0, -(x - margin) * scale], [0, scale, -(y - margin) * scale]], np.float64
            )
        return np.asarray(
            cv2.warpAffine(frame, move, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )


def onto(points: NDArray[Any], places: NDArray[Any]) -> NDArray[np.float64]:
    """The 2 x 3 turn, scaling and shift that lays points on places with the least squares.

    >>> square = np.asarray([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> (onto(square, 2 * square + 3).round(6) + 0.0).tolist()
    [[2.0, 0.0, 3.0], [0.0, 2.0, 3.0]]
    """
    p, q = points[:, 0] + 1j * points[:, 1], places[:, 0] + 1j * places[:, 1]
    centred = p - p.mean()
    turn = np.vdot(centred, q - q.mean()) / (np.vdot(centred, centred) + 1e-12)
    shift = q.mean() - turn * p.mean()
    return np.asarray(
        [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], np.float64
    )


def _loaded(file: ModelFile) -> Run:
    """The file as a function, by OpenCV, or by ONNX Runtime where that is installed and needed."""
    with suppress(cv2.error):
        net = cv2.dnn.readNetFromONNX(str(file.path))

        def run(fed: NDArray[np.float32]) -> NDArray[Any]:
            net.setInput(fed)
            return np.array(net.forward())

        return run
    try:
        import onnxruntime
    except ImportError:
        raise SceneError(
            f"{SETTING}: OpenCV cannot load {file.path} as an ONNX model.",
            next="Check the file; with `pip install onnxruntime` more kinds of layers are known.",
        ) from None
    try:
        session = onnxruntime.InferenceSession(str(file.path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise SceneError(
            f"{SETTING}: {file.path} is no ONNX model: {' '.join(str(error).split())[:160]}",
            next="Check the file.",
        ) from error
    name = session.get_inputs()[0].name
    return lambda fed: np.asarray(session.run(None, {name: fed})[0])


def _number(file: ModelFile, name: str, default: float | None, low: float, high: float) -> float:
    told = file.options.get(name)
    if told is None and default is not None:
        return default
    try:
        value = float(told if told is not None else "nan")
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        said = f"{told} is no {name}" if told is not None else f"{name} is missing"
        raise SceneError(
            f"{SETTING}: {said}: a number from {low:g} to {high:g}.",
            next=f"{SETTING}={file.path}#threshold=0.3&size=112&mean=127.5&std=127.5",
        )
    return value
