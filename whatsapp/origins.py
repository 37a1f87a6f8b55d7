"""What came around a message: what it answers, the ad that a customer came from, and how long it is meant to last."""

from typing import Any

from whatsapp.content import Content, content_of, unwrapped

LONGEST = 500  # characters of a text that came along


def origins(content: Content) -> dict[str, Any]:
    """The details that staff see beside a message. All of it was told by the sender's phone: it may be untrue."""
    context = content.context
    if context is None:
        return {}
    found = {
        "quoted": _quoted(context),
        "ad": _ad(context.externalAdReply) if context.HasField("externalAdReply") else None,
        "forwarded": bool(context.isForwarded),
        "disappears": int(context.expiration),  # seconds
        "status": context.remoteJID
        == "status@broadcast",  # the quoted one was a status of the studio's
    }
    return {name: value for name, value in found.items() if value}


def _quoted(context: Any) -> dict[str, str]:
    if not context.HasField("quotedMessage"):
        return {}
    quoted = content_of(unwrapped(context.quotedMessage))
    return {"kind": str(quoted.kind), "text": quoted.text[:LONGEST]} if quoted else {}


def _ad(ad: Any) -> dict[str, str]:
    """Where it ran and what it said: the customer may ask about “this”."""
    fields = {"title": ad.title, "body": ad.body, "url": ad.sourceURL, "from": ad.sourceApp}
    fields |= {"id": ad.sourceID, "click": ad.ctwaClid}
    return {name: value[:LONGEST] for name, value in fields.items() if value}
