"""The three packaged families, and families that anyone may add."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from scenegraph.catalog import (
    KINDS,
    CatalogError,
    Endpoint,
    Field,
    UnknownFamily,
    UnknownKind,
    build_request,
    calculate_cost,
    length_for,
    load_catalog,
    new_frames_in,
    price_of,
)

PATHS = {"t2v": "", "i2v": "/image-to-video", "extend": "/extend"}
FAMILIES = ("ltxv-13b-098-distilled", "ltx-video-13b-distilled", "ltx-video-13b-dev")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_its_four_endpoints_at_fals_addresses(family):
    """A wrong address is a 404 after the budget was planned."""
    found = load_catalog().family(family)
    assert tuple(found.endpoints) == KINDS
    for kind, endpoint in found.endpoints.items():
        assert endpoint.id == f"fal-ai/{family}{PATHS.get(kind, '/multiconditioning')}"
        assert endpoint.counts == "total" and endpoint.length == "num_frames"
        assert endpoint.source and endpoint.price.source and endpoint.checked.year == 2026
        assert set(endpoint.output) == {"video", "prompt", "seed"}


@pytest.mark.parametrize(
    "family, steps, skip",
    [
        ("ltxv-13b-098-distilled", (2, 12, 8), (1, 11, 5)),
        ("ltx-video-13b-distilled", (2, 12, 8), (1, 11, 5)),
        ("ltx-video-13b-dev", (2, 50, 30), (0, 49, 17)),
    ],
)
def test_steps_differ_between_distilled_and_dev_and_nothing_else_does(family, steps, skip):
    """One schema but for these: a preset must not be believed across them."""

    def bounds(field: Field) -> tuple[object, ...]:
        return field.low, field.high, field.default

    for kind in KINDS:
        endpoint = load_catalog().endpoint(family, kind)
        fields = dict(endpoint.fields)
        assert bounds(fields.pop("first_pass_num_inference_steps")) == steps
        assert bounds(fields.pop("second_pass_num_inference_steps")) == steps
        assert bounds(fields.pop("second_pass_skip_initial_steps")) == skip
        first = dict(load_catalog().endpoint(FAMILIES[0], kind).fields)
        assert fields == {name: first[name] for name in fields}


def _shape(endpoint: Endpoint) -> dict[str, tuple[object, ...]]:
    return {
        name: (field.type, field.low, field.high, field.default, field.multiple_of)
        for name, field in endpoint.fields.items()
    }


def test_the_fields_are_those_of_the_published_schema():
    """Written out once more, from the reference's tables, so that a slip in the YAML is seen."""
    common = {
        "prompt": ("string", None, None, None, None),
        "negative_prompt": (
            "string", None, None,
            "worst quality, inconsistent motion, blurry, jittery, distorted", None,
        ),
        "loras": ("list", None, None, [], None),
        "resolution": ("string", None, None, "720p", None),
        "aspect_ratio": ("string", None, None, "auto", None),
        "seed": ("integer", None, None, None, None),
        "num_frames": ("integer", 9, 1441, 121, None),
        "first_pass_num_inference_steps": ("integer", 2, 12, 8, None),
        "second_pass_num_inference_steps": ("integer", 2, 12, 8, None),
        "second_pass_skip_initial_steps": ("integer", 1, 11, 5, None),
        "frame_rate": ("integer", 1, 60, 24, None),
        "expand_prompt": ("boolean", None, None, False, None),
        "reverse_video": ("boolean", None, None, False, None),
        "enable_safety_checker": ("boolean", None, None, True, None),
        "enable_detail_pass": ("boolean", None, None, False, None),
        "temporal_adain_factor": ("number", 0, 1, 0.5, 0.05),
        "tone_map_compression_ratio": ("number", 0, 1, 0, 0.05),
    }  # fmt: skip
    crf = {"constant_rate_factor": ("integer", 0, 51, 29, None)}
    family = load_catalog().family("ltxv-13b-098-distilled")
    t2v = common | {"aspect_ratio": ("string", None, None, "16:9", None)}
    assert _shape(family.endpoint("t2v")) == t2v
    image = {"image_url": ("url", None, None, None, None)}
    assert _shape(family.endpoint("i2v")) == common | crf | image
    video = {"video": ("object", None, None, None, None)}
    assert _shape(family.endpoint("extend")) == common | crf | video
    lists = {"images": ("list", None, None, [], None), "videos": ("list", None, None, [], None)}
    assert _shape(family.endpoint("multicondition")) == common | crf | lists
    assert family.endpoint("t2v").fields["aspect_ratio"].choices == ("9:16", "1:1", "16:9")
    assert "auto" in family.endpoint("i2v").fields["aspect_ratio"].choices


def test_nested_objects_are_those_of_the_published_schema():
    """Extend's object lacks two fields that multiconditioning's has, against fal's own example."""
    family = load_catalog().family("ltxv-13b-098-distilled")
    extend = family.endpoint("extend").fields["video"].fields
    videos = family.endpoint("multicondition").fields["videos"].fields
    images = family.endpoint("multicondition").fields["images"].fields
    assert set(extend) == {
        "video_url", "start_frame_num", "strength", "limit_num_frames", "max_num_frames",
        "resample_fps", "target_fps", "reverse_video",
    }  # fmt: skip
    assert set(videos) - set(extend) == {"conditioning_type", "preprocess"}
    assert videos["conditioning_type"].choices == ("rgb", "depth", "pose", "canny")
    assert set(images) == {"image_url", "start_frame_num", "strength"}
    assert (extend["start_frame_num"].high, extend["start_frame_num"].multiple_of) == (1440, 8)
    assert (extend["max_num_frames"].low, extend["max_num_frames"].high) == (1, 1441)
    lora = family.endpoint("t2v").fields["loras"].fields
    assert {name: field.required for name, field in lora.items()} == {
        "path": True,
        "scale": False,
        "weight_name": False,
    }
    assert (lora["scale"].low, lora["scale"].high) == (0, 4)


def test_prices_have_unit_source_and_say_when_they_are_not_known():
    """An unknown price is an upper guess and says so; it is never zero."""
    catalog = load_catalog()
    first = catalog.endpoint("ltxv-13b-098-distilled", "extend").price
    assert (first.usd, first.unit, first.billed_rate, first.known) == (
        Decimal("0.02"), "second", 24, True,
    )  # fmt: skip
    old = catalog.family("ltx-video-13b-distilled")
    assert old.endpoint("multicondition").price.usd == Decimal("0.04")
    assert not old.endpoint("extend").price.known
    assert old.endpoint("extend").price.usd == Decimal("0.20")
    dev = catalog.family("ltx-video-13b-dev")
    assert not dev.active and not dev.endpoint("t2v").active
    assert dev.endpoint("multicondition").price.usd == Decimal("0.20")
    assert not dev.endpoint("multicondition").price.known


def test_an_unknown_name_gets_the_nearest():
    """The error names what was meant."""
    with pytest.raises(UnknownFamily, match="ltxv-13b-098-distilled"):
        load_catalog().family("ltxv-13b-98-distilled")
    with pytest.raises(UnknownKind, match="extend"):
        load_catalog().family("ltxv-13b-098-distilled").endpoint("extnd")


def test_an_endpoint_is_found_by_its_address():
    """The ledger keeps addresses."""
    found = load_catalog().by_id("fal-ai/ltx-video-13b-dev/extend")
    assert found is not None and (found.family, found.kind) == ("ltx-video-13b-dev", "extend")
    assert load_catalog().by_id("fal-ai/wan") is None


ADDED = """
family: ltx-2-19b
title: LTX-2 19B
active: true
checked: 2026-06-12
source: OpenAPI
output: [video, seed, prompt]
fields:
  prompt: {type: string, required: true}
  num_frames: {type: integer, low: 9, high: 481, default: 121, send: 121, snap: 8k+1}
  fps: {type: integer, low: 1, high: 60, default: 25}
  seed: {type: integer}
endpoints:
  extend:
    id: fal-ai/ltx-2-19b/extend-video
    counts: added
    fields:
      video_url: {type: url, required: true}
      num_context_frames: {type: integer, low: 0, high: 121, default: 25}
      enable_prompt_expansion: {type: boolean, default: true, send: false}
    price: {usd: "0.0018", unit: megapixel, frame_megapixels: "0.5", source: llms.txt}
"""
SECONDS = """
family: ltx-2
title: LTX-2
checked: 2026-06-12
source: OpenAPI
endpoints:
  t2v:
    id: fal-ai/ltx-2/text-to-video
    counts: seconds
    length: duration
    fields:
      prompt: {type: string, required: true}
      duration: {type: integer, choices: [6, 8, 10], default: 6, send: 6}
      resolution: {type: string, choices: [1080p, 1440p, 2160p], default: 1080p}
    price:
      usd: "0.24"
      unit: second
      by_field: resolution
      by_value: {1080p: "0.06", 1440p: "0.12", 2160p: "0.24"}
      source: guide of 2026-01-07
"""


def _with(tmp_path: Path, *texts: str):
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"family-{number}.yaml"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return load_catalog(paths)


def test_a_newer_family_is_added_as_data_alone(tmp_path):
    """Endpoints that count added frames or seconds, price by pixels or by resolution: no code."""
    catalog = _with(tmp_path, ADDED, SECONDS)
    extend = catalog.endpoint("ltx-2-19b", "extend")
    assert length_for(extend, 96, shown=65) == 97
    assert new_frames_in(extend, {"num_frames": 97}, shown=65) == 97
    request = build_request(extend, {"prompt": "x", "video_url": "https://a.b/c.mp4"})
    assert request.params["enable_prompt_expansion"] is False
    assert price_of(extend, {"num_frames": 121}) == Decimal("0.1098")  # 61 begun megapixels
    t2v = catalog.endpoint("ltx-2", "t2v")
    assert not t2v.has_seed
    assert length_for(t2v, 150, rate=25) == 6
    assert length_for(t2v, 151, rate=25) == 8
    assert new_frames_in(t2v, {"duration": 8}, rate=25) == 200
    assert price_of(t2v, {"duration": 8}) == Decimal("0.4800")
    assert price_of(t2v, {"duration": 8, "resolution": "2160p"}) == Decimal("1.9200")
    assert calculate_cost("ltx-2", "t2v", seconds=10, catalog=catalog) == Decimal("0.6000")
    assert "ltxv-13b-098-distilled" in catalog.families


def test_a_family_may_be_like_a_packaged_one(tmp_path):
    """A fine-tuned copy differs in its addresses and price alone."""
    text = """
family: my-ltx
like: ltxv-13b-098-distilled
title: Mine
endpoints:
  t2v: {id: me/my-ltx}
  i2v: null
  extend: {id: me/my-ltx/extend}
  multicondition: null
"""
    mine = _with(tmp_path, text).family("my-ltx")
    assert tuple(mine.endpoints) == ("t2v", "extend")
    assert mine.endpoint("extend").fields["num_frames"].high == 1441


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "family: [",
        "family: x\ntitle: X\n",
        ADDED.replace("type: integer", "type: int"),
        ADDED.replace("counts: added", "counts: more"),
        ADDED.replace('usd: "0.0018"', "usd: not known"),
        ADDED.replace("family: ltx-2-19b", "family: ltx-video-13b-dev"),
        ADDED.replace("high: 481", "high: 480"),
        ADDED.replace("title: LTX-2 19B", "title: LTX-2 19B\nlike: ltx-2-19c"),
        ADDED.replace("title: LTX-2 19B", "title: LTX-2 19B\nlike: ltx-2-19b"),
        ADDED.replace("endpoints:\n", "endpoints: nothing\nx:\n"),
        ADDED.replace("video_url: {type: url", "video_url: {type: list"),
    ],
    ids=[
        "empty", "list", "no-yaml", "half", "type", "counts", "no-figure", "twice", "not-8k1",
        "like-nothing", "like-itself", "no-mapping", "list-of-nothing",
    ],
)  # fmt: skip
def test_a_family_file_that_is_wrong_is_a_sentence(tmp_path, text):
    """Data of other people; never a traceback."""
    with pytest.raises(CatalogError) as caught:
        _with(tmp_path, text)
    assert caught.value.where is not None and caught.value.next


def test_a_missing_family_file_is_a_sentence(tmp_path):
    """As above, before there is any text."""
    with pytest.raises(CatalogError, match="cannot be read"):
        load_catalog([tmp_path / "none.yaml"])


def test_an_endpoints_version_moves_with_the_picture_and_not_with_the_price(tmp_path):
    """The version is in every take's key: a corrected price must not make paid takes stale."""
    base = _with(tmp_path, ADDED)
    dearer = _with(tmp_path, ADDED.replace("0.0018", "0.0019"))
    other_default = _with(tmp_path, ADDED.replace("default: 25", "default: 24"))
    was = base.endpoint("ltx-2-19b", "extend")
    assert dearer.endpoint("ltx-2-19b", "extend").version == was.version
    assert dearer.family("ltx-2-19b").version != base.family("ltx-2-19b").version
    assert other_default.endpoint("ltx-2-19b", "extend").version != was.version
