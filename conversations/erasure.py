"""A customer who is erased on request: everything that was said goes, and never comes back from what is kept of
WhatsApp's raw events. Only marks without content stay, for as long as anything could bring the messages back."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from conversations.models import Conversation, Customer, Erased, MediaFile, Message

KEPT = dt.timedelta(days=100)  # backups are kept for weeks, WhatsApp's raw events for 30 days


@transaction.atomic
def erase(customer: Customer, at: dt.datetime) -> int:
    """Delete a customer with all chats, files and escalations. Returns how many messages there were."""
    tenant_id = customer.tenant_id
    # What is just being stored is waited for: a message that comes after the list of ids would get no mark.
    chats = Conversation.objects.filter(customer=customer).order_by("pk")
    list(chats.select_for_update().values_list("pk", flat=True))
    messages = Message.objects.filter(conversation__customer=customer)
    ids = [each for each in messages.values_list("whatsapp_id", flat=True) if each]
    count = messages.count()
    files = MediaFile.objects.filter(message__in=messages).exclude(path="")
    paths = [settings.MEDIA_ROOT / path for path in files.values_list("path", flat=True)]
    marks = [Erased(tenant_id=tenant_id, mark=mark(tenant_id, each), created_at=at) for each in ids]
    Erased.objects.bulk_create(marks, ignore_conflicts=True, batch_size=500)
    Erased.objects.filter(created_at__lt=at - KEPT).delete()
    customer.delete()
    transaction.on_commit(lambda: _unlink(paths))
    return count


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def mark(tenant_id: uuid.UUID, whatsapp_id: str) -> str:
    """What stays of a message: nobody can tell from it who wrote, or what."""
    return hashlib.sha256(f"{tenant_id}:{whatsapp_id[:80]}".encode()).hexdigest()


def was_erased(tenant_id: uuid.UUID, whatsapp_id: str) -> bool:
    return Erased.objects.filter(tenant_id=tenant_id, mark=mark(tenant_id, whatsapp_id)).exists()


def marks(tenant_id: uuid.UUID) -> frozenset[str]:
    """Of all messages of a studio that were erased."""
    rows = Erased.objects.filter(tenant_id=tenant_id)
    return frozenset(rows.values_list("mark", flat=True))


def newest(tenant_id: uuid.UUID) -> int:
    """Grows with every erased message; 0 when none was."""
    rows = Erased.objects.filter(tenant_id=tenant_id).order_by("-pk")
    return rows.values_list("pk", flat=True).first() or 0
