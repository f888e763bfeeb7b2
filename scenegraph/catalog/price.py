"""What a request costs on the service, before it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from scenegraph.catalog.errors import FieldProblem, RequestInvalid
from scenegraph.catalog.load import load_catalog
from scenegraph.catalog.request import build_request
from scenegraph.catalog.values import Catalog, Endpoint, Price
from scenegraph.units import as_usd, snap_8k1, whole_frames


def price_of(endpoint: Endpoint, params: Mapping[str, Any]) -> Decimal:
    """US dollars for one request, to a hundredth of a cent.

    The 0.9.8 family bills `num_frames` at 24 frames a second, whatever `frame_rate` is. When the
    service's figure is not known (`endpoint.price.known`), the highest figure seen for the family
    is used: an estimate then errs upward.

    >>> from scenegraph.catalog import load_catalog
    >>> extend = load_catalog().endpoint("ltxv-13b-098-distilled", "extend")
    >>> price_of(extend, {"num_frames": 121}), price_of(extend, {"num_frames": 121,
    ...     "enable_detail_pass": True})
    (Decimal('0.1008'), Decimal('0.2017'))
    """
    price = endpoint.price
    usd = _figure(price, endpoint, params) * _units(price, endpoint, params)
    for name, factor in price.times.items():
        if params.get(name) is True:
            usd *= Fraction(factor)
    return as_usd(Decimal(usd.numerator) / Decimal(usd.denominator))


def calculate_cost(
    model: str,
    kind: str,
    *,
    seconds: float | None = None,
    num_frames: int | None = None,
    frame_rate: int = 24,
    detail_pass: bool = False,
    takes: int = 1,
    catalog: Catalog | None = None,
) -> Decimal:
    """US dollars for `takes` requests of one length, without building a scene.

    Args:
        seconds: length as people say it; becomes whole frames at `frame_rate`, snapped to 8k+1.
        num_frames: the exact length instead. For an endpoint that counts total frames this
            includes the frames of the parent that the model is shown.

    >>> calculate_cost("ltxv-13b-098-distilled", "extend", seconds=5)
    Decimal('0.1008')
    >>> calculate_cost("ltxv-13b-098-distilled", "t2v", num_frames=121, detail_pass=True, takes=3)
    Decimal('0.6051')

    Raises:
        UnknownFamily, UnknownKind: the catalog has no such endpoint.
        ValueError: both or neither of `seconds` and `num_frames`, or a length that is not above 0.
    """
    endpoint = (catalog or load_catalog()).endpoint(model, kind)
    if (seconds is None) == (num_frames is None):
        raise ValueError("give seconds or num_frames, one of them")
    if takes < 0 or frame_rate < 1 or (seconds or num_frames or 0) <= 0:
        raise ValueError("a length and a rate are above zero, and takes are not negative")
    params: dict[str, Any] = {"enable_detail_pass": detail_pass}
    if endpoint.counts == "seconds":
        params[endpoint.length] = seconds if seconds is not None else (num_frames or 0) / frame_rate
    else:
        frames = num_frames
        if frames is None:
            frames = whole_frames(seconds or 0, Fraction(frame_rate))
            field = endpoint.fields.get(endpoint.length)
            if field is not None and field.snap == "8k+1":
                frames = snap_8k1(frames, 9, int(field.high or 1441))
        params[endpoint.length] = frames
    return price_of(endpoint, params) * takes


def _figure(price: Price, endpoint: Endpoint, params: Mapping[str, Any]) -> Fraction:
    if price.by_field is None:
        return Fraction(price.usd)
    chosen = params.get(price.by_field)
    if chosen is None and price.by_field in endpoint.fields:
        chosen = endpoint.fields[price.by_field].default
    highest = max((*price.by_value.values(), price.usd))
    return Fraction(price.by_value.get(str(chosen), highest))


def _units(price: Price, endpoint: Endpoint, params: Mapping[str, Any]) -> Fraction:
    if price.unit == "video":
        return Fraction(1)
    length = params.get(endpoint.length)
    if length is None:
        length = endpoint.fields[endpoint.length].default
    if isinstance(length, bool) or not isinstance(length, int | float):
        problem = FieldProblem(endpoint.length, "a price by length needs a number here.")
        raise RequestInvalid(endpoint.id, [problem])
    if price.unit == "second":
        if endpoint.counts == "seconds":
            return Fraction(str(length))
        return Fraction(str(length)) / (price.billed_rate or 24)
    frames = Fraction(str(length))
    if endpoint.counts == "seconds":
        frames *= price.billed_rate or 24
    pixels = frames * Fraction(price.frame_megapixels or 1)
    begun = Decimal(pixels.numerator) / Decimal(pixels.denominator)
    return Fraction(begun.to_integral_value(ROUND_CEILING))


def request_price(endpoint: Endpoint, values: Mapping[str, Any]) -> Decimal:
    """The price of the request that `values` would become once snapped and completed."""
    return price_of(endpoint, build_request(endpoint, values, awaiting=endpoint.inputs).params)
