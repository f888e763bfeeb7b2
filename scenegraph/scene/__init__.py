"""In: a scene file, or parts built in Python. Out: a checked `Scene`, its graph and its words.

It never asks a service, never opens media beyond a still's header, and spends nothing.
"""

from __future__ import annotations

from scenegraph.scene.deliver import Deliverable
from scenegraph.scene.draw import draw_dot, draw_mermaid
from scenegraph.scene.fixes import (
    FIXES,
    Failure,
    Fix,
    advice_against,
    fixes_for,
    phrases_for,
    plain_name,
)
from scenegraph.scene.folders import placed
from scenegraph.scene.graph import ShotGraph, hop_ids
from scenegraph.scene.join import add_shots, join
from scenegraph.scene.lint import RULES, LintFinding, Rule, lint
from scenegraph.scene.load import load_scene
from scenegraph.scene.loras import Lora, LoraKind, LoraUse, SceneLora
from scenegraph.scene.model import (
    CANONICAL_KEYFRAMES,
    AnimaticSettings,
    Character,
    DriftPolicy,
    Picture,
    Scene,
)
from scenegraph.scene.naming import free_name
from scenegraph.scene.prompt import (
    NEGATIVE_PROMPT,
    frame_rate,
    has_loras,
    negative_prompt,
    new_frames,
    render_prompt,
    shot_loras,
    shot_parameters,
)
from scenegraph.scene.reel import Reel, Transition
from scenegraph.scene.rules import ModelFacts
from scenegraph.scene.save import save_scene, scene_data, scene_text
from scenegraph.scene.schema import json_schema
from scenegraph.scene.shots import (
    DriftOverride,
    ExtendShot,
    FrameOf,
    ImageShot,
    Kind,
    MotionShot,
    Prompt,
    Rung,
    Shot,
    TextShot,
    without_hop,
)
from scenegraph.scene.svg import draw_svg
from scenegraph.scene.tracks import Track

__all__ = [
    "CANONICAL_KEYFRAMES",
    "FIXES",
    "NEGATIVE_PROMPT",
    "RULES",
    "AnimaticSettings",
    "Character",
    "Deliverable",
    "DriftOverride",
    "DriftPolicy",
    "ExtendShot",
    "Failure",
    "Fix",
    "FrameOf",
    "ImageShot",
    "Kind",
    "LintFinding",
    "Lora",
    "LoraKind",
    "LoraUse",
    "ModelFacts",
    "MotionShot",
    "Picture",
    "Prompt",
    "Reel",
    "Rule",
    "Rung",
    "Scene",
    "SceneLora",
    "Shot",
    "ShotGraph",
    "TextShot",
    "Track",
    "Transition",
    "add_shots",
    "advice_against",
    "draw_dot",
    "draw_mermaid",
    "draw_svg",
    "fixes_for",
    "frame_rate",
    "free_name",
    "has_loras",
    "hop_ids",
    "join",
    "json_schema",
    "lint",
    "load_scene",
    "negative_prompt",
    "new_frames",
    "phrases_for",
    "placed",
    "plain_name",
    "render_prompt",
    "save_scene",
    "scene_data",
    "scene_text",
    "shot_loras",
    "shot_parameters",
    "without_hop",
]
