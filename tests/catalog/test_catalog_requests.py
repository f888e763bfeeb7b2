"""Requests by allow-list: what leaves, what is moved to its grid, what is refused and how."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenegraph.catalog import (
    KINDS,
    RequestInvalid,
    build_request,
    calculate_cost,
    legal_parameters,
    length_for,
    load_catalog,
    new_frames_in,
    placement_problems,
    price_of,
    request_price,
    with_urls,
)

FAMILIES = ("ltxv-13b-098-distilled", "ltx-video-13b-distilled", "ltx-video-13b-dev")
FIRST = load_catalog().family(FAMILIES[0])
VIDEO, IMAGE = "https://v3b.fal.media/files/b/x/tail.mp4", "https://v3b.fal.media/files/b/x/m.png"

MINIMAL: dict[str, dict[str, Any]] = {
    "t2v": {},
    "i2v": {"image_url": IMAGE},
    "extend": {"video": {"video_url": VIDEO}},
    "multicondition": {"images": [{"image_url": IMAGE}], "videos": [{"video_url": VIDEO}]},
}
CONDITION = {
    "video_url": VIDEO, "start_frame_num": 0, "strength": 0.9, "limit_num_frames": True,
    "max_num_frames": 65, "resample_fps": True, "target_fps": 24, "reverse_video": False,
}  # fmt: skip
FULL: dict[str, dict[str, Any]] = {
    "t2v": {"aspect_ratio": "9:16"},
    "i2v": {"image_url": IMAGE, "constant_rate_factor": 18, "aspect_ratio": "1:1"},
    "extend": {"video": CONDITION, "constant_rate_factor": 18},
    "multicondition": {
        "images": [
            {"image_url": IMAGE, "start_frame_num": 0, "strength": 1},
            {"image_url": IMAGE, "start_frame_num": 120, "strength": 0.5},
        ],
        "videos": [{**CONDITION, "conditioning_type": "pose", "preprocess": True}],
        "constant_rate_factor": 18,
    },
}
ALL = {
    "prompt": "Mara turns to the window; the camera holds.",
    "negative_prompt": "jitter",
    "loras": [{"path": "https://x.y/mara.safetensors", "scale": 0.8, "weight_name": "mara"}],
    "resolution": "480p",
    "seed": 7,
    "num_frames": 161,
    "first_pass_num_inference_steps": 10,
    "second_pass_num_inference_steps": 9,
    "second_pass_skip_initial_steps": 4,
    "frame_rate": 25,
    "expand_prompt": True,
    "reverse_video": True,
    "enable_safety_checker": False,
    "enable_detail_pass": True,
    "temporal_adain_factor": 0.35,
    "tone_map_compression_ratio": 0.15,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("width", ["minimal", "full"])
def test_payload_of_every_endpoint(family, kind, width, golden):
    """The exact body that leaves, for each of the twelve endpoints."""
    endpoint = load_catalog().endpoint(family, kind)
    values = {**ALL, **FULL[kind]} if width == "full" else {"prompt": "Rain.", **MINIMAL[kind]}
    request = build_request(endpoint, values)
    assert request.notes == ()
    if width == "full":
        assert set(request.params) - {"aspect_ratio"} == set(endpoint.fields) - {"aspect_ratio"}
    text = json.dumps({"endpoint": request.endpoint, "body": request.params}, indent=2)
    golden(f"payload_{family}_{kind}_{width}.json", text)


def _problems(kind: str, **values: Any) -> dict[str, str]:
    with pytest.raises(RequestInvalid) as caught:
        build_request(FIRST.endpoint(kind), {"prompt": "x", **MINIMAL[kind], **values})
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    "kind, name, says",
    [
        ("t2v", "guide_scale", "Wan"),
        ("t2v", "guidance_scale", "no 'guidance_scale'"),
        ("t2v", "frames_per_second", "'frame_rate'"),
        ("t2v", "fps", "'frame_rate'"),
        ("t2v", "number_of_frames", "'num_frames'"),
        ("t2v", "num_inference_steps", "'first_pass_num_inference_steps'"),
        ("t2v", "first_pass_skip_final_steps", "'second_pass_skip_initial_steps'"),
        ("t2v", "image_size", "'resolution'"),
        ("t2v", "strength", "conditioning object"),
        ("t2v", "constant_rate_factor", "no input to compress"),
        ("t2v", "webhookUrl", "fal_webhook"),
        ("t2v", "input", "bare input"),
        ("t2v", "num_frame", "'num_frames'"),
        ("extend", "video_url", "video: {video_url: …}"),
        ("extend", "start_frame_num", "video: {video_url: …, start_frame_num"),
        ("extend", "strength", "video: {video_url: …, strength"),
        ("multicondition", "video_url", "videos: [{video_url: …}]"),
        ("multicondition", "image_url", "images: [{image_url: …}]"),
        ("multicondition", "video", "videos: [{video_url: …}]"),
        ("i2v", "images", "'image_url'"),
    ],
)
def test_a_wrong_name_never_leaves_and_the_right_way_is_said(kind, name, says):
    """The service ignores unknown fields without a word: you would pay for something else."""
    for value in ("x", 1, {"a": 1}):
        assert says in _problems(kind, **{name: value})[name]


@pytest.mark.parametrize(
    "values, field, says",
    [
        ({"video": {"video_url": VIDEO, "conditioning_type": "rgb"}}, "video.conditioning_type",
         "videos[]"),
        ({"video": {"video_url": VIDEO, "preprocess": False}}, "video.preprocess", "videos[]"),
        ({"video": {"url": VIDEO}}, "video.url", "'video_url'"),
        ({"video": {"video_url": VIDEO, "start_frame_number": 8}}, "video.start_frame_number",
         "'start_frame_num'"),
        ({"loras": [{"path": "a", "transformer": "high"}]}, "loras[0].transformer", "Wan"),
        ({"loras": [{"path": "a"}, {"scale": 1}]}, "loras[1].path", "required"),
    ],
)  # fmt: skip
def test_a_wrong_name_inside_an_object_is_named_with_its_place(values, field, says):
    """fal's own example sends two fields that the type lacks; ours never does."""
    assert says in _problems("extend", **values)[field]


@pytest.mark.parametrize(
    "values, field, says",
    [
        ({"num_frames": 8}, "num_frames", "from 9 to 1441"),
        ({"num_frames": 1442}, "num_frames", "from 9 to 1441"),
        ({"num_frames": "121"}, "num_frames", "a whole number"),
        ({"num_frames": 121.5}, "num_frames", "a whole number"),
        ({"num_frames": True}, "num_frames", "a whole number"),
        ({"num_frames": float("nan")}, "num_frames", "a whole number"),
        ({"first_pass_num_inference_steps": 13}, "first_pass_num_inference_steps", "from 2 to 12"),
        ({"resolution": "1080p"}, "resolution", "480p, 720p"),
        ({"aspect_ratio": "auto"}, "aspect_ratio", "9:16, 1:1, 16:9"),
        ({"frame_rate": 0}, "frame_rate", "from 1 to 60"),
        ({"temporal_adain_factor": 1.1}, "temporal_adain_factor", "from 0 to 1"),
        ({"expand_prompt": "no"}, "expand_prompt", "true or false"),
        ({"prompt": "  "}, "prompt", "empty"),
        ({"prompt": None}, "prompt", "required"),
        ({"prompt": 5}, "prompt", "text"),
        ({"loras": {"path": "a"}}, "loras", "a list of objects"),
        ({"loras": ["a"]}, "loras[0]", "an object"),
        ({"loras": [{"path": "a", "scale": 4.5}]}, "loras[0].scale", "from 0 to 4"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_range(values, field, says):
    """Validation at the service comes after the queue: we pay the wait for nothing."""
    assert says in _problems("t2v", **values)[field]


@pytest.mark.parametrize("url", ["tail.mp4", "/tmp/tail.mp4", "file:///etc/passwd", "ftp://a/b"])
def test_a_url_field_takes_addresses_alone(url):
    """A local path would be refused by the service, after it was told about our disk."""
    assert "address" in _problems("extend", video={"video_url": url})["video.video_url"]


def test_all_problems_are_said_at_once():
    """One round of mending, not eight."""
    found = _problems(
        "extend", guide_scale=4, num_frames=3, resolution="702p", video={"strength": 2}
    )
    assert set(found) == {
        "guide_scale", "num_frames", "resolution", "video.strength", "video.video_url",
    }  # fmt: skip
    assert "720p" in found["resolution"]


@pytest.mark.parametrize(
    "asked, sent", [(120, 121), (119, 121), (125, 129), (13, 17), (1437, 1441)]
)
def test_a_frame_count_is_snapped_to_8k1_and_said(asked, sent):
    """No source says what the service does with others; only 8k+1 is sent."""
    request = build_request(FIRST.endpoint("t2v"), {"prompt": "x", "num_frames": asked})
    assert request.params["num_frames"] == sent
    (note,) = request.notes
    assert str(asked) in note and str(sent) in note


def test_positions_and_fractions_are_moved_to_their_grid():
    """The service enforces the grid; 0.15 is on it although 0.15 % 0.05 is not 0."""
    request = build_request(
        FIRST.endpoint("extend"),
        {
            "prompt": "x",
            "video": {"video_url": VIDEO, "start_frame_num": 60, "max_num_frames": 64},
            "temporal_adain_factor": 0.15,
            "tone_map_compression_ratio": 0.1 + 0.2,
        },
    )
    assert request.params["video"]["start_frame_num"] == 64
    assert request.params["video"]["max_num_frames"] == 65
    assert request.params["temporal_adain_factor"] == 0.15
    assert request.params["tone_map_compression_ratio"] == 0.3
    assert len(request.notes) == 2
    off = build_request(FIRST.endpoint("t2v"), {"prompt": "x", "temporal_adain_factor": 0.37})
    assert off.params["temporal_adain_factor"] == 0.35 and off.notes


@given(st.integers(9, 1441), st.integers(0, 1440), st.floats(0, 1))
def test_whatever_is_in_range_leaves_on_the_grid(frames, start, factor):
    """The three grids hold for every value that the ranges let through."""
    video = {"video_url": VIDEO, "start_frame_num": start}
    values = {"prompt": "x", "num_frames": frames, "video": video, "temporal_adain_factor": factor}
    params = build_request(FIRST.endpoint("extend"), values).params
    assert params["num_frames"] % 8 == 1 and 9 <= params["num_frames"] <= 1441
    assert params["video"]["start_frame_num"] % 8 == 0
    assert 0 <= params["video"]["start_frame_num"] <= 1440
    steps = params["temporal_adain_factor"] / 0.05
    assert abs(steps - round(steps)) < 1e-6


def test_what_decides_length_size_words_and_price_is_always_spelled_out():
    """A default that moves at the service must not change a picture or a bill."""
    request = build_request(
        FIRST.endpoint("extend"), {"prompt": "x", "video": {"video_url": VIDEO}}
    )
    assert request.params == {
        "prompt": "x", "resolution": "720p", "aspect_ratio": "auto", "num_frames": 121,
        "frame_rate": 24, "expand_prompt": False, "enable_detail_pass": False,
        "video": {
            "video_url": VIDEO, "start_frame_num": 0, "limit_num_frames": False,
            "resample_fps": False, "reverse_video": False,
        },
    }  # fmt: skip


def test_none_means_not_set():
    """Schemas write "integer or null"; null is not sent."""
    request = build_request(FIRST.endpoint("t2v"), {"prompt": "x", "seed": None, "loras": None})
    assert "seed" not in request.params and "loras" not in request.params


def test_a_request_is_built_before_its_files_have_addresses_and_filled_after():
    """Planning hashes and prices a request; uploads come later and change nothing else."""
    endpoint = FIRST.endpoint("multicondition")
    places = [("images", 0, "image_url"), ("videos", 0, "video_url")]
    values = {"prompt": "x", "seed": 3, "videos": [{"conditioning_type": "depth"}]}
    planned = build_request(endpoint, values, awaiting=places)
    assert planned.params["images"] == [{"start_frame_num": 0}]
    filled = with_urls(endpoint, planned.params, dict(zip(places, (IMAGE, VIDEO), strict=True)))
    assert filled.params["videos"][0] == planned.params["videos"][0] | {"video_url": VIDEO}
    assert "video_url" not in planned.params["videos"][0]
    with pytest.raises(RequestInvalid) as caught:
        with_urls(endpoint, planned.params, {places[0]: IMAGE})
    assert caught.value.fields == ("videos[0].video_url",)
    with pytest.raises(RequestInvalid):
        build_request(endpoint, values)


def test_the_callers_values_are_not_changed():
    """They are in the plan, and in the key."""
    values = {"prompt": "x", "num_frames": 120, "video": {"video_url": VIDEO}}
    before = json.dumps(values)
    build_request(FIRST.endpoint("extend"), values).params["video"]["strength"] = 0.1
    assert json.dumps(values) == before


def test_a_preset_is_made_legal_and_says_what_it_changed():
    """Seeds advise 12 to 16 steps: more than the distilled families take."""
    preset = {
        "first_pass_num_inference_steps": 16,
        "second_pass_skip_initial_steps": 0,
        "temporal_adain_factor": 0.5,
        "constant_rate_factor": 20,
        "first_pass_skip_final_steps": 1,
        "aspect_ratio": "auto",
        "resolution": 480,
    }
    legal, notes = legal_parameters(FIRST.endpoint("t2v"), preset)
    assert legal == {
        "first_pass_num_inference_steps": 12,
        "second_pass_skip_initial_steps": 1,
        "temporal_adain_factor": 0.5,
        "aspect_ratio": "16:9",
        "resolution": 480,  # wrong in another way: refused later, with a sentence
    }
    assert len(notes) == 5
    dev = load_catalog().endpoint("ltx-video-13b-dev", "t2v")
    kept = {"first_pass_num_inference_steps": 16}
    assert legal_parameters(dev, kept) == (kept, ())


@pytest.mark.parametrize("new, shown, total", [(96, 65, 161), (120, 65, 185), (97, 65, 161)])
def test_a_hops_length_contains_the_tail_that_it_is_shown(new, shown, total):
    """num_frames is the total: asking for the new frames alone would buy none."""
    extend = FIRST.endpoint("extend")
    assert length_for(extend, new, shown=shown) == total
    assert new_frames_in(extend, {"num_frames": total}, shown=shown) == total - shown


def test_a_length_beyond_the_endpoint_is_refused_not_cut():
    """A shot of 100 seconds must not come back as 60."""
    extend = FIRST.endpoint("extend")
    length = length_for(extend, 2400, shown=65)
    assert length > 1441
    with pytest.raises(RequestInvalid):
        build_request(extend, {"prompt": "x", **MINIMAL["extend"], "num_frames": length})


@pytest.mark.parametrize(
    "shown, start, total, video, fits",
    [
        (65, 0, 121, {}, True),
        (65, 56, 121, {}, True),
        (65, 64, 121, {}, False),
        (129, 0, 121, {}, False),
        (129, 0, 121, {"limit_num_frames": True, "max_num_frames": 65}, True),
        (129, 0, 121, {"max_num_frames": 65}, False),
        (64, 0, 121, {}, False),
    ],
)
def test_a_source_fits_where_it_is_put(shown, start, total, video, fits):
    """start + shown ≤ num_frames and 8k+1 source frames, or the model fails after the queue."""
    params = {"num_frames": total, "video": {"start_frame_num": start, **video}}
    problems = placement_problems(FIRST.endpoint("extend"), params, shown)
    assert (not problems) is fits
    listed = {"num_frames": total, "videos": [{"start_frame_num": start, **video}]}
    multi = placement_problems(FIRST.endpoint("multicondition"), listed, shown, "videos[0]")
    assert len(multi) == len(problems)


@pytest.mark.parametrize(
    "model, kind, asked, usd",
    [
        ("ltxv-13b-098-distilled", "extend", {"num_frames": 121}, "0.1008"),
        ("ltxv-13b-098-distilled", "extend", {"seconds": 5}, "0.1008"),
        ("ltxv-13b-098-distilled", "t2v", {"num_frames": 121, "detail_pass": True}, "0.2017"),
        ("ltxv-13b-098-distilled", "i2v", {"num_frames": 1441}, "1.2008"),
        ("ltx-video-13b-distilled", "multicondition", {"num_frames": 1441}, "0.0400"),
        ("ltx-video-13b-distilled", "extend", {"seconds": 5}, "0.2000"),
        ("ltx-video-13b-dev", "t2v", {"seconds": 5, "takes": 3}, "0.6000"),
        ("ltx-video-13b-dev", "t2v", {"seconds": 5, "detail_pass": True}, "0.4000"),
    ],
)
def test_what_it_costs(model, kind, asked, usd):
    """098 bills num_frames at 24 a second; 0.9.7 bills the video; a detail pass doubles both."""
    assert calculate_cost(model, kind, **asked) == Decimal(usd)


def test_frame_rate_does_not_change_the_price():
    """Billed at 24 frames a second, whatever is played."""
    extend = FIRST.endpoint("extend")
    assert price_of(extend, {"num_frames": 121, "frame_rate": 60}) == Decimal("0.1008")
    assert price_of(extend, {}) == Decimal("0.1008")  # the default length is billed too
    assert request_price(extend, {"prompt": "x", "num_frames": 120}) == Decimal("0.1008")


@pytest.mark.parametrize(
    "asked", [{}, {"seconds": 5, "num_frames": 121}, {"seconds": 0}, {"seconds": 1, "takes": -1}]
)
def test_a_cost_without_one_length_is_refused(asked):
    """A helper that guesses a length would guess a price."""
    with pytest.raises(ValueError):
        calculate_cost("ltxv-13b-098-distilled", "t2v", **asked)
