"""Everything that can go wrong, in one tree. The branch says what the caller may do.

SceneGraphError
├── SceneError             the scene or the call is wrong; nothing was spent        (exit 2)
│   ├── SceneInvalid       one or more problems of a scene file, each with its place
│   ├── BadArguments       a recipe cannot make a scene of these; a ValueError as well
│   └── UnknownShot        a selection names a shot that the scene does not have
├── OverBudget             it would cost more than allowed; nothing more was spent  (exit 3)
├── PersonNeeded           a person must decide; all state is kept                  (exit 4)
│   ├── AccountLocked      the service has locked the account: pause, top up, go on
│   └── UnknownSubmit      a request left and no answer came: it may be billed
├── FailFast               a shot was lost, and the run was told to stop then      (exit 1)
├── ShotError              one shot is lost; shots that do not hang on it go on     (exit 1)
│   ├── NotSubmitted       the request never left: safe to ask again
│   ├── SubmitUncertain    it left, no reply came: it may be running, and billed
│   ├── Refused            the queue or the model said no: asking the same again cannot help
│   ├── JobFailed          accepted, then failed for a passing reason: a new request may help
│   ├── DownloadFailed     the job is done and paid; only its file did not arrive
│   └── TakeDamaged        a take's file in the store is gone or changed; nothing was asked
├── LedgerError            the ledger cannot be read or written; nothing was spent  (exit 2)
│   ├── StoreBusy          another process holds this scene
│   └── LedgerTooNew       written by a newer scenegraph
├── MediaError             a media file or FFmpeg did not do what was asked         (exit 2)
│   ├── BrokenMedia        this file cannot be used as a clip or a still
│   └── FfmpegFailed       FFmpeg stopped with an error, or took too long
└── CutError               every clip is here; the reel could not be made           (exit 2)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any


def did_you_mean(name: str, known: Collection[str]) -> str:
    """A hint that ends a sentence, or nothing.

    >>> did_you_mean("extnd", ["extend", "i2v"])
    " Did you mean 'extend'?"
    >>> did_you_mean("zzz", ["extend"])
    ''
    """
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: `line` and `column` count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


class SceneGraphError(Exception):
    """The root. `kind` names it for machines, `next` says what to do, `where` is its place.

    Attributes are promised; texts are not: callers and tests never parse a message.
    """

    kind = "error"
    exit_code = 1

    def __init__(self, message: str, *, next: str = "", where: Place | None = None) -> None:
        super().__init__(message)
        self.message, self.next, self.where = message, next, where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}"

    def to_json(self) -> dict[str, Any]:
        """The `error` object of every `--json` answer."""
        where = self.where
        return {
            "kind": self.kind,
            "message": self.message,
            "next": self.next,
            "where": {
                "file": where.file if where else None,
                "line": where.line if where else None,
                "column": where.column if where else None,
            },
        }


class SceneError(SceneGraphError):
    """The scene or the call is wrong; nothing was spent."""

    kind = "scene"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a sentence, its place, and what would be right."""

    message: str
    where: Place
    expected: str = ""
    kind: str = "invalid"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "message": self.message,
            "next": self.expected,
            "where": {
                "file": self.where.file,
                "line": self.where.line,
                "column": self.where.column,
            },
        }


class SceneInvalid(SceneError):
    """All problems of one scene at once. `problems` is never empty."""

    kind = "scene-invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{first.message}{more}",
            next=first.expected or "Mend the scene file; nothing was spent.",
            where=first.where,
        )
        self.problems = tuple(problems)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "problems": [problem.to_json() for problem in self.problems]}


class BadArguments(SceneError, ValueError):
    """A recipe cannot make a scene of what it was given; nothing was planned.

    Attributes:
        recipe: its name.
        problems: one clause each, beginning with the argument's name where there is one.
    """

    kind = "bad-arguments"

    def __init__(self, recipe: str, problems: Sequence[str], *, next: str = "") -> None:
        told = "; ".join(problems)
        end = "" if told.endswith("?") else "."
        super().__init__(f"{recipe}: {told}{end}", next=next)
        self.recipe, self.problems = recipe, tuple(problems)


class UnknownShot(SceneError):
    """A selection names a shot that the scene does not have."""

    kind = "unknown-shot"

    def __init__(self, shot: str, known: Collection[str]) -> None:
        super().__init__(
            f"This scene has no shot {shot!r}.{did_you_mean(shot, known)}",
            next="`scenegraph plan SCENE` lists the shots.",
        )
        self.shot = shot


class OverBudget(SceneGraphError):
    """It would cost more than allowed; nothing more was spent."""

    kind = "over-budget"
    exit_code = 3

    def __init__(self, message: str, *, next: str = "", usd: Any = None, cap: Any = None) -> None:
        super().__init__(message, next=next)
        self.usd, self.cap = usd, cap


class PersonNeeded(SceneGraphError):
    """A person must decide; all state is kept."""

    kind = "person-needed"
    exit_code = 4


class AccountLocked(PersonNeeded):
    """The service has locked the account. Finished work is still collected."""

    kind = "account-locked"


class UnknownSubmit(PersonNeeded):
    """A request left and no answer came; it may be billed and is never repeated by itself."""

    kind = "unknown-submit"


class FailFast(SceneGraphError):
    """A shot was lost, and the run was told to ask for nothing more then."""

    kind = "fail-fast"

    def __init__(self, shot: str) -> None:
        super().__init__(
            f"skipped: fail-fast, because {shot} was lost",
            next="`scenegraph run SCENE` shoots what was skipped.",
        )
        self.shot = shot


class ShotError(SceneGraphError):
    """One shot is lost; shots that do not hang on it go on.

    Args:
        field: the offending field of the request, as the service named it (`body.video_url`).
        service: the service's own type of error, if it gave one.
    """

    kind = "shot"

    def __init__(
        self,
        message: str,
        *,
        next: str = "",
        where: Place | None = None,
        field: str | None = None,
        service: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, next=next, where=where)
        self.field, self.service, self.detail = field, service, detail


class NotSubmitted(ShotError):
    """The request surely never left: safe to ask again."""

    kind = "not-submitted"


class SubmitUncertain(ShotError):
    """It left, no reply came: it may be running, and billed."""

    kind = "submit-uncertain"


class Refused(ShotError):
    """The queue or the model said no: asking the same again cannot help."""

    kind = "refused"


class JobFailed(ShotError):
    """Accepted, then failed for a passing reason. A new request may help; it is a new job."""

    kind = "job-failed"


class DownloadFailed(ShotError):
    """The job is done and paid; only its file did not arrive. Fetch again, never ask again."""

    kind = "download-failed"


class TakeDamaged(ShotError):
    """A take's file in the store is gone, or holds other bytes. Nothing was asked because of it."""

    kind = "take-damaged"


class LedgerError(SceneGraphError):
    """The ledger cannot be read or written; nothing was spent."""

    kind = "ledger"
    exit_code = 2


class StoreBusy(LedgerError):
    """Another process holds this scene."""

    kind = "store-busy"
    exit_code = 4


class LedgerTooNew(LedgerError):
    """The ledger was written by a newer scenegraph."""

    kind = "ledger-too-new"


class MediaError(SceneGraphError):
    """A media file or FFmpeg did not do what was asked."""

    kind = "media"
    exit_code = 2


class BrokenMedia(MediaError):
    """This file cannot be used as a clip or a still. `reason` is one short clause."""

    kind = "broken-media"

    def __init__(self, path: object, reason: str, *, next: str = "") -> None:
        super().__init__(f"{path}: {reason}.", next=next or "Check the file, or make it again.")
        self.path, self.reason = str(path), reason


class FfmpegFailed(MediaError):
    """FFmpeg stopped with an error, or took too long. Keeps its command and last words."""

    kind = "ffmpeg-failed"

    def __init__(self, message: str, *, command: Sequence[str], last_words: str = "") -> None:
        super().__init__(
            message, next="`scenegraph doctor` says which FFmpeg is used; its last words are above."
        )
        self.command, self.last_words = tuple(command), last_words


class CutError(SceneGraphError):
    """Every clip is here; the reel could not be made. A run that shot for it ends with 1."""

    kind = "cut"
    exit_code = 2
