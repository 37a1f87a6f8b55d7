import pytest
from django.urls import reverse

from conversations import outbox
from conversations.history import history
from conversations.models import Conversation, Message
from conversations.reactions import react
from tests.conversations.cast import after, answered, chat_of, fresh, writes
from tests.factories import NOW


def test_a_reaction_leaves_once_and_is_shown_under_its_message(ombak, sari):
    message = writes(ombak, "makasih kak")
    first = react(message, "🙏", at=NOW, written_by=sari)
    assert react(message, "🙏", at=NOW) == first
    leaving = outbox.claim_to_send(ombak.pk, NOW)
    assert leaving is not None
    assert leaving == first
    assert (leaving.kind, leaving.text, leaving.quoted_id) == (
        "reaction",
        "🙏",
        message.whatsapp_id,
    )
    assert fresh(message).details["staff_reaction"] == "🙏"


def test_a_reaction_neither_takes_over_nor_reaches_the_model(ombak):
    reply = answered(ombak)
    message = Message.objects.get(author="customer")
    version = chat_of(message).mode_version
    react(message, "👍", at=NOW)
    chat = chat_of(message)
    assert (chat.handled_by, chat.mode_version) == ("assistant", version)
    later = writes(ombak, "halo?", at=after(1))
    assert [line.text for line in history(chat, later.pk, after(1))] == [message.text, reply.text]


def test_a_reaction_that_is_sent_again_still_names_its_message(ombak):
    message = writes(ombak)
    reaction = react(message, "👍", at=NOW)
    assert reaction is not None
    Message.objects.filter(pk=reaction.pk).update(state="failed")
    again = outbox.send_again(fresh(reaction), after(1))
    assert again is not None
    assert (again.kind, again.quoted_id) == ("reaction", message.whatsapp_id)


@pytest.mark.parametrize("emoji", ["👎", "", "<b>", "👍👍"])
def test_only_a_few_signs_exist(ombak, emoji):
    assert react(writes(ombak), emoji, at=NOW) is None


def test_only_customers_messages_of_whatsapp_get_one(ombak):
    assert react(answered(ombak), "👍", at=NOW) is None
    Conversation.objects.update(channel=Conversation.Channel.PLAYGROUND)
    question = Message.objects.filter(author="customer").get()
    assert react(question, "👍", at=NOW) is None


def test_neither_what_staff_sent_nor_a_call_gets_one(ombak):
    message = writes(ombak)
    Message.objects.filter(pk=message.pk).update(whatsapp_id=None)
    assert react(fresh(message), "👍", at=NOW) is None
    sent = outbox.queue(chat_of(message), "Halo", author="staff", key="s", at=NOW)
    Message.objects.filter(pk=sent.pk).update(whatsapp_id="W1", state="sent")
    assert react(fresh(sent), "👍", at=NOW) is None


def test_staff_react_in_the_thread_and_only_in_their_own_studio(ombak, senja, client, sari):
    mine, theirs = writes(ombak), writes(senja)
    client.force_login(sari)
    for message in (mine, theirs):
        args = [message.conversation_id, message.pk]
        client.post(reverse("admin:conversations_conversation_react", args=args), {"emoji": "👍"})
    assert [row.conversation_id for row in Message.objects.filter(kind="reaction")] == [
        mine.conversation_id
    ]


def test_why_a_message_waits_stands_in_the_thread(ombak, client, sari):
    chat = chat_of(writes(ombak))
    message = outbox.queue(chat, "Halo", author="staff", key="s", at=NOW)
    Message.objects.filter(pk=message.pk).update(error="It is sent later.")
    client.force_login(sari)
    page = client.get(reverse("admin:conversations_conversation_change", args=[chat.pk]))
    assert b"It is sent later." in page.content
