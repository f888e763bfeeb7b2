"""The camera words of a prompt, read as a film crew would read them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEGATED = re.compile(
    r"\b(no|not|without|avoid|never|don't)\s+(any\s+|sudden\s+|camera\s+|abrupt\s+)*[\w-]+", re.I
)
_HEADS = re.compile(
    r"\b(head|chin|face)[\s-]+(tilts?|turns?|pans?)|tilts?\s+(his|her|their)\s+head", re.I
)
_CLAUSE = re.compile(
    r"camera\b\W*(.*?)(?=\b(?:lighting|continuity|action|mood|setting)\b\s*:|$)", re.I | re.S
)

_PUSH = (
    r"push(es|ing)?[\s-]*in|zoom\w*[\s-]*in|closing in|lean\w*[\s-]+in|"
    r"(dolly|track\w*|creep\w*|glid\w*|mov\w*|truck\w*|fl(y|ies|ying))\s*-?\s*(slowly\s+)?"
    r"(in|forwards?|closer)\b"
)
_PULL = (
    r"pull(s|ing)?[\s-]*(back|out|away)|zoom\w*[\s-]*out|reveal\w*|widen\w*|"
    r"(dolly|track\w*|mov\w*|creep\w*)\s*-?\s*(slowly\s+)?(out|back\w*|away)\b"
)
_SIDE = r"\b(pan(s|ning)?|truck\w*|slid\w*|track\w*|lateral|sideways|drift\w*)\b"
_RISE = r"\b(tilt(s|ing)?|crane(s|d)?|jib|pedestal|boom)\b"
_ORBIT = (
    r"\borbit\w*|\barc(s|ing)?\b|circl\w+\s+around|rotat\w+\s+around|"
    r"\b(around|round) (him|her|them|the subject)\b"
)
_HELD = r"hand[\s-]?held|\bsway\w*|shoulder[\s-](rig|mounted)|\bshak(y|ing)\b|\bdocumentary\b"
_LOCKED = r"lock(ed)?[\s-]*(off|down)?\b|\b(static|tripod|fixed|stable|still|motionless|steady)\b"
_SLOW = r"\b(slow\w*|gentl\w+|subtl\w+|slight\w*|soft\w*|imperceptibl\w+|barely|minimal|calm)\b"
_FAST = r"\b(fast\w*|quick\w*|rapid\w*|whip|swift\w*|sudden\w*|crash)\b"


@dataclass(frozen=True, slots=True)
class CameraWords:
    """What the camera does. Signs: `push` in +, `pan` right +, `tilt` up +; `pace` 1 = normal."""

    push: float = 0.0
    pan: float = 0.0
    tilt: float = 0.0
    orbit: float = 0.0
    sway: float = 0.0
    locked: bool = False
    pace: float = 1.0

    @property
    def says_nothing(self) -> bool:
        moves = (self.push, self.pan, self.tilt, self.orbit, self.sway)
        return not self.locked and not any(moves)


def camera_words(prompt: str) -> CameraWords:
    """Read the camera's clause of a prompt, or the whole prompt when it has none.

    >>> camera_words("A street. Camera: slow push-in, stable. Lighting: static fog")
    CameraWords(push=1.0, pan=0.0, tilt=0.0, orbit=0.0, sway=0.0, locked=False, pace=0.7)
    >>> camera_words("she tilts her head; camera locked off, no zoom in").locked
    True
    >>> camera_words("the camera pans to the left").pan
    -1.0
    """
    text = _HEADS.sub(" ", _NEGATED.sub(" ", prompt))
    clause = _CLAUSE.search(text)
    words = _read(clause.group(1)) if clause else CameraWords()
    return _read(text) if words.says_nothing else words


def _read(text: str) -> CameraWords:
    def has(pattern: str) -> bool:
        return re.search(pattern, text, re.I) is not None

    push = float(has(_PUSH)) - float(has(_PULL))
    if not push and has(r"\bdolly\b"):
        push = 1.0
    pan = tilt = 0.0
    if has(_SIDE):
        pan = -1.0 if has(r"\bleft\w*") else 1.0
        if push and not has(r"\b(pan(s|ning)?|truck\w*|slid\w*)\b"):
            pan = 0.0  # "tracks in" is a push, "drifts closer" too
    if has(_RISE):
        tilt = -1.0 if has(r"\b(down\w*|lower\w*)\b") else 1.0
    orbit = 0.0
    if has(_ORBIT):
        orbit = -1.0 if has(r"\bleft|counter") else 1.0
        pan = 0.0
    sway = 1.0 if has(_HELD) else 0.0
    if sway and has(r"\bsteady|\bslight|\bsubtle"):
        sway = 0.6
    moving = bool(push or pan or tilt or orbit or sway)
    pace = 1.6 if has(_FAST) else 0.7 if has(_SLOW) else 1.0
    return CameraWords(push, pan, tilt, orbit, sway, has(_LOCKED) and not moving, pace)
