"""The open thread: everything in one order, the offer then and now, the buyer's other inquiries."""

from datetime import date
from typing import Any

import pytest

from portal.accounts.models import Provider
from portal.database import transaction
from portal.inquiries.models import Inquiry, Note, ThreadEvent
from portal.inquiries.vocabulary import Event, LostReason
from portal.listings.models import Listing, Revision
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import NOW
from tests.pages import PagesClient

HOUR = 3600
AS_ASKED = {
    "price_minor": 1_100_000,
    "currency": "CNY",
    "unit": "item",
    "stock": 12,
    "delivery_days": 5,
    "valid_until": "2026-12-31",
}


def event(
    inquiry: Inquiry, kind: Event, moment: int = NOW, by: int | None = None, **facts: Any
) -> None:
    """Something that happened in the thread."""
    with transaction() as session:
        session.add(
            ThreadEvent(inquiry_id=inquiry.id, person_id=by, kind=kind, facts=facts, at=moment)
        )


def revision(listing: Listing, version: int, at: int, **content: Any) -> None:
    """A later version of the listing."""
    whole = {"title": listing.title, **AS_ASKED, **content}
    with transaction() as session:
        session.add(Revision(listing_id=listing.id, version=version, content=whole, at=at))


def page_of(client: PagesClient, inquiry: Inquiry) -> str:
    """The thread's page."""
    answer = client.get(f"/portal/inquiries/{inquiry.id}")
    assert answer.status_code == 200
    return answer.text


def test_messages_notes_events_and_changes_stand_in_the_order_of_their_times(
    seller: PagesClient, listing: Listing, clock: Any
) -> None:
    inquiry = factories.inquiry(listing, listing_then={"title": listing.title, **AS_ASKED})
    event(inquiry, Event.SNOOZED, NOW + 30, until=NOW + HOUR)
    revision(listing, 2, NOW + 20, price_minor=1_000_000)
    with transaction() as session:
        session.add(
            Note(inquiry_id=inquiry.id, body="Our note", form_nonce="n", created_at=NOW + 10)
        )
    page = page_of(seller, inquiry)
    order = ["请问 8 卡整机", "Our note", "Price changed: CNY 11,000.00", "snoozed it until today"]
    places = [page.rindex(words) for words in order]
    assert places == sorted(places), places
    assert "now CNY 10,000.00 / item" in page


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        (Event.WOKEN, {"why": "time"}, "Woken: its time had come."),
        (Event.WOKEN, {"why": "hand"}, "李敏 woke it."),
        (Event.WON, {"minor": 2_500_000, "currency": "CNY"}, "as won for CNY 25,000.00."),
        (Event.WON, {"minor": None, "currency": None}, "李敏 marked it as won."),
        (Event.LOST, {"reason": "price"}, "marked it as lost: the price."),
        (Event.LOST, {"reason": "buyer_closed"}, "The buyer closed it."),
        (Event.LOST, {"reason": "older word"}, "marked it as lost: older word."),
        (Event.REOPENED, {"why": "buyer"}, "Open again: the buyer wrote."),
        (Event.SPAM, {}, "李敏 marked it as spam."),
        (Event.RELEASED, {}, "李敏 released it from spam."),
        (
            Event.CALL_ASKED,
            {"phone": "+86 138 0013 8000", "when": "<b>after six"},
            "&lt;b&gt;after",
        ),
        (Event.DELETION_ASKED, {"at": NOW + HOUR}, "the personal data goes today"),
        (Event.DELETION_WITHDRAWN, {}, "took the wish for deletion back"),
        (Event.FORGOTTEN, {}, "personal data was deleted"),
        (Event.LINK_SENT, {}, "private link was sent to the buyer again"),
        (Event.ASSIGNED, {"to": None, "how": "hand"}, "nobody has it in hand"),
    ],
)
def test_what_happened_is_a_sentence(
    seller: PagesClient,
    listing: Listing,
    provider: Provider,
    kind: Event,
    facts: dict[str, Any],
    words: str,
) -> None:
    inquiry = factories.inquiry(listing)
    event(inquiry, kind, by=factories.person(provider, Role.SELLER).id, **facts)
    assert words in page_of(seller, inquiry)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("hand", "Assigned to Chen Hao by 李敏."),
        ("turn", "Assigned to Chen Hao, whose turn it was."),
        ("buyer", "Assigned to Chen Hao, who knows this buyer."),
        ("away", "Assigned to Chen Hao: who had it is away."),
    ],
)
def test_who_got_it_is_named(
    seller: PagesClient, listing: Listing, provider: Provider, how: str, words: str
) -> None:
    inquiry = factories.inquiry(listing)
    by = factories.person(provider, Role.SELLER)
    to = factories.person(provider, Role.SELLER, name="Chen Hao")
    event(inquiry, Event.ASSIGNED, by=by.id, to=to.id, how=how)
    assert words in page_of(seller, inquiry)


def test_every_kind_and_reason_has_its_words() -> None:
    from portal.inquiries.wording import _TOLD, LOST_REASONS

    assert set(_TOLD) == set(Event)
    assert set(LOST_REASONS) == set(LostReason)


def test_changes_are_told_by_part_from_what_the_buyer_saw_and_only_later_ones(
    seller: PagesClient, listing: Listing
) -> None:
    then = {"title": listing.title, **AS_ASKED, "version": 3}
    inquiry = factories.inquiry(listing, listing_then=then)
    revision(listing, 3, NOW, stock=99)  # the one that the buyer saw
    revision(listing, 4, NOW, stock=3, delivery_days=None)
    revision(listing, 5, NOW + 1, stock=3, delivery_days=None, valid_until=None, title="Other <b>")
    page = page_of(seller, inquiry)
    assert "Stock changed: 12, now 3" in page
    assert "Delivery changed: 5 days, now not stated" in page
    assert "now no end date" in page
    assert "now Other &lt;b&gt;" in page
    assert "Price changed" not in page
    assert "99" not in page.split('class="thread"')[1].split('class="composer"')[0]


def test_of_many_changes_the_newest_twenty_are_told(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing, listing_then={"title": listing.title, **AS_ASKED})
    for version in range(2, 32):
        revision(listing, version, NOW + version, stock=100 + version)
    page = page_of(seller, inquiry)
    assert page.count("Stock changed") == 20
    assert "Stock changed: 130, now 131" in page
    assert "Stock changed: 111, now 112" in page
    assert "now 111<" not in page


def test_stock_and_validity_stand_beside_it_as_now_and_as_asked(
    seller: PagesClient, provider: Provider
) -> None:
    listing = factories.listing(provider, stock=3, valid_until=date(2026, 10, 31))
    inquiry = factories.inquiry(listing, listing_then={"title": listing.title, **AS_ASKED})
    page = page_of(seller, inquiry)
    assert "was 12 when asked" in page
    assert "was 31 Dec 2026 when asked" in page
    older = factories.inquiry(listing)  # kept before stock was
    assert "was not stated when asked" not in page_of(seller, older).split("Stock</dt>")[1][:90]


def test_the_buyers_other_inquiries_to_this_provider_are_linked_and_no_others(
    seller: PagesClient, listing: Listing, other_provider: Provider
) -> None:
    mine = factories.inquiry(listing, buyer_digest="d" * 64)
    same = [factories.inquiry(listing, buyer_digest="d" * 64) for _n in range(6)]
    other = factories.inquiry(listing, buyer_digest="e" * 64)
    foreign = factories.inquiry(factories.listing(other_provider), buyer_digest="d" * 64)
    beside = page_of(seller, mine).split('id="beside-')[1]
    assert [f'/portal/inquiries/{one.id}"' in beside for one in same] == [False] + [True] * 5
    assert "and more" in beside
    assert f'/portal/inquiries/{other.id}"' not in beside
    assert f'/portal/inquiries/{foreign.id}"' not in beside


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (NOW + HOUR, "due today"),
        (NOW + 24 * HOUR, "due tomorrow"),
        (NOW - 24 * HOUR, "overdue since yesterday"),
        (NOW + 30 * 24 * HOUR, "due 21 Oct 2026"),
    ],
)
def test_by_when_it_is_due_is_said_in_words(
    seller: PagesClient, listing: Listing, due: int, words: str
) -> None:
    assert words in page_of(seller, factories.inquiry(listing, due_at=due))


def test_a_full_thread_takes_no_more_statements(
    seller: PagesClient, listing: Listing, statements: list[str], provider: Provider, hx: bool
) -> None:
    inquiry = factories.inquiry(listing, answers=["One.", "Two."], buyer_digest="d" * 64)
    factories.inquiry(listing, buyer_digest="d" * 64)
    event(inquiry, Event.SNOOZED, until=NOW)
    revision(listing, 2, NOW, stock=1)
    seller.get(f"/portal/inquiries/{inquiry.id}", hx=hx)  # notes that it was read
    statements.clear()
    assert seller.get(f"/portal/inquiries/{inquiry.id}", hx=hx).status_code == 200
    assert len(statements) <= 4, statements


def test_nobody_elses_thread(
    client_for: ClientFor, listing: Listing, other_provider: Provider
) -> None:
    inquiry = factories.inquiry(listing)
    foreign = client_for(other_provider, Role.SELLER)
    assert foreign.get(f"/portal/inquiries/{inquiry.id}").status_code == 404
