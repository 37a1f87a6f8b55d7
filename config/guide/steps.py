"""The steps of the setup guide. Nobody ticks them: a step is done while the data say so, and opens again when not."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from agent.models import Turn
from conversations.models import Conversation
from knowledge.models import KnowledgeEntry
from notices import contacts
from tenants import secondfactor
from tenants.models import Tenant
from whatsapp.models import WhatsAppAccount

ENOUGH = 5  # entries
GOOD = (Turn.Outcome.ANSWERED, Turn.Outcome.FROM_KNOWLEDGE)
State = WhatsAppAccount.State
LINKED = (State.CONNECTED, State.SYNCING, State.RETRYING)  # WhatsApp being away is no step back


@dataclass(frozen=True)
class Step:
    """`key` names it for programs; `count` is how far it is where that can be said."""

    key: str
    title: str
    why: str
    done: bool
    button: str
    url: str
    count: str = ""


def steps(tenant: Tenant, at: dt.datetime) -> list[Step]:
    """The five, in the order in which they are best done."""
    return [
        _details(tenant),
        _knowledge(tenant, at),
        _answer(tenant),
        _line(tenant),
        _staff(tenant),
    ]


def unfinished(tenant: Tenant, at: dt.datetime) -> bool:
    """Whether a step is open. Asks the database for what is cheap first, and no more than it needs."""
    return not all(_checks(tenant, at))


def wanted(tenant: Tenant | None, at: dt.datetime) -> bool:
    """Whether the guide belongs into the menu: somebody has something to do, and nobody put it away."""
    return tenant is not None and tenant.guide_hidden != "open" and unfinished(tenant, at)


def _checks(tenant: Tenant, at: dt.datetime) -> Iterator[bool]:
    yield somebody_is_told(tenant)
    yield told_where(tenant)
    yield is_linked(tenant)
    yield entries(tenant, at) >= ENOUGH
    yield answered_well(tenant)


def told_where(tenant: Tenant) -> bool:
    """Whether the studio's phone, address and hours are known; its zone always is."""
    phone = tenant.phone or tenant.whatsapp_number
    return bool(phone and tenant.address and tenant.opening_hours)


def entries(tenant: Tenant, at: dt.datetime) -> int:
    """How many entries the assistant may use today."""
    return KnowledgeEntry.objects.current(at, tenant).count()


def answered_well(tenant: Tenant) -> bool:
    """Whether somebody asked in the Playground and got an answer instead of a hand-over."""
    people = User.objects.filter(Q(memberships__tenant=tenant) | Q(is_superuser=True)).values("pk")
    # By person: a studio has thousands of conversations, and each person one Playground a studio.
    asked = Conversation.objects.filter(asked_by__in=people).values_list("pk", "tenant_id")
    rooms = [pk for pk, tenant_id in asked if tenant_id == tenant.pk]
    return bool(rooms) and Turn.objects.filter(conversation__in=rooms, outcome__in=GOOD).exists()


def is_linked(tenant: Tenant) -> bool:
    linked = Q(state__in=LINKED) & ~Q(phone="")
    return WhatsAppAccount.objects.filter(linked, tenant=tenant).exists()


def somebody_is_told(tenant: Tenant) -> bool:
    """Whether an escalation reaches a person: one of the studio's contacts, or of the team by their own choice."""
    if tenant.handover_contacts:
        return True
    known = contacts.of(tenant)
    return bool(known.all_phones or known.emails)


def _details(tenant: Tenant) -> Step:
    return Step(
        "details",
        _("Tell where the studio is and when it is open"),
        _("Phone, address, time zone and opening hours."),
        told_where(tenant),
        _("Fill in"),
        reverse("studio-settings"),
        ", ".join(_missing(tenant)),
    )


def _missing(tenant: Tenant) -> Iterator[str]:
    if not (tenant.phone or tenant.whatsapp_number):
        yield _("the phone is missing")
    if not tenant.address:
        yield _("the address is missing")
    if not tenant.opening_hours:
        yield _("the opening hours are missing")


def _knowledge(tenant: Tenant, at: dt.datetime) -> Step:
    number = entries(tenant, at)
    return Step(
        "knowledge",
        _("Write five knowledge entries"),
        _("The assistant says only what stands there: prices, schedule, address, rules."),
        number >= ENOUGH,
        _("Write an entry"),
        reverse("admin:knowledge_knowledgeentry_add"),
        _("%(number)s of %(enough)s") % {"number": min(number, ENOUGH), "enough": ENOUGH},
    )


def _answer(tenant: Tenant) -> Step:
    return Step(
        "answer",
        _("Ask like a customer"),
        _("Ask in the Playground until one answer is good. Nothing is sent to WhatsApp."),
        answered_well(tenant),
        _("Open the Playground"),
        reverse("playground"),
    )


def _line(tenant: Tenant) -> Step:
    return Step(
        "whatsapp",
        _("Connect WhatsApp"),
        _("Link the studio's phone, as you would link WhatsApp on a computer."),
        is_linked(tenant),
        _("Connect"),
        reverse("whatsapp"),
    )


def _staff(tenant: Tenant) -> Step:
    return Step(
        "staff",
        _("Say who is told when a customer needs a person"),
        _("A phone number or an e-mail address of somebody who can answer."),
        somebody_is_told(tenant),
        _("Enter somebody"),
        reverse("studio-settings-part", args=["notices"]),
    )


def extras(tenant: Tenant, user: User) -> list[Step]:
    """Worth doing, but nobody has to."""
    return [
        Step(
            "colleague",
            _("Invite a colleague"),
            _("Each with an own login, and only what the work needs."),
            tenant.memberships.count() > 1,
            _("Invite"),
            reverse("team"),
        ),
        Step(
            "factor",
            _("Turn on your second factor"),
            _("A stolen password alone then opens nothing."),
            secondfactor.is_on(user),
            _("Turn on"),
            reverse("second-factor"),
        ),
    ]
