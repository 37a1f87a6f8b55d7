"""The last things that happened to a studio's link: what staff did on the page, and what became of the line."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext, gettext_noop

from tenants.deeds import named
from tenants.models import Tenant
from whatsapp.models import LinkEvent, WhatsAppAccount

State = WhatsAppAccount.State
SHOWN, KEPT = 20, 200

WORDS = {
    "asked_qr": gettext_noop("asked for a code to scan"),
    "asked_number": gettext_noop("asked for a code for a phone number"),
    "asked_unlink": gettext_noop("disconnected the number"),
    "asked_test": gettext_noop("sent a test message"),
    "paused": gettext_noop("paused the assistant"),
    "resumed": gettext_noop("let the assistant answer again"),
    State.CONNECTED: gettext_noop("Connected"),
    State.STOPPED: gettext_noop("Switched off"),
    State.RETRYING: gettext_noop("WhatsApp could not be reached"),
    State.PASSKEY_REQUIRED: gettext_noop("WhatsApp asked for a passkey"),
    State.QR_EXPIRED: gettext_noop("The code was not scanned in time"),
    State.REPLACED: gettext_noop("Another program took the link over"),
    State.LOGGED_OUT: gettext_noop("The link was removed on the phone"),
    State.BANNED: gettext_noop("WhatsApp blocked the number"),
    State.OUTDATED: gettext_noop("WhatsApp refused this version of MILA"),
    State.NUMBER_IN_USE: gettext_noop("The number belongs to another studio"),
    State.FAILED: gettext_noop("The connection failed"),
}


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    who: str
    what: str
    at: dt.datetime


def did(tenant: Tenant, user: object, what: str, at: dt.datetime) -> None:
    """Somebody pressed a button of the page."""
    who = named(user) if isinstance(user, User) else ""
    LinkEvent.objects.get_or_create(tenant=tenant, what=what, at=at, defaults={"who": who})


def latest(tenant: Tenant) -> list[Line]:
    rows = LinkEvent.objects.filter(tenant=tenant)[:SHOWN]
    return [Line(row.who, gettext(WORDS.get(row.what, row.what)), row.at) for row in rows]


class Watch:
    """Notes each new state of the accounts, once, however many services see it."""

    def __init__(self) -> None:
        self._seen: dict[uuid.UUID, tuple[str, dt.datetime | None]] = {}

    def see(self, account: WhatsAppAccount) -> None:
        now = (account.state, account.state_since)
        if self._seen.get(account.pk) == now:
            return
        self._seen[account.pk] = now
        if account.state not in WORDS or account.state_since is None:
            return  # on the way to a state: connecting, a code that waits
        event = LinkEvent(tenant_id=account.tenant_id, what=account.state, at=account.state_since)
        LinkEvent.objects.bulk_create([event], ignore_conflicts=True)
        old = LinkEvent.objects.filter(tenant=account.tenant_id)[KEPT:].values_list("pk", flat=True)
        LinkEvent.objects.filter(pk__in=list(old)).delete()
