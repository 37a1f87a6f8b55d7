"""The pages of notices: who is told, the test alert with its results, one's own number, and what open pages tell."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import staffchats
from conversations.models import Message
from notices import following, sending, words
from notices.forms import OwnNoticesForm
from notices.models import Notice, OwnNotices
from tenants import deeds
from tests import factories
from tests.conversations.cast import ANA, writes
from tests.factories import NOW
from tests.notices.test_rounds import DEWI, SARI, asks, rounds, studio, told

__all__ = ["studio"]
Channel, State = Notice.Channel, Notice.State


@pytest.fixture
def owner(client: Client, studio, sari) -> Client:
    client.force_login(sari)
    return client


def read(client: Client, address: str) -> str:
    answer = client.get(f"/admin/notices/{address}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_says_who_is_told_and_when(owner):
    page = read(owner, "")
    assert "+62 812-9999-0001" in page
    assert "owner@ombak.example" in page
    assert "Nothing yet." in page


def test_without_contacts_and_mail_server_the_page_says_what_to_do(owner, studio, settings):
    settings.EMAIL_URL = ""
    studio.handover_contacts = []
    studio.save()
    page = read(owner, "")
    assert "Nobody yet: only open pages tell." in page
    assert "E-mail is off" in page
    answer = owner.post("/admin/notices/test/", follow=True)
    assert "There is nobody to tell yet." in answer.content.decode()


def test_what_was_told_is_listed_and_costs_the_same_however_much_it_is(
    owner, studio, django_assert_max_num_queries
):
    for number in range(35):
        asks(studio, NOW, f"Budi {number}")
    rounds(NOW)
    with django_assert_max_num_queries(32):
        page = read(owner, "")
    assert "Refund: Budi " in page
    assert page.count("On its way") == 30
    assert "more messages come later" in page
    assert "Older" in page
    assert read(owner, "?page=2") != page


def test_another_studios_notices_are_not_listed(owner, studio, senja):
    senja.handover_contacts = [SARI]
    senja.save()
    asks(senja, NOW, "Rahasia")
    rounds(NOW)
    assert "Rahasia" not in read(owner, "")


def test_a_test_alert_shows_the_result_of_every_way(owner, studio, monkeypatch):
    studio.handover_contacts = [SARI, DEWI, studio.whatsapp_number, "owner@ombak.example"]
    studio.save()
    owner.post("/admin/notices/test/")
    again = owner.post("/admin/notices/test/", follow=True)  # twice is once
    assert "A test was sent a moment ago" in again.content.decode()
    at = Notice.objects.latest("created_at").created_at
    assert Notice.objects.count() == 4
    assert 'hx-trigger="every 2s"' in read(owner, "results/")
    rounds(at)
    assert all("This is a test alert of MILA." in text for text in told())
    assert len(mail.outbox) == 1
    message = Message.objects.get(conversation=staffchats.chat_with(studio, SARI))
    Message.objects.filter(pk=message.pk).update(state="delivered")
    Message.objects.filter(state="queued").update(state="failed")
    following.follow(at)
    shown = read(owner, "results/")
    assert "Delivered" in shown
    assert "WhatsApp did not take it." in shown
    assert "its phone shows no alert for it." in shown
    assert "Sent" in shown
    assert "hx-get" not in shown


def test_a_test_alert_without_mail_server_says_so(owner, studio, settings):
    settings.EMAIL_URL = ""
    studio.handover_contacts = ["owner@ombak.example"]
    studio.save()
    owner.post("/admin/notices/test/")
    sending.send_due(Notice.objects.get().due_at, sending.SLOWLY)
    assert "E-mail is not set up (EMAIL_URL)." in read(owner, "results/")


def test_only_owners_see_the_page(client, studio):
    client.force_login(factories.staff("desk", studio, "front_desk"))
    assert client.get("/admin/notices/").status_code == 403
    assert client.post("/admin/notices/test/").status_code == 403


# --- my notices -----------------------------------------------------------------------------------


def test_a_person_gives_an_own_number_and_takes_it_back(owner, studio, sari):
    owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": "s@x.example"})
    row = OwnNotices.objects.get()
    assert (row.phone, row.email, row.tenant, row.user) == (
        "+6281277770001",
        "s@x.example",
        studio,
        sari,
    )
    owner.post("/admin/notices/mine/", {"phone": "", "email": ""})
    row.refresh_from_db()
    assert (row.phone, row.email) == ("", "")


def test_each_change_of_an_own_number_stands_in_the_change_log(owner, studio):
    for _twice in range(2):
        owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    deed = studio.deeds.get()
    assert deeds.told(deed) == "changed where they are told of customers: +62…0001, -"
    owner.post("/admin/notices/mine/", {"phone": "", "email": "s@x.example"})
    assert deeds.told(studio.deeds.first()).endswith(": -, s@x.example")


def test_two_tabs_may_save_the_first_number(owner, studio, sari, monkeypatch):
    def other_tab(form: Any) -> dict[str, Any]:
        OwnNotices.objects.get_or_create(tenant=studio, user=sari, phone="+6281277770002")
        return dict(form.cleaned_data)

    monkeypatch.setattr(OwnNoticesForm, "clean", other_tab)
    answer = owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    assert answer.status_code == 302
    assert OwnNotices.objects.get().phone == "+6281277770001"


def test_the_number_of_a_customer_becomes_nobodys_own(owner, studio):
    writes(studio, "Halo", person=ANA)
    answer = owner.post("/admin/notices/mine/", {"phone": ANA.phone, "email": ""})
    assert "A customer wrote to the studio from this number." in answer.content.decode()
    assert not OwnNotices.objects.exists()
    studio.handover_contacts = [ANA.phone]
    studio.save()
    owner.post("/admin/notices/mine/", {"phone": ANA.phone, "email": ""})
    assert OwnNotices.objects.get().phone == ANA.phone


def test_a_number_that_was_kept_before_may_stay(owner, studio, sari):
    writes(studio, "Halo", person=ANA)
    OwnNotices.objects.create(tenant=studio, user=sari, phone=str(ANA.phone))
    owner.post("/admin/notices/mine/", {"phone": ANA.phone, "email": "s@x.example"})
    assert OwnNotices.objects.get().email == "s@x.example"


def test_an_owner_reads_that_a_contact_is_a_customer_as_well(owner, studio, senja):
    writes(senja, "Halo", person=ANA)
    studio.handover_contacts = [SARI, ANA.phone]
    studio.save()
    assert "A customer wrote" not in read(owner, "")
    writes(studio, "Halo", person=ANA)
    assert read(owner, "").count("A customer wrote to the studio from +62") == 1


def test_a_number_that_is_none_is_said_and_kept_in_the_field(owner):
    answer = owner.post("/admin/notices/mine/", {"phone": "12", "email": "nobody"})
    page = answer.content.decode()
    assert "is no phone number" in page
    assert 'value="12"' in page
    assert 'value="nobody"' in page
    assert not OwnNotices.objects.exists()


def test_who_may_not_open_the_inbox_reads_why_there_are_no_notices(client, studio):
    client.force_login(factories.staff("editor", studio, "editor"))
    assert "does not open the inbox" in read(client, "mine/")
    client.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    assert not OwnNotices.objects.exists()


def test_the_page_is_linked_from_the_menu_of_the_person(owner):
    assert "/admin/notices/mine/" in owner.get("/admin/").content.decode()


# --- from a notice to the chat ---------------------------------------------------------------------


def test_the_link_of_a_notice_leads_to_the_chat(owner, studio, settings):
    escalation = asks(studio)
    assert words.link(escalation) == "https://mila.example" + reverse(
        "conversations_escalation_from_notice", args=[escalation.pk]
    )
    answer = owner.get(words.link(escalation).removeprefix("https://mila.example"))
    assert answer.status_code == 302
    assert str(escalation.conversation_id) in answer.headers["Location"]


def test_the_link_of_another_studios_notice_leads_nowhere(owner, senja):
    escalation = asks(senja, NOW, "Rahasia")
    assert owner.get(f"/admin/notices/open/{escalation.pk}/").status_code == 404


# --- open pages -----------------------------------------------------------------------------------


def news(client: Client, **asked: Any) -> Any:
    return client.get("/admin/notices/news/", asked)


def test_an_open_page_learns_of_a_waiting_customer_once(owner, studio):
    first = news(owner).json()
    assert first["alerts"] == []
    known = {"after": NOW.isoformat(), "studio": first["studio"]}
    assert news(owner, **known).status_code == 204
    escalation = asks(studio, summary="Call me at https://evil.example *now*")
    rounds(NOW)
    Notice.objects.filter(channel=Channel.PAGE).update(created_at=timezone.now())
    told_now = news(owner, **known).json()
    [alert] = told_now["alerts"]
    assert alert["title"] == "Anna: Refund"
    assert "evil.example" not in alert["body"]
    assert alert["url"].endswith(f"{escalation.pk}/")
    known |= {"after": told_now["at"], "told": alert["id"]}
    assert news(owner, **known).status_code == 204
    owner.post("/admin/notices/shown/", {"id": alert["id"]})
    assert Notice.objects.get(channel=Channel.PAGE).state == State.SENT


def test_an_alert_that_is_written_later_than_its_time_says_is_shown_too(owner, studio):
    asks(studio)
    rounds(NOW)
    seen = timezone.now()
    Notice.objects.filter(channel=Channel.PAGE).update(created_at=seen - dt.timedelta(seconds=5))
    found = news(owner, after=seen.isoformat(), studio=str(studio.pk)).json()
    assert len(found["alerts"]) == 1
    assert found["at"] == seen.isoformat()


def test_what_waits_when_a_browser_begins_is_not_told_a_moment_later(owner, studio):
    asks(studio)
    rounds(NOW)
    Notice.objects.filter(channel=Channel.PAGE).update(created_at=timezone.now())
    first = news(owner).json()
    assert first["alerts"] == []
    again = {"after": first["at"], "studio": first["studio"], "told": ",".join(first["told"])}
    assert news(owner, **again).status_code == 204


def test_more_alerts_than_one_answer_holds_come_with_the_next(owner, studio):
    for number in range(25):
        asks(studio, NOW, f"Budi {number}")
    rounds(NOW)
    Notice.objects.filter(channel=Channel.PAGE).update(created_at=timezone.now())
    known = {"after": NOW.isoformat(), "studio": str(studio.pk), "told": "x' OR 1=1"}
    told_ids: list[str] = []
    for expected in (20, 5):
        found = news(owner, **known).json()
        told_ids += [alert["id"] for alert in found["alerts"]]
        assert len(found["alerts"]) == expected
        known |= {"after": found["at"], "told": ",".join(told_ids)}
    assert len(set(told_ids)) == 25
    assert news(owner, **known).status_code == 204


def test_a_page_that_changed_its_studio_begins_anew(owner, studio, senja):
    asks(studio)
    rounds(NOW)
    found = news(owner, after="2020-01-01T00:00:00+00:00", studio=str(senja.pk)).json()
    assert (found["alerts"], found["studio"]) == ([], str(studio.pk))


def test_the_news_of_a_page_cost_little_and_change_nothing(
    owner, studio, django_assert_max_num_queries
):
    asks(studio)
    rounds(NOW)
    before = list(Notice.objects.order_by("pk").values())
    with django_assert_max_num_queries(8):
        news(owner, after="2020-01-01T00:00:00+00:00", studio=str(studio.pk))
    assert list(Notice.objects.order_by("pk").values()) == before


def test_what_another_studio_showed_is_not_marked(owner, senja):
    asks(senja)
    rounds(NOW)
    row = Notice.objects.get(channel=Channel.PAGE)
    owner.post("/admin/notices/shown/", {"id": [str(row.pk), "x' OR 1=1", "-" * 36]})
    row.refresh_from_db()
    assert row.state == State.WAITING
