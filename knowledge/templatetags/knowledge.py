"""Whether an entry waits for a person, for the note above its form."""

from typing import Any

from django import template

from knowledge import review
from tenants.access import allowed

register = template.Library()


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
