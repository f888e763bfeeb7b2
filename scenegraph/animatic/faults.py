"""Misbehaving on purpose: a list of rules, each saying which request and what goes wrong.

Faults are data, so that a test, a file and a person can write the same one. Most rules strike once;
`times: 0` strikes always.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scenegraph.animatic.answers import MODEL_ERRORS, REQUEST_ERRORS
from scenegraph.errors import Place, Problem, SceneError, SceneInvalid, did_you_mean

SubmitEffect = Literal[
    "drop-answer",  # the job is accepted, its answer never arrives
    "drop-request",  # the connection ends before the job is accepted; looks the same from outside
    "too-many",  # 429
    "server-error",  # `status`, JSON body; the job is not accepted
    "nginx",  # a 502 page; the job is accepted if `accepted`
    "locked",  # 403 User is locked, on submits and on the beginnings of uploads
    "unauthorized",  # 401
    "slow-answer",  # `seconds` before the answer; the job is accepted
]
JobEffect = Literal[
    "requeue",  # IN_PROGRESS goes back to IN_QUEUE, `count` times
    "fail",  # ends with `type`
    "never",  # stays IN_PROGRESS
    "slow",  # `seconds` longer
    "wrong-size",  # a clip of another size
    "wrong-frames",  # `frames` more or fewer frames (default 8 fewer)
    "wrong-rate",  # a clip of another rate
    "garbage",  # a web page where the clip should be
    "no-seed",  # an answer without its seed
    "odd-url",  # an answer whose file lies at `url`
]
PollEffect = Literal[
    "status-error",  # `status` for a poll
    "status-nginx",  # a 502 page for a poll
    "status-bare",  # a poll's answer without its optional keys
    "status-odd",  # a poll's answer with a state nobody has heard of
    "result-error",  # `status` for the result
    "forgotten",  # 404 NOT_FOUND for every call about the job
]
FileEffect = Literal[
    "download-slow",  # `bytes_per_s`
    "download-truncated",  # only `fraction` of the promised bytes
    "download-expired",  # 403 and a web page
    "download-error",  # `status`
]
UploadEffect = Literal["upload-error", "upload-drop"]
WebhookEffect = Literal[
    "webhook-lost",  # never sent
    "webhook-twice",  # sent again after it was taken
    "webhook-late",  # sent after `seconds`
    "webhook-forged",  # signed with a key that is not ours, at each attempt
    "webhook-stale",  # signed rightly, ten minutes ago
    "webhook-bare",  # without the answer, which is said not to be JSON
]
Effect = Literal[SubmitEffect, JobEffect, PollEffect, FileEffect, UploadEffect, WebhookEffect]


class Rule(BaseModel):
    """One thing that goes wrong, and for whom. Conditions that are not given always hold.

    Attributes:
        submit: the n-th submit that reached the queue, from 1; a list for several.
            For uploads the n-th upload, for downloads the submit whose answer it is.
        after: only later submits than this one.
        endpoint: the endpoint's id, `*` and `?` allowed.
        prompt: words that the prompt contains.
        times: how often the rule strikes; 0 for always.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: Effect
    submit: int | tuple[int, ...] | None = None
    after: int = Field(default=0, ge=0)
    endpoint: str | None = None
    prompt: str | None = None
    times: int = Field(default=1, ge=0)

    type: str | None = None
    loc: tuple[str | int, ...] = ("body",)
    context: dict[str, Any] | None = None
    message: str = ""
    retryable: bool = False
    status: int = Field(default=500, ge=400, le=599)
    accepted: bool = True
    retry_after_s: float | None = None
    seconds: float = Field(default=1.0, ge=0, le=3600)
    count: int = Field(default=1, ge=1, le=100)
    frames: int = -8
    fraction: float = Field(default=0.5, ge=0, lt=1)
    bytes_per_s: float = Field(default=100_000, gt=0)
    url: str = "https://example.invalid/elsewhere.mp4"

    @model_validator(mode="after")
    def _type_is_known(self) -> Rule:
        known = [*MODEL_ERRORS, *REQUEST_ERRORS]
        if self.effect == "fail" and self.type not in known:
            raise ValueError(
                f"a fault `fail` names an error type, not {self.type!r}."
                f"{did_you_mean(str(self.type), known)}"
            )
        return self

    def fits(self, submit: int, endpoint: str, prompt: str) -> bool:
        """Whether the rule is meant for this request."""
        numbers = (self.submit,) if isinstance(self.submit, int) else self.submit
        return (
            (numbers is None or submit in numbers)
            and submit > self.after
            and (self.endpoint is None or fnmatchcase(endpoint, self.endpoint))
            and (self.prompt is None or self.prompt in prompt)
        )


class FaultPlan(BaseModel):
    """Every fault of one queue.

    >>> plan = FaultPlan.of(effect="drop-answer", submit=2)
    >>> plan.faults[0].fits(2, "fal-ai/x", "rain"), plan.faults[0].fits(1, "fal-ai/x", "rain")
    (True, False)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, *rules: Rule, **one: Any) -> FaultPlan:
        """A plan of `rules`, or of the one rule whose fields are given."""
        return cls(faults=(*rules, *((Rule(**one),) if one else ())))

    @classmethod
    def load(cls, path: Path | str) -> FaultPlan:
        """Read a plan from YAML or JSON: a list of rules, or `faults:` with one.

        Raises:
            SceneError: it cannot be read, or a rule is wrong; each with its number and field.
        """
        path = Path(path)
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SceneError(
                f"The fault plan cannot be read: {error.strerror}.", where=Place(str(path))
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SceneError("The fault plan is not YAML.", where=Place(str(path))) from error
        if isinstance(data, list):
            data = {"faults": data}
        try:
            return cls.model_validate(data if isinstance(data, Mapping) else {"faults": data})
        except ValidationError as error:
            raise SceneInvalid([_problem(path, one) for one in error.errors()]) from error


def _problem(path: Path, error: Any) -> Problem:
    steps = [str(step) for step in error["loc"] if not str(step).startswith("literal")]
    given = error.get("input")
    known = list(get_args(Effect))
    hint = did_you_mean(given, known) if steps[-1:] == ["effect"] and isinstance(given, str) else ""
    return Problem(
        f"Fault plan, {'.'.join(steps) or 'top'}: {error['msg']}.{hint}",
        Place(str(path)),
        expected=f"Effects: {', '.join(known)}." if steps[-1:] == ["effect"] else "",
    )


class Faults:
    """A plan at work: counts how often each rule has struck. Safe to ask from several threads."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self._rules = list((plan or FaultPlan()).faults)
        self._struck = [0] * len(self._rules)
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """One more fault, from now on."""
        with self._lock:
            self._rules.append(rule)
            self._struck.append(0)

    def clear(self) -> None:
        """No more faults: the account is unlocked, the line is up again."""
        with self._lock:
            self._rules.clear()
            self._struck.clear()

    def strike(self, *effects: str, submit: int, endpoint: str, prompt: str) -> Rule | None:
        """The first rule with one of these effects that fits and is not used up, now used once."""
        with self._lock:
            for number, rule in enumerate(self._rules):
                spent = rule.times and self._struck[number] >= rule.times
                if rule.effect in effects and not spent and rule.fits(submit, endpoint, prompt):
                    self._struck[number] += 1
                    return rule
        return None
