"""What stands before the breakpoint is equal byte for byte on the wire, so that the server reads it from its cache."""

import datetime as dt

import pytest

from agent.models import Turn
from agent.turns import answer_next
from conversations import intake
from conversations.inbound import InboundMessage, Person
from knowledge.models import KnowledgeEntry
from tests import factories
from tests.agent.conftest import Serve
from tests.agent.test_turns import Clock
from tests.model_server import PromptCache, split_at_breakpoint, text


@pytest.fixture
def server(ombak, settings, serve: Serve):
    """A model that caches as Anthropic does, and a studio of a usual size."""
    settings.AGENT_CONTEXT = "auto"
    for number in range(20):
        factories.entry(ombak, f"Entry {number}", content=f"{number} " + "kelas yoga pagi " * 60)
    cache, said = PromptCache(), "Ada Kak."
    return serve(rules=lambda body: text(said, "end_turn", **cache.usage(body, said)))


def ask(tenant, at, words, name):
    phone = f"62812{abs(hash(name)) % 10**7:07}"
    person = Person(phone=f"+{phone}", lid=None, name=name)
    chat = f"{phone}@s.whatsapp.net"
    event = InboundMessage(tenant.pk, f"{name}{words}", chat, person, "text", words, at)
    intake.receive(event, at=at)
    clock = Clock(at)
    assert answer_next("test", clock=clock, wait=clock.wait)


def save_again(tenant):
    """Every entry, in another order and with nothing new."""
    for entry in KnowledgeEntry.objects.filter(tenant=tenant).order_by("-title"):
        entry.save()


def test_two_requests_are_equal_up_to_the_breakpoint(ombak, now, server):
    ask(ombak, now, "ada kelas pagi?", "Rina")
    save_again(ombak)
    ask(ombak, now + dt.timedelta(days=3, hours=5), "what about the evening?", "Tom")
    ask(ombak, now + dt.timedelta(days=3, hours=6), "and on friday?", "Tom")
    fronts = {split_at_breakpoint(body)[0] for body in server.bodies}
    rests = {split_at_breakpoint(body)[1] for body in server.bodies}
    assert (len(fronts), len(rests)) == (1, 3)
    assert server.bodies[0]["system"][-1]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_the_second_answer_reads_the_knowledge_from_the_cache_and_costs_less(ombak, now, server):
    ask(ombak, now, "ada kelas pagi?", "Rina")
    ask(ombak, now, "what about the evening?", "Tom")
    second, first = Turn.objects.all()
    assert first.cache_write_tokens == second.cache_read_tokens > 4096
    assert first.cache_read_tokens == second.cache_write_tokens == 0
    assert second.cost < first.cost / 5


def test_a_changed_entry_is_a_new_front_once(ombak, now, server):
    ask(ombak, now, "ada kelas pagi?", "Rina")
    KnowledgeEntry.objects.filter(title="Entry 3").update(content="Penuh.")
    for name in ("Tom", "Eva"):
        ask(ombak, now, "ada kelas sore?", name)
    writes = [turn.cache_write_tokens > 0 for turn in Turn.objects.order_by("created_at")]
    assert writes == [True, True, False]
