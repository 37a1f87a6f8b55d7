"""How a message looks on a page. Customers' text is hostile: it is escaped first, then marked up."""

import datetime as dt
import re

from django import template
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from conversations.escalations import ENDED_WITH_IT, OUTCOMES
from conversations.models import Conversation
from tenants import deeds, numbers
from tenants.phones import readable
from tenants.told import told as sentences_told

register = template.Library()

# WhatsApp's marks around a run of text without spaces at its ends, on one line.
_MARKS = [
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^\n{mark}]+?)(?<=\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "strong"), ("_", "em"), ("~", "s"))
]


@register.filter
def whatsapp_text(text: str) -> SafeString:
    """`text` with line breaks and WhatsApp's *bold*, _italic_, ~struck~; anything else stays text."""
    html = str(conditional_escape(str(text)))
    for pattern, tag in _MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return mark_safe(html.replace("\n", "<br>"))  # noqa: S308


@register.filter
def seconds(milliseconds: int) -> str:
    """1234 → “1.2 s”, 40 → “40 ms”, 0 → “0 ms”."""
    return numbers.duration(milliseconds / 1000)


@register.filter
def told(text: str) -> str:
    """A sentence that MILA stored, in the reader's language."""
    return sentences_told(text)


@register.filter
def age(since: dt.datetime | None) -> str:
    """How long ago, in the largest unit: 5 min, 3 h, 2 d."""
    if since is None:
        return ""
    minutes = int((timezone.now() - since).total_seconds() // 60)
    if minutes < 60:
        return _("%(n)s min") % {"n": max(minutes, 0)}
    if minutes < 48 * 60:
        return _("%(n)s h") % {"n": minutes // 60}
    return _("%(n)s d") % {"n": minutes // (24 * 60)}


@register.filter
def named(person: User) -> str:
    """A colleague as others know them."""
    return deeds.named(person)


@register.filter
def speaker(author: str) -> str:
    """Who said the last line in a list; customers speak for themselves."""
    words = {"assistant": _("Assistant"), "staff": _("Staff"), "system": "MILA"}
    return words.get(author, "")


@register.filter
def outcome(value: str) -> str:
    """How an escalation ended, in words; older rows hold words already."""
    return str((OUTCOMES | ENDED_WITH_IT).get(value, value))


@register.filter
def ticks(state: str) -> str:
    """WhatsApp's own signs beside the word."""
    return {"sent": "✓", "delivered": "✓✓", "read": "✓✓", "queued": "◷", "sending": "◷"}.get(
        state, ""
    )


@register.filter
def since_when(at: dt.datetime | None) -> str:
    """The time today, the day and the time before."""
    if at is None:
        return "?"
    local = timezone.localtime(at)
    same = local.date() == timezone.localdate()
    return f"{local:%H:%M}" if same else date_format(local, "DATETIME_FORMAT")


@register.filter
def called(conversation: Conversation) -> str:
    """The customer's name, else the number as people write it."""
    customer = conversation.customer
    if customer is None or customer.name:
        return str(conversation)
    return readable(customer.phone) or str(conversation)
