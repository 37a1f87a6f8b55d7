"""The menu of the staff pages: what the person's role in the chosen studio may open, with what waits there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agent.records import Gap
from config import guide
from conversations.inbox import waiting
from conversations.models import Conversation, Escalation
from knowledge.models import KnowledgeEntry
from tenants.access import allowed, chosen_studio, is_platform_admin, visible

PLATFORM = "platform"
GUIDE = "guide"  # only while it is unfinished


@dataclass(frozen=True)
class Item:
    title: Promise
    icon: str
    url: str
    right: str | None = None
    rows: Callable[[HttpRequest], QuerySet[Any]] | None = (
        None  # their number is the badge; 0 shows none
    )


def _waiting(request: HttpRequest) -> QuerySet[Conversation]:
    """As the inbox has it. Somebody who looks at all studios has no inbox."""
    tenant = chosen_studio(request)
    return waiting(tenant, timezone.now()) if tenant else Conversation.objects.none()


def _open(_request: HttpRequest) -> QuerySet[Escalation]:
    return Escalation.objects.filter(state=Escalation.State.OPEN)


def _unused(_request: HttpRequest) -> QuerySet[KnowledgeEntry]:
    """Entries of which customers are not told although somebody wants them to be."""
    failed = Q(index_state=KnowledgeEntry.IndexState.FAILED)
    waits = Q(needs_review=True) & ~Q(status=KnowledgeEntry.Status.ARCHIVED)
    return KnowledgeEntry.objects.filter(failed | waits)


def _gaps(_request: HttpRequest) -> QuerySet[Gap]:
    return Gap.objects.open()


MENU: list[tuple[Promise | str, list[Item]]] = [
    (
        "",
        [
            Item(_("Home"), "home", "admin:index"),
            Item(_("Setup guide"), "checklist", GUIDE, "studio"),
        ],
    ),
    (
        _("Customers"),
        [
            Item(
                _("Inbox"),
                "forum",
                "admin:conversations_conversation_changelist",
                "inbox",
                _waiting,
            ),
            Item(
                _("Escalations"),
                "notification_important",
                "admin:conversations_escalation_changelist",
                "inbox",
                _open,
            ),
            Item(_("People"), "group", "admin:conversations_customer_changelist", "inbox"),
        ],
    ),
    (
        _("Assistant"),
        [
            Item(
                _("Knowledge"),
                "menu_book",
                "admin:knowledge_knowledgeentry_changelist",
                "knowledge",
                _unused,
            ),
            Item(_("Unanswered questions"), "contact_support", "gaps", "knowledge.change", _gaps),
            Item(_("Playground"), "science", "playground", "playground"),
            Item(_("Exam"), "quiz", "exam", "knowledge.change"),
            Item(_("Turns"), "receipt_long", "admin:agent_turn_changelist", "reports"),
        ],
    ),
    (
        _("Studio"),
        [
            Item(_("WhatsApp"), "qr_code_2", "whatsapp", "whatsapp"),
            Item(_("Notices"), "notifications_active", "notices", "studio"),
            Item(_("Reports"), "monitoring", "reports", "reports"),
            Item(_("Team"), "badge", "team", "studio"),
            Item(_("Settings"), "tune", "studio-settings", "studio"),
            Item(_("API tokens"), "key", "admin:tenants_apitoken_changelist", "studio"),
        ],
    ),
    (
        _("Platform"),
        [
            Item(_("Studios"), "storefront", "platform", PLATFORM),
            Item(_("Usage and cost"), "payments", "platform-usage", PLATFORM),
            Item(_("System health"), "monitor_heart", "platform-health", PLATFORM),
            Item(_("Users"), "manage_accounts", "admin:auth_user_changelist", PLATFORM),
            Item(_("Change log"), "history", "admin:tenants_deed_changelist", PLATFORM),
        ],
    ),
]


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups in the shape of the theme. An item without the right is absent, not grey."""
    groups: list[dict[str, Any]] = []
    for title, items in MENU:
        shown = [_entry(request, item) for item in items if _may(request, item)]
        if shown:
            groups.append({"title": title, "items": shown})
    _light(request.path, [entry for group in groups for entry in group["items"]])
    return groups


def _light(path: str, entries: list[dict[str, Any]]) -> None:
    """Mark the one entry whose address is the longest beginning of `path`; Home only for itself."""
    home = reverse("admin:index")
    links = [entry["link"] for entry in entries if entry["link"] != home or path == home]
    here = max(filter(path.startswith, links), key=len, default="")
    for entry in entries:
        entry["active"] = entry["link"] == here


def _may(request: HttpRequest, item: Item) -> bool:
    if item.right == PLATFORM:
        return is_platform_admin(request.user)
    if item.right is not None and not allowed(request, item.right):
        return False
    return item.url != GUIDE or guide.wanted(chosen_studio(request), timezone.now())


def _entry(request: HttpRequest, item: Item) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "title": item.title,
        "icon": item.icon,
        "link": reverse(item.url),
        "has_permission": True,
        "counts": item.url.rpartition(":")[2] if item.rows else "",
    }
    number = visible(request, item.rows(request)).count() if item.rows else 0
    return {**entry, "badge": str(number)} if number else entry
