"""Puts the demo data into an empty database, all of it or nothing."""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.actions import add_person, add_provider, has_people
from portal.clock import DAY
from portal.config import Settings
from portal.database import transaction
from portal.demo import inquiries
from portal.demo.pictures import DRAWN
from portal.listings import actions
from portal.listings.content import COLUMNS, Content
from portal.listings.counters import record_views
from portal.listings.models import Listing, Status
from portal.permissions import Role
from portal.statistics.models import ListingDay, ProviderDay

DOMAIN: Final = "a.example"
"""Addresses in this domain are the demo's: where there is one, the demo has been loaded."""
_DAYS: Final = 60
_OFFERS: Final = Path(__file__).parent / "offers.toml"
# A week of an office that buys compute: quiet at its end. Monday first.
_WEEK: Final = (1.15, 1.2, 1.15, 1.1, 1.0, 0.6, 0.55)

Views = dict[int, dict[date, dict[str, int]]]


def load(settings: Settings) -> bool:
    """Load the demo; False when it is there already.

    The seed is fixed, the days are those before today: two machines show the same month.
    """
    if has_people(DOMAIN):
        return False
    chance = random.Random(4090)  # noqa: S311 - plausible figures, not secrets
    described = tomllib.loads(_OFFERS.read_text(encoding="utf-8"))["provider"]
    with transaction() as session:
        owners = [_add_provider(facts) for facts in described]
        people = _add_people(settings.demo_password, owners)
        for owner, facts in zip(owners, described, strict=True):
            views = {
                _add_offer(session, settings, owner, offer): dict(_month(chance, offer))
                for offer in facts["offer"]
            }
            _write_views(session, owner, {key: days for key, days in views.items() if days})
        inquiries.add(session, chance, owners, people)
    return True


def _add_provider(facts: dict[str, Any]) -> int:
    return add_provider(
        facts["name"],
        about=facts["about"].strip(),
        place=facts["place"],
        website=facts["website"],
        verified_at=clock.now() - 200 * DAY if facts["verified"] else None,
        reviews_listings=facts.get("reviewed", False),
    )


def _add_people(password: str, owners: list[int]) -> dict[str, int]:
    first, second = owners
    both = frozenset({Role.STAFF, Role.SELLER})
    people = (
        (f"staff@{DOMAIN}", "李敏", frozenset({Role.STAFF}), first, "zh"),
        (f"seller@{DOMAIN}", "陈浩", frozenset({Role.SELLER}), first, "zh"),
        (f"manager@{DOMAIN}", "赵敏", frozenset({Role.MANAGER}), first, "zh"),
        ("staff@b.example", "Jonas Weber", both, second, "en"),
        ("admin@portal.example", "周岚", frozenset({Role.ADMIN}), None, "zh"),
    )
    return {
        email: add_person(email, name, password, roles, provider_id=owner, language=language)
        for email, name, roles, owner, language in people
    }


def _add_offer(session: Session, settings: Settings, owner: int, offer: dict[str, Any]) -> int:
    valid_days = offer.get("valid_days")
    typed = {name: offer[name] for name in COLUMNS if name in offer}
    content = Content(
        **typed
        | {
            "price_minor": offer.get("price"),
            "valid_until": clock.today() + timedelta(days=valid_days) if valid_days else None,
            "description": offer["description"].strip(),
            "discounts": tuple((months, less) for months, less in offer.get("discounts", ())),
            "attributes": tuple((name, value) for name, value in offer.get("attributes", ())),
        }
    )
    listing_id = actions.create(
        owner, content, by=None, previous_site_views=offer.get("previous_site_views")
    )
    if "picture:" in content.description:
        _add_pictures(session, settings, owner, listing_id, content)
    _set_dates(session, listing_id, offer)
    return listing_id


def _add_pictures(
    session: Session, settings: Settings, owner: int, listing_id: int, content: Content
) -> None:
    """Store the drawings and let the description name them by their keys."""
    text = content.description
    images = []
    for position, (name, draw) in enumerate(DRAWN.items()):
        alt = text.partition(f"](picture:{name})")[0].rpartition("![")[2]
        folder = settings.data_dir / "media"
        key = actions.add_image(session, folder, listing_id, draw(), alt=alt, position=position)
        text = text.replace(f"(picture:{name})", f"(/media/{key}.webp)")
        images.append((key, alt))
    written = replace(content, description=text, images=tuple(images))
    actions.save(owner, listing_id, written, 1, by=None)


def _set_dates(session: Session, listing_id: int, offer: dict[str, Any]) -> None:
    """Give the offer its state and its past; actions know only the present."""
    if "published" in offer:
        begun = int(datetime.fromisoformat(offer["published"]).timestamp())
    else:
        begun = clock.now() - offer["days_ago"] * DAY - 5 * clock.HOUR
    status = Status(offer.get("status", Status.LIVE))
    age = offer.get("confirmed_days_ago")
    confirmed = None if age is None else clock.now() - age * DAY - 2 * clock.HOUR
    was_public = status in {Status.LIVE, Status.PAUSED, Status.EXPIRED}
    session.execute(
        update(Listing)
        .where(Listing.id == listing_id)
        .values(
            status=status,
            created_at=begun,
            updated_at=begun,
            published_at=begun if was_public else None,
            submitted_at=begun if status == Status.IN_REVIEW else None,
            confirmed_at=confirmed,
        )
    )


def _month(chance: random.Random, offer: dict[str, Any]) -> Iterator[tuple[date, dict[str, int]]]:
    """Views of each of the days before today, and of this morning."""
    mean = offer.get("views", 0)
    today = clock.today()
    for age in range(min(_DAYS, offer.get("days_ago", _DAYS)) if mean else 0):
        day = today - timedelta(days=age)
        growth = 1.15 - 0.3 * age / _DAYS
        human = max(0, round(chance.gauss(mean * growth * _WEEK[day.weekday()], mean**0.5)))
        human = human // 2 if age == 0 else human
        repeated, robot = round(human * 0.18), chance.randrange(3, 12)
        preview, staff = chance.randrange(0, 3), chance.randrange(0, 3)
        served = round(human * 1.3) + repeated + staff
        yield (
            day,
            {
                "human": human,
                "served": served,
                "robot": robot,
                "preview": preview,
                "staff": staff,
                "repeated": repeated,
            },
        )


def _write_views(session: Session, owner: int, views: Views) -> None:
    rows = [
        {"listing_id": listing_id, "provider_id": owner, "day": day, **counts}
        for listing_id, days in views.items()
        for day, counts in days.items()
    ]
    totals: dict[date, dict[str, int]] = {}
    for days in views.values():
        for day, counts in days.items():
            total = totals.setdefault(day, dict.fromkeys(counts, 0))
            for name, count in counts.items():
                total[name] += count
    session.execute(insert(ListingDay), rows)
    session.execute(
        insert(ProviderDay),
        [{"provider_id": owner, "day": day, **counts} for day, counts in totals.items()],
    )
    record_views(
        session,
        {
            listing_id: {day: counts["human"] for day, counts in days.items()}
            for listing_id, days in views.items()
        },
    )
