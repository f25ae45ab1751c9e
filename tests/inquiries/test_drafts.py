"""Drafts of answers and notes: kept while typed, restored anywhere, never raised from the dead."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.models import AnswerDraft, Inquiry
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient


def keep(client: PagesClient, inquiry: Inquiry, body: str, **more: Any) -> Any:
    """Save as a page does by itself, or with hx=False by the button."""
    hx = more.pop("hx", True)
    data = {"writing": "answer", "body": body, **more}
    return client.post(f"/portal/inquiries/{inquiry.id}/drafts", data=data, hx=hx)


def drafts() -> list[tuple[str, str, int]]:
    """Kind, text and revision of all drafts there are."""
    db.session.expire_all()
    found = select(AnswerDraft).order_by(AnswerDraft.kind)
    return [(one.kind, one.body, one.revision) for one in db.session.scalars(found)]


@pytest.mark.parametrize("writing", ["answer", "note"])
def test_what_is_typed_is_kept_and_stands_in_the_box_again(
    seller: PagesClient, listing: Listing, writing: str, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    kept = keep(seller, inquiry, "Half a\r\nsentence <b>", writing=writing, hx=hx)
    assert kept.status_code == (200 if hx else 303)
    if hx:
        assert 'data-revision="1"' in kept.text
        assert "saved " in kept.text
    assert drafts() == [(writing, "Half a\nsentence <b>", 1)]
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "sentence &lt;b&gt;</textarea>" in page
    assert 'data-unsaved="kept"' in page


def test_a_save_that_comes_late_changes_nothing(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    keep(seller, inquiry, "One")
    keep(seller, inquiry, "One two", draft=1)
    late = keep(seller, inquiry, "One t", draft=1)
    assert late.status_code == 409
    assert "You went on with this elsewhere" in late.text
    assert drafts() == [("answer", "One two", 2)]


@pytest.mark.parametrize(("writing", "path"), [("answer", "replies"), ("note", "notes")])
def test_a_save_that_comes_after_its_form_was_sent_begins_no_draft(
    seller: PagesClient,
    listing: Listing,
    token_for: Callable[..., str],
    writing: str,
    path: str,
) -> None:
    inquiry = factories.inquiry(listing)
    purpose = {"answer": "reply", "note": "note"}[writing]
    form = {"body": "Done.", "form_token": token_for(f"{purpose}:{inquiry.id}")}
    seller.post(f"/portal/inquiries/{inquiry.id}/{path}", data=form)
    late = keep(seller, inquiry, "Done", writing=writing, form_token=form["form_token"])
    assert (late.status_code, drafts()) == (204, [])


def test_an_older_form_comes_back_with_its_text(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    keep(seller, inquiry, "Newer")
    again = keep(seller, inquiry, "Older", hx=False)
    assert again.status_code == 409
    assert "Older</textarea>" in again.text
    assert drafts() == [("answer", "Newer", 1)]


def test_too_long_a_text_is_refused_and_said(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    refused = keep(seller, inquiry, "x" * 20_001, hx=hx)
    assert refused.status_code == 422
    assert "shorten it" in refused.text
    assert drafts() == []


@pytest.mark.parametrize("data", [{"writing": "x"}, {"writing": ""}])
def test_a_kind_that_is_none_is_refused(
    seller: PagesClient, listing: Listing, data: dict[str, str]
) -> None:
    inquiry = factories.inquiry(listing)
    assert keep(seller, inquiry, "x", **data).status_code == 400


def test_a_text_that_no_page_can_hold_does_no_harm(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    assert keep(seller, inquiry, "a\x00b\x1b").status_code == 200
    assert seller.get(f"/portal/inquiries/{inquiry.id}").status_code == 200


def test_drafts_are_ones_own_and_colleagues_learn_only_that_there_is_one(
    seller: PagesClient,
    listing: Listing,
    client_for: ClientFor,
    provider: Provider,
    other_provider: Provider,
    clock: Any,
) -> None:
    inquiry = factories.inquiry(listing)
    keep(seller, inquiry, "Secret words")
    colleague = client_for(provider, Role.SELLER)
    page = colleague.get(f"/portal/inquiries/{inquiry.id}").text
    assert "Secret words" not in page
    assert "李敏 is answering this" in page
    assert "is answering this" not in seller.get(f"/portal/inquiries/{inquiry.id}").text
    clock.shift(45)
    assert "is answering this" not in colleague.get(f"/portal/inquiries/{inquiry.id}").text
    foreign = client_for(other_provider, Role.SELLER)
    assert keep(foreign, inquiry, "x").status_code == 404


def test_a_note_or_an_emptied_box_is_no_answering(
    seller: PagesClient, listing: Listing, client_for: ClientFor, provider: Provider
) -> None:
    inquiry = factories.inquiry(listing)
    keep(seller, inquiry, "A note", writing="note")
    keep(seller, inquiry, "x")
    keep(seller, inquiry, "", draft=1)
    page = client_for(provider, Role.SELLER).get(f"/portal/inquiries/{inquiry.id}").text
    assert "is answering this" not in page
