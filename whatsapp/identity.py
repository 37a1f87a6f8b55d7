"""Whose number was linked: it belongs to one studio only, and fills in the studio's own number."""

from typing import Any

from django.core.exceptions import ValidationError

from tenants.models import Tenant
from tenants.phones import normalise
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
