"""A number or address that somebody calls their own counts once a code sent there has come back: a typing error, or a
stranger's number, would otherwise read customers' words."""

import datetime as dt
import secrets
import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from conversations import outbox
from conversations.models import Conversation, Message
from notices import contacts
from notices.models import Notice, OwnProof
from tenants import letters
from tenants.models import Tenant

Channel = Notice.Channel
LASTS = dt.timedelta(minutes=15)
TRIES = 5
AGAIN = dt.timedelta(minutes=1)  # between two codes to the same place
A_DAY = 10  # codes of one person and channel
ALIVE = dt.timedelta(seconds=30)  # a line says so every few seconds


def needed(tenant: Tenant, user: User, channel: str, to: str) -> bool:
    """Not for who is told there already by the studio's own list, nor for the address of the login itself."""
    if channel == Channel.EMAIL and to.casefold() == user.email.casefold():
        return False
    return bool(to) and to not in tenant.handover_contacts


def ask(tenant: Tenant, user: User, channel: str, to: str, at: dt.datetime) -> str:
    """Send a code there, in place of an earlier one. The sentence why not, or ""."""
    if channel == Channel.WHATSAPP and to == tenant.whatsapp_number:
        return _("This is the studio's own number. Give the number of your own phone.")
    if channel == Channel.EMAIL and not contacts.email_is_on():
        return _("E-mail is off, so no code can be sent there. Whoever runs MILA turns it on.")
    code = f"{secrets.randbelow(10**6):06}"
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)  # two presses are one
        if problem := _too_often(tenant, user, channel, to, at):
            return problem
        proof = _kept(tenant, user, channel, to, code, at)
        if channel == Channel.WHATSAPP:
            _by_whatsapp(proof, code, at)
    if channel == Channel.EMAIL and not letters.send_beside(*_letter(tenant, code), to):
        return _("The mail server is busy. Try again in a few minutes.")
    return ""


def _too_often(tenant: Tenant, user: User, channel: str, to: str, at: dt.datetime) -> str:
    row = OwnProof.objects.filter(tenant=tenant, user=user, channel=channel).first()
    if row and row.to == to and row.made_at > at - AGAIN:  # a typing error is put right at once
        return _("A code was sent a moment ago. Wait a minute before you ask for another.")
    if row and row.sent >= A_DAY and row.first_at > at - dt.timedelta(days=1):
        return _("No more codes today. Try again tomorrow, or ask an owner to add the contact.")
    return ""


def _kept(
    tenant: Tenant, user: User, channel: str, to: str, code: str, at: dt.datetime
) -> OwnProof:
    row = OwnProof.objects.filter(tenant=tenant, user=user, channel=channel).first()
    fresh = row is None or row.first_at <= at - dt.timedelta(days=1)
    row = row or OwnProof(tenant=tenant, user=user, channel=channel)
    row.to, row.made_at, row.tries, row.open = to, at, 0, True
    row.first_at, row.sent = (at, 1) if fresh else (row.first_at, row.sent + 1)
    row.digest = _digest(row, code)
    row.save()
    return row


def _digest(proof: OwnProof, code: str) -> str:
    told = f"{proof.tenant_id}:{proof.user_id}:{proof.to}:{proof.made_at.timestamp()}:{code}"
    return salted_hmac("mila.own-notices", told, algorithm="sha256").hexdigest()


def _by_whatsapp(proof: OwnProof, code: str, at: dt.datetime) -> None:
    """In a chat of nobody: who writes from this number meanwhile is a customer as before."""
    address = f"{proof.to.removeprefix('+')}@s.whatsapp.net"
    of_nobody = {"tenant": proof.tenant, "channel": Conversation.Channel.STAFF, "chat": address}
    chat = Conversation.objects.filter(**of_nobody, customer=None).first()
    chat = chat or Conversation.objects.create(**of_nobody)
    outbox.queue(
        chat,
        _text(proof.tenant, code),
        author=Message.Author.STAFF,
        key=f"notice:{uuid.uuid4().hex}",
        at=at,
        expires_at=at + LASTS,
        details={"note": "notice"},
    )


def _letter(tenant: Tenant, code: str) -> tuple[str, str]:
    with override(tenant.default_language):
        subject = _("%(studio)s: your code") % {"studio": " ".join(tenant.name.split())}
    return subject, f"{_text(tenant, code)}\n"


def _text(tenant: Tenant, code: str) -> str:
    with override(tenant.default_language):
        return _(
            "%(code)s is your code for notices of %(studio)s in MILA. It counts for 15 minutes. You asked for none? Then ignore this."
        ) % {"code": code, "studio": " ".join(tenant.name.split())}


def open_ones(tenant: Tenant, user: User) -> list[OwnProof]:
    rows = OwnProof.objects.filter(tenant=tenant, user=user, open=True)
    return list(rows.order_by("-channel"))


def confirm(proof: OwnProof, typed: str, at: dt.datetime) -> str:
    """Whether the code is the one that was sent; each try counts. The sentence why not, or ""."""
    code = "".join(filter(str.isdecimal, typed))
    rows = OwnProof.objects.filter(pk=proof.pk, open=True)
    if not rows.filter(made_at__gt=at - LASTS).exists():
        return _("This code is too old. Send a new one.")
    if not rows.filter(made_at=proof.made_at, tries__lt=TRIES).update(tries=F("tries") + 1):
        return _("Too many wrong codes. Send a new one.")
    if not constant_time_compare(_digest(proof, code), proof.digest):
        return _("This is not the code that was sent. Look again, or send a new one.")
    return "" if rows.update(open=False) else _("This code is too old. Send a new one.")


def forget(tenant: Tenant, user: User, channel: str) -> None:
    """The row stays, closed: it remembers how many codes were sent today."""
    OwnProof.objects.filter(tenant=tenant, user=user, channel=channel).update(open=False)


def waits(proof: OwnProof, at: dt.datetime) -> str:
    """What keeps a code from arriving, and when it goes on."""
    if proof.channel != Channel.WHATSAPP or _line_is_up(proof.tenant, at):
        return ""
    return _(
        "The studio's WhatsApp is not connected now. The code leaves as soon as it is, until %(until)s; after that, send a new one."
    ) % {"until": date_format(proof.tenant.local(proof.made_at + LASTS), "H:i")}


def _line_is_up(tenant: Tenant, at: dt.datetime) -> bool:
    """As the line itself last said; its row belongs to an app above this one, which points here."""
    line = getattr(tenant, "whatsapp", None)
    if line is None or line.state != "connected" or line.heartbeat_at is None:
        return False
    return bool(line.heartbeat_at > at - ALIVE)
