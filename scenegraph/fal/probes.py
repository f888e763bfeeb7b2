"""Ten cheap questions that only the real service can answer, as data, with their price.

No page of fal's says them: pixel sizes, rounding, whether `num_frames` of an extend is the total,
what `start_frame_num` counts, and when a bad body is refused. Each probe reports one sentence.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from scenegraph.catalog import Catalog, Endpoint, Kind, load_catalog, price_of
from scenegraph.errors import (
    MediaError,
    NotSubmitted,
    OverBudget,
    Refused,
    SceneGraphError,
    ShotError,
)
from scenegraph.fal import findings
from scenegraph.fal.client import FalClient
from scenegraph.fal.errors import QueueSilent
from scenegraph.fal.findings import Call, Outcome
from scenegraph.fal.numbered import find_source, unlikeness
from scenegraph.fal.wire import Answer, Submitted
from scenegraph.media import Clip, probe
from scenegraph.units import as_usd, usd_text

log = structlog.get_logger()

FAMILY = "ltxv-13b-098-distilled"
#: How long one probe's job is waited for; it is then cancelled.
JOB_S = 900.0
#: Uploaded sources are needed for minutes only.
EXPIRE_S = 3600

#: Least work: two steps, of which the second pass skips one (the default skips five).
_FEW_STEPS = {
    "first_pass_num_inference_steps": 2,
    "second_pass_num_inference_steps": 2,
    "second_pass_skip_initial_steps": 1,
    "expand_prompt": False,
    "enable_detail_pass": False,
    "frame_rate": 24,
    "seed": 7,
}
_STREET = {"prompt": "A quiet street at night, the camera holds still.", **_FEW_STEPS}
_WALL = {
    "prompt": "A white bar moves evenly to the right in front of a grey wall.",
    "resolution": "480p",
    "aspect_ratio": "16:9",
    **_FEW_STEPS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question, the calls that answer it, and how their outcome is read.

    Attributes:
        read: outcomes of the calls, in order, to one sentence and the same as values.
    """

    number: int
    name: str
    question: str
    calls: tuple[Call, ...]
    read: Callable[[Sequence[Outcome]], findings.Finding] = field(compare=False, repr=False)


def _draw(resolution: str, aspect_ratio: str, frames: int) -> Call:
    shape = {"resolution": resolution, "aspect_ratio": aspect_ratio, "num_frames": frames}
    return Call("t2v", {**_STREET, **shape})


def _extend(source: int, frames: int, start: int = 0) -> Call:
    video = {
        "start_frame_num": start,
        "limit_num_frames": False,
        "resample_fps": False,
        "reverse_video": False,
    }
    return Call("extend", {**_WALL, "num_frames": frames, "video": video}, source)


def _size_probe(number: int, aspect_ratio: str) -> Probe:
    return Probe(
        number=number,
        name=f"size-{aspect_ratio.replace(':', 'x')}",
        question=f"How many pixels are 480p and 720p at {aspect_ratio}?",
        calls=tuple(_draw(resolution, aspect_ratio, 9) for resolution in ("480p", "720p")),
        read=findings.sizes,
    )


#: In the order in which they are asked. What is off the catalog's grid is so on purpose.
PROBES: tuple[Probe, ...] = (
    _size_probe(1, "16:9"),
    _size_probe(2, "9:16"),
    _size_probe(3, "1:1"),
    Probe(
        number=4,
        name="rounding",
        question="What comes back for 20 frames, which are not 8k+1?",
        calls=(_draw("480p", "16:9", 20),),
        read=findings.rounding,
    ),
    Probe(
        number=5,
        name="total-or-added",
        question="Extending 25 frames with num_frames 49: 49 in all, or 49 more?",
        calls=(_extend(25, 49),),
        read=findings.total_or_added,
    ),
    Probe(
        number=6,
        name="position-or-offset",
        question="start_frame_num 24: a place in the answer, or where the source is read from?",
        calls=(_extend(25, 49, start=24),),
        read=findings.position_or_offset,
    ),
    Probe(
        number=7,
        name="longer-source",
        question="A source of 49 frames for num_frames 25: cut, or refused?",
        calls=(_extend(49, 25),),
        read=findings.longer_source,
    ),
    Probe(
        number=8,
        name="odd-source",
        question="A source of 20 frames, which are not 8k+1: used whole, cut, or refused?",
        calls=(_extend(20, 49),),
        read=findings.odd_source,
    ),
    Probe(
        number=9,
        name="empty-body",
        question="An empty body: refused when it is submitted, or when it would be done?",
        calls=(Call("t2v", {}),),
        read=findings.empty_body,
    ),
    Probe(
        number=10,
        name="same-seed",
        question="The same request twice: the same picture?",
        calls=(_draw("480p", "16:9", 9), _draw("480p", "16:9", 9)),
        read=findings.same_seed,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one probe found.

    Attributes:
        says: one sentence for people.
        facts: the same for machines; texts of the service under `words`.
        usd: by the service's own units where it gave them, otherwise the price before asking.
        answered: every call gave a clip. A refusal is an answer to some questions all the same.
    """

    number: int
    name: str
    question: str
    says: str
    facts: Mapping[str, Any]
    usd: Decimal
    answered: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "name": self.name,
            "question": self.question,
            "says": self.says,
            "facts": dict(self.facts),
            "usd": usd_text(self.usd),
            "answered": self.answered,
        }


def price_of_call(call: Call, catalog: Catalog | None = None) -> Decimal:
    """US dollars for one call. An empty body counts as the longest default that it could become.

    >>> price_of_call(PROBES[4].calls[0]), price_of_call(PROBES[8].calls[0])
    (Decimal('0.0408'), Decimal('0.1008'))
    """
    return price_of(_endpoint(call.kind, catalog), call.params)


def price_of_probes(probes: Sequence[Probe] = PROBES, catalog: Catalog | None = None) -> Decimal:
    """US dollars for all calls of `probes`, before any is made.

    >>> price_of_probes()
    Decimal('0.3207')
    """
    prices = (price_of_call(call, catalog) for probe in probes for call in probe.calls)
    return sum(prices, Decimal(0))


def _endpoint(kind: Kind, catalog: Catalog | None) -> Endpoint:
    return (catalog or load_catalog()).endpoint(FAMILY, kind)


DrawClip = Callable[[int, Path], Clip]


async def run_probes(
    client: FalClient,
    draw_clip: DrawClip,
    budget: Decimal,
    *,
    probes: Sequence[Probe] = PROBES,
    catalog: Catalog | None = None,
    folder: Path | None = None,
    on_result: Callable[[ProbeResult], None] | None = None,
) -> list[ProbeResult]:
    """Ask `probes` one after another, each job once. It costs money: never run it unasked.

    Args:
        draw_clip: draws a source of so many numbered frames; `fal.numbered.draw_numbered`.
        budget: US dollars. Nothing is asked if all of it would cost more, nor past it on the way.
        folder: keeps the sources and answers; a temporary one by default.
        on_result: told of each result as it is there, so that nothing found is lost to an error.

    Raises:
        OverBudget: `probes` would cost more than `budget`; nothing was asked.
        AccountLocked, KeyRefused: nothing more may be asked until a person has acted.
    """
    total = price_of_probes(probes, catalog)
    if total > budget:
        raise OverBudget(
            f"The probes would cost ${usd_text(total)}, and ${usd_text(budget)} is allowed.",
            next="Nothing was asked. Allow more, or ask fewer of them.",
            usd=total,
            cap=budget,
        )
    results = []
    with ExitStack() as stack:
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="scenegraph-probes-")
            folder = Path(stack.enter_context(temporary))
        folder.mkdir(parents=True, exist_ok=True)
        asking = _Asking(client, draw_clip, budget, catalog or load_catalog(), folder)
        for one in probes:
            outcomes = [await asking.ask(one, at) for at in range(len(one.calls))]
            finding = one.read(await asyncio.to_thread(_compared, outcomes))
            result = ProbeResult(
                number=one.number,
                name=one.name,
                question=one.question,
                says=finding.says,
                facts=finding.facts,
                usd=sum((outcome.usd for outcome in outcomes), Decimal(0)),
                answered=all(outcome.clip is not None for outcome in outcomes),
            )
            log.info("probe.answered", probe=one.name, says=result.says, usd=str(result.usd))
            results.append(result)
            if on_result is not None:
                on_result(result)
    return results


def _compared(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Each answer beside the first one of its probe."""
    first = outcomes[0].clip
    compared = []
    for outcome in outcomes:
        if outcome is not outcomes[0] and first is not None and outcome.clip is not None:
            with suppress(MediaError):
                outcome = replace(outcome, unlike=unlikeness(first.path, outcome.clip.path))
        compared.append(outcome)
    return compared


class _Asking:
    """One round of probes: what was spent, and the sources that were uploaded."""

    def __init__(
        self, client: FalClient, draw: DrawClip, budget: Decimal, catalog: Catalog, folder: Path
    ) -> None:
        self._client, self._draw, self._catalog = client, draw, catalog
        self._budget, self._folder = budget, folder
        self._spent = Decimal(0)
        self._sources: dict[int, tuple[Path, str]] = {}

    async def ask(self, one: Probe, at: int) -> Outcome:
        """One call, from its source to its probed answer. An error of its own is an outcome."""
        call = one.calls[at]
        endpoint = _endpoint(call.kind, self._catalog)
        price = price_of_call(call, self._catalog)
        if self._spent + price > self._budget:  # the service bills more than its price list says
            return Outcome(call, error=OverBudget("The budget was used up before."), when="budget")
        try:
            params, source = await self._with_source(call)
        except (ShotError, MediaError) as error:
            return Outcome(call, error=error, when="source")
        self._spent += price
        try:
            submitted = await self._client.submit(endpoint.id, params)
        except (NotSubmitted, Refused) as error:
            self._spent -= price
            return Outcome(call, error=error, when="submit")
        except ShotError as error:  # it may be running, and billed
            return Outcome(call, error=error, when="submit", usd=price)
        try:
            answer = await self._answer(submitted)
        except ShotError as error:
            usd = Decimal(0) if _is_free(error) else price
            self._spent += usd - price
            return Outcome(call, error=error, when="result", usd=usd)
        usd = _settled(endpoint, answer, price)
        self._spent += usd - price
        return await self._look(
            Outcome(call, usd=usd, seed=answer.seed),
            answer.video_url,
            self._folder / f"{one.number:02d}-{one.name}-{at + 1}.mp4",
            source,
        )

    async def _with_source(self, call: Call) -> tuple[dict[str, Any], Path | None]:
        if call.source_frames is None:
            return dict(call.params), None
        if call.source_frames not in self._sources:
            path = self._folder / f"source-{call.source_frames}.mp4"
            await asyncio.to_thread(self._draw, call.source_frames, path)
            uploaded = await self._client.upload(path, expire_s=EXPIRE_S)
            self._sources[call.source_frames] = (path, uploaded.url)
        path, url = self._sources[call.source_frames]
        return {**call.params, "video": {**call.params["video"], "video_url": url}}, path

    async def _answer(self, submitted: Submitted) -> Answer:
        try:
            status = await self._client.wait(submitted.urls, limit_s=JOB_S)
        except QueueSilent:
            with suppress(SceneGraphError):
                await self._client.cancel(submitted.urls)
            raise
        return await self._client.result(submitted.urls, status=status)

    async def _look(self, outcome: Outcome, url: str, to: Path, source: Path | None) -> Outcome:
        try:
            fetched = await self._client.download(url, to)
            clip = await asyncio.to_thread(probe, to)
            seen = await asyncio.to_thread(find_source, source, to) if source else None
        except (ShotError, MediaError) as error:
            return replace(outcome, error=error, when="file")
        return replace(outcome, clip=clip, sha256=fetched.sha256, seen=seen)


def _is_free(error: ShotError) -> bool:
    """fal: errors from 500 on are never charged; a 422 may be, if it took the GPU's time."""
    http = (error.detail or {}).get("http")
    return isinstance(http, int) and http >= 500


def _settled(endpoint: Endpoint, answer: Answer, price: Decimal) -> Decimal:
    """What the service billed, by its own units; the price before asking when it gave none."""
    if answer.billable_units is None or not endpoint.price.known or endpoint.price.by_field:
        return price
    return as_usd(answer.billable_units * endpoint.price.usd)
