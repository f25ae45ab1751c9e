"""Internal notes: for colleagues only, out of reach of everything that goes to buyers."""

from collections.abc import Callable

from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.models import Inquiry, Note
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import mails
from tests.pages import PagesClient

HOSTILE = "<img src=//evil.example/t.gif> https://evil.example {{7*7}}"


def test_a_note_is_read_by_colleagues_and_reaches_no_buyer(
    seller: PagesClient,
    visitor: PagesClient,
    listing: Listing,
    client_for: ClientFor,
    provider: Provider,
    private_link: Callable[[Inquiry], str],
    hx: bool,
) -> None:
    inquiry = factories.inquiry(listing)
    path = private_link(inquiry)
    form = {"body": f"Knows our boss. {HOSTILE}"}
    saved = seller.post(f"/portal/inquiries/{inquiry.id}/notes", data=form, hx=hx)
    assert saved.status_code == (200 if hx else 303)
    assert mails() == []
    page = client_for(provider, Role.SELLER).get(f"/portal/inquiries/{inquiry.id}").text
    assert "Knows our boss." in page
    assert "Internal note: only colleagues read it" in page
    assert "<img src=//evil" not in page
    assert 'href="https://evil' not in page
    assert "Knows our boss." not in visitor.get(path).text
    db.session.expire_all()
    assert db.session.get_one(Inquiry, inquiry.id).first_answered_at is None


def test_note_and_answer_are_sent_to_different_places_by_different_words(
    seller: PagesClient, listing: Listing
) -> None:
    inquiry = factories.inquiry(listing)
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    forms = [part.split("</form>")[0] for part in page.split('<form class="answer')[1:]]
    assert [f"/{inquiry.id}/notes" in one for one in forms] == [False, True]
    assert [f"/{inquiry.id}/replies" in one for one in forms] == [True, False]
    assert ["Save the note" in one for one in forms] == [False, True]


def test_a_double_press_is_one_note_and_other_words_come_back(
    seller: PagesClient, listing: Listing, token_for: Callable[..., str]
) -> None:
    inquiry = factories.inquiry(listing)
    form = {"body": "Once.", "form_token": token_for(f"note:{inquiry.id}")}
    for _press in range(2):
        assert seller.post(f"/portal/inquiries/{inquiry.id}/notes", data=form).status_code == 303
    again = seller.post(f"/portal/inquiries/{inquiry.id}/notes", data=form | {"body": "Twice."})
    assert again.status_code == 422
    assert "Twice.</textarea>" in again.text
    assert list(db.session.scalars(select(Note.body))) == ["Once."]


def test_an_empty_note_and_a_foreign_thread_are_refused(
    seller: PagesClient,
    listing: Listing,
    client_for: ClientFor,
    other_provider: Provider,
    staff: PagesClient,
) -> None:
    inquiry = factories.inquiry(listing)
    url = f"/portal/inquiries/{inquiry.id}/notes"
    assert seller.post(url, data={"body": " "}).status_code == 422
    assert staff.post(url, data={"body": "x"}).status_code == 403
    foreign = client_for(other_provider, Role.SELLER)
    assert foreign.post(url, data={"body": "x"}).status_code == 404
