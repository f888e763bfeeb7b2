"""Dailies: a scene, its plan and its ledger come in; one HTML file goes out.

It shows what happened and what to do next. It decides nothing, shoots nothing and asks no network.
"""

from scenegraph.report.build import build_page
from scenegraph.report.material import Material, gather
from scenegraph.report.page import Page
from scenegraph.report.write import Dailies, render, write_dailies

__all__ = ["Dailies", "Material", "Page", "build_page", "gather", "render", "write_dailies"]
