"""Notes among colleagues never leave the house: no customer, no model, no other studio reads one."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from agent import prompts
from conversations import export, history, mailbox
from conversations.models import Conversation, Message, Note
from tenants.models import Tenant
from tests.config.rows import conversation
from tests.conversations.cast import after, chat_of, claim, writes
from tests.factories import NOW
from tests.pages import read

SECRET = "Dia berutang dua kelas"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def at(chat: Conversation, page: str = "change") -> str:
    return f"/admin/conversations/conversation/{chat.pk}/{page}/"


def test_a_note_is_read_in_the_thread_and_by_a_poll(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    page = read(owner, at(chat, "news"))
    seen = page.split('data-seen="')[1].split('"')[0]
    owner.post(at(chat, "note"), {"text": SECRET})
    assert "Note, only for your team" in read(owner, at(chat))
    assert SECRET in owner.get(at(chat, "news"), {"seen": seen}).content.decode()


def test_a_note_takes_nothing_over_and_sends_nothing(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    owner.post(at(chat, "note"), {"text": SECRET})
    chat.refresh_from_db()
    assert chat.handled_by == Conversation.Handler.ASSISTANT
    assert chat.resumes_at is None
    assert not Message.objects.filter(state__in=("queued", "sending")).exists()


def test_no_message_row_holds_a_note(owner: Client, ombak: Tenant) -> None:
    """What leaves, what the model reads and what is exported are messages; a note is none."""
    chat = conversation(ombak, "Ayu")
    owner.post(at(chat, "note"), {"text": SECRET})
    for model in apps.get_models():
        if model is not Note:
            assert SECRET not in str(list(model._default_manager.values())), model


def test_the_model_gets_no_note(ombak: Tenant) -> None:
    chat = chat_of(writes(ombak))
    Note.objects.create(tenant=ombak, conversation=chat, text=SECRET, created_at=NOW)
    taken = claim()
    told = history.history(taken.conversation, taken.upto + 1, after(1))
    assert SECRET not in str(told) + str(taken.messages)
    assert "notes" not in str(vars(prompts))
    assert mailbox.in_the_making(ombak.pk, after(1))


def test_no_export_holds_a_note(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    owner.post(at(chat, "note"), {"text": SECRET})
    assert SECRET not in "".join([*export.as_text(chat), *export.as_csv(chat)])
    for kind in ("", "?as=csv"):
        assert SECRET not in owner.get(at(chat, "export") + kind).content.decode()


def test_a_note_is_hostile_text_too(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    owner.post(at(chat, "note"), {"text": "<script>alert(1)</script>"})
    assert "<script>alert" not in read(owner, at(chat))


def test_nobody_notes_in_another_studio(owner: Client, senja: Tenant) -> None:
    chat = conversation(senja, "Budi")
    assert owner.post(at(chat, "note"), {"text": SECRET}).status_code == 404
    assert not Note.objects.exists()


def test_an_empty_note_is_none(owner: Client, ombak: Tenant) -> None:
    owner.post(at(conversation(ombak, "Ayu"), "note"), {"text": "  \n"})
    assert not Note.objects.exists()
