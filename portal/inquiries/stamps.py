"""A stamp of all that an open inbox shows: equal stamps, nothing to draw anew.

It is made of the desk's version, which every write raises; of the next deadline still to come, which
passes without a write; and of the open thread's mails on their way and colleagues at work in it.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, String, bindparam, cast, func, select

from portal import clock
from portal.inquiries.models import AnswerDraft, Desk, Inquiry, Message
from portal.inquiries.vocabulary import Stage
from portal.mail.models import QUEUED, Mail

FRESH: Final = 45
"""Seconds since a draft was saved in which its writer counts as answering."""
_NAMES: Final = ("version", "due", "queued", "typing")


def parts(provider: ColumnElement[Any], me: ColumnElement[Any]) -> dict[str, Select[Any]]:
    """The selects that a stamp is made of, over `now`, `fresh_since` and `inquiry_id`.

    Whether that thread is the provider's is for the caller to see, before anything is told of it.

    Args:
        provider: id of the provider whose desk it is.
        me: id of the reader, whose own drafts are no news.
    """
    opened = bindparam("inquiry_id", type_=BigInteger)
    return {
        "version": select(Desk.version).where(Desk.provider_id == provider),
        "due": select(Inquiry.rank)
        .where(
            Inquiry.provider_id == provider,
            Inquiry.stage == Stage.US.value,
            Inquiry.rank >= bindparam("now", type_=BigInteger),
        )
        .order_by(Inquiry.rank)
        .limit(1),
        "queued": select(func.count())
        .select_from(Message)
        .join(Mail, Mail.id == Message.mail_id)
        .where(Message.inquiry_id == opened, Mail.state == QUEUED),
        "typing": select(func.aggregate_strings(cast(AnswerDraft.person_id, String), ",")).where(
            AnswerDraft.inquiry_id == opened,
            AnswerDraft.kind == "answer",
            AnswerDraft.saved_at > bindparam("fresh_since", type_=BigInteger),
            AnswerDraft.person_id != me,
        ),
    }


PARTS: Final = parts(bindparam("provider_id"), bindparam("person_id"))
"""The same of the signed-in reader, for navigation.count()."""


def values(opened: int | None) -> dict[str, Any]:
    """Parameters of the parts besides who asks.

    Args:
        opened: the thread that stands beside the list.
    """
    now = clock.now()
    return {"inquiry_id": opened, "now": now, "fresh_since": now - FRESH}


def stamp(found: Mapping[str, Any]) -> str:
    """The stamp of what the parts read, such as `17.1790000000.1.3-5`."""
    version, due, queued, typing = (found[name] for name in _NAMES)
    people = "-".join(sorted((typing or "").split(",")))
    return f"{version or 0}.{due or 0}.{queued or 0}.{people}"
