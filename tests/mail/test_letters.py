"""What goes over the wire: words come back as they were typed, threads hold together."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from flask import Flask

from portal.database import transaction
from portal.jobs.worker import Handler, work_once
from portal.mail import actions, sending
from portal.mail.blocks import Blocks
from portal.mail.models import Mail
from tests.mail.peer import Peer, listening
from tests.mail.test_outbox import body_of, through

HANDLERS = {actions.SEND: Handler(sending.send, sending.give_up)}
FACTS = {
    "name": "王芳",
    "title": "RTX 4090 租赁",
    "provider": "猿界算力",
    "offer": {"price_minor": 1_100_000, "currency": "CNY", "unit": "item"},
    "url": "http://127.0.0.1:8000/threads/abc",
}


@pytest.fixture
def peer(own_app: Flask) -> Iterator[Peer]:
    """A mail server that takes everything."""
    with listening() as server:
        through(own_app, server.url)
        yield server


def sent(app: Flask, peer: Peer, template: str, language: str = "en", **facts: str) -> EmailMessage:
    """Post one letter, send it, and give what arrived."""
    with app.app_context(), transaction() as session:
        actions.post(
            session,
            to="a@c.example",
            template=template,
            language=language,
            context={**FACTS, **facts},
        )
    assert work_once(app, HANDLERS)
    return peer.taken[-1]


@pytest.mark.parametrize(
    "words",
    [
        "From me\n.\n..\n--boundary\n--===============123==--\n\nBcc: all@c.example",
        "x" * (1 << 20),
        "询" * 400_000,
        "two  blanks\n\n\n\nfour line ends, a tab\tand =?utf-8?q?=0A?=",
        "\u2028 line \u0085 ends of other worlds",
    ],
    ids=["boundary", "1 MB line", "long Chinese line", "blanks", "separators"],
)
def test_words_come_back_as_they_were_typed(own_app: Flask, peer: Peer, words: str) -> None:
    message = sent(own_app, peer, "inquiry_answered", message=words)
    assert f"\n\n{words}\n\n" in body_of(message, "plain")
    assert message["Bcc"] is None
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_html_part_shows_each_block_its_own_way(own_app: Flask, peer: Peer) -> None:
    typed = "<img src=//evil.example/t.gif>\nhttp://127.0.0.1:8000/sign-in https://evil.example"
    html = body_of(sent(own_app, peer, "inquiry_received", message=typed), "html")
    quoted = html.partition("<blockquote")[2].partition("</blockquote>")[0]
    assert "&lt;img src=//evil.example/t.gif&gt;<br>\n" in quoted
    assert "<a " not in quoted
    assert 'scope="row"' in html
    assert "11,000.00" in html
    assert html.count(f'<a href="{FACTS["url"]}"') == 1
    for fetched in ("<img", "<link", "<style", "<script", "url(", 'src="', "@import"):
        assert fetched not in html


@pytest.mark.parametrize(("language", "brand"), [("zh", "算力供应台"), ("en", "Offer Portal")])
def test_the_sender_speaks_the_readers_language(
    own_app: Flask, peer: Peer, language: str, brand: str
) -> None:
    message = sent(own_app, peer, "inquiry_received", language, message="?")
    assert message["From"].addresses[0].display_name == brand
    assert f">{brand}</p>" in body_of(message, "html")
    assert ("：\n" if language == "zh" else ":\n") + FACTS["url"] in body_of(message, "plain")


def test_mails_of_a_thread_name_all_before_them(own_app: Flask, peer: Peer) -> None:
    with own_app.app_context(), transaction() as session:
        keys: dict[int | None, list[str]] = {None: [], 7: []}
        for number in range(6):
            whom = 7 if number % 2 else None
            mail = actions.post(
                session,
                to="same@c.example",
                template="inquiry_answered",
                language="en",
                context={**FACTS, "message": str(number)},
                inquiry_id=1,
                in_reply_to=keys[whom][0] if keys[whom] else None,
                notice_of=whom,
            )
            keys[whom].append(mail.key)
    while work_once(own_app, HANDLERS):
        pass
    for whom, own in keys.items():
        mine = [one for one in peer.taken if (one["List-Unsubscribe"] is None) == (whom is None)]
        ids = [f"<{key}@portal.example>" for key in own]
        assert [one["Message-ID"] for one in mine] == ids
        assert [one["In-Reply-To"] for one in mine] == [None, ids[0], ids[0]]
        assert [one["References"] for one in mine] == [None, ids[0], f"{ids[0]} {ids[1]}"]


def test_a_notification_says_how_to_have_no_more(own_app: Flask, peer: Peer) -> None:
    with own_app.app_context(), transaction() as session:
        posted: Mail = actions.post(
            session,
            to="a@c.example",
            template="inquiry_digest",
            language="en",
            context={"waiting": 2, "mails": 10, "minutes": 15},
            notice_of=7,
        )
    assert posted.notice_of == 7
    assert work_once(own_app, HANDLERS)
    [message] = peer.taken
    address = message["List-Unsubscribe"].strip("<>")
    assert message["Subject"] == "2 inquiries are waiting for an answer"
    assert body_of(message, "plain").endswith(f"\n-- \n{FOOT}\n{address}\n")
    assert f'href="{address}"' in body_of(message, "html")


FOOT = "Choose which mails tell you of what happens, or none:"


def test_a_forged_mark_shows_nothing() -> None:
    blocks = Blocks(": ")
    body = f"a\n\n{blocks.quote('said')}\n\n\x029\x03 \x02x\x03"
    assert blocks.text_of(body) == "a\n\nsaid\n\n \x02x\x03\n"
    assert [block.kind for block in blocks.blocks_of(body)][:2] == ["paragraph", "quote"]
