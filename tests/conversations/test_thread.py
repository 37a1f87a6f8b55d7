"""What a thread shows: days, where the unread begin, ticks in words, quick replies, corrections, a line that is down."""

import csv
import datetime as dt
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import outbox, thread
from conversations.models import Conversation, Desk, Message, Note, QuickReply
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation
from tests.factories import NOW
from tests.pages import read


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.fixture
def chat(ombak: Tenant) -> Conversation:
    return conversation(ombak, "Ayu", phone="+6281234567890")


def at(chat: Conversation, page: str = "change") -> str:
    return f"/admin/conversations/conversation/{chat.pk}/{page}/"


def said(chat: Conversation, text: str, when: dt.datetime = NOW, **fields: object) -> Message:
    values = {"author": "customer", "state": "seen", "created_at": when, **fields}
    return Message.objects.create(tenant=chat.tenant, conversation=chat, text=text, **values)


def test_days_stand_between_bubbles_on_the_studios_clock(owner: Client, chat: Conversation) -> None:
    said(chat, "late", NOW.replace(hour=15, minute=59))  # 23:59 in Bali
    said(chat, "early", NOW.replace(hour=16, minute=1))  # the next day there
    page = read(owner, at(chat))
    assert page.index(">late<") < page.index('id="day-2026-11-19"') < page.index(">early<")
    assert page.count('class="m-day"') == 2


def test_the_first_unread_message_is_marked(owner: Client, chat: Conversation) -> None:
    for text in ("one", "two", "three"):
        said(chat, text)
    Conversation.objects.filter(pk=chat.pk).update(unread=2)
    page = read(owner, at(chat))
    assert page.index(">one<") < page.index('id="unread"') < page.index(">two<")


def test_all_unread_messages_are_loaded_though_there_are_many(
    owner: Client, chat: Conversation
) -> None:
    for number in range(100):
        said(chat, f"line {number}.")
    Conversation.objects.filter(pk=chat.pk).update(unread=95)
    page = read(owner, at(chat))
    assert page.index("line 4.") < page.index('id="unread"') < page.index("line 5.")


def test_notes_stand_where_they_were_written(owner: Client, chat: Conversation) -> None:
    said(chat, "before", NOW + dt.timedelta(minutes=1))
    Note.objects.create(
        tenant=chat.tenant,
        conversation=chat,
        text="between",
        created_at=NOW + dt.timedelta(minutes=2),
    )
    said(chat, "after", NOW + dt.timedelta(minutes=3))
    page = read(owner, at(chat))
    assert page.index(">before<") < page.index(">between<") < page.index(">after<")


def test_a_note_among_older_messages_comes_with_them_and_only_once(
    owner: Client, chat: Conversation
) -> None:
    for number in range(130):
        said(chat, f"line {number}.", NOW + dt.timedelta(minutes=number))
    middle = NOW + dt.timedelta(minutes=40, seconds=30)
    Note.objects.create(tenant=chat.tenant, conversation=chat, text="Middle!", created_at=middle)
    pages = [read(owner, at(chat))]
    while "Load older" in pages[-1]:
        address = pages[-1].split("/older/?before=")[1].split('"')[0]
        pages.append(read(owner, f"{at(chat, 'older')}?before={address}"))
    assert len(pages) == 3
    assert [page.count("Middle!") for page in pages] == [0, 1, 0]


def test_the_state_is_told_in_words_beside_the_ticks(owner: Client, chat: Conversation) -> None:
    assert "✓✓ Read" in read(owner, at(chat))
    Message.objects.filter(author="assistant").update(state="queued")
    assert "Waiting to be sent" in read(owner, at(chat))


def test_a_thread_that_stays_open_over_midnight_says_yesterday(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, day = [said(chat, "Halo")], timezone.localtime(NOW).date()
    monkeypatch.setattr(timezone, "localdate", lambda: day)
    today = thread.items(shown, [], 0, set())
    monkeypatch.setattr(timezone, "localdate", lambda: day + dt.timedelta(days=1))
    later = thread.items(shown, [], 0, set())
    assert (today[0].text, later[0].text) == ("Today", "Yesterday")
    assert (today[0].key, today[0].mark) != (later[0].key, later[0].mark)
    assert thread.fingerprint(today) != thread.fingerprint(later)


def test_only_a_changed_bubble_has_another_mark(owner: Client, chat: Conversation) -> None:
    def marks() -> list[str]:
        page = read(owner, at(chat, "news"))
        return [part.split('"')[0] for part in page.split('data-mark="')[1:]]

    before = marks()
    Message.objects.filter(author="assistant").update(state="delivered")
    after = marks()
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


def test_a_line_that_is_down_is_told_while_replies_wait(owner: Client, chat: Conversation) -> None:
    words = "will be sent when WhatsApp is back"
    outbox.queue(chat, "Halo", author="staff", key="s:1", at=timezone.now())
    assert words not in read(owner, at(chat))
    Message.objects.filter(state="queued").update(
        created_at=timezone.now() - dt.timedelta(minutes=1)
    )
    assert words in read(owner, at(chat, "news"))
    Message.objects.filter(state="queued").update(
        not_before=timezone.now() + dt.timedelta(minutes=1)
    )
    assert words not in read(owner, at(chat, "news"))


def test_whether_the_line_waits_is_asked_in_the_small_index_of_what_leaves(
    chat: Conversation,
) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert not thread.line_waits(chat, timezone.now())
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked.captured_queries[0]["sql"])
            assert "messages_leaving" in str(cursor.fetchall())


def test_a_thread_costs_the_same_for_few_and_for_many(owner: Client, chat: Conversation) -> None:
    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(at(chat, page)).status_code == 200
        return len(asked)

    few = [queries("change"), queries("news")]
    for number in range(50):
        said(chat, f"line {number}", author=("customer", "staff")[number % 2])
    assert [queries("change"), queries("news")] == few
    assert few[1] <= 12


# corrections -----------------------------------------------------------------------------------


def question(client: Client, chat: Conversation, answer: Message) -> str:
    address = client.get(at(chat, f"correct/{answer.pk}")).headers["Location"]
    assert urlsplit(address).path == "/admin/knowledge/knowledgeentry/add/"
    return parse_qs(urlsplit(address).query)["title"][0]


def test_an_answer_is_corrected_with_its_question(owner: Client, chat: Conversation) -> None:
    answer = Message.objects.get(author="assistant")
    assert "Correct this" in read(owner, at(chat))
    assert question(owner, chat, answer) == "Ayu asks"


def test_a_burst_is_one_question(owner: Client, chat: Conversation) -> None:
    said(chat, "halo kak", whatsapp_id="A")
    said(chat, "berapa   harganya?", whatsapp_id="B")
    answer = said(chat, "Rp 1", author="assistant", details={"answers": ["A", "B"]})
    assert question(owner, chat, answer) == "Halo kak berapa harganya?"


def test_the_front_desk_corrects_nothing(client: Client, chat: Conversation) -> None:
    client.force_login(factories.staff("wayan", chat.tenant, Membership.Role.FRONT_DESK))
    assert "Correct this" not in read(client, at(chat))


# quick replies ---------------------------------------------------------------------------------


def test_quick_replies_are_in_the_customers_language(owner: Client, chat: Conversation) -> None:
    QuickReply.objects.create(
        tenant=chat.tenant, shortcut="parkir", text_id="Parkir gratis.", text_en="Free parking."
    )
    QuickReply.objects.create(tenant=chat.tenant, shortcut="wifi", text_id="Kata sandi: ombak")
    assert 'data-text="Parkir gratis."' in read(owner, at(chat))
    assert chat.customer
    chat.customer.language = "en"
    chat.customer.save()
    page = read(owner, at(chat))
    assert 'data-text="Free parking."' in page
    assert 'data-text="Kata sandi: ombak"' in page  # better than nothing


def test_quick_replies_are_written_on_their_own_page(owner: Client, ombak: Tenant) -> None:
    form = {"shortcut": "/Parkir", "text_id": "", "text_en": ""}
    address = "/admin/conversations/quickreply/add/"
    assert "One word, without spaces" in owner.post(address, form).content.decode()
    form["shortcut"] = "Parkir"
    assert "at least one language" in owner.post(address, form).content.decode()
    form["text_id"] = "Parkir gratis."
    assert owner.post(address, form).status_code == 302
    reply = QuickReply.objects.get()
    assert (reply.tenant, reply.shortcut) == (ombak, "parkir")
    again = owner.post(address, form)
    assert again.status_code == 200
    assert QuickReply.objects.count() == 1


def test_a_quick_reply_needs_words(ombak: Tenant) -> None:
    with pytest.raises(ValidationError):
        QuickReply(tenant=ombak, shortcut="x").full_clean()


def test_quick_replies_of_another_studio_stay_there(
    owner: Client, chat: Conversation, senja: Tenant
) -> None:
    QuickReply.objects.create(tenant=senja, shortcut="rahasia", text_id="Rahasia Senja")
    assert "rahasia" not in read(owner, at(chat))
    assert "rahasia" not in read(owner, "/admin/conversations/quickreply/")


# settings and export ---------------------------------------------------------------------------


def test_the_owner_sets_the_minutes_and_the_front_desk_reads_them(
    owner: Client, ombak: Tenant
) -> None:
    address = "/admin/conversations/conversation/settings/"
    owner.post(address, {"resumes_after": "2000"})
    assert not Desk.objects.exists()
    owner.post(address, {"resumes_after": "25"})
    assert Desk.of(ombak).resumes_after == 25
    desk = Client()
    desk.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert "Only the owner" in read(desk, address)
    assert desk.post(address, {"resumes_after": "5"}).status_code == 403
    assert Desk.of(ombak).resumes_after == 25


def test_a_spreadsheet_runs_no_formula_of_a_customer(owner: Client, chat: Conversation) -> None:
    said(chat, '=HYPERLINK("http://evil.example")')
    said(chat, "+62 812")
    response = owner.post(at(chat, "export"), {"as": "csv"})
    assert response.headers["Content-Type"].startswith("text/csv")
    assert 'filename="ayu.csv"' in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["text"][:2] for row in rows[-2:]] == ["'=", "'+"]


def test_a_csv_is_parted_as_spreadsheets_of_the_readers_language_part_it(
    owner: Client, chat: Conversation
) -> None:
    said(chat, "halo, kak")
    for language, separator in (("id", ";"), ("en", ",")):
        response = owner.post(
            at(chat, "export"), {"as": "csv"}, headers={"Accept-Language": language}
        )
        text = response.content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        assert rows[-1]["text"] == "halo, kak"


def test_no_reader_gets_more_than_a_bounded_look() -> None:
    assert thread.STEP <= thread.LONGEST <= 300


def marks(page: str) -> list[str]:
    return re.findall(r'id="message-\d+" data-mark="(\w+)"', page)


def test_news_draw_only_the_bubbles_that_the_page_does_not_show_just_so(
    owner: Client, chat: Conversation
) -> None:
    first, second = said(chat, "one"), said(chat, "two", author="assistant", state="sent")
    known = ".".join(marks(read(owner, at(chat))))
    said(chat, "three")
    said(chat, "one")  # once more, in the same words
    Message.objects.filter(pk=second.pk).update(state="read")  # a tick has come
    page = read(owner, f"{at(chat, 'news')}?known={known}")
    assert page.count(">one<") == 1
    assert f'<i id="message-{first.pk}"' in page  # its place among the others
    assert ">two<" in page
    assert ">three<" in page
    order = [page.index(f'id="message-{pk}"') for pk in (first.pk, second.pk, second.pk + 1)]
    assert order == sorted(order)


def test_marks_of_news_are_those_of_the_page(owner: Client, chat: Conversation) -> None:
    said(chat, "one", details={"edits": ["0ne"]})
    said(chat, "two", author="assistant", state="failed", error="No line.")
    assert marks(read(owner, at(chat, "news"))) == marks(read(owner, at(chat)))


def test_a_poll_with_nothing_new_reads_no_whole_message(owner: Client, chat: Conversation) -> None:
    for n in range(40):
        said(chat, f"line {n}")
    (seen,) = re.findall(r'data-seen="(\w+)"', read(owner, at(chat)))
    with CaptureQueriesContext(connection) as queries:
        assert owner.get(at(chat, "news"), {"seen": seen}).status_code == 204
    assert len(queries) <= 11
    assert not [query for query in queries.captured_queries if "idempotency_key" in query["sql"]]
