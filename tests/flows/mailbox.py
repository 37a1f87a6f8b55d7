"""A mail server on loopback: it takes whatever comes and keeps it. A few lines of SMTP, no package."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Any, Self


class _Conversation(socketserver.StreamRequestHandler):
    server: "Mailbox"

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 loopback")
        for line in self.rfile:
            word = line.split(None, 1)[0].upper().decode() if line.strip() else ""
            if word == "DATA":
                self.say("354 go on")
                self._keep()
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif word in ("EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP"):
                self.say("250 ok")
            else:
                self.say("502 not known")

    def _keep(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        found: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.mails.append(found)
        self.say("250 kept")


class Mailbox(socketserver.ThreadingTCPServer):
    """`with Mailbox() as mailbox:` its address is `mailbox.url`, what came is in `mailbox.mails`."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mails: list[EmailMessage] = []
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()
