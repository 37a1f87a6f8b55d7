"""A studio's own words that always call a person."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agent.answering import answer
from agent.reply import Question
from tenants import handover
from tenants.models import Tenant
from tests.tenants.settingpages import save, send


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Mau komplain dong", "komplain"),
        ("mau KOMPLAIN!!", "KOMPLAIN"),
        ("bisa bicara dengan bu\nWayan?", "bu Wayan"),
        ("komplainan", ""),
        ("kelas pemula jam berapa", ""),
    ],
)
def test_a_word_is_found_as_a_word_of_its_own(ombak: Tenant, text: str, word: str) -> None:
    ombak.handover_words = "komplain\nBu Wayan\na.b"
    assert handover.word_in(ombak, text) == word


def test_without_words_nothing_is_found(ombak: Tenant) -> None:
    assert handover.word_in(ombak, "anything at all") == ""


def test_an_owner_writes_them_one_per_line(owner: Client, ombak: Tenant) -> None:
    saved = save(owner, ombak, "assistant", handover_words=" komplain \r\nBu  Wayan,komplain\n\n")
    assert saved.handover_words == "komplain\nBu Wayan"
    page = send(owner, "assistant", handover_words="ok\nkomplain").content.decode()
    assert "“ok” cannot be used: each word has 3 to 40 letters." in page
    assert Tenant.objects.get(pk=ombak.pk).handover_words == saved.handover_words


def test_a_question_with_such_a_word_reaches_a_person(ombak: Tenant, now) -> None:
    asked = Question(ombak, "Bu Wayan, jadwal besok apa?", now)
    Tenant.objects.update(handover_words="Bu Wayan")
    ombak.refresh_from_db()
    reply = answer(asked, None)
    assert reply.escalation is not None
    assert (reply.escalation.category, reply.escalation.urgency) == ("human_request", "normal")
    assert reply.outcome == "handed_over"


@pytest.mark.parametrize("text", ["WAYANNNN", "*_wayan_* ada?", "way\u200ban"])
def test_a_word_is_found_however_it_is_written(ombak: Tenant, now, text: str) -> None:
    ombak.handover_words = "wayan"
    reply = answer(Question(ombak, text, now), None)
    assert reply.escalation is not None
    assert reply.escalation.category == "human_request"


def test_an_urgent_word_of_milas_own_counts_before_the_studios(ombak: Tenant, now) -> None:
    ombak.handover_words = "pingsan"
    reply = answer(Question(ombak, "teman saya pingsan", now), None)
    assert reply.escalation is not None
    assert reply.escalation.category == "emergency"
