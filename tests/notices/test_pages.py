"""The pages of notices: who is told, the test alert with its results, one's own number, and what open pages tell."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import staffchats
from conversations.models import Message
from notices import contacts as known_contacts
from notices import following, proving, sending, words
from notices.forms import OwnNoticesForm
from notices.models import Notice, OwnNotices, OwnProof
from tenants import deeds, letters
from tests import factories
from tests.conversations.cast import ANA, chat_of, writes
from tests.factories import NOW
from tests.notices.test_rounds import DEWI, SARI, asks, rounds, studio, told
from whatsapp.models import WhatsAppAccount

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


def test_a_test_alert_that_no_line_takes_is_not_called_on_its_way(owner, studio):
    owner.post("/admin/notices/test/")
    Notice.objects.filter(channel=Channel.EMAIL).delete()
    Notice.objects.update(created_at=timezone.now() - dt.timedelta(seconds=25))
    shown = read(owner, "results/")
    assert "whether a phone is linked and connected" in shown
    assert "Not sent yet" in shown
    assert not [row for row in Notice.objects.all() if str(row.get_state_display()) in shown]


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


@pytest.fixture(autouse=True)
def letters_at_once(monkeypatch):
    monkeypatch.setattr(
        letters, "send_beside", lambda subject, text, to: mail.send_mail(subject, text, None, [to])
    )


def codes() -> dict[str, str]:
    """The code that reached each channel last."""
    texts = {"whatsapp": [text for text in told() if "is your code" in text]}
    texts["email"] = [str(letter.body) for letter in mail.outbox if "is your code" in letter.body]
    return {channel: found[-1][:6] for channel, found in texts.items() if found}


def answers(owner: Client, channel: str, **sent: str) -> str:
    form = {"channel": channel, "do": "confirm", **sent}
    return owner.post("/admin/notices/mine/", form, follow=True).content.decode()


def prove(owner: Client) -> None:
    for channel, code in codes().items():
        answers(owner, channel, code=code)


def test_a_person_gives_an_own_number_and_takes_it_back(owner, studio, sari):
    owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": "s@x.example"})
    assert not OwnNotices.objects.exclude(phone="", email="").exists()
    prove(owner)
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
    owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    assert not studio.deeds.exists()
    prove(owner)
    owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    deed = studio.deeds.get()
    assert deeds.told(deed) == "changed where they are told of customers: +62…0001, -"
    owner.post("/admin/notices/mine/", {"phone": "", "email": "s@x.example"})
    answers(owner, "email", code=codes()["email"])
    assert deeds.told(studio.deeds.first()).endswith(": -, s@x.example")


def test_two_tabs_may_save_the_first_number(owner, studio, sari, monkeypatch):
    def other_tab(form: Any) -> dict[str, Any]:
        OwnNotices.objects.get_or_create(tenant=studio, user=sari, phone="+6281277770002")
        return dict(form.cleaned_data)

    monkeypatch.setattr(OwnNoticesForm, "clean", other_tab)
    answer = owner.post("/admin/notices/mine/", {"phone": "0812 7777 0001", "email": ""})
    assert answer.status_code == 302
    prove(owner)
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
    prove(owner)
    row = OwnNotices.objects.get()
    assert (row.phone, row.email) == (ANA.phone, "s@x.example")


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


# --- an own number is proven -----------------------------------------------------------------------


MINE = {"phone": "0812 7777 0001", "email": ""}


def asks_for(owner: Client, **ways: str) -> str:
    return owner.post("/admin/notices/mine/", MINE | ways, follow=True).content.decode()


def test_a_number_counts_only_after_its_code_came_back(owner, studio):
    page = asks_for(owner)
    assert "A code is on its way." in page
    assert "A code of six digits goes to +6281277770001." in page
    assert "+6281277770001" not in known_contacts.of(studio).all_phones
    assert "This is not the code that was sent." in answers(owner, "whatsapp", code="12")
    page = answers(owner, "whatsapp", code=f"{codes()['whatsapp'][:3]} {codes()['whatsapp'][3:]}")
    assert "Confirmed." in page
    assert "+6281277770001" in known_contacts.of(studio).all_phones
    assert "A code of six digits" not in page
    assert "There is no code to confirm." in answers(owner, "whatsapp", code="123456")


def test_who_writes_from_an_unproven_number_is_a_customer(owner, studio):
    asks_for(owner, phone=str(ANA.phone))
    message = writes(studio, "Halo", person=ANA)
    assert chat_of(message).channel == "whatsapp"
    assert message.state == "new"


def test_an_address_of_ones_own_login_needs_no_code_and_another_one_does(owner, studio, sari):
    sari.email = "sari@ombak.example"
    sari.save()
    asks_for(owner, phone="", email="Sari@ombak.example")
    assert OwnNotices.objects.get().email == "Sari@ombak.example"
    asks_for(owner, phone="", email="other@x.example")
    assert OwnNotices.objects.get().email == "Sari@ombak.example"  # as it was, until then
    assert [letter.to for letter in mail.outbox] == [["other@x.example"]]
    answers(owner, "email", code=codes()["email"])
    assert OwnNotices.objects.get().email == "other@x.example"


def test_a_code_ends_after_a_quarter_of_an_hour_and_after_five_tries(owner, studio, monkeypatch):
    asks_for(owner)
    right = codes()["whatsapp"]
    wrong = f"{(int(right) + 1) % 10**6:06}"
    OwnProof.objects.update(made_at=F("made_at") - proving.LASTS)
    assert "This code is too old." in answers(owner, "whatsapp", code=right)
    assert "A code is on its way." in answers(owner, "whatsapp", do="again")
    right = codes()["whatsapp"]
    for _try in range(proving.TRIES):
        assert "This is not the code" in answers(owner, "whatsapp", code=wrong)
    assert "Too many wrong codes." in answers(owner, "whatsapp", code=right)
    assert not OwnNotices.objects.exclude(phone="").exists()


def test_codes_are_few_a_minute_and_a_day(owner, studio):
    asks_for(owner)
    assert "Wait a minute" in answers(owner, "whatsapp", do="again")
    for _code in range(proving.A_DAY):
        OwnProof.objects.update(made_at=F("made_at") - proving.AGAIN)
        page = answers(owner, "whatsapp", do="again")
    assert "No more codes today." in page
    assert len(told()) == proving.A_DAY
    answers(owner, "whatsapp", do="forget")
    OwnProof.objects.update(made_at=F("made_at") - proving.AGAIN)
    assert "No more codes today." in asks_for(owner, phone="0812 7777 0009")


def test_a_typing_error_is_put_right_at_once(owner, studio):
    asks_for(owner, phone="0812 7777 0008")
    page = asks_for(owner, phone="0812 7777 0001")
    assert "A code of six digits goes to +6281277770001." in page
    assert "+6281277770008" not in page


def test_while_the_line_is_down_the_page_says_when_the_code_leaves(owner, studio):
    assert "is not connected now. The code leaves as soon as it is" in asks_for(owner)
    line = WhatsAppAccount.objects.create(tenant=studio, state="connected")
    WhatsAppAccount.objects.filter(pk=line.pk).update(heartbeat_at=timezone.now())
    assert "is not connected now" not in read(owner, "mine/")
    (code,) = Message.objects.filter(text__contains="is your code")
    assert code.expires_at == code.created_at + proving.LASTS


def test_a_code_goes_neither_to_the_studios_own_number_nor_without_a_mail_server(
    owner, studio, settings
):
    settings.EMAIL_URL = ""
    page = asks_for(owner, phone=studio.whatsapp_number, email="other@x.example")
    assert "This is the studio&#x27;s own number." in page
    assert "E-mail is off, so no code can be sent there." in page
    assert not OwnProof.objects.exists()


def test_the_code_itself_is_not_kept_with_the_proof(owner, studio):
    asks_for(owner)
    assert codes()["whatsapp"] not in str(list(OwnProof.objects.values()))


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
