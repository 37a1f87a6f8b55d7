"""Who is told: the studio's hand-over contacts in their order, and people of the inbox who gave a number of their own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import QuerySet

from notices.models import Notice, OwnNotices
from tenants.access import RIGHTS
from tenants.models import Membership, StaffLogin, Tenant

Channel = Notice.Channel
STEPS = (0, 10, 30)  # minutes


@dataclass(frozen=True)
class Contacts:
    """Numbers and addresses of one studio, those of the studio itself first; `languages` of those who chose one."""

    phones: tuple[str, ...] = ()
    own_phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    languages: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def all_phones(self) -> tuple[str, ...]:
        return _once([*self.phones, *self.own_phones])

    def has(self, channel: str, to: str) -> bool:
        known = {Channel.WHATSAPP: self.all_phones, Channel.EMAIL: self.emails}
        return to in known.get(Channel(channel), ("",))


def of(tenant: Tenant) -> Contacts:
    return of_all([tenant])[tenant]


def of_all(tenants: Iterable[Tenant]) -> dict[Tenant, Contacts]:
    """The contacts of each of these studios, in two queries."""
    studios = list(tenants)
    own: dict[object, list[OwnNotices]] = {}
    for row in _own(studios):
        own.setdefault(row.tenant_id, []).append(row)
    languages = _languages([row for rows in own.values() for row in rows])
    return {tenant: _contacts(tenant, own.get(tenant.pk, []), languages) for tenant in studios}


def _own(studios: list[Tenant]) -> QuerySet[OwnNotices]:
    """Of people who may open the inbox now: of others, no customer's word goes out."""
    roles = [role for role, rights in RIGHTS.items() if "inbox" in rights]
    allowed = Membership.objects.filter(role__in=roles, tenant__in=studios)
    rows = OwnNotices.objects.filter(tenant__in=studios, user__is_active=True)
    pairs = set(allowed.values_list("tenant_id", "user_id"))
    return rows.filter(pk__in=[row.pk for row in rows if (row.tenant_id, row.user_id) in pairs])


def _languages(rows: list[OwnNotices]) -> dict[int, str]:
    chosen = StaffLogin.objects.filter(user__in=[row.user_id for row in rows]).exclude(language="")
    return dict(chosen.values_list("user_id", "language"))


def _contacts(tenant: Tenant, own: list[OwnNotices], languages: dict[int, str]) -> Contacts:
    listed = [str(contact) for contact in tenant.handover_contacts]
    theirs = [(row, way) for row in own for way in (row.phone, row.email) if way]
    return Contacts(
        phones=_once([contact for contact in listed if "@" not in contact]),
        own_phones=_once([row.phone for row in own if row.phone]),
        emails=_once([c for c in listed if "@" in c] + [row.email for row in own if row.email]),
        languages={way: languages[row.user_id] for row, way in theirs if row.user_id in languages},
    )


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def email_is_on() -> bool:
    """Whether this installation can send e-mail at all."""
    return bool(settings.EMAIL_URL)


def ladder(contacts: Contacts) -> list[tuple[int, str, str]]:
    """Who is told on which channel after how many minutes, until somebody accepts."""
    first = _once([*contacts.phones[:1], *contacts.own_phones])
    second = _once([*first, *contacts.phones[1:2]])
    emails = contacts.emails if email_is_on() else ()
    steps = [
        (0, Channel.PAGE, [""]),
        (0, Channel.WHATSAPP, first),
        (0 if not first else 10, Channel.EMAIL, emails),
        (10, Channel.WHATSAPP, second),
        (30, Channel.WHATSAPP, contacts.all_phones),
        (30, Channel.EMAIL, emails),
        (30, Channel.PLATFORM, [""]),
    ]
    return [(step, channel, to) for step, channel, ways in steps for to in ways]
