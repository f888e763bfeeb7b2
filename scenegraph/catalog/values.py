"""The catalog's values: a family, its endpoints, their fields and their price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from scenegraph.catalog.errors import UnknownFamily, UnknownKind

Kind = Literal["t2v", "i2v", "extend", "multicondition"]
KINDS: tuple[Kind, ...] = ("t2v", "i2v", "extend", "multicondition")
Counts = Literal["total", "added", "seconds"]
FieldType = Literal["string", "url", "integer", "number", "boolean", "object", "list"]
InputPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a request.

    Attributes:
        type: `url` is a string on the wire that names a file; `list` is a list of objects.
        default: what the service does when nothing is sent (None: nothing stated).
        send: what we send when the caller sets nothing (None: nothing is sent).
        low, high: bounds, both included.
        multiple_of: grid that the service enforces.
        snap: `8k+1` or `multiple`: how a value off the grid is moved; None: it is refused.
        fields: the fields of the nested object, of each entry of a list.
        mistaken: wrong names seen inside the nested object, and the right way.
        stands_for: values legal on a sibling endpoint, and what they mean here.
    """

    name: str
    type: FieldType
    required: bool = False
    default: Any = None
    send: Any = None
    low: float | None = None
    high: float | None = None
    multiple_of: float | None = None
    snap: Literal["8k+1", "multiple"] | None = None
    choices: tuple[Any, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    mistaken: Mapping[str, str] = field(default_factory=dict, repr=False)
    stands_for: Mapping[str, Any] = field(default_factory=dict)
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one request costs on the service.

    Attributes:
        usd: dollars for one unit; an upper guess when `known` is False, and `source` says whose.
        unit: `second` of picture at `billed_rate` frames, one `video`, or one `megapixel` (begun
            megapixels of width x height x frames, at `frame_megapixels` for one frame).
        by_field, by_value: the figure that the value of one field chooses, if it does.
        times: what a field that is true multiplies the figure by.
    """

    usd: Decimal
    unit: Literal["second", "video", "megapixel"]
    known: bool
    source: str
    date: date | None = None
    billed_rate: int | None = None
    frame_megapixels: Decimal | None = None
    by_field: str | None = None
    by_value: Mapping[str, Decimal] = field(default_factory=dict)
    times: Mapping[str, Decimal] = field(default_factory=dict)

    def __str__(self) -> str:
        per = f"${self.usd} per {self.unit}"
        return per if self.known else f"not known (at most {per} assumed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address that a shot may be asked from.

    Attributes:
        id: the address, such as `fal-ai/ltxv-13b-098-distilled/extend`.
        version: changes when the same request could mean another picture (a default that we do not
            send, a length that counts otherwise). A price, a range or a text does not change it,
            so correcting one never makes a take stale.
        counts: what the length field means: `total` frames with those that the model was shown,
            frames `added`, or `seconds` added.
        length: the name of the length field (`num_frames`, `duration`).
        output: names that the answer carries.
    """

    id: str
    kind: Kind
    family: str
    version: str
    fields: Mapping[str, Field]
    counts: Counts
    length: str
    price: Price
    source: str
    checked: date
    active: bool
    output: tuple[str, ...]
    mistaken: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def has_seed(self) -> bool:
        """Whether a take can be asked for again and come out the same."""
        return "seed" in self.fields

    @property
    def inputs(self) -> tuple[InputPath, ...]:
        """Where files go; a list's entries as 0, as in `("images", 0, "image_url")`."""
        return tuple(_url_paths(self.fields))


def _url_paths(fields: Mapping[str, Field], before: InputPath = ()) -> list[InputPath]:
    paths: list[InputPath] = []
    for name, one in fields.items():
        here: InputPath = (*before, name)
        if one.type == "url":
            paths.append(here)
        elif one.fields:
            paths += _url_paths(one.fields, (*here, 0) if one.type == "list" else here)
    return paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One model with an endpoint for each kind of shot that it can make.

    `version` changes whenever any of its data change, prices and texts included.
    """

    name: str
    title: str
    version: str
    active: bool
    source: str
    checked: date
    endpoints: Mapping[Kind, Endpoint]

    def endpoint(self, kind: str) -> Endpoint:
        """The endpoint for shots of `kind`.

        Raises:
            UnknownKind: this family has none.
        """
        for known, found in self.endpoints.items():
            if known == kind:
                return found
        raise UnknownKind(self.name, kind, tuple(self.endpoints))


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every family that may be asked, by name."""

    families: Mapping[str, Family]

    def family(self, name: str) -> Family:
        """The family called `name`.

        Raises:
            UnknownFamily: there is none; the error names the nearest.
        """
        if name not in self.families:
            raise UnknownFamily(name, tuple(self.families))
        return self.families[name]

    def endpoint(self, model: str, kind: str) -> Endpoint:
        """Short for `family(model).endpoint(kind)`."""
        return self.family(model).endpoint(kind)

    def by_id(self, id: str) -> Endpoint | None:
        """The endpoint at this address, or None."""
        for family in self.families.values():
            for endpoint in family.endpoints.values():
                if endpoint.id == id:
                    return endpoint
        return None
