"""Who is told when: steps until somebody has the customer, quiet hours, bundles, bounds, and what falls back on e-mail."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from conversations import escalations, handling, intake, madeup, outbox
from conversations.models import Conversation, Customer, Escalation, Message
from notices import contacts as known_contacts
from notices import following, planning, replanning, sending, trial, words
from notices.models import Notice, OwnNotices
from notices.rounds import Rounds, send_mail
from tenants.models import Membership
from tests import factories
from tests.conversations.cast import ANA, after, chat_of, typed, writes
from tests.factories import NOW

Channel, State = Notice.Channel, Notice.State
SARI, DEWI, MADE = "+6281299990001", "+6281299990002", "+6281299990003"
URGENT, NORMAL = Escalation.Urgency.URGENT, Escalation.Urgency.NORMAL


@pytest.fixture
def studio(ombak, settings):
    settings.EMAIL_URL = "smtp://loopback"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://mila.example"
    ombak.handover_contacts = [SARI, DEWI, MADE, "owner@ombak.example"]
    ombak.default_language = "en"
    ombak.save()
    return ombak


def asks(tenant: Any, at: dt.datetime = NOW, name: str = "Anna", **fields: Any) -> Escalation:
    """A customer of this name needs a person."""
    customer = Customer.objects.create(tenant=tenant, name=name)
    chat = Conversation.objects.create(tenant=tenant, customer=customer, chat=f"{name}@lid")
    values: dict[str, Any] = {"category": "refund", "urgency": NORMAL, "summary": "My money back"}
    return escalations.escalate(chat, at=at, **values | fields)


def rounds(at: dt.datetime) -> None:
    """What one look of the service does."""
    planning.plan_new(at)
    planning.hasten(at)
    sending.send_due(at, sending.AT_ONCE)
    following.follow(at)
    sending.take_back(at)
    sending.send_due(at, sending.SLOWLY)


def told(phone: str = "") -> list[str]:
    """What stands in the outbox for the studio's people."""
    rows = Message.objects.filter(conversation__channel=Conversation.Channel.STAFF, from_me=True)
    if phone:
        rows = rows.filter(conversation__customer__phone=phone)
    return list(rows.order_by("pk").values_list("text", flat=True))


def arrives() -> None:
    """Everything that waits for the line reaches its phone."""
    Message.objects.filter(state="queued").update(state="delivered")


def minutes(number: float) -> dt.datetime:
    return after(number * 60)


def test_the_first_contact_is_told_at_once_and_on_open_pages(studio):
    escalation = asks(studio)
    rounds(NOW)
    [text] = told()
    assert told(SARI) == [text]
    assert text.splitlines() == [
        "🔔 *Ombak Yoga*",
        "Refund",
        "Customer: Anna",
        "“My money back”",
        f"https://mila.example/admin/notices/open/{escalation.pk}/",
    ]
    assert Notice.objects.get(channel=Channel.PAGE).state == State.WAITING
    assert mail.outbox == []


def test_after_ten_and_thirty_minutes_more_people_are_told(studio):
    asks(studio)
    rounds(NOW)
    arrives()
    for number in (1, 5, 9):
        rounds(minutes(number))
    assert len(told()) == 1
    rounds(minutes(10))
    assert (len(told(SARI)), len(told(DEWI)), len(told(MADE)), len(mail.outbox)) == (2, 1, 0, 1)
    assert "Nobody has taken it over for 10 minutes." in told(DEWI)[0]
    arrives()
    rounds(minutes(30))
    assert (len(told(SARI)), len(told(DEWI)), len(told(MADE)), len(mail.outbox)) == (3, 2, 1, 2)
    assert Notice.objects.get(channel=Channel.PLATFORM).state == State.SENT
    arrives()
    rounds(minutes(300))
    assert (len(told()), len(mail.outbox)) == (6, 2)


def take_over(escalation, user):
    assert handling.take_over(escalation.conversation, user, minutes(5))


def resolve(escalation, user):
    escalations.resolve(escalation, user, "", minutes(5))


def write(escalation, user):
    chat = escalation.conversation
    Message.objects.create(
        tenant=chat.tenant, conversation=chat, author="staff", state="sent", created_at=minutes(5)
    )


@pytest.mark.parametrize("accept", [take_over, resolve, write])
def test_who_has_the_customer_ends_the_steps(studio, sari, accept):
    escalation = asks(studio)
    rounds(NOW)
    arrives()
    accept(escalation, sari)
    rounds(minutes(10))
    rounds(minutes(30))
    assert (len(told()), len(mail.outbox)) == (1, 0)
    assert set(Notice.objects.filter(step__gt=0).values_list("state", flat=True)) == {"skipped"}


def test_who_gives_the_chat_back_without_closing_it_leaves_it_to_the_next_step(studio, sari):
    escalation = asks(studio)
    rounds(NOW)
    arrives()
    take_over(escalation, sari)
    handling.hand_back(escalation.conversation, sari, minutes(6))
    rounds(minutes(10))
    assert len(told(DEWI)) == 1


def test_who_had_the_customer_until_the_clock_gave_the_chat_back_has_it_no_more(studio, sari):
    escalation = asks(studio)
    rounds(NOW)
    arrives()
    handling.take_over(escalation.conversation, sari, minutes(5), resumes_after=3)
    asked = Escalation.objects.all()
    assert planning.accepted(asked, minutes(7)).exists()
    assert not planning.accepted(asked, minutes(8)).exists()
    rounds(minutes(10))
    assert len(told(DEWI)) == 1


def test_what_did_not_leave_within_a_minute_is_mailed(studio):
    asks(studio)
    rounds(NOW)
    rounds(minutes(0.9))
    assert mail.outbox == []
    rounds(minutes(1.1))
    [sent] = mail.outbox
    assert sent.to == ["owner@ombak.example"]
    assert sent.subject == "Ombak Yoga: Refund"
    assert "Anna" in sent.body
    for number in (2, 5, 10, 12):
        rounds(minutes(number))
    assert len(mail.outbox) == 1  # that of the tenth minute has gone already
    rounds(minutes(30))
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("state", ["failed", "cancelled", "unknown"])
def test_what_whatsapp_refused_is_mailed_at_once(studio, state):
    asks(studio)
    rounds(NOW)
    Message.objects.filter(state="queued").update(state=state)
    rounds(after(5))
    assert len(mail.outbox) == 1
    assert Notice.objects.get(step=0, channel=Channel.WHATSAPP).state == State.FAILED


def test_a_notice_that_does_not_arrive_is_no_escalation_of_its_own(studio):
    asks(studio)
    rounds(NOW)
    message = Message.objects.get(state="queued")
    Message.objects.filter(pk=message.pk).update(state="sending")
    outbox.not_sent(message, "no such number", NOW, permanent=True)
    assert Escalation.objects.count() == 1


def test_what_waits_for_a_line_is_withdrawn_when_somebody_has_the_customer(studio, sari):
    escalation = asks(studio)
    rounds(NOW)
    take_over(escalation, sari)
    rounds(minutes(6))
    assert Message.objects.get(conversation__channel="staff").state == "cancelled"


def test_receipts_show_on_the_rows(studio):
    asks(studio)
    rounds(NOW)
    row = Notice.objects.get(step=0, channel=Channel.WHATSAPP)
    for state, shown in (("sent", "sent"), ("delivered", "delivered"), ("read", "delivered")):
        Message.objects.filter(pk=row.message_id or 0).update(state=state)
        rounds(after(5))
        row.refresh_from_db()
        assert row.state == shown or row.message_id is None


# --- quiet hours ----------------------------------------------------------------------------------


@pytest.fixture
def quiet(studio):
    studio.quiet_from, studio.quiet_until = dt.time(16, 0), dt.time(7, 0)  # it is 16:30 there
    studio.save()
    return studio


MORNING = dt.datetime(2026, 11, 18, 23, 0, tzinfo=dt.UTC)  # 07:00 in Bali


def test_in_quiet_hours_all_waits_for_the_morning_and_comes_as_one(quiet):
    for number in range(3):
        asks(quiet, minutes(20 * number), f"Anna {number}")
        rounds(minutes(20 * number))
    rounds(MORNING - dt.timedelta(seconds=1))
    assert (told(), mail.outbox) == ([], [])
    rounds(MORNING)
    [text] = told()
    assert "3 customers wait for a person." in text
    assert all(f"Refund, Anna {number}: “My money back”" in text for number in range(3))
    arrives()
    rounds(MORNING + dt.timedelta(minutes=10))
    assert len(told(DEWI)) == len(mail.outbox) == 1


def test_urgent_ones_know_no_quiet_hours(quiet):
    asks(quiet, category="emergency", urgency=URGENT)
    rounds(NOW)
    [text] = told()
    assert "URGENT: Emergency" in text
    rounds(minutes(10))
    assert len(told(DEWI)) == 1


def test_what_becomes_urgent_in_quiet_hours_goes_out_then(quiet):
    escalation = asks(quiet)
    rounds(NOW)
    assert told() == []
    escalations.escalate(escalation.conversation, "refund", URGENT, "", minutes(5))
    rounds(minutes(5))
    assert len(told(SARI)) == 1


def test_a_step_that_falls_into_the_quiet_hours_waits_too(studio):
    studio.quiet_from, studio.quiet_until = dt.time(16, 35), dt.time(7, 0)
    studio.save()
    asks(studio)
    rounds(NOW)
    arrives()
    rounds(minutes(10))
    assert (len(told()), len(mail.outbox)) == (1, 0)
    rounds(MORNING)
    assert len(told(SARI)) == 2


@pytest.mark.parametrize(
    ("begin", "end", "hour", "until"),
    [
        (dt.time(22), dt.time(7), 23, 7),
        (dt.time(22), dt.time(7), 6, 7),
        (dt.time(22), dt.time(7), 12, None),
        (dt.time(22), dt.time(7), 7, None),
        (dt.time(12), dt.time(14), 13, 14),
        (dt.time(12), dt.time(12), 12, None),
        (None, dt.time(12), 11, None),
    ],
)
def test_quiet_hours_count_on_the_studios_clock(studio, begin, end, hour, until):
    studio.quiet_from, studio.quiet_until = begin, end
    at = dt.datetime(2026, 11, 18, hour, 0, tzinfo=studio.zone)
    found = planning.quiet_end(studio, at)
    assert (found and studio.local(found).hour) == until
    assert found is None or dt.timedelta(0) < found - at <= dt.timedelta(days=1)


@pytest.fixture
def soon_quiet(studio):
    """From five minutes after the first question on; it is 16:30 there."""
    studio.quiet_from, studio.quiet_until = dt.time(16, 35), dt.time(7, 0)
    studio.save()
    return studio


def test_a_bundle_does_not_reach_into_the_quiet_hours(soon_quiet):
    asks(soon_quiet)
    rounds(NOW)
    arrives()
    asks(soon_quiet, minutes(2), "Budi")
    for number in (2, 10, 11, 12, 30):
        rounds(minutes(number))
    assert len(told(SARI)) == 1
    rounds(MORNING)
    assert "Budi" in told(SARI)[1]


def test_an_e_mail_that_is_tried_again_does_not_come_in_the_quiet_hours(soon_quiet, settings):
    soon_quiet.handover_contacts = ["owner@ombak.example"]
    soon_quiet.save()
    asks(soon_quiet, minutes(4.5))
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.notices.test_rounds.Refusing"
    rounds(minutes(4.5))
    settings.EMAIL_BACKEND = works
    rounds(minutes(6))
    assert mail.outbox == []
    rounds(MORNING)
    assert len(mail.outbox) == 1


def test_what_waits_for_a_line_is_given_up_when_the_quiet_hours_begin(soon_quiet):
    asks(soon_quiet)
    rounds(NOW)
    assert Message.objects.get(state="queued").expires_at == minutes(5)


def test_an_urgent_one_waits_for_its_line_also_in_the_quiet_hours(soon_quiet):
    asks(soon_quiet, urgency=URGENT)
    rounds(NOW)
    assert Message.objects.get(state="queued").expires_at == minutes(60)


# --- bundles and bounds ---------------------------------------------------------------------------


def test_normal_ones_are_bundled_per_ten_minutes(studio):
    asks(studio)
    rounds(NOW)
    for number in range(1, 6):
        asks(studio, minutes(number), f"Budi {number}")
        rounds(minutes(number))
    assert len(told(SARI)) == 1
    arrives()
    rounds(minutes(10))
    assert len(told(SARI)) == 2
    assert "6 customers wait for a person." in told(SARI)[1]


def test_a_test_alert_holds_no_customer_back(studio):
    trial.start(studio, NOW)
    rounds(NOW)
    arrives()
    asks(studio, minutes(1))
    rounds(minutes(1))
    assert len(told(SARI)) == 2


def test_an_urgent_one_does_not_wait_for_the_bundle(studio):
    asks(studio)
    rounds(NOW)
    asks(studio, minutes(2), "Budi", urgency=URGENT)
    rounds(minutes(2))
    assert "URGENT" in told(SARI)[1]


def test_nobody_gets_more_than_so_many_an_hour(studio):
    for number in range(0, 60, 3):
        asks(studio, minutes(number), f"Budi {number}", urgency=URGENT)
        rounds(minutes(number))
        arrives()
    assert len(told(SARI)) == sending.MOST
    rounds(minutes(60))
    assert len(told(SARI)) == sending.MOST + 1
    assert "more in the inbox." in told(SARI)[-1]


def test_a_bundle_names_some_and_counts_the_others(studio):
    for number in range(13):
        asks(studio, NOW, f"Budi {number:02}")
    rounds(NOW)
    [text] = told()
    assert text.count("Refund, Budi") == words.LISTED
    assert f"And {13 - words.LISTED} more in the inbox." in text


# --- who ------------------------------------------------------------------------------------------


def test_a_person_of_the_inbox_may_be_told_on_an_own_number(studio, sari):
    OwnNotices.objects.create(tenant=studio, user=sari, phone="+6281277770001", email="s@x.example")
    asks(studio)
    rounds(NOW)
    assert len(told("+6281277770001")) == 1
    rounds(minutes(1.5))
    assert {to for sent in mail.outbox for to in sent.to} == {"owner@ombak.example", "s@x.example"}


@pytest.mark.parametrize("role", [Membership.Role.EDITOR, None])
def test_who_may_not_open_the_inbox_is_told_nothing(studio, senja, role):
    person = factories.staff("editor", studio if role else senja, role or "owner")
    OwnNotices.objects.create(tenant=studio, user=person, phone="+6281277770001")
    asks(studio)
    rounds(NOW)
    assert told("+6281277770001") == []


def test_a_contact_that_is_removed_is_told_nothing_more(studio):
    asks(studio)
    rounds(NOW)
    arrives()
    studio.handover_contacts = [DEWI]
    studio.save()
    rounds(minutes(10))
    assert (len(told(SARI)), len(told(DEWI))) == (1, 1)


def replaced(studio: Any, contacts: list[str], at: dt.datetime) -> None:
    """Staff save these contacts, and the service sees it at its next look."""
    studio.handover_contacts = contacts
    studio.save()
    replanning.plan_anew(known_contacts.of_all([studio]), at)
    rounds(at)


def test_a_contact_who_replaces_a_wrong_one_is_told_of_those_who_wait(studio):
    asks(studio)
    rounds(NOW)
    arrives()
    replaced(studio, [MADE, "new@x.example"], minutes(5))
    assert len(told(MADE)) == 1
    replaced(studio, [MADE, "new@x.example"], minutes(6))  # looked at twice
    arrives()
    rounds(minutes(30))
    assert (len(told(SARI)), len(told(DEWI)), len(told(MADE))) == (1, 0, 2)
    assert {to for sent in mail.outbox for to in sent.to} == {"new@x.example"}


def test_who_was_told_already_is_not_told_again_for_a_better_place_in_the_list(studio):
    asks(studio)
    rounds(NOW)
    arrives()
    rounds(minutes(10))
    arrives()
    replaced(studio, [DEWI, SARI], minutes(25))
    assert (len(told(SARI)), len(told(DEWI))) == (2, 1)


def test_a_contact_who_is_put_back_gets_what_was_left_out_meanwhile(studio):
    asks(studio)
    rounds(NOW)
    arrives()
    replaced(studio, [SARI], minutes(5))
    rounds(minutes(30))
    arrives()
    replaced(studio, [SARI, DEWI], minutes(45))
    assert len(told(DEWI)) == 1


def test_what_somebody_has_is_not_told_to_a_new_contact(studio, sari):
    escalation = asks(studio)
    rounds(NOW)
    take_over(escalation, sari)
    replaced(studio, [MADE], minutes(5))
    assert told(MADE) == []


def test_the_service_sees_a_change_of_contacts_by_itself(studio, monkeypatch):
    clock = iter(range(0, 100, 10))
    service = Rounds(clock=lambda: float(next(clock)))
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    asks(studio)
    service.step()
    studio.handover_contacts = [MADE]
    studio.save()
    service.step()
    assert len(told(MADE)) == 1


def test_without_numbers_e_mail_comes_at_once(studio):
    studio.handover_contacts = ["owner@ombak.example"]
    studio.save()
    asks(studio)
    rounds(NOW)
    assert len(mail.outbox) == 1


def test_without_a_mail_server_no_e_mail_is_planned(studio, settings):
    settings.EMAIL_URL = ""
    asks(studio)
    rounds(NOW)
    assert not Notice.objects.filter(channel=Channel.EMAIL).exists()


def test_the_studios_own_number_shows_no_alert_so_that_e_mail_goes(studio):
    studio.handover_contacts = [studio.whatsapp_number, "owner@ombak.example"]
    studio.save()
    asks(studio)
    rounds(NOW)
    assert told() == []
    assert len(mail.outbox) == 1


def test_studios_are_told_of_their_own_customers_only(studio, senja):
    senja.handover_contacts = [SARI]
    senja.save()
    asks(studio)
    rounds(NOW)
    assert Message.objects.get(conversation__channel="staff").tenant == studio


def test_a_mail_server_that_refuses_is_asked_again_twice(studio, settings):
    settings.EMAIL_BACKEND = "tests.notices.test_rounds.Refusing"
    studio.handover_contacts = ["owner@ombak.example"]
    studio.save()
    asks(studio)
    for number in (0, 0.5, 1, 3, 6, 8, 9):
        rounds(minutes(number))
    row = Notice.objects.get(step=0, channel=Channel.EMAIL)
    assert (row.state, row.attempts) == (State.FAILED, 2)
    assert row.error.startswith("The mail server did not take it.")


def test_a_slow_mail_server_keeps_no_alert_on_whatsapp_waiting(studio, settings, monkeypatch):
    settings.EMAIL_BACKEND = "tests.notices.test_rounds.Slow"
    studio.handover_contacts = ["owner@ombak.example", "other@ombak.example"]
    studio.save()
    asks(studio)
    monkeypatch.setattr(Slow, "passed", dt.timedelta(0))
    monkeypatch.setattr(timezone, "now", lambda: NOW + Slow.passed)
    Rounds().step()
    assert mail.outbox == []  # they have a thread of their own
    assert send_mail()
    assert len(mail.outbox) == 1
    assert send_mail()
    assert not send_mail()
    assert len(mail.outbox) == 2
    # Each was claimed at its own time: a second service does not take it for one of a killed one.
    mails = Notice.objects.filter(channel=Channel.EMAIL, step=0).order_by("sent_at")
    assert [row.sent_at for row in mails] == [NOW, NOW + Slow.TAKES]


class Slow:
    """A mail server that takes its time."""

    TAKES = dt.timedelta(seconds=9)
    passed = dt.timedelta(0)

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def send_messages(self, mails: Any) -> int:
        Slow.passed += self.TAKES
        mail.outbox.extend(mails)
        return len(mails)


class Refusing:
    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def send_messages(self, mails: Any) -> int:
        raise ConnectionRefusedError


def test_e_mails_that_were_being_sent_when_mila_was_killed_are_sent_again(studio):
    studio.handover_contacts = ["owner@ombak.example"]
    studio.save()
    asks(studio)
    planning.plan_new(NOW)
    row = Notice.objects.filter(step=0, channel=Channel.EMAIL)
    row.update(state=State.SENDING, sent_at=NOW, claimed_until=minutes(2))
    rounds(minutes(1))
    assert mail.outbox == []
    rounds(minutes(2))
    assert len(mail.outbox) == 1


# --- old and strange ------------------------------------------------------------------------------


def test_what_was_asked_long_ago_wakes_nobody(studio):
    asks(studio, NOW - dt.timedelta(hours=25))
    rounds(NOW)
    assert not Notice.objects.exists()


def test_after_a_night_without_the_service_one_message_tells_of_all_steps(studio):
    asks(studio, NOW - dt.timedelta(hours=9))
    rounds(NOW)
    assert len(told(SARI)) == len(told(DEWI)) == len(told(MADE)) == len(mail.outbox) == 1


def test_the_made_up_customers_of_the_demo_wake_nobody(studio):
    chat = asks(studio).conversation
    Conversation.objects.filter(pk=chat.pk).update(chat=f"6281{madeup.CHAT}")
    rounds(NOW)
    assert madeup.CHAT == planning.MADE_UP
    assert not Notice.objects.exists()


def test_the_playground_and_staff_who_try_it_out_wake_nobody(studio):
    for channel in (Conversation.Channel.PLAYGROUND, Conversation.Channel.STAFF):
        chat = Conversation.objects.create(tenant=studio, channel=channel)
        escalations.escalate(chat, "human_request", NORMAL, "", NOW)
    rounds(NOW)
    assert not Notice.objects.exists()


def test_an_answer_typed_on_the_studios_phone_ends_the_steps(studio):
    chat = chat_of(writes(studio, "mau refund", person=ANA))
    escalations.escalate(chat, "refund", NORMAL, "", NOW)
    rounds(NOW)
    arrives()
    intake.receive(typed(studio, person=ANA, sent_at=minutes(3)), at=minutes(3))
    rounds(minutes(10))
    assert len(told()) == 1


def test_words_of_notices_are_forgotten_after_a_week(studio):
    asks(studio)
    rounds(NOW)
    following.forget(NOW + dt.timedelta(days=8))
    assert told() == []
    assert Notice.objects.filter(step=0, channel=Channel.WHATSAPP).get().message is None


def test_looking_costs_the_same_however_many_escalations_are_planned(
    studio, django_assert_max_num_queries
):
    for number in range(30):
        asks(studio, NOW, f"Budi {number}")
    rounds(NOW)
    arrives()
    rounds(after(5))
    with django_assert_max_num_queries(6):
        rounds(after(10))  # nothing is due
