"""YuNet and SFace through OpenCV: faces with five points, and 128 numbers for each."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

import cv2
import numpy as np

from scenegraph.errors import SceneError
from scenegraph.review.identity.files import ModelFile
from scenegraph.review.identity.model import Box, Picture, Vector

#: Cosine from which on SFace says one person, from its makers' evaluation on LFW (0.994 right).
SFACE_THRESHOLD = 0.363
#: A picture is searched at this short side at most: YuNet finds faces from 10 pixels on.
SEARCH = 360
SURE = 0.7
OVERLAP = 0.3
BLANK = np.full((128, 128, 3), 128, np.uint8)


class Detector(Protocol):
    @property
    def name(self) -> str: ...
    def detect(self, frame: Picture) -> Sequence[Box]: ...


class YuNet:
    """A face detector: box and five points, best first.

    Source: Wu, Peng, Yu, "YuNet: a tiny millisecond-level face detector", 2023.
    """

    def __init__(self, file: ModelFile) -> None:
        self.name = file.name
        self._lock = Lock()  # the size of the picture is a state of the detector
        try:
            self._net: Any = cv2.FaceDetectorYN.create(
                str(file.path), "", (320, 320), SURE, OVERLAP, 50
            )
        except cv2.error as error:
            raise _unusable(file, "SCENEGRAPH_FACE_DETECTOR", error) from error
        self.detect(BLANK)  # a wrong model says so now, before anything is spent

    def detect(self, frame: Picture) -> Sequence[Box]:
        """Rows of 15: x, y, w, h, five points (right eye, left eye, nose, mouth), sureness."""
        h, w = frame.shape[:2]
        scale = min(1.0, SEARCH / min(h, w))
        size = (max(8, round(w * scale)), max(8, round(h * scale)))
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA) if scale < 1 else frame
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        with self._lock:
            self._net.setInputSize((bgr.shape[1], bgr.shape[0]))
            try:
                _, rows = self._net.detect(bgr)
            except cv2.error as error:
                raise SceneError(
                    f"{self.name} does not work as a YuNet face detector: {_reason(error)}.",
                    next="Check SCENEGRAPH_FACE_DETECTOR.",
                ) from error
        if rows is None:
            return []
        found = np.asarray(rows, dtype=np.float64)
        found[:, :14] *= np.tile([w / bgr.shape[1], h / bgr.shape[0]], 7)
        order = np.argsort(-found[:, 14] * np.sqrt(found[:, 2] * found[:, 3]))
        return [found[i].tolist() for i in order]


class SFace:
    """YuNet's faces, aligned by their points, as SFace's vectors.

    Source: Zhong et al., "SFace: sigmoid-constrained hypersphere loss", 2021. Blind to: faces
    that YuNet does not find; strong profiles read as less alike.
    """

    threshold: float | None = SFACE_THRESHOLD

    def __init__(self, detector: Detector, file: ModelFile) -> None:
        self.name = f"{detector.name}+{file.name}"
        self._detector, self._lock = detector, Lock()
        try:
            self._net: Any = cv2.FaceRecognizerSF.create(str(file.path), "")
        except cv2.error as error:
            raise _unusable(file, "SCENEGRAPH_FACE_EMBEDDER", error) from error
        self.embed(BLANK, None)

    def detect(self, frame: Picture) -> Sequence[Box]:
        return self._detector.detect(frame)

    def embed(self, frame: Picture, box: Box | None) -> Vector:
        """(128,): the face whose 15 numbers `detect` gave; the whole picture when None."""
        bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        with self._lock:
            if box is None:
                crop = cv2.resize(bgr, (112, 112), interpolation=cv2.INTER_AREA)
            else:
                crop = self._net.alignCrop(bgr, np.asarray(box, dtype=np.float32)[None])
            try:
                return np.array(self._net.feature(crop), dtype=np.float64).ravel()
            except cv2.error as error:
                raise SceneError(
                    f"{self.name} does not work as SFace does: {_reason(error)}.",
                    next="For another embedder state its size and threshold behind `#`.",
                ) from error


def _unusable(file: ModelFile, setting: str, error: cv2.error) -> SceneError:
    return SceneError(
        f"{setting}: OpenCV cannot load {file.path} as a model: {_reason(error)}.",
        next="Check the file; it must be the ONNX file itself.",
    )


def _reason(error: cv2.error) -> str:
    """OpenCV's own words without its file names and brackets."""
    said = str(getattr(error, "err", "") or error).strip().splitlines()
    return (said[0] if said else "it says nothing").strip(" .'\"")[:160]
