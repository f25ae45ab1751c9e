"""An offer for search engines: schema.org's Product with one Offer, as plain data for JSON-LD."""

from typing import Any, Final

from portal import places
from portal.listings.models import Unit
from portal.storefront.offers import Offer
from portal.web.formatting import plain_amount, unit_label

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
    product: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offer.title,
        "url": url,
        "description": description,
        "additionalProperty": [
            {"@type": "PropertyValue", "name": name, "value": value}
            for name, value in offer.attributes
        ],
        "offers": _offer(offer, url, origin, locale),
    }
    if offer.gpu_name:
        product["model"] = offer.gpu_name
    if offer.first_picture:
        product["image"] = [f"{origin}{offer.first_picture.url}"]
    return product


def _offer(offer: Offer, url: str, origin: str, locale: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Offer",
        "url": url,
        "availability": "https://schema.org/InStock",
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
