"""The thread: bubbles, take-over, replies once, and customers' text that stays text."""

import datetime as dt
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from conversations import media
from conversations.models import Conversation, Escalation, MediaFile, Message
from conversations.templatetags.bubbles import age, whatsapp_text
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation

Handler = Conversation.Handler


@pytest.fixture
def chat(ombak: Tenant) -> Conversation:
    return conversation(ombak, "Ayu", phone="+6281234567890", unread=2)


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def at(chat: Conversation, page: str = "change") -> str:
    return f"/admin/conversations/conversation/{chat.pk}/{page}/"


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_conversation_opens_as_a_thread_on_the_studios_clock(
    owner: Client, chat: Conversation
) -> None:
    page = read(owner, at(chat))
    assert "Ayu asks" in page
    assert "+62 812-3456-7890" in page
    assert ">16:30</time>" in page  # 08:30 UTC in Bali
    assert "Answered word for word, without a model" in page


def test_customers_text_is_escaped_everywhere(owner: Client, chat: Conversation) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    Message.objects.filter(author="customer").update(text=evil)
    chat.customer.name = evil[:80]  # type: ignore[union-attr]
    chat.customer.save()  # type: ignore[union-attr]
    pages = [at(chat), at(chat, "news"), "/admin/conversations/conversation/", "/admin/"]
    for address in pages:
        page = read(owner, address)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*tebal* biasa", "<strong>tebal</strong> biasa"),
        ("_miring_\nbaris", "<em>miring</em><br>baris"),
        ("~batal~", "<s>batal</s>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("* bukan *", "* bukan *"),
        ("*<b>*", "<strong>&lt;b&gt;</strong>"),
    ],
)
def test_only_whatsapps_own_marks_become_markup(text: str, html: str) -> None:
    assert whatsapp_text(text) == html


def test_an_age_is_told_in_its_largest_unit() -> None:
    from django.utils import timezone

    now = timezone.now()
    ages = [age(now - dt.timedelta(minutes=minutes)) for minutes in (5, 200, 5000)]
    assert ages == ["5 min", "3 h", "3 d"]


def test_an_unchanged_thread_answers_a_poll_without_a_body(
    owner: Client, chat: Conversation
) -> None:
    page = read(owner, at(chat, "news"))
    seen = page.split('data-seen="')[1].split('"')[0]
    assert owner.get(at(chat, "news"), {"seen": seen}).status_code == 204
    Message.objects.filter(author="assistant").update(state="delivered")
    assert owner.get(at(chat, "news"), {"seen": seen}).status_code == 200


def test_older_messages_come_in_steps(owner: Client, chat: Conversation, ombak: Tenant) -> None:
    for number in range(70):
        Message.objects.create(
            tenant=ombak,
            conversation=chat,
            author="customer",
            state="seen",
            text=f"line {number}.",
            created_at=factories.NOW,
        )
    page = read(owner, at(chat))
    assert "Ayu asks" not in page
    assert "line 69." in page
    (address,) = re.findall(r'hx-get="([^"]+/older/[^"]+)"', page)
    older = read(owner, address)
    assert "Ayu asks" in older
    assert "Load older" not in older
    assert "line 69." not in older


def test_taking_over_and_handing_back_need_a_post(
    owner: Client, sari: User, chat: Conversation
) -> None:
    owner.get(at(chat, "take-over"))
    chat.refresh_from_db()
    assert chat.handled_by == Handler.ASSISTANT
    owner.post(at(chat, "take-over"))
    chat.refresh_from_db()
    assert (chat.handled_by, chat.handler) == (Handler.STAFF, sari)
    assert "Held by sari" in read(owner, at(chat))
    owner.post(at(chat, "hand-back"))
    chat.refresh_from_db()
    assert chat.handled_by == Handler.ASSISTANT


def test_a_second_person_reads_who_holds_it(
    owner: Client, ombak: Tenant, chat: Conversation
) -> None:
    owner.post(at(chat, "take-over"))
    second = Client()
    second.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    page = second.post(at(chat, "take-over"), follow=True).content.decode()
    assert "sari already holds this conversation." in page


def test_a_reply_is_queued_once_however_often_it_is_sent(
    owner: Client, sari: User, chat: Conversation
) -> None:
    for _tap in range(2):
        owner.post(at(chat, "reply"), {"text": "Sampai nanti!", "token": "t-1"})
    sent = Message.objects.get(author=Message.Author.STAFF)
    assert (sent.text, sent.state, sent.written_by) == ("Sampai nanti!", "queued", sari)
    chat.refresh_from_db()
    assert chat.handled_by == Handler.STAFF  # a person wins


def test_an_empty_reply_sends_nothing(owner: Client, chat: Conversation) -> None:
    owner.post(at(chat, "reply"), {"text": "  ", "token": "t-1"})
    assert not Message.objects.filter(author=Message.Author.STAFF).exists()


def test_a_failed_message_is_sent_again_by_post(owner: Client, chat: Conversation) -> None:
    failed = Message.objects.get(author="assistant")
    Message.objects.filter(pk=failed.pk).update(state="failed", error="No such number.")
    assert "No such number." in read(owner, at(chat))
    address = at(chat, f"send-again/{failed.pk}")
    owner.get(address)
    assert not Message.objects.filter(state="queued").exists()
    owner.post(address)
    assert Message.objects.get(state="queued").text == failed.text


def test_a_file_that_is_gone_is_not_sent_again_and_staff_read_why(
    owner: Client, chat: Conversation
) -> None:
    failed = Message.objects.get(author="assistant")
    Message.objects.filter(pk=failed.pk).update(state="failed", kind="image")
    assert media.keep(failed, b"picture", "image/jpeg")
    (settings.MEDIA_ROOT / MediaFile.objects.get(message=failed).path).unlink()
    page = owner.post(at(chat, f"send-again/{failed.pk}"), follow=True).content.decode()
    assert "Its file is not stored any more. Send the file anew." in page
    assert not Message.objects.filter(state="queued").exists()


def test_looking_marks_as_read_by_post_only(owner: Client, chat: Conversation) -> None:
    read(owner, at(chat))
    chat.refresh_from_db()
    assert chat.unread == 2
    owner.post(at(chat, "read"))
    chat.refresh_from_db()
    assert chat.unread == 0


def test_an_escalation_opens_its_thread_and_is_resolved_with_an_outcome(
    owner: Client, sari: User, ombak: Tenant, chat: Conversation
) -> None:
    case = Escalation.objects.create(
        tenant=ombak, conversation=chat, category="refund", created_at=factories.NOW
    )
    base = f"/admin/conversations/escalation/{case.pk}"
    assert owner.get(f"{base}/change/").headers["Location"] == at(chat)
    owner.get(f"{base}/resolve/", {"outcome": "Booked"})
    case.refresh_from_db()
    assert case.state == Escalation.State.OPEN
    owner.post(f"{base}/resolve/", {"outcome": "Booked"})
    case.refresh_from_db()
    assert (case.state, case.outcome, case.resolved_by) == ("resolved", "Booked", sari)


def test_open_and_urgent_cases_lead_the_list(
    owner: Client, ombak: Tenant, chat: Conversation
) -> None:
    base = {"tenant": ombak, "conversation": chat, "created_at": factories.NOW}
    Escalation.objects.create(**base, category="refund", summary="Zweite")
    Escalation.objects.create(**base, category="billing", summary="Dritte", state="resolved")
    Escalation.objects.create(**base, category="medical", summary="Erste", urgency="urgent")
    page = read(owner, "/admin/conversations/escalation/")
    assert page.index("Erste") < page.index("Zweite")
    assert "Dritte" not in page
    resolved = read(owner, "/admin/conversations/escalation/?show=resolved")
    assert "Dritte" in resolved
    assert "Erste" not in resolved


def test_a_conversation_is_exported_as_plain_text(owner: Client, chat: Conversation) -> None:
    response = owner.post(at(chat, "export"))
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'filename="ayu.txt"' in response.headers["Content-Disposition"]
    assert "[2026-11-18 16:30] Customer: Ayu asks\n" in response.content.decode()


def test_an_editor_reads_no_customers(client: Client, ombak: Tenant, chat: Conversation) -> None:
    client.force_login(factories.staff("eka", ombak, Membership.Role.EDITOR))
    for page in ("change", "news", "export", "older"):
        assert client.get(at(chat, page)).status_code == 403
    assert client.post(at(chat, "reply"), {"text": "x"}).status_code == 403


def test_the_playground_of_a_colleague_is_no_conversation(
    owner: Client, ombak: Tenant, bayu: User
) -> None:
    theirs = Conversation.objects.create(tenant=ombak, channel="playground", asked_by=bayu)
    assert owner.get(at(theirs)).status_code == 404
    assert str(theirs.pk) not in read(owner, "/admin/conversations/conversation/")
