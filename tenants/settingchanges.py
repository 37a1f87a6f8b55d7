"""Two people save the same settings: each stores only what she changed, and nobody replaces what she has not seen.

The form carries a mark of every value that it showed. A field that a colleague changed meanwhile keeps the colleague's
value, unless she changed it as well: then she is told both before anything is replaced.
"""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants.deeds import note
from tenants.models import Deed, Tenant
from tenants.settingtabs import Tab, TabForm, form_class
from tenants.updates import SECRET


def marks(tab: Tab, tenant: Tenant) -> str:
    """What the form shows now, without a value in it; keys are among them."""
    return json.dumps({name: mark(name, getattr(tenant, name)) for name in tab.stored})


def mark(name: str, value: Any) -> str:
    plain = json.dumps(_plain(value), sort_keys=True, default=str)
    return salted_hmac("mila.seen", f"{name}={plain}", algorithm="sha256").hexdigest()[:24]


def _plain(value: Any) -> Any:
    """One form of what is the same: 10.00 and 10, line ends of browsers, a day without hours."""
    if isinstance(value, Decimal):
        return str(value.normalize() + 0)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, dict):
        return {day: spans for day, spans in value.items() if spans}
    return value


def save(tab: Tab, tenant: Tenant, sent: Mapping[str, Any], by: User) -> TabForm:
    """The form, saved when it is valid. One with errors stored nothing and still holds what was typed."""
    with transaction.atomic():
        now = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        before = {name: getattr(now, name) for name in tab.stored}
        form = form_class(tab)(sent, instance=now)
        if not form.is_valid():
            return form
        changed = _changed(form, before, _seen(sent))
        if form.is_valid() and changed:
            now.save(update_fields=changed)
            note(tenant, by, "settings", fields=", ".join(sorted(changed)))
    return form


def _seen(sent: Mapping[str, Any]) -> dict[str, str]:
    """The marks of the form; without them everything counts as seen as it is."""
    try:
        known = json.loads(str(sent.get("seen", "")))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}


def _changed(form: TabForm, before: Mapping[str, Any], seen: Mapping[str, str]) -> list[str]:
    """The fields that this person changed. One that somebody else changed too becomes an error of the form."""
    changed = []
    for name, stored in before.items():
        typed, there = mark(name, getattr(form.instance, name)), mark(name, stored)
        shown = seen.get(name, there)
        if _same(typed, shown) or _same(typed, there):
            setattr(form.instance, name, stored)  # hers is the older one, or no other
        elif not _same(there, shown):
            form.add_error(name, _told(form.instance, name, stored))
        else:
            changed.append(name)
    return changed


def _same(one: str, other: str) -> bool:
    return constant_time_compare(one, other)


def _told(tenant: Tenant, name: str, stored: Any) -> str:
    """Who changed it, when, and to what."""
    deed = _last(tenant, name)
    who = deed.who if deed else _("Somebody")
    at = date_format(tenant.local(deed.at), "H:i") if deed else ""
    told = (
        _("%(who)s changed this at %(at)s, while you were writing.")
        if at
        else _("%(who)s changed this while you were writing.")
    )
    return " ".join(
        [told % {"who": who, "at": at}, _now(name, stored), _("Save again to replace it.")]
    )


def _now(name: str, stored: Any) -> str:
    if name in SECRET or not isinstance(stored, str | int | Decimal | dt.time):
        return _("Open this page in another tab to see it.")
    return (
        _("It now says: “%(value)s”.") % {"value": str(stored)[:300]}
        if stored
        else _("It is empty now.")
    )


def _last(tenant: Tenant, name: str) -> Deed | None:
    recent = tenant.deeds.filter(what="settings")[:20]
    return next((d for d in recent if name in d.values.get("fields", "").split(", ")), None)
