"""Changes that overtook their message on the way: kept as rows, and made when the message comes."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from conversations import erasure
from conversations.inbound import Edit, FromPhone, InboundMessage, Person, Reaction, Revoke
from conversations.models import Conversation, EarlyChange
from conversations.people import clean_data
from tenants.prepared import Prepared, id_slot, text_slot

Change = Edit | Revoke | Reaction
Said = TypeVar("Said", InboundMessage, FromPhone)

LASTS = dt.timedelta(days=2)  # most are of messages from before the linking, which never come
MOST = 500  # of one studio


def keep(change: Change, at: dt.datetime) -> None:
    """Its message is not here yet. A copy is no second change; a later emoji replaces an earlier one. Of a message
    that was erased, nothing is kept."""
    if erasure.was_erased(change.tenant_id, change.whatsapp_id):
        return
    rows = EarlyChange.objects.filter(tenant_id=change.tenant_id)
    rows.update_or_create(
        tenant_id=change.tenant_id,
        whatsapp_id=change.whatsapp_id[:80],
        from_me=isinstance(change, Reaction) or change.from_me,
        name=_name(change),
        defaults={"change": clean_data(_plain(change)), "created_at": at},
    )
    rows.filter(created_at__lt=at - LASTS).delete()
    if too_many := list(rows.order_by("-pk").values_list("pk", flat=True)[MOST : MOST + 1]):
        rows.filter(pk__lte=too_many[0]).delete()


def forget_old(at: dt.datetime) -> None:
    """Of all studios, also of those that keep nothing new."""
    EarlyChange.objects.filter(created_at__lt=at - LASTS).delete()


def waits_for(conversation: Conversation) -> bool:
    """Whether something may wait for the message with which this conversation was looked up."""
    return bool(getattr(conversation, "changed_early", True))


def waits(tenant_id: uuid.UUID, whatsapp_id: str) -> bool:
    """Whether something was done with this message before it was here."""
    return bool(_EARLY(tenant=tenant_id, whatsapp_id=whatsapp_id[:80]))


def take(tenant_id: uuid.UUID, whatsapp_id: str, from_me: bool) -> list[Change]:
    """What waited for this message, in the order in which it was made; it is not kept any longer."""
    rows = _EARLY(tenant=tenant_id, whatsapp_id=whatsapp_id[:80])
    mine = [row for row in rows if row.from_me == from_me]
    if mine:
        EarlyChange.objects.filter(pk__in=[row.pk for row in mine]).delete()
    changes = [_change(tenant_id, row.whatsapp_id, row.change) for row in mine]
    return sorted(
        changes,
        key=lambda change: getattr(change, "sent_at", dt.datetime.max.replace(tzinfo=dt.UTC)),
    )


_EARLY = Prepared(
    lambda: EarlyChange.objects.filter(
        tenant=id_slot("tenant"), whatsapp_id=text_slot("whatsapp_id")
    ).order_by()
)


def edited(event: Said, changes: Sequence[Change]) -> Said:
    """The message as it reads after its edits; what it said before is kept."""
    for change in changes:
        if isinstance(change, Edit) and change.text != event.text:
            before = {"text": event.text, "at": change.sent_at.isoformat(), "id": change.edit_id}
            edits = [*event.details.get("edits", []), before]
            details = {**event.details, "edits": edits, "edited": change.sent_at.isoformat()}
            event = replace(event, text=change.text, details=details)
    return event


def _name(change: Change) -> str:
    if isinstance(change, Edit):
        return f"edit:{change.edit_id or change.sent_at.isoformat()}"[:120]
    if isinstance(change, Reaction):
        return "reaction:studio" if change.from_me else "reaction:customer"
    return "revoke"


def _plain(change: Change) -> dict[str, Any]:
    if isinstance(change, Reaction):
        person = [change.person.phone, change.person.lid]
        return {"emoji": change.emoji[:16], "person": person, "from_me": change.from_me}
    plain = {"sent_at": change.sent_at.isoformat(), "from_me": change.from_me}
    if isinstance(change, Edit):
        plain |= {"text": change.text, "edit_id": change.edit_id}
    return plain


def _change(tenant_id: uuid.UUID, whatsapp_id: str, plain: dict[str, Any]) -> Change:
    if "emoji" in plain:
        person = Person(*plain["person"])
        return Reaction(tenant_id, whatsapp_id, plain["emoji"], person, plain["from_me"])
    sent_at, from_me = dt.datetime.fromisoformat(plain["sent_at"]), plain["from_me"]
    if "text" in plain:
        return Edit(tenant_id, whatsapp_id, plain["text"], sent_at, from_me, plain["edit_id"])
    return Revoke(tenant_id, whatsapp_id, sent_at, from_me)
