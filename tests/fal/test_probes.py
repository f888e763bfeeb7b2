"""The ten probes: priced first, asked once each, and read rightly whatever the service does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from scenegraph.animatic import ANIMATIC_URL, FaultPlan, animatic_transport, create_app
from scenegraph.animatic.draw import render
from scenegraph.catalog import build_request, load_catalog, price_of
from scenegraph.errors import AccountLocked, OverBudget, SubmitUncertain
from scenegraph.fal import Backoff, FalClient, Limits
from scenegraph.fal.findings import Call, Outcome, odd_source, rounding, same_seed, total_or_added
from scenegraph.fal.numbered import Sighting, draw_numbered, find_source, unlikeness
from scenegraph.fal.probes import (
    FAMILY,
    PROBES,
    Probe,
    ProbeResult,
    price_of_call,
    price_of_probes,
    run_probes,
)
from scenegraph.media import Clip, encode_frames, probe, read_rgb
from scenegraph.units import Size, exact_rate

SMALL = Size(160, 90)
#: Off the catalog's grid on purpose, or not a request at all.
ODD = ("rounding", "empty-body")


def test_every_call_is_one_that_the_endpoint_takes() -> None:
    """A probe that is refused for a slip of ours would answer nothing."""
    family = load_catalog().family(FAMILY)
    assert [one.number for one in PROBES] == list(range(1, 11))
    for one in PROBES:
        for call in one.calls:
            if one.name in ODD:
                continue
            endpoint = family.endpoint(call.kind)
            awaiting = [("video", "video_url")] if call.source_frames else []
            request = build_request(endpoint, call.params, awaiting=awaiting)
            assert request.params == call.params and request.notes == ()
    frames = [
        call.params.get("num_frames") for one in PROBES if one.name in ODD for call in one.calls
    ]
    assert frames == [20, None]


def test_the_price_is_known_before_and_small() -> None:
    """Under a dollar for all; an empty body counts as what it could become."""
    family = load_catalog().family(FAMILY)
    each = [price_of_call(call) for one in PROBES for call in one.calls]
    assert price_of_probes() == sum(each) < 1
    assert price_of_probes(PROBES[:1]) == 2 * price_of(family.endpoint("t2v"), {"num_frames": 9})
    assert price_of_call(Call("t2v", {})) == price_of(family.endpoint("t2v"), {"num_frames": 121})


@pytest.mark.ffmpeg
def test_a_numbered_clip_is_found_where_it_was_put(tmp_path: Path) -> None:
    """Also shifted, cut at either end, drawn smaller and compressed hard; and nowhere else."""
    source = tmp_path / "source.mp4"
    assert draw_numbered(25, source).frames == 25
    pictures = list(read_rgb(source, size=SMALL))
    grey = [np.full_like(pictures[0], 90)] * 8

    def found(frames: list[Any]) -> Sighting | None:
        encode_frames(frames, tmp_path / "answer.mp4", rate=exact_rate(24), crf=34)
        return find_source(source, tmp_path / "answer.mp4")

    def at(frames: list[Any]) -> tuple[int, int] | None:
        sight = found(frames)
        return (sight.at, sight.frames) if sight else None

    assert at(pictures) == (0, 25)
    assert at(grey + pictures) == (8, 25)
    assert at(pictures[:17] + grey) == (0, 17)
    assert at(pictures[8:]) == (-8, 17)
    assert at([pictures[24], *grey]) == (-24, 1)
    assert at(grey) is None
    assert at(pictures[::-1]) != (0, 25)


@pytest.mark.ffmpeg
def test_two_clips_are_compared_by_their_pixels(tmp_path: Path) -> None:
    """0 for the same, little for another encoding, nothing to say about another shape."""
    frames = [np.full((48, 64, 3), 20 * n, np.uint8) for n in range(9)]
    rate = exact_rate(24)
    made = {
        "one": encode_frames(frames, tmp_path / "one.mp4", rate=rate),
        "same": encode_frames(frames, tmp_path / "same.mp4", rate=rate),
        "other": encode_frames(frames[::-1], tmp_path / "other.mp4", rate=rate),
        "short": encode_frames(frames[:8], tmp_path / "short.mp4", rate=rate),
    }
    away = {name: unlikeness(made["one"].path, clip.path) for name, clip in made.items()}
    assert away["one"] == away["same"] == 0 and away["short"] is None
    assert away["other"] is not None and away["other"] > 50
    assert unlikeness(made["short"].path, made["one"].path) is None


World = Callable[..., Clip]


def world(
    *, added: bool = False, offset: bool = False, alone: bool = False, from_end: bool = False,
    trim: bool = False, down: bool = False, chance: list[int] | None = None,
) -> World:  # fmt: skip
    """A small service that answers by another rule; without any, by the one that we assume."""

    def draw(
        kind: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Path],
        out: Path,
        *,
        drift: float = 0,
    ) -> Clip:
        frames = int(params["num_frames"])
        if down:
            frames = (frames - 1) // 8 * 8 + 1
        tall = 48 if params["resolution"] == "480p" else 72
        size = {
            "16:9": Size(tall * 16 // 9 // 2 * 2, tall),
            "9:16": Size(tall, tall * 16 // 9),
        }.get(params["aspect_ratio"], Size(tall, tall))
        if chance is not None:
            chance.append(len(chance))
        shade = 90 + 40 * len(chance or ())
        blank = np.full((size.height, size.width, 3), shade, np.uint8)
        shown: list[Any] = []
        before = 0
        if kind == "extend" and not alone:
            start = int(params["video"]["start_frame_num"])
            shown = list(read_rgb(inputs["video"], size=size, start=start if offset else 0))
            if trim:
                shown = shown[: (len(shown) - 1) // 8 * 8 + 1]
            before = 0 if offset else start
            if added:
                frames += len(shown)
            shown = shown[-frames:] if from_end else shown[: frames - before]
        after = frames - before - len(shown)
        return encode_frames(
            [blank] * before + shown + [blank] * after, out, rate=exact_rate(24), preset="ultrafast"
        )

    return draw


def small_source(frames: int, path: Path) -> Clip:
    return draw_numbered(frames, path, size=SMALL)


class Round:
    """One round of probes against a queue in process."""

    def __init__(self, draw: World, **settings: Any) -> None:
        self.app = create_app(render=draw, workers=2, **settings)
        self.told: list[ProbeResult] = []

    async def run(
        self, budget: str = "1", probes: tuple[Probe, ...] = PROBES, **options: Any
    ) -> dict[str, ProbeResult]:
        quick = Backoff(0.01, 0.05)
        limits = Limits(poll=quick, repeat=quick, resend=quick, submit_tries=2, patience_s=1)
        transport = animatic_transport(self.app)
        options = {"draw_clip": small_source, "on_result": self.told.append, **options}
        try:
            async with httpx.AsyncClient(transport=transport, timeout=30) as http:
                client = FalClient(
                    http, queue_url=ANIMATIC_URL, rest_url=ANIMATIC_URL, cdn_url=ANIMATIC_URL,
                    limits=limits,
                )  # fmt: skip
                found = await run_probes(client, budget=Decimal(budget), probes=probes, **options)
        finally:
            self.app.state.queue.close()
        assert found == self.told
        return {one.name: one for one in found}

    @property
    def submits(self) -> list[Any]:
        return list(self.app.state.queue.submits)


def of(*names: str) -> tuple[Probe, ...]:
    return tuple(one for one in PROBES if one.name in names)


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_all_ten_against_the_animatic(tmp_path: Path) -> None:
    """End to end through the client, with the pictures that the animatic really draws."""
    small = world()

    def draw(kind: str, *rest: Any, **options: Any) -> Clip:
        return (render if kind == "extend" else small)(kind, *rest, **options)

    stage = Round(draw)
    found = await stage.run(draw_clip=draw_numbered, folder=tmp_path)
    reading = {name: one.facts.get("reading") for name, one in found.items() if "size" not in name}
    assert reading == {
        "rounding": "exactly as many",
        "total-or-added": "total",
        "position-or-offset": "position",
        "longer-source": "cut-tail",
        "odd-source": "whole",
        "empty-body": "refused",
        "same-seed": "same-bytes",
    }
    assert found["size-16x9"].says == "16:9: 480p is 84x48; 720p is 128x72."
    assert found["size-1x1"].facts["sizes"] == {"480p": "48x48", "720p": "72x72"}
    assert found["total-or-added"].says == (
        "25 frames and num_frames 49 gave 49, with 25 source frames from frame 0 on: "
        "num_frames is the total."
    )
    assert "with HTTP 422: body.prompt: Field required." in found["empty-body"].says
    assert found["empty-body"].facts["when"] == "result"
    # Each call was made once, each source was sent once, and the sum is what the price list said.
    assert len(stage.submits) == sum(len(one.calls) for one in PROBES)
    assert len(stage.app.state.queue.uploads) == 3
    assert abs(sum(one.usd for one in found.values()) - price_of_probes()) < Decimal("0.01")
    assert probe(tmp_path / "source-49.mp4").frames == 49, "kept for a person to look at"
    assert all(one.says.endswith(".") and one.to_json()["usd"] for one in found.values())


@pytest.mark.ffmpeg
@pytest.mark.anyio
@pytest.mark.parametrize(
    "rules, name, reading",
    [
        ({}, "total-or-added", "total"),
        ({"added": True}, "total-or-added", "added"),
        ({"alone": True}, "total-or-added", "added-alone"),
        ({}, "position-or-offset", "position"),
        ({"offset": True}, "position-or-offset", "offset"),
        ({"alone": True}, "position-or-offset", "unclear"),
        ({}, "longer-source", "cut-tail"),
        ({"from_end": True}, "longer-source", "cut-head"),
        ({"added": True}, "longer-source", "lengthened"),
        ({}, "odd-source", "whole"),
        ({"trim": True}, "odd-source", "trimmed"),
        ({}, "rounding", "exactly as many"),
        ({"down": True}, "rounding", "rounded down to 8k+1"),
        ({}, "same-seed", "same-bytes"),
        ({"chance": []}, "same-seed", "different"),
    ],
)
async def test_a_service_that_does_otherwise_is_read_otherwise(
    rules: dict[str, Any], name: str, reading: str
) -> None:
    """Each finding must be able to come out the other way."""
    found = await Round(world(**rules)).run(probes=of(name))
    assert found[name].facts["reading"] == reading, found[name].says
    assert found[name].answered


@pytest.mark.anyio
async def test_above_the_budget_nothing_starts() -> None:
    """Not a request, not an upload; at the exact price it may begin."""
    total = price_of_probes(of("rounding"))
    stage = Round(world())
    with pytest.raises(OverBudget) as refused:
        await stage.run(str(total - Decimal("0.0001")), of("rounding"))
    assert (refused.value.usd, refused.value.cap) == (total, total - Decimal("0.0001"))
    assert stage.submits == [] and stage.app.state.queue.calls == {}
    whole = Round(world())
    with pytest.raises(OverBudget):
        await whole.run(str(price_of_probes() - Decimal("0.0001")))
    assert whole.app.state.queue.calls == {}


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_at_the_exact_price_it_starts() -> None:
    """The harmless twin."""
    stage = Round(world())
    found = await stage.run(str(price_of_probes(of("rounding"))), of("rounding"))
    assert found["rounding"].answered and len(stage.submits) == 1


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_a_service_that_bills_more_is_not_asked_past_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The price list is what we believe; the service's own units are what it takes."""
    monkeypatch.setattr("scenegraph.animatic.queue.billable_units", lambda asked: "5.0")
    stage = Round(world())
    pair = of("size-16x9")
    found = await stage.run("0.105", pair)
    assert price_of_probes(pair) < Decimal("0.105")
    assert len(stage.submits) == 1 and found["size-16x9"].usd == Decimal("0.1")
    assert "720p: not asked" in found["size-16x9"].says and not found["size-16x9"].answered


@pytest.mark.ffmpeg
@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault, says, usd",
    [
        ({"effect": "drop-answer"}, "No answer to the submit", "0.0167"),
        ({"effect": "server-error", "status": 500}, "No answer to the submit", "0.0167"),
        ({"effect": "too-many", "submit": (1, 2), "times": 2}, "No answer to the submit", "0"),
        (
            {"effect": "fail", "type": "generation_timeout"},
            "Refused after the queue took it, with HTTP 504",
            "0",
        ),
        (
            {"effect": "fail", "type": "no_media_generated"},
            "Refused after the queue took it, with HTTP 422",
            "0.0167",
        ),
        ({"effect": "garbage"}, "Done, and its file could not be read", "0.0168"),
    ],
    ids=["dropped", "500", "429", "failed-504", "failed-422", "garbage"],
)
async def test_one_lost_probe_does_not_stop_the_others(
    fault: dict[str, Any], says: str, usd: str
) -> None:
    """What may be billed counts as billed, and nothing is asked twice."""
    stage = Round(world(), faults=FaultPlan.of(**{"submit": 1, **fault}))
    found = await stage.run(probes=of("rounding", "total-or-added"))
    assert found["rounding"].says.startswith(says), found["rounding"].says
    assert found["rounding"].usd == Decimal(usd) and not found["rounding"].answered
    assert found["total-or-added"].facts["reading"] == "total"


@pytest.mark.ffmpeg
@pytest.mark.anyio
async def test_a_locked_account_stops_the_round_and_keeps_what_was_found() -> None:
    """A person must act first; the results so far were told already."""
    stage = Round(world(), faults=FaultPlan.of(effect="locked", submit=3))
    with pytest.raises(AccountLocked):
        await stage.run()
    assert [one.name for one in stage.told] == ["size-16x9"] and len(stage.submits) == 2


def test_findings_name_what_they_do_not_know(tmp_path: Path) -> None:
    """Odd answers are called unclear; a submit without an answer is not called refused."""
    clip = Clip(path=tmp_path / "x.mp4", frames=33, rate=exact_rate(24), width=8, height=8)
    call = of("total-or-added")[0].calls[0]
    chance = Outcome(call, clip=clip, seen=Sighting(0, 2, 0.9))
    assert total_or_added([chance]).facts["reading"] == "unclear"
    assert odd_source([chance]).facts["reading"] == "unclear"
    assert "do not know" in rounding([chance]).says
    uncertain = Outcome(call, error=SubmitUncertain("It left."), when="submit")
    assert total_or_added([uncertain]).facts["reading"] == "no-answer"
    one = Outcome(call, clip=clip, sha256="a")
    for away, reading in ((0.0, "same-pictures"), (1.2, "alike"), (None, "other-shape")):
        twice = [one, replace(one, sha256="b", unlike=away)]
        assert same_seed(twice).facts["reading"] == reading
