"""scenegraph: a scene file becomes shots, checked takes and one reel.

from scenegraph import ImageShot, ExtendShot, Scene, plan, run

scene = Scene.load("scene.yaml")      # or built in Python; scene.save("scene.yaml")
print(plan(scene).usd)                # what it would cost on fal.ai; spends nothing
result = run(scene)                   # the free preview; run_async inside an event loop
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.catalog import calculate_cost, load_catalog
    from scenegraph.errors import SceneError, SceneGraphError, SceneInvalid
    from scenegraph.plan import Plan, Selection
    from scenegraph.run import Event, RunResult, cut_again, plan, run, run_async
    from scenegraph.scene import (
        AnimaticSettings,
        Character,
        DriftPolicy,
        ExtendShot,
        FrameOf,
        ImageShot,
        Lora,
        MotionShot,
        Picture,
        Prompt,
        Reel,
        Scene,
        Shot,
        TextShot,
    )
else:
    from scenegraph.late import come_late

    come_late(
        __name__,
        {
            "catalog": ("calculate_cost", "load_catalog"),
            "errors": ("SceneError", "SceneGraphError", "SceneInvalid"),
            "plan": ("Plan", "Selection"),
            "run": ("Event", "RunResult", "cut_again", "plan", "run", "run_async"),
            "scene": (
                "AnimaticSettings",
                "Character",
                "DriftPolicy",
                "ExtendShot",
                "FrameOf",
                "ImageShot",
                "Lora",
                "MotionShot",
                "Picture",
                "Prompt",
                "Reel",
                "Scene",
                "Shot",
                "TextShot",
            ),
        },
    )

__version__ = "0.1.0"

__all__ = [
    "AnimaticSettings",
    "Character",
    "DriftPolicy",
    "Event",
    "ExtendShot",
    "FrameOf",
    "ImageShot",
    "Lora",
    "MotionShot",
    "Picture",
    "Plan",
    "Prompt",
    "Reel",
    "RunResult",
    "Scene",
    "SceneError",
    "SceneGraphError",
    "SceneInvalid",
    "Selection",
    "Shot",
    "TextShot",
    "__version__",
    "calculate_cost",
    "cut_again",
    "load_catalog",
    "plan",
    "run",
    "run_async",
]
