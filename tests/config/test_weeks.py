"""The demo's made-up weeks: believable, the same each time, and nowhere but in a demo studio."""

import datetime as dt
import io
import json
from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from agent import guard
from agent.models import Purse, Turn
from agent.records import Gap
from config import weeks
from config.dialogues import Dialogue, read
from config.loading import load
from config.management.commands.initmila import DEMO
from config.studiofile import read as read_studios
from config.telling import MODEL
from conversations.models import Conversation, Customer, Escalation, Message
from tenants.models import Tenant
from tenants.told import told as in_the_readers_language

pytestmark = pytest.mark.e2e  # each builds weeks of chats

SLUGS = ["ombak", "senja"]
Author, State = Message.Author, Message.State


@pytest.fixture
def demo(db: None) -> Tenant:
    return next(one.tenant for one in load(read_studios(DEMO)) if one.tenant.slug == "ombak")


def told(slug: str) -> list[Dialogue]:
    return read(weeks.FOLDER / f"{slug}.txt").dialogues


def entries(slug: str) -> dict[str, str]:
    studio = next(s for s in json.loads(DEMO.read_text())["studios"] if s["id"] == slug)
    return {
        e["id"]: f"{e['title']}\n{e['content']}\n{e.get('keywords', '')}" for e in studio["entries"]
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_every_answer_of_the_demo_says_only_what_its_entries_say(slug: str) -> None:
    known = entries(slug)
    for dialogue in told(slug):
        asked: list[str] = []
        for step in dialogue.steps:
            asked += step.texts if step.kind == "asks" else ()
            if step.kind == "answers":
                sources = [known[name] for name in step.entries]
                assert guard.unsupported(step.texts[0], [*sources, *asked]) == [], dialogue.title


@pytest.mark.parametrize("slug", SLUGS)
def test_the_demo_speaks_both_languages_and_knows_reasons_of_hand_overs(slug: str) -> None:
    dialogues = told(slug)
    assert Counter(d.language for d in dialogues).keys() == {"id", "en"}
    reasons = {s.category for d in dialogues for s in d.steps if s.kind == "hands_over"}
    assert reasons <= set(Escalation.Category.values)
    assert "cannot_answer" in reasons


def test_the_weeks_show_a_living_studio(demo: Tenant, now: dt.datetime) -> None:
    number = weeks.show(demo, now)
    messages = Message.objects.filter(tenant=demo)
    assert number == messages.count() > 500
    assert {m.author for m in messages} == {Author.CUSTOMER, Author.ASSISTANT, Author.STAFF}
    days = {demo.local(m.created_at).date() for m in messages}
    assert len(days) == weeks.DAYS
    assert max(m.created_at for m in messages) <= now
    assert messages.filter(details__feedback="good").exists()
    assert messages.filter(details__feedback="bad").exists()
    assert messages.filter(kind=Message.Kind.VOICE).exists()
    assert Escalation.objects.filter(tenant=demo, state=Escalation.State.OPEN).count() == 3
    assert Gap.objects.filter(tenant=demo).count() >= 3
    assert Conversation.objects.filter(tenant=demo, handled_by="staff", unread__gt=0).exists()
    assert all(turn.cost > 0 for turn in Turn.objects.filter(tenant=demo))


def test_rows_stand_in_the_order_of_time(demo: Tenant, now: dt.datetime) -> None:
    weeks.show(demo, now)
    times = list(Message.objects.order_by("pk").values_list("created_at", flat=True))
    assert times == sorted(times)
    for turn in Turn.objects.select_related("reply"):
        assert turn.reply is not None
        assert turn.created_at == turn.reply.created_at


def test_nothing_of_it_waits_to_be_sent_or_answered_and_no_budget_counts_it(
    demo: Tenant, now: dt.datetime
) -> None:
    weeks.show(demo, now)
    leaving = (State.QUEUED, State.SENDING, State.UNKNOWN, State.NEW, State.LIMITED)
    assert not Message.objects.filter(state__in=leaving).exists()
    assert not Conversation.objects.due(now + dt.timedelta(days=30)).exists()
    assert not Purse.objects.exists()
    assert not Turn.objects.exclude(model=MODEL).exists()


def test_its_chats_lead_nowhere_and_its_numbers_belong_to_nobody(
    demo: Tenant, now: dt.datetime
) -> None:
    weeks.show(demo, now)
    chats = Conversation.objects.values_list("chat", "customer__phone")
    assert all(
        chat.endswith("@demo") and (phone or "").startswith("+62800000") for chat, phone in chats
    )


def texts(tenant: Tenant) -> list[Any]:
    return list(tenant.messages.order_by("pk").values_list("text", "created_at", "state"))


def test_the_weeks_are_the_same_each_time_and_stand_once(demo: Tenant, now: dt.datetime) -> None:
    weeks.show(demo, now)
    first = texts(demo)
    weeks.show(demo, now)
    assert texts(demo) == first


@pytest.mark.parametrize("slug", SLUGS)
def test_what_customers_need_is_told_in_both_languages(slug: str) -> None:
    with override("id"):
        needs = {s.texts[0] for d in told(slug) for s in d.steps if s.kind == "hands_over"}
        assert len(needs) > 8
        assert not [need for need in needs if in_the_readers_language(need) == need]


def test_a_studio_of_that_name_that_is_no_demo_gets_none(ombak: Tenant, now: dt.datetime) -> None:
    assert weeks.show(ombak, now) == 0
    assert not Customer.objects.exists()


def test_a_demo_studio_with_a_real_customer_is_left_alone(demo: Tenant, now: dt.datetime) -> None:
    customer = Customer.objects.create(tenant=demo, phone="+6281234567890")
    Conversation.objects.create(tenant=demo, customer=customer, chat="6281234567890@s.whatsapp.net")
    assert weeks.show(demo, now) == 0
    assert Customer.objects.count() == 1


def test_what_was_made_up_can_be_taken_out_again(demo: Tenant, now: dt.datetime) -> None:
    weeks.show(demo, now)
    customer = Customer.objects.create(tenant=demo, phone="+6281234567890")
    Conversation.objects.create(tenant=demo, customer=customer, chat="6281234567890@s.whatsapp.net")
    assert weeks.shown(demo)
    weeks.forget(demo)
    assert not weeks.shown(demo)
    assert list(Customer.objects.all()) == [customer]
    left = (Message, Turn, Gap, Escalation)
    assert not any(model.objects.exists() for model in left)


def test_other_studios_keep_theirs(demo: Tenant, now: dt.datetime) -> None:
    other = Tenant.objects.get(slug="senja")
    weeks.show(other, now)
    number = other.messages.count()
    weeks.show(demo, now)
    weeks.forget(demo)
    assert other.messages.count() == number


def test_making_them_takes_few_statements(demo: Tenant, now: dt.datetime) -> None:
    with CaptureQueriesContext(connection) as queries:
        weeks.show(demo, now)
    assert len(queries) < 60


def test_initmila_makes_them_up_to_this_moment(db: None, tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    call_command("initmila", stdout=io.StringIO())
    newest = Message.objects.order_by("-created_at")[0]
    assert timezone.now() - newest.created_at < dt.timedelta(minutes=10)
    out = io.StringIO()
    call_command("initmila", "--demo", stdout=out)
    assert "made-up messages" in out.getvalue()
