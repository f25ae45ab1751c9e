"""What the fields take, both databases keep, to the character."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings.models import Listing
from portal.web.parsing import LARGEST_COUNT, parse_count, parse_line, parse_money
from tests import factories
from tests.web import hostile


@pytest.mark.parametrize("raw", hostile.LINES_TAKEN)
def test_a_title_comes_back_as_it_was_typed(provider: Provider, raw: str) -> None:
    title = parse_line(raw, most=100, least=2)
    listing = factories.listing(provider, (title[:50], title), title=title)
    db.session.flush()
    kept = db.session.execute(select(Listing.title).where(Listing.id == listing.id)).scalar_one()
    assert kept == title


@pytest.mark.parametrize("raw", hostile.AMOUNTS_TAKEN)
def test_an_amount_comes_back_whole(provider: Provider, raw: str) -> None:
    minor = parse_money(raw, "CNY")
    listing = factories.listing(
        provider, price_minor=minor, delivery_days=parse_count(str(LARGEST_COUNT))
    )
    db.session.flush()
    row = db.session.execute(
        select(Listing.price_minor, Listing.delivery_days).where(Listing.id == listing.id)
    ).one()
    assert tuple(row) == (minor, LARGEST_COUNT)
