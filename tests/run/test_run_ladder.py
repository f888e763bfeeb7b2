"""A hop that goes bad is repaired, or handed to a person, exactly as its ladder says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scenegraph.catalog import calculate_cost
from scenegraph.errors import SceneError
from scenegraph.ledger import State
from scenegraph.plan import Plan, hash_file
from scenegraph.run import plan
from scenegraph.run.sheet import undo

CHAIN: Mapping[str, Mapping[str, Any]] = {
    "waits": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
    "listens": {"kind": "extend", "parent": "waits", "prompt": "she listens"},
    "rises": {"kind": "extend", "parent": "listens", "prompt": "she rises"},
    "leaves": {"kind": "extend", "parent": "rises", "prompt": "she leaves"},
}
SOFT = {"blur": 9.0, "blur_vs_keyframe": 9.0, "contrast": 9.0, "contrast_vs_keyframe": 9.0}


def fading(*, until: str = "never", amount: float = 1.0) -> Callable[..., Any]:
    """A renderer whose shot `rises` fades to grey, until a shot of another kind was asked for."""
    stages, mended = sys.modules["run_stages"], []

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        if kind == until:
            mended.append(kind)
        bad = "she rises" in params["prompt"] and not mended
        return stages.small_render(kind, params, inputs, out, drift=amount if bad else 0.0)

    return render


def ladder(*rungs: str, rerolls: int = 1) -> dict[str, Any]:
    return {"drift": {"on_drift": rungs, "rerolls": rerolls, "budgets": dict(SOFT)}}


def asked(house: Any) -> list[str]:
    """What the queue was asked for, by kind and the prompt's verb, in order."""
    return [submit.endpoint.rpartition("/")[2] for submit in house.queue.submits]


def decisions(house: Any, shot: str = "rises") -> list[str]:
    with house.ledger() as ledger:
        return [one.kind for one in ledger.memory("night-train").amended(shot)]


def planned(house: Any) -> Plan:
    return plan(house.file, backend="fal")


@pytest.mark.ffmpeg
def test_a_hop_that_stays_bad_is_anchored_anew_and_goes_on(theatre: Callable[..., Any]) -> None:
    """Reroll, then a node from the keyframe before it; the children go on from the mended hop."""
    house = theatre(
        CHAIN, render=fading(until="multicondition"), scene=ladder("reroll", "reanchor", "ask")
    )
    result = house.run()
    assert result.exit_code == 0, result.to_json()
    assert decisions(house) == ["reroll", "reanchor"]
    assert house.states("rises") == [State.REJECTED, State.REJECTED, State.CIRCLED]
    assert house.states("rises.anchor") == [State.CIRCLED]
    assert house.submits == 4 + 1 + 2  # the plan's four, a re-roll, the anchor and the hop after it
    (anchor,) = house.takes("rises.anchor")
    hop = house.takes("rises")[-1]
    assert hop.parts["inputs"]["video"]["sha256"] == anchor.sha256
    assert [outcome.shot for outcome in result.outcomes] == [
        "waits", "listens", "rises.anchor", "rises", "leaves",
    ]  # fmt: skip


@pytest.mark.ffmpeg
def test_what_a_ladder_did_is_replayed_and_not_paid_again(theatre: Callable[..., Any]) -> None:
    house = theatre(
        CHAIN, render=fading(until="multicondition"), scene=ladder("reanchor", "ask", rerolls=0)
    )
    house.run()
    before = house.submits
    again = house.run()
    assert (again.submits, house.submits) == (0, before)
    seen = planned(house)
    assert [shot.shot for shot in seen.shots] == [o.shot for o in again.outcomes]
    assert {shot.action for shot in seen.shots} == {"keep"}


@pytest.mark.ffmpeg
def test_a_person_can_take_back_what_a_ladder_did(theatre: Callable[..., Any]) -> None:
    """The anchor leaves the graph, its take stays, and nothing is asked until somebody runs."""
    house = theatre(
        CHAIN, render=fading(until="multicondition"), scene=ladder("reanchor", "ask", rerolls=0)
    )
    house.run()
    before = house.submits
    assert undo(house.file, "rises") == 1
    seen = planned(house)
    assert "rises.anchor" not in {shot.shot for shot in seen.shots}
    assert seen["rises"].action != "keep"
    assert house.states("rises.anchor") == [State.CIRCLED] and house.submits == before
    with pytest.raises(SceneError, match="Nothing was decided"):
        undo(house.file, "rises")


@pytest.mark.ffmpeg
def test_a_hop_can_be_cut_back_to_the_keyframe(theatre: Callable[..., Any]) -> None:
    """It becomes a shot of its own, and its children hang on it as before."""
    stages = sys.modules["run_stages"]

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        bad = "she rises" in params["prompt"] and kind == "extend"
        return stages.small_render(kind, params, inputs, out, drift=float(bad))

    house = theatre(CHAIN, render=render, scene=ladder("cut", "ask", rerolls=0))
    result = house.run()
    assert result.exit_code == 0, result.to_json()
    assert (decisions(house), house.submits) == (["cut"], 5)
    kept = house.takes("rises")[-1]
    assert kept.endpoint.endswith("image-to-video") and kept.params["prompt"].startswith("Front")
    child = house.takes("leaves")[-1]
    assert child.parts["inputs"]["video"]["sha256"] == kept.sha256
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_hop_is_cut_back_to_a_still_that_no_shot_names(theatre: Callable[..., Any]) -> None:
    """Canonical stills stand in a cast before any shot uses them; a run ended with a traceback."""
    stages = sys.modules["run_stages"]

    def render(kind: str, params: Any, inputs: Any, out: Any, *, drift: float = 0.0) -> Any:
        bad = "she rises" in params["prompt"] and kind == "extend"
        return stages.small_render(kind, params, inputs, out, drift=float(bad))

    house = theatre(CHAIN, render=render)
    (house.folder / "wide.png").write_bytes((house.folder / "mara.png").read_bytes() + b"wider")
    stills = {"front": "mara.png", "medium_shot": "wide.png"}
    cast = {"mara": {"look": "a woman", "keyframes": stills}}
    house.scene(CHAIN, characters=cast, **ladder("cut", "ask", rerolls=0))
    result = house.run()
    assert (result.exit_code, decisions(house)) == (0, ["cut"]), result.to_json()
    kept = house.takes("rises")[-1]
    assert kept.params["prompt"].startswith("Medium shot")
    wide = hash_file(house.folder / "wide.png")
    assert kept.parts["inputs"]["image"]["sha256"] == wide
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_hop_that_nothing_mends_is_handed_to_a_person(theatre: Callable[..., Any]) -> None:
    """Every rung once, in order, each in the ledger; then exit 4, and nothing more is asked."""
    house = theatre(CHAIN, render=fading(), scene=ladder("reroll", "reanchor", "cut", "ask"))
    result = house.run()
    assert result.exit_code == 4
    assert decisions(house) == ["reroll", "reanchor", "cut", "ask"]
    # waits and listens; the hop, its re-roll; the anchor and the hop after it (the anchor fades
    # as well and is asked for once more); the shot cut back to the keyframe
    takes = [take for take in house.takes() if take.shot.startswith("rises")]
    assert house.submits == 2 + len(takes)
    assert len(house.takes("rises")) == 4
    states = {outcome.shot: outcome.state for outcome in result.outcomes}
    assert states["rises"] == "ask" and states["leaves"] == "blocked"
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_the_ladder_stays_inside_the_cap(theatre: Callable[..., Any]) -> None:
    """What is left does not pay for an anchor and its hop: nothing is decided, and more money goes
    on where it was."""
    house = theatre(
        CHAIN, render=fading(until="multicondition"), scene=ladder("reanchor", rerolls=0)
    )
    cap = planned(house).usd + calculate_cost("ltxv-13b-098-distilled", "extend", num_frames=25)
    result = house.run(max_usd=cap)
    assert (result.exit_code, decisions(house), house.submits) == (3, [], 3)
    assert result.usd <= cap
    assert house.run().exit_code == 0
    assert (decisions(house), house.submits) == (["reanchor"], 3 + 2 + 1)


@pytest.mark.ffmpeg
def test_a_reroll_carries_the_words_against_its_failure(theatre: Callable[..., Any]) -> None:
    house = theatre(CHAIN, render=fading(), scene=ladder("reroll", "accept"))
    house.run()
    first, second = house.takes("rises")
    assert "Same lighting and colours." not in first.params["prompt"]
    assert second.params["prompt"].startswith(first.params["prompt"])
    assert "Same lighting and colours." in second.params["prompt"]


@pytest.mark.ffmpeg
def test_tuning_turns_the_models_own_knobs_up(theatre: Callable[..., Any]) -> None:
    house = theatre(CHAIN, render=fading(), scene=ladder("tune", "accept"))
    house.run()
    first, second = house.takes("rises")
    assert "temporal_adain_factor" not in first.params
    assert second.params["temporal_adain_factor"] == 0.8
    assert second.params["tone_map_compression_ratio"] == 0.3
    assert house.run().submits == 0


@pytest.mark.ffmpeg
def test_a_mild_fade_is_matched_at_the_cut_and_costs_nothing(theatre: Callable[..., Any]) -> None:
    scene = ladder("grade", "ask", rerolls=0)
    # One warm colour that fades has a cast as well, which is no part of a colour match.
    wide = dict.fromkeys(("cast", "cast_vs_keyframe", "scene"), 30.0)
    scene["drift"]["budgets"] |= wide
    house = theatre(CHAIN, render=fading(amount=0.25), scene=scene)
    result = house.run(cut=True)
    assert (result.exit_code, house.submits, decisions(house)) == (0, 4, ["grade"])
    assert result.timeline is not None
    grades = {event.shot: event.grade for event in result.timeline.events}
    assert grades["waits"] is None and grades["rises"] is not None
    assert grades["rises"].end.saturation > 0.1  # it had faded
    # the hop after it goes on from the faded end, so the match goes on as well
    begin, end = grades["leaves"].start.saturation, grades["rises"].end.saturation
    assert begin == pytest.approx(end, abs=0.02)
