"""What can be wrong with a request or a family file. Nothing was spent; all problems at once.

SceneError
├── CatalogError         a family file is not usable
├── UnknownFamily        no family of this name
├── UnknownKind          this family cannot make this kind of shot
└── RequestInvalid       a request that the service would refuse, or bill for something else
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from scenegraph.errors import Place, SceneError, did_you_mean


class CatalogError(SceneError):
    """A family file cannot be used."""

    kind = "catalog"

    def __init__(self, file: object, reason: str) -> None:
        super().__init__(
            f"This family file cannot be used: {reason}.",
            next="The packaged files in scenegraph/catalog/families show the form.",
            where=Place(str(file)),
        )
        self.file, self.reason = str(file), reason


class UnknownFamily(SceneError):
    """No family of this name."""

    kind = "unknown-model"

    def __init__(self, name: str, known: Collection[str]) -> None:
        super().__init__(
            f"The catalog has no model {name!r}.{did_you_mean(name, known)}",
            next="`scenegraph models` lists the models.",
        )
        self.name, self.known = name, tuple(known)


class UnknownKind(SceneError):
    """This family cannot make this kind of shot."""

    kind = "unknown-kind"

    def __init__(self, family: str, shot_kind: str, known: Collection[str]) -> None:
        super().__init__(
            f"{family} has no endpoint for {shot_kind!r} shots.{did_you_mean(shot_kind, known)}",
            next=f"It can make: {', '.join(known)}.",
        )
        self.family, self.shot_kind = family, shot_kind


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with a request: `field` is its path, such as `video.start_frame_num`."""

    field: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "message": self.message}


class RequestInvalid(SceneError):
    """A request that the service would refuse, or silently bill for something else."""

    kind = "request-invalid"

    def __init__(self, endpoint: str, problems: Sequence[FieldProblem]) -> None:
        said = " ".join(f"{problem.field}: {problem.message}" for problem in problems)
        super().__init__(
            f"{endpoint} would not take this request. {said}",
            next="Mend these fields in the shot, its preset or its parameters; nothing was spent.",
        )
        self.endpoint, self.problems = endpoint, tuple(problems)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(problem.field for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "problems": [problem.to_json() for problem in self.problems]}
