"""Writes of inquiries, each one transaction with its mails, events and audit."""

from portal.inquiries.actions.answering import Overtaken, TooLate, answer, take_back
from portal.inquiries.actions.receiving import (
    FormUsed,
    NotOffered,
    Question,
    Received,
    ask,
    buyer_digest,
    write_back,
)
from portal.inquiries.actions.threads import settle, touch

__all__ = [
    "FormUsed",
    "NotOffered",
    "Overtaken",
    "Question",
    "Received",
    "TooLate",
    "answer",
    "ask",
    "buyer_digest",
    "settle",
    "take_back",
    "touch",
    "write_back",
]
