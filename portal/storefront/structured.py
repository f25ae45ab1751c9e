"""An offer for search engines: schema.org's Product with one Offer, as plain data for JSON-LD."""

from typing import Any, Final

from portal import clock, places
from portal.listings.content import Content
from portal.listings.models import Unit
from portal.listings.vocabulary import Kind
from portal.storefront.offers import Offer
from portal.web.formatting import plain_amount, unit_label

_OF_THE_PRODUCT: Final = frozenset({"machine", "network"})
"""Groups of facts that tell what is offered, not on which terms."""
_CODES: Final = {
    Unit.GPU_HOUR: "HUR",
    Unit.MACHINE_HOUR: "HUR",
    Unit.GPU_DAY: "DAY",
    Unit.MACHINE_DAY: "DAY",
    Unit.GPU_MONTH: "MON",
    Unit.MACHINE_MONTH: "MON",
}
"""UN/CEFACT Recommendation 20 codes of the time one price buys; an item has none."""


def offer_data(
    offer: Offer, url: str, origin: str, description: str, locale: str
) -> dict[str, Any]:
    """What the page says, in schema.org's words.

    Args:
        offer: the offer.
        url: its canonical address.
        origin: scheme and host of this site.
        description: plain words.
        locale: `zh` or `en`.
    """
    stated = [
        fact for group in offer.groups if group.key in _OF_THE_PRODUCT for fact in group.facts
    ]
    product: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offer.title,
        "url": url,
        "description": description,
        "additionalProperty": [
            {"@type": "PropertyValue", "name": str(name), "value": value}
            for name, value in (*offer.content.attributes, *stated)
        ],
        "offers": _offer(offer, url, origin, locale),
    }
    if offer.content.own_number:
        product["sku"] = offer.content.own_number
    if offer.content.brand:
        product["brand"] = {"@type": "Brand", "name": offer.content.brand}
    if offer.gpu_name:
        product["model"] = offer.gpu_name
    if offer.content.images:
        product["image"] = [f"{origin}/media/{key}.webp" for key, _alt in offer.content.images]
    return product


def _offer(offer: Offer, url: str, origin: str, locale: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Offer",
        "url": url,
        "availability": f"https://schema.org/{_availability(offer.content)}",
        "seller": {
            "@type": "Organization",
            "name": offer.provider.name,
            "url": f"{origin}/providers/{offer.provider.id}",
        },
    }
    if offer.place:
        data["areaServed"] = places.label(offer.place, locale)
    if offer.valid_until:
        data["priceValidUntil"] = offer.valid_until.isoformat()
    if offer.price_minor is not None:
        data |= _price(offer, offer.price_minor, locale)
    return data | _terms(offer.content)


def _availability(content: Content) -> str:
    if content.stock == 0:
        return "OutOfStock"
    is_later = content.available_from is not None and content.available_from > clock.today()
    return "PreOrder" if is_later else "InStock"


def _terms(content: Content) -> dict[str, Any]:
    """What else is stated of stock, order, delivery and rental."""
    data: dict[str, Any] = {}
    if content.stock is not None:
        data["inventoryLevel"] = {"@type": "QuantitativeValue", "value": content.stock}
    if content.min_order is not None:
        data["eligibleQuantity"] = {"@type": "QuantitativeValue", "minValue": content.min_order}
    if content.delivery_days is not None:
        days = {"value": content.delivery_days, "unitCode": "DAY"}
        data["deliveryLeadTime"] = {"@type": "QuantitativeValue", **days}
    if content.kind == Kind.USED:
        data["itemCondition"] = "https://schema.org/UsedCondition"
    for name, day in (
        ("availabilityStarts", content.available_from),
        ("availabilityEnds", content.available_until),
    ):
        if day:
            data[name] = day.isoformat()
    return data


def _price(offer: Offer, price_minor: int, locale: str) -> dict[str, Any]:
    amount = plain_amount(price_minor, offer.currency)
    specification = {
        "@type": "UnitPriceSpecification",
        "price": amount,
        "priceCurrency": offer.currency,
        "unitText": unit_label(offer.unit, locale),
    }
    if code := _CODES.get(Unit(offer.unit)):
        specification["unitCode"] = code
    return {
        "price": amount,
        "priceCurrency": offer.currency,
        "priceSpecification": specification,
    }
