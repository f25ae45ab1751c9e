"""Digests under which secrets are kept: who reads the table cannot use what it holds."""

import hashlib


def digest_of(value: str) -> str:
    """SHA-256 of a random token in hex (64 characters)."""
    return hashlib.sha256(value.encode()).hexdigest()
