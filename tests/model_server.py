"""A model on loopback that speaks the Messages API, for the real SDK: scripted, or by a few simple rules.

In a test:      with ModelServer([text("Halo"), Failure(529)]) as server: settings.ANTHROPIC_BASE_URL = server.url
By itself:      python -m tests.model_server --port 0      (prints its address; by rules)

By its rules it first asks for knowledge_search, then quotes the first entry that it got; it hands back pain over to a
person; it answers in the language that stands with the message. A script that has run out goes on by the rules.
"""

import argparse
import contextlib
import html
import itertools
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_ids = itertools.count(1)


@dataclass(frozen=True)
class Failure:
    """An answer that is none: an HTTP error, a body that is no JSON, or silence."""

    status: int = 200
    message: str = "failed as asked"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hang: float = 0.0  # seconds of silence before anything is sent
    drip: float = 0.0  # seconds between single bytes
    cut: int | None = None  # bytes of the body after which the connection is reset
    drip_head: float = 0.0  # seconds between the bytes of an endless header


WRONG_KEY = Failure(401, "invalid x-api-key")
NO_CREDIT = Failure(400, "Your credit balance is too low to access the Anthropic API.")
NO_MODEL = Failure(404, "model: claude-gone")
LIMITED = Failure(429, "rate limited", {"retry-after": "600"})
OVERLOADED = Failure(529, "Overloaded")
GARBAGE = Failure(body=b"<html>a proxy's page</html>")
HANG = Failure(hang=60)
DRIP = Failure(body=b" " * 600, drip=0.05)
FORBIDDEN = Failure(403, "not your model")
TRUNCATED = Failure(body=b'{"content": [{"type": "text", "te')
WRONG_TYPE = Failure(body=b"Halo Kak", headers={"content-type": "text/plain"})
RESET = Failure(body=b'{"content": [{"type": "text", "text": "Halo"}]}', cut=20)
SLOW_HEADERS = Failure(drip_head=0.05)
MOVED = Failure(307, "over there", {"location": "/v1/messages"})

Body = dict[str, Any]
Reply = Body | Failure | Callable[[Body], "Body | Failure"]
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def answer(blocks: list[Body], stop_reason: str = "end_turn", **usage: int) -> Body:
    return {
        "id": f"msg_{next(_ids)}",
        "type": "message",
        "role": "assistant",
        "model": "loopback",
        "content": blocks,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20, **usage},
    }


def text(words: str, stop_reason: str = "end_turn", **usage: int) -> Body:
    return answer([{"type": "text", "text": words}], stop_reason, **usage)


def tool(name: str, words: str = "", **arguments: Any) -> Body:
    return tools((name, arguments), words=words)


def tools(*calls: tuple[str, Mapping[str, Any]], words: str = "") -> Body:
    """Several tools at once, as a model may ask for them."""
    blocks: list[Body] = [{"type": "text", "text": words}] if words else []
    for name, arguments in calls:
        call = {"type": "tool_use", "id": f"toolu_{next(_ids)}", "name": name}
        blocks.append({**call, "input": dict(arguments)})
    return answer(blocks, "tool_use")


def search(*queries: str) -> Body:
    return tool("knowledge_search", queries=list(queries))


def escalate(category: str, urgency: str = "normal", summary: str = "", words: str = "") -> Body:
    return tool(
        "escalate_to_human", words, category=category, urgency=urgency, summary=summary or category
    )


class PromptCache:
    """Prefixes that were seen before cost less, as at Anthropic; tokens are estimated from characters."""

    def __init__(self, floor: int = 4096, per_character: float = 0.27) -> None:
        self.floor, self.per_character = floor, per_character
        self._seen: set[int] = set()
        self._lock = threading.Lock()

    def usage(self, request: Body, said: str) -> dict[str, int]:
        """The `usage` of an answer: what stands before the breakpoint is written once, then read."""
        front, rest = split_at_breakpoint(request)
        size, more = self._tokens(front), self._tokens(rest)
        usage = {"input_tokens": size + more, "output_tokens": self._tokens(said)}
        if not front or size < self.floor:
            return usage
        with self._lock:
            known = hash(front) in self._seen
            self._seen.add(hash(front))
        kind = "cache_read_input_tokens" if known else "cache_creation_input_tokens"
        return {**usage, "input_tokens": more, kind: size}

    def _tokens(self, words: str) -> int:
        return round(len(words) * self.per_character)


def split_at_breakpoint(request: Body) -> tuple[str, str]:
    """What a server caches, in its order: tools, system up to the last mark; and the rest."""
    system = request.get("system") or []
    marks = [n for n, block in enumerate(system) if "cache_control" in block]
    end = marks[-1] + 1 if marks else 0
    front = json.dumps([request.get("tools"), system[:end]]) if end else ""
    return front, json.dumps([system[end:], request["messages"]])


def by_rules(request: Body) -> Body:
    """What a simple model would do."""
    last = request["messages"][-1]["content"]
    if isinstance(last, list):
        return text(_after_tools(request, last))
    question = _message(last)
    if re.search(r"back pain|sakit punggung|nyeri", question.lower()):
        return escalate("medical", "urgent", question[:200])
    return search(question[:200])


def _after_tools(request: Body, results: list[Body]) -> str:
    indonesian = _language(request) == "id"
    shown = "\n".join(str(block.get("content", "")) for block in results)
    entry = re.search(r"<entry [^>]*>\n(.*?)\n</entry>", shown, re.DOTALL)
    if entry:
        quoted = html.unescape(entry[1]).strip()[:400]
        return f"Ini infonya Kak: {quoted}" if indonesian else f"Here you go: {quoted}"
    if "The team knows" in shown:
        return "Tim kami akan membantu Kak." if indonesian else "Our team will help you here."
    return "Maaf Kak, saya tidak tahu." if indonesian else "Sorry, I don't know."


def _language(request: Body) -> str:
    said = [m["content"] for m in request["messages"] if isinstance(m["content"], str)]
    found = re.findall(r'<message language="(\w+)">', "\n".join(said))
    return found[-1] if found else "id"


def _message(content: str) -> str:
    found = re.findall(r"<message[^>]*>\n(.*?)\n</message>", content, re.DOTALL)
    return html.unescape(found[-1] if found else content)


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Body
    at: float = field(default_factory=time.time)  # when it came


class ModelServer:
    """Listens on a free port of loopback while the `with` block runs; keeps every request."""

    def __init__(
        self,
        script: Iterable[Reply] = (),
        *,
        rules: Callable[[Body], "Body | Failure"] = by_rules,
        port: int = 0,
        delay: float = 0,
        key: str = "",
    ) -> None:
        self.script, self.rules = list(script), rules
        self.requests: list[Request] = []
        self.delay = delay  # seconds before each answer
        self.key = key  # the only one that is accepted; empty: any
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def bodies(self) -> list[Body]:
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def reply_to(self, request: Request) -> Body | Failure:
        with self._lock:
            self.requests.append(request)
            reply: Reply = self.script.pop(0) if self.script else self.rules
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return WRONG_KEY
        return reply(request.body) if callable(reply) else reply


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            if self.path != "/v1/messages":
                self._send(404, _error(404, f"no such path: {self.path}"))
                return
            reply = server.reply_to(Request(self.path, headers, body))
            server.closing.wait(server.delay)
            if isinstance(reply, Failure):
                self._fail(reply)
            else:
                self._send(200, json.dumps(reply).encode())

        def _fail(self, failure: Failure) -> None:
            if failure.hang and server.closing.wait(failure.hang):
                self.close_connection = True
                return
            if failure.drip_head:
                self._drip_head(failure.drip_head)
                return
            body = failure.body or _error(failure.status, failure.message)
            if failure.cut is not None:
                self._cut(body, failure.cut)
                return
            self._send(failure.status, body, failure.headers, failure.drip)

        def _drip_head(self, pause: float) -> None:
            """A status line, then a header that never ends."""
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
                while not server.closing.wait(pause):
                    self.wfile.write(b"a")

        def _cut(self, body: bytes, after: int) -> None:
            """Part of the answer, then a reset instead of its end."""
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:after])
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

        def _send(
            self, status: int, body: bytes, headers: Mapping[str, str] = {}, drip: float = 0
        ) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                for part in [body[i : i + 1] for i in range(len(body))] if drip else [body]:
                    self.wfile.write(part)
                    if drip and server.closing.wait(drip):
                        return
            except OSError:  # the client has left
                self.close_connection = True

        def log_message(self, *_args: Any) -> None:
            """Quiet: requests hold what customers wrote."""

    return Handler


def _error(status: int, message: str) -> bytes:
    kind = _TYPES.get(status, "api_error")
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description="A model on loopback, by a few rules.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    options = parser.parse_args()
    with ModelServer(port=options.port, delay=options.delay) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
