"""Recipes of the craft: a few words, stills and seconds come in; a whole scene comes out.

Each is a function with arguments named as a film-maker would; the engine finds them, and those
of other packages, by the entry-point group `scenegraph.workflows`. They plan and spend nothing.
"""

from workflows.conversation import conversation
from workflows.craft import SceneOptions, make_scene
from workflows.establishing import establishing
from workflows.from_storyboard import from_storyboard
from workflows.long_form import long_form
from workflows.motion_directed import motion_directed
from workflows.new_angle import new_angle
from workflows.registry import Parameter, Recipe, recipe, recipes
from workflows.single_shot import single_shot

__all__ = [
    "Parameter",
    "Recipe",
    "SceneOptions",
    "conversation",
    "establishing",
    "from_storyboard",
    "long_form",
    "make_scene",
    "motion_directed",
    "new_angle",
    "recipe",
    "recipes",
    "single_shot",
]
