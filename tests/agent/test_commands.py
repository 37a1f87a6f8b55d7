"""`ask`, `chat` and `evaluate` in the terminal."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from agent.models import Turn
from conversations.models import Conversation, Customer, Escalation, Message
from tests import factories
from tests.agent.conftest import Serve
from tests.model_server import text


def ask(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("ask", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_json_is_one_object_and_nothing_else(ombak):
    factories.entry(ombak, "Alamat", content="Jalan Pantai 12.", external_id="address")
    out, _err = ask("ombak", "alamat di mana?", "--json")
    reply = json.loads(out)
    assert set(reply) == {
        "reply", "language", "escalated", "category", "entries", "tools", "model", "tokens", "cost",
        "milliseconds",
    }  # fmt: skip
    assert reply["entries"] == ["address"]
    assert set(reply["tokens"]) == {"input", "output", "cache_read", "cache_write"}


def test_a_hand_over_is_told_but_not_stored(ombak):
    out, _err = ask("ombak", "mau ngomong sama admin", "--json")
    assert (json.loads(out)["escalated"], json.loads(out)["category"]) == (True, "human_request")
    assert not Escalation.objects.exists()
    assert not Conversation.objects.exists()
    assert Turn.objects.get().purpose == Turn.Purpose.COMMAND


@pytest.mark.parametrize(
    ("slug", "question", "sentence"),
    [
        ("nowhere", "halo", "There is no studio “nowhere”. Studios here: ombak."),
        ("ombak", "  ", "The question is empty."),
        ("ombak", "x" * 100_000, "The question has 100,000 characters; at most 4,000"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_two(ombak, slug, question, sentence):
    with pytest.raises(CommandError, match=sentence) as caught:
        ask(slug, question)
    assert caught.value.returncode == 2


def test_a_customers_chat_is_what_was_said_before(ombak, serve: Serve, monkeypatch, now):
    server = serve([text("Besok juga ada Kak.")])
    customer = Customer.objects.create(tenant=ombak, phone="+6281230001111", name="Rina")
    chat = Conversation.objects.create(tenant=ombak, customer=customer)
    monkeypatch.setattr("agent.management.commands.ask.timezone.now", lambda: now)
    Message.objects.create(
        tenant=ombak,
        conversation=chat,
        author="customer",
        text="ada yin?",
        state="answered",
        created_at=now,
    )
    ask("ombak", "besok?", "--customer", "0812-3000-1111")
    shown = server.bodies[0]["messages"][0]["content"]
    assert shown.startswith("ada yin?")
    assert "<customer_name>Rina</customer_name>" in shown
    assert Message.objects.count() == 1


def test_a_chat_remembers_and_ends_with_the_input(ombak, serve: Serve, monkeypatch):
    server = serve([text("Ada Kak."), text("Besok juga.")])
    monkeypatch.setattr(sys, "stdin", io.StringIO("ada yin?\n\nkalau besok?\n"))
    out, err = io.StringIO(), io.StringIO()
    call_command("chat", "ombak", stdout=out, stderr=err)
    assert out.getvalue() == "Ada Kak.\nBesok juga.\n"
    assert [turn["content"] for turn in server.bodies[1]["messages"][:2]] == [
        "ada yin?",
        "Ada Kak.",
    ]
    assert not Message.objects.exists()


def test_evaluate_answers_each_line_and_prints_the_figures(ombak, tmp_path):
    factories.entry(ombak, "Alamat", content="Jalan Pantai 12.", external_id="address")
    row = {
        "id": "q1", "studio": "ombak", "text": "alamat di mana?", "now": "2026-11-18T16:30",
        "history": [{"role": "user", "content": "halo"}], "gold": ["address"],
        "must_contain": ["Pantai 12"], "behaviour": "answer",
    }  # fmt: skip
    path, answers, out = tmp_path / "q.jsonl", tmp_path / "a.jsonl", io.StringIO()
    path.write_text(json.dumps(row) + "\n")
    call_command("evaluate", questions=path, out=answers, stdout=out, stderr=io.StringIO())
    assert json.loads(answers.read_text())["retrieved"] == ["address"]
    assert "retrieval_recall@5             1.0" in out.getvalue()


def test_evaluate_names_a_broken_line_before_it_asks_anything(ombak, tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "q1", "studio": "ombak", "text": "halo"}\n{"id": 7}\n')
    with pytest.raises(CommandError, match="line 2") as caught:
        call_command("evaluate", questions=path)
    assert caught.value.returncode == 2
    assert not Turn.objects.exists()
