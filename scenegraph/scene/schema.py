"""JSON Schema of the scene file, so that editors complete and check it while one types."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from scenegraph.scene.model import Scene
from scenegraph.scene.shots import ID_PATTERN, KINDS

#: The name under which a schema is looked for beside scene files.
SCHEMA_FILE = "scene.schema.json"


def json_schema() -> dict[str, Any]:
    """Draft 7, as most editors read it. Shots are a mapping of id to shot, as in the file."""
    schema = deepcopy(Scene.model_json_schema(mode="validation"))
    shapes = schema["$defs"]
    for model in KINDS.values():
        shape = shapes[model.__name__]
        shape["properties"].pop("id", None)
        shape["required"] = ["kind", *(name for name in shape["required"] if name != "id")]
        shape["properties"]["kind"] = {"const": model.model_fields["kind"].default}
    transitions = shapes["Reel"]["properties"]["transitions"]
    full = transitions["additionalProperties"]
    words = shapes["Transition"]["properties"]["kind"]["enum"]
    transitions["additionalProperties"] = {"anyOf": [{"enum": words}, full]}
    deliver = shapes["Reel"]["properties"]["deliver"]
    one = {"anyOf": [shapes["Deliverable"]["properties"]["format"], deliver["items"]]}
    shapes["Reel"]["properties"]["deliver"] = {
        "title": deliver["title"],
        "default": [],
        "anyOf": [*one["anyOf"], {"type": "array", "items": one}],
    }
    schema["properties"]["shots"] = {
        "title": "Shots",
        "description": "A mapping of id to shot; its order is story order.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": ID_PATTERN, "maxLength": 64},
        "additionalProperties": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": list(KINDS)}},
            "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in KINDS.values()],
        },
    }
    schema["properties"]["budget_usd"] = {
        "title": "Budget in US dollars",
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}],
        "default": None,
    }
    schema["$defs"]["DriftPolicy"]["properties"]["speculate_usd"] = {
        "title": "US dollars that may be lost on hops asked for early",
        "type": "number",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **schema,
        "title": "scenegraph scene",
        "required": ["title", "shots"],
    }
