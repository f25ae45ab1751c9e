"""A real SMTP server on the loopback that behaves as badly as a test asks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.serving.server import free_port


class Peer:
    """What the server does, and what it has taken.

    `mode`: `take`; `busy` answers RCPT with 421 and `unknown` with 550; `mute` says nothing once
    greeted; `hang` says nothing after DATA; `busy-data` and `unwanted` answer DATA with 421 and
    550; `drop` takes the mail and hangs up without a word.
    """

    def __init__(self, mode: str, port: int | None = None) -> None:
        self.mode = mode
        self.port = port or free_port()
        self.taken: list[EmailMessage] = []
        self.tries = 0

    @property
    def url(self) -> str:
        """For PORTAL_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        name: str,
        responses: list[str],
    ) -> list[str]:
        """Answer a greeting."""
        if self.mode == "mute":
            await asyncio.sleep(60)
        session.host_name = name
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Take or refuse a recipient."""
        self.tries += 1
        if self.mode == "busy":
            return "421 4.3.2 try again later"
        if self.mode == "unknown":
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        if self.mode == "hang":
            await asyncio.sleep(60)
        if self.mode == "busy-data":
            return "421 4.3.2 try again later"
        if self.mode == "unwanted":
            return "550 5.7.1 not wanted here"
        content = envelope.original_content or b""
        self.taken.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        if self.mode == "drop":
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@contextmanager
def listening(mode: str = "take", port: int | None = None) -> Iterator[Peer]:
    """A mail server that listens until the end of the block, on a free port unless one is given."""
    peer = Peer(mode, port)
    controller = Controller(
        peer, hostname="127.0.0.1", port=peer.port, enable_SMTPUTF8=False, decode_data=False
    )
    controller.start()
    try:
        yield peer
    finally:
        controller.stop()
