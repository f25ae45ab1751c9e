"""Digests under which secrets are kept: who reads the table cannot use what it holds."""

import hashlib
import hmac
from ipaddress import IPv4Address, ip_address, ip_network


def digest_of(value: str) -> str:
    """SHA-256 of a random token in hex (64 characters)."""
    return hashlib.sha256(value.encode()).hexdigest()


def network_digest(key: str, purpose: str, address: str) -> str:
    """Under which a client address is counted for `purpose`: useless without the secret key.

    Of an IPv6 address only the first 64 bits count: one subscriber has all that follow.
    """
    message = f"portal.network:{purpose}:{_subscriber(address)}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def _subscriber(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))
