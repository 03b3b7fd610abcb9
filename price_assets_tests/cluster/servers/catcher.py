"""Takes webhooks on port 8080 and mails on port 2525, and tells what it took: `GET /taken` gives all of it as JSON, the oldest first.

A webhook is `{"path", "body"}`, a mail `{"to", "subject", "body"}`.
"""

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN: list[dict[str, str]] = []


class Webhook(BaseHTTPRequestHandler):
    """Slack's, or any other; a GET of another path is a heartbeat."""

    def do_POST(self) -> None:
        """Take it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        TAKEN.append({"path": self.path, "body": body.decode()})
        self._answer(b"ok")

    def do_GET(self) -> None:
        """Tell, or take a heartbeat."""
        if self.path == "/taken":
            self._answer(json.dumps(TAKEN).encode())
        else:
            self.do_POST()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """What came is told by itself."""


class Mailbox:
    """Everybody's."""

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """Take it."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain",))
        TAKEN.append({"to": ", ".join(envelope.rcpt_tos), "subject": str(mail["subject"]), "body": part.get_content() if part else ""})
        return "250 OK"


if __name__ == "__main__":
    Controller(Mailbox(), hostname="0.0.0.0", port=2525).start()
    ThreadingHTTPServer(("0.0.0.0", 8080), Webhook).serve_forever()
