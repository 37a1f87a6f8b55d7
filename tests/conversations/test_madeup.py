"""In a demo's made-up chats everything can be tried, and nothing waits to be sent to nobody."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations import madeup
from conversations.models import Conversation, Message
from tenants.models import Tenant
from tests.config.rows import conversation
from tests.pages import read


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def of_demo(ombak: Tenant) -> Conversation:
    chat = conversation(ombak, "Ayu", phone="+628000000001")
    Conversation.objects.filter(pk=chat.pk).update(chat=f"628000000001{madeup.CHAT}")
    return Conversation.objects.get(pk=chat.pk)


def test_a_reply_stands_in_the_chat_and_waits_for_no_line(owner: Client, ombak: Tenant) -> None:
    chat = of_demo(ombak)
    page = f"/admin/conversations/conversation/{chat.pk}"
    owner.post(f"{page}/reply/", {"text": "Halo Kak", "token": "t"})
    reply = chat.messages.get(author="staff")
    assert (reply.text, reply.state) == ("Halo Kak", Message.State.CANCELLED)
    shown = read(owner, f"{page}/change/")
    assert "This chat is made up: try everything, nothing is sent." in shown
    assert "Made up: not sent" in shown
    assert "will be sent when WhatsApp is back" not in shown
    asked = chat.messages.filter(author="customer").first()
    assert asked
    react = reverse("admin:conversations_conversation_react", args=[chat.pk, asked.pk])
    assert owner.post(react, {"emoji": "👍"}).status_code == 302
    assert not Message.objects.filter(state=Message.State.QUEUED).exists()


def test_a_reply_to_a_customer_waits_for_the_line(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu", phone="+6281234567890")
    owner.post(
        f"/admin/conversations/conversation/{chat.pk}/reply/", {"text": "Halo", "token": "t"}
    )
    assert chat.messages.get(author="staff").state == Message.State.QUEUED
    assert not madeup.shown(ombak)
