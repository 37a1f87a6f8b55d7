"""A loopback server of OpenAI's transcription API: the real SDK sends it sound, and every request is kept."""

import json
import threading
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class TranscriptionServer:
    """Says `text` for whatever it hears; `status` other than 200 makes it fail, `hang` makes it slow (seconds)."""

    text: str = "jam berapa kelas besok"
    status: int = 200
    hang: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, self._closing))
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()


def _handler(server: TranscriptionServer, closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append({"path": self.path, **_form(self.headers["Content-Type"], body)})
            server.asked[-1]["authorization"] = self.headers.get("Authorization")
            closing.wait(server.hang)
            told = {"text": server.text} if server.status == 200 else {"error": {"message": "no"}}
            data = json.dumps(told).encode()
            self.send_response(server.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            """Tests stay quiet."""

    return Handler


def _form(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of a multipart form."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in parts.iter_parts()
    }
