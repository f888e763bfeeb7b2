"""What shots have in common is worked out once. No shot may get what is another's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scenegraph.plan import PlanContext, plan_shot
from scenegraph.plan.asking import Memo

START: dict[str, Any] = {"kind": "t2v", "prompt": "rain on the platform"}
HOP: dict[str, Any] = {"kind": "extend", "parent": "start", "prompt": "it goes on"}
STILL: dict[str, Any] = {"kind": "i2v", "keyframe": "mara.front", "prompt": "she waits"}
#: Each differs from another one in one field alone.
NEARLY_ALIKE: dict[str, dict[str, Any]] = {
    "start": START,
    "start-long": {**START, "seconds": 6},
    "start-frames": {**START, "frames": 161},
    "start-words": {**START, "negative_prompt": "umbrellas"},
    "start-look": {**START, "preset": "more-motion"},
    "start-own": {**START, "parameters": {"frame_rate": 30}},
    "start-wide": {**START, "parameters": {"aspect_ratio": "9:16"}},
    "start-seed": {**START, "seed": 5},
    "start-lora": {**START, "loras": [{"path": "https://e.example/a"}]},
    "hop": HOP,
    "hop-rest": {**HOP, "tail": "rest"},
    "hop-short": {**HOP, "seconds": 2},
    "hop-wide": {**HOP, "parent": "start-wide"},
    "hop-of-long": {**HOP, "parent": "start-long"},
    "still": STILL,
    "still-first": {**STILL, "keyframe": {"from": "start", "frame": "first"}},
    "still-last": {**STILL, "keyframe": {"from": "start", "frame": "last"}},
    "motion": {**STILL, "kind": "multicondition", "motion": "sway"},
    "motion-after": {**STILL, "kind": "multicondition", "motion": "sway", "parent": "start"},
    "motion-less": {**STILL, "kind": "multicondition"},
}


def as_if_alone(context: PlanContext) -> PlanContext:
    """The same context, which has worked out nothing yet but the shots above."""
    return replace(context, _memo=Memo(), _made={}, _settled={}, _ratios={})


def test_a_shot_among_many_is_asked_for_as_if_it_were_alone(new_studio: Any) -> None:
    """Else a shot would be asked for by another's length or tail, and be called so."""
    studio = new_studio(NEARLY_ALIKE)
    for _ in range(2):  # with parents that are still to come, and with parents that are here
        context = studio.context()
        for id in context.graph.order:
            among, alone = plan_shot(context, id).job, plan_shot(as_if_alone(context), id).job
            assert (among.key, among.setup) == (alone.key, alone.setup), id
            assert (among.params, among.parts, among.inputs) == (
                alone.params,
                alone.parts,
                alone.inputs,
            ), id
        studio.run()


def test_shots_that_differ_in_one_field_have_keys_of_their_own(new_studio: Any) -> None:
    studio = new_studio({**NEARLY_ALIKE, "start": {**START, "seed": 7}}, seed=7)
    studio.run()
    setups = {shot.shot: shot.job.setup for shot in studio.plan().shots}
    assert len(set(setups.values())) == len(setups)
