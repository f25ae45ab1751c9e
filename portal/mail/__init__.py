"""Mails: written to an outbox in the transaction that causes them, sent by the worker."""
