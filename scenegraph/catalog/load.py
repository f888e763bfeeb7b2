"""Family files (YAML) into the catalog. A new family is a new file, not new code.

Two plain rules keep the files short: a family may be `like` another, and an endpoint's fields are
laid over the family's. Laying over means: mappings merge, anything else replaces, null removes.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Spec

from scenegraph.catalog.errors import CatalogError
from scenegraph.catalog.values import (
    KINDS,
    Catalog,
    Counts,
    Endpoint,
    Family,
    Field,
    FieldType,
    Kind,
    Price,
)
from scenegraph.errors import did_you_mean

#: A family file is a page of text; anything larger is something else.
MOST_BYTES = 1_000_000


#: The family that a scene uses when it names none.
DEFAULT_FAMILY = "ltxv-13b-098-distilled"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _FieldData(_Strict):
    type: FieldType
    of: str | None = None
    required: bool = False
    default: Any = None
    send: Any = None
    low: float | None = None
    high: float | None = None
    multiple_of: float | None = Spec(default=None, gt=0)
    snap: Literal["8k+1", "multiple"] | None = None
    choices: tuple[str | int, ...] = ()
    stands_for: dict[str, Any] = {}
    doc: str = ""


class _ObjectData(_Strict):
    fields: dict[str, _FieldData]
    mistaken: dict[str, str] = {}


class _PriceData(_Strict):
    usd: Decimal | Literal["not known"]
    assumed: Decimal | None = None
    unit: Literal["second", "video", "megapixel"]
    billed_rate: int | None = Spec(default=None, gt=0)
    frame_megapixels: Decimal | None = Spec(default=None, gt=0)
    by_field: str | None = None
    by_value: dict[str, Decimal] = {}
    times: dict[str, Decimal] = {}
    source: str
    date: datetime.date | None = None


class _EndpointData(_Strict):
    id: str = Spec(pattern=r"^[a-z0-9][\w.-]*(/[a-z0-9][\w.-]*)+$")
    counts: Counts
    length: str = "num_frames"
    fields: dict[str, _FieldData]
    price: _PriceData
    output: tuple[str, ...] | None = None
    mistaken: dict[str, str] = {}
    source: str | None = None
    checked: datetime.date | None = None
    active: bool | None = None


class _FamilyData(_Strict):
    family: str = Spec(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: str
    active: bool = True
    checked: datetime.date
    source: str
    objects: dict[str, _ObjectData] = {}
    output: tuple[str, ...] = ("video",)
    endpoints: dict[Kind, _EndpointData] = Spec(min_length=1)


def load_catalog(extra: Sequence[Path] = ()) -> Catalog:
    """Every packaged family, and those of `extra` files, which may be `like` any other.

    >>> catalog = load_catalog()
    >>> catalog.family("ltxv-13b-098-distilled").endpoint("extend").id
    'fal-ai/ltxv-13b-098-distilled/extend'

    Raises:
        CatalogError: a file is missing, is no YAML, or is not of the form.
    """
    return _load(tuple(Path(path) for path in extra)) if extra else _packaged()


@cache
def _packaged() -> Catalog:
    return _load(())


def _load(extra: tuple[Path, ...]) -> Catalog:
    packaged = files("scenegraph.catalog") / "families"
    texts: dict[str, str] = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(packaged.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }
    written = {name: _parse(name, text) for name, text in texts.items()}
    names = {str(data.get("family")) for data in written.values()}
    for path in extra:
        data = _parse(str(path), _read(path))
        if str(data.get("family")) in names:
            raise CatalogError(path, f"there is a family {data['family']!r} already")
        names.add(str(data.get("family")))
        written[str(path)] = data
    whole = {
        file: _laid_over_its_like(file, data, list(written.values()))
        for file, data in written.items()
    }
    families = [_family(file, data) for file, data in whole.items()]
    families.sort(
        key=lambda family: (not family.active, family.name != DEFAULT_FAMILY, family.name)
    )
    return Catalog({family.name: family for family in families})


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CatalogError(path, f"it is larger than {MOST_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(path, f"it cannot be read ({error})") from error


def _parse(file: str, text: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise CatalogError(file, f"it is no YAML ({error})") from error
    if not isinstance(data, dict) or "family" not in data:
        raise CatalogError(file, "it has no `family:`")
    return data


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: mappings merge, anything else replaces, None removes.

    >>> lay_over({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"x": 9, "y": None}, "c": 4})
    {'a': {'x': 9}, 'b': 3, 'c': 4}
    """
    laid = dict(below)
    for name, value in above.items():
        under = laid.get(name)
        if value is None:
            laid.pop(name, None)
        elif isinstance(value, Mapping):
            laid[name] = lay_over(under if isinstance(under, Mapping) else {}, value)
        else:
            laid[name] = value
    return laid


def _laid_over_its_like(
    file: str, data: Mapping[str, Any], written: Sequence[Mapping[str, Any]], depth: int = 0
) -> dict[str, Any]:
    like = data.get("like")
    if like is None:
        return dict(data)
    if depth > len(written):
        raise CatalogError(file, f"`like: {like}` goes round in a circle")
    for other in written:
        if other["family"] == like:
            below = _laid_over_its_like(file, other, written, depth + 1)
            return lay_over(below, {name: value for name, value in data.items() if name != "like"})
    known = [str(other["family"]) for other in written]
    raise CatalogError(file, f"`like: {like}` names no family.{did_you_mean(str(like), known)}")


def _whole_objects(file: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    objects: dict[str, Any] = {}
    for name, body in raw.items():
        like = body.get("like")
        if like is not None and like not in objects:
            raise CatalogError(file, f"object {name!r} is like {like!r}, which is not above it")
        over = {key: value for key, value in body.items() if key != "like"}
        objects[name] = lay_over(objects[like], over) if like else lay_over({}, over)
    return objects


def _family(file: str, whole: Mapping[str, Any]) -> Family:
    raw = dict(whole)
    try:
        common = raw.pop("fields", None) or {}
        mistaken = raw.pop("mistaken", None) or {}
        raw["objects"] = _whole_objects(file, raw.get("objects") or {})
        raw["endpoints"] = {
            kind: body
            | {
                "fields": lay_over(common, body.get("fields") or {}),
                "mistaken": lay_over(mistaken, body.get("mistaken") or {}),
            }
            for kind, body in (raw.get("endpoints") or {}).items()
        }
        data = _FamilyData.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogError(file, f"{place}: {first['msg']}") from error
    except (AttributeError, TypeError) as error:
        raise CatalogError(file, "a mapping is expected where it has something else") from error
    version = _digest(data.model_dump(mode="json"))
    highest = _highest_figure(file, data)
    endpoints = {
        kind: _endpoint(file, data, kind, data.endpoints[kind], highest)
        for kind in KINDS
        if kind in data.endpoints
    }
    return Family(
        name=data.family,
        title=data.title,
        version=version,
        active=data.active,
        source=data.source,
        checked=data.checked,
        endpoints=endpoints,
    )


def _endpoint(
    file: str, family: _FamilyData, kind: Kind, data: _EndpointData, highest: Decimal
) -> Endpoint:
    fields = {name: _field(file, family, name, one) for name, one in data.fields.items()}
    if data.length not in fields and data.price.unit != "video":
        raise CatalogError(file, f"{kind} has no field {data.length!r} to tell its length by")
    return Endpoint(
        id=data.id,
        kind=kind,
        family=family.family,
        version=_picture_version(data.id, data.counts, fields),
        fields=fields,
        counts=data.counts,
        length=data.length,
        price=_price(data.price, highest),
        source=data.source or family.source,
        checked=data.checked or family.checked,
        active=family.active if data.active is None else data.active,
        output=data.output or family.output,
        mistaken={name: said for name, said in data.mistaken.items() if name not in fields},
    )


def _field(file: str, family: _FamilyData, name: str, data: _FieldData) -> Field:
    nested: dict[str, Field] = {}
    mistaken: Mapping[str, str] = {}
    if (data.type in ("object", "list")) != (data.of is not None):
        raise CatalogError(file, f"{name}: an object or a list says `of:` what, nothing else does")
    if data.of is not None:
        if data.of not in family.objects:
            raise CatalogError(file, f"{name}: `of: {data.of}` names no object of this family")
        shape = family.objects[data.of]
        nested = {inner: _field(file, family, inner, one) for inner, one in shape.fields.items()}
        mistaken = shape.mistaken
    if data.snap == "8k+1" and data.high is not None and data.high % 8 != 1:
        raise CatalogError(file, f"{name}: its highest value {data.high:g} is not of the form 8k+1")
    if data.snap == "multiple" and data.multiple_of is None:
        raise CatalogError(file, f"{name}: `snap: multiple` needs `multiple_of:`")
    return Field(
        name=name,
        fields=nested,
        mistaken=mistaken,
        **data.model_dump(exclude={"of"}),
    )


def _highest_figure(file: str, data: _FamilyData) -> Decimal:
    """What an endpoint without a known price is assumed to cost: the family's highest figure."""
    figures = [
        figure
        for endpoint in data.endpoints.values()
        for figure in (endpoint.price.usd, endpoint.price.assumed)
        if isinstance(figure, Decimal)
    ]
    if not figures:
        raise CatalogError(file, "no endpoint has a price; give `assumed:` an upper figure")
    return max(figures)


def _price(data: _PriceData, highest: Decimal) -> Price:
    known = isinstance(data.usd, Decimal)
    usd = data.usd if isinstance(data.usd, Decimal) else data.assumed or highest
    return Price(usd=usd, known=known, **data.model_dump(exclude={"usd", "assumed"}))


def _picture_version(id: str, counts: str, fields: Mapping[str, Field]) -> str:
    """Short hash of what an unchanged request's picture depends on: see `Endpoint.version`."""

    def unsent(fields: Mapping[str, Field]) -> dict[str, Any]:
        defaults: dict[str, Any] = {}
        for name, one in sorted(fields.items()):
            if one.send is None and one.default is not None:
                defaults[name] = one.default
            if one.fields:
                defaults[f"{name}.*"] = unsent(one.fields)
        return defaults

    return _digest([id, counts, unsent(fields)])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()[:12]
