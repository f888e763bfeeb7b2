"""What is still to do: scene, memory and catalog come in; actions, reasons and prices go out.

Keys, plan, selection, amendments and what changed. Everything but `hash_inputs` is pure: it never
reads a file, writes to the ledger, or asks a service.
"""

from scenegraph.plan.amend import ANCHOR, amended_graph, graph_changes, pick_amendment
from scenegraph.plan.context import PlanContext
from scenegraph.plan.expect import Expected
from scenegraph.plan.inputs import Input, hash_file, hash_inputs
from scenegraph.plan.keys import derive_seed
from scenegraph.plan.ladder import RungPrices, graph_rungs, knobs_of, wish_of
from scenegraph.plan.make import make_plan, plan_all
from scenegraph.plan.select import Chosen, Selection
from scenegraph.plan.shot import plan_shot
from scenegraph.plan.values import Act, Action, Change, Job, Plan, ShotPlan
from scenegraph.plan.why import changes

__all__ = [
    "ANCHOR",
    "Act",
    "Action",
    "Change",
    "Chosen",
    "Expected",
    "Input",
    "Job",
    "Plan",
    "PlanContext",
    "RungPrices",
    "Selection",
    "ShotPlan",
    "amended_graph",
    "changes",
    "derive_seed",
    "graph_changes",
    "graph_rungs",
    "hash_file",
    "hash_inputs",
    "knobs_of",
    "make_plan",
    "pick_amendment",
    "plan_all",
    "plan_shot",
    "wish_of",
]
