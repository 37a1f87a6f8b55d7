"""/api/tenants: the caller's studios and their settings. Keys go in and never come out."""

import datetime as dt
import uuid
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import StrictFloat, StrictInt

from tenants.answers import ERRORS, Input, Problem
from tenants.callers import Caller, as_uuid, caller
from tenants.deeds import note
from tenants.models import Tenant
from tenants.phones import normalise
from tenants.updates import BUDGETS, KEYS, PLATFORM, SETTINGS, amount, store

router = Router(tags=["tenants"])
Money = (
    StrictInt | StrictFloat | str | None
)  # 500000 or "500000.00"; "" for the installation's limit
Days = StrictInt | str | None  # 90 or "90"; "" for ever


class Settings(Schema):
    timezone: str
    default_language: str
    persona_name: str
    persona_tone: str
    greeting: str
    opening_hours: dict[str, Any]
    handover_contacts: list[str]
    public_contacts: str
    city: str
    address: str
    phone: str
    quiet_from: dt.time | None
    quiet_until: dt.time | None
    currency: str
    budget_day: float | None  # in that currency; null: the installation's limit, 0: no limit
    budget_month: float | None
    budget_customer_day: float | None
    messages_per_minute: int
    phone_silence_minutes: int
    handover_words: str  # one per line
    keep_messages_days: int | None  # null: for ever
    keep_files_days: int | None
    mode: str


class TenantOut(Schema):
    """`settings` and `api_keys` are null for people who may not see them; of a key only its presence is told."""

    id: uuid.UUID
    name: str
    slug: str
    whatsapp_number: str | None
    active: bool
    settings: Settings | None
    api_keys: dict[str, bool] | None
    created_at: dt.datetime


class TenantList(Schema):
    items: list[TenantOut]
    count: int


class SettingsIn(Input):
    timezone: str | None = None
    default_language: str | None = None
    persona_name: str | None = None
    persona_tone: str | None = None
    greeting: str | None = None
    opening_hours: dict[str, Any] | None = None
    handover_contacts: list[str] | None = None
    public_contacts: str | None = None
    city: str | None = None
    address: str | None = None
    phone: str | None = None
    quiet_from: str | None = None  # "22:00"; "" for none
    quiet_until: str | None = None
    currency: str | None = None
    budget_day: Money = None
    budget_month: Money = None
    budget_customer_day: Money = None
    messages_per_minute: int | None = None
    phone_silence_minutes: int | None = None
    handover_words: str | None = None
    keep_messages_days: Days = None
    keep_files_days: Days = None
    mode: str | None = None


class KeysIn(Input):
    """Text sets a key, "" removes it; true and false, as the answer shows them, leave it alone."""

    anthropic: str | bool | None = None
    openai: str | bool | None = None


class TenantIn(Input):
    read_only: ClassVar[tuple[str, ...]] = ("created_at",)
    id: str | None = None
    name: str | None = None
    slug: str | None = None
    whatsapp_number: str | None = None
    active: bool | None = None
    settings: SettingsIn | None = None
    api_keys: KeysIn | None = None


@router.get("", response={200: TenantList, ERRORS: Problem}, summary="List your studios")
def list_tenants(request: HttpRequest, tenant: str = "") -> dict[str, Any]:
    who = caller(request)
    rows = who.studios()
    if tenant:
        rows = rows.filter(pk=who.named(tenant).pk)
    items = [shown(who, row) for row in rows]
    return {"items": items, "count": len(items)}


@router.post("", response={201: TenantOut, ERRORS: Problem}, summary="Create a studio")
def create_tenant(request: HttpRequest, body: TenantIn) -> Status[dict[str, Any]]:
    who = caller(request)
    if not who.is_platform:
        raise HttpError(403, _("Only the platform's admin creates studios."))
    if not body.name or not body.slug:
        raise HttpError(422, _("A new studio needs a name and a slug."))
    studio = Tenant()
    store(studio, values_of(body))
    note(studio, who.name, "studio_made", studio=studio.name)
    return Status(201, shown(who, studio))


@router.put(
    "", response={200: TenantOut, ERRORS: Problem}, summary="Change a studio (id in body or query)"
)
def update_named_tenant(
    request: HttpRequest, body: TenantIn, id: str = "", tenant: str = ""
) -> dict[str, Any]:
    return _update(caller(request), id or body.id or tenant, body)


@router.put("/{id}", response={200: TenantOut, ERRORS: Problem}, summary="Change a studio")
def update_tenant(request: HttpRequest, id: str, body: TenantIn) -> dict[str, Any]:
    return _update(caller(request), id, body)


def _update(who: Caller, id: str, body: TenantIn) -> dict[str, Any]:
    studio = who.studio(id, "studio")
    if body.id and as_uuid(body.id) != studio.pk and body.id != studio.slug:
        raise HttpError(422, _("The id in the body is not the id in the address."))
    values = values_of(body)
    _refuse_what_is_the_platforms(who, studio, values)
    changed = store(studio, values)
    if changed:
        note(studio, who.name, "settings", fields=", ".join(sorted(c.field for c in changed)))
    return shown(who, studio)


def _refuse_what_is_the_platforms(who: Caller, studio: Tenant, values: dict[str, Any]) -> None:
    """As on the page of the settings: a token that switches its own studio off could not undo it."""
    changed = [f for f in PLATFORM if f in values and _differs(studio, f, values[f])]
    if changed and not who.is_platform:
        told = _("Only the platform's admin changes: %(fields)s.") % {"fields": ", ".join(changed)}
        raise HttpError(403, told)


def _differs(studio: Tenant, field: str, value: Any) -> bool:
    """A number in another spelling is the same number, so a program may send back what it was shown."""
    known = getattr(studio, field)
    if field == "whatsapp_number" and value:
        with suppress(ValidationError):
            value = normalise(value)
    return bool((value or None) != (known or None))


def values_of(body: TenantIn) -> dict[str, Any]:
    """The fields that the caller sent, flat, as the studio has them."""
    sent = body.given()
    settings: dict[str, Any] = sent.pop("settings", None) or {}
    keys: dict[str, Any] = sent.pop("api_keys", None) or {}
    number = {"whatsapp_number": sent.pop("whatsapp_number")} if "whatsapp_number" in sent else {}
    plain = {name: value for name, value in {**sent, **settings}.items() if value is not None}
    money = {name: amount(plain[name]) for name in BUDGETS if name in plain}
    secret = {KEYS[n]: key or "" for n, key in keys.items() if not isinstance(key, bool)}
    return {**plain, **money, **number, **secret}


def shown(who: Caller, studio: Tenant) -> dict[str, Any]:
    full = who.may(studio, "studio")
    return {
        "id": studio.pk,
        "name": studio.name,
        "slug": studio.slug,
        "whatsapp_number": studio.whatsapp_number,
        "active": studio.active,
        "settings": {field: getattr(studio, field) for field in (*SETTINGS, *BUDGETS)}
        if full
        else None,
        "api_keys": {n: bool(getattr(studio, f)) for n, f in KEYS.items()} if full else None,
        "created_at": studio.created_at,
    }
