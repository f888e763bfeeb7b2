"""What would be asked: lengths, inputs, places, prices, keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenegraph.errors import SceneError, SceneInvalid
from scenegraph.ledger import Amendment, Memory, State
from scenegraph.plan import derive_seed, hash_inputs, plan_shot
from scenegraph.plan.expect import ASSUMED_SHARE, expect


def urls_in(value: Any) -> list[str]:
    """Every field name of a request that would hold a URL."""
    if isinstance(value, dict):
        found = [name for name in value if name.endswith("_url")]
        return found + [one for inner in value.values() for one in urls_in(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in urls_in(inner)]
    return []


def test_a_hop_is_shown_a_tail_and_pays_for_it(studio: Any) -> None:
    """96 new frames on a tail of 65: 161 in all, 8k+1, and the price says so."""
    job = studio.plan()["listens"].job
    assert (job.num_frames, job.new_frames) == (161, 96)
    assert job.params["num_frames"] == 161
    assert job.usd == Decimal("0.1342")
    (tail,) = job.inputs
    assert (tail.role, tail.into) == ("video", ("video", "video_url"))
    assert (tail.parent, tail.tail_frames) == ("waits", 65)
    assert job.params["video"] == {
        "start_frame_num": 0,
        "strength": 1,
        "limit_num_frames": False,
        "resample_fps": False,
        "reverse_video": False,
    }


def test_a_short_parent_gives_a_shorter_tail(studio: Any) -> None:
    """The largest 8k+1 that it has, by its real clip and not by what was asked for."""
    take = studio.shoot(studio.plan()["waits"])
    assert take.clip is not None
    studio.set(take, clip=replace(take.clip, frames=60))
    job = studio.plan()["listens"].job
    assert job.inputs[0].tail_frames == 57
    assert job.num_frames == 153
    assert job.inputs[0].sha256 == take.sha256


def test_no_url_stands_in_a_job_and_a_hash_stands_in_its_intent(studio: Any) -> None:
    studio.run(only=["waits", "listens"])
    for shot in studio.plan().shots:
        assert urls_in(shot.job.params) == []
        if shot.provisional:
            continue
        kept = shot.job.intent().params
        assert len(urls_in(kept)) == len(shot.job.inputs)
        for one in shot.job.inputs:
            spot: Any = kept
            for step in one.into:
                spot = spot[step]
            assert spot == f"sha256:{one.sha256}"
        assert urls_in(shot.job.params) == [], "the intent has a copy of its own"


def test_a_keyframe_and_a_motion_go_to_their_places(studio: Any) -> None:
    job = studio.plan()["turns"].job
    assert [(one.role, one.into) for one in job.inputs] == [
        ("image", ("images", 0, "image_url")),
        ("motion", ("videos", 0, "video_url")),
    ]
    assert job.params["images"][0]["start_frame_num"] == 0
    motion = job.params["videos"][0]
    assert motion["max_num_frames"] == job.num_frames
    assert motion["conditioning_type"] != "rgb", "the motion is wanted, not the look"


def test_going_on_from_a_tail_the_keyframe_is_where_it_arrives(new_studio: Any) -> None:
    """Tail and keyframe cannot both be the first frame."""
    shots = {
        "a": {"kind": "t2v", "prompt": "rain"},
        "b": {
            "kind": "multicondition",
            "keyframe": "mara.front",
            "motion": "sway",
            "parent": "a",
            "prompt": "she comes in",
        },
    }
    job = new_studio(shots).plan()["b"].job
    assert [one.role for one in job.inputs] == ["image", "video", "motion"]
    assert job.params["images"][0]["start_frame_num"] == job.num_frames - 1
    tail, motion = job.params["videos"]
    assert (tail["start_frame_num"], motion["start_frame_num"]) == (0, 72)
    assert motion["start_frame_num"] + motion["max_num_frames"] == job.num_frames


def test_what_a_shot_says_of_its_files_is_asked(new_studio: Any) -> None:
    """Strength and the reading of a motion are the writer's; a re-anchor of the hop is shown other
    files, and does not take over what is said of the tail."""
    shots = {
        "a": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"},
        "hop": {"kind": "extend", "parent": "a", "parameters": {"video": {"strength": 0.9}}},
        "turn": {
            "kind": "multicondition",
            "keyframe": "mara.front",
            "motion": "sway",
            "parent": "a",
            "prompt": "she turns",
            "parameters": {
                "images": [{"strength": 0.8}],
                "videos": [{"strength": 0.95}, {"conditioning_type": "pose"}],
            },
        },
    }
    studio = new_studio(shots)
    plan = studio.plan()
    assert plan["hop"].job.params["video"]["strength"] == 0.9
    asked = plan["turn"].job.params
    assert asked["images"] == [{"start_frame_num": asked["num_frames"] - 1, "strength": 0.8}]
    tail, motion = asked["videos"]
    assert (tail["strength"], tail["conditioning_type"]) == (0.95, "rgb")
    assert (motion["strength"], motion["conditioning_type"]) == (1, "pose")
    assert motion["preprocess"] is True, "what is not said stays as it is"
    studio.run()
    studio.amendments.append(Amendment(shot="hop", kind="reanchor", reason="identity"))
    anchored = studio.plan()
    assert anchored["hop.anchor"].job.params["videos"][0]["strength"] == 1
    assert anchored["hop"].job.params["video"]["strength"] == 0.9


def test_a_frame_of_another_take_is_an_input(new_studio: Any) -> None:
    shots = {
        "a": {"kind": "t2v", "prompt": "rain"},
        "b": {"kind": "i2v", "keyframe": {"from": "a", "frame": "last"}, "prompt": "she comes"},
    }
    studio = new_studio(shots)
    plan = studio.plan()
    assert plan["b"].action == "wait"
    (frame,) = plan["b"].job.inputs
    assert (frame.role, frame.parent, frame.frame) == ("image", "a", "last")
    studio.run()
    studio.change("a", prompt="snow")
    assert studio.plan()["b"].changed[0].field == "parent take"


def test_words_alone_have_no_inputs(studio: Any) -> None:
    assert studio.plan()["platform"].job.inputs == ()


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "auto"])
def test_a_chain_keeps_one_shape(new_studio: Any, ratio: str) -> None:
    """`auto` follows the input and a fixed ratio crops: mixed, the picture would jump in size."""
    shots = {
        "words": {"kind": "t2v", "prompt": "rain"},
        "on": {"kind": "extend", "parent": "words", "prompt": "more"},
        "on2": {"kind": "extend", "parent": "on", "prompt": "more"},
        "face": {"kind": "i2v", "keyframe": "mara.front", "prompt": "she"},
        "face2": {"kind": "extend", "parent": "face", "prompt": "more"},
    }
    plan = new_studio(shots, picture={"aspect_ratio": ratio}).plan()
    shape = {shot.shot: shot.job.params["aspect_ratio"] for shot in plan.shots}
    assert shape["words"] == shape["on"] == shape["on2"]
    assert shape["words"] != "auto"
    assert shape["face"] == shape["face2"] == ratio


def test_a_wrong_parameter_is_refused_with_its_shot(new_studio: Any) -> None:
    """What a shot says itself is not bent; all bad requests are named at once."""
    shots = {
        "a": {"kind": "t2v", "prompt": "rain", "parameters": {"guide_scale": 5}},
        "b": {"kind": "t2v", "prompt": "rain", "parameters": {"temporal_adain_factor": 3}},
        "c": {"kind": "t2v", "prompt": "rain", "parameters": {"frame_rate": "fast"}},
    }
    with pytest.raises(SceneInvalid) as caught:
        new_studio(shots).plan()
    texts = [problem.message for problem in caught.value.problems]
    assert len(texts) == 3
    assert "guide_scale" in texts[0]
    assert "'b'" in texts[1]
    assert "frame_rate" in texts[2]


def test_a_take_too_long_is_refused(new_studio: Any) -> None:
    shots = {"a": {"kind": "t2v", "prompt": "rain", "seconds": 70}}
    with pytest.raises(SceneInvalid, match="num_frames"):
        new_studio(shots).plan()


def test_an_unknown_model_is_a_scene_error(new_studio: Any) -> None:
    with pytest.raises(SceneError, match="ltxv"):
        new_studio({"a": {"kind": "t2v", "prompt": "x"}}, model="ltxv-13b-098-destilled").plan()


def test_a_seed_is_drawn_from_scene_shot_and_number() -> None:
    """31 bits, and the same for ever: a golden figure, since kept takes hang on it."""
    seeds = {derive_seed(s, shot, n) for s in range(5) for shot in "ab" for n in range(5)}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert derive_seed(7, "mara-waits", 1) == 157010424


def test_price_is_fals_on_either_engine_and_only_fal_reserves_it(studio: Any) -> None:
    job = studio.plan()["waits"].job
    assert job.usd > 0
    assert (job.intent().usd_estimate, job.intent().billed) == (Decimal(0), False)
    studio.engine = "fal"
    paid = studio.plan()["waits"].job
    assert paid.usd == job.usd
    assert (paid.intent(run=3).usd_estimate, paid.intent(run=3).billed) == (job.usd, True)
    assert paid.intent(run=3).run == 3


def test_the_plan_as_json_keeps_its_promise(studio: Any) -> None:
    document = json.loads(json.dumps(studio.plan().to_json()))
    assert {"scene", "plan_id", "usd", "to_shoot", "shots"} <= document.keys()
    promised = {
        "shot",
        "kind",
        "endpoint",
        "action",
        "reason",
        "changed",
        "usd",
        "num_frames",
        "key",
    }
    for shot in document["shots"]:
        assert promised <= shot.keys()
        assert isinstance(shot["usd"], str)
    assert isinstance(document["usd"], str)
    total = sum(Decimal(shot["usd"]) for shot in document["shots"])
    assert Decimal(document["usd"]) == total


def test_the_plan_id_names_what_would_be_done(studio: Any) -> None:
    first = studio.plan().plan_id
    assert first == studio.plan().plan_id
    assert first != studio.plan(only="waits").plan_id
    studio.change("rises", prompt="other")
    assert first != studio.plan().plan_id


def test_reel_frames_are_the_new_ones_at_the_reels_rate(new_studio: Any, train: Any) -> None:
    studio = new_studio(train)
    plan = studio.plan()
    assert plan.reel_frames == sum(shot.new_frames for shot in plan.shots)
    assert plan["listens"].new_frames == 96
    half = new_studio(train, reel={"frame_rate": 12, "order": ["waits", "listens"]}).plan()
    waits = plan["waits"].new_frames
    assert half.reel_frames == int(waits / 2 + 0.5) + 48
    studio.run()
    assert studio.plan().reel_frames == plan.reel_frames


def test_expected_price_counts_rerolls(studio: Any) -> None:
    expected = studio.plan().expected
    assert studio.plan().usd <= expected.p50 < expected.p95
    assert expected.share == ASSUMED_SHARE
    assert "assumed" in expected.basis
    memory = Memory("s")
    one = expect([(Decimal("0.1"), 2)], memory)
    assert (one.p50, one.p95) == (Decimal("0.1"), Decimal("0.2"))
    assert expect([(Decimal("0.1"), 0)], memory).p95 == Decimal("0.1")
    small = expect([(Decimal("0.1"), 2)] * 60, memory)
    large = expect([(Decimal("0.1"), 2)] * 61, memory)
    assert abs(large.p95 - small.p95) < Decimal("0.5"), "exact and normal agree where they meet"


def test_expected_price_learns_from_the_scenes_own_takes(studio: Any) -> None:
    for _ in range(30):
        studio.shoot(studio.plan()["waits"], State.REJECTED, verdict="drifted")
    assert studio.plan().expected.share > 0.6
    assert "30 of 30" in studio.plan().expected.basis


def test_tuning_changes_the_request_and_says_so(studio: Any) -> None:
    studio.run()
    studio.amendments.append(
        Amendment(
            shot="listens",
            kind="tune",
            reason="colour",
            values={"parameters": {"temporal_adain_factor": 0.7}, "phrases": ["Warm light."]},
        )
    )
    plan = studio.plan()
    assert plan["listens"].action == "shoot"
    assert {c.field for c in plan["listens"].changed} == {"temporal_adain_factor", "prompt"}
    assert plan["listens"].job.params["prompt"] == "she listens Warm light."
    studio.amendments.append(Amendment(shot="listens", kind="undo", reason="no"))
    assert set(studio.actions().values()) == {"keep"}


def test_an_anchor_is_put_before_the_hop(studio: Any) -> None:
    """The chain goes back to its keyframe; what hangs behind goes on from there."""
    studio.run()
    studio.amendments.append(Amendment(shot="rises", kind="reanchor", reason="identity"))
    plan = studio.plan()
    order = [shot.shot for shot in plan.shots]
    assert order.index("rises.anchor") == order.index("rises") - 1
    anchor = plan["rises.anchor"]
    assert (anchor.action, plan["rises"].action) == ("shoot", "wait")
    assert [(one.role, one.parent) for one in anchor.job.inputs] == [
        ("image", None),
        ("video", "listens"),
    ]
    assert anchor.job.new_frames == 48
    assert plan["listens"].action == "keep"
    assert studio.run() == ["rises.anchor", "rises"]
    assert set(studio.actions().values()) == {"keep"}


def test_a_chain_without_a_keyframe_cannot_be_anchored(new_studio: Any) -> None:
    shots = {
        "a": {"kind": "t2v", "prompt": "rain"},
        "b": {"kind": "extend", "parent": "a", "prompt": "more"},
    }
    studio = new_studio(shots)
    studio.amendments.append(Amendment(shot="b", kind="reanchor", reason="x"))
    with pytest.raises(SceneError, match="keyframe"):
        studio.plan()


def test_files_are_hashed_once_and_by_their_bytes(
    tmp_path: Path, make_scene: Callable[..., Any]
) -> None:
    for name in ("mara.png", "sway.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    scene = make_scene().in_folder(tmp_path)
    first = hash_inputs(scene)
    assert {path.name for path in first} == {"mara.png", "sway.mp4"}
    assert hash_inputs(scene) == first
    (tmp_path / "mara.png").write_bytes(b"another face")
    assert hash_inputs(scene)[scene.still_of("mara.front")] != first[scene.still_of("mara.front")]


def test_missing_files_are_all_named(tmp_path: Path, make_scene: Callable[..., Any]) -> None:
    with pytest.raises(SceneInvalid) as caught:
        hash_inputs(make_scene().in_folder(tmp_path))
    assert len(caught.value.problems) == 2


def test_one_shot_can_be_planned_without_the_rest(studio: Any) -> None:
    """The executor asks for one shot at a time; what is above it is worked out on the way."""
    context = studio.context()
    alone = plan_shot(context, "rises")
    whole = studio.plan()["rises"]
    assert (alone.action, alone.job.key) == (whole.action, whole.job.key)
    assert set(context.planned) == {"waits", "listens", "rises"}


def test_a_new_still_shoots_what_starts_from_it(studio: Any) -> None:
    studio.run()
    studio.hashes[studio.scene.still_of("mara.front")] = "77" * 32
    plan = studio.plan()
    assert [(s.shot, s.action) for s in plan.shots if s.action != "keep"] == [
        ("waits", "shoot"),
        ("listens", "wait"),
        ("rises", "wait"),
        ("turns", "shoot"),
    ]
    assert plan["waits"].changed[0].to_json() == {"field": "keyframe", "was": "5151", "now": "7777"}
