"""What is still to do: scene, memory and catalog come in; actions, reasons and prices go out.

Keys, plan, selection, amendments and what changed. Everything but `hash_inputs` is pure: it never
reads a file, writes to the ledger, or asks a service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenegraph.plan.advice import advise
    from scenegraph.plan.amend import ANCHOR, amended_graph, graph_changes, pick_amendment
    from scenegraph.plan.context import PlanContext
    from scenegraph.plan.drifting import ChainDrift, Ends, chains_of, plan_ahead
    from scenegraph.plan.expect import Expected
    from scenegraph.plan.hold import PlanChanged, must_hold
    from scenegraph.plan.inputs import Input, hash_file, hash_inputs
    from scenegraph.plan.job import Job
    from scenegraph.plan.keys import derive_seed
    from scenegraph.plan.ladder import RungPrices, graph_rungs, knobs_of, wish_of
    from scenegraph.plan.make import make_plan, plan_all
    from scenegraph.plan.select import Chosen, Selection
    from scenegraph.plan.series import BEST, one_by_one, series_amendment
    from scenegraph.plan.shot import plan_shot
    from scenegraph.plan.speculating import Speculation, lost_usd, speculate_amendment
    from scenegraph.plan.values import Act, Action, Change, Plan, Series, ShotPlan
    from scenegraph.plan.whatif import WhatIf, what_if
    from scenegraph.plan.why import changes
else:
    from scenegraph.late import come_late

    come_late(
        __name__,
        {
            "advice": ("advise",),
            "amend": ("ANCHOR", "amended_graph", "graph_changes", "pick_amendment"),
            "context": ("PlanContext",),
            "drifting": ("ChainDrift", "Ends", "chains_of", "plan_ahead"),
            "expect": ("Expected",),
            "hold": ("PlanChanged", "must_hold"),
            "inputs": ("Input", "hash_file", "hash_inputs"),
            "keys": ("derive_seed",),
            "ladder": ("RungPrices", "graph_rungs", "knobs_of", "wish_of"),
            "make": ("make_plan", "plan_all"),
            "select": ("Chosen", "Selection"),
            "series": ("BEST", "one_by_one", "series_amendment"),
            "shot": ("plan_shot",),
            "speculating": ("Speculation", "lost_usd", "speculate_amendment"),
            "job": ("Job",),
            "values": ("Act", "Action", "Change", "Plan", "Series", "ShotPlan"),
            "whatif": ("WhatIf", "what_if"),
            "why": ("changes",),
        },
    )

__all__ = [
    "ANCHOR",
    "BEST",
    "Act",
    "Action",
    "ChainDrift",
    "Change",
    "Chosen",
    "Ends",
    "Expected",
    "Input",
    "Job",
    "Plan",
    "PlanChanged",
    "PlanContext",
    "RungPrices",
    "Selection",
    "Series",
    "ShotPlan",
    "Speculation",
    "WhatIf",
    "advise",
    "amended_graph",
    "chains_of",
    "changes",
    "derive_seed",
    "graph_changes",
    "graph_rungs",
    "hash_file",
    "hash_inputs",
    "knobs_of",
    "lost_usd",
    "make_plan",
    "must_hold",
    "one_by_one",
    "pick_amendment",
    "plan_ahead",
    "plan_all",
    "plan_shot",
    "series_amendment",
    "speculate_amendment",
    "what_if",
    "wish_of",
]
