"""What may be asked: endpoints as data, with every field, range, default and price.

Values come in, a request that the endpoint will take goes out (or every reason why not, and what
it costs). Never talks to the service, never reads a scene, and never lets an unknown field through.
"""

from scenegraph.catalog.errors import (
    CatalogError,
    FieldProblem,
    RequestInvalid,
    UnknownFamily,
    UnknownKind,
)
from scenegraph.catalog.legal import legal_parameters
from scenegraph.catalog.lengths import length_for, new_frames_in, placement_problems
from scenegraph.catalog.load import DEFAULT_FAMILY, load_catalog
from scenegraph.catalog.price import calculate_cost, price_of, request_price
from scenegraph.catalog.request import Request, build_request, with_urls
from scenegraph.catalog.values import (
    KINDS,
    Catalog,
    Endpoint,
    Family,
    Field,
    InputPath,
    Kind,
    Price,
)

__all__ = [
    "DEFAULT_FAMILY",
    "KINDS",
    "Catalog",
    "CatalogError",
    "Endpoint",
    "Family",
    "Field",
    "FieldProblem",
    "InputPath",
    "Kind",
    "Price",
    "Request",
    "RequestInvalid",
    "UnknownFamily",
    "UnknownKind",
    "build_request",
    "calculate_cost",
    "legal_parameters",
    "length_for",
    "load_catalog",
    "new_frames_in",
    "placement_problems",
    "price_of",
    "request_price",
    "with_urls",
]
