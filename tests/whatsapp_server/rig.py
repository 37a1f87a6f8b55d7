"""The rig as a whole: numbers, customers, connections, and the servers that listen."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import itertools
import logging
import pathlib
import ssl
import tempfile
import time
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from . import media
from .account import Account
from .connection import Connection
from .curve import KeyPair
from .customer import Customer
from .events import EventLog
from .faults import Faults
from .linking import LinkCode, QROffer
from .nodes import JID, LID_SERVER

log = logging.getLogger("whatsapp_rig")

HOSTS = ("web.whatsapp.com", "mmg.whatsapp.net")


class Rig:
    def __init__(self, folder: str | pathlib.Path | None = None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="whatsapp-rig-")).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = KeyPair.new()
        self.events = EventLog()
        self.faults = Faults()  # for connections that have no number yet
        self.accounts: dict[str, Account] = {}
        self.customers: dict[str, Customer] = {}
        self.pairing: dict[str, QROffer] = {}  # QR reference -> waiting client
        self.link_codes: dict[str, LinkCode] = {}  # number -> the client that waits for its letters
        self.connections: set[Connection] = set()
        self.media: dict[str, bytes] = {}
        self.read_receipts_off = False
        self.started = time.time()
        self._lids = itertools.count(1)
        self._number_of: dict[str, str] = {}  # hidden id -> number
        self._tasks: set[asyncio.Task] = set()
        self._stopping = asyncio.Event()
        self.proxy_port = 0
        self._runner: web.AppRunner | None = None
        self._proxy: Any = None

    # --- people -------------------------------------------------------------------

    def new_lid(self, number: str) -> str:
        lid = str(100_000_000_000_000 + next(self._lids) * 7_919)
        self._number_of[lid] = number
        return lid

    def account(self, number: str, name: str = "") -> Account:
        """A business number; made on first use."""
        number = _digits(number)
        if number not in self.accounts:
            self.accounts[number] = Account(self, number, name)
        return self.accounts[number]

    def customer(self, number: str, name: str = "", addressing: str = "") -> Customer:
        """A customer; made on first use, changed by later calls."""
        number = _digits(number)
        if number not in self.customers:
            self.customers[number] = Customer(self, number)
        customer = self.customers[number]
        customer.name = name or customer.name
        customer.address_by(addressing or customer.addressing)
        return customer

    def _find(self, people: dict, jid):
        if not isinstance(jid, JID):
            return None
        number = self._number_of.get(jid.user) if jid.server == LID_SERVER else jid.user
        return people.get(number)

    def account_of(self, jid) -> Account | None:
        return self._find(self.accounts, jid)

    def customer_of(self, jid) -> Customer | None:
        return self._find(self.customers, jid)

    def later(self, coroutine) -> asyncio.Task:
        """Run something in the background; failures are logged."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if (
            not task.cancelled()
            and task.exception()
            and not isinstance(task.exception(), ConnectionError)
        ):
            log.error("background task failed", exc_info=task.exception())

    # --- listening ------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1") -> None:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get("/ws/chat", self._websocket)
        media.add_routes(app, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        self.ca_file = self.folder / "ca.pem"
        self._tls = _tls(self.folder)
        loop = asyncio.get_running_loop()
        self._proxy = await loop.create_server(lambda: Tunnel(self), host, 0)
        self.proxy_port = self._proxy.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._stopping.set()
        for connection in list(self.connections):
            connection.cut("rig stopped")
        if self._proxy:
            self._proxy.close()
        if self._runner:
            await self._runner.cleanup()

    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to reach this server instead of WhatsApp."""
        hook = pathlib.Path(__file__).parent / "hook"
        return {
            "PYTHONPATH": str(hook),  # put in front of an existing one
            "WHATSAPP_RIG_ROOT": self.root.public.hex(),
            "HTTPS_PROXY": f"http://127.0.0.1:{self.proxy_port}",
            "NO_PROXY": "127.0.0.1,localhost,::1",
            "SSL_CERT_FILE": str(self.ca_file),
        }

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        # no number is known before the login, so dial faults are the whole rig's
        if self.faults["offline"]:
            request.transport.abort()
            return web.Response(status=503)
        status = self.faults.take("dial_status")
        if status is not None:
            self.events.add("dial_refused", status=int(status.get("status", 503)))
            return web.Response(status=int(status.get("status", 503)))
        if self.faults.take("dial_hang") is not None:
            self.events.add("dial_hang")
            await self._stopping.wait()
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=1 << 24, compress=False, timeout=2)
        await socket.prepare(request)
        connection = Connection(self, request, socket)
        self.connections.add(connection)
        self.events.add("dial", connection=connection.number)
        await connection.run()
        return socket

    async def serve(self, transport: asyncio.Transport) -> None:
        """Go on as the HTTPS server on this connection."""
        protocol = self._runner.server()
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(transport, protocol, self._tls, server_side=True)
        except (OSError, ssl.SSLError):  # the client left
            transport.abort()
            return
        if secure is not None:
            protocol.connection_made(secure)


class Tunnel(asyncio.Protocol):
    """An HTTP proxy that knows only CONNECT, and only WhatsApp's hosts; it is these hosts itself."""

    def __init__(self, rig: Rig):
        self._rig, self._head = rig, b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._answer(self._head.decode("latin-1"))

    def _answer(self, head: str) -> None:
        method, target, _ = f"{head}  ".split(" ", 2)
        if method != "CONNECT" or target.rpartition(":")[0] not in HOSTS:
            self._rig.events.add("blocked", method=method, target=target)
            self._transport.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            self._transport.close()
        elif self._rig.faults["offline"]:
            self._transport.abort()
        else:
            self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._rig.later(self._rig.serve(self._transport))


def _digits(number: str) -> str:
    return "".join(c for c in str(number) if c.isdigit())


def _tls(folder: pathlib.Path) -> ssl.SSLContext:
    """A certificate authority for this run only, and a server certificate from it."""
    now = datetime.datetime.now(datetime.UTC)

    def certificate(name: str, key, issuer: str, issuer_key, *extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256())

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = "whatsapp-rig test authority"
    ca = certificate(
        ca_name, ca_key, ca_name, ca_key, (x509.BasicConstraints(ca=True, path_length=0), True)
    )
    names = [x509.DNSName(h) for h in (*HOSTS, "localhost")] + [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    ]
    leaf = certificate(HOSTS[0], key, ca_name, ca_key, (x509.SubjectAlternativeName(names), False))

    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    chain = folder / "server.pem"
    chain.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(pem)
        + ca.public_bytes(pem)
    )
    chain.chmod(0o600)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return context
