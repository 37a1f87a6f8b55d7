"""What stands above and beside the form of an entry: whether it waits for a person, whether it is used today."""

from typing import Any

from django import template
from django.db.models import Count
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge import review, skeletons
from knowledge.contradictions import contradictions
from knowledge.models import KnowledgeEntry
from tenants.access import allowed, chosen_studio, visible

register = template.Library()
REASONS = 5  # different ones in the bar above the list


@register.simple_tag
def use_of(entry: KnowledgeEntry | None) -> str:
    """Why customers are not told of the entry today; empty while they are, or when its review is the reason."""
    if not entry or entry.needs_review:
        return ""
    if entry.status == KnowledgeEntry.Status.DRAFT:
        return _("This is a draft: customers are not told of it before it is active.")
    if entry.status == KnowledgeEntry.Status.ARCHIVED:
        return _("This entry is archived: customers are not told of it.")
    today = timezone.now().astimezone(entry.tenant.zone).date()
    if entry.valid_from and today < entry.valid_from:
        told = _("Not in use today: it begins on %(day)s.")
        return told % {"day": date(entry.valid_from)}
    if entry.valid_until and today > entry.valid_until:
        told = _("Not in use any more: it ended on %(day)s. Change the date, or archive it.")
        return told % {"day": date(entry.valid_until)}
    return ""


@register.simple_tag(takes_context=True)
def list_of(context: template.Context) -> dict[str, Any]:
    """What stands above the list: whether there is anything, and what could not be indexed, with the reason."""
    request = context["request"]
    rows = visible(request, KnowledgeEntry.objects.all())
    failed = rows.filter(index_state=KnowledgeEntry.IndexState.FAILED).order_by("index_error")
    reasons = list(failed.values_list("index_error").annotate(number=Count("pk"))[:REASONS])
    return {
        "any": rows.exists(),
        "failed": sum(number for _reason, number in reasons),
        "reasons": [reason[:200] for reason, _number in reasons if reason],
        "may": allowed(request, "knowledge.change"),
        "studio": chosen_studio(request),
    }


@register.simple_tag
def contradictions_of(entry: KnowledgeEntry | None) -> list[Any]:
    return contradictions(entry) if entry else []


@register.simple_tag
def entry_skeletons() -> dict[str, str]:
    return skeletons.by_place()


@register.simple_tag(takes_context=True)
def review_of(context: template.Context, entry: Any) -> dict[str, Any]:
    if not entry:
        return {}
    return {
        "waiting": entry.needs_review,
        "reasons": review.reasons(entry) if entry.needs_review else [],
        "may": allowed(context["request"], "knowledge.change"),
        "mark": review.text_mark(entry),
        "approved_at": entry.approved_at if review.is_approved(entry) else None,
        "approved_by": entry.approved_by,
    }
