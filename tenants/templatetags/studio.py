"""The field that says which studio a form was opened for."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants import forgotten
from tenants.access import chosen_studio
from tenants.tabs import FIELD

register = template.Library()


@register.simple_tag(takes_context=True)
def of_studio(context: template.Context) -> SafeString:
    studio = chosen_studio(context["request"])
    return format_html(
        '<input type="hidden" name="{}" value="{}">', FIELD, studio.pk if studio else ""
    )


@register.simple_tag(takes_context=True)
def guide_is_open(context: template.Context) -> bool:
    """Whether the person's menu offers the setup guide; asked of the menu, which knows."""
    groups = context.get("sidebar_navigation") or []
    return any(item["link"] == reverse("guide") for group in groups for item in group["items"])


@register.simple_tag
def forgotten_is_possible() -> bool:
    """Whether the login offers a link by e-mail."""
    return forgotten.is_possible()
