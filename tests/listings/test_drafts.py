"""Drafts: kept as typed, seen on a second device, gone with the save; nobody else's, and bounded."""

import re
from typing import Final

import pytest
import time_machine
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions
from portal.listings.actions import drafts as rules
from portal.listings.models import EditDraft
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made, body, content
from tests.pages import PagesClient

NONCE: Final = "b" * 32
KEEP: Final = "/portal/listings/drafts"


def typed(one: int | None = None, **fields: str | None) -> dict[str, str]:
    place = {"listing_id": str(one)} if one else {"form_nonce": NONCE}
    return body(1 if one else None, **fields) | place


def kept() -> list[EditDraft]:
    try:
        return list(db.session.scalars(select(EditDraft).order_by(EditDraft.id)))
    finally:
        # Read whole and let go: a look at one later would open a transaction that is rolled back.
        db.session.expunge_all()
        db.session.rollback()


def test_typed_text_is_kept_and_offered(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    answer = staff.post(KEEP, data=typed(one, title="Half a ti", price="not a price"), hx=hx)
    assert answer.status_code == (200 if hx else 303)
    if hx:
        assert 'data-revision="1"' in answer.get_data(as_text=True)
    assert content(provider, one) == REAL, "nothing of it is saved"
    offered = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert "You have unsaved changes" in offered
    assert 'value="Half a ti"' not in offered
    again = staff.get(f"/portal/listings/{one}/edit?draft=continue").get_data(as_text=True)
    for text in (
        'value="Half a ti"',
        'value="not a price"',
        "data-unsaved",
        'name="draft" value="1"',
    ):
        assert text in again


def test_the_words_are_there_in_chinese(
    client_for: ClientFor, provider: Provider, made: Made
) -> None:
    one = made()
    li = client_for(provider, Role.STAFF, language="zh")
    li.post(KEEP, data=typed(one, title="半个标题"))
    assert "继续编辑" in li.get(f"/portal/listings/{one}/edit").get_data(as_text=True)


def test_a_second_device_is_told_and_not_overruled(staff: PagesClient, made: Made) -> None:
    one = made()
    assert staff.post(KEEP, data=typed(one, title="At home"), hx=True).status_code == 200
    older = staff.post(KEEP, data=typed(one, title="At work"), hx=True)
    assert older.status_code == 409
    assert "You went on with this elsewhere" in older.get_data(as_text=True)
    assert kept()[0].fields[0] == ["title", "At home"]
    on = typed(one, title="At home, on") | {"draft": "1"}
    assert 'data-revision="2"' in staff.post(KEEP, data=on, hx=True).get_data(as_text=True)
    # Without script the form comes back with everything typed.
    plain = staff.post(KEEP, data=typed(one, title="At work"))
    assert plain.status_code == 409
    assert 'value="At work"' in plain.get_data(as_text=True)


def test_the_same_again_writes_nothing(staff: PagesClient, made: Made) -> None:
    one = made()
    for _ in range(3):
        staff.post(KEEP, data=typed(one, title="Same"), hx=True)
    assert [draft.revision for draft in kept()] == [1]


def test_a_save_takes_its_draft_with_it(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    fields = typed(one, title="Typed")
    staff.post(KEEP, data=fields, hx=True)
    # Kept once more under a number that the form had not heard of when Save was pressed.
    staff.post(KEEP, data=fields | {"title": "Typed on", "draft": "1"}, hx=True)
    saved = staff.post(
        f"/portal/listings/{one}/edit", data=fields | {"title": "Typed on", "draft": "1"}
    )
    assert saved.status_code == 303
    assert content(provider, one).title == "Typed on"
    assert kept() == []


def test_a_save_leaves_what_was_typed_elsewhere(staff: PagesClient, made: Made) -> None:
    one = made()
    staff.post(KEEP, data=typed(one, title="On the phone"), hx=True)
    staff.post(f"/portal/listings/{one}/edit", data=typed(one, title="At the desk"))
    assert [draft.fields[0] for draft in kept()] == [["title", "On the phone"]]


def test_a_refused_save_keeps_the_draft(staff: PagesClient, made: Made) -> None:
    one = made()
    fields = typed(one, title="")
    staff.post(KEEP, data=fields, hx=True)
    answer = staff.post(f"/portal/listings/{one}/edit", data=fields | {"draft": "1"})
    assert answer.status_code == 422
    assert len(kept()) == 1


def test_a_new_listing_is_gone_on_with(staff: PagesClient, provider: Provider) -> None:
    staff.post(KEEP, data=typed(title="Begun on the train"), hx=True)
    assert "Begun on the train" in staff.get("/portal/listings/new").get_data(as_text=True)
    assert "Begun on the train" in staff.get(KEEP).get_data(as_text=True)
    again = staff.get(f"/portal/listings/new?draft={NONCE}").get_data(as_text=True)
    assert 'value="Begun on the train"' in again
    assert f'name="form_nonce" value="{NONCE}"' in again
    made = staff.post("/portal/listings/new", data=typed(title="Begun on the train", draft="1"))
    assert made.status_code == 303
    assert kept() == []


def test_a_draft_is_thrown_away(staff: PagesClient, made: Made, hx: bool) -> None:
    one = made()
    staff.post(KEEP, data=typed(one, title="Away"), hx=True)
    answer = staff.post(f"{KEEP}/{one}/discard", hx=hx)
    assert (answer.headers.get("HX-Redirect") or answer.location) == f"/portal/listings/{one}/edit"
    assert kept() == []
    assert staff.post(f"{KEEP}/{one}/discard", hx=hx).status_code in {204, 303}


def test_nobody_else_sees_it(
    client_for: ClientFor, provider: Provider, other_provider: Provider, made: Made
) -> None:
    one = made()
    li = client_for(provider, Role.STAFF)
    colleague = client_for(provider, Role.STAFF)
    bo = client_for(other_provider, Role.STAFF)
    li.post(KEEP, data=typed(one, title="Secret words"), hx=True)
    for other in (colleague, bo):
        for path in (f"{one}/edit?draft=continue", "drafts", f"new?draft={one}", "new"):
            assert b"Secret words" not in other.get(f"/portal/listings/{path}").data
        other.post(f"{KEEP}/{one}/discard")
    assert len(kept()) == 1
    assert bo.post(KEEP, data=typed(one, title="Stolen"), hx=True).status_code == 404
    assert client_for(provider, Role.SELLER).post(KEEP, data=typed(one)).status_code == 403
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "place",
    [{}, {"listing_id": "0"}, {"listing_id": "x"}, {"form_nonce": "../x"}, {"form_nonce": "7"}],
)
def test_a_draft_of_nowhere_is_refused(staff: PagesClient, place: dict[str, str]) -> None:
    assert staff.post(KEEP, data=body() | place, hx=True).status_code == 400
    assert kept() == []


def test_only_the_editors_fields_are_kept(staff: PagesClient, made: Made) -> None:
    one = made()
    evil = {
        "status": "live",
        "provider_id": "2",
        "__class__": "x",
        "title-0-x": "y",
        "a" * 5000: "b",
    }
    staff.post(KEEP, data=typed(one, title="<script>x</script>\0") | evil, hx=True)
    names = {name for name, _text in kept()[0].fields}
    assert names.isdisjoint(evil.keys() - {"title-0-x"})
    html = staff.get(f"/portal/listings/{one}/edit?draft=continue").get_data(as_text=True)
    assert "<script>x" not in html
    assert "<script>x" not in staff.get(KEEP).get_data(as_text=True)


def test_what_is_too_much_is_told(
    staff: PagesClient, provider: Provider, made: Made, monkeypatch: pytest.MonkeyPatch, hx: bool
) -> None:
    one = made()
    monkeypatch.setattr(rules, "MOST_CHARACTERS", 400)
    answer = staff.post(KEEP, data=typed(one, description="x" * 401), hx=hx)
    assert answer.status_code == 422
    assert kept() == []
    monkeypatch.setattr(rules, "MOST_CHARACTERS", 200_000)
    monkeypatch.setattr(rules, "MOST_OF_A_PERSON", 1)
    assert staff.post(KEEP, data=typed(one), hx=True).status_code == 200
    assert staff.post(KEEP, data=typed(), hx=hx).status_code == 422
    assert len(kept()) == 1


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_only_forms_are_kept(staff: PagesClient, kind: str) -> None:
    assert staff.post(KEEP, data=b"{}", content_type=kind).status_code in {400, 415}


def test_a_token_is_needed(staff: PagesClient, made: Made) -> None:
    assert staff.post(KEEP, data=typed(made()), csrf=False).status_code == 400
    assert kept() == []


def test_old_drafts_go(provider: Provider) -> None:
    someone = factories.person(provider, Role.STAFF)
    for place in (NONCE, "c" * 32):
        actions.keep_draft(provider.id, someone.id, place, [("title", "x")], revision=0)
    with transaction() as session:
        old = clock.now() - rules.KEPT_FOR - 1
        session.execute(update(EditDraft).where(EditDraft.place == NONCE).values(saved_at=old))
    assert actions.purge_drafts() == 1
    assert [draft.place for draft in kept()] == ["c" * 32]
    assert db.session.scalar(select(func.count()).select_from(EditDraft)) == 1
    db.session.rollback()


OWN_KEY, OTHER_KEY = {"form_key": "a" * 16}, {"form_key": "c" * 16}


def test_what_arrives_after_the_save_of_its_form_begins_no_draft(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    sent = typed(one, title="Half a title") | OWN_KEY
    saved = typed(one, title="Half a title and the rest") | OWN_KEY
    assert staff.post(f"/portal/listings/{one}/edit", data=saved).status_code == 303
    assert staff.post(KEEP, data=sent, hx=True).status_code == 204
    assert kept() == []
    # What is typed into the form that followed is no older than the save.
    on = typed(one, title="And on") | OTHER_KEY | {"version": "2"}
    assert staff.post(KEEP, data=on, hx=True).status_code == 200
    assert [draft.fields[0] for draft in kept()] == [["title", "And on"]]


def test_nor_does_it_after_a_new_listing_was_made(staff: PagesClient) -> None:
    whole = typed(title="A new one, whole") | OWN_KEY
    assert staff.post("/portal/listings/new", data=whole).status_code == 303
    late = staff.post(KEEP, data=typed(title="A new o") | OWN_KEY, hx=True)
    assert late.status_code == 204
    assert kept() == []


def test_a_form_left_open_elsewhere_is_kept_again_after_a_while(
    staff: PagesClient, provider: Provider, made: Made, client_for: ClientFor
) -> None:
    one = made()
    staff.post(f"/portal/listings/{one}/edit", data=typed(one, title="At the desk") | OWN_KEY)
    phone = typed(one, title="On the phone") | OTHER_KEY
    assert staff.post(KEEP, data=phone, hx=True).status_code == 204
    # A button that somebody pressed is no autosave; nor is a colleague's save theirs.
    assert client_for(provider, Role.STAFF).post(KEEP, data=phone, hx=True).status_code == 200
    with time_machine.travel(clock.now() + rules.OVERTAKEN + 1, tick=False):
        assert staff.post(KEEP, data=phone, hx=True).status_code == 200


def test_a_button_keeps_a_draft_at_any_time(staff: PagesClient, made: Made) -> None:
    one = made()
    staff.post(f"/portal/listings/{one}/edit", data=typed(one, title="At the desk") | OWN_KEY)
    plain = staff.post(KEEP, data=typed(one, title="On the phone") | OTHER_KEY)
    assert plain.status_code == 303
    assert len(kept()) == 1


def test_a_save_takes_what_its_own_form_kept_on_the_way(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    # Kept, but the answer came after Save was pressed: the form knows of no draft.
    staff.post(KEEP, data=typed(one, title="Half a title") | OWN_KEY, hx=True)
    saved = typed(one, title="Half a title and the rest") | OWN_KEY
    assert staff.post(f"/portal/listings/{one}/edit", data=saved).status_code == 303
    assert content(provider, one).title == "Half a title and the rest"
    assert kept() == []


def test_each_form_has_a_key_that_goes_on_when_it_comes_back(
    staff: PagesClient, made: Made
) -> None:
    one = made()
    url = f"/portal/listings/{one}/edit"
    keys = [re.findall('name="form_key" value="(.*?)"', staff.get(url).text) for _ in range(2)]
    assert keys[0] != keys[1]
    refused = staff.post(url, data=typed(one, title="") | OWN_KEY)
    assert f'name="form_key" value="{OWN_KEY["form_key"]}"' in refused.text
    forged = staff.post(url, data=typed(one, title="") | {"form_key": '"><b>'})
    assert "<b>" not in forged.text.partition('name="form_key"')[2][:60]
