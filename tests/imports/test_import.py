"""A sheet from the file to the drafts: matched, checked, brought in, brought in again."""

import pytest

from portal.accounts.models import Provider
from portal.extensions import db
from portal.imports.models import ImportMapping, ImportRow
from portal.listings import actions as listing_actions
from portal.listings import queries
from portal.listings.content import Content
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.imports.conftest import (
    CLOUDS,
    CLOUDS_FORM,
    Desk,
    as_csv,
    as_xlsx,
    listings,
    outcomes,
)

KEYED = [
    ["编号", "标题", "单价", "库存", "机柜"],
    ["N-1", "RTX 4090 八卡整机", "11000", "3", "A1"],
    ["N-2", "H20 推理节点", "39000.50", "", "B2"],
]
KEYED_FORM = {
    "column-0": "own_number",
    "column-1": "title",
    "column-2": "price",
    "column-3": "stock",
    "column-4": "own",
    "key": "own_number",
}


def _content(provider: Provider, listing_id: int) -> Content:
    try:
        return queries.listing_of(provider.id, listing_id)[1]
    finally:
        db.session.rollback()


def test_a_price_list_becomes_drafts(desk: Desk) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    assert outcomes(import_id) == {2: "new", 3: "new", 4: "new", 5: "refused", 6: "refused"}
    page = desk.page(import_id)
    assert "Zeta 9 (64 GB)" in page
    assert "No GPU of the catalogue has this name" in page
    assert "This is a range: state the smaller number, 16." in page
    assert "at most 2 decimals" in page
    assert listings() == []

    assert desk.imported(import_id) == {"new": 3, "refused": 2}
    first, second, third = listings()
    assert first.title == "Nimbus n8a.24xlarge 8× A100 (80 GB)"
    assert third.title == "Cirrus 8× H100 (80 GB)"
    assert (first.status, first.gpu_count, first.ram_gib) == ("draft", 8, 1152)
    assert (first.price_minor, first.currency, first.unit) == (4097, "USD", "machine_hour")
    assert (second.place, second.gpu_count) == ("overseas", 1)
    assert desk.state(import_id) == "done"
    assert f"#{first.id}" in desk.page(import_id)


def test_what_is_imported_is_as_if_it_were_typed(desk: Desk, provider: Provider) -> None:
    desk.imported(desk.checked(as_csv(CLOUDS), CLOUDS_FORM))
    first = listings()[0]
    content = _content(provider, first.id)
    assert content.attributes == (("Cloud", "Nimbus"),)
    assert queries.content_at(provider.id, first.id, 1) == content
    found = desk.client.get("/portal/listings/?q=n8a").get_data(as_text=True)
    assert first.title in found
    audit = {row[0] for row in db.session.execute(db.text("SELECT act FROM audit_entries"))}
    assert {"listing.create", "import.upload", "import.match", "import.start"} <= audit
    db.session.rollback()


def test_the_same_sheet_again_changes_nothing(desk: Desk, provider: Provider) -> None:
    desk.imported(desk.checked(as_csv(CLOUDS), CLOUDS_FORM))
    before = [(row.id, row.version, row.title) for row in listings()]
    # Not even after an offer was changed here, nor from another kind of file.
    listing_actions.set_values(provider.id, before[0][0], {"price_minor": 1}, 1, by=None)
    for data, name in ((as_csv(CLOUDS), "again.csv"), (as_xlsx(CLOUDS), "again.xlsx")):
        again = desk.checked(data, CLOUDS_FORM, name)
        assert outcomes(again) == {2: "same", 3: "same", 4: "same", 5: "refused", 6: "refused"}
        page = desk.page(again)
        assert "Imported before, as offer" in page
        assert "There is nothing to import" in page
    assert [(row.id, row.title) for row in listings()] == [(n, t) for n, _v, t in before]
    assert listings()[0].price_minor == 1


def test_rows_that_say_the_same_are_as_many_offers(desk: Desk) -> None:
    rows = [CLOUDS[0], CLOUDS[1], CLOUDS[1], CLOUDS[1]]
    assert desk.imported(desk.checked(as_csv(rows), CLOUDS_FORM)) == {"new": 3}
    more = desk.checked(as_csv([*rows, CLOUDS[1]]), CLOUDS_FORM)
    assert desk.imported(more) == {"same": 3, "new": 1}
    assert len(listings()) == 4


def test_a_name_the_catalogue_does_not_know_is_asked_for_and_remembered(
    desk: Desk, hx: bool
) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    chosen = {"name-0": "Zeta 9 (64 GB)", "gpu-0": "l40s"}
    answer = desk.client.post(f"/portal/imports/{import_id}/gpus", data=chosen, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    desk.work()
    assert outcomes(import_id)[5] == "new"
    desk.imported(import_id)
    assert [row.gpu_model for row in listings()][-1] == "l40s"

    other = [CLOUDS[0], ["Cumulus", "Zeta 9 (64 GB)", "4", "", "", "", "4.4", "", "z4"]]
    assert outcomes(desk.checked(as_csv(other), CLOUDS_FORM)) == {2: "new"}


def test_a_name_may_stand_for_no_model(desk: Desk) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    chosen = {"name-0": "Zeta 9 (64 GB)", "gpu-0": "-"}
    desk.client.post(f"/portal/imports/{import_id}/gpus", data=chosen)
    desk.work()
    desk.imported(import_id)
    assert listings()[-1].gpu_model is None


def test_a_matching_is_remembered_for_the_same_headings(desk: Desk) -> None:
    guess = desk.client.get(f"/portal/imports/{desk.sent(as_csv(CLOUDS))}/columns")
    assert "machine_hour" not in _selected(guess.get_data(as_text=True))
    desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    again = [CLOUDS[0], ["Cumulus", "T4", "1", "", "", "", "0.4", "", "t"]]
    page = desk.client.get(f"/portal/imports/{desk.sent(as_csv(again))}/columns")
    text = page.get_data(as_text=True)
    assert "Matched as you matched the last sheet" in text
    assert "machine_hour" in _selected(text)
    assert "{Cloud} {Name}" in text
    assert db.session.query(ImportMapping).count() == 1
    db.session.rollback()


def _selected(page: str) -> list[str]:
    return [
        part.split('"')[1]
        for part in page.split("<option value=")[1:]
        if " selected>" in part.split("<")[0]
    ]


def test_offers_are_updated_by_their_number(desk: Desk, provider: Provider) -> None:
    desk.imported(desk.checked(as_csv(KEYED, encoding="gb18030"), KEYED_FORM))
    first, second = (row.id for row in listings())
    changed = [
        KEYED[0],
        ["N-2", "H20 推理节点", "38000", "7", ""],
        ["N-1", *KEYED[1][1:]],
        ["N-3", "L20 节点", "面议", "0", "C3"],
    ]
    import_id = desk.checked(as_csv(changed), KEYED_FORM)
    assert outcomes(import_id) == {2: "changed", 3: "same", 4: "new"}
    assert "<del>39000.50</del> 38000" in desk.page(import_id)
    assert desk.imported(import_id) == {"changed": 1, "same": 1, "new": 1}
    content = _content(provider, second)
    assert (content.price_minor, content.stock) == (3_800_000, 7)
    # An empty cell leaves what is there.
    assert content.attributes == (("机柜", "B2"),)
    assert [row.version for row in listings()] == [1, 2, 1]
    assert listings()[2].price_minor is None
    assert first == listings()[0].id


def test_empty_cells_can_empty_fields(desk: Desk, provider: Provider) -> None:
    desk.imported(desk.checked(as_csv(KEYED), KEYED_FORM))
    emptied = [KEYED[0], ["N-1", "", "", "", ""]]
    assert outcomes(desk.checked(as_csv(emptied), KEYED_FORM)) == {2: "same"}
    import_id = desk.checked(as_csv(emptied), {**KEYED_FORM, "clears": "1"})
    assert desk.imported(import_id) == {"changed": 1}
    content = _content(provider, listings()[0].id)
    assert (content.price_minor, content.stock, content.attributes) == (None, None, ())
    assert content.title == "RTX 4090 八卡整机"


def test_offers_are_updated_by_id_and_nobody_elses(
    desk: Desk, provider: Provider, other_provider: Provider
) -> None:
    mine = listing_actions.create(provider.id, Content(title="Mine"), by=None)
    theirs = listing_actions.create(other_provider.id, Content(title="Theirs"), by=None)
    rows = [["Offer no.", "Title"], [str(mine), "Renamed"], [str(theirs), "Stolen"], ["", "Fresh"]]
    form = {"column-0": "id", "column-1": "title", "key": "id"}
    import_id = desk.checked(as_csv(rows), form)
    assert outcomes(import_id) == {2: "changed", 3: "refused", 4: "new"}
    page = desk.page(import_id)
    assert "There is no such offer of yours" in page
    assert "Theirs" not in page
    desk.imported(import_id)
    assert [row.title for row in listings()] == ["Renamed", "Theirs", "Fresh"]


def test_the_same_number_twice_and_one_that_is_taken(desk: Desk, provider: Provider) -> None:
    taken = listing_actions.create(provider.id, Content(title="There", own_number="N-2"), by=None)
    rows = [*KEYED, KEYED[1]]
    import_id = desk.checked(as_csv(rows), KEYED_FORM)
    assert outcomes(import_id) == {2: "new", 3: "changed", 4: "refused"}
    assert "The same as in row 2" in desk.page(import_id)
    unkeyed = desk.checked(as_csv(KEYED), {**KEYED_FORM, "key": ""})
    assert outcomes(unkeyed) == {2: "new", 3: "refused"}
    assert f"Offer #{taken} has this number already" in desk.page(unkeyed)


def test_all_together_or_not_at_all(desk: Desk, provider: Provider) -> None:
    import_id = desk.checked(as_csv(KEYED), KEYED_FORM)
    # Between the dry run and the import somebody takes a number.
    listing_actions.create(provider.id, Content(title="Faster", own_number="N-2"), by=None)
    desk.imported(import_id, whole=True)
    assert desk.state(import_id) == "failed"
    assert [row.title for row in listings()] == ["Faster"]
    page = desk.page(import_id)
    assert "Nothing was imported" in page
    assert "This is no longer what the dry run said" in page
    assert "Not imported, since another row could not be" in page

    desk.matched(import_id, KEYED_FORM)
    assert desk.imported(import_id, whole=True) == {"new": 1, "changed": 1}
    assert desk.state(import_id) == "done"


def test_all_or_nothing_is_not_to_be_had_with_a_refused_row(desk: Desk) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    assert "only when no row is refused" in desk.page(import_id)
    desk.client.post(f"/portal/imports/{import_id}/start", data={"whole": "1"})
    desk.work()
    assert desk.state(import_id) == "checked"
    assert listings() == []


def test_what_a_colleague_saved_meanwhile_is_kept_or_told(desk: Desk, provider: Provider) -> None:
    desk.imported(desk.checked(as_csv(KEYED), KEYED_FORM))
    first, second = (row.id for row in listings())
    changed = [
        KEYED[0],
        ["N-1", KEYED[1][1], "10000", "3", "A9"],
        ["N-2", KEYED[2][1], "30000", "", ""],
    ]
    import_id = desk.checked(as_csv(changed), KEYED_FORM)
    listing_actions.set_values(provider.id, first, {"stock": 99}, 1, by=None)
    listing_actions.set_values(provider.id, second, {"price_minor": 100}, 1, by=None)
    assert desk.imported(import_id) == {"changed": 1, "refused": 1}
    merged = _content(provider, first)
    assert (merged.price_minor, merged.stock) == (1_000_000, 99)
    assert merged.attributes == (("机柜", "A9"),)
    assert _content(provider, second).price_minor == 100
    assert "Somebody else has changed this since the dry run: Price" in desk.page(import_id)


def test_refused_rows_come_back_as_a_sheet_that_can_be_sent_again(desk: Desk) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    answer = desk.client.get(f"/portal/imports/{import_id}/refused.csv")
    text = answer.get_data().decode("utf-8-sig")
    assert text.startswith("Why it was refused,Cloud,")
    assert "vCPUs: This is a range: state the smaller number, 16." in text
    mended = text.replace("16-24", "24").replace("1.384", "1.38").replace("Zeta 9 (64 GB)", "L4")
    again = desk.sent(mended.encode())
    page = desk.client.get(f"/portal/imports/{again}/columns").get_data(as_text=True)
    assert "Why it was refused" not in page
    assert "Matched as you matched the last sheet" in page
    desk.matched(again, CLOUDS_FORM)
    assert desk.imported(again) == {"new": 2}
    book = desk.client.get(f"/portal/imports/{import_id}/refused.xlsx")
    assert book.get_data()[:2] == b"PK"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"column-1": "gpu_count"}, "is this already"),
        ({"title": "{Cloud} {Nowhere}"}, "No column is called Nowhere"),
        ({"title": ""}, "Say of which columns the title is made"),
        ({"key": "own_number"}, "first."),
        ({"currency": "XXX"}, "Write the currency as"),
        ({"unit": "<b>"}, "Choose one of the listed values"),
    ],
)
def test_a_matching_that_cannot_be_comes_back_with_everything_chosen(
    desk: Desk, hx: bool, changed: dict[str, str], message: str
) -> None:
    import_id = desk.sent(as_csv(CLOUDS))
    form = CLOUDS_FORM | changed
    answer = desk.client.post(f"/portal/imports/{import_id}/columns", data=form, hx=hx)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert message in text
    assert "ram_gib" in _selected(text)
    assert desk.state(import_id) == "uploaded"


def test_the_work_is_seen_while_it_goes_on(desk: Desk) -> None:
    import_id = desk.sent(as_csv(CLOUDS))
    desk.client.post(f"/portal/imports/{import_id}/columns", data=CLOUDS_FORM)
    page = desk.page(import_id)
    assert "<progress" in page
    assert "0 of 5 rows" in page
    part = desk.client.get(f"/portal/imports/{import_id}/progress", hx=True).get_data(as_text=True)
    assert part.lstrip().startswith('<div id="import"')
    assert 'hx-trigger="every 1s"' in part
    desk.work()
    part = desk.client.get(f"/portal/imports/{import_id}/progress", hx=True).get_data(as_text=True)
    assert "every 1s" not in part


def test_pages_of_rows_by_outcome(desk: Desk, hx: bool) -> None:
    rows = [
        KEYED[0],
        *([f"N-{n}", f"Offer {n}", "x" if n % 2 else "1", "", ""] for n in range(130)),
    ]
    import_id = desk.checked(as_csv(rows), KEYED_FORM)
    page = desk.page(import_id, "?outcome=refused", hx=hx)
    assert page.count('<th scope="row">') == 50
    assert "Offer 1<" in page
    assert "Offer 2<" not in page
    following = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    after = desk.client.get(following.replace("&amp;", "&"), hx=hx).get_data(as_text=True)
    assert after.count('<th scope="row">') == 15


def test_other_tenants_imports_are_not_there(
    desk: Desk, client_for: ClientFor, other_provider: Provider
) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    stranger = client_for(other_provider, Role.STAFF)
    for end in ("", "columns", "progress", "refused.csv", "refused.xlsx"):
        assert stranger.get(f"/portal/imports/{import_id}/{end}").status_code == 404, end
    for end in ("columns", "gpus", "start"):
        answer = stranger.post(f"/portal/imports/{import_id}/{end}", data=CLOUDS_FORM)
        assert answer.status_code == 404, end
    assert "sheet.csv" not in stranger.get("/portal/imports/").get_data(as_text=True)
    desk.work()
    assert desk.state(import_id) == "checked"


def test_an_offer_of_another_provider_in_a_sheet_is_one_that_nobody_has(
    desk: Desk, provider: Provider, other_provider: Provider
) -> None:
    own, foreign = factories.listing(provider).id, factories.listing(other_provider).id
    rows = [[str(one), "Taken over"] for one in (own, foreign, foreign + 10**6)]
    form = {"column-0": "id", "column-1": "title", "key": "id"}
    import_id = desk.checked(as_csv([["Offer", "Title"], *rows]), form)
    assert outcomes(import_id) == {2: "changed", 3: "refused", 4: "refused"}
    told = [
        db.session.get_one(ImportRow, {"import_id": import_id, "number": number}).messages
        for number in (3, 4)
    ]
    db.session.rollback()
    assert told[0] == told[1]
    desk.imported(import_id)
    assert db.session.get_one(Listing, own).title == "Taken over"
    assert db.session.get_one(Listing, foreign).title != "Taken over"
    db.session.rollback()


def test_in_chinese(desk: Desk, client_for: ClientFor, provider: Provider) -> None:
    chinese = Desk(desk.app, client_for(provider, Role.STAFF, language="zh"))
    import_id = chinese.sent(as_csv(KEYED, encoding="gb18030"), "报价.csv")
    page = chinese.client.get(f"/portal/imports/{import_id}/columns").get_data(as_text=True)
    assert _selected(page)[:5] == ["own_number", "title", "price", "stock", "own"]
    rows = [KEYED[0], ["N-1", "四卡", "十元", "3", "A"]]
    import_id = chinese.checked(as_csv(rows), KEYED_FORM)
    page = chinese.page(import_id)
    assert "请用数字填写金额" in page or "金额" in page
    assert "被拒" in page or "退回" in page
