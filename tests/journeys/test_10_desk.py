"""Journey 10: two sellers meet in one thread; what they write is neither lost nor sent by mistake."""

from playwright.sync_api import Locator, Page, expect

from portal import create_app
from portal.accounts.actions import add_person
from portal.accounts.models import Person
from portal.extensions import db
from portal.permissions import Role
from tests.browser import accessibility_faults
from tests.journeys.conftest import PASSWORD, Visit
from tests.journeys.letters import await_letters, path_in
from tests.serving.server import Server

HAO = "hao@a.example"


def _second_seller(site: Server) -> None:
    """Chen Hao, who sells for the demo's provider too."""
    app = create_app(site.settings)
    with app.app_context():
        known = db.session.query(Person).filter_by(email=HAO).one_or_none()
        lee = db.session.query(Person).filter_by(email="seller@a.example").one()
        provider_id = lee.provider_id
        db.session.rollback()
        if known is None:
            add_person(
                HAO,
                "Chen Hao",
                PASSWORD,
                frozenset({Role.SELLER}),
                provider_id=provider_id,
                language="en",
            )
        db.session.remove()
        db.engine.dispose()


def _asked(visit: Visit, site: Server, name: str, address: str) -> tuple[Page, str]:
    """A buyer who has asked, and the path of the private link."""
    buyer = visit("/offers/2")
    form = buyer.locator("#inquiry-form")
    for field, value in {"name": name, "email": address, "message": "Eight cards?"}.items():
        form.locator(f"[name={field}]").fill(value)
    buyer.wait_for_timeout(500)  # a person reads first
    form.get_by_role("button", name="Ask the seller to contact me").click()
    expect(buyer.get_by_text("What happens next")).to_be_visible()
    (confirmation,) = await_letters(site, address, 1)
    return buyer, path_in(confirmation, "/threads/")


def _box(page: Page) -> Locator:
    return page.locator("form.answer:not(.answer--note) textarea")


def _said(page: Page, words: str) -> Locator:
    return page.locator(".thread").get_by_text(words)


def _is_kept(page: Page) -> None:
    state = page.locator("form.answer:not(.answer--note) [data-draft-state]")
    expect(state).to_contain_text("saved", timeout=9_000)


def _send(page: Page) -> None:
    page.get_by_role("button", name="Send the answer").click()


def test_two_sellers_meet_in_a_thread(visit: Visit, site: Server, width: int) -> None:
    _second_seller(site)
    name, address = f"Desk {width}", f"desk{width}@c.example"
    buyer, private = _asked(visit, site, name, address)
    hao = visit("/portal/inquiries/?queue=all", as_=HAO)
    hao.get_by_role("link", name=name).first.click()
    expect(_said(hao, "Eight cards?")).to_be_visible()
    lee = visit(hao.url, as_="seller@a.example")

    # What one types is kept, and the other sees that somebody does; a poll takes nothing.
    _box(hao).fill("Eight are free")
    _is_kept(hao)
    _box(lee).fill("We have eight, from Monday.")
    expect(lee.get_by_text("Chen Hao is answering this")).to_be_visible(timeout=9_000)
    expect(_box(lee)).to_have_value("We have eight, from Monday.")

    _takes_back_and_sends(hao)
    _is_overtaken(lee)
    assert len(await_letters(site, address, 3)) == 3
    _notes(lee)

    buyer.goto(private)
    expect(buyer.get_by_text("until Friday.")).to_be_visible()
    expect(buyer.get_by_text("Their boss decides.")).to_have_count(0)
    buyer.get_by_label("Your message").fill("Then we take them.")
    buyer.get_by_role("button", name="Send", exact=True).click()
    expect(_said(lee, "Then we take them.")).to_be_visible(timeout=9_000)
    expect(_box(lee)).to_have_value("Begun")
    _is_won(lee)


def _is_won(page: Page) -> None:
    """The poll has brought the head too, so that the act is on the thread as it stands; by keys alone."""
    head = page.locator(".thread-head")
    expect(head.get_by_text("Waiting", exact=True)).to_be_visible()
    head.get_by_role("heading").focus()
    page.keyboard.press("w")
    amount = page.get_by_label("Won for (may stay empty)").first
    expect(amount).to_be_focused()
    page.keyboard.type("120000")
    page.keyboard.press("Enter")
    expect(_said(page, "marked it as won for CNY 120,000.00")).to_be_visible()
    page.locator("#inbox").focus()
    page.keyboard.press("e")
    expect(_said(page, "opened it again")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_role("radio", name="Price", exact=True).first).to_be_focused()
    page.keyboard.press("Escape")


def _takes_back_and_sends(page: Page) -> None:
    """The first answer goes, comes back within its seconds, and goes again."""
    _send(page)
    expect(page.get_by_text("Goes out in")).to_be_visible()
    expect(_box(page)).to_have_value("")
    page.get_by_role("button", name="Take back").click()
    expect(_box(page)).to_have_value("Eight are free")
    expect(_box(page)).to_be_focused()
    _box(page).fill("Eight are free until Friday.")
    _send(page)
    expect(_said(page, "until Friday.")).to_be_visible()


def _is_overtaken(page: Page) -> None:
    """The second answer waits until the first has been read, and nothing of it is lost."""
    _send(page)
    expect(page.get_by_text("A colleague has answered meanwhile.")).to_be_visible()
    expect(_box(page)).to_have_value("We have eight, from Monday.")
    assert not accessibility_faults(page)
    _send(page)
    expect(_said(page, "from Monday.")).to_be_visible()
    expect(_box(page)).to_have_value("")


def _notes(page: Page) -> None:
    """A note is for colleagues; what was begun as an answer stays in its own box."""
    _box(page).fill("Begun")
    page.locator("label[for^=writes-note]").click()
    note_box = page.locator("form.answer--note textarea")
    expect(note_box).to_be_focused()
    expect(_box(page)).to_be_hidden()
    note_box.fill("Their boss decides.")
    assert not accessibility_faults(page)
    page.get_by_role("button", name="Save the note").click()
    expect(_said(page, "Their boss decides.")).to_be_visible()
    expect(note_box).to_have_value("")
    page.locator("label[for^=writes-answer]").click()
    expect(_box(page)).to_have_value("Begun")


def test_a_draft_is_there_on_another_device(visit: Visit, width: int) -> None:
    first = visit("/portal/inquiries/?queue=all", as_="seller@a.example")
    first.locator("[data-row] a").last.click()
    _box(first).fill(f"Half a sentence {width}")
    _is_kept(first)
    second = visit(first.url, as_="seller@a.example")
    again = _box(second)
    expect(again).to_have_value(f"Half a sentence {width}")
    again.fill("")
    again.blur()
    second.wait_for_timeout(2_500)
