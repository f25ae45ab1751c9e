"""Writes of inquiries, each one transaction with its mails, events and audit."""

from portal.inquiries.actions.acts import (
    Acted,
    Doing,
    NoSuchColleague,
    change,
    mark_unread,
)
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
from portal.inquiries.actions.snippets import (
    SnippetChanged,
    TooManySnippets,
    change_snippet,
    forget_snippet,
    keep_snippet,
)
from portal.inquiries.actions.threads import settle, touch
from portal.inquiries.actions.undo import NotUndoable, may_undo, undo

__all__ = [
    "Acted",
    "Doing",
    "FormUsed",
    "NoSuchColleague",
    "NotOffered",
    "NotUndoable",
    "Overtaken",
    "Question",
    "Received",
    "SnippetChanged",
    "TooLate",
    "TooManySnippets",
    "answer",
    "ask",
    "buyer_digest",
    "change",
    "change_snippet",
    "forget_snippet",
    "keep_snippet",
    "mark_unread",
    "may_undo",
    "settle",
    "take_back",
    "touch",
    "undo",
    "write_back",
]
