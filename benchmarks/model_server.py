"""A model service on loopback that costs far less than the client under test: Messages and embeddings, HTTP/1.1.

    python -m benchmarks.model_server [--port 0] [--latency 0] [--embedding-latency 0]

Prints its port. Answers echo the word that follows the last "ref", so that a reply that reaches the wrong customer
is seen. A question that begins with "Cari dulu" is looked up with a tool call first. GET /_stats counts calls and
holds the last ones; POST /_reset zeroes the counters.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import random
import re
import struct
from functools import lru_cache
from typing import Any

DIMENSIONS = 1536
REFERENCE = re.compile(r"\bref ([a-z]+)")
LOOK_UP = "Cari dulu"
KEPT = 10  # calls


def counters() -> dict[str, Any]:
    return {"messages": 0, "embeddings": 0, "peak": 0, "in_flight": 0, "calls": []}


class Service:
    """What the server answers, and what it counted."""

    def __init__(self, latency: float, embedding_latency: float) -> None:
        self.latency, self.embedding_latency = latency, embedding_latency
        self.stats = counters()

    async def answer(self, path: str, body: bytes) -> Any:
        if path == "/_stats":
            return self.stats
        if path == "/_reset":
            self.stats = counters()
            return {}
        request = json.loads(body)
        kind = "embeddings" if path.endswith("/embeddings") else "messages"
        self.stats[kind] += 1
        self.stats["calls"] = [*self.stats["calls"], [kind, request]][-KEPT:]
        await asyncio.sleep(self.embedding_latency if kind == "embeddings" else self.latency)
        return embeddings(request) if kind == "embeddings" else message(request)


def message(request: dict[str, Any]) -> dict[str, Any]:
    asked = request["messages"][-1]["content"]
    found = REFERENCE.findall(json.dumps(request["messages"]))
    text = f"Ada, Kak. Kelas pemula cocok untuk yang baru mulai. ref {found[-1] if found else ''}"
    content: dict[str, Any] = {"type": "text", "text": text}
    if isinstance(asked, str) and LOOK_UP in asked:
        content = {
            "type": "tool_use",
            "id": f"toolu_{random.getrandbits(64):016x}",
            "name": "knowledge_search",
            "input": {"queries": ["kelas untuk pemula"]},
        }
    size = sum(len(json.dumps(request.get(part))) for part in ("system", "tools", "messages"))
    return {
        "id": f"msg_{random.getrandbits(64):016x}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [content],
        "stop_reason": "tool_use" if content["type"] == "tool_use" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": size // 4, "output_tokens": len(text) // 4},
    }


def embeddings(request: dict[str, Any]) -> dict[str, Any]:
    texts = [request["input"]] if isinstance(request["input"], str) else request["input"]
    data = [
        {"object": "embedding", "index": index, "embedding": vector(str(text))}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


@lru_cache(5000)
def vector(text: str) -> str:
    """A repeatable unit vector, as the SDK asks for it: little-endian float32 in base64."""
    chance = random.Random(hashlib.sha256(text.encode()).digest())
    values = [chance.gauss(0, 1) for _ in range(DIMENSIONS)]
    length = sum(value * value for value in values) ** 0.5
    packed = struct.pack(f"<{DIMENSIONS}f", *(value / length for value in values))
    return base64.b64encode(packed).decode()


class Protocol(asyncio.Protocol):
    """Just enough of HTTP/1.1 for SDKs that send a content length and keep connections open."""

    def __init__(self, service: Service) -> None:
        self.service, self.buffer = service, b""
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            found = re.search(r"(?i)content-length:\s*(\d+)", head)
            length = int(found[1]) if found else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            path = head.split(" ", 2)[1].split("?")[0]
            task = asyncio.get_running_loop().create_task(self.respond(path, body))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def respond(self, path: str, body: bytes) -> None:
        stats = self.service.stats
        stats["in_flight"] += 1
        stats["peak"] = max(stats["peak"], stats["in_flight"])
        try:
            answer = json.dumps(await self.service.answer(path, body)).encode()
        finally:
            stats["in_flight"] -= 1
        if not self.transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
            self.transport.write(head.encode() + answer)  # type: ignore[attr-defined]


async def serve(port: int, service: Service) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Protocol(service), "127.0.0.1", port, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per model call")
    parser.add_argument("--embedding-latency", type=float, default=0.0)
    parser.add_argument("--core", type=int, default=-1)
    options = parser.parse_args()
    if options.core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {options.core})
    asyncio.run(serve(options.port, Service(options.latency, options.embedding_latency)))


if __name__ == "__main__":
    main()
