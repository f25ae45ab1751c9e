"""The editor: every field in and out, what is refused and kept, the buttons that need no script."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.listings import actions
from portal.listings.models import Revision, Status
from portal.permissions import Role
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made, Statements, body, content, row
from tests.pages import PagesClient
from tests.web.hostile import COUNTS_REFUSED, DAYS_REFUSED

WRONG: Final[list[dict[str, str | None]]] = [
    {"title": "字" * 101},
    {"title": "   "},
    {"title": None},
    {"title": "x"},
    {"title": "a\0b"},
    {"title": "\u202egnp.exe"},
    {"title": "😀" * 5000},
    {"title": "a\r\nBcc: x@y.z"},
    {"price": ""},
    {"price": None},
    {"price": "1", "negotiable": "y"},
    {"valid_until": "2099-01-01"},
    {"valid_until": "2020-01-01", "no_end_date": None},
    {"place": "Nowhere"},
    {"unit": "<b>"},
    {"unit": ""},
    {"currency": "XXX"},
    {"gpu_model": "no-such"},
    {"gpu_count": "0"},
    {"description": "a" * 20_001},
    {"attributes-0-name": ""},
    {"attributes-1-value": "字" * 201},
    {f"attributes-{n}-{side}": "x" for n in range(200) for side in ("name", "value")},
    {"version": None},
    {"version": "0"},
    {"version": "x"},
    *({"delivery_days": typed} for typed in COUNTS_REFUSED if "\ud800" not in typed),
    *(
        {"valid_until": typed, "no_end_date": None}
        for typed in DAYS_REFUSED
        if "\ud800" not in typed
    ),
]
"""Fields of the editor that must each be refused; None: absent from the body."""


def test_every_field_is_saved(staff: PagesClient, provider: Provider, made: Made, hx: bool) -> None:
    one = made()
    day = clock.today() + timedelta(days=30)
    fields = body(
        1,
        title="  H100 整机  ",
        gpu_model="h100-sxm",
        gpu_count="４",
        price="19.90",
        currency="USD",
        unit="gpu_hour",
        delivery_days="3",
        place="440300",
        valid_until=day.isoformat(),
        no_end_date=None,
        description="第一行\r\n第二行",
    )
    fields |= {"attributes-0-name": "网络", "attributes-0-value": "IB 400G"}
    fields.pop("attributes-2-name"), fields.pop("attributes-2-value")
    answer = staff.post(f"/portal/listings/{one}/edit", data=fields, hx=hx)
    target = answer.headers["HX-Redirect"] if hx else answer.location
    assert target == f"/portal/listings/{one}/edit"
    saved = content(provider, one)
    assert (saved.title, saved.gpu_model, saved.gpu_count) == ("H100 整机", "h100-sxm", 4)
    assert (saved.price_minor, saved.currency, saved.unit) == (1990, "USD", "gpu_hour")
    assert (saved.delivery_days, saved.place, saved.valid_until) == (3, "440300", day)
    assert saved.description == "第一行\n第二行"
    assert saved.attributes == (("网络", "IB 400G"), ("型号", "RTX 4090"))
    assert b"Saved." in staff.get(target).data


def test_a_save_writes_revision_audit_and_words(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Mellanox Cluster", price="5"))
    versions = db.session.scalars(select(Revision.version).where(Revision.listing_id == one)).all()
    assert sorted(versions) == [1, 2]
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.act == "listing.save", AuditEntry.subject_id == one)
    ).one()
    assert entry.changes["price_minor"] == [1_100_000, 500]
    assert entry.changes["title"] == [REAL.title, "Mellanox Cluster"]
    db.session.rollback()
    assert f"listings-row-{one}".encode() in staff.get("/portal/listings/?q=mellanox").data
    assert f"listings-row-{one}".encode() not in staff.get("/portal/listings/?q=不合适").data


def test_saving_without_a_change_changes_nothing(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    before = row(provider, one)
    answer = staff.post(f"/portal/listings/{one}/edit", data=body(1))
    assert answer.status_code == 303
    assert row(provider, one) == before


def test_what_cannot_be_is_refused_and_everything_typed_is_kept(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    for wrong in WRONG:
        typed = {"description": "Typed for an hour.", "delivery_days": "12", **wrong}
        fields = {**body(1), **typed}
        sent = {name: value for name, value in fields.items() if value is not None}
        answer = staff.post(f"/portal/listings/{one}/edit", data=sent, hx=True)
        assert answer.status_code == 422, ascii(wrong)
        html = answer.get_data(as_text=True)
        assert "data-unsaved" in html
        if "description" not in wrong:
            assert "Typed for an hour." in html
        if "delivery_days" not in wrong:
            assert 'value="12"' in html
    assert content(provider, one) == REAL


def test_markup_is_text(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    evil = '"><script>x</script>{{7*7}}'
    fields = body(1, title=evil, description=evil, **{"attributes-0-name": "__class__"})
    assert staff.post(f"/portal/listings/{one}/edit", data=fields).status_code == 303
    for url in ("", f"{one}/", f"{one}/edit", f"{one}/price"):
        html = staff.get(f"/portal/listings/{url}").get_data(as_text=True)
        assert "<script>x" not in html
        assert "{{7*7}}" in html


def test_nothing_but_the_fields_can_be_written(
    staff: PagesClient, provider: Provider, other_provider: Provider, made: Made
) -> None:
    one = made()
    before = row(provider, one)
    extra = {
        "owner_id": "2",
        "provider_id": str(other_provider.id),
        "status": "live",
        "views_total": "99999",
        "created_at": "1",
        "id": "2",
        "published_at": "1",
        "previous_site_views": "7",
        "counters_version": "9",
    }
    staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Changed") | extra)
    after = row(provider, one)
    changed = {name for name in before._fields if getattr(before, name) != getattr(after, name)}
    assert changed <= {"title", "version", "updated_at"}


def test_pairs_are_added_moved_and_removed_without_script(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    url = f"/portal/listings/{one}/edit"
    html = staff.post(url, data=body(1, pairs="up-1", title="unsaved")).get_data(as_text=True)
    assert html.index('value="型号"') < html.index('value="英伟达"')
    assert 'value="unsaved"' in html
    assert b"attributes-3-name" in staff.post(url, data=body(1, pairs="add")).data
    assert 'value="北京"' not in staff.post(url, data=body(1, pairs="remove-2")).get_data(
        as_text=True
    )
    assert content(provider, one) == REAL, "nothing is saved by these buttons"


def test_the_description_is_previewed(staff: PagesClient, made: Made, hx: bool) -> None:
    one = made()
    evil = "**bold** <p hx-get=/sign-out hx-trigger=load> <form action=/sign-out>"
    fields = body(1, description=evil, preview="1", title="kept")
    answer = staff.post(f"/portal/listings/{one}/edit", data=fields, hx=hx)
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    shown = html[html.index('id="description-preview"') :]
    assert "<strong>bold</strong>" in shown
    assert "<p hx-get" not in shown
    assert "<form action=/sign-out" not in shown
    assert ("<!doctype" in html) is not hx


def test_the_quick_choice_fills_the_last_day(staff: PagesClient, made: Made) -> None:
    one = made()
    html = staff.post(f"/portal/listings/{one}/edit", data=body(1, until="30")).get_data(
        as_text=True
    )
    assert f'value="{clock.today() + timedelta(days=30)}"' in html


def test_a_new_listing_is_a_draft_and_made_once(
    staff: PagesClient, provider: Provider, hx: bool
) -> None:
    assert staff.get("/portal/listings/new").status_code == 200
    fields = body(form_nonce="a" * 32)
    first, second = (staff.post("/portal/listings/new", data=fields, hx=hx) for _ in range(2))
    places = [answer.headers.get("HX-Redirect") or answer.location for answer in (first, second)]
    assert places[0] == places[1]
    one = int(places[0].split("/")[3])
    assert row(provider, one).status == Status.DRAFT
    assert content(provider, one) == REAL


def test_a_new_listing_that_lacks_something_is_not_made(staff: PagesClient, hx: bool) -> None:
    answer = staff.post("/portal/listings/new", data=body(title=""), hx=hx)
    assert answer.status_code == 422
    assert b'id="title-error"' in answer.data
    assert b"No listings yet" in staff.get("/portal/listings/").data


def test_filters_survive_the_round_trip(staff: PagesClient, made: Made) -> None:
    one = made()
    here = "/portal/listings/?q=4090&status=draft"
    link = f"/portal/listings/{one}/edit?back=/portal/listings/%3Fq%3D4090%26status%3Ddraft"
    assert link in staff.get(here).get_data(as_text=True).replace("&amp;", "&")
    assert f'href="{here}"' in staff.get(link).get_data(as_text=True).replace("&amp;", "&")
    answer = staff.post(link, data=body(1, title="Other", back=here))
    assert answer.location == link
    for bad in ("//evil.example", "https://evil.example/", "/\\evil"):
        html = staff.get(f"/portal/listings/{one}/edit", query_string={"back": bad})
        assert f'href="{bad}' not in html.get_data(as_text=True)
        assert f'name="back" value="{bad}' not in html.get_data(as_text=True)


def test_the_end_that_passed_may_stay_but_not_be_set(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    past = clock.today() - timedelta(days=3)
    one = made(valid_until=past)
    same = body(1, valid_until=past.isoformat(), no_end_date=None, title="Other")
    assert staff.post(f"/portal/listings/{one}/edit", data=same).status_code == 303
    earlier = (past - timedelta(days=1)).isoformat()
    moved = body(2, valid_until=earlier, no_end_date=None)
    assert staff.post(f"/portal/listings/{one}/edit", data=moved).status_code == 422


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain"])
def test_only_forms_are_read(staff: PagesClient, made: Made, kind: str) -> None:
    one = made()
    answer = staff.post(f"/portal/listings/{one}/edit", data=b'{"title": "x"}', content_type=kind)
    assert answer.status_code == 415


def test_another_tenants_listing_is_no_listing(
    client_for: ClientFor, provider: Provider, other_provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    bo = client_for(other_provider, Role.STAFF, Role.SELLER)
    for path in ("", "edit", "price", "history"):
        theirs = bo.get(f"/portal/listings/{one}/{path}", hx=hx)
        nowhere = bo.get(f"/portal/listings/987654321/{path}", hx=hx)
        assert theirs.status_code == nowhere.status_code == 404
        same = theirs.get_data(as_text=True).replace(f"/{one}/", "/987654321/")
        assert same == nowhere.get_data(as_text=True)
    for path in ("edit", "price", "publish", "withdraw"):
        answer = bo.post(f"/portal/listings/{one}/{path}", data=body(1, title="Stolen"), hx=hx)
        assert answer.status_code == 404
    assert content(provider, one) == REAL


def test_pages_of_one_listing_ask_at_most_three_statements(
    staff: PagesClient, made: Made, statements: Statements
) -> None:
    one = made(attributes=tuple((f"name {n}", "value") for n in range(50)))
    for path in ("", "edit", "price", "history"):
        statements()
        assert staff.get(f"/portal/listings/{one}/{path}").status_code == 200
        assert len(statements()) <= 3
    statements()
    staff.get("/portal/listings/new")
    assert len(statements()) <= 3


def test_fifty_pairs_come_back_in_their_order(provider: Provider, made: Made) -> None:
    pairs = tuple((f"name {n}", f"value: {n}, “x”") for n in range(50))
    assert content(provider, made(attributes=pairs)).attributes == pairs


# ---- two people --------------------------------------------------------------------------------


def saved_meanwhile(provider: Provider, one: int, **fields: object) -> None:
    actions.save(provider.id, one, replace(REAL, **fields), 1, by=None)  # type: ignore[arg-type]


def test_different_fields_merge_and_say_so(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    saved_meanwhile(provider, one, price_minor=500, place="310000")
    answer = staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Mine"), hx=hx)
    assert answer.status_code in {204, 303}
    now = content(provider, one)
    assert (now.title, now.price_minor, now.place) == ("Mine", 500, "310000")
    said = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert "Kept what somebody else changed meanwhile: Price, Place." in said


def test_the_same_field_is_asked_about_and_nothing_typed_is_lost(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    saved_meanwhile(provider, one, title="Theirs", place="310000")
    url = f"/portal/listings/{one}/edit"
    fields = body(1, title="Mine", description="My long text")
    answer = staff.post(url, data=fields, hx=hx)
    assert answer.status_code == 409
    html = answer.get_data(as_text=True)
    for text in ("Theirs", 'value="Mine"', "My long text", REAL.title, 'name="version" value="2"'):
        assert text in html
    assert 'value="310000" selected' in html or 'selected value="310000"' in html
    assert content(provider, one).title == "Theirs"
    again = fields | {"version": "2", "place": "310000", "keep-title": "yours"}
    assert staff.post(url, data=again).status_code == 303
    now = content(provider, one)
    assert (now.title, now.place, now.description) == ("Mine", "310000", "My long text")


def test_the_other_side_can_be_kept(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    theirs = (("GPU", "4090D"),)
    saved_meanwhile(provider, one, price_minor=None, attributes=theirs, title="Theirs")
    fields = body(1, price="1", title="Mine", **{"attributes-0-value": "4090 24G"})
    url = f"/portal/listings/{one}/edit"
    assert staff.post(url, data=fields).status_code == 409
    kept = {"keep-price": "theirs", "keep-attributes": "theirs", "keep-title": "yours"}
    assert staff.post(url, data=fields | kept | {"version": "2"}).status_code == 303
    now = content(provider, one)
    assert (now.price_minor, now.attributes, now.title) == (None, theirs, "Mine")


def test_saving_keeps_the_status_that_a_colleague_set(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    actions.publish(provider.id, one, by=None)
    actions.withdraw(provider.id, one, by=None)
    assert (
        staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Other")).status_code == 303
    )
    assert row(provider, one).status == Status.PAUSED


def test_lists_that_both_changed_are_shown_with_what_both_began_with(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made(discounts=((3, 5),))
    saved_meanwhile(provider, one, discounts=((3, 5), (12, 20)))
    mine = {"discounts": "", "discounts-0-months": "6", "discounts-0-percent": "10"}
    url = f"/portal/listings/{one}/edit"
    answer = staff.post(url, data=body(1) | mine)
    assert answer.status_code == 409
    html = answer.get_data(as_text=True)
    for text in ("from 3 months: 5% less", "from 12 months: 20% less", "from 6 months: 10% less"):
        assert text in html
    assert "Before both" in html
    chosen = body(2) | mine | {"keep-discounts": "theirs"}
    assert staff.post(url, data=chosen).status_code == 303
    assert content(provider, one).discounts == ((3, 5), (12, 20))
