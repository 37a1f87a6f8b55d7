"""Answers to the <iq> questions a client asks."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from . import linking
from .nodes import JID, SERVER, Node, node
from .ratchet import Bundle

if TYPE_CHECKING:
    from .connection import Connection

_handlers: dict[str, Callable[[Connection, Node], Awaitable[list[Node]]]] = {}


def handles(xmlns: str):
    def register(function):
        _handlers[xmlns] = function
        return function

    return register


class Refuse(Exception):
    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code, self.text = code, text


async def answer(connection: Connection, query: Node) -> None:
    xmlns, id = query.text("xmlns"), query.text("id")
    for name in ("iq_hang", "iq_error"):
        details = connection.strike_query(name, xmlns)
        if details is None:
            continue
        connection.rig.events.add(name, number=connection.name, xmlns=xmlns)
        if name == "iq_error":
            await connection.send(
                _error(id, details.get("code", 500), details.get("text", "internal-server-error"))
            )
        return
    if xmlns == "w:p" and connection.condition("ignore_pings"):
        return
    handler = _handlers.get(xmlns)
    if handler is None:
        connection.rig.events.add(
            "unknown_iq", number=connection.name, xmlns=xmlns, query=str(query)
        )
        await connection.send(_error(id, 501, "feature-not-implemented"))
        return
    try:
        children = await handler(connection, query)
    except Refuse as refusal:
        await connection.send(_error(id, refusal.code, refusal.text))
        return
    await connection.send(
        node("iq", {"from": SERVER, "type": "result", "id": id}, children or None)
    )
    if xmlns == "passive" and query.child("active") is not None:
        held = await connection.device.come_online()
        connection.rig.events.add(
            "online",
            number=connection.name,
            device=connection.device.number,
            held=held,
            connection=connection.number,
        )
        await connection.account.share_app_state(connection.device)


def _error(id: str, code: int, text: str) -> Node:
    return node(
        "iq", {"from": SERVER, "type": "error", "id": id}, [node("error", code=code, text=text)]
    )


@handles("w:p")
async def ping(connection, query):
    return []


@handles("passive")
async def passive(connection, query):
    return []


@handles("urn:xmpp:whatsapp:dirty")
@handles("urn:xmpp:whatsapp:push")
@handles("disappearing_mode")
@handles("tos")
async def accepted(connection, query):
    return []


_CODE_STAGES = {"companion_hello": linking.offer, "companion_finish": linking.finish}


@handles("md")
async def multi_device(connection, query):
    code = query.child("link_code_companion_reg")
    if code is not None and code.text("stage") in _CODE_STAGES:
        try:
            return _CODE_STAGES[code.text("stage")](connection, code)
        except ValueError as error:
            raise Refuse(400, str(error)) from None
    if connection.device is None:
        raise Refuse(501, "feature-not-implemented")
    if query.child("remove-companion-device") is not None:
        device = connection.device
        connection.account.devices.pop(device.number, None)
        connection.rig.events.add(
            "logged_out_by_client", number=connection.name, device=device.number
        )
        return []
    raise Refuse(501, "feature-not-implemented")


# --- keys -----------------------------------------------------------------------


def _key(tag: str, number: int, value: bytes, signature: bytes | None = None) -> Node:
    parts = [node("id", None, number.to_bytes(3, "big")), node("value", None, value)]
    if signature is not None:
        parts.append(node("signature", None, signature))
    return node(tag, None, parts)


def _bundle_node(jid: JID, bundle: Bundle) -> Node:
    parts = [
        node("registration", None, bundle.registration_id.to_bytes(4, "big")),
        node("type", None, b"\x05"),
        node("identity", None, bundle.identity),
        _key("skey", bundle.signed_id, bundle.signed_public, bundle.signature),
    ]
    if bundle.one_time_public:
        parts.append(_key("key", bundle.one_time_id, bundle.one_time_public))
    return node("user", {"jid": jid, "t": int(time.time())}, parts)


@handles("encrypt")
async def encrypt(connection, query):
    device = connection.device
    if query.child("count") is not None:
        return [node("count", value=len(device.one_time))]
    if query.text("type") == "set":
        keys = query.child("list")
        device.registration_id = int.from_bytes(query.child("registration").data, "big")
        device.identity = query.child("identity").data
        signed = query.child("skey")
        device.signed_id = int.from_bytes(signed.child("id").data, "big")
        device.signed_public = signed.child("value").data
        device.signature = signed.child("signature").data
        for key in keys.all("key"):
            device.one_time[int.from_bytes(key.child("id").data, "big")] = key.child("value").data
        connection.rig.events.add(
            "prekeys", number=connection.name, device=device.number, uploaded=len(keys.children)
        )
        return []
    users = []
    for user in query.child("key").all("user"):
        jid = user.attrs["jid"]
        party = _party(connection, jid)
        if party is None:
            users.append(
                node("user", {"jid": jid}, [node("error", code=404, text="item-not-found")])
            )
        else:
            users.append(_bundle_node(jid, party.bundle()))
    return [node("list", None, users)]


def _party(connection, jid: JID):
    """Whoever owns this address: a customer, or one of the account's own devices."""
    account = connection.rig.account_of(jid)
    if account is not None:
        return account.phone if jid.device == 0 else account.devices.get(jid.device)
    customer = connection.rig.customer_of(jid)
    return customer.party if customer and jid.device == 0 else None


# --- who is who --------------------------------------------------------------------


@handles("usync")
async def usync(connection, query):
    request = query.child("usync")
    wanted = [protocol.tag for protocol in request.child("query").children]
    results = [_describe(connection, user, wanted) for user in request.child("list").all("user")]
    result = node("result", None, [node(tag) for tag in wanted])
    echo = {
        k: request.attrs[k]
        for k in ("sid", "mode", "last", "index", "context")
        if k in request.attrs
    }
    return [node("usync", echo, [result, node("list", None, results)])]


def _describe(connection, user: Node, wanted: list[str]) -> Node:
    rig = connection.rig
    jid = user.attrs.get("jid")
    contact = user.child("contact")
    asked = None
    if jid is None and contact is not None:
        asked = contact.content if isinstance(contact.content, str) else contact.data.decode()
        jid = JID(asked.split("@")[0].lstrip("+"))
    who = rig.account_of(jid) or rig.customer_of(jid)
    is_account = who is not None and who is rig.account_of(jid)
    parts: list[Node] = []
    for tag in wanted:
        if tag == "contact":
            parts.append(
                node("contact", {"type": "in" if who else "out"}, asked.encode() if asked else None)
            )
        elif tag == "devices":
            numbers = ([0, *who.devices] if is_account else [0]) if who else []
            devices = [
                node("device", {"id": n, "key-index": n or None, "is_hosted": "false"})
                for n in numbers
            ]
            parts.append(node("devices", None, [node("device-list", None, devices)]))
        elif tag == "lid" and who:
            parts.append(node("lid", val=who.lid))
        elif tag == "status":
            parts.append(node("status", None, b""))
        elif tag == "picture":
            parts.append(node("picture"))
        elif tag in ("business", "disappearing_mode", "username"):
            parts.append(node(tag))
    attrs = {"jid": jid}
    if (
        contact is not None and who
    ):  # asked by number: answer with the hidden id, as the server does
        attrs = {"jid": who.lid, "pn_jid": who.jid}
    return node("user", attrs, parts)


@handles("privacy")
async def privacy(connection, query):
    if query.child("tokens") is not None:
        return [node("tokens")]
    defaults = {
        "readreceipts": "none" if connection.rig.read_receipts_off else "all",
        "last": "all",
        "status": "all",
        "profile": "all",
        "online": "all",
        "groupadd": "all",
        "calladd": "all",
    }
    return [node("privacy", None, [node("category", name=k, value=v) for k, v in defaults.items()])]


@handles("w:sync:app:state")
async def app_state(connection, query):
    state = connection.account.app_state
    collections = []
    for asked in query.child("sync").all("collection"):
        name, version = asked.text("name"), int(asked.text("version", "0") or 0)
        change = asked.child("patch")
        if change is not None and not state.accept(name, version, change.data):
            patches = [node("patch", None, p) for p in state.after(name, version)]
            error = node("error", code=409, text="conflict")
            collections.append(
                node(
                    "collection",
                    {"name": name, "type": "error", "version": state.version(name)},
                    [error, node("patches", None, patches)],
                )
            )
            continue
        if change is not None:
            connection.rig.events.add("app_state_changed", number=connection.name, collection=name)
        patches = (
            [node("patch", None, p) for p in state.after(name, version)] if change is None else []
        )
        collections.append(
            node(
                "collection",
                {"name": name, "version": state.version(name)},
                [node("patches", None, patches)] if patches else None,
            )
        )
    return [node("sync", None, collections)]


@handles("blocklist")
async def blocklist(connection, query):
    return [node("list", dhash="0")]


@handles("w:profile:picture")
async def picture(connection, query):
    raise Refuse(404, "item-not-found")


@handles("w:g2")
async def groups(connection, query):
    if query.child("participating") is not None:
        return [node("groups")]
    raise Refuse(404, "item-not-found")


@handles("w:biz")
async def business(connection, query):
    raise Refuse(404, "item-not-found")


@handles("w:m")
async def media(connection, query):
    hosts = [node("host", hostname="mmg.whatsapp.net", type="primary")]
    return [
        node(
            "media_conn",
            {"auth": "rig", "ttl": "3600", "auth_ttl": "3600", "max_buckets": "12"},
            hosts,
        )
    ]
