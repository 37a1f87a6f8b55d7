"""The HTTP connection under the SDK, with one moment at which everything on it ends.

A timeout of the transport counts from byte to byte, so a server that sends one now and then would hold us for ever;
not only in the body, in the headers too. Imported only by the door, as it brings the HTTP library along.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

_call = threading.local()


@contextmanager
def ends_at(deadline: float) -> Iterator[None]:
    """Whatever this thread reads and writes in the block ends by `deadline` on time.monotonic()."""
    _call.deadline = deadline
    try:
        yield
    finally:
        _call.deadline = None


def clocked(client: httpx2.Client) -> httpx2.Client:
    """The client with our clock on all its connections, through a proxy or not."""
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)
    return client


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    deadline = getattr(_call, "deadline", None)
    if deadline is None:
        return timeout
    left = float(deadline - time.monotonic())
    if left <= 0:
        raise late("The turn's time is over.")
    return left if timeout is None else min(left, timeout)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, real: httpcore2.NetworkBackend) -> None:
        self._real = real

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **more: Any
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._real.connect_tcp(host, port, left, *args, **more))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, *args: Any, **more: Any
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._real.connect_unix_socket(path, left, *args, **more))

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, real: httpcore2.NetworkStream) -> None:
        self._real = real

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._real.close()

    def start_tls(self, *args: Any, **more: Any) -> httpcore2.NetworkStream:
        more["timeout"] = _left(more.get("timeout"), httpcore2.ConnectTimeout)
        return _Stream(self._real.start_tls(*args, **more))

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)


TOO_MUCH = 4_000_000  # bytes; an answer has a few thousand


class TooMuchError(Exception):
    """The server sends and sends."""


def whole(chunks: Iterable[bytes]) -> bytes:
    """The body, if it is as small as an answer is."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > TOO_MUCH:
            raise TooMuchError
    return bytes(body)
