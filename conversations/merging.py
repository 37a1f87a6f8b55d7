"""Two rows turned out to be one person: WhatsApp told which phone number a hidden id has."""

import datetime as dt

from django.db import transaction
from django.db.models import F

from conversations.models import Conversation, Customer, Escalation, Message

State = Message.State


@transaction.atomic
def merge(kept: Customer, gone: Customer) -> Customer:
    """Messages, escalations and all else move to the older row; nothing is lost, nothing is sent twice."""
    for conversation in gone.conversations.select_for_update(no_key=True):
        twins = kept.conversations.select_for_update(no_key=True)
        twin = twins.filter(channel=conversation.channel).first()
        if twin is None:
            Conversation.objects.filter(pk=conversation.pk).update(customer=kept)
        else:
            _merge_conversations(twin, conversation)
    _merge_fields(kept, gone)
    return kept


def _merge_fields(kept: Customer, gone: Customer) -> None:
    phone, lid = kept.phone or gone.phone, kept.lid or gone.lid
    Customer.objects.get(pk=gone.pk).delete()
    kept.phone, kept.lid, kept.name = phone, lid, kept.name or gone.name
    kept.language = kept.language or gone.language
    kept.blocked_at = kept.blocked_at or gone.blocked_at
    kept.save()


def _merge_conversations(kept: Conversation, gone: Conversation) -> None:
    """All rows that point at `gone` point at `kept`; what waits still waits; a person who had one has both."""
    _close_doubles(kept, gone)
    for relation in Conversation._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: gone.pk})
        rows.update(**{relation.field.name: kept.pk})
    if not _in_staff_hands(kept) and gone.handled_by == Conversation.Handler.STAFF:
        for name in ("handled_by", "handler_id", "handled_since", "resumes_at"):
            setattr(kept, name, getattr(gone, name))
    _merge_times(kept, gone)
    kept.chat = gone.chat or kept.chat
    kept.unread += gone.unread
    kept.mode_version = max(kept.mode_version, gone.mode_version) + 1
    kept.waiting_version += 1
    kept.save()
    Conversation.objects.get(pk=gone.pk).delete()
    _after(kept)


def _in_staff_hands(conversation: Conversation) -> bool:
    """Until somebody hands it back; the silence after a message from the phone ends by itself."""
    return conversation.handled_by == Conversation.Handler.STAFF and not conversation.resumes_at


def _merge_times(kept: Conversation, gone: Conversation) -> None:
    kept.last_message_at = _latest(kept.last_message_at, gone.last_message_at)
    kept.reply_due_at = _earliest(kept.reply_due_at, gone.reply_due_at)
    kept.waiting_since = _earliest(kept.waiting_since, gone.waiting_since)
    kept.quiet_until = _latest(kept.quiet_until, gone.quiet_until)
    kept.limited_until = _latest(kept.limited_until, gone.limited_until)
    if gone.disappears_told_at == _latest(kept.disappears_told_at, gone.disappears_told_at):
        kept.disappears_told_at = gone.disappears_told_at
        kept.disappears_after = gone.disappears_after


def _after(kept: Conversation) -> None:
    """A merge is no take-over: what was on its way to the customer stays so. A take-over of one is one of both."""
    leaving = kept.messages.filter(state=State.QUEUED, mode_version__isnull=False)
    leaving.update(mode_version=kept.mode_version)
    if _in_staff_hands(kept):
        waiting = kept.messages.filter(state__in=(State.NEW, State.LIMITED))
        waiting.update(state=State.HANDED_OVER)
        Conversation.objects.filter(pk=kept.pk).update(
            reply_due_at=None, waiting_since=None, limited_until=None
        )


def _close_doubles(kept: Conversation, gone: Conversation) -> None:
    """One open escalation per reason: the second one is closed as merged."""
    is_open = Escalation.State.OPEN
    taken = kept.escalations.filter(state=is_open).values_list("category", flat=True)
    gone.escalations.filter(state=is_open, category__in=list(taken)).update(
        state=Escalation.State.RESOLVED, resolved_at=F("created_at"), outcome="merged"
    )


def _earliest(*times: dt.datetime | None) -> dt.datetime | None:
    return min((time for time in times if time), default=None)


def _latest(*times: dt.datetime | None) -> dt.datetime | None:
    return max((time for time in times if time), default=None)
