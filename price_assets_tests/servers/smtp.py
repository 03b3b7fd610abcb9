"""A mail server in a thread of this process, with and without login and TLS; and one that takes connections and never says a word."""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Mail:
    """One that was accepted: as its envelope says, and its content, parsed."""

    sender: str
    recipients: tuple[str, ...]
    content: EmailMessage
    encrypted: bool


@dataclass
class MailServer:
    """What came in. `replies` are given, instead of acceptance, to commands MAIL and to recipients by name: each the next one, the last for good."""

    port: int = 0
    login: tuple[str, str] | None = None
    replies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    refusal: str = "535 5.7.8 Authentication credentials invalid"
    mails: list[Mail] = field(default_factory=list[Mail])
    logins: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        if self.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._reply("MAIL")

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        """A recipient."""
        reply = self._reply(address)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail itself."""
        assert isinstance(envelope.content, bytes)
        content = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(content, EmailMessage)
        assert server.transport
        self.mails.append(
            Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, server.transport.get_extra_info("ssl_object") is not None)
        )
        return "250 OK"

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        """Compare what somebody logs in with."""
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        return AuthResult(success=given == self.login, handled=False, message=None if given == self.login else self.refusal)

    def _reply(self, to: str) -> str:
        replies = self.replies.get(to, ["250 OK"])
        return replies.pop(0) if len(replies) > 1 else replies[0]


def _quietly(_: asyncio.AbstractEventLoop, __: dict[str, Any]) -> None:
    """A handshake that fails is for the client to tell."""


@contextmanager
def mail_server(
    login: tuple[str, str] | None = None, *, starttls: SSLContext | None = None, tls: SSLContext | None = None, without: tuple[str, ...] = ()
) -> Generator[MailServer]:
    """Serve within this block: whoever logs in so, or anybody; TLS from the first byte, or after STARTTLS and never without.

    `without` names ways to log in that are not offered: the library's LOGIN prompts in words that not every client knows.
    """
    made = MailServer(login=login)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_quietly)

    def protocol() -> SMTP:
        return SMTP(
            made,
            loop=loop,
            hostname="mail.example.com",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_require_tls=False,
            auth_exclude_mechanism=without,
            authenticator=made.authenticate,
        )

    def serve() -> None:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    made.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    async def stop() -> None:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def silent_server() -> Generator[int]:
    """A port that takes connections, for whatever protocol, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
