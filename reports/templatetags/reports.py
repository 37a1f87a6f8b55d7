"""What a chart is drawn from, beside it on the page."""

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def script(drawn: dict[str, Any], key: str) -> SafeString:
    """The numbers as data that no browser runs."""
    return json_script(drawn, f"chart-{key}")
