"""How the database finds what every message asks for: in indexes, however many rows there are."""

import re

import pytest
from django.db import connection

from conversations import inbox, people
from conversations.models import Conversation, Customer, Message
from tests.conversations.cast import ANA

# Both engines' words for reading a whole table.
WALK = re.compile(r"\bSCAN \w+|Seq Scan on \w+")


@pytest.fixture
def explained(ombak):
    """The plan in a studio of many customers: PostgreSQL would rather read a small table whole."""
    Customer.objects.bulk_create(
        Customer(tenant=ombak, phone=f"+62813{number:08}", lid=f"{number}@lid")
        for number in range(10**6, 10**6 + 2000)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE conversations_customer")
    return lambda rows: rows.explain()


def test_a_look_at_the_outbox_does_not_walk_over_what_was_sent_long_ago(ombak, explained):
    assert "messages_leaving" in explained(Message.objects.leaving(ombak.pk).filter(pk__gt=0))


def test_a_customer_is_looked_up_in_the_indexes_however_many_there_are(ombak, explained):
    plan = explained(people.known(ombak.pk, ANA))
    assert "MULTI-INDEX OR" in plan or "BitmapOr" in plan
    assert not WALK.search(plan)


def test_the_chats_of_a_customer_are_looked_up_too(ombak, explained):
    chats = Conversation.objects.filter(customer__in=people.known(ombak.pk, ANA)).order_by()
    assert "conversations_conversation" not in " ".join(WALK.findall(explained(chats)))


def test_a_studios_newest_messages_are_read_in_the_order_of_an_index(ombak, senja, explained):
    """However many others have: neither their messages are read nor the studio's own sorted."""
    searched = inbox._newest(ombak).filter(text__icontains="mat")
    for rows in (searched, Message.objects.filter(tenant=ombak).order_by("-created_at")):
        plan = explained(rows[:30])
        assert "messages_by_day" in plan
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan
