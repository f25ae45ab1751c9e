"""Hostile values through the real form: refused beside the field, or stored and shown as text."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.inquiries.models import Message
from portal.mail.rendering import letter_of
from tests import factories
from tests.inquiries.conftest import digest_at_the_end_of_the_slot, inquiries, mails
from tests.pages import PagesClient

COMBINING = "e" + "\u0301" * 60
REFUSED = [
    ("name", "a\0b"),
    ("name", "\u202egnp.exe"),
    ("name", "字" * 101),
    ("name", "a\r\nBcc: x@y.z"),
    ("name", "a\nb"),
    ("name", "   "),
    ("name", "a" * 300_000),
    ("company", "\u202egnp.exe"),
    ("message", "a\0b"),
    ("message", "a" * 300_000),
    ("email", "a\0b"),
    ("email", "a\r\nBcc: x@y.z"),
    ("email", "a"),
    ("email", "a@b.c,evil@x.y"),
    ("phone", "'; DROP TABLE listing;--"),
    ("reply_by", "10000-01-01"),
    ("reply_by", "NaN"),
]
SHOWN = [
    "<script>probe()</script>",
    "'; DROP TABLE listing;--",
    "{{7*7}}${7*7}",
    '=HYPERLINK("http://e",1)',
    '"><img src=x onerror=probe()>',
    "=?utf-8?b?QmNjOiBldmlsQHgueQ==?=",
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_what_cannot_be_right_is_refused_beside_its_field(
    ask: Callable[..., Any], filled: Callable[..., Any], field: str, value: str
) -> None:
    answer = ask(filled(**{field: value}))
    assert answer.status_code in {413, 422}
    assert not inquiries()


@pytest.mark.parametrize("value", SHOWN)
def test_what_is_only_strange_is_shown_as_it_is(
    ask: Callable[..., Any],
    filled: Callable[..., Any],
    seller: PagesClient,
    visitor: PagesClient,
    value: str,
) -> None:
    assert ask(filled(name=value, company=value, message=value)).status_code == 200
    (inquiry,) = inquiries()
    assert (inquiry.name, inquiry.company) == (value, value)
    assert db.session.scalar(select(Message.body)) == value
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&#34;").replace("'", "&#39;")
    link = mails()[0].context["url"].removeprefix("http://127.0.0.1:8000")
    for page in (
        seller.get("/portal/inquiries/"),
        seller.get(f"/portal/inquiries/{inquiry.id}"),
        visitor.get(link),
    ):
        assert escaped in page.text
        assert value == escaped or value not in page.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("value", [*SHOWN, "From x\n.\n--boundary\n\nBcc: evil@x.y"])
def test_mails_hold_the_words_as_text_and_one_subject(
    ask: Callable[..., Any],
    filled: Callable[..., Any],
    seller: PagesClient,
    language: str,
    value: str,
) -> None:
    line = value.splitlines()[0]
    ask(filled(name=line, message=value), headers={"Accept-Language": language})
    seller.post(f"/portal/inquiries/{inquiries()[0].id}/replies", data={"body": value})
    sent = mails()
    assert [mail.template for mail in sent] == [
        "inquiry_received",
        "inquiry_new",
        "inquiry_answered",
    ]
    for mail in sent:
        letter = letter_of(mail)
        assert "\n" not in letter.subject
        assert value in letter.text
        assert "http://127.0.0.1:8000/" in letter.text
        assert "<script" not in letter.html
        assert "<img" not in letter.html


def test_the_digest_can_be_read(
    ask: Callable[..., Any], filled: Callable[..., Any], seller: PagesClient
) -> None:
    for number in range(11):
        ask(filled(email=f"b{number}@c.example"), address=f"198.51.100.{number}")
    digest_at_the_end_of_the_slot()
    letter = letter_of(mails()[-1])
    assert "http://127.0.0.1:8000/portal/inquiries/" in letter.text


def test_a_write_back_reaches_the_seller_readably(
    visitor: PagesClient,
    seller: PagesClient,
    listing: Any,
    private_link: Callable[..., str],
) -> None:
    inquiry = factories.inquiry(listing)
    link = private_link(inquiry)
    token = visitor.get(link).text.split('name="csrf_token" value="')[1].split('"')[0]
    visitor.post(link, data={"csrf_token": token, "body": "And 16?"}, csrf=False)
    letter = letter_of(mails()[-1])
    assert "And 16?" in letter.text
    assert f"/portal/inquiries/{inquiry.id}" in letter.text


def test_accents_heaped_on_one_letter_do_no_harm(
    ask: Callable[..., Any], filled: Callable[..., Any]
) -> None:
    assert ask(filled(name=COMBINING)).status_code in {200, 422}
