"""The change log: who did what in a studio or on the platform, in words of either language."""

import logging
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from tenants.models import Deed, Membership, Tenant

logger = logging.getLogger("mila.changes")

WORDS = {
    "invited": gettext_noop("made an invitation as %(role)s for %(whom)s"),
    "invited_somebody": gettext_noop("made an invitation as %(role)s"),
    "invitation_revoked": gettext_noop("withdrew the invitation for %(whom)s"),
    "joined": gettext_noop("joined as %(role)s"),
    "role": gettext_noop("changed the role of %(whom)s to %(role)s"),
    "removed": gettext_noop("removed %(whom)s from the team"),
    "locked": gettext_noop("was locked out after too many wrong passwords"),
    "unlocked": gettext_noop("unlocked the login of %(whom)s"),
    "factor_on": gettext_noop("turned on the second factor"),
    "factor_off": gettext_noop("turned off the second factor"),
    "factor_reset": gettext_noop("took away the second factor of %(whom)s"),
    "new_codes": gettext_noop("made new recovery codes"),
    "recovery_used": gettext_noop("logged in with a recovery code"),
    "password": gettext_noop("changed the own password"),
    "mail": gettext_noop("changed the own e-mail address"),
    "password_link": gettext_noop("made a link for a new password of %(whom)s"),
    "settings": gettext_noop("changed the settings: %(fields)s"),
    "mode": gettext_noop("changed the mode to %(mode)s"),
    "token_made": gettext_noop("made the API token %(token)s"),
    "token_revoked": gettext_noop("revoked the API token %(token)s"),
    "blocked": gettext_noop("blocked the customer %(whom)s"),
    "unblocked": gettext_noop("unblocked the customer %(whom)s"),
    "erased": gettext_noop("erased the customer %(whom)s with %(number)s messages"),
    "taken": gettext_noop("took over the chat with the customer %(whom)s"),
    "handed_back": gettext_noop("gave the chat with the customer %(whom)s back to the assistant"),
    "assigned": gettext_noop("gave the chat with the customer %(whom)s to %(to)s"),
    "replied": gettext_noop("answered the customer %(whom)s"),
    "exported": gettext_noop("exported the chat with the customer %(whom)s"),
    "exported_knowledge": gettext_noop("exported %(number)s entries of the knowledge"),
    "tidied": gettext_noop("deleted %(messages)s messages and %(files)s files that were too old"),
    "own_notices": gettext_noop("changed where they are told of customers: %(phone)s, %(mail)s"),
    "studio_made": gettext_noop("made the studio %(studio)s"),
    "suspended": gettext_noop("archived the studio"),
    "resumed": gettext_noop("opened the studio again"),
}


def note(tenant: Tenant | None, who: User | AnonymousUser | str, what: str, **values: Any) -> Deed:
    """One line of the log, as a row for the staff and in the program's own log."""
    name = named(who) if isinstance(who, User) else str(who)
    deed = Deed.objects.create(tenant=tenant, who=name, what=what, values=values, at=timezone.now())
    logger.info("%s: %s %s %s", tenant.slug if tenant else "platform", name, what, values or "")
    return deed


def note_everywhere(user: User, what: str, **values: Any) -> None:
    """What somebody did with their login, told in each studio they work for."""
    studios: list[Tenant | None] = [*Tenant.objects.filter(memberships__user=user)]
    for tenant in studios or [None]:
        note(tenant, user, what, **values)


def told(deed: Deed) -> str:
    """The deed in words: “changed the role of Wayan to Editor”."""
    words, values = WORDS.get(deed.what), {**deed.values}
    if values.get("role") in Membership.Role.values:
        values["role"] = Membership.Role(values["role"]).label
    if values.get("mode") in Tenant.Mode.values:
        values["mode"] = Tenant.Mode(values["mode"]).label
    if deed.what == "settings":
        values["fields"] = ", ".join(map(_label, str(values.get("fields", "")).split(", ")))
    try:
        return gettext(words) % values if words else deed.what
    except KeyError:  # a row of another version
        return deed.what


def _label(field: str) -> str:
    """What the settings call it; the bare name of one that another version had."""
    try:
        return str(Tenant._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return field


def named(user: User) -> str:
    """The person's own name, else the name they log in with."""
    return user.get_full_name() or user.get_username()
