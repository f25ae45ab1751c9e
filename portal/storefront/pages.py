"""What the public templates read, and the stamps by which browsers know their kept copies."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from flask import current_app, request
from flask_babel import gettext as _
from markupsafe import Markup

from portal import clock, hardware, places
from portal.config import Settings
from portal.listings.fields import DELIVERIES, RULES
from portal.listings.models import Currency, Unit
from portal.statistics import counting
from portal.storefront import listed, queries
from portal.storefront.filters import CHEAPEST, DEAREST, NEWEST, NO, YES, Filters, url_of
from portal.storefront.offers import Offer, gpu_hour_price, offer_of
from portal.storefront.structured import offer_data
from portal.web import richtext
from portal.web.assets import static_url
from portal.web.formatting import format_price, unit_label
from portal.web.fragments import is_fragment_request
from portal.web.languages import current_language
from portal.web.pagination import Page, decode, paged

Parts = tuple[Sequence[Any], Sequence[Any]]
_TEMPLATES: Final = Path(__file__).parents[2] / "templates"
_FILES: Final = ("public.css", "portal.js", "htmx.js", "icons.svg")


def origin() -> str:
    """Scheme and host under which the public reaches this site."""
    settings: Settings = current_app.config["PORTAL"]
    return settings.public_origin.rstrip("/")


def list_context(filters: Filters) -> dict[str, Any]:
    """What the list of offers reads."""
    cursor = decode(request.args.get("page"), int, int)
    rows, total = listed.live_offers(filters, cursor)
    page = paged(
        rows,
        size=listed.PAGE,
        cursor=cursor,
        key=lambda row: listed.sort_key(filters.sort, row),
        url=lambda cursor: url_of(filters, page=cursor),
    )
    return {
        "filters": filters,
        "listed": page,
        "cards": cards(page),
        "total": total,
        "count_cap": listed.COUNT_CAP,
        "chips": _chips(filters),
        "options": _options(filters, current_language()),
        "canonical": f"{origin()}/",
        "alternates": alternates("/"),
    }


def cards(page: Page[Any]) -> list[dict[str, Any]]:
    """The rows of a page with what a card says besides."""
    return [card(row) for row in page.rows]


def card(row: Any) -> dict[str, Any]:
    """One row of a list: its columns as `offer`, the GPU's name, its price per GPU-hour."""
    gpu = hardware.model(row.gpu_model) if row.gpu_model else None
    return {
        "offer": row,
        "gpu_name": gpu.name if gpu else row.gpu_model,
        "memory": row.gpu_memory_gib or (gpu.memory_gib if gpu else None),
        "vendor": gpu.vendor if gpu else "",
        "gpu_hour": gpu_hour_price(row) if row.unit != Unit.GPU_HOUR else None,
    }


def _chips(filters: Filters) -> list[tuple[str, str]]:
    """What the list was narrowed by: words, and the address without it."""
    locale = current_language()
    gpu = hardware.model(filters.gpu) if filters.gpu else None
    words = [
        (("q",), f"“{filters.q}”" if filters.q else ""),
        (("gpu",), gpu.name if gpu else ""),
        (("place",), places.label(filters.place, locale) if filters.place else ""),
        (("price_from", "price_to"), _range_words(filters)),
        # An order by price needs a currency: without it the order goes too.
        (("currency", "sort"), "" if filters.has_range else filters.currency),
        (("unit",), unit_label(filters.unit, locale) if filters.unit else ""),
        (
            ("negotiable",),
            {YES: _("Price on request"), NO: _("With a price")}.get(filters.negotiable, ""),
        ),
        (("delivery",), RULES["delivery"].words(filters.delivery) if filters.delivery else ""),
        (("in_stock",), _("In stock only") if filters.in_stock else ""),
    ]
    return [(text, url_of(filters, without=names)) for names, text in words if text]


def _range_words(filters: Filters) -> str:
    if not filters.has_range:
        return ""
    low, high = filters.amount(filters.price_from) or "0", filters.amount(filters.price_to)
    span = f"{low} – {high}" if high else f"≥ {low}"
    return f"{span} {filters.currency}"


@lru_cache(maxsize=256)
def _place_options(locale: str, chosen: str) -> list[tuple[str, str]]:
    tops = [(place.code, place.name(locale)) for place in places.children()]
    if chosen and chosen not in dict(tops):
        tops.insert(0, (chosen, places.label(chosen, locale)))
    return tops


def _options(filters: Filters, locale: str) -> dict[str, list[tuple[str, str]]]:
    """Values and texts of the form's selects."""
    models = [pair for pairs in hardware.choices().values() for pair in pairs]
    return {
        "gpu": [("", _("All models")), *models],
        "place": [("", _("All places")), *_place_options(locale, filters.place)],
        "currency": [("", _("All currencies")), *((c.value, c.value) for c in Currency)],
        "unit": [("", _("All units")), *((u.value, unit_label(u.value, locale)) for u in Unit)],
        "delivery": [("", _("Any")), *((code, str(text)) for code, text in DELIVERIES.items())],
        "negotiable": [("", _("All")), (NO, _("With a price")), (YES, _("Price on request"))],
        "sort": [
            (NEWEST, _("Newest first")),
            (CHEAPEST, _("Lowest price first")),
            (DEAREST, _("Highest price first")),
        ],
    }


def body_context(row: Any, parts: Parts, related: list[Any]) -> dict[str, Any]:
    """The offer and those like it, as both the public page and the preview show them.

    Args:
        row: as queries.offer_row gives it.
        parts: as queries.parts_of gives them.
        related: as related.related_to gives them.
    """
    return {"offer": offer_of(row, *parts), "related": [card(one) for one in related]}


def offer_context(row: Any, related: list[Any]) -> dict[str, Any]:
    """What the page of one offer reads, all but its inquiry form; arguments as body_context()."""
    body = body_context(row, queries.parts_of(row.id), related)
    offer: Offer = body["offer"]
    path, locale = f"/offers/{row.id}", current_language()
    price = format_price(row.price_minor, row.currency, row.unit, locale)
    place = places.label(row.place, locale) if row.place else ""
    summary = " · ".join(filter(None, (price, place, row.provider_name)))
    words = richtext.plain_excerpt(row.description, 150) if row.description.strip() else ""
    image = offer.cover.url if offer.cover else None
    return {
        **body,
        "is_preview": False,
        "crumbs": _crumbs(row, offer.gpu_name, place),
        "canonical": f"{origin()}{path}",
        "alternates": alternates(path),
        "description": " · ".join(filter(None, (summary, words))),
        "preview_image": f"{origin()}{image}" if image else None,
        "structured": offer_data(offer, f"{origin()}{path}", origin(), words or row.title, locale),
        "view_token": counting.token_for(row.id),
    }


def _crumbs(row: Any, gpu_name: str | None, place: str) -> list[tuple[str, str]]:
    """Words and addresses that lead from one offer to those like it."""
    crumbs = [(_("All offers"), "/")]
    if gpu_name:
        crumbs.append((gpu_name, url_of(Filters(gpu=row.gpu_model))))
    if place:
        crumbs.append((place, url_of(Filters(place=row.place))))
    return crumbs


def provider_context(row: Any) -> dict[str, Any]:
    """What a provider's page reads."""
    cursor = decode(request.args.get("page"), int, int)
    path = f"/providers/{row.id}"
    page = paged(
        listed.live_offers_of(row.id, cursor),
        size=listed.PAGE,
        cursor=cursor,
        key=lambda one: listed.sort_key(NEWEST, one),
        url=lambda cursor: f"{path}?page={cursor}",
    )
    return {
        "provider": row,
        "about": richtext.render(row.about) if row.about.strip() else Markup(""),
        "description": richtext.plain_excerpt(row.about, 160) if row.about.strip() else row.name,
        # Only an address of the web: what else was stored there would be a link into anything.
        "website": row.website if _is_web_address(row.website or "") else None,
        "listed": page,
        "cards": cards(page),
        "canonical": f"{origin()}{path}",
        "alternates": alternates(path),
    }


def _is_web_address(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def alternates(path: str) -> list[tuple[str, str]]:
    """Language and address of the same page in each language, and without a choice."""
    url = f"{origin()}{path}"
    return [("zh-CN", f"{url}?lang=zh"), ("en", f"{url}?lang=en"), ("x-default", url)]


def stamp(*parts: Any) -> str:
    """An ETag for what depends on these values, the language, the theme and the hour.

    The hour is in it because forms and view tokens in the page grow old, and offers end.
    """
    asked = (current_language(), request.cookies.get("theme"), is_fragment_request())
    known = (release(), *asked, request.full_path, clock.now() // clock.HOUR, clock.today(), *parts)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def release() -> str:
    """A digest of the templates, translations and built files: a new release, new pages."""
    digest = hashlib.sha256("".join(map(static_url, _FILES)).encode())
    files = [*_TEMPLATES.rglob("*.html"), *Path(__file__).parents[1].rglob("*.mo")]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()
