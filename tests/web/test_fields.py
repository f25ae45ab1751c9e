"""Fields in a form that is really posted: 422 with everything typed kept, or clean values."""

import json
from collections.abc import Iterator
from datetime import date
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_babel import lazy_gettext as _l

from portal.web.fields import (
    AttributePairsField,
    ClosedChoiceField,
    CountField,
    DayField,
    EmailField,
    LineField,
    MoneyField,
    PhoneField,
    PortalForm,
    TextBlockField,
    TickField,
    pair_button,
)
from tests import effort
from tests.web import hostile


class Form(PortalForm):
    """One field of each kind, as a listing and an inquiry have them."""

    title = LineField(_l("Title"), most=100, least=2)
    company = LineField(_l("Company"), most=100, autocomplete="organization")
    # Before its currency on purpose.
    price = MoneyField(_l("Price"), unless="negotiable")
    negotiable = TickField(_l("Negotiable"))
    currency = ClosedChoiceField(_l("Currency"), choices=[("CNY", "元"), ("JPY", "日元")])
    unit = ClosedChoiceField(
        _l("Unit"), choices=lambda: {"Whole": [("item", "件")], "Hours": [("gpu_hour", "卡时")]}
    )
    place = ClosedChoiceField(
        _l("Place"), choices=[("110000", "北京")], required=False, empty=_l("None")
    )
    delivery_days = CountField(_l("Delivery"), most=365)
    valid_until = DayField(
        _l("Valid until"), unless="no_end_date", earliest=lambda: date(2024, 1, 1)
    )
    no_end_date = TickField(_l("No end date"))
    email = EmailField(_l("E-mail"))
    phone = PhoneField(_l("Phone"))
    message = TextBlockField(_l("Message"), most=2000, least=1)
    attributes = AttributePairsField(_l("Attributes"))


GOOD = {
    "title": "RTX4090 猿界算力",
    "company": "猿界算力",
    "price": "11,000.00",
    "currency": "CNY",
    "unit": "item",
    "place": "110000",
    "delivery_days": "7",
    "valid_until": "2024-03-05",
    "email": "buyer@example.com",
    "phone": "138 0013 8000",
    "message": "第一行\r\n第二行",
    "attributes-0-name": "英伟达",
    "attributes-0-value": "4090",
}
KEPT = SimpleNamespace(
    title="Old title", company="Old company", price=100, currency="CNY", unit="item", place="110000",
    delivery_days=3, valid_until=date(2024, 5, 1), email="old@example.com", phone=None, message="Old",
    attributes=[("型号", "RTX 4090")], negotiable=False, no_end_date=False,
)  # fmt: skip


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="for tests", WTF_CSRF_ENABLED=False, TESTING=True)
    Babel(app, default_locale="en")

    @app.route("/", methods=["GET", "POST"])
    def edit() -> Any:
        form = Form(obj=KEPT)
        fields = [field for field in form if field.name != "attributes"]
        if form.validate_on_submit():
            return json.dumps(form.data, default=str, ensure_ascii=False)
        errors = {name: [str(error) for error in found] for name, found in form.errors.items()}
        page = "".join(str(field()) for field in fields) + "".join(
            f"<i>{row.name}|{row.value}|{len(row.errors)}</i>" for row in form.attributes.rows
        )
        return {"errors": errors, "page": page}, 422

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/", data={**GOOD, **changes})


def refused(client: FlaskClient, name: str, raw: str) -> dict[str, Any]:
    # Writing and reading a million line breaks as %0A alone costs some 600.
    with effort.at_most(200 if len(raw) < 100_000 else 2000):
        answer = post(client, **{name: raw})
    assert answer.status_code in ({422, 413} if len(raw) > 100_000 else {422}), raw[:50]
    found = answer.json if answer.status_code == 422 else {"errors": {name: [""]}, "page": ""}
    assert list(found["errors"]) == [name], (raw[:50], found["errors"])
    return found


def test_a_good_form_gives_clean_values(client: FlaskClient) -> None:
    data = json.loads(post(client).text)
    assert data == {
        "title": "RTX4090 猿界算力",
        "company": "猿界算力",
        "price": 1_100_000,
        "negotiable": False,
        "currency": "CNY",
        "unit": "item",
        "place": "110000",
        "delivery_days": 7,
        "valid_until": "2024-03-05",
        "no_end_date": False,
        "email": "buyer@example.com",
        "phone": "+86 138 0013 8000",
        "message": "第一行\n第二行",
        "attributes": [["英伟达", "4090"]],
    }


def _refused_cases() -> Iterator[Any]:
    # A blank in an optional field is no value, not a wrong one. A body cannot carry surrogates.
    by_name = {
        "title": hostile.LINES_REFUSED,
        "message": hostile.TEXTS_REFUSED,
        "price": hostile.AMOUNTS_REFUSED,
        "delivery_days": (*hostile.COUNTS_REFUSED, "366"),
        "valid_until": (*hostile.DAYS_REFUSED, "2023-12-31"),
        "email": hostile.ADDRESSES_REFUSED,
        "phone": hostile.PHONES_REFUSED,
        "currency": ("", "XXX", "cny", "<b>", "CNY "),
        "unit": ("", "<b>", "superpublished"),
        "place": ("Nowhere", "999999"),
    }
    for name, values in by_name.items():
        for raw in values:
            if not any("\ud800" <= character <= "\udfff" for character in raw):
                yield pytest.param(name, raw, id=f"{name}-{raw[:20]!a}")


@pytest.mark.parametrize(("name", "raw"), list(_refused_cases()))
def test_hostile_input_is_422_beside_its_field(client: FlaskClient, name: str, raw: str) -> None:
    found = refused(client, name, raw)
    assert all(found["errors"][name])
    if len(raw) < 1000 and raw.isprintable() and name not in {"currency", "unit", "place"}:
        assert raw in unescape(found["page"])
    assert "\0" not in found["page"]
    # What was typed elsewhere is still there.
    if found["page"]:
        assert all(
            f'value="{GOOD[kept]}"' in found["page"] for kept in ("company",) if kept != name
        )


@pytest.mark.parametrize("raw", hostile.LINES_TAKEN)
def test_any_honest_line_is_taken_as_typed(client: FlaskClient, raw: str) -> None:
    assert json.loads(post(client, title=raw).text)["title"] == raw


@pytest.mark.parametrize("name", ["title", "price", "currency", "unit", "message"])
def test_a_required_name_that_is_absent_is_an_error(client: FlaskClient, name: str) -> None:
    answer = client.post("/", data={key: value for key, value in GOOD.items() if key != name})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [name]


def test_an_empty_body_is_no_unsent_form(client: FlaskClient) -> None:
    answer = client.post("/")
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"title", "price", "currency", "unit", "message"}


def test_an_optional_name_that_is_absent_keeps_what_there_was(client: FlaskClient) -> None:
    need = {key: GOOD[key] for key in ("title", "price", "currency", "unit", "message")}
    data = json.loads(client.post("/", data=need).text)
    assert (data["delivery_days"], data["valid_until"]) == (3, "2024-05-01")
    assert data["attributes"] == [["型号", "RTX 4090"]]


def test_an_optional_field_sent_empty_has_no_value(client: FlaskClient) -> None:
    empty = dict.fromkeys(
        ("company", "place", "delivery_days", "valid_until", "email", "phone"), " "
    )
    data = json.loads(post(client, **empty | {"place": ""}).text)
    assert data["company"] == ""
    assert all(data[name] is None for name in empty if name != "company")


def test_the_first_of_repeated_values_counts(client: FlaskClient) -> None:
    data = json.loads(post(client, price=["1", "2"], title=["first", "second"]).text)
    assert (data["price"], data["title"]) == (100, "first")


def test_a_negotiable_price_is_none_and_never_both(client: FlaskClient) -> None:
    assert json.loads(post(client, price="", negotiable="y").text)["price"] is None
    assert list(post(client, price="5", negotiable="y").json["errors"]) == ["price"]
    assert list(post(client, price="").json["errors"]) == ["price"]
    assert list(post(client, price="", negotiable="no").json["errors"]) == ["price"]


def test_no_end_date_and_a_date_contradict_each_other(client: FlaskClient) -> None:
    assert list(post(client, no_end_date="y").json["errors"]) == ["valid_until"]
    assert json.loads(post(client, no_end_date="y", valid_until="").text)["valid_until"] is None


def test_a_price_is_read_in_its_currency(client: FlaskClient) -> None:
    assert json.loads(post(client, currency="JPY", price="1200").text)["price"] == 1200
    assert list(post(client, currency="JPY", price="1200.50").json["errors"]) == ["price"]


@pytest.mark.parametrize("mimetype", ["application/json", "application/xml", "text/plain", ""])
def test_a_body_that_is_no_form_is_415(client: FlaskClient, mimetype: str) -> None:
    answer = client.post("/", data='{"title": "\\ud800"}', content_type=mimetype or None)
    assert answer.status_code == 415


def test_a_file_does_not_stand_in_for_a_field(client: FlaskClient) -> None:
    import io

    answer = client.post("/", data={**GOOD, "title": (io.BytesIO(b"x"), "x.png")})
    assert list(answer.json["errors"]) == ["title"]


def test_the_form_as_first_shown(client: FlaskClient) -> None:
    page = client.get("/").json["page"]
    for shown in (
        'value="1.00"', 'inputmode="decimal"', 'type="date"', 'value="2024-05-01"', 'type="tel"', 'autocomplete="tel"',
        'type="email"', 'autocomplete="organization"', 'inputmode="numeric"', '<optgroup label="Hours">', ' required',
    ):  # fmt: skip
        assert shown in page, shown


def test_a_day_no_picker_would_show_comes_back_as_text(client: FlaskClient) -> None:
    page = refused(client, "valid_until", "2024-02-30")["page"]
    assert 'type="text" value="2024-02-30"' in page.replace('maxlength="', "")
    assert 'type="date"' not in page
    kept = post(client, valid_until="2024年3月5日", title="").json["page"]
    assert 'type="date" value="2024-03-05"' in kept


# Attribute pairs


def pairs(*sides: tuple[str, str]) -> dict[str, str]:
    return {
        f"attributes-{n}-{side}": text
        for n, pair in enumerate(sides)
        for side, text in zip(("name", "value"), pair, strict=True)
    }


def test_pairs_are_kept_in_their_order_as_typed(client: FlaskClient) -> None:
    sent = {
        "attributes-10-name": "third", "attributes-10-value": "<b>",
        "attributes-2-value": "x", "attributes-2-name": "__class__",
        "attributes-0-name": "北京", "attributes-0-value": " 猿界算力 ",
    }  # fmt: skip
    assert json.loads(post(client, **sent).text)["attributes"] == [
        ["北京", "猿界算力"],
        ["__class__", "x"],
        ["third", "<b>"],
    ]


def test_blank_pairs_are_dropped_and_names_may_repeat(client: FlaskClient) -> None:
    sent = pairs(("a", "1"), (" ", "\u3000"), ("a", "2"))
    assert json.loads(post(client, **sent).text)["attributes"] == [["a", "1"], ["a", "2"]]


@pytest.mark.parametrize(
    "pair",
    [
        ("", "x"),
        ("x", ""),
        ("a\0", "x"),
        ("x", "a\nb"),
        ("字" * 51, "x"),
        ("x", "字" * 201),
        ("\u202ea", "x"),
    ],
)
def test_a_wrong_pair_is_marked_and_kept(client: FlaskClient, pair: tuple[str, str]) -> None:
    found = post(client, **pairs(("good", "one"), pair)).json
    assert list(found["errors"]) == ["attributes"]
    assert "<i>good|one|0</i>" in found["page"]
    assert "|1</i>" in found["page"]
    assert "\0" not in found["page"]


def test_fifty_pairs_are_the_most(client: FlaskClient) -> None:
    assert len(json.loads(post(client, **pairs(*[("a", "b")] * 50)).text)["attributes"]) == 50
    found = post(client, **pairs(*[("a", "b")] * 200)).json
    assert list(found["errors"]) == ["attributes"]
    assert found["page"].count("<i>a|b|0</i>") == 200


def test_the_editor_with_no_pair_left_means_none(client: FlaskClient) -> None:
    sent = {key: value for key, value in GOOD.items() if not key.startswith("attributes")}
    assert json.loads(client.post("/", data={**sent, "attributes": ""}).text)["attributes"] == []


def test_names_that_look_like_pairs_are_not(client: FlaskClient) -> None:
    sent = {
        "attributes-x-name": "a",
        "attributes-１-name": "b",
        "attributes-99999-name": "c",
        "attributes-0-id": "7",
    }
    assert json.loads(post(client, **sent).text)["attributes"] == [["英伟达", "4090"]]


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ({"pairs": "add"}, ["a", "b", "c", ""]),
        ({"pairs": "remove-1"}, ["a", "c"]),
        ({"pairs": "up-2"}, ["a", "c", "b"]),
        ({"pairs": "down-0"}, ["b", "a", "c"]),
        ({"pairs": "up-0"}, ["a", "b", "c"]),
        ({"pairs": "down-2"}, ["a", "b", "c"]),
        ({"pairs": "remove-9"}, ["a", "b", "c"]),
        ({"attributes-add": ""}, ["a", "b", "c", ""]),
        ({"attributes-remove": "0"}, ["b", "c"]),
        ({"attributes-down": "1"}, ["a", "c", "b"]),
    ],
)
def test_the_editors_buttons_work_without_script(
    app: Flask, sent: dict[str, str], names: list[str]
) -> None:
    body = pairs(("a", "1"), ("b", ""), ("c", "3")) | sent
    with app.test_request_context("/", method="POST", data=body):
        from flask import request

        form = Form()
        button = pair_button(request.form)
        assert button is not None
        form.attributes.press(button)
        assert [row.name for row in form.attributes.rows] == names
        assert [row.n for row in form.attributes.rows] == list(range(len(names)))


@pytest.mark.parametrize(
    "said", ["", "explode", "up", "up-", "up-x", "up--1", "up-１", "remove-" + "9" * 5000, "add\0"]
)
def test_no_other_button_is_known(said: str) -> None:
    assert pair_button({"pairs": said}) is None
