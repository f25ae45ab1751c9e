"""Writes of inquiries, each one transaction with its mails, events and audit."""

from portal.inquiries.actions.acts import (
    Acted,
    Doing,
    NoSuchColleague,
    change,
    mark_unread,
)
from portal.inquiries.actions.answering import (
    HOLD,
    FormUsed,
    Overtaken,
    TooLate,
    answer,
    take_back,
)
from portal.inquiries.actions.buying import (
    SEND_LINKS,
    Call,
    ask_deletion,
    ask_for_call,
    close,
    send_link,
    send_links,
    want_links,
    withdraw_deletion,
)
from portal.inquiries.actions.delivery import NotFailed, send_again, undelivered
from portal.inquiries.actions.desk import RECKON, reckon, settle_desk
from portal.inquiries.actions.digest import send_digests
from portal.inquiries.actions.drafts import (
    AlreadySent,
    Kept,
    NewerDraft,
    TooMuch,
    keep_draft,
)
from portal.inquiries.actions.forgetting import forget_due, purge_drafts
from portal.inquiries.actions.handing import Heir, hand_over
from portal.inquiries.actions.notes import add_note
from portal.inquiries.actions.reading import read
from portal.inquiries.actions.receiving import (
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
from portal.inquiries.actions.waking import wake_due

__all__ = [
    "HOLD",
    "RECKON",
    "SEND_LINKS",
    "Acted",
    "AlreadySent",
    "Call",
    "Doing",
    "FormUsed",
    "Heir",
    "Kept",
    "NewerDraft",
    "NoSuchColleague",
    "NotFailed",
    "NotOffered",
    "NotUndoable",
    "Overtaken",
    "Question",
    "Received",
    "SnippetChanged",
    "TooLate",
    "TooManySnippets",
    "TooMuch",
    "add_note",
    "answer",
    "ask",
    "ask_deletion",
    "ask_for_call",
    "buyer_digest",
    "change",
    "change_snippet",
    "close",
    "forget_due",
    "forget_snippet",
    "hand_over",
    "keep_draft",
    "keep_snippet",
    "mark_unread",
    "may_undo",
    "purge_drafts",
    "read",
    "reckon",
    "send_again",
    "send_digests",
    "send_link",
    "send_links",
    "settle",
    "settle_desk",
    "take_back",
    "touch",
    "undelivered",
    "undo",
    "wake_due",
    "want_links",
    "withdraw_deletion",
    "write_back",
]
