"""What a notice says. Customers' words in it are hostile: one short line, without marks, links and hidden signs."""

import re
import unicodedata
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from conversations.models import Escalation
from notices.models import Notice
from tenants.told import told

# The address of `notices.pages.go_to`: whoever sends notices does not load the pages. A test compares.
LINK = "/admin/notices/open/"
LONGEST = 140  # characters of a customer's summary
# What one message names of a bundle: WhatsApp folds away what is longer than a screen or two.
LISTED, BRIEF = 6, 60

_LINKS = re.compile(r"\S*(?:://|www\.|wa\.me)\S*", re.IGNORECASE)
_MARKS = re.compile(r"[*_~`|<>\[\]{}“”\"]+")
# Of evil.com, shop24.id and 1.2.3.4/x; not of “10.30” and “Rp1.200.000,-”.
_DOT = re.compile(r"(?<=[^\s.])[.\u3002\uff0e\uff61](?=\w|[^\x00-\x7f])")
_NUMBER = re.compile(
    r"[^\w/:]*(?:(?:rp|idr)[^\w/:]*)?\d+(?:[.,\u2013-]\d+)*[^\w/:]*:?", re.IGNORECASE
)


def defanged(text: str, longest: int = LONGEST) -> str:
    """A customer's words for a colleague's eyes: nothing in them can be tapped, nor look like a word of MILA's."""
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    shown = _MARKS.sub("", _LINKS.sub("[…]", shown).replace("[…]", "…"))
    shown = " ".join(" ".join(map(_untapped, shown.split())).replace("@", "(at)").split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}…"


def _untapped(word: str) -> str:
    return word if _NUMBER.fullmatch(word) else _DOT.sub(". ", word)


def whatsapp_text(notices: Sequence[Notice], language: str) -> str:
    """One message for all of these."""
    with override(language):
        tenant = notices[0].tenant
        if is_test(notices):
            return f"✅ *{defanged(tenant.name)}*\n{_test_text()}"
        return "\n".join([f"🔔 *{defanged(tenant.name)}*", *_lines(notices)])


def email_words(notices: Sequence[Notice], language: str) -> tuple[str, str]:
    """Subject and body."""
    with override(language):
        tenant = notices[0].tenant
        name = defanged(tenant.name)
        if is_test(notices):
            return f"{name}: {_('test alert')}", f"{_test_text()}\n"
        body = "\n".join([*_lines(notices), "", "MILA"])
        return f"{name}: {_headline(_escalations(notices))}", f"{body}\n"


def is_test(notices: Sequence[Notice]) -> bool:
    return notices[0].escalation_id is None


def _test_text() -> str:
    return _("This is a test alert of MILA. Here you will be told when a customer needs a person.")


def _escalations(notices: Sequence[Notice]) -> list[Escalation]:
    """Each once, urgent ones first, then who waits longest."""
    each = {notice.escalation_id: notice.escalation for notice in notices}
    found = [escalation for escalation in each.values() if escalation]
    return sorted(found, key=lambda e: (e.urgency != Escalation.Urgency.URGENT, e.created_at))


def _headline(escalations: Sequence[Escalation]) -> str:
    if len(escalations) == 1:
        return _reason(escalations[0])
    return _("%(number)s customers wait for a person") % {"number": len(escalations)}


def _reason(escalation: Escalation) -> str:
    reason = escalation.get_category_display()
    if escalation.urgency == Escalation.Urgency.URGENT:
        return _("URGENT: %(reason)s") % {"reason": reason}
    return reason


def _lines(notices: Sequence[Notice]) -> list[str]:
    escalations = _escalations(notices)
    if len(escalations) == 1:
        return _one(escalations[0], max(notice.step for notice in notices))
    lines = [f"{_headline(escalations)}."]
    for escalation in escalations[:LISTED]:
        lines += ["", *_briefly(escalation)]
    if (more := len(escalations) - LISTED) > 0:
        lines += ["", _("And %(number)s more in the inbox.") % {"number": more}]
    return lines


def _briefly(escalation: Escalation) -> list[str]:
    summary = defanged(told(escalation.summary), BRIEF)
    said = f": “{summary}”" if summary else ""
    address = link(escalation)
    return [f"{_reason(escalation)}, {who(escalation)}{said}", *([address] if address else [])]


def _one(escalation: Escalation, late: int) -> list[str]:
    summary = defanged(told(escalation.summary))
    lines = [_reason(escalation), _("Customer: %(who)s") % {"who": who(escalation)}]
    if summary:
        lines.append(f"“{summary}”")
    if late:
        lines.append(_("Nobody has taken it over for %(number)s minutes.") % {"number": late})
    return [*lines, link(escalation) or _("Open MILA and look under Escalations.")]


def who(escalation: Escalation) -> str:
    """The customer's own name, else the end of the number."""
    customer = escalation.conversation.customer
    name = defanged(customer.name, 40) if customer else ""
    number = f"{customer.phone[:3]}…{customer.phone[-4:]}" if customer and customer.phone else ""
    return name or number or _("Unknown number")


def link(escalation: Escalation) -> str:
    base = settings.PUBLIC_URL.rstrip("/")
    return f"{base}{LINK}{escalation.pk}/" if base else ""
