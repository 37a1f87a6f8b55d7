"""Tiny servers on loopback for the contract tests: the real SDKs talk to them over HTTP, and every request is kept."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    method: str
    path: str  # without the query string
    body: Any
    headers: dict[str, str]


Answer = tuple[int, Any]  # status and JSON


@dataclass
class Loopback:
    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[Asked], Answer]) -> Iterator[Loopback]:
    """A server that gives `answer` to every request, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"null")
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path.partition("?")[0], body, headers)
            loopback.asked.append(asked)
            status, told = answer(asked)
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            """Tests stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    loopback = Loopback(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class EmbeddingServer:
    """Speaks /v1/embeddings. `failing` is the status and body of every answer while it is set."""

    def __init__(self, dimensions: int = 8) -> None:
        self.dimensions = dimensions
        self.failing: Answer | None = None

    def __call__(self, asked: Asked) -> Answer:
        if self.failing is not None:
            return self.failing
        rows = [
            {"object": "embedding", "index": place, "embedding": self.vector(text)}
            for place, text in enumerate(asked.body["input"])
        ]
        rows.reverse()  # servers may mix the order
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return 200, {"object": "list", "model": "m", "data": rows, "usage": usage}

    def vector(self, text: str) -> list[float]:
        return [byte / 255 + 0.01 for byte in blake2b(text.encode()).digest()[: self.dimensions]]


class QdrantServer:
    """As much of Qdrant as MILA asks for. Like the real one it returns whatever the filter lets through."""

    def __init__(self, version: str = "1.19.0") -> None:
        self.version = version
        self.collections: dict[str, dict[str, Any]] = {}
        self.ignores_filters = False  # a broken index: foreign points come back
        self.down = False

    def __call__(self, asked: Asked) -> Answer:
        if self.down:
            return 503, {"status": {"error": "starting"}, "time": 0}
        parts = asked.path.strip("/").split("/")
        if asked.path == "/":
            return 200, {"title": "qdrant", "version": self.version}
        if parts == ["collections"]:
            return self._told({"collections": [{"name": name} for name in self.collections]})
        name, rest = parts[1], "/".join(parts[2:])
        if rest == "exists":
            return self._told({"exists": name in self.collections})
        if rest == "" and asked.method == "PUT":
            self.collections[name] = {}
            return self._told(True)
        if name not in self.collections:
            return 404, {"status": {"error": f"Collection `{name}` doesn't exist!"}, "time": 0}
        return self._points(asked, self.collections[name], rest)

    def _points(self, asked: Asked, points: dict[str, Any], rest: str) -> Answer:
        done = {"operation_id": 1, "status": "completed"}
        if rest == "points" and asked.method == "PUT":
            points.update({point["id"]: point for point in asked.body["points"]})
            return self._told(done)
        if rest == "points/delete":
            for point in self._seen(points, asked.body["filter"]):
                del points[point["id"]]
            return self._told(done)
        if rest == "points/query":
            found = self._seen(points, asked.body["filter"])
            scored = [
                {"id": p["id"], "version": 1, "score": 1.0, "payload": p["payload"]} for p in found
            ]
            return self._told({"points": scored[: asked.body["limit"]]})
        if rest == "points/scroll":
            found = [{"id": p["id"]} for p in self._seen(points, asked.body["filter"])]
            return self._told({"points": found, "next_page_offset": None})
        return self._told(done)  # the payload index

    def _seen(self, points: dict[str, Any], only: dict[str, Any]) -> list[dict[str, Any]]:
        return [p for p in points.values() if self.ignores_filters or matches(p, only)]

    @staticmethod
    def _told(result: Any) -> Answer:
        return 200, {"result": result, "status": "ok", "time": 0.001}


def matches(point: dict[str, Any], only: dict[str, Any]) -> bool:
    for condition in only["must"]:
        if "has_id" in condition and point["id"] not in condition["has_id"]:
            return False
        if "must" in condition and not matches(point, condition):
            return False
        if "key" in condition and point["payload"][condition["key"]] != condition["match"]["value"]:
            return False
    return True
