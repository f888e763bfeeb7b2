"""The rules of the craft, each a function from a scene to what it sees.

From the project's craft reference: what film-makers learnt about these models by losing takes.
Words are matched in English only; a rule that is not sure says nothing.
"""

from __future__ import annotations

from scenegraph.scene.rules.chains import (
    BUDGET_HOPS,
    camera_adds_up,
    long_chain,
    long_take,
    mixed_aspect,
    mixed_rates,
    nearly_canonical,
    never_used,
    not_in_reel,
    nothing_to_follow,
    rates_in_reel,
    snapped_frames,
)
from scenegraph.scene.rules.novelty import new_in_a_hop
from scenegraph.scene.rules.seen import ModelFacts, Seen
from scenegraph.scene.rules.weights import (
    lora_left_out,
    lora_out_of_reach,
    lora_scale,
    loras_not_taken,
    many_loras,
    odd_steps,
    preset_bent,
    unknown_preset_field,
)
from scenegraph.scene.rules.words import (
    character_from_words,
    expanded_prompt,
    hands_in_close_up,
    long_prompt,
    more_than_one_beat,
    no_locks,
)

__all__ = [
    "BUDGET_HOPS",
    "ModelFacts",
    "Seen",
    "camera_adds_up",
    "character_from_words",
    "expanded_prompt",
    "hands_in_close_up",
    "long_chain",
    "long_prompt",
    "long_take",
    "lora_left_out",
    "lora_out_of_reach",
    "lora_scale",
    "loras_not_taken",
    "many_loras",
    "mixed_aspect",
    "mixed_rates",
    "more_than_one_beat",
    "nearly_canonical",
    "never_used",
    "new_in_a_hop",
    "no_locks",
    "not_in_reel",
    "nothing_to_follow",
    "odd_steps",
    "preset_bent",
    "rates_in_reel",
    "snapped_frames",
    "unknown_preset_field",
]
