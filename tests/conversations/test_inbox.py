"""The list of conversations: who stands in which tab, what is found, and that it stays small and in the studio."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import inbox
from conversations.inbox import Asked
from conversations.models import Conversation, Customer, Escalation, Message
from tenants.models import Tenant
from tests.config.rows import conversation
from tests.factories import NOW
from tests.pages import read

INBOX = "/admin/conversations/conversation/"
LIST = f"{INBOX}list/"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def names(tenant: Tenant, user: User, **asked: object) -> list[str]:
    found = inbox.listed(tenant, user, Asked(**asked), timezone.now())  # type: ignore[arg-type]
    return [str(line.conversation) for line in found.lines]


def held(chat: Conversation, **fields: object) -> Conversation:
    Conversation.objects.filter(pk=chat.pk).update(
        **{"handled_by": "staff", "handled_since": NOW, **fields}
    )
    chat.refresh_from_db()
    return chat


def case(chat: Conversation, **fields: object) -> Escalation:
    values = {"category": "refund", "created_at": NOW, **fields}
    return Escalation.objects.create(tenant=chat.tenant, conversation=chat, **values)


def test_each_tab_holds_what_its_name_says(ombak: Tenant, sari: User, bayu: User) -> None:
    soon = timezone.now() + dt.timedelta(minutes=5)
    gone = timezone.now() - dt.timedelta(minutes=5)
    conversation(ombak, "Quiet", unread=1)  # the assistant answered it
    case(conversation(ombak, "Open"))
    held(conversation(ombak, "Unread", unread=1), handler=sari, resumes_at=soon)
    held(conversation(ombak, "Read"), handler=sari)
    held(conversation(ombak, "Theirs"), handler=bayu)
    held(conversation(ombak, "Over", unread=2), handler=sari, resumes_at=gone)
    blocked = conversation(ombak, "Blocked", unread=3)
    Customer.objects.filter(conversations=blocked.pk).update(blocked_at=NOW)
    assert set(names(ombak, sari)) == {"Open", "Unread"}
    assert set(names(ombak, sari, tab="mine")) == {"Unread", "Read"}
    assert set(names(ombak, sari, tab="assistant")) == {"Quiet", "Open", "Over"}
    assert len(names(ombak, sari, tab="all")) == 7
    assert inbox.counts(ombak, sari, timezone.now()) == {
        "waiting": "2",
        "mine": "2",
        "assistant": "3",
        "all": "7",
    }


def test_a_resolved_case_needs_nobody(ombak: Tenant, sari: User) -> None:
    case(conversation(ombak, "Done"), state="resolved")
    assert names(ombak, sari) == []


def test_a_line_shows_what_was_said_last_and_how_urgent_it_is(ombak: Tenant, sari: User) -> None:
    chat = conversation(ombak, "Ayu")
    case(chat, category="refund")
    case(chat, category="emergency", urgency="urgent")
    said = {"tenant": ombak, "conversation": chat, "created_at": NOW}
    Message.objects.create(**said, author="customer", state="new", kind="image", text="lihat\nini")
    (line,) = inbox.listed(ombak, sari, Asked(), timezone.now()).lines
    assert (line.text, line.author) == ("Picture: lihat ini", "customer")
    assert (line.case, line.urgent) == ("Emergency", True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ayu", ["Ayu"]),
        ("0812-3456 7890", ["Ayu"]),
        ("+62 812 3456 7890", ["Ayu"]),
        ("7890", ["Ayu"]),
        ("Budi asks", ["Budi"]),
        ("100%", []),
        ("nobody wrote this", []),
    ],
)
def test_people_are_found_by_name_number_and_what_was_said(
    ombak: Tenant, senja: Tenant, sari: User, words: str, found: list[str]
) -> None:
    conversation(ombak, "Ayu", phone="+6281234567890")
    conversation(ombak, "Budi", phone="+6281311110002")
    conversation(senja, "Ayu of Senja", phone="+6281234567890")
    assert names(ombak, sari, words=words) == found


def test_a_search_shows_the_line_that_was_found(ombak: Tenant, sari: User) -> None:
    conversation(ombak, "Budi")
    (line,) = inbox.listed(ombak, sari, Asked(words="Budi asks"), timezone.now()).lines
    assert line.text == "Budi asks"


def test_a_search_reads_only_the_newest_messages(
    ombak: Tenant, sari: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SEARCHED", 2)
    older = conversation(ombak, "Older")
    older.messages.update(created_at=NOW - dt.timedelta(minutes=1))
    conversation(ombak, "Newer")
    assert names(ombak, sari, words="asks") == ["Newer"]


def test_pages_follow_each_other_without_gap_or_repetition(ombak: Tenant, sari: User) -> None:
    for number in range(70):
        chat = conversation(ombak, f"P{number:02}")
        at = NOW + dt.timedelta(seconds=number // 2)  # two share each moment
        Conversation.objects.filter(pk=chat.pk).update(last_message_at=at)
    seen, after = [], ""
    for _page in range(3):
        found = inbox.listed(ombak, sari, Asked("all", after=after), timezone.now())
        seen += [str(line.conversation) for line in found.lines]
        after = found.more
    assert after == ""
    assert len(seen) == len(set(seen)) == 70
    assert seen == sorted(seen, key=lambda name: -(int(name[1:]) // 2))


@pytest.mark.parametrize("mark", ["x", "2026-01-01~x", "~", "2026-01-01T00:00:00~" + "0" * 32])
def test_a_forged_mark_begins_at_the_beginning(ombak: Tenant, sari: User, mark: str) -> None:
    conversation(ombak, "Ayu")
    assert names(ombak, sari, tab="all", after=mark) == ["Ayu"]


def test_the_list_answers_a_poll_without_a_body_until_something_changes(
    owner: Client, ombak: Tenant
) -> None:
    chat = conversation(ombak, "Ayu")
    page = read(owner, f"{INBOX}?tab=all")
    (address,) = re.findall(r'hx-get="([^"]+/list/[^"]+seen=[^"]+)"', page)
    address = address.replace("&amp;", "&")
    assert owner.get(address).status_code == 204
    Conversation.objects.filter(pk=chat.pk).update(unread=1)
    assert b"unread" in owner.get(address).content


def test_a_search_stands_still_until_it_is_asked_again(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    thread = f"{INBOX}{chat.pk}/change/"
    for address in (INBOX, thread):
        assert f'hx-get="{LIST}' in read(owner, address)
        page = read(owner, f"{address}?q=Ayu")
        assert "Search: “Ayu”" in page
        assert f'hx-get="{LIST}' not in page


def test_only_what_staff_work_off_is_counted_exactly(
    ombak: Tenant, sari: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FEW", 2)
    for number in range(3):
        held(
            conversation(ombak, f"P{number}", phone=f"+62813111{number:05}"), unread=1, handler=sari
        )
        conversation(ombak, f"Q{number}", phone=f"+62813222{number:05}")
    counted = inbox.counts(ombak, sari, timezone.now())
    assert counted == {"waiting": "3", "mine": "3", "assistant": "1+", "all": "1+"}


def test_a_list_costs_the_same_for_few_and_for_many(owner: Client, ombak: Tenant) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert owner.get(address).status_code == 200
        return len(asked)

    conversation(ombak, "First")
    address = f"{LIST}?tab=all&rows=60"
    few = queries(address)
    for number in range(40):
        case(held(conversation(ombak, f"P{number}", phone=f"+62813111{number:05}"), unread=1))
    assert queries(address) == few <= 14


def test_the_empty_inbox_says_what_to_do_next(owner: Client) -> None:
    page = read(owner, INBOX)
    assert "No conversations yet." in page
    assert "/admin/whatsapp/" in page


def test_nobody_waiting_is_said_so(owner: Client, ombak: Tenant) -> None:
    conversation(ombak, "Ayu")
    assert "Nobody is waiting." in read(owner, INBOX)
    assert "Nothing fits." in read(owner, f"{INBOX}?q=zzz")


def test_only_the_studios_own_conversations_are_listed(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    conversation(ombak, "Ours")
    conversation(senja, "Theirs")
    page = read(owner, f"{INBOX}?tab=all") + read(owner, f"{INBOX}?q=asks")
    assert "Ours" in page
    assert "Theirs" not in page


def test_the_plan_of_the_waiting_list_uses_small_indexes(ombak: Tenant, sari: User) -> None:
    plan = inbox.of_tab(ombak, sari, "mine", NOW).order_by("-last_message_at").explain()
    if connection.vendor == "sqlite":
        assert "chats_with_staff" in plan
