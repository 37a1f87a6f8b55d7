"""Who has a conversation: the assistant or a person. A person always wins, at every moment before a reply leaves."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from conversations.models import (
    Conversation,
    Customer,
    Desk,
    Escalation,
    Message,
    MessageQuerySet,
)
from tenants.models import Tenant

Author, Handler, State = Message.Author, Conversation.Handler, Message.State

# What a customer wrote this short a time before the hand-back still gets an answer of the assistant.
FRESH = dt.timedelta(minutes=15)


@transaction.atomic
def take_over(
    conversation: Conversation,
    user: User,
    at: dt.datetime,
    *,
    resumes_after: int = 0,
    held_by: object = None,
) -> bool:
    """From now on `user` answers here. False when a colleague has it already, other than `held_by` (a user's key), from
    whom it is taken knowingly. After `resumes_after` minutes without a word of theirs the assistant is back (0: never).
    """
    rows = Conversation.objects.filter(_may_take(user, held_by, at), pk=conversation.pk)
    until = None
    if resumes_after and not _must_stay(conversation):
        until = at + dt.timedelta(minutes=resumes_after)
    if rows.update(**{**_staff(at), "handler": user, "resumes_at": until}) != 1:
        return False
    _withdraw(conversation)
    if until:
        _wait_until(conversation, until)
    else:
        waiting = conversation.messages.filter(state__in=(State.NEW, State.LIMITED))
        waiting.update(state=State.HANDED_OVER)
    conversation.refresh_from_db()
    return True


def _may_take(user: User | None, held_by: object, at: dt.datetime) -> Q:
    """The row has no person now, or this one, or the one whom the caller names."""
    free = Q(handled_by=Handler.ASSISTANT) | Q(handler=None) | Q(resumes_at__lte=at)
    mine = free | Q(handler=user)
    return mine | Q(handler=held_by) if held_by else mine


def _must_stay(conversation: Conversation) -> bool:
    """Who asked for a person, complained or is in danger is not given back to the assistant by a clock."""
    return conversation.escalations.filter(
        state=Escalation.State.OPEN, category__in=Escalation.SILENCING
    ).exists()


@transaction.atomic
def let_go(conversation: Conversation, at: dt.datetime, resumes_after: int) -> None:
    """Nothing keeps the chat with staff any more: the clock until the assistant resumes begins."""
    if resumes_after and not _must_stay(conversation):
        rows = Conversation.objects.filter(
            pk=conversation.pk, handled_by=Handler.STAFF, handler__isnull=False, resumes_at=None
        )
        rows.update(resumes_at=at + dt.timedelta(minutes=resumes_after))


@transaction.atomic
def block(conversation: Conversation, at: dt.datetime, by: User | None = None) -> bool:
    """From now on nothing of this customer is answered, and nobody has to look: what waits for a person is over.
    Says False when it is so already.
    """
    customers = Customer.objects.filter(conversations=conversation.pk, blocked_at=None)
    if not customers.update(blocked_at=at):
        return False
    chats = Conversation.objects.filter(customer=conversation.customer_id)
    chats.update(**{**_staff(at), **_assistant()}, unread=0)
    for chat in chats:
        _withdraw(chat)
        chat.messages.filter(state__in=(State.NEW, State.LIMITED, State.HANDED_OVER)).update(
            state=State.SEEN
        )
    Escalation.objects.filter(conversation__in=chats, state=Escalation.State.OPEN).update(
        state=Escalation.State.RESOLVED, resolved_by=by, resolved_at=at, outcome="blocked"
    )
    return True


@transaction.atomic
def leave_to_staff(chats: QuerySet[Conversation], at: dt.datetime) -> None:
    """Nothing is due in these chats any more, whoever has them: what was asked stays for staff to read."""
    hands = ("handled_by", "handled_since", "resumes_at")
    chats.update(**{name: value for name, value in _staff(at).items() if name not in hands})
    waiting = Message.objects.filter(state__in=(State.NEW, State.LIMITED))
    waiting.filter(conversation__in=chats).update(state=State.HANDED_OVER)


def unblock(conversation: Conversation) -> bool:
    """The assistant answers this customer again, from the next message on."""
    rows = Customer.objects.filter(conversations=conversation.pk, blocked_at__isnull=False)
    return rows.update(blocked_at=None) == 1


def _staff(at: dt.datetime) -> dict[str, object]:
    """A conversation in staff hands: nothing is due, and replies in the making are overtaken."""
    return {
        "handled_by": Handler.STAFF,
        "handled_since": at,
        "resumes_at": None,
        "mode_version": F("mode_version") + 1,
        "reply_due_at": None,
        "waiting_since": None,
        "quiet_until": None,
        "limited_until": None,
        "lease_owner": "",
        "lease_until": None,
        "attempts": 0,
    }


def _withdraw(conversation: Conversation) -> None:
    """What MILA wanted to say stays in the thread, as cancelled."""
    waiting = conversation.messages.filter(state=State.QUEUED).exclude(author=Author.STAFF)
    waiting.update(state=State.CANCELLED, error=_("A person took over the conversation first."))


@transaction.atomic
def hand_back(
    conversation: Conversation, user: User | None, at: dt.datetime, *, held_by: object = None
) -> bool:
    """The assistant answers again, also what the customer asked just now and nobody answered. False when it does so
    already, or when a colleague has the chat, other than `held_by` (a user's key), for whom it is given back knowingly.
    """
    rows = Conversation.objects.filter(
        _may_take(user, held_by, at), pk=conversation.pk, handled_by=Handler.STAFF
    )
    if rows.update(**_assistant(), mode_version=F("mode_version") + 1) != 1:
        return False
    live = conversation.tenant.mode == Tenant.Mode.LIVE
    if live and _unanswered(conversation, at).update(state=State.NEW):
        rows = Conversation.objects.filter(pk=conversation.pk)
        rows.update(
            reply_due_at=at, waiting_since=at, waiting_version=F("waiting_version") + 1, attempts=0
        )
    conversation.refresh_from_db()
    return True


def _assistant() -> dict[str, object]:
    return {
        "handled_by": Handler.ASSISTANT,
        "handler": None,
        "handled_since": None,
        "resumes_at": None,
    }


def _unanswered(conversation: Conversation, at: dt.datetime) -> MessageQuerySet:
    last = (
        conversation.messages.filter(author=Author.STAFF)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    return conversation.messages.filter(
        state=State.HANDED_OVER, pk__gt=last or 0, created_at__gt=at - FRESH
    )


@transaction.atomic
def silence_for_escalation(conversation: Conversation, at: dt.datetime) -> None:
    """The customer waits for a person now. What the assistant said up to here still leaves. A colleague whose time was
    over does not get the chat back by it: it is anybody's.
    """
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.filter(resumes_at__lte=at, handler__isnull=False).update(handler=None)
    if not rows.exclude(handled_by=Handler.STAFF, resumes_at=None).update(**_staff(at)):
        return
    conversation.refresh_from_db(fields=[*_staff(at), "handler"])
    leaving = conversation.messages.filter(state=State.QUEUED).exclude(author=Author.STAFF)
    leaving.update(mode_version=conversation.mode_version)
    waiting = conversation.messages.filter(state__in=(State.NEW, State.LIMITED))
    waiting.update(state=State.HANDED_OVER)


@transaction.atomic
def silence_for_phone(conversation: Conversation, at: dt.datetime) -> None:
    """A message from the studio's own phone silences the assistant here for the studio's time, and shows until when."""
    minutes = conversation.tenant.phone_silence_minutes
    until = at + dt.timedelta(minutes=minutes)
    taken_over = Q(handled_by=Handler.STAFF, resumes_at=None)
    rows = Conversation.objects.filter(pk=conversation.pk)
    if not _clock_set_back(conversation, at) and minutes:
        silenced = {**_staff(at), "resumes_at": until, "handler": None}
        if rows.exclude(taken_over).update(**silenced):
            _withdraw(conversation)
            _wait_until(conversation, until)
    conversation.refresh_from_db()


def _clock_set_back(conversation: Conversation, at: dt.datetime) -> bool:
    """In a chat that a person took over, every word of staff begins their minutes anew."""
    if conversation.handler_id is None:
        return False
    held = Conversation.objects.filter(
        pk=conversation.pk, handled_by=Handler.STAFF, handler__isnull=False, resumes_at__gt=at
    )
    until = at + dt.timedelta(minutes=Desk.of(conversation.tenant).resumes_after)
    if until == at or not held.update(resumes_at=until, mode_version=F("mode_version") + 1):
        return False
    _wait_until(conversation, until)
    return True


def _wait_until(conversation: Conversation, until: dt.datetime) -> None:
    """What the person did not answer is answered when the assistant comes back."""
    waiting = conversation.messages.filter(state__in=(State.NEW, State.LIMITED))
    if waiting.update(state=State.NEW):
        rows = Conversation.objects.filter(pk=conversation.pk)
        rows.update(reply_due_at=until, waiting_since=until)


@transaction.atomic
def staff_wrote(conversation: Conversation, at: dt.datetime) -> None:
    """Staff answer without taking over: as with a message from the phone, the assistant makes room for a while."""
    if conversation.channel == Conversation.Channel.WHATSAPP:
        answered_by_staff(conversation, at)
        silence_for_phone(conversation, at)


def answered_by_staff(conversation: Conversation, at: dt.datetime) -> None:
    """What customers wrote up to `at` needs nothing more; a reply to it in the making is overtaken."""
    waits = conversation.messages.filter(state__in=(State.NEW, State.LIMITED, State.HANDED_OVER))
    before = Q(whatsapp_at=None) | Q(whatsapp_at__lte=at) | Q(created_at__lte=at)
    if not waits.filter(before).update(state=State.ANSWERED):
        return
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(waiting_version=F("waiting_version") + 1, unread=0)
    if not waits.exclude(state=State.HANDED_OVER).exists():
        rows.update(reply_due_at=None, waiting_since=None, limited_until=None)
