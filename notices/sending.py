"""Notices that are due leave: claimed by a conditional UPDATE, bundled per recipient, never too many.

On WhatsApp, claim and outbox row are one transaction: killed in between, nothing happened; twice at once, one finds
nothing left. An e-mail is claimed for a minute, so one that was being sent when MILA was killed is sent once more.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from conversations import outbox, staffchats
from conversations.models import Escalation, Message
from notices import contacts, planning, words
from notices.models import Notice
from tenants import crash
from tenants.prepared import Literal

Channel, State = Notice.Channel, Notice.State

BUNDLE = dt.timedelta(minutes=10)  # between two messages to one person, unless urgent
HOUR = dt.timedelta(hours=1)
MOST = 12  # messages to one person within an hour, urgent ones too
EXPIRES = dt.timedelta(hours=1)  # a line that comes back later does not tell what is over
MAIL_TAKES = dt.timedelta(minutes=2)
MAIL_RETRIES = (dt.timedelta(minutes=1), dt.timedelta(minutes=5))
LOOK = 500

Deliver = Callable[[list[Notice], dt.datetime], bool]

REMOVED = gettext_noop("No contact of the studio any more.")
ACCEPTED = gettext_noop("Somebody had it by then.")
OWN_NUMBER = gettext_noop("This is the studio's own number: its phone shows no alert for it.")
EMAIL_OFF = gettext_noop("E-mail is not set up (EMAIL_URL).")
EMAIL_FAILED = gettext_noop("The mail server did not take it.")


def send_due(at: dt.datetime, channels: Mapping[str, Deliver], most: int = LOOK) -> set[str]:
    """Send what is due on these channels, one message per recipient, so many at `most`. The channels on which something
    left."""
    groups = _by_recipient(_due(at, channels))
    order = list(channels)
    ways = sorted(groups, key=lambda group: order.index(group[0]))
    left = (channel for channel, rows in ways if _send(rows, at, channels[channel]))
    return set(itertools.islice(left, most))


def _send(rows: list[Notice], at: dt.datetime, deliver: Deliver) -> bool:
    wanted = _still_wanted(rows, at)
    until = _wait_until(wanted, at) if wanted else None
    if wanted and (morning := _quiet_end(wanted, until or at)):
        _ours(wanted).update(due_at=morning, held=True)
        return False
    if until:
        _ours(wanted).update(due_at=until)
        return False
    return bool(wanted) and deliver(wanted, at)


def _due(at: dt.datetime, channels: Mapping[str, Deliver]) -> QuerySet[Notice]:
    rows = Notice.objects.filter(state=Literal(State.WAITING), due_at__lte=at)
    rows = rows.filter(channel__in=list(channels))
    related = ("tenant", "escalation__conversation__customer")
    return rows.select_related(*related).order_by("due_at")[:LOOK]


def _by_recipient(rows: QuerySet[Notice]) -> list[tuple[str, list[Notice]]]:
    """What is for one person on one channel. A test alert is a message of its own."""
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for row in rows:
        key = (row.channel, row.tenant_id, row.to, row.escalation_id is None)
        groups.setdefault(key, []).append(row)
    return [(group[0].channel, group) for group in groups.values()]


def _ours(rows: Sequence[Notice]) -> QuerySet[Notice]:
    """These, as far as nobody else has taken them meanwhile."""
    return Notice.objects.filter(pk__in=[row.pk for row in rows], state=State.WAITING)


def _still_wanted(rows: list[Notice], at: dt.datetime) -> list[Notice]:
    if not contacts.of(rows[0].tenant).has(rows[0].channel, rows[0].to):
        _ours(rows).update(state=State.SKIPPED, error=REMOVED, sent_at=at)
        return []
    asked = Escalation.objects.filter(pk__in=[row.escalation_id for row in rows])
    over = set(planning.accepted(asked, at).values_list("pk", flat=True))
    gone = [row for row in rows if row.escalation_id in over]
    if gone:
        _ours(gone).update(state=State.SKIPPED, error=ACCEPTED, sent_at=at)
    return [row for row in rows if row.escalation_id not in over]


def _wait_until(rows: list[Notice], at: dt.datetime) -> dt.datetime | None:
    """When the next message to this person may leave, if not now."""
    first = rows[0]
    if first.escalation is None:
        return None
    told = Notice.objects.filter(
        tenant=first.tenant_id, channel=first.channel, to=first.to, sent_at__gt=at - HOUR
    ).exclude(Q(escalation=None) | Q(state__in=(State.WAITING, State.SKIPPED)))
    left = {claim: when for claim, when in told.values_list("claim", "sent_at") if when}
    times = sorted(left.values())
    if len(times) >= MOST:
        return times[-MOST] + HOUR
    if times and not _urgent(rows) and times[-1] + BUNDLE > at:
        return times[-1] + BUNDLE
    return None


def _urgent(rows: list[Notice]) -> bool:
    return any(row.escalation and row.escalation.urgency == "urgent" for row in rows)


def _quiet_end(rows: list[Notice], at: dt.datetime) -> dt.datetime | None:
    """When these may leave, if `at` is in quiet hours: a plan does not know of bundles, retries and late lines."""
    if rows[0].escalation is None or _urgent(rows):
        return None
    return planning.quiet_end(rows[0].tenant, at)


def _expires(rows: list[Notice], at: dt.datetime) -> dt.datetime:
    """A line that comes back in the quiet hours wakes nobody."""
    tests = rows[0].escalation is None
    quiet = None if tests or _urgent(rows) else planning.quiet_begin(rows[0].tenant, at)
    return min(quiet or at + EXPIRES, at + EXPIRES)


def _claimed(rows: list[Notice], at: dt.datetime, **changes: object) -> list[Notice]:
    """Those of the rows that are ours now."""
    claim = uuid.uuid4().hex
    if not _ours(rows).update(claim=claim, sent_at=at, error="", **changes):
        return []
    taken = set(Notice.objects.filter(claim=claim).values_list("pk", flat=True))
    ours = [row for row in rows if row.pk in taken]
    for row in ours:
        row.claim = claim
    return ours


def _language(notice: Notice) -> str:
    chosen = contacts.of(notice.tenant).languages.get(notice.to)
    return chosen or notice.tenant.default_language


def by_whatsapp(rows: list[Notice], at: dt.datetime) -> bool:
    """Into the outbox of the studio's own line."""
    first = rows[0]
    if first.to == first.tenant.whatsapp_number:
        return bool(_ours(rows).update(state=State.FAILED, error=OWN_NUMBER, sent_at=at))
    with transaction.atomic():
        ours = _claimed(rows, at, state=State.QUEUED)
        if not ours:
            return False
        crash.point("N1")
        message = outbox.queue(
            staffchats.chat_with(first.tenant, first.to),
            words.whatsapp_text(ours, _language(first)),
            author=Message.Author.STAFF,  # as what staff say, it leaves in every mode of the studio
            key=f"notice:{ours[0].claim}",
            at=at,
            expires_at=_expires(ours, at),
            details={"note": "notice"},
        )
        Notice.objects.filter(claim=ours[0].claim).update(message=message)
    return True


def by_email(rows: list[Notice], at: dt.datetime) -> bool:
    if not contacts.email_is_on():
        return bool(_ours(rows).update(state=State.FAILED, error=EMAIL_OFF, sent_at=at))
    ours = _claimed(rows, at, state=State.SENDING, claimed_until=at + MAIL_TAKES)
    if not ours:
        return False
    crash.point("N2")
    subject, body = words.email_words(ours, _language(ours[0]))
    mail = EmailMessage(subject, body, to=[ours[0].to])
    mail.extra_headers["Message-ID"] = f"<{ours[0].claim}@mila>"  # a second copy is told as one
    theirs = Notice.objects.filter(claim=ours[0].claim, state=State.SENDING)
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001  whatever it is: told on the page, and tried again
        _mail_failed(theirs, ours, at, error)
    else:
        theirs.update(state=State.SENT)
    return True


def _mail_failed(
    rows: QuerySet[Notice], ours: list[Notice], at: dt.datetime, error: Exception
) -> None:
    attempts = ours[0].attempts
    told = f"{EMAIL_FAILED} ({type(error).__name__})"
    if attempts < len(MAIL_RETRIES) and ours[0].escalation_id:
        due = at + MAIL_RETRIES[attempts]
        rows.update(
            state=State.WAITING, due_at=due, error=told, attempts=attempts + 1, sent_at=None
        )
    else:
        rows.update(state=State.FAILED, error=told)


def take_back(at: dt.datetime) -> None:
    """E-mails that were being sent when MILA was killed wait again."""
    rows = Notice.objects.filter(state=State.SENDING, claimed_until__lte=at)
    if rows.exists():  # SQLite locks for every UPDATE, also for one of no row
        rows.update(state=State.WAITING, due_at=at, sent_at=None, claim="")


def to_platform(rows: list[Notice], at: dt.datetime) -> bool:
    """Whoever runs MILA reads it on the page of notices."""
    return bool(_claimed(rows, at, state=State.SENT))


AT_ONCE: Mapping[str, Deliver] = {Channel.WHATSAPP: by_whatsapp, Channel.PLATFORM: to_platform}
SLOWLY: Mapping[str, Deliver] = {Channel.EMAIL: by_email}  # a mail server may take its time
