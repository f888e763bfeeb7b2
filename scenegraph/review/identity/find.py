"""Which face model to use: by setting, by what files were given, or from someone's package."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points

from scenegraph.errors import SceneError, did_you_mean
from scenegraph.review.identity.files import model_file
from scenegraph.review.identity.model import Identity
from scenegraph.review.identity.onnx import OPTIONS, OnnxEmbedder
from scenegraph.review.identity.opencv import SFace, YuNet
from scenegraph.review.identity.shape import FaceShape, cascade_file
from scenegraph.settings import Settings

#: A package may add a model: a function of no arguments that returns an Identity.
GROUP = "scenegraph.identity"
OWN = ("auto", "sface", "onnx", "shape", "off")


def find_identity(settings: Settings) -> Identity | None:
    """The face model of these settings; None where there is none, or none is wanted.

    `auto` takes the user's model files when they are given, else the weight-free measure. Models
    are loaded once.

    Raises:
        SceneError: a file is not there or another one than stated; a name nobody knows.
    """
    return _find(settings.identity, settings.face_detector, settings.face_embedder)


@lru_cache(maxsize=4)
def _find(name: str, detector: str | None, embedder: str | None) -> Identity | None:
    if name == "off":
        return None
    if name not in OWN:
        return _plugged_in(name)
    if name == "shape" or (name == "auto" and embedder is None):
        if detector is not None and name == "auto":
            raise SceneError(
                "SCENEGRAPH_FACE_DETECTOR is given without SCENEGRAPH_FACE_EMBEDDER: a detector "
                "alone does not tell people apart.",
                next="Give both, or neither.",
            )
        if cascade_file() is None:
            return None  # OpenCV 5 comes without
        return FaceShape()
    if embedder is None:
        raise SceneError(
            f"SCENEGRAPH_IDENTITY={name} needs SCENEGRAPH_FACE_EMBEDDER, the path of its file.",
            next="No model is fetched; docs/identity.md says which files fit.",
        )
    generic = name == "onnx" or (name == "auto" and "threshold=" in embedder)
    finder = None
    if detector is not None:
        finder = YuNet(model_file(detector, "SCENEGRAPH_FACE_DETECTOR", job="detector"))
    if generic:
        file = model_file(
            embedder, "SCENEGRAPH_FACE_EMBEDDER", job="embedder", options=OPTIONS, any_file=True
        )
        return OnnxEmbedder(finder or FaceShape(), file)
    if finder is None:
        raise SceneError(
            "SFace needs the five points of a face, which YuNet finds.",
            next="Set SCENEGRAPH_FACE_DETECTOR to the path of a YuNet file.",
        )
    return SFace(finder, model_file(embedder, "SCENEGRAPH_FACE_EMBEDDER", job="embedder"))


def _plugged_in(name: str) -> Identity:
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = [*OWN, *sorted(found)]
        raise SceneError(
            f"SCENEGRAPH_IDENTITY={name}: there is no face model of that name."
            f"{did_you_mean(name, known)}",
            next=f"Known: {', '.join(known)}.",
        )
    try:
        model = found[name].load()()
    except Exception as error:  # it is someone else's code
        raise SceneError(
            f"SCENEGRAPH_IDENTITY={name}: {found[name].value} cannot be used: {error}",
            next="Mend or remove that package, or set SCENEGRAPH_IDENTITY=auto.",
        ) from error
    if not isinstance(model, Identity):
        raise SceneError(
            f"SCENEGRAPH_IDENTITY={name}: {found[name].value} gives no face model.",
            next="It needs name, threshold, detect and embed.",
        )
    return model
