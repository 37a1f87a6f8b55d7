"""A corrected entry is not contradicted by what the assistant itself said before."""

import datetime as dt

import pytest

from agent.turns import answer_next
from knowledge import shelf
from knowledge.models import KnowledgeEntry
from tests import factories
from tests.agent.conftest import Serve
from tests.agent.test_turns import Clock, replies, write
from tests.model_server import text

Entry = KnowledgeEntry.objects


@pytest.fixture
def chat(ombak, now):
    """A chat in which a price was told; what is asked next, after something was done to the entry."""
    factories.entry(ombak, "Harga kelas", content="Sekali datang Rp 150.000.", external_id="price")
    factories.entry(ombak, "Parkir", content="Parkir gratis di depan.", external_id="parking")

    def ask(words, minutes=0):
        clock = Clock(now + dt.timedelta(minutes=minutes))
        write(ombak, words, clock.now, f"m{minutes}")
        assert answer_next("test", clock=clock, wait=clock.wait)

    return ask


def earlier(server):
    return [m["content"] for m in server.bodies[-1]["messages"][:-1] if m["role"] == "assistant"]


@pytest.mark.parametrize("context", ["full", "search"])
@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (lambda: Entry.filter(external_id="price").update(content="Sekali datang Rp 175.000."), 0),
        (lambda: Entry.filter(external_id="price").update(status="archived"), 0),
        (lambda: Entry.filter(external_id="price").delete(), 0),
        (lambda: Entry.get(external_id="price").save(), 1),
    ],
)
def test_an_answer_leaves_the_prompt_when_its_entry_changed(
    chat, settings, serve: Serve, context, change, stays
):
    settings.AGENT_CONTEXT = context
    server = serve([text("Rp 150.000 Kak."), text("Baik Kak.")])
    chat("harga sekali datang berapa?")
    change()
    shelf.forget()
    chat("kalau besok?", minutes=5)
    assert len(earlier(server)) == stays
    asked = server.bodies[-1]["messages"]
    assert ("150.000" in str(asked[:-1])) == bool(stays)


def test_a_price_that_was_corrected_is_not_repeated_from_the_chat(chat, serve: Serve):
    serve([text("Rp 150.000 Kak."), text("Tetap Rp 150.000."), text("Ya, Rp 150.000.")])
    chat("harga sekali datang berapa?")
    Entry.filter(external_id="price").update(content="Sekali datang Rp 175.000.")
    shelf.forget()
    chat("jadi berapa kak?", minutes=5)
    assert "150.000" not in replies()[-1]


def test_an_answer_word_for_word_rests_on_its_entry_too(chat, ombak, serve: Serve, settings):
    for topic in ("Loker", "Handuk", "Kafe", "Toilet", "Pintu", "Musik", "Taman"):
        factories.entry(ombak, topic, content=f"{topic} ada di lantai bawah.")
    chat("harga sekali datang berapa?")
    assert "150.000" in replies()[-1]
    Entry.filter(external_id="price").update(content="Sekali datang Rp 175.000.")
    shelf.forget()
    server = serve([text("Rp 175.000 Kak.")])
    chat("jadi berapa kak?", minutes=5)
    assert earlier(server) == []
