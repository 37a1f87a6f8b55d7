"""Everything a test may ask of the rig, as operations with plain arguments.

The same operations are reached in three ways: ``await Operations(rig).send(..)``
inside the rig's event loop, :class:`LocalRig` from the same process (the loop
runs in a thread), and the HTTP control port from any other process (client.py).
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import logging
import pathlib
import threading
from typing import Any

from aiohttp import web

from . import client, content, linking, media
from .faults import Faults
from .nodes import JID
from .rig import Rig

log = logging.getLogger("whatsapp_rig")


class Operations:
    def __init__(self, rig: Rig):
        self._rig = rig

    # --- looking ----------------------------------------------------------------

    async def environment(self) -> dict:
        """Environment variables that lead an unmodified program to this server."""
        return self._rig.environment()

    async def state(self) -> dict:
        rig = self._rig
        return {
            "waiting_for_scan": sorted({o.connection.number for o in rig.pairing.values()}),
            "numbers": {
                a.number: {
                    "name": a.name,
                    "lid": str(a.lid),
                    "devices": {
                        d.number: {
                            "online": d.online,
                            "unacknowledged": len(d.waiting),
                            "prekeys": len(d.one_time),
                        }
                        for d in a.devices.values()
                    },
                }
                for a in rig.accounts.values()
            },
            "customers": {
                c.number: {
                    "name": c.name,
                    "lid": str(c.lid),
                    "addressing": c.addressing,
                    "inbox": len(c.inbox),
                }
                for c in rig.customers.values()
            },
        }

    async def events(
        self, since: int = 0, timeout: float = 0, count: int = 1, match: dict | None = None
    ) -> list[dict]:
        """Events after number ``since`` that match; with a timeout, wait for ``count`` of them."""
        if timeout:
            return await self._rig.events.wait(since, timeout, count, **(match or {}))
        return self._rig.events.select(since, **(match or {}))

    async def mark(self) -> int:
        """How many events there were so far."""
        return len(self._rig.events.events)

    async def offers(self) -> list[dict]:
        """Clients that show a QR code now (the code's secret part is only in the program)."""
        found: dict[int, dict] = {}
        for ref, shown in self._rig.pairing.items():
            number = shown.connection.number
            offer = found.setdefault(number, {"connection": number, "refs": []})
            offer["refs"].append(ref)
        return list(found.values())

    # --- the business's phone -------------------------------------------------------

    async def number(self, number: str, name: str = "") -> dict:
        """Create a business number."""
        account = self._rig.account(number, name)
        return {"number": account.number, "lid": str(account.lid)}

    async def scan(self, qr: str, number: str, name: str = "", tamper: str | None = None) -> dict:
        """The phone that owns ``number`` scans this QR text."""
        device = await self._rig.account(number, name).scan(qr, tamper)
        return {"device": device.number, "jid": str(device.jid), "lid": str(device.lid)}

    async def enter_code(self, code: str, number: str, name: str = "") -> dict:
        """The phone that owns ``number`` types the eight letters that the program shows."""
        device = await self._rig.account(number, name).enter_code(code)
        return {"device": device.number, "jid": str(device.jid), "lid": str(device.lid)}

    async def expire_codes(self, count: int = 1) -> int:
        """The oldest ``count`` QR codes of each waiting client are no longer valid."""
        return linking.expire(self._rig, count)

    async def unlink(self, number: str, device: int | None = None) -> None:
        await self._account(number).unlink(device)

    async def phone_send(self, number: str, customer: str, text: str) -> str:
        """The owner answers a customer by hand on the phone."""
        return await self._account(number).send_from_phone(
            self._customer(customer), content.text(text)
        )

    async def note_to_self(self, number: str, text: str) -> str:
        """The owner writes in the chat with themselves."""
        return await self._account(number).note_to_self(content.text(text))

    async def history(self, number: str, chats: dict[str, list], device: int | None = None) -> None:
        """Send past chats: {customer: [[text, from_me, unix time], ..]}."""
        await self._account(number).send_history(
            [
                (self._customer(who), [tuple(line) for line in lines])
                for who, lines in chats.items()
            ],
            device,
        )

    # --- customers --------------------------------------------------------------------

    async def customer(
        self,
        number: str,
        name: str = "",
        addressing: str = "",
        receipts: list[str] | None = None,
        asks_again: bool | None = None,
    ) -> dict:
        """Create or change a customer.  ``receipts``: what their phone returns, e.g. ["delivered", "read"];
        ``asks_again``: whether it asks for messages it cannot read."""
        customer = self._rig.customer(number, name, addressing)
        if asks_again is not None:
            customer.asks_again = asks_again
        if receipts is not None:
            customer.receipts = tuple(receipts)
        return {
            "number": customer.number,
            "lid": str(customer.lid),
            "addressing": customer.addressing,
        }

    async def send(
        self,
        customer: str,
        number: str,
        message: dict,
        id: str | None = None,
        timestamp: float | None = None,
        chat: str | None = None,
    ) -> str:
        """A customer writes to a business number.  ``message``: see content.build; or a file,
        {"file": base64, "kind": "image", "mimetype": .., "caption": ..}.
        ``chat``: "123@g.us" or "status@broadcast" instead of the direct conversation."""
        if "file" in message:
            fields = {k: v for k, v in message.items() if k not in ("file", "kind", "mimetype")}
            body = media.store(
                self._rig,
                message["kind"],
                base64.b64decode(message["file"]),
                message["mimetype"],
                **fields,
            )
        else:
            body = content.build(message)
        where = JID.parse(chat) if chat else None
        return await self._customer(customer).send(
            self._account(number), body, id, timestamp, where
        )

    async def inbox(self, customer: str, since: int = 0) -> list[dict]:
        return [item.as_dict() for item in self._customer(customer).inbox[since:]]

    async def expect(self, customer: str, total: int, timeout: float = 10) -> list[dict]:
        """Wait until a customer has received ``total`` messages in all."""
        return [
            item.as_dict() for item in await self._customer(customer).expect_count(total, timeout)
        ]

    async def expect_reply(self, customer: str, timeout: float = 10) -> dict:
        return (await self._customer(customer).expect_reply(timeout)).as_dict()

    async def file(self, customer: str, index: int) -> str:
        """The decrypted file of a received message, base64."""
        item = self._customer(customer).inbox[index]
        return media.encode(media.fetch(self._rig, item.kind, item.message))

    async def typing(self, customer: str, number: str, state: str = "composing") -> None:
        await self._customer(customer).typing(self._account(number), state)

    async def call(self, customer: str, number: str, video: bool = False) -> str:
        """A customer rings; returns the call's id."""
        return await self._customer(customer).call(self._account(number), video)

    async def end_call(self, customer: str, number: str, id: str, reason: str = "timeout") -> None:
        """The customer stops ringing."""
        await self._customer(customer).hang_up(self._account(number), id, reason)

    async def receipt(self, customer: str, number: str, id: str, kind: str = "read") -> None:
        await self._customer(customer).receipt(self._account(number), id, kind)

    async def reinstall(self, customer: str) -> None:
        """The customer changes phones: new keys, old sessions lost."""
        self._customer(customer).reinstall()

    # --- faults ------------------------------------------------------------------------

    async def fault(
        self, name: str, number: str | None = None, times: int = 1, details: dict | None = None
    ) -> None:
        """Arm a one-shot (faults.py lists them), for one number or for any."""
        if number and name in Faults.WHOLE_RIG:
            raise ValueError(f"{name} strikes before the number is known; leave number out")
        self._faults(number).add(name, times, **(details or {}))

    async def condition(self, number: str | None = None, **values) -> None:
        """Set lasting conditions (faults.py lists them)."""
        if number and Faults.WHOLE_RIG & set(values):
            raise ValueError("offline holds for the whole rig; leave number out")
        self._faults(number).set(**values)
        await self._release()

    async def calm(self) -> None:
        """No more faults anywhere."""
        self._rig.faults.reset()
        for account in self._rig.accounts.values():
            account.faults.reset()
            await account.let_go()
        await self._release()

    async def _release(self) -> None:
        """Where the server may speak again, it says what it kept back."""
        for connection in list(self._rig.connections):
            if not connection.condition("mute"):
                await connection.speak()

    async def cut(self, number: str | None = None) -> int:
        """Cut TCP connections now, without a word: of one number, or all."""
        return await self._each(number, lambda c: c.cut("cut by the test"))

    async def hang_up(self, number: str | None = None) -> int:
        """Close WebSockets in an orderly way."""
        return await self._each(number, lambda c: c.close())

    async def stream_error(
        self, number: str, code: str | None = None, conflict: str | None = None, grace: float = 1.0
    ) -> int:
        """515: come back; 503: server restarts; conflict "replaced"; 401 + "device_removed"."""
        return await self._each(number, lambda c: c.stream_error(code, conflict, grace))

    async def settings(self, read_receipts_off: bool | None = None) -> dict:
        if read_receipts_off is not None:
            self._rig.read_receipts_off = read_receipts_off
        return {"read_receipts_off": self._rig.read_receipts_off}

    # -------------------------------------------------------------------------------------

    async def _each(self, number, action) -> int:
        chosen = [c for c in self._rig.connections if number is None or c.name == _plain(number)]
        for connection in chosen:
            result = action(connection)
            if inspect.isawaitable(result):
                await result
        return len(chosen)

    def _account(self, number: str):
        return self._rig.accounts[_plain(number)]

    def _customer(self, number: str):
        return self._rig.customers[_plain(number)]

    def _faults(self, number: str | None) -> Faults:
        return self._account(number).faults if number else self._rig.faults

    async def _call(self, name: str, arguments: dict) -> Any:
        method = getattr(self, name, None) if not name.startswith("_") else None
        if method is None:
            raise LookupError(f"no operation {name!r}")
        return await method(**arguments)


def _plain(number: str) -> str:
    return "".join(c for c in str(number) if c.isdigit())


# --- over HTTP -----------------------------------------------------------------------


async def serve_control(rig: Rig, port: int = 0) -> int:
    """The control port: POST /<operation> with a JSON object of arguments."""
    operations = Operations(rig)

    async def call(request: web.Request) -> web.Response:
        try:
            arguments = await request.json() if request.can_read_body else {}
            result = await operations._call(request.match_info["name"], arguments)
            return web.json_response({"result": result})
        except Exception as error:  # every failure is the caller's answer
            return web.json_response(
                {"error": type(error).__name__, "message": str(error)}, status=400
            )

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/{name}", call)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server: Any = site._server
    return server.sockets[0].getsockname()[1]


async def start(folder=None, control_port: int = 0) -> tuple[Rig, pathlib.Path]:
    """Start everything; returns the rig and the file that tells others how to reach it."""
    rig = Rig(folder)
    await rig.start()
    port = await serve_control(rig, control_port)
    card = rig.folder / "rig.json"
    card.write_text(
        json.dumps(
            {"control": f"http://127.0.0.1:{port}", "environment": rig.environment()}, indent=1
        )
    )
    return rig, card


# --- in the same process ------------------------------------------------------------------


class LocalRig(client.RigClient):
    """A rig in a thread of this process: ``with LocalRig() as rig: ...``."""

    def __init__(self, folder=None):
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="whatsapp-rig", daemon=True
        )

    def __enter__(self) -> LocalRig:
        self._thread.start()
        self.rig, self.card = self._run(start(self._folder))
        self._operations = Operations(self.rig)
        return self

    def __exit__(self, *_) -> None:
        self._run(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _shut_down(self) -> None:
        await self.rig.stop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _run(self, coroutine) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, operation: str, **arguments) -> Any:
        return self._run(self._operations._call(operation, arguments))
