"""Presets with their prices: legal on every model, and what a plan would ask for them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scenegraph.catalog import UnknownFamily, build_request, load_catalog
from scenegraph.ledger import Memory
from scenegraph.plan import make_plan
from scenegraph.plan.presets import price_presets
from scenegraph.scene import ExtendShot, Scene, TextShot
from scenegraph.scene.presets import BUILT_IN

CATALOG = load_catalog()
OWN = {
    "dusk": {"num_frames": 97, "enable_detail_pass": True, "first_pass_num_inference_steps": 16},
    "steps-fast": {"first_pass_num_inference_steps": 7},
}


def a_scene(on_each: str, **more: object) -> Scene:
    shots = (
        TextShot(id="t", prompt="Rain.", preset=on_each),
        ExtendShot(id="e", parent="t", preset=on_each),
    )
    return Scene(**{"title": "T", "shots": shots, "presets": OWN, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("model", CATALOG.families)
def test_every_preset_is_legal_on_every_model(model: str) -> None:
    """A preset that a service refuses after its queue is a take lost; so none is bent either."""
    rows = [one for one in price_presets(CATALOG) if one.model == model]
    assert [row.preset for row in rows] == list(BUILT_IN)
    for row in rows:
        for kind in row.kinds:
            endpoint = CATALOG.endpoint(model, kind.kind)
            values = {**kind.asked, "prompt": "x"}
            request = build_request(endpoint, values, awaiting=endpoint.inputs)
            assert (request.notes, kind.notes) == ((), ())
            assert kind.usd > 0


@pytest.mark.parametrize("model", CATALOG.families)
@pytest.mark.parametrize("preset", [*BUILT_IN, "dusk"])
def test_the_price_of_a_preset_is_the_plans(model: str, preset: str) -> None:
    """Whoever chooses by the table pays what the table said, the tail of a hop included."""
    scene = a_scene(preset, model=model)
    plan = make_plan(scene, Memory("t"), engine="fal", hashes={})
    (row,) = [one for one in price_presets(CATALOG, scene) if one.preset == preset]
    told = {kind.kind: (kind.usd, kind.num_frames, kind.new_frames) for kind in row.kinds}
    for shot in plan.shots:
        job = shot.job
        assert told[job.kind] == (job.usd, job.num_frames, job.new_frames)


def test_a_scenes_own_presets_are_in_the_list_and_say_what_is_bent() -> None:
    """One with a built-in name takes its place; a look of the scene lies under steps alone."""
    rows = {row.preset: row for row in price_presets(CATALOG, a_scene("dusk", preset="long-10s"))}
    assert [name for name, row in rows.items() if not row.built_in] == ["steps-fast", "dusk"]
    dusk = rows["dusk"].kinds[0]
    assert dusk.notes == ("first_pass_num_inference_steps: 16 is outside 2–12; 12 is used.",)
    assert dusk.usd == 2 * Decimal("0.0808") + Decimal("0.0001")  # 97 / 24 s, twice
    assert rows["steps-fast"].kinds[0].asked["first_pass_num_inference_steps"] == 7
    assert rows["steps-fast"].seconds == pytest.approx(161 / 16)


def test_a_scene_of_an_unknown_model_is_told() -> None:
    with pytest.raises(UnknownFamily):
        price_presets(CATALOG, a_scene("dusk", model="ltxv-14b"))
