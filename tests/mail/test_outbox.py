"""The outbox: mails go out once, wait for a bad server, and never carry what they must not."""

import dataclasses
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from portal import clock
from portal.config import Settings
from portal.database import transaction
from portal.extensions import db
from portal.jobs.actions import BACKOFF
from portal.jobs.models import DEAD, Job
from portal.jobs.worker import Handler, work_once
from portal.mail import actions, sending
from portal.mail.models import FAILED, QUEUED, SENT, Mail
from tests.mail.peer import listening

HANDLERS = {actions.SEND: Handler(sending.send, sending.give_up)}
LETTER = """{{ subject }}

{{ text }}

See {{ origin }}/threads/{{ token }}.
"""
CONTEXT = {"subject": "Re: RTX 4090", "text": "您好 <b>王芳</b>\nsecond line", "token": "abc-123"}


@pytest.fixture
def outbox(own_app: Flask) -> Flask:
    """An application that knows one more letter."""
    loader = own_app.jinja_env.loader
    assert loader is not None
    own_app.jinja_env.loader = ChoiceLoader([DictLoader({"mail/letter.txt": LETTER}), loader])
    return own_app


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The present moment, to be moved by the test."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    return now


def through(app: Flask, url: str) -> None:
    """Let the application send through this server."""
    settings: Settings = app.config["PORTAL"]
    app.config["PORTAL"] = dataclasses.replace(settings, smtp_url=url)


def post(app: Flask, to: str = "buyer@c.example", **given: Any) -> Mail:
    """Put one letter into the outbox."""
    given = {"template": "letter", "language": "zh", "context": dict(CONTEXT), **given}
    with app.app_context(), transaction() as session:
        return actions.post(session, to=to, **given)


def mail_of(app: Flask) -> Mail:
    """The one mail in the table."""
    with app.app_context():
        return db.session.scalars(select(Mail)).one()


def job_of(app: Flask) -> Job | None:
    """The one job in the table."""
    with app.app_context():
        return db.session.scalars(select(Job)).one_or_none()


def body_of(message: EmailMessage, kind: str) -> str:
    """The text of one of a mail's two parts."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_is_sent_once_and_forgets_its_secret(outbox: Flask) -> None:
    with listening() as peer:
        through(outbox, peer.url)
        posted = post(outbox, in_reply_to="first")
        assert work_once(outbox, HANDLERS)
        assert not work_once(outbox, HANDLERS)
    [message] = peer.taken
    mail = mail_of(outbox)
    assert (mail.state, mail.context, mail.error) == (SENT, {}, None)
    assert message["To"] == "buyer@c.example"
    assert message["From"].addresses[0].display_name == "算力供应台"
    assert message["From"].addresses[0].addr_spec == "no-reply@portal.example"
    assert message["Subject"] == "Re: RTX 4090"
    assert message["Message-ID"] == f"<{posted.key}@portal.example>"
    assert message["In-Reply-To"] == message["References"] == "<first@portal.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert body_of(message, "plain") == (
        "您好 <b>王芳</b>\nsecond line\n\nSee http://127.0.0.1:8000/threads/abc-123.\n"
    )
    html = body_of(message, "html")
    assert "您好 &lt;b&gt;王芳&lt;/b&gt;<br>" in html
    link = "http://127.0.0.1:8000/threads/abc-123"
    assert f'<a href="{link}">{link}</a>.' in html
    assert "<img" not in html


def test_without_a_server_mails_become_files(outbox: Flask) -> None:
    posted = post(outbox, language="en")
    assert work_once(outbox, HANDLERS)
    folder: Path = outbox.config["PORTAL"].data_dir / "mail"
    [path] = folder.iterdir()
    assert path.name.endswith(f"-{posted.id}.eml")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert "您好" in body_of(message, "plain")  # type: ignore[arg-type]
    assert "您好".encode() in path.read_bytes()


def test_of_two_mails_with_one_key_the_first_goes_out(outbox: Flask) -> None:
    ids = []
    for subject in ("first", "second"):
        with outbox.app_context(), transaction() as session:
            context = {**CONTEXT, "subject": subject}
            mail = actions.post(
                session,
                to="a@b.example",
                template="letter",
                language="zh",
                context=context,
                key="k",
            )
            ids.append(mail.id)
    assert ids[0] == ids[1]
    with outbox.app_context():
        (only,) = db.session.scalars(select(Mail))
        assert only.context["subject"] == "first"


def test_nothing_is_left_of_a_transaction_that_fails(outbox: Flask) -> None:
    def post_and_fail() -> None:
        with outbox.app_context(), transaction() as session:
            actions.post(session, to="a@c.example", template="letter", language="zh", context={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        post_and_fail()
    assert job_of(outbox) is None


@pytest.mark.parametrize("mode", ["busy", "busy-data", "mute", "hang", "drop", "refused"])
def test_a_bad_server_is_tried_again_later(
    outbox: Flask, moment: list[int], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    posted = post(outbox)
    with listening(mode) as peer:
        through(outbox, "smtp://127.0.0.1:9" if mode == "refused" else peer.url)
        assert work_once(outbox, HANDLERS)
    mail, job = mail_of(outbox), job_of(outbox)
    assert (mail.state, mail.context) == (QUEUED, CONTEXT)
    assert mail.error
    assert job is not None
    assert (job.tries, job.due_at) == (1, moment[0] + 60)
    with listening() as peer:
        through(outbox, peer.url)
        assert not work_once(outbox, HANDLERS)
        moment[0] += 60
        assert work_once(outbox, HANDLERS)
    assert [message["Message-ID"] for message in peer.taken] == [f"<{posted.key}@portal.example>"]
    assert mail_of(outbox).state == SENT


def test_waits_grow_and_end(outbox: Flask, moment: list[int]) -> None:
    through(outbox, "smtp://127.0.0.1:9")
    post(outbox)
    start, waits = moment[0], []
    while work_once(outbox, HANDLERS):
        job = job_of(outbox)
        assert job is not None
        if job.state == DEAD:
            break
        waits.append(job.due_at - moment[0])
        moment[0] = job.due_at
    assert tuple(waits) == BACKOFF == (60, 300, 1800, 7200, 28_800)
    assert moment[0] - start == sum(BACKOFF)
    assert mail_of(outbox).state == FAILED


@pytest.mark.parametrize(
    ("mode", "reply"),
    [("unknown", "550 5.1.1 nobody of that name"), ("unwanted", "550 5.7.1 not wanted here")],
)
def test_a_refused_mail_is_given_up_and_says_why(outbox: Flask, mode: str, reply: str) -> None:
    post(outbox)
    with listening(mode) as peer:
        through(outbox, peer.url)
        assert work_once(outbox, HANDLERS)
        assert not work_once(outbox, HANDLERS)
    mail, job = mail_of(outbox), job_of(outbox)
    assert mail.state == FAILED
    assert reply in (mail.error or "")
    assert job is not None
    assert job.state == DEAD
    assert peer.tries == 1


def test_a_mail_given_up_is_sent_again_as_the_same(outbox: Flask) -> None:
    posted = post(outbox)
    with listening("unknown") as peer:
        through(outbox, peer.url)
        assert work_once(outbox, HANDLERS)
        with outbox.app_context(), transaction() as session:
            assert actions.send_again(session, posted.id)
            assert not actions.send_again(session, posted.id)  # it waits already
        peer.mode = "take"
        assert work_once(outbox, HANDLERS)
        assert not work_once(outbox, HANDLERS)
    assert [message["Message-ID"] for message in peer.taken] == [f"<{posted.key}@portal.example>"]
    mail = mail_of(outbox)
    assert (mail.state, mail.error, mail.context) == (SENT, None, {})
    with outbox.app_context(), transaction() as session:
        assert not actions.send_again(session, posted.id)


@pytest.mark.parametrize(
    "to",
    [
        "a@c.example\nBcc: all@c.example",
        "a@c.example, b@c.example",
        "a b@c.example",
        "a",
        "@c",
        "<a@c.example>",
        "a@c.example\r",
        "a\x00@c.example",
        "a" * 250 + "@c.example",
        "a@b@c.example",
        "=?utf-8?q?a=0D=0ABcc=3A_all?=@c.example",
    ],
)
def test_only_one_address_is_taken(outbox: Flask, to: str) -> None:
    with pytest.raises(actions.NoAddress):
        post(outbox, to=to)
    assert job_of(outbox) is None


def test_line_ends_in_a_subject_make_no_header(outbox: Flask) -> None:
    with listening() as peer:
        through(outbox, peer.url)
        post(outbox, context={**CONTEXT, "subject": "4090\r\x0bBcc: all@c.example\u2028x"})
        assert work_once(outbox, HANDLERS)
    [message] = peer.taken
    assert message["Bcc"] is None
    assert message["Subject"] == "4090 Bcc: all@c.example x"


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?x=0D=0ABcc:_all@c.example?=",
        "=?utf-8?b?eA0KQmNjOiBhbGxAYy5leGFtcGxlDQoNCnRleHQ=?=",
        "中文 =?UTF-8?Q?=0A=0A<b>?= 中文",
        "字 " * 40 + "=?utf-8?q?x=0D=0ABcc:_all@c.example?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=0D=0ABcc:_all=3F=3D?=",
        "==?utf-8?q?x=0D=0ABcc:_all?=",
        "=\u200b=?utf-8?q?x=0AY:_all?=",
    ],
)
def test_an_encoded_word_in_a_subject_stays_text(outbox: Flask, typed: str) -> None:
    with listening() as peer:
        through(outbox, peer.url)
        post(outbox, context={**CONTEXT, "subject": typed})
        assert work_once(outbox, HANDLERS)
    [message] = peer.taken
    assert list(message.keys()) == [
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    ]  # fmt: skip
    assert message.is_multipart()
    assert message["Subject"].replace("\u200b", "") == typed.replace("\u200b", "").strip()


def test_other_scripts_in_domains_and_names(outbox: Flask) -> None:
    settings: Settings = outbox.config["PORTAL"]
    outbox.config["PORTAL"] = dataclasses.replace(
        settings, mail_from="算力供应台 <no-reply@算力.example>"
    )
    with listening() as peer:
        through(outbox, peer.url)
        post(outbox, to="buyer@例え.example")
        post(outbox, to="王芳@c.example")
        assert work_once(outbox, HANDLERS)
        assert work_once(outbox, HANDLERS)
    [message] = peer.taken
    assert message["To"] == "buyer@xn--r8jz45g.example"
    assert message["From"].addresses[0].display_name == "算力供应台"
    with outbox.app_context():
        failed = db.session.scalars(select(Mail).where(Mail.state == FAILED)).one()
    assert failed.to_address == "王芳@c.example"


def test_a_letter_that_cannot_be_written_is_given_up(outbox: Flask) -> None:
    post(outbox, context={})
    post(outbox, template="no-such-letter")
    assert work_once(outbox, HANDLERS)
    assert work_once(outbox, HANDLERS)
    with outbox.app_context():
        assert set(db.session.scalars(select(Mail.state))) == {FAILED}


def test_a_mail_may_wait_for_its_time(outbox: Flask, moment: list[int]) -> None:
    post(outbox, not_before=moment[0] + 3600)
    assert not work_once(outbox, HANDLERS)
    moment[0] += 3600
    assert work_once(outbox, HANDLERS)
