"""Lint with the catalog at hand: the rules know which fields the scene's model has."""

from __future__ import annotations

from scenegraph.catalog import Catalog, Family, load_catalog
from scenegraph.scene import LintFinding, ModelFacts, Scene, lint


def advise(scene: Scene, catalog: Catalog | None = None) -> list[LintFinding]:
    """Everything that the rules of the craft see in a scene, in the order of its file.

    Args:
        catalog: the packaged one by default.

    Raises:
        UnknownFamily: the scene names a model that the catalog does not have.
    """
    return lint(scene, facts_of((catalog or load_catalog()).family(scene.model)))


def facts_of(family: Family) -> ModelFacts:
    """What the rules may know of a family.

    >>> facts = facts_of(load_catalog().family("ltxv-13b-098-distilled"))
    >>> facts.fields["extend"]["first_pass_num_inference_steps"]
    (2.0, 12.0)
    """
    fields = {
        str(kind): {name: (field.low, field.high) for name, field in endpoint.fields.items()}
        for kind, endpoint in family.endpoints.items()
    }
    return ModelFacts(family.name, fields)
