"""The demo: the real offer's facts are its own, and loading it twice loads it once."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Person, Provider
from portal.config import Settings
from portal.demo.load import load
from portal.demo.pictures import DRAWN, HEIGHT, WIDTH
from portal.extensions import db
from portal.inquiries.models import Inquiry
from portal.listings import search
from portal.listings.models import Attribute, Listing, Status
from portal.listings.models import Image as Picture
from portal.statistics.models import ListingDay, ProviderDay
from portal.web.richtext import image_keys


@pytest.fixture
def settings(own_app: Flask) -> Settings:
    """Of a database that holds the demo."""
    found: Settings = own_app.config["PORTAL"]
    with own_app.app_context():
        assert load(found)
    return found


def test_the_real_offer_is_the_first(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        offer = db.session.get_one(Listing, 1)
        pairs = db.session.execute(
            select(Attribute.name, Attribute.value)
            .where(Attribute.listing_id == 1)
            .order_by(Attribute.position)
        ).all()
        published = datetime.fromtimestamp(offer.published_at or 0, UTC)
    assert offer.title == (
        "RTX4090不合适大模型训练,为什么适合推理场景呢?猿界算力GPU租赁服务-北京-上海"
    )
    assert [tuple(pair) for pair in pairs] == [
        ("英伟达", "4090"),
        ("型号", "RTX 4090"),
        ("北京", "猿界算力租赁服务提供商"),
    ]
    assert (offer.price_minor, offer.currency, offer.unit) == (1_100_000, "CNY", "item")
    assert (offer.place, offer.delivery_days, offer.valid_until) == ("110000", None, None)
    assert published == datetime(2024, 3, 5, 7, 27, tzinfo=UTC)  # 15:27 in Shanghai
    assert offer.updated_at == offer.published_at
    assert offer.previous_site_views == 496
    assert offer.is_live


def test_its_four_pictures_are_drawn_and_stand_in_the_text(
    own_app: Flask, settings: Settings
) -> None:
    with own_app.app_context():
        offer = db.session.get_one(Listing, 1)
        rows = db.session.scalars(select(Picture).order_by(Picture.position)).all()
    assert image_keys(offer.description) == [row.key for row in rows]
    assert len(rows) == 4
    assert all((settings.data_dir / "media" / f"{row.key}.webp").is_file() for row in rows)
    assert all(row.alt for row in rows)


def test_loading_twice_loads_once(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        before = db.session.scalar(select(func.count()).select_from(Listing))
        assert load(settings) is False
        assert db.session.scalar(select(func.count()).select_from(Listing)) == before


def test_figures_agree_wherever_they_stand(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        by_listing = dict(
            db.session.execute(
                select(ListingDay.listing_id, func.sum(ListingDay.human)).group_by(
                    ListingDay.listing_id
                )
            ).all()
        )
        totals = db.session.execute(select(Listing.id, Listing.views_total)).all()
        assert {id_: by_listing.get(id_, 0) for id_, _total in totals} == dict(totals)
        assert sum(by_listing.values()) == db.session.scalar(select(func.sum(ProviderDay.human)))
        asked = db.session.scalar(select(func.count()).select_from(Inquiry))
        assert asked == db.session.scalar(select(func.sum(Listing.inquiries_total)))


def test_its_offers_are_found(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        for words in ("北京", "4090", "RTX 4090", "RTX4090", "猿界算力"):
            condition = search.matches(words, db.engine.dialect.name)
            assert condition is not None
            assert 1 in db.session.scalars(select(Listing.id).where(condition)).all(), words


def test_the_people_of_the_contract_are_there(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        addresses = set(db.session.scalars(select(Person.email)))
    assert addresses == {
        "staff@a.example",
        "seller@a.example",
        "manager@a.example",
        "staff@b.example",
        "admin@portal.example",
    }


@pytest.mark.parametrize("name", list(DRAWN))
def test_a_drawing_is_a_picture_of_its_size(name: str) -> None:
    with Image.open(BytesIO(DRAWN[name]())) as picture:
        assert (picture.format, picture.size) == ("WEBP", (WIDTH, HEIGHT))


def test_every_offer_could_have_come_to_its_state(own_app: Flask, settings: Settings) -> None:
    with own_app.app_context():
        offers = db.session.scalars(select(Listing)).all()
        reviewed = set(
            db.session.scalars(select(Provider.id).where(Provider.reviews_listings.is_(True)))
        )
    for offer in offers:
        standing = (offer.id, offer.status)
        shown = offer.status in {Status.LIVE, Status.PAUSED, Status.EXPIRED}
        assert (offer.published_at is not None) is shown, standing
        assert offer.status != Status.IN_REVIEW or offer.provider_id in reviewed, standing
        if offer.status == Status.EXPIRED:
            assert offer.valid_until, standing
            assert offer.valid_until < clock.today(), standing
