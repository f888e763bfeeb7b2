"""Calibration: how far apart a character's own faces are, and how far other people's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenegraph.review.identity.faces import Sighting, see_faces, see_still
from scenegraph.review.identity.model import Identity, Picture, Vector, nearest

#: A limit is this much wider than the worst that the character's own approved faces reached.
ROOM = 1.25
#: Between the limit and the nearest other person there must be at least this much again.
GAP = 1.1
#: Fewer genuine distances than this say nothing about how much a face varies.
FEWEST = 6
#: A face in a still must be so many pixels wide to be compared.
SMALLEST_FACE = 40.0
#: For a measure without a threshold of its own: no limit is narrower than the first, whatever a
#: calm take says; and two of the six people of the labelled cases were as near as the second.
FLOOR, NEAREST = 0.6, 0.9
#: Frames of a take that are looked at, at most: calibrating may take its time.
TAKE_FRAMES = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Casting:
    """One character's pictures: stills by name, and the faces of its circled takes by slate."""

    who: str
    stills: Mapping[str, Sighting]
    takes: Mapping[str, Sequence[Sighting]]

    @property
    def anchors(self) -> tuple[Vector, ...]:
        return tuple(v for still in self.stills.values() for v in still.vectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a face model can do for one character.

    Attributes:
        genuine: distances of the character's own faces to its stills, rising.
        impostor: distances of the other characters' faces to these stills, rising.
        limit: the distance from which on it is another person; None when there is no saying.
        published: the limit is the model's own, not one found here.
        weak: why these stills are not to be gated on, in sentences; empty when they are.
    """

    who: str
    model: str
    stills: int
    faces: int
    takes: int
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]
    limit: float | None
    published: bool
    weak: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def gates(self) -> bool:
        return not self.weak and self.limit is not None

    @property
    def margin(self) -> float | None:
        """Between the limit and the nearest other person, in limits; below 0 they overlap."""
        if self.limit is None or not self.impostor:
            return None
        return self.impostor[0] / self.limit - 1.0

    def to_json(self) -> dict[str, Any]:
        return {
            "character": self.who,
            "model": self.model,
            "gates": self.gates,
            "limit": _short(self.limit),
            "published": self.published,
            "margin": _short(self.margin),
            "stills": self.stills,
            "faces": self.faces,
            "takes": self.takes,
            "genuine": _summary(self.genuine),
            "impostor": _summary(self.impostor),
            "weak": list(self.weak),
            "notes": list(self.notes),
        }


def cast_of(
    model: Identity,
    who: str,
    stills: Mapping[str, Picture],
    takes: Mapping[str, Sequence[tuple[int, Picture]]],
) -> Casting:
    """Look at a character's stills and takes: RGB pictures, of takes with their frame numbers."""
    return Casting(
        who=who,
        stills={name: see_still(model, still) for name, still in stills.items()},
        takes={name: tuple(see_faces(model, frames)) for name, frames in takes.items()},
    )


def calibrate(model: Identity, cast: Sequence[Casting]) -> tuple[Calibration, ...]:
    """Genuine and impostor distances of each character, and whether they can be told apart.

    Genuine are the faces of its circled takes against its stills, and each still against the
    others when there are too few of those. Impostors are all faces of the other characters. A
    model's own threshold is kept; a model without one gets a limit from the genuine distances.
    """
    return tuple(
        _one(model, person, [other for other in cast if other is not person]) for person in cast
    )


def _one(model: Identity, person: Casting, others: Sequence[Casting]) -> Calibration:
    anchors = person.anchors
    weak, notes = _weak_stills(model, person)
    genuine: list[float] = []
    if anchors:
        genuine = [
            min(nearest(model, anchors, v) for v in sighting.vectors)
            for sightings in person.takes.values()
            for sighting in sightings
            if sighting.vectors
        ]
    takes = len(genuine)
    if takes < FEWEST and len(anchors) > 1:
        genuine += [
            nearest(model, [*anchors[:i], *anchors[i + 1 :]], anchor)
            for i, anchor in enumerate(anchors)
        ]
    impostor = [nearest(model, anchors, v) for other in others for v in _faces(other) if anchors]
    published = model.threshold is not None
    limit = 1.0 - model.threshold if model.threshold is not None else None
    if anchors and limit is None:
        if takes < FEWEST:
            weak.append(
                f"too few of {person.who}'s own faces: {takes} in circled takes, {FEWEST} needed "
                "to say how much the face varies; circle a take that shows it"
            )
        else:
            limit = max(FLOOR, ROOM * max(genuine))
    if limit is not None and anchors:
        weak += _overlap(person.who, limit, genuine, impostor, published)
        if not impostor:
            notes.append("no other character's face to compare with")
    return Calibration(
        who=person.who,
        model=model.name,
        stills=len(person.stills),
        faces=len(anchors),
        takes=takes,
        genuine=tuple(sorted(genuine)),
        impostor=tuple(sorted(impostor)),
        limit=limit,
        published=published,
        weak=tuple(weak),
        notes=tuple(notes),
    )


def _weak_stills(model: Identity, person: Casting) -> tuple[list[str], list[str]]:
    """What is wrong with the stills: what makes them useless, and what only is a pity."""
    if not person.stills:
        return [f"{person.who} has no keyframe stills"], []
    blank = [name for name, still in person.stills.items() if not still.vectors]
    if len(blank) == len(person.stills):
        return [f"{model.name} finds no face in {_names(blank)}"], []
    small = [
        f"{name} ({still.width:.0f} pixels)"
        for name, still in person.stills.items()
        if still.vectors and still.width < SMALLEST_FACE
    ]
    notes = [f"{model.name} finds no face in {_names(blank)}"] if blank else []
    said = f"the face is too small in {_names(small)}; {SMALLEST_FACE:.0f} pixels are needed"
    if small and len(small) + len(blank) == len(person.stills):
        return [said], notes
    return [], [*notes, said] if small else notes


def _overlap(
    who: str, limit: float, genuine: Sequence[float], impostor: Sequence[float], published: bool
) -> list[str]:
    found = []
    if published and genuine and float(np.median(genuine)) > limit:
        found.append(f"more than half of {who}'s own faces read as another person")
    if impostor and min(impostor) <= (limit if published else limit * GAP):
        found.append(
            f"another character is as near to {who}'s stills ({min(impostor):.3g}) as "
            f"{who} may be ({limit:.3g})"
        )
    elif not published and max(genuine) > NEAREST:
        found.append(
            f"{who}'s own faces vary by up to {max(genuine):.3g}, as much as two people may: "
            f"elsewhere some were as near as {NEAREST:g}"
        )
    elif not impostor and not published and limit * GAP > NEAREST:
        found.append(
            f"{who}'s own faces vary by up to {max(genuine):.3g}; there is no other character to "
            f"compare with, and elsewhere two people were as near as {NEAREST:g}"
        )
    return found


def _faces(other: Casting) -> list[Vector]:
    taken = [s.vectors[0] for seen in other.takes.values() for s in seen if s.vectors]
    return [*other.anchors, *taken]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names)


def _short(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _summary(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"count": 0, "least": None, "median": None, "most": None}
    return {
        "count": len(values),
        "least": _short(min(values)),
        "median": _short(float(np.median(values))),
        "most": _short(max(values)),
    }
