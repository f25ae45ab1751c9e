"""A row filled into its skeleton is the row its template draws, whatever stands in it."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, current_app
from flask_babel import force_locale

from portal.listings import skeletons
from portal.listings.filters import COLUMNS
from portal.listings.skeletons import Looks, context_of, filled, state_of, texts_of
from portal.listings.vocabulary import Status
from portal.web.languages import LANGUAGES

HOSTILE = ("RTX 4090", "100% %(id)s %s", "<b>&\"'</b>", "{{ id }} {% x %}", "\x03title\x03 \\u0003")
LOOKS = {
    "locale": "en",
    "may_edit": True,
    "is_reviewed": False,
    "today": date(2026, 11, 24),
    "own_day": date(2026, 11, 24),
    "columns": tuple(COLUMNS),
}
ROW = {
    "id": 7,
    "title": "RTX 4090",
    "own_number": "N-1",
    "own_category": "Cards",
    "gpu_model": "rtx-4090",
    "gpu_count": 8,
    "place": "110000",
    "price_minor": 1_100_000,
    "currency": "CNY",
    "unit": "item",
    "stock": 1200,
    "status": Status.LIVE,
    "valid_until": date(2026, 12, 1),
    "views_total": 4321,
    "views_recent": "[1,2,3]",
    "views_day": date(2026, 11, 23),
    "inquiries_total": 3,
    "updated_at": 1_700_000_000,
    "confirmed_at": 1_700_000_000,
    "delivery_days": 3,
    "description": "Text",
}
EMPTY = dict.fromkeys(
    ("gpu_model", "gpu_count", "place", "price_minor", "stock", "valid_until", "confirmed_at",
     "views_day", "delivery_days"),
) | {"own_number": "", "own_category": "", "description": "", "views_recent": "[]"}  # fmt: skip


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def drawn(row: Any, looks: Looks, back: str, said: str | None) -> str:
    template = current_app.jinja_env.get_template("listings/_row.html")
    context = context_of(texts_of(row, looks, back, said), state_of(row, looks), looks)
    return template.render(context, cell=None, problem=None)


def the_same(values: dict[str, Any], looks: Looks, back: str = "", said: str | None = None) -> str:
    row = SimpleNamespace(**{**ROW, **values})
    with force_locale(LANGUAGES[looks.locale]):
        html = filled(row, looks, back, said)
        # Once as it is drawn for its shape, once as it is found for it.
        assert html == filled(row, looks, back, said) == drawn(row, looks, back, said)
    return html


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_texts_are_shown_as_typed(title: str) -> None:
    looks = Looks(**LOOKS)
    for said in (None, title):
        the_same({"title": title, "own_number": title}, looks, "?back=/portal/%3Fq%3D1%25", said)
    html = the_same({"title": "<i>100%</i>"}, looks)
    assert "&lt;i&gt;100%&lt;/i&gt;" in html
    assert "<i>" not in html


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_every_state_for_every_reader(status: Status, locale: str) -> None:
    for may_edit, is_reviewed, ends in product((0, 1), (0, 1), (date(2026, 1, 1), None)):
        looks = Looks(
            **{**LOOKS, "locale": locale, "may_edit": bool(may_edit), "is_reviewed": is_reviewed}
        )
        html = the_same({"status": status, "valid_until": ends}, looks)
        assert (" data-edit-trigger" in html) == bool(may_edit)


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_not_stated_has_a_skeleton_of_its_own(name: str) -> None:
    looks = Looks(**LOOKS)
    full = the_same({}, looks)
    assert the_same({name: EMPTY[name]}, looks) != full
    # In the order that fills a gap after a shape without it was kept.
    assert the_same({}, looks) == full
    the_same(EMPTY, looks)


def test_a_template_that_changes_a_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(skeletons._TEXTS, "stock", lambda _row, _looks: {"stock": "1"})
    monkeypatch.setattr(skeletons, "_GAP", "\x03{}\x03\x03")
    row = SimpleNamespace(**{**ROW, "title": "none kept of this shape"})
    looks = Looks(**{**LOOKS, "columns": ("stock",)})
    with pytest.raises(RuntimeError, match="never be filled in"):
        filled(row, looks, "")
