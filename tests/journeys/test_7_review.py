"""Journey 7: an admin looks at an offer first, sends it back with a reason, then approves it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from portal import create_app
from portal.accounts.models import Provider
from portal.extensions import db
from tests.conftest import dispose
from tests.journeys.conftest import Visit
from tests.serving.server import Server

STAFF, ADMIN = "staff@b.example", "admin@portal.example"
PROVIDER = 2


@pytest.fixture(autouse=True)
def as_before(site: Server) -> Iterator[None]:
    """Provider B publishes directly; whoever comes after finds its offers reviewed again."""
    _review(site, is_on=False)
    yield
    _review(site, is_on=True)


def _review(site: Server, *, is_on: bool) -> None:
    app = create_app(site.settings)
    with app.app_context():
        db.session.execute(
            update(Provider).where(Provider.id == PROVIDER).values(reviews_listings=is_on)
        )
        db.session.commit()
    dispose(app)


def _draft(visit: Visit, title: str) -> tuple[Page, str]:
    """A draft of provider B that a buyer could read, open in its editor; and its address."""
    page = visit("/portal/listings/new", as_=STAFF)
    page.locator("[name=title]").fill(title)
    page.locator("[name=negotiable]").check()
    page.locator("[name=place]").select_option("110000")
    page.locator("[name=description]").fill("Eight cards, ready at once.")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.wait_for_url("**/edit**")
    return page, page.url


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_handed_in_sent_back_and_approved(visit: Visit, width: int, javascript: bool) -> None:
    title = f"H200 to be reviewed {width} {'with' if javascript else 'without'} script"
    admin = visit(f"/portal/providers/{PROVIDER}", as_=ADMIN, javascript=javascript)
    admin.get_by_label("An admin looks at its offers before buyers do").check()
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Reviewed first")).to_be_visible()

    staff, editor = _draft(visit, title)
    staff.get_by_role("button", name="Hand in for review").click()
    expect(staff.locator("#listing-side").get_by_text("In review")).to_be_visible()
    listing = re.search(r"/listings/(\d+)/", editor)
    assert listing is not None

    admin.goto("/portal/reviews/")
    admin.get_by_role("link", name=title).click()
    admin.get_by_role("button", name="Send back").click()
    expect(admin.get_by_text("Write at least one reason")).to_be_visible()
    if javascript:
        admin.locator("summary", has_text="Ask for a change: Title").click()
        admin.locator("[name=reason_title]").fill("Name the memory.")
    else:
        admin.locator("[name=reason_offer]").fill("Name the memory.")
    admin.get_by_role("button", name="Send back").click()
    admin.wait_for_url("**/portal/reviews/")
    expect(admin.get_by_role("link", name=title)).to_have_count(0)

    staff.goto(editor)
    expect(staff.locator("#listing-rejection").get_by_text("Name the memory.")).to_be_visible()
    staff.locator("[name=title]").fill(f"{title}, 141 GB")
    staff.get_by_role("button", name="Save", exact=True).last.click()
    expect(staff.get_by_text("Saved.").first).to_be_visible()
    staff.get_by_role("button", name="Hand in for review").click()
    expect(staff.locator("#listing-side").get_by_text("In review")).to_be_visible()

    admin.goto(f"/portal/reviews/{listing[1]}")
    admin.get_by_role("button", name="Approve").click()
    admin.wait_for_url("**/portal/reviews/")
    admin.goto(f"/offers/{listing[1]}")
    expect(admin.get_by_role("heading", name=f"{title}, 141 GB").first).to_be_visible()


def test_availability_is_confirmed_in_place(visit: Visit) -> None:
    page = visit("/portal/listings/17/edit", as_=STAFF)
    page.locator("[name=title]").fill("Typed and not saved")
    page.get_by_role("button", name="Can still be had").click()
    expect(
        page.locator("#listing-availability").get_by_text("Availability confirmed")
    ).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("Typed and not saved")
