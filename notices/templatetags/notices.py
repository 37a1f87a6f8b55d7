"""How a notice reads on a page."""

import datetime as dt

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext

from conversations.models import Escalation
from notices import words
from notices.models import Notice
from tenants.phones import readable

register = template.Library()
Channel, State = Notice.Channel, Notice.State
TONES = {State.DELIVERED: "ok", State.SENT: "ok", State.FAILED: "bad", State.SKIPPED: ""}


@register.filter
def phone_number(to: str) -> str:
    """A number as people write it; an address as it is."""
    return readable(to) if to.startswith("+") else to


@register.filter
def customer_of(escalation: Escalation) -> str:
    return words.who(escalation)


@register.filter
def tone(notice: Notice) -> str:
    return TONES.get(State(notice.state), "wait")


@register.filter
def said(notice: Notice) -> str:
    """The state in words; open pages show, they do not send."""
    if notice.channel == Channel.PAGE and notice.state == State.SENT:
        return gettext("Shown on an open page")
    return str(notice.get_state_display())


@register.filter
def why(notice: Notice) -> str:
    sentence, separator, more = notice.error.partition(" (")
    return f"{gettext(sentence)}{separator}{more}" if more else gettext(notice.error)


@register.filter
def moment(notice: Notice) -> str:
    """When it left, or when it is due, on the studio's clock."""
    at: dt.datetime = notice.sent_at or notice.due_at
    return date_format(notice.tenant.local(at), "j M, H:i")
