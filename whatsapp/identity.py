"""Whose number was linked: it belongs to one studio only, and fills in the studio's own number."""

import os
import sys
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.models import Tenant
from tenants.phones import normalise, readable
from whatsapp.models import WhatsAppAccount
from whatsapp.store import Me


def fields(me: Me) -> dict[str, Any]:
    """What the account's row says about the linked number."""
    return {"phone": phone_of(me), "lid": me.lid, "push_name": me.name[:80]}


def phone_of(me: Me) -> str:
    try:
        return normalise(f"+{me.phone}") if me.phone else ""
    except ValidationError:
        return ""


def taken(account: WhatsAppAccount, me: Me) -> bool:
    """Whether another studio holds this number."""
    phone = phone_of(me)
    others = WhatsAppAccount.objects.exclude(pk=account.pk).filter(phone=phone)
    studios = Tenant.objects.exclude(pk=account.tenant_id).filter(whatsapp_number=phone)
    return bool(phone) and (others.exists() or studios.exists())


def fill_in(account: WhatsAppAccount, me: Me) -> None:
    """A studio without a number gets the linked one."""
    phone = phone_of(me)
    if phone:
        unknown = Tenant.objects.filter(pk=account.tenant_id, whatsapp_number=None)
        unknown.update(whatsapp_number=phone)


def mismatch(account: WhatsAppAccount) -> str:
    """A warning when another number is linked than the studio's settings name; "" when all is well."""
    known = Tenant.objects.values_list("whatsapp_number", flat=True).get(pk=account.tenant_id)
    if not known or not account.phone or known == account.phone:
        return ""
    numbers = {"linked": readable(account.phone), "known": readable(known)}
    return _("The linked number is %(linked)s, the studio's settings say %(known)s.") % numbers


def remove_on_phone() -> str:
    return _("WhatsApp could not be told: remove the device on the phone, under Linked devices.")


def leave(code: int) -> NoReturn:
    """End this process now: WhatsApp's threads would keep an ordinary exit waiting for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
