"""WhatsApp's binary XML: nodes, addresses (JIDs), encoder and decoder."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Iterator

from . import tokens

LIST_EMPTY = 0
DICTIONARY = 236  # ..239
INTEROP_JID, FB_JID, AD_JID = 245, 246, 247
LIST_8, LIST_16 = 248, 249
JID_PAIR = 250
HEX_8 = 251
BINARY_8, BINARY_20, BINARY_32 = 252, 253, 254
NIBBLE_8 = 255
PACKED_MAX = 127

PN_SERVER = "s.whatsapp.net"
LID_SERVER = "lid"
_AGENT_OF = {PN_SERVER: 0, LID_SERVER: 1, "hosted": 128, "hosted.lid": 129}
_SERVER_OF = {agent: server for server, agent in _AGENT_OF.items()}


class BadNode(ValueError):
    pass


@dataclasses.dataclass(frozen=True)
class JID:
    """An address: ``user:device@server``.  Device 0 is the phone itself."""

    user: str
    server: str = PN_SERVER
    device: int = 0

    def __str__(self) -> str:
        user = f"{self.user}:{self.device}" if self.device else self.user
        return f"{user}@{self.server}" if user else self.server

    @classmethod
    def parse(cls, text: str) -> JID:
        user, _, server = text.rpartition("@")
        user, _, device = user.partition(":")
        return cls(user, server, int(device or 0))

    @property
    def bare(self) -> JID:
        return dataclasses.replace(self, device=0)

    def at(self, device: int) -> JID:
        return dataclasses.replace(self, device=device)


SERVER = JID("", PN_SERVER)

AttrValue = str | JID
Content = None | bytes | str | list["Node"]


@dataclasses.dataclass
class Node:
    tag: str
    attrs: dict[str, AttrValue] = dataclasses.field(default_factory=dict)
    content: Content = None

    @property
    def children(self) -> list[Node]:
        return self.content if isinstance(self.content, list) else []

    def child(self, *path: str) -> Node | None:
        here: Node | None = self
        for tag in path:
            here = next((c for c in here.children if c.tag == tag), None) if here else None
        return here

    def all(self, tag: str) -> Iterator[Node]:
        return (c for c in self.children if c.tag == tag)

    def text(self, name: str, default: str = "") -> str:
        """Attribute as text."""
        return str(self.attrs.get(name, default))

    @property
    def data(self) -> bytes:
        """Content as bytes."""
        if isinstance(self.content, bytes):
            return self.content
        return self.content.encode() if isinstance(self.content, str) else b""

    def __str__(self) -> str:
        attrs = "".join(f" {k}={str(v)!r}" for k, v in self.attrs.items())
        if self.content is None:
            return f"<{self.tag}{attrs}/>"
        if isinstance(self.content, list):
            inner = "".join(map(str, self.content))
        elif isinstance(self.content, bytes):
            shown = self.content[:24].hex()
            inner = shown if len(self.content) <= 24 else f"{shown}..({len(self.content)} bytes)"
        else:
            inner = self.content
        return f"<{self.tag}{attrs}>{inner}</{self.tag}>"


def node(tag: str, attrs: dict | None = None, content: Content = None, /, **more) -> Node:
    """A node; attributes that are None are left out, numbers become text.

    A trailing underscore lets Python keywords be used as names (``from_=``,
    ``class_=``).
    """
    out: dict[str, AttrValue] = {}
    for name, value in {**(attrs or {}), **more}.items():
        if value is None:
            continue
        out[name.rstrip("_")] = value if isinstance(value, (str, JID)) else str(value)
    return Node(tag, out, content)


# --- encoding -----------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _token_index() -> dict[str, bytes]:
    single, double = tokens.load()
    index = {}
    for d, table in enumerate(double):
        for i, token in enumerate(table):
            index[token] = bytes([DICTIONARY + d, i])
    for i, token in enumerate(single):
        if token:
            index[token] = bytes([i])
    return index


_NIBBLES = {**{str(d): d for d in range(10)}, "-": 10, ".": 11}
_HEXES = {c: i for i, c in enumerate("0123456789ABCDEF")}


def _length(n: int) -> bytes:
    if n < 1 << 8:
        return bytes([BINARY_8, n])
    if n < 1 << 20:
        return bytes([BINARY_20]) + n.to_bytes(3, "big")
    return bytes([BINARY_32]) + n.to_bytes(4, "big")


def _packed(kind: int, digits: list[int]) -> bytes:
    odd = len(digits) % 2
    if odd:
        digits = [*digits, 15]
    body = bytes(hi << 4 | lo for hi, lo in zip(digits[::2], digits[1::2], strict=True))
    return bytes([kind, len(body) | odd << 7]) + body


def _string(text: str) -> bytes:
    token = _token_index().get(text)
    if token:
        return token
    if text and len(text) <= PACKED_MAX:
        if all(c in _NIBBLES for c in text):
            return _packed(NIBBLE_8, [_NIBBLES[c] for c in text])
        if all(c in _HEXES for c in text):
            return _packed(HEX_8, [_HEXES[c] for c in text])
    raw = text.encode()
    return _length(len(raw)) + raw


def _jid(jid: JID) -> bytes:
    if jid.device and jid.server in _AGENT_OF:
        return bytes([AD_JID, _AGENT_OF[jid.server], jid.device]) + _string(jid.user)
    user = _string(jid.user) if jid.user else bytes([LIST_EMPTY])
    return bytes([JID_PAIR]) + user + _string(jid.server)


def _list(n: int) -> bytes:
    if n == 0:
        return bytes([LIST_EMPTY])
    if n < 256:
        return bytes([LIST_8, n])
    return bytes([LIST_16]) + n.to_bytes(2, "big")


def _node(n: Node) -> bytes:
    attrs = {k: v for k, v in n.attrs.items() if v != ""}
    out = [_list(1 + 2 * len(attrs) + (n.content is not None)), _string(n.tag)]
    for name, value in attrs.items():
        out.append(_string(name))
        out.append(_jid(value) if isinstance(value, JID) else _string(value))
    if isinstance(n.content, list):
        out.append(_list(len(n.content)))
        out.extend(map(_node, n.content))
    elif isinstance(n.content, bytes):
        out.append(_length(len(n.content)) + n.content)
    elif isinstance(n.content, str):
        out.append(_string(n.content))
    return b"".join(out)


def encode(n: Node) -> bytes:
    return b"\0" + _node(n)


# --- decoding -----------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0
        self.single, self.double = tokens.load()

    def take(self, n: int) -> bytes:
        end = self.at + n
        if end > len(self.data):
            raise BadNode("node is cut short")
        part, self.at = self.data[self.at : end], end
        return part

    def byte(self) -> int:
        try:
            value = self.data[self.at]
        except IndexError:
            raise BadNode("node is cut short") from None
        self.at += 1
        return value

    def number(self, n: int) -> int:
        return int.from_bytes(self.take(n), "big")

    def list_size(self, tag: int) -> int:
        if tag == LIST_EMPTY:
            return 0
        if tag == LIST_8:
            return self.byte()
        if tag == LIST_16:
            return self.number(2)
        raise BadNode(f"tag {tag} is not a list")

    def packed(self, alphabet: str) -> str:
        head = self.byte()
        text = "".join(alphabet[b >> 4] + alphabet[b & 15] for b in self.take(head & 127))
        return text[:-1] if head & 128 else text

    def text(self) -> str:
        value = self.value()
        if isinstance(value, str):
            return value
        if isinstance(value, bytes):
            return value.decode()
        if value is None:
            return ""
        raise BadNode(f"expected text, got {type(value).__name__}")

    def value(self):
        """Whatever comes next: text, bytes, JID, list of nodes or nothing."""
        tag = self.byte()
        if 0 < tag < len(self.single):  # the usual case
            return self.single[tag]
        if tag == LIST_EMPTY:
            return None
        if tag in (LIST_8, LIST_16):
            return [self.node() for _ in range(self.list_size(tag))]
        if tag == BINARY_8:
            return self.take(self.byte())
        if tag == BINARY_20:
            return self.take(self.number(3) & 0xFFFFF)
        if tag == BINARY_32:
            return self.take(self.number(4))
        if DICTIONARY <= tag < DICTIONARY + len(self.double):
            return self.double[tag - DICTIONARY][self.byte()]
        if tag == NIBBLE_8:
            return self.packed("0123456789-.???\0")
        if tag == HEX_8:
            return self.packed("0123456789ABCDEF")
        if tag == JID_PAIR:
            user = self.text()
            return JID(user, self.text())
        if tag == AD_JID:
            agent, device = self.byte(), self.byte()
            return JID(self.text(), _SERVER_OF.get(agent, PN_SERVER), device)
        if tag == FB_JID:
            user, device = self.text(), self.number(2)
            return JID(user, self.text(), device)
        if tag == INTEROP_JID:
            user, device, _integrator = self.text(), self.number(2), self.number(2)
            return JID(user, self.text(), device)
        raise BadNode(f"unknown tag {tag} at {self.at - 1}")

    def node(self) -> Node:
        size = self.list_size(self.byte())
        if size == 0:
            raise BadNode("empty node")
        name = self.text()
        attrs: dict[str, AttrValue] = {}
        for _ in range((size - 1) // 2):
            key = self.text()
            value = self.value()
            attrs[key] = (
                value.decode() if isinstance(value, bytes) else ("" if value is None else value)
            )
        return Node(name, attrs, self.value() if size % 2 == 0 else None)


def decode(data: bytes) -> Node:
    if not data:
        raise BadNode("empty frame")
    body = data[1:]
    if data[0] & 2:
        body = zlib.decompress(body)
    return _Reader(body).node()
